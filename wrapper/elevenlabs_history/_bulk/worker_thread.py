"""A run has a thread of its own, beside the one that asked for it, so that an interrupt leaves nothing half done."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


def run_in_worker_thread(run: Callable[[], T], stop: Callable[[], None]) -> T:
    """Run in a thread of its own. When the caller is interrupted, the run is stopped and comes to its end first.

    An interrupt reaches the main thread at any instruction; between a file that is in place and its booking it would
    leave the file unbooked.
    """
    with ThreadPoolExecutor(1, thread_name_prefix="elevenlabs-history-run") as pool:
        running = pool.submit(run)
        try:
            return running.result()
        except KeyboardInterrupt:
            stop()
            running.exception()
            raise


async def run_beside_loop(run: Callable[[], T], stop: Callable[[], None]) -> T:
    """Run in a thread of its own. When the caller is cancelled, it is stopped and comes to its end first."""
    import asyncio

    # Not the loop's own threads: the downloads need those, and enough runs at once would take them all.
    pool = ThreadPoolExecutor(1, thread_name_prefix="elevenlabs-history-run")
    running = asyncio.get_running_loop().run_in_executor(pool, run)
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        stop()
        await asyncio.wait([running])
        raise
    finally:
        pool.shutdown(wait=False)
