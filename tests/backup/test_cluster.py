"""A real cluster: workers die and join while many workspaces are backed up, and nothing is lost or fetched twice."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from elevenlabs_history_backup import Backup, Workspace, sync_many
from elevenlabs_history_simulator import Simulator
from support.workspace_server import key_of

distributed = pytest.importorskip("distributed")
dask = pytest.importorskip("dask")

# Where the backup of a workspace is, how many workspaces there are, and items of each. A store for tests takes minutes
# for as many in a bucket: CLUSTER_FULL=1.
CASES = {
    "folders": ("{folder}/{name}", 200, 200),
    "bucket": ("{address}/{name}", *((200, 200) if os.environ.get("CLUSTER_FULL") else (40, 20))),
}
pytestmark = [pytest.mark.cluster, pytest.mark.timeout(1800)]


@pytest.fixture(params=CASES)
def case(request):
    return CASES[request.param]


@pytest.fixture
def base_url(case):
    _, workspaces, items = case
    command = [sys.executable, "-m", "support.workspace_server", str(workspaces), str(items)]
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])}
    with subprocess.Popen(
        command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8"
    ) as server:
        yield server.stdout.readline().strip()
        server.communicate()


@pytest.fixture
def cluster():
    # Python before 3.11.9 may deadlock in Dask's profiler while a thread starts (its issue 106883).
    with (
        dask.config.set({"distributed.worker.profile.enabled": False}),
        distributed.LocalCluster(n_workers=0, processes=True, dashboard_address=":0") as cluster,
    ):
        yield cluster


@pytest.fixture
def start_worker(cluster, case, store, tmp_path):
    workers = []
    # The keys are here only.
    variables = {f"KEY_{number}": key_of(number) for number in range(case[1])}
    variables["DASK_DISTRIBUTED__WORKER__PROFILE__ENABLED"] = "False"  # as for the cluster

    def start_worker(name):
        command = [sys.executable, "-m", "dask", "worker", cluster.scheduler_address, "--name", name, "--nthreads", "4"]
        command += ["--no-nanny", "--no-dashboard", "--local-directory", str(tmp_path / "dask")]
        log = (tmp_path / f"{name}.log").open("w")
        # A cache of its own, as on a machine of its own.
        environment = os.environ | variables | {"ELEVENLABS_HISTORY_CACHE": str(tmp_path / "caches" / name)}
        workers.append(subprocess.Popen(command, env=environment, stdout=log, stderr=log))
        log.close()
        return workers[-1]

    yield start_worker
    for worker in workers:
        worker.kill()
        worker.wait()


def test_a_worker_that_dies_and_one_that_comes_late_leave_every_backup_complete(
    base_url, cluster, start_worker, tmp_path, case, address, monkeypatch
):
    target, count, items = case
    monkeypatch.setenv("ELEVENLABS_HISTORY_CACHE", str(tmp_path / "caches" / "reader"))
    workspaces = [
        Workspace(
            name=f"w{number}",
            target=target.format(folder=tmp_path, address=address, name=f"w{number}"),
            key_env=f"KEY_{number}",
            base_url=base_url,
        )
        for number in range(count)
    ]
    ended = []
    busy = set()
    with distributed.Client(cluster) as client:
        doomed = start_worker("doomed")
        start_worker("lasting")
        client.wait_for_workers(2)

        def disturb(report):
            names = {worker["name"]: address for address, worker in client.scheduler_info(-1)["workers"].items()}
            processing = client.processing()
            busy.update(name for name, address in names.items() if processing.get(address))
            ended.append(report)
            if len(ended) == count // 4:
                assert processing[names["doomed"]], "it has nothing to lose"
                doomed.kill()
            if len(ended) == count // 2:
                start_worker("late")

        reports = sync_many(workspaces, executor=client.get_executor(), on_report=disturb)
    assert [(report.name, report.error) for report in reports] == [(each.name, None) for each in workspaces]
    assert {report.failed for report in reports} == {0}
    assert doomed.wait() < 0
    assert busy == {"doomed", "lasting", "late"}
    for number, workspace in enumerate(workspaces):
        with Backup(workspace.target) as backup:
            found = [file.history_item_id for record in backup for file in record.files]
            assert sorted(found) == sorted(item.id for item in Simulator(items=items, seed=number).history)
            report = backup.verify()
            assert (report.ok_count, report.issues) == (items, [])
