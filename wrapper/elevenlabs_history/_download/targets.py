"""Which items one answer may hold and where their files go, checked as far as that can be known before a request."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Protocol, Self

from attrs import frozen
from elevenlabs_history_api.models import HistoryItem

from ._portable import plain_id
from ._requests import id_of
from .audio import FileKind
from .errors import InvalidArgumentError
from .files import check_folder, check_targets
from .naming import Template

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path, PurePosixPath

AUDIO_KINDS = tuple(kind for kind in FileKind if kind.is_audio)


class Naming(Protocol):
    """What gives the files of items their paths; `Template` explains each part of it."""

    @property
    def has_id(self) -> bool: ...

    def path_for(self, item: HistoryItem, extension: str, *, index: int) -> PurePosixPath: ...


@frozen(kw_only=True)
class Plan:
    """Which items one answer may hold and where their files go.

    Attributes:
        items: What is asked for.
        folder: Where the files go.
        template: How the files of items with metadata are named.
        overwrite: Replace files of these names.
        places: The place of each id in the run, from 1.
        names: Paths in the folder by id, without extensions: made once, for an item is looked for under each extension
            that its audio may turn out to need. Whose name is not known beforehand is named by the template.
    """

    items: tuple[str | HistoryItem, ...]
    folder: Path
    template: Naming
    overwrite: bool
    places: Mapping[str, int]
    names: Mapping[str, str]

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
            InvalidArgumentError: The folder can't be one, or the template can't name these items.
        """
        check_folder(folder)
        if template is not None and not all(isinstance(item, HistoryItem) for item in items):
            raise InvalidArgumentError(
                "A template names files by what the server knows of an item: pass items as listed, not ids. "
                "Nothing was sent."
            )
        chosen = template if isinstance(template, Template) else Template(template) if template else Template()
        names = chosen.names(item for item in items if isinstance(item, HistoryItem))
        names |= {item: plain_id(item) for item in items if isinstance(item, str)}
        places = {id_of(item): place for place, item in enumerate(items, start=1)}
        return cls(items=items, folder=folder, template=chosen, overwrite=overwrite, places=places, names=names)

    def target(self, item: str | HistoryItem, kind: FileKind) -> Path:
        """Name the file of an item."""
        name = self.names.get(id_of(item))
        if name is None and isinstance(item, HistoryItem):
            return self.folder / self.template.path_for(item, kind.extension, index=self.places[id_of(item)])
        return self.folder / f"{name}{kind.extension}"

    def check_targets(self) -> None:
        """Refuse when a file of one of the items may be there already, whatever format the audio turns out to have.

        Raises:
            TargetExistsError: It is, and `overwrite` is false.
        """
        extensions = [kind.extension for kind in AUDIO_KINDS]
        stems = (os.path.join(self.folder, name) for name in self.names.values())  # noqa: PTH118 - there are thousands
        check_targets((stem + extension for stem in stems for extension in extensions), overwrite=self.overwrite)
