"""A file that appears complete or not at all, and never in the place of another one."""

import contextlib
import errno
import os
import re
import secrets
import sys
import time
from collections.abc import Iterable, Iterator
from io import BufferedWriter
from pathlib import Path
from typing import IO, Self

from ..errors import HistoryError, TargetExistsError, WriteError

_PART_NAME = re.compile(r"\.[0-9a-f]{16}\.part")
_NO_HARD_LINKS = {errno.EPERM, errno.EACCES, errno.EOPNOTSUPP, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK, errno.EINVAL}


class AtomicFile:
    """A temporary file that becomes a permanent one by `commit`, and is deleted if the `with` block ends before that.

    After `commit` the file survives a power failure, as far as the operating system and the disk keep their promises.
    """

    def __init__(self, folder: Path) -> None:
        """Prepare a file.

        Args:
            folder: Where the temporary file lies; created if missing. It must be on the file system of the target.
        """
        self.path: Path = folder / f".{secrets.token_hex(8)}.part"
        self._open: BufferedWriter | None = None

    def __enter__(self) -> Self:
        with write_errors(self.path.parent):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._open = self.path.open("xb")
        return self

    def __exit__(self, *exception: object) -> None:
        if self._open is not None:
            # Some file systems report a full disk only now; the file is deleted anyway.
            with contextlib.suppress(OSError):
                self._open.close()
            delete_files([self.path])

    def write(self, data: bytes) -> None:
        """Append bytes; raise `WriteError` if the disk is full, or the like."""
        with write_errors(self.path.parent):
            self._file.write(data)

    def close(self) -> None:
        """End writing and free the file descriptor; `flush_to_disk` and `commit` are still possible."""
        with write_errors(self.path.parent):
            self._file.close()

    def flush_to_disk(self) -> None:
        """End writing and fsync; raise `WriteError` if the disk is full, or the like."""
        self.close()
        with write_errors(self.path.parent):
            _fsync(self.path, os.O_RDWR)

    @contextlib.contextmanager
    def reading(self) -> Iterator[IO[bytes]]:
        """End writing and read what was written."""
        self.close()
        with write_errors(self.path.parent), self.path.open("rb") as file:
            yield file

    def commit(self, target: Path, *, overwrite: bool = False) -> None:
        """Make this the file `target`, in one step: fsync, rename, fsync of the folder.

        Args:
            target: The path; missing folders are created.
            overwrite: Replace an existing file.

        Raises:
            TargetExistsError: The file exists, perhaps only since a moment ago.
            WriteError: The disk is full, the folder is not writable, or the like.
        """
        self.flush_to_disk()
        self.rename(target, overwrite=overwrite)
        try:
            fsync_folders([target.parent])
        except WriteError:
            if not overwrite:
                delete_files([target])
            raise

    def rename(self, target: Path, *, overwrite: bool = False) -> None:
        """Do the second step of `commit` alone, for many files whose other steps are taken together."""
        move = self.path.replace if overwrite else self._rename_to_free_name
        with write_errors(target):
            target.parent.mkdir(parents=True, exist_ok=True)
            try:
                move(target)
            except FileExistsError as error:
                raise target_exists(target) from error

    @property
    def _file(self) -> BufferedWriter:
        if self._open is None:
            raise ValueError("An AtomicFile can be used only inside its with block.")
        return self._open

    def _rename_to_free_name(self, target: Path) -> None:
        """Rename, but fail if the target exists: a check before the rename would race with another writer."""
        try:
            os.link(self.path, target)
        except OSError as error:
            if error.errno not in _NO_HARD_LINKS:
                raise
            if target.exists():
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target)) from None
            self.path.replace(target)
        else:
            self.path.unlink()


def fsync_folders(folders: Iterable[Path]) -> None:
    """Make renames in these folders survive a power failure, where the operating system can."""
    for folder in folders:
        with write_errors(folder):
            try:
                _fsync(folder, os.O_RDONLY)
            except OSError as error:
                # Windows can't open a folder, and some file systems can't sync one.
                if error.errno == errno.EIO:
                    raise


def delete_files(paths: Iterable[Path]) -> None:
    """Delete files as far as possible: after an error, or left by a killed process."""
    for path in paths:
        with contextlib.suppress(OSError):
            path.unlink()


def delete_leftovers(folder: Path, *, min_age: float) -> None:
    """Delete the temporary files of killed processes that are directly in a folder and at least so many seconds old."""
    newest = time.time() - min_age
    with contextlib.suppress(OSError, UnicodeEncodeError), os.scandir(folder) as entries:
        parts = [entry for entry in entries if _PART_NAME.fullmatch(entry.name)]
        delete_files(Path(entry.path) for entry in parts if entry.stat(follow_symlinks=False).st_mtime <= newest)


def target_exists(target: Path | str) -> TargetExistsError:
    return TargetExistsError(f"{target} exists and was not changed.", hint="Allow overwriting, or choose another name.")


@contextlib.contextmanager
def write_errors(path: Path) -> Iterator[None]:
    """Raise the failure of a system call as a `WriteError`; the hint depends on the reason."""
    try:
        yield
    except HistoryError:
        raise
    except OSError as error:
        hint = "Check the path and its permissions, or choose another folder."
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            hint = "Free some space or choose another folder, then run it again."
        converted = WriteError(f"Can't write {path}: {error.strerror or error}. No partial file was left.", hint=hint)
        converted.errno = error.errno
        raise converted from error
    except UnicodeEncodeError as error:
        raise WriteError(
            f"Can't write {str(path)!a}: file names have the encoding {error.encoding} here.",
            hint="Use a UTF-8 locale, such as LC_ALL=C.UTF-8, or set PYTHONUTF8=1.",
        ) from error


def _fsync(path: Path, flags: int) -> None:
    descriptor = os.open(path, flags)
    try:
        if sys.platform == "darwin":
            import fcntl

            # On macOS fsync leaves the data in the cache of the drive.
            fcntl.fcntl(descriptor, fcntl.F_FULLFSYNC)
        else:
            os.fsync(descriptor)
    finally:
        os.close(descriptor)
