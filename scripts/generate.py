"""Write generated/elevenlabs_history_api from openapi.yaml.

    python scripts/generate.py            replace the generated package
    python scripts/generate.py --check    compare it with what would be generated; exit 1 and name the files that differ

The package is entirely generated and never edited: a change belongs into openapi.yaml or codegen-config.yml. Both modes
generate into a temporary folder first, so a failure leaves the package as it was and the comparison sees files that git
does not track.
"""

from __future__ import annotations

import argparse
import filecmp
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SPEC = ROOT / "openapi.yaml"
CONFIG = ROOT / "codegen-config.yml"
PACKAGE = ROOT / "generated" / "elevenlabs_history_api"
GENERATOR = "openapi-python-client"

PROVENANCE = '''\
"""Where this package came from. Written by the generator's run, never edited."""

OPENAPI_SHA256 = "{sha256}"
"""SHA-256 of the openapi.yaml that this package was generated from."""

GENERATOR = "{generator} {version}"
"""The generator and its version."""
'''


def generate(package: Path, spec: Path = SPEC, config: Path = CONFIG) -> None:
    """Generate the client package for a spec into a folder that does not exist yet.

    Args:
        package: The folder to write; its parent exists.
        spec: The OpenAPI document.
        config: The generator's settings.

    Raises:
        subprocess.CalledProcessError: The generator refused the spec or warned about it; it has said why.
    """
    bin_folder = Path(sys.executable).parent
    subprocess.run(
        [
            bin_folder / GENERATOR,
            "generate",
            *("--path", spec),
            *("--config", config),
            *("--meta", "none"),
            *("--output-path", package),
            "--fail-on-warning",
        ],
        # The post-hooks find ruff on the PATH: it has to be the pinned one.
        env={**os.environ, "PATH": f"{bin_folder}{os.pathsep}{os.environ.get('PATH', '')}"},
        check=True,
        stdout=sys.stderr,
    )
    (package / "py.typed").touch()
    sha256 = hashlib.sha256(spec.read_bytes()).hexdigest()
    (package / "provenance.py").write_text(
        PROVENANCE.format(sha256=sha256, generator=GENERATOR, version=version(GENERATOR)), encoding="utf-8"
    )


def differences(committed: Path, fresh: Path) -> list[str]:
    """Name every file that is not the same in two packages, as paths relative to them."""
    files = {
        path.relative_to(package)
        for package in (committed, fresh)
        for path in package.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    return sorted(
        str(file)
        for file in files
        if not (committed / file).is_file()
        or not (fresh / file).is_file()
        or not filecmp.cmp(committed / file, fresh / file, shallow=False)
    )


def main() -> int:
    """Run as the module docstring says and return the exit code."""
    parser = argparse.ArgumentParser(description="Write generated/elevenlabs_history_api from openapi.yaml.")
    parser.add_argument("--check", action="store_true", help="compare only; exit 1 when the package is out of date")
    check = parser.parse_args().check
    with tempfile.TemporaryDirectory() as temporary:
        fresh = Path(temporary) / PACKAGE.name
        try:
            generate(fresh)
        except subprocess.CalledProcessError:
            print(f"{GENERATOR} refused {SPEC.name}; nothing was changed.", file=sys.stderr)
            return 1
        if check:
            different = differences(PACKAGE, fresh)
            for file in different:
                print(f"differs from the spec: {PACKAGE.relative_to(ROOT) / file}", file=sys.stderr)
            if different:
                print("Run `make generate` and commit the result.", file=sys.stderr)
            return 1 if different else 0
        shutil.rmtree(PACKAGE, ignore_errors=True)
        shutil.copytree(fresh, PACKAGE)
    print(f"Generated {PACKAGE.relative_to(ROOT)} from {SPEC.name}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
