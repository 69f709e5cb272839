"""The event loop is never blocked, and a cancelled call leaves nothing half done."""

import asyncio
import os
import random
import threading
import time
from functools import partial

import pytest
from elevenlabs_history import AsyncHistoryClient, FileSaved, InvalidArgumentError, RunFinished

ITEMS = 200


def test_many_items_may_be_a_listing_of_the_client(simulator, tmp_path):
    async def use():
        async with AsyncHistoryClient(simulator.api_key, base_url=simulator.base_url) as client:
            with pytest.raises(InvalidArgumentError, match=r"Pass \[item async for item in …\]"):
                client.download(client.list(limit=3))
            return await client.download_all(client.list(limit=3), tmp_path)

    assert len(asyncio.run(use()).saved) == 3


@pytest.fixture
def slow_disk(monkeypatch):
    fsync = os.fsync

    def slow(descriptor):
        time.sleep(0.03)
        fsync(descriptor)

    monkeypatch.setattr("elevenlabs_history._files.atomic.os.fsync", slow)


class ThreadTicker:
    """A ticker of 10 ms in a thread: it is late where the machine is busy, but not where the event loop is blocked."""

    def __enter__(self):
        self.worst_delay = 0.0
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._tick)
        self._thread.start()
        return self

    def __exit__(self, *exception):
        self._stopped.set()
        self._thread.join()

    def _tick(self):
        while not self._stopped.is_set():
            start = time.perf_counter()
            time.sleep(0.01)
            self.worst_delay = max(self.worst_delay, time.perf_counter() - start - 0.01)


async def worst_delay(work):
    """Return by how many seconds a ticker of 10 ms in the event loop was late at worst while something is done."""
    worst = 0.0

    async def tick():
        nonlocal worst
        while True:
            start = time.perf_counter()
            await asyncio.sleep(0.01)
            worst = max(worst, time.perf_counter() - start - 0.01)

    ticker = asyncio.create_task(tick())
    await asyncio.sleep(0)
    try:
        await work
        # A tick that was late because of the last step of the work has yet to come.
        await asyncio.sleep(0.02)
    finally:
        ticker.cancel()
    return worst


@pytest.mark.parametrize("method", ["extract", "download_all"])
@pytest.mark.usefixtures("slow_disk")
def test_the_event_loop_is_never_blocked_for_100_milliseconds(simulator, tmp_path, method):
    for number in range(ITEMS):
        simulator.history.add(date=1_800_000_000 + number, size=500_000)

    async def main(folder):
        async with AsyncHistoryClient(simulator.api_key, base_url=simulator.base_url) as client:
            items = [item async for item in client.list(limit=ITEMS)]
            calls = {"extract": client.download(items).extract, "download_all": partial(client.download_all, items)}
            with ThreadTicker() as thread_ticker:
                delay = await worst_delay(calls[method](folder))
            return delay - thread_ticker.worst_delay

    # The simulator runs in this process, and the machine may be busy: a blocked loop is late every time.
    delays = []
    while len(delays) < 3 and min(delays, default=1.0) >= 0.1:
        folder = tmp_path / str(len(delays))
        delays.append(asyncio.run(main(folder)))
        assert len(list(folder.rglob("*.mp3"))) == ITEMS
    assert min(delays) < 0.1


def cancel_all_tasks():
    """Do as `asyncio.run` does when its main coroutine ends."""
    for task in asyncio.all_tasks() - {asyncio.current_task()}:
        task.cancel()


# anyio never awaits an attempt to connect that is cancelled before it begins.
@pytest.mark.filterwarnings("ignore:coroutine 'connect_tcp:RuntimeWarning")
def test_an_extract_that_is_cancelled_at_any_moment_leaves_all_files_or_none(simulator, tmp_path):
    moments = random.Random(1)
    outcomes = set()

    async def main():
        async with AsyncHistoryClient(simulator.api_key, base_url=simulator.base_url) as client:
            items = [item async for item in client.list()]
            start = time.perf_counter()
            await client.download(items).extract(tmp_path / "not cancelled")
            duration = time.perf_counter() - start
            for number in range(60):
                folder = tmp_path / str(number)
                task = asyncio.create_task(client.download(items).extract(folder))
                await asyncio.sleep(moments.uniform(0, 1.2 * duration))
                if number % 2:
                    cancel_all_tasks()
                else:
                    task.cancel()
                await asyncio.wait([task])
                files = [path for path in folder.rglob("*") if path.is_file()]
                assert len(files) in {0, len(items)}
                assert not [path for path in files if path.suffix == ".part"]
                outcomes.add(len(files))

    asyncio.run(main())
    assert outcomes == {0, 20}


@pytest.mark.parametrize("everything", [False, True], ids=["the task", "all tasks"])
def test_an_extract_that_is_cancelled_several_times_waits_for_its_thread(simulator, tmp_path, monkeypatch, everything):
    fsync = os.fsync
    started, may_go_on = threading.Event(), threading.Event()

    def wait(descriptor):
        started.set()
        may_go_on.wait(60)
        fsync(descriptor)

    monkeypatch.setattr("elevenlabs_history._files.atomic.os.fsync", wait)

    async def main():
        async with AsyncHistoryClient(simulator.api_key, base_url=simulator.base_url) as client:
            items = [item async for item in client.list()]
            task = asyncio.create_task(client.download(items).extract(tmp_path))
            await asyncio.to_thread(started.wait, 60)
            for _ in range(3):
                cancel_all_tasks() if everything else task.cancel()
                await asyncio.sleep(0.01)
                assert not task.done()
            may_go_on.set()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert len(list(tmp_path.rglob("*.mp3"))) == len(items)

    asyncio.run(main())


def test_a_run_that_is_cancelled_twice_waits_for_its_thread_and_reports_every_file(simulator, tmp_path):
    events = []
    first_saved = threading.Event()

    def listen(event):
        events.append(event)
        if isinstance(event, FileSaved):
            first_saved.set()

    async def main():
        async with AsyncHistoryClient(simulator.api_key, base_url=simulator.base_url) as client:
            items = [item async for item in client.list()]
            run = asyncio.create_task(client.download_all(items, tmp_path, batch_size=1, workers=2, on_event=listen))
            await asyncio.to_thread(first_saved.wait, 60)
            for _ in range(3):
                run.cancel()
                await asyncio.sleep(0.001)
            with pytest.raises(asyncio.CancelledError):
                await run
            saved = {event.file.path for event in events if isinstance(event, FileSaved)}
            assert saved == set(tmp_path.rglob("*.mp3"))
            assert 1 <= len(saved) < len(items)
            assert isinstance(events[-1], RunFinished)

    simulator.latency = 0.02
    try:
        asyncio.run(main())
    finally:
        simulator.latency = 0.0
