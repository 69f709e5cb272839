"""Which items one answer may hold and where their files go, checked as far as that can be known before a request."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol, Self

from attrs import frozen
from elevenlabs_history_api.models import HistoryItem

from ._portable import plain_id
from ._requests import id_of
from .audio import Kind
from .errors import InvalidArgument
from .files import check_folder, check_targets
from .naming import Template

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import PurePosixPath

AUDIO_KINDS = tuple(kind for kind in Kind if kind.is_audio)


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
