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
PROJECT = ROOT / "pyproject.toml"
PEERS = {"ours": ("-e", str(ROOT)), "sdk": ("--group", f"{PROJECT}:vendor-sdk")}


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
    digest = hashlib.sha256(PROJECT.read_bytes() + sys.version.encode()).hexdigest()
    if not (stamp.is_file() and stamp.read_text() == digest):
        print(f"Setting up {folder.relative_to(ROOT)} (once) …", flush=True)
        shutil.rmtree(folder, ignore_errors=True)
        venv.create(folder)
        pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", str(python)]
        command = [*pip, "install", "--quiet", *PEERS[name]]
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
