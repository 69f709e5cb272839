"""Killed at any moment, on one machine or on several, a backup into a bucket loses nothing and claims nothing."""

import contextlib
import hashlib
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time

import obstore
import pytest
from elevenlabs_history import HistoryClient
from obstore.store import from_url
from support.buckets import assert_whole, objects, paths_in

pytestmark = pytest.mark.skipif(os.name == "nt", reason="kills as POSIX has them")

KILLS = int(os.environ.get("ELEVENLABS_HISTORY_TEST_KILLS", "12"))
ITEMS = 40  # and those that the simulator begins with
# Forks, so that a run begins at once and a signal hits it at work and not while Python starts.
RUNS = """
import os, sys
import elevenlabs_history._bulk.run, elevenlabs_history_cli.runner, filelock, obstore, pathvalidate
from elevenlabs_history_cli import main
for cache in sys.stdin:
    pid = os.fork()
    if not pid:
        os.environ["ELEVENLABS_HISTORY_CACHE"] = cache.strip()
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        os._exit(main(["backup", sys.argv[1], "--batch-size", "5", "--quiet"]))
    print(pid, flush=True)
    print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)
"""


def recorded_in(address, folder):
    """Return the hashes of the files that the catalog in the bucket has, by path."""
    file = folder / "from-the-bucket.db"
    try:
        file.write_bytes(bytes(obstore.get(from_url(address), "history.db").bytes()))
    except FileNotFoundError:
        return {}
    with contextlib.closing(sqlite3.connect(file)) as catalog:
        assert catalog.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return dict(catalog.execute("SELECT path, sha256 FROM files WHERE state = 'saved'").fetchall())


@pytest.mark.timeout(900)
def test_kills_at_any_moment_lose_nothing(simulator, store, address, open_bucket, tmp_path):
    chance = random.Random(7)
    date = 1_900_000_000
    simulator.history.fill(ITEMS)
    runs = subprocess.Popen(
        [sys.executable, "-c", RUNS, address],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        encoding="utf-8",
        env=os.environ | simulator.environment,
    )
    recorded, kills = {}, 0
    with runs:
        while kills < KILLS:
            # Mostly the same machine continues, sometimes one that knows nothing.
            print(tmp_path / chance.choice(["one", "one", "two", f"new-{kills}"]), file=runs.stdin, flush=True)
            pid = int(runs.stdout.readline())
            time.sleep(chance.uniform(0, 0.8))
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            code = int(runs.stdout.readline())
            if code == -signal.SIGKILL:
                kills += 1
            else:
                # It had ended before; there must be work for the next.
                assert code == 0
                for _ in range(ITEMS // 3):
                    date += 1
                    simulator.history.add(date=date)
            before, recorded = recorded, recorded_in(address, tmp_path)
            assert before.items() <= recorded.items(), "a row was lost"
            for path, data in objects(address, recorded.keys() - before.keys()).items():
                assert hashlib.sha256(data).hexdigest() == recorded[path], "a row without its file"
        runs.stdin.close()
    with open_bucket("last") as backup, HistoryClient(simulator.api_key, base_url=simulator.base_url) as client:
        assert backup.sync(client).complete
    assert_whole(open_bucket("last"), simulator)
    assert len(paths_in(address)) == len(simulator.history)
