"""Killed or interrupted at any moment, a backup loses nothing, claims nothing that it has not, and carries on."""

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

# How often each signal is sent, in random order.
SIGNALS = {signal.SIGKILL: 100, signal.SIGINT: 50, signal.SIGTERM: 50}
# Forks, so that a run begins at once and a signal hits it at work and not while Python starts.
RUNS = """
import os, sys
import elevenlabs_history._bulk.run, elevenlabs_history_cli.runner, filelock, pathvalidate
from elevenlabs_history_cli import main
for _ in sys.stdin:
    pid = os.fork()
    if not pid:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        try:
            os._exit(main(["backup", sys.argv[1], "--batch-size", "10", "--quiet"]))
        except BaseException:
            os._exit(99)  # before the command had its handlers
    print(pid, flush=True)
    print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)
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
def test_signals_at_any_moment_lose_nothing(simulator, tmp_path):
    chance = random.Random(7)
    date = 1_900_000_000
    folder = tmp_path / "backup"
    simulator.history.fill(1000)
    runs = subprocess.Popen(
        [sys.executable, "-c", RUNS, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        encoding="utf-8",
        env=os.environ | simulator.environment,
        # A job in the background of a shell has Ctrl-C ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # noqa: PLW1509 - one thread
    )
    rows = {}
    pending = [number for number, times in SIGNALS.items() for _ in range(times)]
    chance.shuffle(pending)
    with runs:
        while pending:
            print(file=runs.stdin, flush=True)
            pid = int(runs.stdout.readline())
            time.sleep(chance.uniform(0, 0.25))
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, pending[-1])
            sent = time.monotonic()
            code = int(runs.stdout.readline())
            assert time.monotonic() - sent < 30
            if code in {-pending[-1], 128 + pending[-1], 99}:
                pending.pop()
            else:
                # It had ended before; there must be work for the next.
                assert code == 0
                for _ in range(200):
                    date += 1
                    simulator.history.add(date=date)
            before, rows = rows, rows_of(folder)
            assert before.items() <= rows.items(), "a row was lost"
            for path in rows.keys() - before.keys():
                assert hashlib.sha256((folder / path).read_bytes()).hexdigest() == rows[path], "a row without its file"
        runs.stdin.close()
    with HistoryClient(simulator.api_key, base_url=simulator.base_url) as client:
        sync(client, folder)
    with Backup(folder) as backup:
        assert backup.verify().issues == []
        assert {record.history_item_id for record in backup} == {item.id for item in simulator.history}
    assert not list(folder.rglob("*.part"))
