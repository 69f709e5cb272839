"""Work in a thread that an async caller waits for, because a thread can't be cancelled."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Executor

T = TypeVar("T")


async def run_in_thread(
    function: Callable[[], T], *, executor: Executor | None = None, on_cancel: Callable[[], None] | None = None
) -> T:
    """Run a function in a thread. If the caller is cancelled, wait for the thread before raising.

    Args:
        function: What to run, in a copy of the caller's context.
        executor: Where; None for the default executor of the event loop.
        on_cancel: Called when the caller is cancelled, so that the thread may end early.
    """
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
