"""Work in a thread that the caller waits for, whatever interrupts the caller."""

import contextlib
import contextvars
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor, wait
from typing import TypeVar

T = TypeVar("T")

# On Windows before Python 3.14 waiting without a timeout can't be interrupted.
_WAIT_SECONDS = 0.2


def run_in_worker_thread(run: Callable[[], T], stop: Callable[[], None]) -> T:
    """Run in a thread. If the caller is interrupted, call `stop` and wait for the thread before raising.

    An interrupt reaches the main thread at any instruction; between a file's rename and its event it would lose the
    event.
    """
    with _one_thread() as pool:
        future = pool.submit(contextvars.copy_context().run, run)
        try:
            while not wait([future], _WAIT_SECONDS).done:
                pass
            return future.result()
        except BaseException:
            stop()
            future.exception()
            raise


async def run_in_worker_thread_async(run: Callable[[], T], stop: Callable[[], None]) -> T:
    """The async counterpart of `run_in_worker_thread`."""
    # Not the default executor of the loop: enough runs at once would occupy all its threads.
    pool = _one_thread()
    try:
        return await run_in_thread(run, executor=pool, on_cancel=stop)
    finally:
        pool.shutdown(wait=False)


async def run_in_thread(
    function: Callable[[], T], *, executor: Executor | None = None, on_cancel: Callable[[], None] | None = None
) -> T:
    """Run a function in a thread of an executor, by default the event loop's. If cancelled, wait before raising."""
    import asyncio

    # Not `asyncio.to_thread`, which makes a task: `asyncio.run` cancels all tasks when its main coroutine ends.
    future = asyncio.get_running_loop().run_in_executor(executor, contextvars.copy_context().run, function)
    try:
        return await asyncio.shield(future)
    except asyncio.CancelledError:
        if on_cancel is not None:
            on_cancel()
        # Callers are cancelled more than once, too: by a second Ctrl-C, or by a timeout around a timeout.
        while not future.done():
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.wait([future])
        future.exception()
        raise


def _one_thread() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(1, thread_name_prefix="elevenlabs-history-run")
