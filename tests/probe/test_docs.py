"""The page of assumptions is true."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_page_of_assumptions_is_that_of_the_table():
    command = [sys.executable, ROOT / "scripts" / "make_assumptions.py", "--check"]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
    assert (done.returncode, done.stdout) == (0, "")
