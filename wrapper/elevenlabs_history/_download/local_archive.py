"""A zip archive that is on the disk already: somebody downloaded it by hand, and it may hold anything."""

import os
from collections.abc import Container, Iterable
from pathlib import Path

from ..errors import InvalidArgumentError, UnsafeArchiveError
from ..events import ArchiveReport
from ..item import HistoryItem
from .targets import PathTemplate


def extract_archive(
    archive: str | os.PathLike[str],
    items: Iterable[HistoryItem],
    folder: str | os.PathLike[str],
    *,
    template: PathTemplate | None = None,
    skip: Container[str] = frozenset(),
    overwrite: bool = False,
) -> ArchiveReport:
    """Save each item of a listing that a local zip archive is proven to hold, as a file of its own.

    A name in an archive proves an item by the item's id at its end. Names of today hold a time instead. It proves an
    item only if every file of the archive has the time of a listed item, all in one time zone, and only of items whose
    time no other item could have in any zone; fewer than three such items prove nothing. So pass the whole listing, not
    only the items that you expect. What is not proven stays in the archive.

    Args:
        archive: The archive, as the website or the API made it.
        items: All items of the history.
        folder: Where the files go, as in `Download.extract`; either all of them appear or none.
        template: How files are named, as in `Download.extract`.
        skip: Ids of items to leave out.
        overwrite: Replace existing files. Otherwise an item whose file exists is left out.

    Raises:
        InvalidArgumentError: The archive can't be read, or the folder or the template is invalid.
        UnsafeArchiveError: The archive can't be trusted; nothing was written.
        LockedError: A run is writing into the folder.
        WriteError: The disk is full, the folder is not writable, or the like.
    """
    from .extract import extract_listed

    path = Path(archive)
    try:
        # To open a pipe would wait for a writer.
        file = None if path.exists() and not path.is_file() else path.open("rb")
    except (OSError, ValueError) as error:
        raise InvalidArgumentError(f"Can't read {path}: {getattr(error, 'strerror', None) or error}.") from error
    if file is None:
        raise InvalidArgumentError(f"Can't read {path}: it is not a file.")
    with file:
        try:
            return extract_listed(file, items, Path(folder), template=template, skip=skip, overwrite=overwrite)
        except UnsafeArchiveError as error:
            error.message = f"{error.message} ({path})"
            raise
