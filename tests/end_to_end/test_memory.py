"""Bytes go to the disk as they arrive: memory stays flat whatever the size."""

import subprocess
import sys

import pytest

SAVE = """
import sys
from pathlib import Path
from elevenlabs_history import HistoryClient
with HistoryClient(sys.argv[1], base_url=sys.argv[2]) as client:
    client.download(sys.argv[3]).save(sys.argv[4])
status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
print(int(status["VmHWM"].split()[0]) // 1024)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="ru_maxrss of a child begins at its parent's, and /proc is Linux")
def test_saving_a_gibibyte_takes_less_than_60_mebibytes_of_memory(simulator, tmp_path):
    item = simulator.history.add(size=1 << 30)
    target = tmp_path / "large.mp3"
    arguments = [simulator.api_key, simulator.base_url, item.id, str(target)]
    completed = subprocess.run(
        [sys.executable, "-c", SAVE, *arguments], capture_output=True, encoding="utf-8", check=True
    )
    assert target.stat().st_size == item.audio().size > 1 << 30
    assert int(completed.stdout) < 60
