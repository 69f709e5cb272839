"""Files go to the disk while the next ones are made: waiting for the disk costs no more than what it really takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from concurrent.futures import Future, ThreadPoolExecutor

    from .files import AtomicFile

# A part is an open file until it is sealed, and while some are sealed as many others wait.
_TOGETHER = 8


def disk_threads() -> ThreadPoolExecutor:
    """Make the threads that one or many `Sealing` share. More of them seal no faster, but take time from the others."""
    from concurrent.futures import ThreadPoolExecutor

    return ThreadPoolExecutor(2, thread_name_prefix="elevenlabs-history-disk")


class Sealing:
    """Seals the parts of one answer."""

    def __init__(self, threads: ThreadPoolExecutor) -> None:
        self._threads = threads
        self._next: list[AtomicFile] = []
        self._running: Future[None] | None = None

    def seal(self, part: AtomicFile) -> None:
        """Begin to seal a part, to which nothing more is written.

        Raises:
            WriteError: An earlier part could not be sealed.
        """
        self._next.append(part)
        if len(self._next) == _TOGETHER:
            self._seal_next()

    def wait(self) -> None:
        """Wait until all parts are on the disk.

        Raises:
            WriteError: One is not.
        """
        self._seal_next()
        self._seal_next()

    def close(self) -> None:
        """Let what is being sealed come to its end, and begin nothing more."""
        self._next = []
        if self._running is not None and not self._running.cancel():
            self._running.exception()

    def _seal_next(self) -> None:
        # Kept until it has ended: an interrupt may come while it is waited for, and then `close` has to wait for it.
        if self._running is not None:
            self._running.result()
        self._running = self._threads.submit(_seal_together, self._next) if self._next else None
        self._next = []


def _seal_together(parts: list[AtomicFile]) -> None:
    for part in parts:
        part.start_sealing()
    for part in parts:
        part.seal()
