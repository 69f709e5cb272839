"""An environment for programs of others."""

import subprocess
import sys
import venv
from pathlib import Path

import pytest

REQUIREMENTS = Path(__file__).parents[2] / "requirements" / "vendor-sdk.txt"


@pytest.fixture(scope="module")
def sdk(tmp_path_factory):
    """A Python that has the vendor's SDK and nothing of ours."""
    folder = tmp_path_factory.mktemp("vendor-sdk")
    venv.create(folder, with_pip=True)
    python = folder / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    subprocess.run([python, "-m", "pip", "install", "--quiet", "-r", REQUIREMENTS], check=True)
    return python
