"""The files of a backup in a bucket. The catalog is cached in a folder, where files also lie until they are uploaded.

A file is fetched and checked on the disk, put where nothing is, recorded, and deleted from the disk, in this order. So
an object without a row is whole, and its attributes tell which item it is proven to be.
"""

import os
import shutil
import threading
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from urllib.parse import quote, unquote

from attrs import asdict
from elevenlabs_history import (
    AtomicFile,
    DownloadedFile,
    FileKind,
    FileSaved,
    FolderLock,
    HistoryError,
    HistoryItem,
    LockedError,
    MatchMethod,
    TargetExistsError,
    audio_seconds,
)

from .bucket import READERS, Bucket
from .bucket_catalog import cache_folder, download_catalog, upload_catalog
from .catalog import Catalog
from .metadata import Metadata
from .report import BackupEvent, EventHandler, StoredFile
from .schema import CATALOG_COPY_NAME, CATALOG_NAME, HIDDEN_FOLDER
from .storage import LOCK_NAME
from .verify import is_inside, is_own_file

_CHECKPOINT = 10_000  # files that are recorded between two uploads of the catalog
_LOCK_TIMEOUT = 10.0  # seconds; so long another process may download the first catalog


class BucketStorage:
    """The files in a bucket; `FolderStorage` says what the methods do.

    Attributes:
        bucket: The bucket.
        name: What messages call it.
        folder: Where the catalog is cached.
        download_folder: Where files lie until they are uploaded.
        readers: How many files are best read at once.
    """

    def __init__(self, bucket: Bucket, cache: str | os.PathLike[str] | None) -> None:
        """Prepare a storage; `cache` is the folder for cached catalogs, if not the default one."""
        self.bucket: Bucket = bucket
        self.name: str = bucket.address
        self.folder: Path = cache_folder(bucket.address, cache)
        self.download_folder: Path = self.folder / "downloads"
        self.readers: int = READERS
        self._catalog_path = self.folder / CATALOG_NAME
        self._recorded = 0
        self._unrecorded: dict[tuple[str, str], StoredFile] | None = None

    def location(self, path: str) -> str:
        return f"{self.name}/{path}"

    def refresh(self) -> bool:
        timeout = 0.0 if self._catalog_path.exists() else _LOCK_TIMEOUT
        try:
            with FolderLock(self.folder / HIDDEN_FOLDER / LOCK_NAME, timeout=timeout):
                download_catalog(self.bucket, self.folder)
        except LockedError:
            # The run that has the lock writes into this catalog: it is newer than that of the bucket.
            if not self._catalog_path.exists():
                raise
        return self._catalog_path.exists()

    @contextmanager
    def writing(self, open_catalog: Callable[[], Catalog]) -> Iterator[Catalog]:
        download_catalog(self.bucket, self.folder)
        self.bucket.check()
        self._recorded, self._unrecorded = 0, None
        # A killed run left files there. They are fetched again, unless they were uploaded.
        shutil.rmtree(self.download_folder, ignore_errors=True)
        catalog = open_catalog()
        try:
            yield catalog
        except Exception:
            # The error of the run says more than one of the upload, which the next run makes up for.
            with suppress(HistoryError):
                upload_catalog(self.bucket, catalog)
            raise
        else:
            upload_catalog(self.bucket, catalog)
        finally:
            shutil.rmtree(self.download_folder, ignore_errors=True)

    def copy_catalog(self, catalog: Catalog) -> None:
        upload_catalog(self.bucket, catalog)
        with catalog.snapshot() as file:
            self.bucket.put(CATALOG_COPY_NAME, file.path, {}, mode="overwrite")

    @contextmanager
    def receiving(
        self, catalog: Catalog, items: Mapping[str, Metadata], output_format: str, handle: EventHandler
    ) -> Iterator[EventHandler]:
        # Handlers expect one call at a time.
        lock = threading.Lock()
        slots = threading.BoundedSemaphore(2 * READERS)
        errors: list[BaseException] = []

        def upload(event: FileSaved) -> None:
            try:
                file = self._upload(catalog, items, output_format, event.file)
                with lock:
                    handle(FileSaved(file))
                    event.file.path.unlink()
                    self._recorded += 1
                    if self._recorded % _CHECKPOINT == 0:
                        upload_catalog(self.bucket, catalog)
            except BaseException as error:  # noqa: BLE001 - raised where the run waits
                errors.append(error)
            finally:
                slots.release()

        def on_event(event: BackupEvent) -> None:
            if errors:
                raise errors[0]
            if isinstance(event, FileSaved):
                slots.acquire()
                pool.submit(upload, event)
                return
            with lock:
                handle(event)

        with ThreadPoolExecutor(READERS, thread_name_prefix="elevenlabs-history-upload") as pool:
            yield on_event
        if errors:
            raise errors[0]

    def found(self, catalog: Catalog, items: Mapping[str, Metadata], output_format: str) -> list[StoredFile]:
        if self._unrecorded is None:
            recorded = set(catalog.paths())
            paths = [path for path in self.paths() if path not in recorded]
            with ThreadPoolExecutor(READERS, thread_name_prefix="elevenlabs-history-head") as pool:
                self._unrecorded = dict(filter(None, pool.map(self._proven, paths)))
        found = (self._unrecorded.pop((history_item_id, output_format), None) for history_item_id in items)
        return list(filter(None, found))

    def paths(self) -> Iterator[str]:
        return (path for path, _ in self.bucket.sizes() if not is_own_file(path))

    def missing(self, paths: Iterable[str]) -> list[str]:
        listed = {path for path, _ in self.bucket.sizes()}
        return [path for path in paths if path not in listed]

    def exists(self, path: str) -> bool:
        return self.bucket.head(path) is not None

    def digest(self, path: str, sizes: Container[int], *, read: bool) -> str | None:
        there = self.bucket.head(path)
        if there is None:
            raise FileNotFoundError(path)
        if there.size not in sizes:
            return None
        # Another program, that copied the backup into the bucket, stored no hash.
        stored = None if read else there.attributes.get("sha256")
        return stored or self._read_digest(path)

    @contextmanager
    def on_disk(self, path: str) -> Iterator[Path]:
        with AtomicFile(self.folder / HIDDEN_FOLDER) as file:
            for chunk in self.bucket.read(path)[1]:
                file.write(chunk)
            file.close()
            yield file.path

    def read(self, path: str) -> bytes | None:
        try:
            return b"".join(self.bucket.read(path)[1])
        except FileNotFoundError:
            return None

    def write(self, path: str, data: bytes) -> None:
        attributes = {"sha256": sha256(data).hexdigest()}
        there = self.bucket.head(path)
        if there is None or there.attributes.get("sha256") != attributes["sha256"]:
            self.bucket.put(path, data, attributes, mode="overwrite")

    def delete(self, path: str) -> None:
        self.bucket.delete(path)

    def paths_below(self, folder: str) -> Iterator[str]:
        return (path for path, _ in self.bucket.sizes(folder))

    def _read_digest(self, path: str) -> str:
        digest = sha256()
        for chunk in self.bucket.read(path)[1]:
            digest.update(chunk)
        return digest.hexdigest()

    def _upload(
        self, catalog: Catalog, items: Mapping[str, Metadata], output_format: str, file: DownloadedFile
    ) -> StoredFile:
        """Put a file under its path, and return it as it is there."""
        path = file.path.relative_to(self.download_folder).as_posix()
        history_item_id = file.history_item_id or ""
        seconds = audio_seconds(file.path, output_format=HistoryItem(items[history_item_id]).output_format)
        # Names without hyphens, which Azure refuses, and underscores, which some proxies leave out.
        attributes = {
            "item": quote(history_item_id),
            "format": output_format,
            "method": str(file.match_method),
            "kind": str(file.kind),
            "size": str(file.size),
            "seconds": "" if seconds is None else str(seconds),
            "sha256": file.sha256,
        }
        # What has a row is not as it was saved: `repair` replaces it.
        mode = "overwrite" if catalog.has_path(path) else "create"
        if self.bucket.put(path, file.path, attributes, mode=mode) is not None:
            return StoredFile(**{**asdict(file, recurse=False), "path": self.folder / path, "seconds": seconds})
        # Another run was quicker, or was killed before it recorded it. Its bytes may differ, but are the item, too.
        proven = self._proven(path)
        if proven is None or proven[0] != (history_item_id, output_format):
            raise TargetExistsError(
                f"{self.location(path)} exists and is not that item. It was not changed.",
                hint="Move it away, then run it again.",
            )
        return proven[1]

    def _proven(self, path: str) -> tuple[tuple[str, str], StoredFile] | None:
        """Return the item and the format of an object that this program has put, and the file that it is."""
        there = self.bucket.head(path)
        told = {} if there is None else there.attributes
        try:
            file = StoredFile(
                path=self.folder / path,
                history_item_id=unquote(told["item"]),
                match_method=MatchMethod(told["method"]),
                kind=FileKind(told["kind"]),
                size=int(told["size"]),
                sha256=told["sha256"],
                seconds=float(told["seconds"]) if told["seconds"] else None,
            )
        except (KeyError, ValueError):
            return None
        if there is None or there.size != file.size or not is_inside(path):
            return None
        return (file.history_item_id or "", told["format"]), file
