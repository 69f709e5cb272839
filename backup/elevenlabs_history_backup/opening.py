"""The catalog of a backup, opened once: to read it, or, by a run that has the lock, to write into it."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from elevenlabs_history import FolderLock, InvalidArgumentError

from .catalog import Catalog
from .schema import CATALOG_NAME, HIDDEN_FOLDER, closed_error
from .storage import LOCK_NAME, FolderStorage, Storage


class Opening:
    """Opens the catalog of a storage when it is first needed. Threads may share it."""

    def __init__(self, storage: Storage, *, read_only: bool) -> None:
        self._storage = storage
        self._read_only = read_only
        self._catalog: Catalog | None = None
        self._lock = threading.Lock()
        self._closed = False

    def __call__(self, *, create: bool = False) -> Catalog:
        """Return the catalog; `create` is for a run that has the lock."""
        with self._lock:
            if self._closed:
                raise closed_error(self._storage.name)
            if self._catalog is None:
                if not create:
                    self._storage.refresh()
                folder, name = self._storage.folder, self._storage.name
                self._catalog = Catalog(folder, create=create, read_only=self._read_only, name=name)
            return self._catalog

    def existing(self) -> Catalog | None:
        """Return the catalog, or None if there is none yet."""
        return self() if self._catalog is not None or self._storage.refresh() else None

    @contextmanager
    def locked(self, *, create: bool = False) -> Iterator[Catalog]:
        """Give the catalog to a run, and keep other runs away; `create` makes one where there is none."""
        folder = self._storage.folder
        if not create:
            # Before the lock, which would leave a file behind where there is no backup.
            self()
        if os.path.isfile(folder):  # noqa: PTH113 - Path raises for names that are too long
            raise InvalidArgumentError(f"{folder} is a file, not a folder: choose another folder.")
        # The cache of a bucket is no folder that anybody chose.
        if isinstance(self._storage, FolderStorage) and (outer := _backup_around(folder)) is not None:
            raise InvalidArgumentError(f"{folder} lies in the backup {outer}: choose that one, or a folder outside.")
        with (
            FolderLock(folder / HIDDEN_FOLDER / LOCK_NAME),
            self._storage.writing(partial(self, create=True)) as catalog,
        ):
            yield catalog

    def close(self) -> None:
        """Close the catalog. It can't be used after that."""
        self._closed = True
        if self._catalog is not None:
            self._catalog.close()


def _backup_around(folder: Path) -> Path | None:
    """Return the backup that a new one would lie in, whose files would be foreign ones there."""
    # Functions of os.path, because they take a folder that can't be looked into for one that has nothing.
    path = Path(os.path.realpath(folder))
    return None if os.path.exists(path / CATALOG_NAME) else next(filter(_is_backup, path.parents), None)  # noqa: PTH110


def _is_backup(folder: Path) -> bool:
    # Other programs, too, have a history.db.
    return os.path.exists(folder / CATALOG_NAME) and os.path.exists(folder / HIDDEN_FOLDER)  # noqa: PTH110
