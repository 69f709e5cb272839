"""From a body to clips: one audio file becomes one file, an archive a file for each member, all of them or none."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Self

from attrs import frozen
from elevenlabs_history_api.models import HistoryItem

from ._portable import plain_id
from ._receive import Receiver
from ._requests import id_of
from .audio import SNIFF_BYTES, Kind, kind_of, pcm_sample_rate, wav_header
from .errors import ArchiveRefused, InvalidArgument
from .files import Part, check_folder, check_target
from .naming import Template

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from .identity import Proof

_PIECE = 256 * 1024
_AUDIO_KINDS = tuple(kind for kind in Kind if kind.is_audio)


@frozen(kw_only=True)
class Clip:
    """A file that was saved.

    Attributes:
        path: Where it is.
        history_item_id: The item that it is proven to be; None where nothing proves it.
        proof: How that is known.
        kind: What its bytes are. PCM whose sample rate is known has become WAV; other PCM stays raw.
        size: Its bytes.
    """

    path: Path
    history_item_id: str | None
    proof: Proof | None
    kind: Kind
    size: int


@frozen(kw_only=True)
class Plan:
    """What was asked for and where it goes."""

    items: tuple[str | HistoryItem, ...]
    folder: Path
    template: Template
    overwrite: bool

    @classmethod
    def make(
        cls,
        items: tuple[str | HistoryItem, ...],
        folder: Path,
        *,
        template: Template | str | None,
        overwrite: bool,
    ) -> Self:
        """Check everything that can be known before the request.

        Raises:
            InvalidArgument: The folder can't be one, or the template can't name these items.
            TargetExists: A clip of one of the items is there already.
        """
        check_folder(folder)
        if template is not None and not all(isinstance(item, HistoryItem) for item in items):
            raise InvalidArgument(
                "A template names files by what the server knows of an item: pass items as listed, not ids."
            )
        chosen = template if isinstance(template, Template) else Template(template) if template else Template()
        chosen.check(item for item in items if isinstance(item, HistoryItem))
        plan = cls(items=items, folder=folder, template=chosen, overwrite=overwrite)
        for index, item in enumerate(items):
            for kind in _AUDIO_KINDS:
                check_target(plan.target(item, kind, index), overwrite=overwrite)
        return plan

    def target(self, item: str | HistoryItem | None, kind: Kind, index: int) -> Path:
        """Name the file of an item, or of the member with an index that nothing proves to be an item."""
        if item is None:
            return self.folder / f"unidentified_{index + 1}{kind.extension}"
        if isinstance(item, HistoryItem):
            return self.folder / self.template.path_for(item, kind.extension, index=index + 1)
        return self.folder / f"{plain_id(item)}{kind.extension}"


@frozen
class _Staged:
    """A clip whose bytes are on the disk and which lacks only its name."""

    part: Part
    item: str | HistoryItem | None
    proof: Proof | None
    kind: Kind
    size: int


class InFolder(Receiver[list[Clip]]):
    """Stages the body and then everything in it, and names the files when all of it has proven good."""

    def __init__(self, output_format: str | None, plan: Plan) -> None:
        super().__init__(output_format)
        self._plan = plan
        self._parts = ExitStack()
        self._size = 0

    def __enter__(self) -> Self:
        self._body = self._parts.enter_context(Part(self._plan.folder))
        return self

    def __exit__(self, *exception: object) -> None:
        self._parts.close()

    def _take(self, data: bytes) -> None:
        self._body.write(data)
        self._size += len(data)

    def _result(self) -> list[Clip]:
        staged = list(self._members()) if self.kind is Kind.ZIP else [self._single()]
        targets = [self._target(clip, index) for index, clip in enumerate(staged)]
        for target in targets:
            check_target(target, overwrite=self._plan.overwrite)
        return [self._kept(clip, target) for clip, target in zip(staged, targets, strict=True)]

    def _single(self) -> _Staged:
        from .identity import Proof

        items = self._plan.items
        known = len(items) == 1
        if known and self.kind is Kind.PCM:
            self._body.file.seek(0)
            pieces = iter(lambda: self._body.file.read(_PIECE), b"")
            return self._stage(pieces, self._size, items[0], Proof.ONLY_ITEM)
        self._body.seal()
        return _Staged(
            self._body, items[0] if known else None, Proof.ONLY_ITEM if known else None, self.kind, self._size
        )

    def _members(self) -> Iterator[_Staged]:
        from .archive import Limits, plan, read
        from .identity import identify

        file, items = self._body.file, self._plan.items
        file.flush()
        members = plan(file, Limits(members=len(items)))
        if not members:
            raise ArchiveRefused(f"The archive is empty (items {', '.join(map(id_of, items))}). Nothing was written.")
        by_id = {id_of(item): item for item in items}
        for member, identity in zip(members, identify(items, members), strict=True):
            item = by_id.get(identity.history_item_id or "")
            yield self._stage(read(file, member), member.size, item, identity.proof)

    def _stage(
        self, pieces: Iterator[bytes], size: int, item: str | HistoryItem | None, proof: Proof | None
    ) -> _Staged:
        part = self._parts.enter_context(Part(self._plan.folder))
        head = b""
        for piece in pieces:
            head += piece
            if len(head) >= SNIFF_BYTES:
                break
        output_format = (item.output_format or None) if isinstance(item, HistoryItem) else None
        kind = kind_of(head, output_format)
        rate = pcm_sample_rate(output_format)
        header = wav_header(rate, size) if kind is Kind.PCM and rate else b""
        part.write(header + head)
        for piece in pieces:
            part.write(piece)
        part.seal()
        return _Staged(part, item, proof, Kind.WAV if header else kind, len(header) + size)

    def _target(self, clip: _Staged, index: int) -> Path:
        items = self._plan.items
        return self._plan.target(clip.item, clip.kind, index if clip.item is None else items.index(clip.item))

    def _kept(self, clip: _Staged, target: Path) -> Clip:
        clip.part.keep(target, overwrite=self._plan.overwrite)
        return Clip(
            path=target,
            history_item_id=None if clip.item is None else id_of(clip.item),
            proof=clip.proof,
            kind=clip.kind,
            size=clip.size,
        )
