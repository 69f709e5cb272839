"""The public names, all of them, in one program: it runs, and `make check` reads its types."""

import re
import subprocess
import sys
from pathlib import Path

import elevenlabs_history

PROGRAM = Path(__file__).with_name("sample_program.py")


def test_the_sample_program_uses_every_public_name():
    used = set(re.findall(r"\w+", PROGRAM.read_text(encoding="utf-8")))
    assert set(elevenlabs_history.__all__) - used == set()


def test_the_sample_program_runs(simulator, tmp_path):
    arguments = [simulator.api_key, simulator.base_url, str(tmp_path)]
    command = [sys.executable, "-X", "utf8", PROGRAM, *arguments]
    completed = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
    assert completed.returncode == 0, completed.stderr
    assert "6 saved, 0 skipped, 0 gone, 0 failed" in completed.stdout
    assert len(simulator.history) == 18
