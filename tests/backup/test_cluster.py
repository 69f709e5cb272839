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

WORKSPACES = 200
ITEMS = 200
# Where the backup of a workspace is.
TARGETS = ["{folder}/{name}"]
pytestmark = [pytest.mark.cluster, pytest.mark.timeout(900)]


@pytest.fixture
def base_url():
    command = [sys.executable, "-m", "support.workspace_server", str(WORKSPACES), str(ITEMS)]
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])}
    with subprocess.Popen(
        command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8"
    ) as server:
        yield server.stdout.readline().strip()
        server.communicate()


@pytest.fixture
def cluster():
    with distributed.LocalCluster(n_workers=0, processes=True, dashboard_address=":0") as cluster:
        yield cluster


@pytest.fixture
def start_worker(cluster, tmp_path):
    workers = []
    # The keys are here only.
    keys = {f"KEY_{number}": key_of(number) for number in range(WORKSPACES)}

    def start_worker(name):
        command = [sys.executable, "-m", "dask", "worker", cluster.scheduler_address, "--name", name, "--nthreads", "4"]
        command += ["--no-nanny", "--no-dashboard", "--local-directory", str(tmp_path / "dask")]
        log = (tmp_path / f"{name}.log").open("w")
        workers.append(subprocess.Popen(command, env=os.environ | keys, stdout=log, stderr=log))
        log.close()
        return workers[-1]

    yield start_worker
    for worker in workers:
        worker.kill()
        worker.wait()


@pytest.mark.parametrize("target", TARGETS)
def test_a_worker_that_dies_and_one_that_comes_late_leave_every_backup_complete(
    base_url, cluster, start_worker, tmp_path, target
):
    workspaces = [
        Workspace(
            name=f"w{number}",
            target=target.format(folder=tmp_path, name=f"w{number}"),
            key_env=f"KEY_{number}",
            base_url=base_url,
        )
        for number in range(WORKSPACES)
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
            if len(ended) == WORKSPACES // 4:
                assert processing[names["doomed"]], "it has nothing to lose"
                doomed.kill()
            if len(ended) == WORKSPACES // 2:
                start_worker("late")

        reports = sync_many(workspaces, executor=client.get_executor(), on_report=disturb)
    assert [(report.name, report.error) for report in reports] == [(each.name, None) for each in workspaces]
    assert {report.failed for report in reports} == {0}
    assert doomed.wait() < 0
    assert busy == {"doomed", "lasting", "late"}
    for number, workspace in enumerate(workspaces):
        with Backup(workspace.target) as backup:
            found = [file.history_item_id for record in backup for file in record.files]
            assert sorted(found) == sorted(item.id for item in Simulator(items=ITEMS, seed=number).history)
            report = backup.verify()
            assert (report.ok_count, report.issues) == (ITEMS, [])
