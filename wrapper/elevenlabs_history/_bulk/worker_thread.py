"""Runs a function in a thread of its own, so that an interrupt of the caller leaves nothing half done."""

from __future__ import annotations

import contextvars
from concurrent.futures import ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

# On Windows before Python 3.14 waiting without a timeout can't be interrupted.
_WAIT_SECONDS = 0.2


def run_in_worker_thread(run: Callable[[], T], stop: Callable[[], None]) -> T:
    """Run in a thread. If the caller is interrupted, call `stop` and wait for the thread before raising.

    An interrupt reaches the main thread at any instruction; between a file's rename and its event it would lose the
    event.
    """
    with ThreadPoolExecutor(1, thread_name_prefix="elevenlabs-history-run") as pool:
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
    """Run in a thread. If the caller is cancelled, call `stop` and wait for the thread before raising."""
    from .._download.threads import run_in_thread

    # Not the default executor of the loop: enough runs at once would occupy all its threads.
    pool = ThreadPoolExecutor(1, thread_name_prefix="elevenlabs-history-run")
    try:
        return await run_in_thread(run, executor=pool, on_cancel=stop)
    finally:
        pool.shutdown(wait=False)
