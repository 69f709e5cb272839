"""Many workspaces: each is backed up on its own, one that fails stops no other, and a task may run twice."""

import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import BrokenExecutor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context

import attrs
import pytest
from elevenlabs_history import InvalidArgumentError
from elevenlabs_history_backup import Backup, Workspace, sync_many, sync_workspace
from elevenlabs_history_backup.many import MAX_THREADS
from support.workspace_server import key_of, serving

ITEMS = 5


@pytest.fixture
def make(tmp_path, monkeypatch):
    """Serve workspaces, and describe them."""
    stack = []

    def make(count, **options):
        server = serving(count, ITEMS)
        base_url, simulators = server.__enter__()
        stack.append(server)
        for number in range(count):
            monkeypatch.setenv(f"KEY_{number}", key_of(number))
        workspaces = [
            Workspace(
                name=f"w{number}",
                target=str(tmp_path / f"w{number}"),
                key_env=f"KEY_{number}",
                base_url=base_url,
                **options,
            )
            for number in range(count)
        ]
        return workspaces, simulators

    yield make
    for server in stack:
        server.__exit__(None, None, None)


def ids_of(folder):
    with Backup(folder) as backup:
        assert backup.verify().issues == []
        return {record.history_item_id for record in backup if record.files}


def assert_complete(workspaces, simulators):
    for workspace, simulator in zip(workspaces, simulators, strict=True):
        assert ids_of(workspace.target) == {item.id for item in simulator.history}


def test_each_workspace_has_its_own_items_in_its_own_folder(make):
    workspaces, simulators = make(MAX_THREADS + 2)
    reports = sync_many(workspaces)
    assert [(report.name, report.target) for report in reports] == [(each.name, each.target) for each in workspaces]
    assert {(report.ok, report.saved, report.listed, report.complete) for report in reports} == {(True, 5, 5, True)}
    assert_complete(workspaces, simulators)
    again = sync_many(workspaces)
    assert {(report.ok, report.saved) for report in again} == {(True, 0)}


def test_a_workspace_that_fails_stops_no_other_and_says_why(make, tmp_path, monkeypatch):
    workspaces, simulators = make(4)
    monkeypatch.setenv("KEY_0", "another key")
    monkeypatch.delenv("KEY_1")
    (tmp_path / "w2").write_text("a file")
    simulators[3].history.add(state="processing")
    reports = sync_many(workspaces)
    assert [report.ok for report in reports] == [False] * 4
    assert reports[0].error.startswith("The key in the variable that key_env names contains a space")
    assert reports[1].error == "There is no key in the variable that key_env names: it is empty."
    assert reports[2].error.startswith(f"{tmp_path / 'w2'} is a file, not a folder")
    assert (reports[3].failed, reports[3].saved) == (1, 5)
    assert reports[3].error.startswith("[400 processing] ")


def test_what_no_one_foresaw_is_an_error_of_its_workspace(make):
    workspaces, _ = make(1)

    class Broken(ThreadPoolExecutor):
        def submit(self, *_):
            future = Future()
            future.set_exception(OSError("the worker died"))
            return future

    with Broken() as executor:
        (report,) = sync_many(workspaces, executor=executor)
    assert (report.ok, report.error) == (False, "OSError: the worker died")


def test_tasks_run_in_other_processes_where_the_keys_are_looked_up(make):
    workspaces, simulators = make(3)
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as executor:
        reports = sync_many(workspaces, executor=executor)
    assert [report.saved for report in reports] == [ITEMS] * 3
    assert_complete(workspaces, simulators)


def test_each_run_on_dask_is_a_new_one(make):
    """By default Dask answers with the result of an earlier call with the same arguments."""
    distributed = pytest.importorskip("distributed")
    (workspace,), simulators = make(1)
    with (
        distributed.LocalCluster(n_workers=1, processes=False, dashboard_address=":0") as cluster,
        distributed.Client(cluster) as client,
    ):
        assert sync_many([workspace], executor=client.get_executor())[0].saved == ITEMS
        simulators[0].history.add(date=1_900_000_000)
        assert sync_many([workspace], executor=client.get_executor())[0].saved == 1
    assert_complete([workspace], simulators)


def test_reports_come_as_they_are_done_and_end_in_the_order_of_the_workspaces(make):
    workspaces, simulators = make(2)
    simulators[0].latency = 0.3
    seen = []
    reports = sync_many(workspaces, on_report=lambda report: seen.append(report.name))
    assert seen == ["w1", "w0"]
    assert [report.name for report in reports] == ["w0", "w1"]


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"name": "other"}, "The workspaces w0 and other have the same target."),
        ({"target": "elsewhere"}, "Two workspaces have the name w0."),
    ],
)
def test_two_workspaces_never_share_a_folder_or_a_name(make, changed, message):
    (workspace,), simulators = make(1)
    other = attrs.evolve(workspace, **{"target": f"{workspace.target}{os.sep}"} | changed)
    with pytest.raises(InvalidArgumentError, match=message):
        sync_many([workspace, other])
    assert not simulators[0].requests


def test_a_folder_that_another_run_writes_into_fails_and_is_complete_afterwards(make):
    """A cluster that believes a worker dead runs its task again while the first run is still alive."""
    (workspace,), simulators = make(1)
    begun, go_on = threading.Event(), threading.Event()

    def wait(_):
        begun.set()
        go_on.wait()

    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(sync_workspace, workspace, on_event=wait)
        begun.wait()
        second = sync_workspace(workspace)
        go_on.set()
        assert first.result().ok
    assert second.error.startswith("Another run is writing into ")
    assert_complete([workspace], simulators)


def test_the_filters_of_the_file_are_those_of_every_run(make):
    (workspace,), simulators = make(1)
    assert sync_many([attrs.evolve(workspace, voice="Nobody")])[0].listed == 0
    assert sync_many([workspace])[0].saved == ITEMS
    assert sync_many([attrs.evolve(workspace, voice="Nobody", template="{id}{ext}")])[0].listed == 0
    with Backup(workspace.target) as backup:
        assert (backup.settings.voice, backup.settings.template) == ("Nobody", "{id}{ext}")
    assert sync_many([workspace])[0].listed == ITEMS
    assert_complete([workspace], simulators)


def test_an_interrupt_cancels_what_has_not_begun_and_ends_what_has(make):
    workspaces, simulators = make(MAX_THREADS + 5, batch_size=1, workers=1)
    for simulator in simulators[1:]:
        simulator.latency = 0.2

    def interrupt(report):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sync_many(workspaces, on_report=interrupt)
    begun = [simulator for simulator in simulators if simulator.requests]
    assert len(begun) <= MAX_THREADS + 1
    # Of five items each asks for one at a time.
    assert {len(simulator.requests) for simulator in begun[1:]} <= {1, 2, 3}
    assert [report.ok for report in sync_many(workspaces)] == [True] * len(workspaces)
    assert_complete(workspaces, simulators)


@pytest.mark.skipif(os.name == "nt", reason="kills as POSIX has them")
def test_the_folder_of_a_killed_worker_is_free_for_the_next(make):
    (workspace,), simulators = make(1)
    program = (
        "import os, signal, sys\n"
        "from elevenlabs_history import FileSaved\n"
        "from elevenlabs_history_backup import Workspace, sync_workspace\n"
        "def kill(event):\n"
        "    if isinstance(event, FileSaved): os.kill(os.getpid(), signal.SIGKILL)\n"
        "sync_workspace(Workspace(name='w', target=sys.argv[1], key_env='KEY_0', base_url=sys.argv[2]), on_event=kill)"
    )
    killed = subprocess.run([sys.executable, "-c", program, workspace.target, workspace.base_url], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert sync_workspace(workspace).ok
    assert_complete([workspace], simulators)


class Broken(ThreadPoolExecutor):
    """An executor that breaks after its first task."""

    def submit(self, *arguments, **options):
        if self._threads:
            raise BrokenExecutor("a worker died")
        return super().submit(*arguments, **options)


def test_an_executor_that_breaks_fails_what_it_has_not_run(make):
    workspaces, _ = make(3)
    with Broken(1) as executor:
        reports = sync_many(workspaces, executor=executor)
    assert [report.error for report in reports] == [None, *["BrokenExecutor: a worker died"] * 2]


def test_a_folder_is_the_same_however_it_is_written(make, tmp_path, monkeypatch):
    workspaces, _ = make(2)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InvalidArgumentError, match="the same target"):
        sync_many([workspaces[0], attrs.evolve(workspaces[1], target="w0")])
