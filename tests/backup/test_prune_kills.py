"""At no moment is an item gone from the server whose whole bytes are not in the folder, whatever is killed or damaged.

PRUNE_FULL=1 prunes 10,000 items and kills the run 100 times; PRUNE_EXAMPLES=300 tries more sequences.
"""

import contextlib
import hashlib
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from datetime import timedelta
from pathlib import Path

import pytest
from elevenlabs_history import HistoryClient
from elevenlabs_history_backup import Backup, PruneError, prune as prune_module
from elevenlabs_history_simulator import Fault, Simulator
from elevenlabs_history_simulator.history import History
from hypothesis import example, given, settings, strategies as st
from support.backups import sync

pytestmark = pytest.mark.skipif(os.name == "nt", reason="kills as POSIX has them")

ITEMS, KILLS, MOST = (10_000, 100, 180) if os.environ.get("PRUNE_FULL") else (500, 20, 30)
AGE = timedelta(days=30)
LARGE = {"max_items": 1_000_000, "everything_listed": True}
# Forks, so that a kill hits the run at work and not while Python starts.
RUNS = """
import os, sys
from datetime import timedelta
import elevenlabs_history._bulk.run, filelock, pathvalidate
from elevenlabs_history import HistoryClient, HistoryError, RetryPolicy
from elevenlabs_history_backup import Backup, prune
prune._INTERVAL = 0
def run(action, folder):
    policy = RetryPolicy(max_attempts=2, wait_initial=0.001)
    with HistoryClient(retry_policy=policy) as client, Backup(folder) as backup:
        if action == "prune":
            plan = backup.plan_prune(client, older_than=timedelta(days=30))
            backup.prune(client, plan, max_items=1_000_000, everything_listed=True)
        elif action == "repair":
            backup.repair(client)
        else:
            backup.sync(client, full=action == "full")
for line in sys.stdin:
    pid = os.fork()
    if not pid:
        try:
            run(*line.split())
        except HistoryError:
            pass
        os._exit(0)
    print(pid, flush=True)
    print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)
"""


class Runs:
    """Runs in processes of their own, one at a time, which may be killed at any moment."""

    def __init__(self, simulator):
        self._process = subprocess.Popen(
            [sys.executable, "-c", RUNS],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="utf-8",
            env=os.environ | simulator.environment,
        )
        self.pid = 0

    def start(self, action, folder):
        print(action, folder, file=self._process.stdin, flush=True)
        self.pid = int(self._process.stdout.readline())

    def kill(self):
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)

    def wait(self):
        return int(self._process.stdout.readline())

    def close(self):
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()


@pytest.fixture(scope="module")
def server():
    with Simulator() as started:
        yield started


@pytest.fixture(scope="module")
def runs(server):
    runs = Runs(server)
    yield runs
    runs.close()


@pytest.fixture(scope="module")
def deletions():
    """Call what is in this list with the item that the server is about to delete because a request says so."""
    watchers = []
    remove = History.remove

    def watched(history, history_item_id):
        if threading.current_thread().name == "elevenlabs-history-simulator":
            for watch in watchers:
                watch(history_item_id)
        return remove(history, history_item_id)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(History, "remove", watched)
        patch.setattr(prune_module, "_INTERVAL", 0)
        yield watchers


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def logged(folder):
    """Return the items of which the catalog says that they were to be deleted."""
    with contextlib.closing(sqlite3.connect(folder / "history.db")) as catalog:
        return {row[0] for row in catalog.execute("SELECT history_item_id FROM prunes")}


@pytest.mark.timeout(3600)
def test_a_prune_that_is_killed_again_and_again_loses_nothing(server, runs, deletions, tmp_path):
    chance = random.Random(7)
    folder = tmp_path / "backup"
    server.reset(items=ITEMS)
    ids = {item.id for item in server.history}
    with HistoryClient(server.api_key, base_url=server.base_url) as client:
        sync(client, folder)
        with Backup(folder) as backup:
            files = {record.history_item_id: record.files[0] for record in backup}
        gone, lost, killed = set(), [], 0
        countdown = threading.Semaphore(0)

        def look(history_item_id):
            file = files[history_item_id]
            if sha256((folder / file.path).read_bytes()) != file.sha256 or history_item_id not in logged(folder):
                lost.append(history_item_id)
            gone.add(history_item_id)
            countdown.release()

        deletions[:] = [look]
        while killed < KILLS:
            countdown = threading.Semaphore(0)
            runs.start("prune", folder)
            for _ in range(chance.randrange(MOST)):
                if not countdown.acquire(timeout=5):
                    break  # the run has ended
            time.sleep(chance.uniform(0, 0.01))
            runs.kill()
            killed += runs.wait() == -signal.SIGKILL
            assert lost == []
            assert ids - {item.id for item in server.history} == gone <= logged(folder)
        deletions.clear()
        assert len(server.history) > 0, "there was nothing to kill any more"

        with Backup(folder) as backup:
            report = backup.prune(client, backup.plan_prune(client, older_than=AGE), **LARGE)
            assert (report.count("skipped"), report.count("unclear"), report.aborted_by) == (0, 0, None)
            assert (len(server.history), backup.verify().ok_count, backup.verify().issues) == (0, ITEMS, [])
            assert list(backup._open().rows("SELECT count(*), count(pruned_at) FROM prunes")) == [(ITEMS, ITEMS)]
            after = backup.sync(client, full=True)
            assert (after.saved, after.deleted, after.missing, after.lost, len(backup)) == (0, 0, [], 0, ITEMS)


FAULTS = [
    Fault.answer(500),
    Fault.answer_afterwards(500),
    Fault.answer(200, b'{"status": "ok"}', content_type="application/json"),
    Fault.reset_before_headers(),
    Fault.reset_after_headers(),
    Fault.answer(404),
    Fault.answer(401),
]
DAMAGE = [
    lambda path: path.unlink(),
    lambda path: path.write_bytes(b""),
    lambda path: path.write_bytes(path.read_bytes()[:-1]),
    lambda path: path.write_bytes(path.read_bytes()[:-1] + b"?"),
    lambda path: path.rename(path.with_name(f"moved_{path.name}")),
]
NUMBERS = st.integers(0, 60)
RUN = st.tuples(st.sampled_from(["prune", "prune", "prune", "sync", "full", "repair"]), st.none() | NUMBERS)
STEPS = st.one_of(
    RUN,
    RUN,
    st.tuples(st.just("fault"), st.sampled_from(FAULTS), st.sampled_from(["get", "delete", "list"]), NUMBERS),
    st.tuples(st.just("damage"), st.sampled_from(DAMAGE), NUMBERS),
    st.tuples(st.sampled_from(["add", "change", "delete by hand"]), NUMBERS),
)


class Scene:
    """A server, a folder, and what was deleted by prune so far, watched at each deletion."""

    def __init__(self, server, runs, folder):
        self.server, self.runs, self.folder = server, runs, folder
        server.reset(items=12)
        self.audio = {}
        self.pruned = {}
        self.lost = []
        self._listen()

    def _listen(self):
        self.audio |= {item.id: sha256(b"".join(item.audio().pieces())) for item in self.server.history}

    def hashes(self):
        return {sha256(path.read_bytes()): path for path in self.folder.rglob("*.mp3")}

    def look(self, history_item_id):
        if self.server.history.get(history_item_id):
            path = self.hashes().get(self.audio[history_item_id])
            self.pruned[history_item_id] = path
            if path is None:
                self.lost.append(history_item_id)

    def step(self, step):
        match step:
            case ("fault", fault, operation, skip):
                self.server.faults.add(fault, on=operation, skip=skip)
            case ("damage", damage, number):
                paths = sorted(self.folder.rglob("*.mp3"))
                if paths:
                    path = paths[number % len(paths)]
                    # What was pruned is the only copy: it stays, to be looked for at the end.
                    if path not in self.pruned.values():
                        damage(path)
            case ("add", _):
                self.server.history.add()
                self._listen()
            case ("change" | "delete by hand" as action, number) if len(self.server.history):
                item = list(self.server.history)[number % len(self.server.history)]
                if action == "change":
                    self.server.history.change(item.id, text="Other words.")
                else:
                    self.server.history.remove(item.id)
            case ("prune" | "sync" | "full" | "repair" as action, kill_at):
                if kill_at is not None:
                    self.server.faults.add(Fault.meanwhile(lambda _: self.runs.kill()), skip=kill_at)
                self.runs.start(action, self.folder)
                self.runs.wait()
                self.server.faults.clear()

    def check(self):
        assert self.lost == [], "deleted without its file"
        present = self.hashes().keys()
        assert all(self.audio[history_item_id] in present for history_item_id in self.pruned), "lost afterwards"


@pytest.mark.timeout(3600)
@settings(max_examples=int(os.environ.get("PRUNE_EXAMPLES", "15")), deadline=None)
@given(st.lists(STEPS, max_size=14))
@example([("damage", DAMAGE[2], 0), ("damage", DAMAGE[3], 5), ("prune", None)])
@example(
    [("fault", FAULTS[1], "delete", 3), ("prune", None), ("damage", DAMAGE[3], 20), ("prune", 24), ("prune", None)]
)
def test_no_sequence_of_runs_kills_and_damage_loses_what_is_gone_from_the_server(server, runs, deletions, steps):
    folder = Path(tempfile.mkdtemp())
    try:
        scene = Scene(server, runs, folder)
        deletions[:] = [scene.look]
        scene.step(("sync", None))
        for step in steps:
            scene.step(step)
            scene.check()
        # The rules refuse a good deal of this; what they let pass is deleted.
        server.faults.clear()
        with (
            contextlib.suppress(PruneError),
            HistoryClient(server.api_key, base_url=server.base_url) as client,
            Backup(folder) as backup,
        ):
            backup.repair(client)
            backup.sync(client, full=True)
            backup.prune(client, backup.plan_prune(client, older_than=AGE), **LARGE)
        scene.check()
    finally:
        deletions.clear()
        shutil.rmtree(folder)
