"""The public names, all of them, in one program: it runs, and `make check` reads its types."""

import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import elevenlabs_history
import elevenlabs_history_backup

PROGRAM = Path(__file__).with_name("sample_program.py")


def public_names(package):
    return {name for name, value in vars(package).items() if name[0] != "_" and not isinstance(value, ModuleType)}


def test_the_sample_program_uses_every_public_name():
    used = set(re.findall(r"\w+", PROGRAM.read_text(encoding="utf-8")))
    assert public_names(elevenlabs_history) | public_names(elevenlabs_history_backup) <= used


def test_the_sample_program_runs(simulator, tmp_path):
    arguments = [simulator.api_key, simulator.base_url, str(tmp_path)]
    command = [sys.executable, "-X", "utf8", PROGRAM, *arguments]
    completed = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
    assert completed.returncode == 0, completed.stderr
    assert "6 saved, 0 skipped, 0 missing, 0 failed" in completed.stdout
    assert len(simulator.history) == 18
