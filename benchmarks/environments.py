"""A virtual environment for each peer, so that no package changes how another one starts."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HOME = ROOT / ".bench"
REQUIREMENTS = {"ours": ROOT / "pyproject.toml", "sdk": ROOT / "requirements" / "vendor-sdk.txt"}


class UnavailableError(Exception):
    """A peer is not here and can't be installed."""


def python_of(name: str) -> str:
    """Return the Python of an environment, made now if it is missing or out of date.

    Raises:
        UnavailableError: It can't be installed.
    """
    folder = HOME / name
    python = folder / "bin" / "python"
    stamp = folder / "made-of"
    digest = hashlib.sha256(REQUIREMENTS[name].read_bytes() + sys.version.encode()).hexdigest()
    if not (stamp.is_file() and stamp.read_text() == digest):
        print(f"Setting up {folder.relative_to(ROOT)} (once) …", flush=True)
        shutil.rmtree(folder, ignore_errors=True)
        venv.create(folder, with_pip=True)
        what = ("-e", str(ROOT)) if name == "ours" else ("-r", str(REQUIREMENTS[name]))
        command = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *what]
        installed = subprocess.run(command, stderr=subprocess.PIPE, encoding="utf-8", check=False)
        if installed.returncode:
            raise UnavailableError(f"pip failed: {installed.stderr.strip().splitlines()[-1]}")
        stamp.write_text(digest)
    return str(python)


def check_commands(*names: str) -> None:
    """Check that commands of the system are there.

    Raises:
        UnavailableError: One is missing.
    """
    if missing := [name for name in names if shutil.which(name) is None]:
        raise UnavailableError(f"{' and '.join(missing)} not found")
