"""What can be known about paths before anything is fetched for them."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import InvalidArgumentError
from .atomic import target_exists


def check_folder(folder: Path) -> None:
    """Reject a folder that can't be created, because it or one of its parents is a file or has an impossible name."""
    with _valid(folder):
        nearest = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if not nearest.is_dir():
        raise InvalidArgumentError(f"{nearest} is a file, not a folder: choose another folder.")


def check_target(target: Path, *, overwrite: bool) -> None:
    """Reject a path that can't be written, or that exists and must not be overwritten."""
    check_folder(target.parent)
    with _valid(target):
        is_folder, exists = target.is_dir(), target.exists()
    if is_folder:
        raise InvalidArgumentError(f"{target} is a folder: name a file in it.")
    if exists and not overwrite:
        raise target_exists(target)


@contextmanager
def _valid(path: Path) -> Iterator[None]:
    """Reject a path that no system call takes."""
    if "\0" in str(path):
        raise InvalidArgumentError(f"Invalid path {str(path)!r}: it has a NUL character.")
    try:
        yield
    except OSError as error:
        raise InvalidArgumentError(f"Invalid path {path}: {error.strerror or error}.") from error
