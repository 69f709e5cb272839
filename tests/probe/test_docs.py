"""The pages about the probe are true."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_program_of_the_page_runs():
    (program,) = re.findall(r"^```python\n(.*?)^```", (ROOT / "docs" / "probe.md").read_text("utf-8"), re.DOTALL | re.M)
    done = subprocess.run([sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, check=True)
    assert "'oversized_pages': 'refuse'" in done.stdout
