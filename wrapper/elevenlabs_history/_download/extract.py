"""A body → files: one audio file becomes one file, an archive one file per member."""

import hashlib
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import chain
from pathlib import Path
from typing import Self, TypeVar

from attrs import evolve, frozen
from elevenlabs_history_api.models import HistoryItem

from .._archive import iter_chunks, read_directory
from .._audio import SNIFF_BYTES, FileKind, kind_of, pcm_sample_rate, wav_header
from .._files.atomic import AtomicFile, delete_files, fsync_folders
from .._files.checks import check_target
from .._http.requests import describe, id_of, output_format_of
from .._http.retry import StoppedError
from .._matching import MatchMethod, match_members
from ..errors import HistoryError, UnsafeArchiveError
from ..events import DownloadedFile
from .sinks import Sink, Sniffer
from .targets import Targets

T = TypeVar("T")

FSYNC_THREADS = 4
_CHUNK_BYTES = 64 * 1024


@frozen
class _StagedFile:
    """A file that is complete and lacks only its name."""

    file: AtomicFile
    item: str | HistoryItem | None
    match_method: MatchMethod | None
    kind: FileKind
    size: int
    sha256: str


class DirectorySink(Sink[T]):
    """Stages the body and then every file in it, so that no file gets its name before the whole body was checked."""

    def __init__(self, targets: Targets, staging: Path) -> None:
        single = targets.items[0] if len(targets.items) == 1 else None
        super().__init__(Sniffer(describe(targets.items), output_format_of(single)))
        self._targets = targets
        self._staging = staging
        self._single = single
        self._renamed: list[Path] = []
        self._folders: set[Path] = set()
        self._size = 0
        self._sha256 = hashlib.sha256()

    def __enter__(self) -> Self:
        self._body = self._stack.enter_context(AtomicFile(self._staging))
        return self

    def finish(self) -> T:
        """Do as `Sink.finish` does, and make the renames survive a power failure; undo them if there is an error."""
        try:
            result = super().finish()
            fsync_folders(self._folders)
        except BaseException:
            # A file that replaced another one stays: the other one is gone.
            if not self._targets.overwrite:
                delete_files(self._renamed)
            raise
        return result

    def _take(self, data: bytes) -> None:
        self._body.write(data)
        self._size += len(data)
        if self._sniffer.kind is not FileKind.ZIP:
            self._sha256.update(data)

    def _stage(self) -> list[_StagedFile]:
        if self._sniffer.kind is not FileKind.ZIP:
            staged = self._stage_single()
            staged.file.flush_to_disk()
            return [staged]
        # Each file is flushed while the next ones are written: waiting for the disk in turn would take much longer.
        executor = self._stack.enter_context(ThreadPoolExecutor(FSYNC_THREADS))
        flushes: list[Future[None]] = []
        members = []
        try:
            for staged in self._stage_members():
                members.append(staged)
                flushes.append(executor.submit(staged.file.flush_to_disk))
        except UnsafeArchiveError as error:
            error.message = f"{error.message} ({self._sniffer.subject})"
            raise
        for flush in flushes:
            flush.result()
        return members

    def _stage_single(self) -> _StagedFile:
        match_method = None if self._single is None else MatchMethod.ONLY_ITEM
        if self._sniffer.kind is FileKind.PCM and pcm_sample_rate(self._sniffer.output_format):
            with self._body.reading() as body:
                chunks = iter(lambda: body.read(_CHUNK_BYTES), b"")
                return self._write_file(chunks, self._size, self._single, match_method)
        assert self._sniffer.kind is not None  # noqa: S101 - known since the first bytes
        return _StagedFile(
            self._body, self._single, match_method, self._sniffer.kind, self._size, self._sha256.hexdigest()
        )

    def _stage_members(self) -> Iterator[_StagedFile]:
        archive = self._stack.enter_context(self._body.reading())
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
        file = self._stack.enter_context(AtomicFile(self._staging))
        sha256 = hashlib.sha256()
        for chunk in chain([header + head], chunks):
            file.write(chunk)
            sha256.update(chunk)
        # An archive may have more members than the process may have open files.
        file.close()
        kind = FileKind.WAV if header else kind
        return _StagedFile(file, item, match_method, kind, len(header) + size, sha256.hexdigest())

    def _rename(self, staged: _StagedFile, target: Path) -> DownloadedFile:
        staged.file.rename(target, overwrite=self._targets.overwrite)
        self._renamed.append(target)
        folder = target.parent
        while folder not in self._folders and folder.is_relative_to(self._targets.folder):
            self._folders.add(folder)
            folder = folder.parent
        return DownloadedFile(
            path=target,
            history_item_id=None if staged.item is None else id_of(staged.item),
            match_method=staged.match_method,
            kind=staged.kind,
            size=staged.size,
            sha256=staged.sha256,
        )


class AllFilesSink(DirectorySink[list[DownloadedFile]]):
    """Keeps all files or none, including those that nothing matches to an item."""

    def _result(self) -> list[DownloadedFile]:
        staged = self._stage()
        if not staged:
            raise UnsafeArchiveError(f"The archive is empty ({self._sniffer.subject}). Nothing was written.")
        targets = [
            self._targets.path(each.item, each.kind)
            if each.item is not None
            else self._targets.folder / f"unidentified_{number}{each.kind.extension}"
            for number, each in enumerate(staged, start=1)
        ]
        for target in targets:
            check_target(target, overwrite=self._targets.overwrite)
        return [self._rename(each, target) for each, target in zip(staged, targets, strict=True)]


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


class MatchedFilesSink(DirectorySink[BatchResult]):
    """Keeps each file that is proven to be an item, whatever becomes of the others."""

    def __init__(
        self, targets: Targets, staging: Path, on_bytes: Callable[[int], None], abandoned: threading.Event
    ) -> None:
        """Prepare to receive into `staging`, to report how many bytes come, and to end when nobody waits any more."""
        super().__init__(targets, staging)
        self._on_bytes = on_bytes
        self._abandoned = abandoned

    def _take(self, data: bytes) -> None:
        self._check_abandoned()
        super()._take(data)
        self._on_bytes(len(data))

    def _result(self) -> BatchResult:
        result = BatchResult([], {}, 0)
        staged = self._stage()
        for each in staged:
            if each.item is None or id_of(each.item) in result.errors:
                continue
            self._check_abandoned()
            try:
                result.files.append(self._rename(each, self._targets.path(each.item, each.kind)))
            except HistoryError as error:
                result.errors[id_of(each.item)] = error
        return evolve(result, received=len(staged))

    def _check_abandoned(self) -> None:
        if self._abandoned.is_set():
            raise StoppedError("The run was stopped.")
