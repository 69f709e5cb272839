"""One run at a time writes into a folder."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Self

from ..errors import LockedError
from .atomic import TEMPORARY_SUFFIX, write_error

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

STAGING_FOLDER = ".elevenlabs-history"


class FolderLock:
    """An exclusive lock between processes and threads, held inside a `with` block."""

    def __init__(self, path: Path) -> None:
        """Prepare a lock; `path` is the lock file, which is left behind, as removing it would be a race."""
        self._path = path
        from filelock import FileLock

        # One thread may take the lock and another release it.
        self._lock = FileLock(path, thread_local=False)

    def __enter__(self) -> Self:
        """Take the lock.

        Raises:
            LockedError: Another run has it.
            WriteError: The lock file can't be written.
        """
        from filelock import Timeout

        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._lock.acquire(blocking=False)
        except Timeout:
            raise LockedError(
                f"Another run is writing into {self._path.parent.parent}.",
                hint="Wait until it has finished, or choose another folder.",
            ) from None
        except OSError as error:
            raise write_error(self._path.parent.parent, error) from error
        return self

    def __exit__(self, *exception: object) -> None:
        self._lock.release()


@contextlib.contextmanager
def staging_folder(folder: Path) -> Iterator[Path]:
    """Lock a folder and give a hidden folder in it for temporary files, cleared of those of a killed run."""
    staging = folder / STAGING_FOLDER
    with FolderLock(staging / "lock"):
        for leftover in staging.glob(f".*{TEMPORARY_SUFFIX}"):
            leftover.unlink(missing_ok=True)
        yield staging
