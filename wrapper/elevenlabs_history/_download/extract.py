"""From a body to clips: one audio file becomes one file, an archive a file for each member, all of them or none."""

from __future__ import annotations

import time
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING, Self, TypeVar

from attrs import evolve, frozen
from elevenlabs_history_api.models import HistoryItem

from ._receive import Sink
from ._requests import id_of, known_format, subject_of
from ._sealing import Sealing, disk_threads
from .audio import SNIFF_BYTES, FileKind, kind_of, pcm_sample_rate, wav_header
from .errors import UnsafeArchiveError, HistoryError
from .files import AHEAD, AtomicFile, check_targets, sync_folders

if TYPE_CHECKING:
    from collections.abc import Iterator
    from concurrent.futures import ThreadPoolExecutor
    from pathlib import Path

    from ._forward import Forward
    from ._plan import Plan
    from .archive import Limits, Member
    from .identity import MatchMethod

T = TypeVar("T")


@frozen(kw_only=True)
class DownloadedFile:
    """A file that was saved.

    Attributes:
        path: Where it is.
        history_item_id: The item that it is proven to be; None where nothing proves it.
        match_method: How that is known.
        kind: What its bytes are. PCM whose sample rate is known has become WAV; other PCM stays raw.
        size: Its bytes.
    """

    path: Path
    history_item_id: str | None
    match_method: MatchMethod | None
    kind: FileKind
    size: int


@frozen
class _Staged:
    """A clip whose bytes are on the disk and which lacks only its name."""

    part: AtomicFile
    item: str | HistoryItem | None
    match_method: MatchMethod | None
    kind: FileKind
    size: int


class DirectorySink(Sink[T]):
    """Stages the body and then every clip in it, so that nothing gets a name before all of it has proven good."""

    def __init__(self, plan: Plan, staging: Path, disk: ThreadPoolExecutor | None = None) -> None:
        """Prepare to receive.

        Args:
            plan: What was asked for and where it goes.
            staging: Where the parts lie meanwhile.
            disk: The threads that bring them to the disk, of `disk_threads`; None for some of its own.
        """
        super().__init__(subject_of(plan.items), known_format(plan.items))
        self._plan = plan
        self._staging = staging
        self._disk = disk
        self._parts = ExitStack()
        self._folders: set[Path] = set()
        self._forward: Forward | None = None
        self._size = 0

    def __enter__(self) -> Self:
        self._sealing = Sealing(self._disk or self._parts.enter_context(disk_threads()))
        self._body = self._parts.enter_context(AtomicFile(self._staging))
        return self

    def __exit__(self, *exception: object) -> None:
        self._sealing.close()
        if self._forward is not None:
            self._forward.close()
        self._parts.close()

    def finish(self) -> T:
        """Do as `Sink.finish` does; whatever it gives and raises, the names it gave survive a power cut."""
        try:
            return super().finish()
        finally:
            sync_folders(self._folders)

    def _take(self, data: bytes) -> None:
        if self.kind is FileKind.ZIP and not self._size and not self._adds_headers():
            from ._forward import Forward

            self._forward = Forward(self._body, self._staging, self._sealing, self._limits())
        self._size += len(data)
        if self._forward is not None:
            self._forward.take(data)
            return
        self._body.write(data)
        if self.kind not in {FileKind.ZIP, FileKind.PCM}:
            self._body.start_sealing(at_least=AHEAD)

    def _adds_headers(self) -> bool:
        """Whether a clip may need a header before its bytes, which can't be known before it is identified."""
        return any(pcm_sample_rate(_output_format(item)) for item in self._plan.items)

    def _limits(self) -> Limits:
        from .archive import Limits

        # Twice as many: the server may send an item a second time.
        return Limits(members=2 * len(self._plan.items))

    def _staged(self) -> list[_Staged]:
        try:
            staged = list(self._members()) if self.kind is FileKind.ZIP else [self._single()]
        except UnsafeArchiveError as error:
            error.message = f"{error.message} ({self._subject})"
            raise
        self._sealing.wait()
        return staged

    def _single(self) -> _Staged:
        from .identity import MatchMethod

        items = self._plan.items
        known = len(items) == 1
        if known and self.kind is FileKind.PCM:
            with closing(self._body.pieces()) as pieces:
                return self._stage(pieces, self._size, items[0], MatchMethod.ONLY_ITEM)
        self._body.seal()
        return _Staged(
            self._body, items[0] if known else None, MatchMethod.ONLY_ITEM if known else None, self.kind, self._size
        )

    def _members(self) -> Iterator[_Staged]:
        from .archive import plan, read
        from .identity import match_members

        if self._forward is not None:
            self._forward.end()
        file = self._parts.enter_context(self._body.reading())
        archived = plan(file, self._limits()) if self._forward is None else self._forward.plan(file)
        items = self._plan.items
        members = {(member.name, member.size, member.crc32): member for member in archived}.values()
        by_id = {id_of(item): item for item in items}
        for member, identity in zip(members, match_members(items, members), strict=True):
            item = by_id.get(identity.history_item_id or "")
            yield self._unpacked(member, item, identity.match_method) or self._stage(
                read(file, member), member.size, item, identity.match_method
            )

    def _unpacked(self, member: Member, item: str | HistoryItem | None, match_method: MatchMethod | None) -> _Staged | None:
        """Take a member that was unpacked as it came."""
        unpacked = None if self._forward is None else self._forward.take_out(member)
        if unpacked is None:
            return None
        return _Staged(unpacked.part, item, match_method, kind_of(unpacked.head, _output_format(item)), member.size)

    def _stage(
        self, pieces: Iterator[bytes], size: int, item: str | HistoryItem | None, match_method: MatchMethod | None
    ) -> _Staged:
        part = self._parts.enter_context(AtomicFile(self._staging))
        head = b""
        for piece in pieces:
            head += piece
            if len(head) >= SNIFF_BYTES:
                break
        output_format = _output_format(item)
        kind = kind_of(head, output_format)
        rate = pcm_sample_rate(output_format)
        header = wav_header(rate, size) if kind is FileKind.PCM and rate else b""
        part.write(header + head)
        for piece in pieces:
            part.write(piece)
        self._sealing.seal(part)
        return _Staged(part, item, match_method, FileKind.WAV if header else kind, len(header) + size)

    def _keep(self, clip: _Staged, target: Path) -> DownloadedFile:
        clip.part.place(target, overwrite=self._plan.overwrite)
        folder = target.parent
        while folder not in self._folders and folder.is_relative_to(self._plan.folder):
            self._folders.add(folder)
            folder = folder.parent
        return DownloadedFile(
            path=target,
            history_item_id=None if clip.item is None else id_of(clip.item),
            match_method=clip.match_method,
            kind=clip.kind,
            size=clip.size,
        )


def _output_format(item: str | HistoryItem | None) -> str | None:
    return (item.output_format or None) if isinstance(item, HistoryItem) else None


class Everything(DirectorySink[list[DownloadedFile]]):
    """Keeps all clips or none, those that nothing proves among them."""

    def _result(self) -> list[DownloadedFile]:
        staged = self._staged()
        if not staged:
            raise UnsafeArchiveError(f"The archive is empty ({self._subject}). Nothing was written.")
        targets = [
            self._plan.target(clip.item, clip.kind)
            if clip.item is not None
            else self._plan.folder / f"unidentified_{place}{clip.kind.extension}"
            for place, clip in enumerate(staged, start=1)
        ]
        check_targets(targets, overwrite=self._plan.overwrite)
        return [self._keep(clip, target) for clip, target in zip(staged, targets, strict=True)]


@frozen
class BatchResult:
    """What one answer gave to a run over many items.

    Attributes:
        clips: What was saved, each proven to be its item.
        failures: Items that came but could not be saved, by id.
        members: How many clips the answer held.
        waiting: The part of its time, from 0 to 1, that had passed when its first byte came.
    """

    clips: list[DownloadedFile]
    failures: dict[str, HistoryError]
    members: int
    waiting: float


class Proven(DirectorySink[BatchResult]):
    """Keeps each clip that is proven to be an item, whatever becomes of the others."""

    def __enter__(self) -> Self:
        self._asked = self._came = time.monotonic()
        return super().__enter__()

    def _begin(self) -> None:
        self._came = time.monotonic()
        super()._begin()

    def _result(self) -> BatchResult:
        waiting = (self._came - self._asked) / max(time.monotonic() - self._asked, 1e-9)
        harvest = BatchResult([], {}, 0, waiting)
        staged = self._staged()
        for clip in staged:
            if clip.item is None or id_of(clip.item) in harvest.failures:
                continue
            try:
                harvest.clips.append(self._keep(clip, self._plan.target(clip.item, clip.kind)))
            except HistoryError as error:
                harvest.failures[id_of(clip.item)] = error
        return evolve(harvest, members=len(staged))
