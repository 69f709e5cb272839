"""An environment for programs of others."""

import subprocess
import sys
import venv
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2] / "pyproject.toml"


@pytest.fixture(scope="module")
def sdk(tmp_path_factory):
    """A Python that has the vendor's SDK and nothing of ours."""
    folder = tmp_path_factory.mktemp("vendor-sdk")
    venv.create(folder)
    python = folder / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    install = [sys.executable, "-m", "pip", "--python", python, "install", "--quiet"]
    subprocess.run([*install, "--group", f"{PROJECT}:vendor-sdk"], check=True)
    return python
