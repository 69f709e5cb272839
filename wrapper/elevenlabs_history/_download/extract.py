"""A body → files: one audio file becomes one file, an archive one file per member."""

import hashlib
import os
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from itertools import chain
from pathlib import Path

from attrs import frozen

from .._archive import iter_chunks, read_directory
from .._audio import SNIFF_BYTES, FileKind, kind_of, pcm_sample_rate, wav_header
from .._files.atomic import AtomicFile, delete_files, fsync_folders
from .._files.checks import check_target
from .._items import describe, id_of, output_format_of
from .._matching import MatchMethod, match_members
from ..errors import HistoryError, UnsafeArchiveError
from ..events import DownloadedFile
from ..item import HistoryItem
from .sinks import Sink
from .targets import Targets

FSYNC_THREADS = 4
_CHUNK_BYTES = 64 * 1024


@frozen
class BatchResult:
    """What one response gave to a run over many items.

    Attributes:
        files: Files, each proven to be its item.
        errors: Why the file of an item could not be saved, by item id.
        received: How many files the response held.
    """

    files: list[DownloadedFile]
    errors: dict[str, HistoryError]
    received: int


def extract_all(targets: Targets, body: Sink[AtomicFile]) -> list[DownloadedFile]:
    """Name all files or none, including those that nothing matches to an item."""
    with ThreadPoolExecutor(FSYNC_THREADS) as executor, _staging(targets, targets.folder, executor) as staging:
        staged = staging.stage(body)
        if not staged:
            raise UnsafeArchiveError(f"The archive is empty ({describe(targets.items)}). Nothing was written.")
        paths = [
            targets.folder / f"unidentified_{number}{each.kind.extension}"
            if each.item is None
            else targets.path(each.item, each.kind)
            for number, each in enumerate(staged, start=1)
        ]
        for path in paths:
            check_target(path, overwrite=targets.overwrite)
        return [staging.rename(each, path) for each, path in zip(staged, paths, strict=True)]


def extract_matched(
    targets: Targets, folder: Path, executor: Executor, check_running: Callable[[], None], body: Sink[AtomicFile]
) -> BatchResult:
    """Name each file that is proven to be an item, whatever becomes of the others.

    The files are staged in `folder` and flushed by the executor; `check_running` raises if nobody waits for them.
    """
    with _staging(targets, folder, executor) as staging:
        staged = staging.stage(body)
        result = BatchResult([], {}, received=len(staged))
        for each in staged:
            check_running()
            if each.item is None or id_of(each.item) in result.errors:
                continue
            try:
                result.files.append(staging.rename(each, targets.path(each.item, each.kind)))
            except HistoryError as error:
                result.errors[id_of(each.item)] = error
        return result


@frozen
class _StagedFile:
    """A file that is complete and lacks only its name."""

    file: AtomicFile
    item: str | HistoryItem | None
    match_method: MatchMethod | None
    kind: FileKind
    size: int
    sha256: str


@contextmanager
def _staging(targets: Targets, folder: Path, executor: Executor) -> Iterator["_Staging"]:
    """Make renames survive a power failure; undo them if there is an error. Delete what was not renamed."""
    with ExitStack() as stack:
        staging = _Staging(targets, folder, executor, stack)
        try:
            yield staging
            fsync_folders(staging.folders)
        except BaseException:
            # A file that replaced another one stays: the other one is gone.
            if not targets.overwrite:
                delete_files(staging.renamed)
            raise


class _Staging:
    """Stages every file of a body, so that none gets its name before the whole body was checked."""

    def __init__(self, targets: Targets, folder: Path, executor: Executor, stack: ExitStack) -> None:
        self.renamed: list[Path] = []
        self.folders: set[Path] = set()
        self._targets = targets
        self._folder = folder
        self._executor = executor
        self._stack = stack

    def stage(self, body: Sink[AtomicFile]) -> list[_StagedFile]:
        if body.kind is not FileKind.ZIP:
            staged = self._stage_single(body)
            staged.file.flush_to_disk()
            return [staged]
        # Each file is flushed while the next ones are written: waiting for the disk in turn would take much longer.
        flushes: list[Future[None]] = []
        members = []
        try:
            for staged in self._stage_members(body):
                members.append(staged)
                flushes.append(self._executor.submit(staged.file.flush_to_disk))
        except UnsafeArchiveError as error:
            error.message = f"{error.message} ({describe(self._targets.items)})"
            raise
        for flush in flushes:
            flush.result()
        return members

    def rename(self, staged: _StagedFile, target: Path) -> DownloadedFile:
        staged.file.rename(target, overwrite=self._targets.overwrite)
        self.renamed.append(target)
        if isinstance(staged.item, HistoryItem):
            # File managers and players sort by this time. A disk that can't hold it does no harm.
            with suppress(OSError, OverflowError):
                os.utime(target, (staged.item.date_unix, staged.item.date_unix))
        folder = target.parent
        while folder not in self.folders and folder.is_relative_to(self._targets.folder):
            self.folders.add(folder)
            folder = folder.parent
        return DownloadedFile(
            path=target,
            history_item_id=None if staged.item is None else id_of(staged.item),
            match_method=staged.match_method,
            kind=staged.kind,
            size=staged.size,
            sha256=staged.sha256,
        )

    def _stage_single(self, body: Sink[AtomicFile]) -> _StagedFile:
        item = self._targets.items[0] if len(self._targets.items) == 1 else None
        match_method = None if item is None else MatchMethod.ONLY_ITEM
        if body.kind is FileKind.PCM and pcm_sample_rate(output_format_of(item)):
            with body.file.reading() as file:
                chunks = iter(lambda: file.read(_CHUNK_BYTES), b"")
                return self._write_file(chunks, body.size, item, match_method)
        return _StagedFile(body.file, item, match_method, body.kind, body.size, body.sha256.hexdigest())

    def _stage_members(self, body: Sink[AtomicFile]) -> Iterator[_StagedFile]:
        archive = self._stack.enter_context(body.file.reading())
        directory = read_directory(archive, requested=len(self._targets.items))
        # The server may send an item twice; the same name, size and checksum are one file.
        members = {(member.name, member.size, member.crc32): member for member in directory}.values()
        items = {id_of(item): item for item in self._targets.items}
        for member, match in zip(members, match_members(self._targets.items, members), strict=True):
            item = items.get(match.history_item_id or "")
            yield self._write_file(iter_chunks(archive, member), member.size, item, match.match_method)

    def _write_file(
        self, chunks: Iterator[bytes], size: int, item: str | HistoryItem | None, match_method: MatchMethod | None
    ) -> _StagedFile:
        head = b""
        for chunk in chunks:
            head += chunk
            if len(head) >= SNIFF_BYTES:
                break
        output_format = output_format_of(item)
        kind = kind_of(head, output_format)
        sample_rate = pcm_sample_rate(output_format)
        header = wav_header(sample_rate, size) if kind is FileKind.PCM and sample_rate else b""
        file = self._stack.enter_context(AtomicFile(self._folder))
        sha256 = hashlib.sha256()
        for chunk in chain([header + head], chunks):
            file.write(chunk)
            sha256.update(chunk)
        # An archive may have more members than the process may have open files.
        file.close()
        kind = FileKind.WAV if header else kind
        return _StagedFile(file, item, match_method, kind, len(header) + size, sha256.hexdigest())
