"""A long history: few requests, little memory, and a full disk that costs nothing."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from elevenlabs_history import HistoryClient
from elevenlabs_history_backup import Backup, CatalogError
from support.backups import sync

linux = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc, mounts and limits as Linux has them")

ITEMS = 10_000
RUN = """
import json, sys
from pathlib import Path
from elevenlabs_history import HistoryClient
from elevenlabs_history_backup import Backup
with HistoryClient(sys.argv[1], base_url=sys.argv[2]) as client, Backup(sys.argv[3]) as backup:
    report = backup.sync(client, full=len(sys.argv) > 4)
status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
memory = int(status["VmHWM"].split()[0]) // 1024
print(json.dumps([report.saved, report.deleted, len(report.failed), report.complete, memory]))
"""


def run_beside(simulator, folder, *full):
    """Run a backup in a process of its own, and return what it reports and how many requests of each kind it made."""
    simulator.requests.clear()
    command = [sys.executable, "-c", RUN, simulator.api_key, simulator.base_url, folder, *full]
    completed = subprocess.run(command, capture_output=True, encoding="utf-8", check=True)
    saved, deleted, failed, complete, memory = json.loads(completed.stdout)
    requests = [request.operation for request in simulator.requests]
    counts = {operation: requests.count(operation) for operation in ("list", "download", "audio")}
    assert (failed, complete) == (0, True)
    return saved, deleted, memory, counts


@linux
@pytest.mark.timeout(600)
def test_ten_thousand_items_then_nothing_then_what_has_changed(simulator, tmp_path):
    simulator.reset(items=ITEMS)
    saved, _, memory, counts = run_beside(simulator, tmp_path)
    assert saved == ITEMS
    assert counts["list"] == 10
    assert counts["download"] < ITEMS / 40
    assert memory < 80

    saved, _, _, counts = run_beside(simulator, tmp_path)
    assert (saved, counts) == (0, {"list": 1, "download": 0, "audio": 0})

    for item in list(simulator.history)[::1000]:
        simulator.history.remove(item.id)
    newest = next(iter(simulator.history)).date
    for number in range(50):
        simulator.history.add(date=newest + 60 * number + 60)
    saved, deleted, _, counts = run_beside(simulator, tmp_path, "full")
    assert (saved, deleted) == (50, 10)
    assert counts["list"] == 11
    assert counts["download"] < 10
    with Backup(tmp_path) as backup:
        assert (len(backup), backup.verify().issues) == (ITEMS + 50, [])


@pytest.fixture
def small_disk(tmp_path):
    """A disk of two mebibytes, where this machine lets us mount one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", folder]
    if os.name == "nt" or os.geteuid() or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("a disk of its own can't be mounted here")
    yield folder
    subprocess.run(["umount", folder], check=True)


def backup_beside(simulator, folder):
    environment = os.environ | {"ELEVENLABS_API_KEY": simulator.api_key, "ELEVENLABS_BASE_URL": simulator.base_url}
    command = [Path(sys.executable).parent / "elevenlabs-history", "backup", folder]
    return subprocess.run(command, capture_output=True, encoding="utf-8", env=environment, check=False)


def test_a_full_disk_is_reported_with_a_hint_and_costs_nothing(simulator, small_disk, tmp_path):
    simulator.history.fill(300)
    full = backup_beside(simulator, small_disk)
    assert (full.returncode, full.stdout) == (1, "")
    message = full.stderr.splitlines()[-1]
    assert "Can't write" in message
    assert "No space left on device" in message or "full" in message
    assert "run it again" in message
    with Backup(small_disk) as backup:
        recorded = len(backup)
        assert backup.verify().ok
    moved = shutil.copytree(small_disk, tmp_path / "larger")
    with HistoryClient(simulator.api_key, base_url=simulator.base_url) as client:
        assert sync(client, moved).saved == 320 - recorded
    with Backup(moved) as backup:
        assert (len(backup), backup.verify().issues) == (320, [])


def test_a_folder_that_became_read_only_is_reported_with_a_hint_and_left_alone(simulator, small_disk):
    assert backup_beside(simulator, small_disk).returncode == 0
    simulator.history.add(date=2_000_000_000)
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    before = {path: path.stat().st_mtime_ns for path in small_disk.rglob("*")}
    result = backup_beside(simulator, small_disk)
    assert (result.returncode, result.stderr.count("\n")) == (1, 1)
    assert "Read-only file system" in result.stderr
    assert {path: path.stat().st_mtime_ns for path in small_disk.rglob("*")} == before


@linux
def test_a_folder_that_can_be_read_but_not_written_can_still_be_asked(simulator, small_disk):
    assert backup_beside(simulator, small_disk).returncode == 0
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    with Backup(small_disk) as backup:
        assert (len(backup), backup.verify().issues) == (20, [])
        assert len(list(backup.search("dragon"))) > 0


@linux
def test_a_folder_without_writing_that_was_cut_off_is_not_half_read(simulator, small_disk):
    assert backup_beside(simulator, small_disk).returncode == 0
    (small_disk / "history.db-wal").write_bytes(b"what a run has left")
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    with pytest.raises(CatalogError, match="copy it"):
        len(Backup(small_disk))
