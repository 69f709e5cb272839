"""From a body to clips: one audio file becomes one file, an archive a file for each member, all of them or none."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, Self, TypeVar

from attrs import evolve, frozen
from elevenlabs_history_api.models import HistoryItem

from ._portable import plain_id
from ._receive import Receiver
from ._requests import id_of, known_format, subject_of
from ._sealing import Sealing
from .audio import SNIFF_BYTES, Kind, kind_of, pcm_sample_rate, wav_header
from .errors import ArchiveRefused, HistoryError, InvalidArgument
from .files import Part, check_folder, check_targets, sync_folders
from .naming import Template

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import PurePosixPath

    from .identity import Proof

T = TypeVar("T")

_PIECE = 256 * 1024
AUDIO_KINDS = tuple(kind for kind in Kind if kind.is_audio)


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


class Naming(Protocol):
    """What gives the files of items their paths; `Template` explains each part of it."""

    @property
    def has_id(self) -> bool: ...

    def path_for(self, item: HistoryItem, extension: str, *, index: int) -> PurePosixPath: ...

    def check(self, items: Iterable[HistoryItem]) -> None: ...


@frozen(kw_only=True)
class Plan:
    """Which items one answer may hold and where their files go.

    Attributes:
        items: What is asked for.
        folder: Where the files go.
        template: How the files of items with metadata are named.
        overwrite: Replace files of these names.
        places: The place of each id in the run, from 1.
    """

    items: tuple[str | HistoryItem, ...]
    folder: Path
    template: Naming
    overwrite: bool
    places: Mapping[str, int]

    @classmethod
    def make(
        cls,
        items: tuple[str | HistoryItem, ...],
        folder: Path,
        *,
        template: Template | str | None,
        overwrite: bool,
    ) -> Self:
        """Check all names that can be known before a request.

        Raises:
            InvalidArgument: The folder can't be one, or the template can't name these items.
        """
        check_folder(folder)
        if template is not None and not all(isinstance(item, HistoryItem) for item in items):
            raise InvalidArgument(
                "A template names files by what the server knows of an item: pass items as listed, not ids. "
                "Nothing was sent."
            )
        chosen = template if isinstance(template, Template) else Template(template) if template else Template()
        chosen.check(item for item in items if isinstance(item, HistoryItem))
        places = {id_of(item): place for place, item in enumerate(items, start=1)}
        return cls(items=items, folder=folder, template=chosen, overwrite=overwrite, places=places)

    def target(self, item: str | HistoryItem, kind: Kind) -> Path:
        """Name the file of an item."""
        if isinstance(item, HistoryItem):
            place = self.places[item.history_item_id]
            return self.folder / self.template.path_for(item, kind.extension, index=place)
        return self.folder / f"{plain_id(item)}{kind.extension}"

    def check_targets(self) -> None:
        """Refuse when a file of one of the items may be there already, whatever format the audio turns out to have.

        Raises:
            TargetExists: It is, and `overwrite` is false.
        """
        # Making a name is most of the work, and the names of an item differ in their extension alone.
        first = AUDIO_KINDS[0]
        stems = (str(self.target(item, first)).removesuffix(first.extension) for item in self.items)
        check_targets((Path(stem + kind.extension) for stem in stems for kind in AUDIO_KINDS), overwrite=self.overwrite)


@frozen
class _Staged:
    """A clip whose bytes are on the disk and which lacks only its name."""

    part: Part
    item: str | HistoryItem | None
    proof: Proof | None
    kind: Kind
    size: int


class InFolder(Receiver[T]):
    """Stages the body and then every clip in it, so that nothing gets a name before all of it has proven good."""

    def __init__(self, plan: Plan, staging: Path) -> None:
        super().__init__(subject_of(plan.items), known_format(plan.items))
        self._plan = plan
        self._staging = staging
        self._parts = ExitStack()
        self._sealing = Sealing()
        self._folders: set[Path] = set()
        self._size = 0

    def __enter__(self) -> Self:
        self._body = self._parts.enter_context(Part(self._staging))
        return self

    def __exit__(self, *exception: object) -> None:
        self._sealing.close()
        self._parts.close()

    def finish(self) -> T:
        """Do as `Receiver.finish` does; whatever it gives and raises, the names it gave survive a power cut."""
        try:
            return super().finish()
        finally:
            sync_folders(self._folders)

    def _take(self, data: bytes) -> None:
        self._body.write(data)
        self._size += len(data)

    def _staged(self) -> list[_Staged]:
        try:
            staged = list(self._members()) if self.kind is Kind.ZIP else [self._single()]
        except ArchiveRefused as error:
            error.message = f"{error.message} ({self._subject})"
            raise
        self._sealing.wait()
        return staged

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
        # Twice as many: the server may send an item a second time.
        archived = plan(file, Limits(members=2 * len(items)))
        members = {(member.name, member.size, member.crc32): member for member in archived}.values()
        by_id = {id_of(item): item for item in items}
        for member, identity in zip(members, identify(items, members), strict=True):
            item = by_id.get(identity.history_item_id or "")
            yield self._stage(read(file, member), member.size, item, identity.proof)

    def _stage(
        self, pieces: Iterator[bytes], size: int, item: str | HistoryItem | None, proof: Proof | None
    ) -> _Staged:
        part = self._parts.enter_context(Part(self._staging))
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
        self._sealing.seal(part)
        return _Staged(part, item, proof, Kind.WAV if header else kind, len(header) + size)

    def _keep(self, clip: _Staged, target: Path) -> Clip:
        clip.part.place(target, overwrite=self._plan.overwrite)
        self._folders.update(folder for folder in target.parents if folder.is_relative_to(self._plan.folder))
        return Clip(
            path=target,
            history_item_id=None if clip.item is None else id_of(clip.item),
            proof=clip.proof,
            kind=clip.kind,
            size=clip.size,
        )


class Everything(InFolder[list[Clip]]):
    """Keeps all clips or none, those that nothing proves among them."""

    def _result(self) -> list[Clip]:
        staged = self._staged()
        if not staged:
            raise ArchiveRefused(f"The archive is empty ({self._subject}). Nothing was written.")
        targets = [
            self._plan.target(clip.item, clip.kind)
            if clip.item is not None
            else self._plan.folder / f"unidentified_{place}{clip.kind.extension}"
            for place, clip in enumerate(staged, start=1)
        ]
        check_targets(targets, overwrite=self._plan.overwrite)
        return [self._keep(clip, target) for clip, target in zip(staged, targets, strict=True)]


@frozen
class Harvest:
    """What one answer gave to a run over many items.

    Attributes:
        clips: What was saved, each proven to be its item.
        failures: Items that came but could not be saved, by id.
        members: How many clips the answer held.
    """

    clips: list[Clip]
    failures: dict[str, HistoryError]
    members: int


class Proven(InFolder[Harvest]):
    """Keeps each clip that is proven to be an item, whatever becomes of the others."""

    def _result(self) -> Harvest:
        harvest = Harvest([], {}, 0)
        staged = self._staged()
        for clip in staged:
            if clip.item is None or id_of(clip.item) in harvest.failures:
                continue
            try:
                harvest.clips.append(self._keep(clip, self._plan.target(clip.item, clip.kind)))
            except HistoryError as error:
                harvest.failures[id_of(clip.item)] = error
        return evolve(harvest, members=len(staged))
