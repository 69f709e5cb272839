"""The pages about the probe are true."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_page_of_assumptions_is_that_of_the_table():
    command = [sys.executable, ROOT / "scripts" / "make_assumptions.py", "--check"]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_the_program_of_the_page_runs():
    (program,) = re.findall(r"^```python\n(.*?)^```", (ROOT / "docs" / "probe.md").read_text("utf-8"), re.DOTALL | re.M)
    done = subprocess.run([sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, check=True)
    assert "'oversized_pages': 'refuse'" in done.stdout
