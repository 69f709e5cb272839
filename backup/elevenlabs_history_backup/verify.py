"""Is it all there? Every file is read and hashed, as many at once as there are processors."""

import hashlib
import os
import re
import stat
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import chain, islice
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from attrs import evolve
from elevenlabs_history import AtomicFile

from .catalog import Catalog
from .metadata import utf8
from .report import BackupFile, Status, VerifyIssue, VerifyReport
from .schema import CATALOG_COPY_NAME, CATALOG_NAME, HIDDEN_FOLDER

if TYPE_CHECKING:
    from .storage import Storage

CHECKSUMS = "SHA256SUMS"
_BATCH = 32  # files per task of a thread: to hand one over takes as long as to hash a short clip
_SLICE = 8  # batches per thread
_CHUNK_BYTES = 64 * 1024
_OURS = {CATALOG_NAME, f"{CATALOG_NAME}-wal", f"{CATALOG_NAME}-shm", CATALOG_COPY_NAME, CHECKSUMS}
_PAGE_FILE = re.compile(r"index\.html|page/(?:[a-z]+\.(?:js|css)|(?:data|timings)/(?:\d{4,}|index)\.js)")


def verify(
    catalog: Catalog,
    storage: "Storage",
    *,
    read: bool,
    on_issue: Callable[[VerifyIssue], None] | None,
) -> VerifyReport:
    """Compare the files of a backup with its catalog; see `Backup.verify`."""
    report = VerifyReport(failed=catalog.count_failed(), completed=catalog.has_completed_run())
    gone = catalog.ids_not_on_server()
    for found in _compare(storage, catalog.files(), read=read):
        issue = evolve(found, on_server=False) if found.history_item_id in gone else found
        if issue.status == "ok":
            report.ok_count += 1
        else:
            report.issues.append(issue)
        if on_issue is not None:
            on_issue(issue)
    return report


def write_checksums(folder: Path, files: Iterable[BackupFile]) -> Path:
    """Write `SHA256SUMS`, which `sha256sum --check` reads, and return its path."""
    target = folder / CHECKSUMS
    with AtomicFile(folder / HIDDEN_FOLDER) as checksums:
        checksums.write(b"".join(_checksum_line(file) for file in files if is_inside(file.path)))
        checksums.commit(target, overwrite=True)
    return target


def is_inside(path: str) -> bool:
    """Tell whether a path of the catalog, which another program may have written, stays in the folder.

    It must be a path of this operating system: a backslash separates folders on Windows only.
    """
    pure = PurePath(path)
    return bool(pure.parts) and not pure.anchor and ".." not in pure.parts and "\0" not in path


def is_page_file(path: str) -> bool:
    """Tell whether `Backup.write_page` may have written a file; the path is relative to the folder."""
    return _PAGE_FILE.fullmatch(path) is not None


def is_own_file(path: str) -> bool:
    """Tell whether a file is one that a backup has for itself; the path is relative to the folder."""
    return path in _OURS or path.startswith(f"{HIDDEN_FOLDER}/") or is_page_file(path)


def _compare(storage: "Storage", files: Iterable[BackupFile], *, read: bool) -> Iterator[VerifyIssue]:
    extra = set(storage.paths())
    missing: list[BackupFile] = []
    moved: dict[str | None, list[str]] = defaultdict(list)
    stopped = threading.Event()

    def statuses(batch: list[BackupFile]) -> list[tuple[BackupFile, Status]]:
        return [(file, _status(storage, file, read=read)) for file in batch if not stopped.is_set()]

    def digest_of(path: str) -> str | None:
        with suppress(OSError):
            return storage.digest(path, sizes, read=read)
        return None

    with ThreadPoolExecutor(storage.readers, thread_name_prefix="elevenlabs-history-verify") as pool:
        try:
            rest = iter(files)
            batches = iter(lambda: list(islice(rest, _BATCH)), [])
            # In slices, because a pool takes all work at once, and a history may be long.
            while part := list(islice(batches, _SLICE * storage.readers)):
                for file, status in chain.from_iterable(pool.map(statuses, part)):
                    extra.discard(file.path)
                    if status == "missing":
                        missing.append(file)
                    else:
                        yield _issue(status, file)
            # A missing file may have another name now, if the catalog can hold that name.
            candidates = sorted((path for path in extra if utf8(path) == path), reverse=True)
            sizes = {file.size for file in missing}
            for path, digest in zip(candidates, pool.map(digest_of, candidates), strict=True):
                moved[digest].append(path)
        finally:
            # The pool waits for its threads, also after Ctrl-C.
            stopped.set()
    for file in missing:
        moved_to = moved[file.sha256].pop() if moved[file.sha256] else None
        extra.discard(moved_to or "")
        yield _issue("moved" if moved_to else "missing", file, moved_to)
    for path in sorted(extra):
        yield VerifyIssue(status="extra", path=path)


def _issue(status: Status, file: BackupFile, moved_to: str | None = None) -> VerifyIssue:
    item, form = file.history_item_id, file.format
    return VerifyIssue(status=status, path=file.path, history_item_id=item, format=form, moved_to=moved_to)


def _status(storage: "Storage", file: BackupFile, *, read: bool) -> Status:
    if not is_inside(file.path):
        return "unreadable"
    try:
        return "ok" if storage.digest(file.path, {file.size}, read=read) == file.sha256 else "changed"
    except (FileNotFoundError, NotADirectoryError):
        return "missing"
    except OSError:
        return "unreadable"


def _checksum_line(file: BackupFile) -> bytes:
    # As sha256sum does it: a leading backslash says that the name has escapes.
    name = file.path.replace("\\", "\\\\").replace("\n", "\\n")
    escaped = "\\" if name != file.path else ""
    return f"{escaped}{file.sha256}  {name}\n".encode()


def sha256_of(path: Path) -> str:
    """Hash a file; raise `OSError` if it can't be read or is not a regular file."""
    # To open a pipe would wait for a writer.
    if not stat.S_ISREG(path.stat().st_mode):
        raise OSError(f"{path} is not a regular file.")
    # Not hashlib.file_digest, which clears a buffer of 256 KiB for every clip.
    digest = hashlib.sha256()
    with path.open("rb", buffering=0) as file:
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def files_below(folder: Path) -> Iterator[str]:
    """Yield the path of every file that is not our own, relative to the folder."""
    for parent, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name != HIDDEN_FOLDER]
        for name in names:
            path = Path(parent, name).relative_to(folder).as_posix()
            if not is_own_file(path):
                yield path
