"""Files go to the disk while the next ones are made: waiting for the disk costs no more than what it really takes."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from concurrent.futures import Future, ThreadPoolExecutor

    from .files import Part

# Each of these is an open file.
_WAITING = 16


def disk_threads() -> ThreadPoolExecutor:
    """Make the threads that one or many `Sealing` share. More of them seal no faster, but take time from the others."""
    from concurrent.futures import ThreadPoolExecutor

    return ThreadPoolExecutor(2, thread_name_prefix="elevenlabs-history-disk")


class Sealing:
    """Seals the parts of one answer."""

    def __init__(self, threads: ThreadPoolExecutor) -> None:
        self._threads = threads
        self._waiting: deque[Future[None]] = deque()

    def seal(self, part: Part) -> None:
        """Begin to seal a part, to which nothing more is written.

        Raises:
            CannotWrite: An earlier part could not be sealed.
        """
        while len(self._waiting) >= _WAITING:
            self._waiting.popleft().result()
        self._waiting.append(self._threads.submit(part.seal))

    def wait(self) -> None:
        """Wait until all parts are on the disk.

        Raises:
            CannotWrite: One is not.
        """
        while self._waiting:
            self._waiting.popleft().result()

    def close(self) -> None:
        """Let what is being sealed come to its end, and begin nothing more."""
        for future in self._waiting:
            if not future.cancel():
                future.exception()
        self._waiting.clear()
