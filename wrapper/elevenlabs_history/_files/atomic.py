"""A file appears whole or not at all, and never in the place of another one."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING, Self, TypeVar

from .errors import WriteError, LockedError, InvalidArgumentError, TargetExistsError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator
    from io import FileIO

T = TypeVar("T")

PART_SUFFIX = ".part"
STAGING = ".elevenlabs-history"
AHEAD = 4 * 1024 * 1024
"""How many bytes of a large file begin their way to the disk together, while the next ones come."""

_PIECE = 256 * 1024
_NO_HARD_LINKS = {errno.EPERM, errno.EACCES, errno.EOPNOTSUPP, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK}


class AtomicFile:
    """A file in the making: hidden and nameless until it is kept, and gone when it is left before that.

    Use it as a context manager around everything that fills and keeps it.
    """

    def __init__(self, folder: Path) -> None:
        """Prepare a part.

        Args:
            folder: Where the part lies meanwhile, made when it is missing; on the file system of the kept file.
        """
        self.path = folder / f".{secrets.token_hex(8)}{PART_SUFFIX}"
        self._open: FileIO | None = None
        self._size = self._started = 0

    def __enter__(self) -> Self:
        try:
            # Without a buffer: what comes is large.
            self._open = _in_folder(self.path.parent, lambda: self.path.open("x+b", buffering=0))
        except OSError as error:
            raise _cannot_write(self.path.parent, error) from error
        return self

    def __exit__(self, *exception: object) -> None:
        if self._open is not None:
            # Some file systems tell only now that it does not fit; it is thrown away here anyway.
            with contextlib.suppress(OSError):
                self._open.close()
            with contextlib.suppress(OSError):
                self.path.unlink(missing_ok=True)

    @property
    def _file(self) -> FileIO:
        if self._open is None:
            raise ValueError("A part has a file only inside its with block.")
        return self._open

    def write(self, data: bytes) -> None:
        """Append bytes.

        Raises:
            WriteError: The disk is full and the like.
        """
        try:
            written = self._file.write(data)
            while written < len(data):
                written += self._file.write(memoryview(data)[written:])
            self._size += written
        except OSError as error:
            raise _cannot_write(self.path.parent, error) from error

    def seal(self) -> None:
        """Write everything to the disk and close the file; all that is left to do is to keep it.

        Raises:
            WriteError: The disk is full and the like.
        """
        if self._file.closed:
            return
        try:
            os.fsync(self._file.fileno())
            self._file.close()
        except OSError as error:
            raise _cannot_write(self.path.parent, error) from error

    def start_sealing(self, *, at_least: int = 1) -> None:
        """Let the system begin to write to the disk, where it can be told to, and go on without waiting for it.

        A large part is sealed sooner for it, and several parts in hardly more time than one.

        Args:
            at_least: How many bytes have to have come since the last time, or nothing is done.
        """
        size = self._size - self._started
        if size >= at_least and hasattr(os, "posix_fadvise"):
            with contextlib.suppress(OSError):
                os.posix_fadvise(self._file.fileno(), self._started, size, os.POSIX_FADV_DONTNEED)
            self._started = self._size

    def skip(self, size: int) -> None:
        """Leave a hole, which reads as zeros.

        Raises:
            WriteError: The disk is full and the like.
        """
        try:
            self._file.seek(size, os.SEEK_CUR)
        except OSError as error:
            raise _cannot_write(self.path.parent, error) from error

    @contextlib.contextmanager
    def reading(self) -> Iterator[IO[bytes]]:
        """Read back what was written, whether it is sealed or not.

        Raises:
            WriteError: It can't be read back.
        """
        try:
            with self.path.open("rb") as file:
                yield file
        except OSError as error:
            raise _cannot_write(self.path.parent, error) from error

    def pieces(self) -> Generator[bytes]:
        """Iterate over what was written, whether it is sealed or not.

        Raises:
            WriteError: It can't be read back.
        """
        with self.reading() as file:
            while piece := file.read(_PIECE):
                yield piece

    def keep(self, target: Path, *, overwrite: bool = False) -> None:
        """Make the part a file of its own, in one step and safe from a power cut.

        Args:
            target: Its name; missing folders are made.
            overwrite: Replace a file of that name.

        Raises:
            TargetExistsError: A file of that name is there, perhaps only since a moment ago.
            WriteError: The disk is full, the folder may not be written to, and the like.
        """
        self.place(target, overwrite=overwrite)
        sync_folders([target.parent])

    def place(self, target: Path, *, overwrite: bool = False) -> None:
        """Do as `keep` does, but for the name to survive a power cut, its folder has yet to go to `sync_folders`."""
        self.seal()
        take = self.path.replace if overwrite else partial(_take_free_name, self.path)
        try:
            _in_folder(target.parent, lambda: take(target))
        except FileExistsError as error:
            raise _taken(target) from error
        except OSError as error:
            raise _cannot_write(target, error) from error


def sync_folders(folders: Iterable[Path]) -> None:
    """Make the names in these folders survive a power cut, where the system can."""
    for folder in folders:
        with contextlib.suppress(OSError):
            descriptor = os.open(folder, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)


@contextlib.contextmanager
def staging_folder(folder: Path) -> Iterator[Path]:
    """Give one run at a time a hidden place in a folder for its parts, cleared of what a killed run has left.

    Args:
        folder: Where the files go; made when it is missing.

    Raises:
        LockedError: Another run is at work in the folder.
        WriteError: The folder may not be written to, and the like.
    """
    from filelock import FileLock, Timeout

    staging = folder / STAGING
    try:
        staging.mkdir(parents=True, exist_ok=True)
        lock = FileLock(staging / "lock")
        lock.acquire(blocking=False)
    except Timeout:
        raise LockedError(
            f"Another run is writing into {folder}.", hint="Wait until it has ended, or choose another folder."
        ) from None
    except OSError as error:
        raise _cannot_write(folder, error) from error
    try:
        for part in staging.glob(f".*{PART_SUFFIX}"):
            part.unlink(missing_ok=True)
        yield staging
    finally:
        lock.release()


def files_below(folder: Path) -> Iterator[str]:
    """Iterate over the files below a folder that can be read: their paths in it, with slashes."""
    folders = [("", os.fspath(folder))]
    for prefix, path in folders:
        with contextlib.suppress(OSError), os.scandir(path) as entries:
            for entry in entries:
                # A link may lead to itself, or another program have taken the entry away.
                with contextlib.suppress(OSError):
                    if entry.is_dir(follow_symlinks=False):
                        folders.append((f"{prefix}{entry.name}/", entry.path))
                    elif entry.is_file():
                        yield prefix + entry.name


def check_targets(targets: Iterable[str | os.PathLike[str]], *, overwrite: bool) -> None:
    """Refuse paths where a file can't or may not be written, before anything is fetched for them.

    Raises:
        InvalidArgumentError: One is a folder, or a file stands where one of its folders should be.
        TargetExistsError: A file is there and `overwrite` is false.
    """
    checked: set[str] = set()
    for path in targets:
        # No `Path` of each: a look at thousands of names has to be cheap.
        target = os.fspath(path)
        folder = os.path.dirname(target)  # noqa: PTH120
        if folder not in checked:
            check_folder(Path(folder))
            checked.add(folder)
        try:
            mode = os.stat(target).st_mode  # noqa: PTH116
        except (OSError, ValueError):
            continue  # whatever keeps a path from being looked at is told when it is written
        if stat.S_ISDIR(mode):
            raise InvalidArgumentError(f"{target} is a folder: name a file in it.")
        if not overwrite:
            raise _taken(target)


def check_folder(folder: Path) -> None:
    """Refuse a folder that can't come to be, before anything is fetched for it.

    Raises:
        InvalidArgumentError: It, or one of the folders it would lie in, is a file, or it has a name that can't be.
    """
    try:
        nearest = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    except OSError as error:
        raise InvalidArgumentError(f"{folder} can't be a folder: {error.strerror or error}.") from error
    if not nearest.is_dir():
        raise InvalidArgumentError(f"{nearest} is a file where a folder is needed: choose another folder.")


def _taken(target: Path | str) -> TargetExistsError:
    return TargetExistsError(f"{target} exists and was left as it is.", hint="Pass overwrite=True or choose another name.")


def _cannot_write(path: Path, error: OSError) -> WriteError:
    return WriteError(
        f"{path} can't be written: {error.strerror or error}. Nothing half-written was left.",
        hint="Make room or choose another folder, then run it again.",
    )


def _in_folder(folder: Path, act: Callable[[], T]) -> T:
    """Do something in a folder, which is made when it turns out to be missing: most are there."""
    try:
        return act()
    except FileNotFoundError:
        folder.mkdir(parents=True, exist_ok=True)
        return act()


def _take_free_name(part: Path, target: Path) -> None:
    """Rename, but fail where the name is taken: a look before the rename would leave a gap for another writer."""
    try:
        os.link(part, target)
    except OSError as error:
        if error.errno not in _NO_HARD_LINKS:
            raise
        if target.exists():
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target)) from None
        part.replace(target)
