"""One run at a time writes into a folder."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Self

from ..errors import InvalidArgumentError, LockedError
from .atomic import delete_leftovers, write_errors

STAGING_FOLDER = ".elevenlabs-history"


class FolderLock:
    """An exclusive lock between processes and threads, held inside a `with` block."""

    def __init__(self, path: Path, *, timeout: float = 0.0) -> None:
        """Prepare a lock.

        Args:
            path: The lock file, which is left behind, as removing it would be a race.
            timeout: How many seconds to wait while another run has the lock.
        """
        from filelock import FileLock

        self._path = path
        self._timeout = timeout
        # One thread may take the lock and another release it.
        self._lock = FileLock(path, thread_local=False)

    def __enter__(self) -> Self:
        """Take the lock.

        Raises:
            LockedError: Another run has it.
            InvalidArgumentError: The folder of the lock file is a symbolic link.
            WriteError: The lock file can't be written.
        """
        from filelock import Timeout

        folder = self._path.parent
        with write_errors(folder.parent):
            if folder.is_symlink():
                raise InvalidArgumentError(
                    f"{folder} is a symbolic link, so it may be another program's.",
                    hint="Remove it, then run it again.",
                )
            folder.mkdir(parents=True, exist_ok=True)
            try:
                self._lock.acquire(timeout=self._timeout)
            except Timeout:
                raise LockedError(
                    f"Another run is writing into {folder.parent}.",
                    hint="Wait until it has finished, or choose another folder.",
                ) from None
        return self

    def __exit__(self, *exception: object) -> None:
        self._lock.release()


@contextlib.contextmanager
def staging_folder(folder: Path) -> Iterator[Path]:
    """Lock a folder and give a hidden folder in it for temporary files, cleared of those of a killed run."""
    staging = folder / STAGING_FOLDER
    with FolderLock(staging / "lock"):
        delete_leftovers(staging, min_age=0)
        yield staging
