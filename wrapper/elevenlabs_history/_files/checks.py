"""What can be known about paths before anything is fetched for them."""

import contextlib
import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

from ..errors import InvalidArgumentError
from .atomic import target_exists


def check_folder(folder: Path) -> None:
    """Reject a folder that can't be created, because it or one of its parents is a file or has an impossible name."""
    try:
        nearest = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    except OSError as error:
        raise InvalidArgumentError(f"Invalid folder {folder}: {error.strerror or error}.") from error
    if not nearest.is_dir():
        raise InvalidArgumentError(f"{nearest} is a file, not a folder: choose another folder.")


def check_targets(targets: Iterable[str | os.PathLike[str]], *, overwrite: bool) -> None:
    """Reject paths that can't be written, or that exist and must not be overwritten."""
    checked: set[str] = set()
    for path in targets:
        # Strings instead of `Path`: there may be thousands.
        target = os.fspath(path)
        folder = os.path.dirname(target)  # noqa: PTH120
        if folder not in checked:
            check_folder(Path(folder))
            checked.add(folder)
        try:
            mode = os.stat(target).st_mode  # noqa: PTH116
        except (OSError, ValueError):
            continue  # what is wrong with a path is reported when it is written
        if stat.S_ISDIR(mode):
            raise InvalidArgumentError(f"{target} is a folder: name a file in it.")
        if not overwrite:
            raise target_exists(target)


def files_below(folder: Path) -> Iterator[str]:
    """Iterate over the readable files below a folder: relative paths with forward slashes."""
    folders = [("", os.fspath(folder))]
    for prefix, path in folders:
        with contextlib.suppress(OSError), os.scandir(path) as entries:
            for entry in entries:
                # A link may lead to itself, or another program may have deleted the entry.
                with contextlib.suppress(OSError):
                    if entry.is_dir(follow_symlinks=False):
                        folders.append((f"{prefix}{entry.name}/", entry.path))
                    elif entry.is_file():
                        yield prefix + entry.name
