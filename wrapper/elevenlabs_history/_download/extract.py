"""A body → files: one audio file becomes one file, an archive one file per member."""

import hashlib
import os
from collections.abc import Callable, Container, Iterable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from itertools import chain
from pathlib import Path
from typing import IO, TypeAlias

from attrs import frozen

from .._archive import Member, iter_chunks, read_directory
from .._audio import SNIFF_BYTES, FileKind, kind_of, pcm_sample_rate, wav_header
from .._files.atomic import AtomicFile, delete_files, fsync_folders
from .._files.checks import check_target
from .._files.lock import staging_folder
from .._items import describe, id_of, output_format_of
from .._matching import MatchMethod, match_listed, match_members
from ..errors import HistoryError, UnexpectedResponseError, UnsafeArchiveError
from ..events import ArchiveReport, DownloadedFile
from ..item import HistoryItem
from .sinks import Sink
from .targets import SAVED_KINDS, PathTemplate, Targets

FSYNC_THREADS = 4
_CHUNK_BYTES = 64 * 1024
# Of an archive that nobody requested here: what an end record can count without zip64. The directory has its own limit.
_MAX_MEMBERS = 0xFFFF

_Identified: TypeAlias = tuple[Member, str | HistoryItem | None, MatchMethod | None]


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
        order = {id_of(item): number for number, item in enumerate(targets.items)}
        for each in staged:
            if each.kind not in SAVED_KINDS:
                what = f"The archive's file of {describe((each.item,))}" if each.item else "A file of the archive"
                raise UnexpectedResponseError(
                    f"{what} is no audio, but: {each.kind}. Nothing was written.",
                    hint="Download each item alone: then the server says why." if len(order) > 1 else "",
                )
        staged.sort(key=lambda each: len(order) if each.item is None else order[id_of(each.item)])
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
            # What is no audio is requested again, alone: then the server says why.
            if each.item is None or each.kind not in SAVED_KINDS or id_of(each.item) in result.errors:
                continue
            try:
                result.files.append(staging.rename(each, targets.path(each.item, each.kind)))
            except HistoryError as error:
                result.errors[id_of(each.item)] = error
        return result


def extract_listed(
    archive: IO[bytes],
    items: Iterable[HistoryItem],
    folder: Path,
    *,
    template: PathTemplate | None,
    skip: Container[str],
    overwrite: bool,
) -> ArchiveReport:
    """Name each member that is proven to be one of the items; see `elevenlabs_history.extract_archive`."""
    by_id = {item.history_item_id: item for item in items}
    members = _distinct(read_directory(archive, requested=_MAX_MEMBERS))
    matches = list(zip(members, match_listed(by_id.values(), members), strict=True))
    found = [(each, by_id[item_id], match_method) for each, (item_id, match_method) in matches if item_id]
    report = ArchiveReport(unmatched=[each.name for each, (item_id, _) in matches if not item_id])
    targets = Targets.plan(tuple(item for _, item, _ in found), folder, template=template, overwrite=overwrite)
    wanted: list[_Identified] = []
    for member, item, match_method in found:
        if item.history_item_id in skip or (not overwrite and targets.existing(item)):
            report.skipped.append(item.history_item_id)
        else:
            wanted.append((member, item, match_method))
    with (
        staging_folder(folder) as hidden,
        ThreadPoolExecutor(FSYNC_THREADS) as executor,
        _staging(targets, hidden, executor) as staging,
    ):
        for staged, (member, *_) in zip(staging.stage_members(archive, wanted), wanted, strict=True):
            # An archive of somebody may hold files that are no item's, whatever their names say.
            if staged.item is None or not staged.kind.is_audio:
                report.unmatched.append(member.name)
            else:
                report.saved.append(staging.rename(staged, targets.path(staged.item, staged.kind)))
    return report


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
        archive = self._stack.enter_context(body.file.reading())
        items = {id_of(item): item for item in self._targets.items}
        try:
            # The server may send an item twice.
            members = _distinct(read_directory(archive, requested=len(items)))
            matches = match_members(self._targets.items, members)
            return self.stage_members(
                archive,
                [
                    (member, items.get(history_item_id or ""), match_method)
                    for member, (history_item_id, match_method) in zip(members, matches, strict=True)
                ],
            )
        except UnsafeArchiveError as error:
            error.message = f"{error.message} ({describe(self._targets.items)})"
            raise

    def stage_members(self, archive: IO[bytes], members: Iterable[_Identified]) -> list[_StagedFile]:
        # Each file is flushed while the next ones are written: waiting for the disk in turn would take much longer.
        flushes: list[Future[None]] = []
        staged = []
        for member, item, match_method in members:
            staged.append(self._write_file(iter_chunks(archive, member), member.size, item, match_method))
            flushes.append(self._executor.submit(staged[-1].file.flush_to_disk))
        for flush in flushes:
            flush.result()
        return staged

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


def _distinct(members: Iterable[Member]) -> list[Member]:
    """Members of the same name, size and checksum are one file."""
    return list({(member.name, member.size, member.crc32): member for member in members}.values())
