"""Write generated/elevenlabs_history_api from openapi.yaml.

    python scripts/generate.py            replace the generated package, unless it is the same
    python scripts/generate.py --check    compare it with what would be generated; exit 1 and name the files that differ

The package is entirely generated and never edited: a change belongs into openapi.yaml or codegen-config.yml. Both modes
generate into a temporary folder first, so a failure leaves the package as it was.
"""

from __future__ import annotations

import argparse
import filecmp
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).resolve().parent.parent
SPEC = ROOT / "openapi.yaml"
CONFIG = ROOT / "codegen-config.yml"
PACKAGE = ROOT / "generated" / "elevenlabs_history_api"
GENERATOR = "openapi-python-client"
BIN = Path(sys.executable).parent

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
        subprocess.CalledProcessError: The generator refused the spec or warned about it, or wrote a module that can't
            be imported or uses a name that is not there. Why is on stderr.
    """
    files: list[str | Path] = ["--path", spec, "--config", config, "--output-path", package]
    _run([BIN / GENERATOR, "generate", *files, "--meta", "none", "--fail-on-warning"])
    (package / "py.typed").touch()
    sha256 = hashlib.sha256(spec.read_bytes()).hexdigest()
    (package / "provenance.py").write_text(
        PROVENANCE.format(sha256=sha256, generator=GENERATOR, version=version(GENERATOR)), encoding="utf-8"
    )
    _refuse_broken(package)


def _refuse_broken(package: Path) -> None:
    """Refuse what the generator wrote without noticing that it does not work; two media types in a body do that.

    Raises:
        subprocess.CalledProcessError: A module is broken; its name and the error are on stderr.
    """
    # Ruff finds names in the bodies of functions, which an import does not run.
    options = ["--isolated", "--no-cache", "--quiet", "--output-format=concise", "--select=F821,F822,F823,E9"]
    _run([BIN / "ruff", "check", *options, "."], package)
    # -B: the package has to stay without __pycache__. -I: only the package and what is installed is imported.
    _run([sys.executable, "-I", "-B", ROOT / "scripts" / "import_all.py", package.resolve()], package)


def _run(command: Sequence[str | Path], folder: Path | None = None) -> None:
    """Run a command; if it fails, print what it said and, of a traceback, the last line only.

    Raises:
        subprocess.CalledProcessError: It failed.
    """
    # The generator's post-hooks find ruff on the PATH: it has to be the pinned one.
    environment = {**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ.get('PATH', '')}"}
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment,
        check=False,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    if done.returncode:
        said = done.stdout.strip()
        print(said.splitlines()[-1] if "Traceback (most recent call last)" in said else said, file=sys.stderr)
        done.check_returncode()


def differences(committed: Path, fresh: Path) -> list[str]:
    """Name every file that is not the same in two packages, as paths relative to them."""
    files = {
        path.relative_to(package)
        for package in (committed, fresh)
        for path in package.rglob("*")
        if not path.is_dir() and "__pycache__" not in path.parts
    }
    return sorted(
        str(file)
        for file in files
        if not (committed / file).is_file()
        or not (fresh / file).is_file()
        or not filecmp.cmp(committed / file, fresh / file, shallow=False)
    )


def replace_all(moves: dict[Path, Path], folder: Path) -> None:
    """Put every new file in its place, or leave all old ones there.

    Args:
        moves: New file or folder → the one it replaces, all on one disk.
        folder: Where the old ones may wait; the caller removes it.
    """
    kept: list[tuple[Path, Path]] = []
    try:
        for number, (new, target) in enumerate(moves.items()):
            if target.exists():
                kept.append((target.rename(folder / f"old-{number}"), target))
            new.rename(target)
    except BaseException:
        for old, target in kept:
            if target.is_dir():
                shutil.rmtree(target)
            old.replace(target)
        raise


def _check(different: list[str]) -> int:
    for file in different:
        print(f"differs from the spec: {PACKAGE.relative_to(ROOT) / file}", file=sys.stderr)
    if different:
        print("Run `make generate` and commit the result.", file=sys.stderr)
    return 1 if different else 0


def main() -> int:
    """Run as the module docstring says and return the exit code."""
    parser = argparse.ArgumentParser(description="Write generated/elevenlabs_history_api from openapi.yaml.")
    parser.add_argument("--check", action="store_true", help="compare only; exit 1 when the package is out of date")
    check = parser.parse_args().check
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # so that temporary folders go
    name = PACKAGE.relative_to(ROOT)
    try:
        with tempfile.TemporaryDirectory(dir=ROOT, prefix=".spec-") as temporary:
            fresh = Path(temporary) / PACKAGE.name
            generate(fresh)
            different = differences(PACKAGE, fresh)
            if check:
                return _check(different)
            if different:
                replace_all({fresh: PACKAGE}, Path(temporary))
    except subprocess.CalledProcessError:
        print(f"{GENERATOR} can't write {name} from {SPEC.name}, see above; nothing was changed.", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"{name} can't be written: {error}; nothing was changed.", file=sys.stderr)
        return 1
    print(f"Generated {name} from {SPEC.name}." if different else f"{name} is what {SPEC.name} generates.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
