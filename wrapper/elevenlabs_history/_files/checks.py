"""What can be known about paths before anything is fetched for them."""

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


def check_target(target: Path, *, overwrite: bool) -> None:
    """Reject a path that can't be written, or that exists and must not be overwritten."""
    check_folder(target.parent)
    if target.is_dir():
        raise InvalidArgumentError(f"{target} is a folder: name a file in it.")
    if target.exists() and not overwrite:
        raise target_exists(target)
