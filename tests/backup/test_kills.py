"""Killed at any moment, a backup has lost nothing that it had, claims nothing that it has not, and carries on."""

import contextlib
import hashlib
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time

import pytest
from elevenlabs_history import HistoryClient
from elevenlabs_history_backup import Backup
from support.backups import sync

pytestmark = pytest.mark.skipif(os.name == "nt", reason="kills as POSIX has them")

KILLS = 200
# Forks, so that a run begins at once and a kill hits it at work and not while Python starts.
RUNS = """
import os, sys
import elevenlabs_history._bulk.run, filelock, pathvalidate
from elevenlabs_history import HistoryClient
from elevenlabs_history_backup import Backup
for _ in sys.stdin:
    pid = os.fork()
    if not pid:
        with HistoryClient(sys.argv[1], base_url=sys.argv[2]) as client, Backup(sys.argv[3]) as backup:
            backup.sync(client, batch_size=10)
        os._exit(0)
    print(pid, flush=True)
    print(os.waitpid(pid, 0)[1], flush=True)
"""


def rows_of(folder):
    if not (folder / "history.db").exists():
        return {}
    catalog = sqlite3.connect(folder / "history.db")
    try:
        if not catalog.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            return {}
        return dict(catalog.execute("SELECT path, sha256 FROM files WHERE state = 'saved'").fetchall())
    finally:
        catalog.close()


@pytest.mark.timeout(600)
def test_two_hundred_kills_lose_nothing(simulator, tmp_path):
    chance = random.Random(7)
    date = 1_900_000_000
    folder = tmp_path / "backup"
    simulator.history.fill(1000)
    runs = subprocess.Popen(
        [sys.executable, "-c", RUNS, simulator.api_key, simulator.base_url, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    )
    rows, kills = {}, 0
    with runs:
        while kills < KILLS:
            print(file=runs.stdin, flush=True)
            pid = int(runs.stdout.readline())
            time.sleep(chance.uniform(0, 0.25))
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            if int(runs.stdout.readline()) == signal.SIGKILL:
                kills += 1
            else:
                # It had ended before; there must be work for the next.
                for _ in range(200):
                    date += 1
                    simulator.history.add(date=date)
            before, rows = rows, rows_of(folder)
            assert before.items() <= rows.items(), "a row was lost"
            for path in rows.keys() - before.keys():
                assert hashlib.sha256((folder / path).read_bytes()).hexdigest() == rows[path], "a row without its file"
        runs.stdin.close()
    with HistoryClient(simulator.api_key, base_url=simulator.base_url) as client:
        sync(client, folder, full=True)
    with Backup(folder) as backup:
        assert backup.verify().issues == []
        assert {record.history_item_id for record in backup} == {item.id for item in simulator.history}
    assert not list(folder.rglob("*.part"))
