"""The catalog of a backup in a bucket: cached in a folder, and replaced only while it is the one that was read.

What a killed run recorded stays in the cache, and reaches the bucket with the next run, unless another run was quicker.
"""

import json
import os
import sqlite3
import sys
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Final

from elevenlabs_history import AtomicFile, InvalidArgumentError, LockedError

from .bucket import Bucket
from .catalog import Catalog
from .errors import CatalogError
from .schema import CATALOG_NAME, HIDDEN_FOLDER
from .verify import sha256_of

if TYPE_CHECKING:
    from obstore import UpdateVersion

CACHE_VARIABLE: Final = "ELEVENLABS_HISTORY_CACHE"
_VERSION_NAME = "bucket-version.json"


def cache_folder(address: str, cache: str | os.PathLike[str] | None) -> Path:
    """Return the folder for the catalog of a bucket, in the folder that is named or in the user's one for caches."""
    base = cache or os.environ.get(CACHE_VARIABLE)
    if not base and sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or "~/AppData/Local", "elevenlabs-history")
    elif not base and sys.platform == "darwin":
        base = "~/Library/Caches/elevenlabs-history"
    elif not base:
        base = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache", "elevenlabs-history")
    try:
        folder = Path(base).expanduser()
    except RuntimeError:
        raise InvalidArgumentError(
            "There is no home folder for the cached catalog of a bucket.", hint=f"Name a folder: {CACHE_VARIABLE}=…"
        ) from None
    return folder / f"{address.split('/')[2]}-{sha256(address.encode()).hexdigest()[:16]}"


def download_catalog(bucket: Bucket, folder: Path) -> None:
    """Bring the cached catalog up to date, for a caller that has the lock of the folder.

    Raises:
        CatalogError: The bucket has lost its catalog.
    """
    path, known, there = folder / CATALOG_NAME, _known_version(folder), bucket.head(CATALOG_NAME)
    if there is None and known and path.exists():
        raise CatalogError(
            f"{bucket.address} has no {CATALOG_NAME} any more.",
            hint=f"Put one back, such as {path}; or delete the folder of that one, to begin anew.",
        )
    if there is None:
        # A version without its catalog would be taken for one that another run has replaced.
        (folder / HIDDEN_FOLDER / _VERSION_NAME).unlink(missing_ok=True)
        return
    if there.version == known and path.exists():
        return
    there, chunks = bucket.read(CATALOG_NAME)
    with AtomicFile(folder / HIDDEN_FOLDER) as file:
        for chunk in chunks:
            file.write(chunk)
        if path.exists():
            file.close()
            _replace(path, file.path)
        else:
            file.commit(path)
    _store_version(folder, there.version)


def upload_catalog(bucket: Bucket, catalog: Catalog) -> None:
    """Replace the catalog of the bucket, if it is still the one that was read.

    Raises:
        LockedError: It is not.
    """
    with catalog.snapshot() as file:
        attributes = {"sha256": sha256_of(file.path)}
        version = bucket.put(CATALOG_NAME, file.path, attributes, mode=_known_version(catalog.folder) or "create")
    if version is None:
        raise LockedError(
            f"Another run has written into {bucket.address} since this one began. Nothing is lost.",
            hint="Run it again: files that were saved are not fetched twice.",
        )
    _store_version(catalog.folder, version)


def _replace(path: Path, source: Path) -> None:
    """Replace what is in the cached catalog, in one transaction: other programs may have it open."""
    try:
        with closing(sqlite3.connect(source)) as new, closing(sqlite3.connect(path)) as old:
            new.backup(old)
    except sqlite3.DatabaseError as error:
        raise CatalogError(
            f"The catalog of the bucket can't be read as a catalog, or {path} can't be written: {error}.",
            hint="Restore the one of the bucket from a copy, or delete the cached one.",
        ) from error


def _known_version(folder: Path) -> "UpdateVersion | None":
    try:
        version: UpdateVersion = json.loads((folder / HIDDEN_FOLDER / _VERSION_NAME).read_bytes())
    except (OSError, ValueError):
        return None
    return version


def _store_version(folder: Path, version: "UpdateVersion") -> None:
    with AtomicFile(folder / HIDDEN_FOLDER) as file:
        file.write(json.dumps(version).encode())
        file.commit(folder / HIDDEN_FOLDER / _VERSION_NAME, overwrite=True)
