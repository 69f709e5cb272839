"""An environment of its own for each peer, so that none of them changes how another one starts."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import venv
from pathlib import Path

from attrs import frozen

ROOT = Path(__file__).resolve().parent.parent
HOME = ROOT / ".bench"
_TAIL = 300

# What is installed into each: requirement files by name, or this package.
CONTENTS = {
    "ours": "pyproject.toml",
    "sdk": "requirements/vendor-sdk.txt",
    "elevenlabslib": "requirements/bench-elevenlabslib.txt",
    "requests": "requirements/bench-requests.txt",
    "chart": "requirements/bench-chart.txt",
}
# What has to work before an environment is good for anything.
_IMPORTS = {
    "ours": "elevenlabs_history",
    "sdk": "elevenlabs",
    "elevenlabslib": "elevenlabslib",
    "requests": "requests",
    "chart": "matplotlib",
}


@frozen
class Environment:
    """A Python with one peer in it.

    Attributes:
        python: The interpreter; None when the peer can't be installed.
        reason: Why not.
    """

    python: str | None
    reason: str = ""

    def command(self, *arguments: str) -> tuple[str, ...] | None:
        """Return the command that runs this Python; None when there is none."""
        return None if self.python is None else (self.python, *arguments)


def environment(name: str) -> Environment:
    """Return an environment, made now when it is missing or out of date."""
    folder = HOME / name
    python = folder / "bin" / "python"
    contents = ROOT / CONTENTS[name]
    stamp = folder / "made-of"
    wanted = hashlib.sha256(contents.read_bytes() + sys.version.encode()).hexdigest()
    if not (stamp.is_file() and stamp.read_text() == wanted):
        print(f"Setting up {folder.relative_to(ROOT)} (once) …", flush=True)
        shutil.rmtree(folder, ignore_errors=True)
        venv.create(folder, with_pip=True)
        what = ("-e", str(ROOT)) if name == "ours" else ("-r", str(contents))
        failure = _failure(str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *what)
        if failure:
            return Environment(None, f"it can't be installed: {failure}")
        stamp.write_text(wanted)
    failure = _failure(str(python), "-c", f"import {_IMPORTS[name]}")
    return Environment(None, f"it can't be imported: {failure}") if failure else Environment(str(python))


def command_line_tool(*names: str) -> str:
    """Return why commands of the system can't be used; nothing when all of them are there."""
    missing = [name for name in names if shutil.which(name) is None]
    return f"{' and '.join(missing)} not found" if missing else ""


def _failure(*command: str) -> str:
    completed = subprocess.run(command, capture_output=True, encoding="utf-8", check=False, cwd=HOME)
    said = completed.stderr.strip()
    return said.splitlines()[-1][-_TAIL:] if completed.returncode and said else "" if not completed.returncode else "?"
