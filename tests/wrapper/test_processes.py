"""Processes that fork, are interrupted or wait: they get their own answers, and end in time."""

import asyncio
import hashlib
import os
import signal
import subprocess
import sys
import time

import pytest
from elevenlabs_history import AsyncHistoryClient, BytesReceived, HistoryClient
from elevenlabs_history_simulator import Fault

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows can't fork")

FORK = """
import hashlib, os, sys
from elevenlabs_history import HistoryClient

client = HistoryClient(sys.argv[2], base_url=sys.argv[1])
items = list(client.list())
for item in items:
    client.download(item).read()
children = []
for number in range(4):
    reader, writer = os.pipe()
    if pid := os.fork():
        os.close(writer)
        children.append((pid, reader))
        continue
    for place in range(48):
        item = items[(number + place) % len(items)]
        line = f"{item.history_item_id} {hashlib.sha256(client.download(item).read()).hexdigest()}\\n"
        os.write(writer, line.encode())
    os._exit(0)
for pid, reader in children:
    with open(reader) as lines:
        sys.stdout.write(lines.read())
    assert os.waitpid(pid, 0)[1] == 0
client.download(items[0]).read()
"""


@needs_fork
def test_forked_processes_get_the_items_that_they_asked_for(simulator):
    simulator.history.fill(12)
    expected = {item.id: hashlib.sha256(b"".join(item.audio().pieces())).hexdigest() for item in simulator.history}
    done = subprocess.run(
        [sys.executable, "-c", FORK, simulator.base_url, simulator.api_key],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stderr == ""
    lines = [line.split() for line in done.stdout.splitlines()]
    assert len(lines) == 4 * 48
    assert [(item_id, digest) for item_id, digest in lines if expected[item_id] != digest] == []


@needs_fork
def test_an_httpx_client_of_another_process_is_refused(simulator):
    script = """
import asyncio, os, sys, httpx
from elevenlabs_history import HistoryClient, InvalidArgumentError
from elevenlabs_history_api.api.history import list_history_items
client = HistoryClient(sys.argv[2], base_url=sys.argv[1], http_client=httpx.Client())
list(client.list())
if os.fork() == 0:
    try:
        asyncio.run(list_history_items.asyncio(client=client.api))
    except InvalidArgumentError as error:
        pass
    try:
        list(client.list())
    except InvalidArgumentError as error:
        print(error, flush=True)
    os._exit(0)
os.wait()
"""
    done = subprocess.run(
        [sys.executable, "-c", script, simulator.base_url, simulator.api_key],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert "made in another process" in done.stdout
    assert "Make a client in each process" in done.stdout
    assert len(simulator.requests) == 1


RUN = """
import os, sys
from elevenlabs_history import HistoryClient
client = HistoryClient(sys.argv[2], base_url=sys.argv[1])
items = list(client.list())
print("begin", flush=True)
client.download_all(items, sys.argv[3], workers=4, batch_size=5)
"""


def interrupt_run(simulator, folder, condition):
    """Interrupt a run once the condition holds, and return its exit code and how many seconds it took to end."""
    process = subprocess.Popen(
        [sys.executable, "-c", RUN, simulator.base_url, simulator.api_key, str(folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        # A job in the background of a shell has Ctrl-C ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # noqa: PLW1509 - one thread
    )
    with process:
        assert process.stdout.readline() == b"begin\n"
        while not condition():
            assert process.poll() is None
            time.sleep(0.01)
        time.sleep(0.2)
        start = time.monotonic()
        process.send_signal(signal.SIGINT)
        code = process.wait(timeout=30)
        return code, time.monotonic() - start


def requested(simulator):
    return sum(request.operation == "download" for request in simulator.requests)


@needs_fork
def test_ctrl_c_ends_the_wait_for_a_retry_at_once(simulator, tmp_path):
    simulator.faults.add(Fault.answer(429, b"{}", retry_after="50"), on="download", times=100)
    code, seconds = interrupt_run(simulator, tmp_path, lambda: requested(simulator) >= 1)
    before = requested(simulator)
    assert code == -signal.SIGINT
    assert seconds < 2
    assert before <= 4
    assert not visible_files(tmp_path)


@needs_fork
@pytest.mark.parametrize("fault", [Fault.hang(), Fault.drip(1.0)], ids=["no answer", "slow answer"])
def test_ctrl_c_drops_answers_that_do_not_come_in_time_and_leaves_no_partial_file(simulator, tmp_path, fault):
    simulator.faults.add(fault, on="download", times=100)
    code, seconds = interrupt_run(simulator, tmp_path, lambda: requested(simulator) >= 4)
    assert code == -signal.SIGINT
    assert seconds < 5
    assert not visible_files(tmp_path)
    simulator.faults.clear()
    with HistoryClient(simulator.api_key, base_url=simulator.base_url) as client:
        report = client.download_all(list(client.list()), tmp_path)
    assert len(report.saved) == 20
    assert not list(tmp_path.rglob("*.part"))


def test_a_cancelled_run_drops_answers_that_do_not_come_in_time(simulator, tmp_path):
    simulator.faults.add(Fault.hang(), on="download", times=100)

    async def main():
        async with AsyncHistoryClient(simulator.api_key, base_url=simulator.base_url) as client:
            items = [item async for item in client.list()]
            run = asyncio.ensure_future(client.download_all(items, tmp_path, workers=2))
            while not requested(simulator):  # noqa: ASYNC110 - the simulator has no event for it
                await asyncio.sleep(0.01)
            start = time.monotonic()
            run.cancel()
            with pytest.raises(asyncio.CancelledError):
                await run
            return time.monotonic() - start

    assert asyncio.run(main()) < 5
    assert not visible_files(tmp_path)


def test_a_second_run_is_possible_while_workers_of_a_stopped_one_still_wait(simulator, tmp_path):
    """The workers that were left see that nobody waits for them, and name no file any more."""
    with HistoryClient(simulator.api_key, base_url=simulator.base_url) as client:
        items = list(client.list())

        def listen(event):
            if isinstance(event, BytesReceived):
                raise KeyError("enough")

        simulator.faults.add(Fault.drip(0.6), on="download", times=3)
        with pytest.raises(KeyError, match="enough"):
            client.download_all(items, tmp_path, workers=4, batch_size=5, on_event=listen)
        files = visible_files(tmp_path)
        report = client.download_all(items, tmp_path)
        assert len(report.skipped) == len(files)
        assert len(report.skipped) + len(report.saved) == len(items)
        time.sleep(1)
        assert len(visible_files(tmp_path)) == len(items)
        assert not list(tmp_path.rglob("*.part"))


def visible_files(folder):
    return [path for path in folder.rglob("*") if path.is_file() and ".elevenlabs-history" not in path.parts]
