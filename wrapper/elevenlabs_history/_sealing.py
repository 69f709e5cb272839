"""Files go to the disk while the next ones are made: waiting for the disk costs no more than what it really takes."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from concurrent.futures import Future, ThreadPoolExecutor

    from .files import Part

_THREADS = 4
# Each of these is an open file.
_WAITING = 16


class Sealing:
    """Seals parts in threads of its own, which begin with the first part."""

    def __init__(self) -> None:
        self._pool: ThreadPoolExecutor | None = None
        self._waiting: deque[Future[None]] = deque()

    def seal(self, part: Part) -> None:
        """Begin to seal a part, to which nothing more is written.

        Raises:
            CannotWrite: An earlier part could not be sealed.
        """
        from concurrent.futures import ThreadPoolExecutor

        self._pool = self._pool or ThreadPoolExecutor(_THREADS, thread_name_prefix="elevenlabs-history-disk")
        while len(self._waiting) >= _WAITING:
            self._waiting.popleft().result()
        self._waiting.append(self._pool.submit(part.seal))

    def wait(self) -> None:
        """Wait until all parts are on the disk.

        Raises:
            CannotWrite: One is not.
        """
        while self._waiting:
            self._waiting.popleft().result()

    def close(self) -> None:
        """Let what is being sealed come to its end, and begin nothing more."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
