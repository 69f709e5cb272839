"""Which items one response may hold and which file each becomes, checked as far as possible before a request."""

import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import Self, TypeAlias

from attrs import frozen
from elevenlabs_history_api.models import HistoryItem

from .._audio import FileKind
from .._files.checks import check_folder, check_targets
from .._files.lock import STAGING_FOLDER
from .._files.portable import folded, safe_id
from .._files.template import Template
from .._http.requests import id_of
from ..errors import InvalidArgumentError

AUDIO_KINDS = tuple(kind for kind in FileKind if kind.is_audio)

PathFunction: TypeAlias = Callable[[HistoryItem, str], PurePosixPath]
"""Takes an item and a file extension, returns the path of its file relative to the folder."""
PathTemplate: TypeAlias = Template | str | PathFunction
"""How files are named: a template, its text, or a function for names that no template gives."""


@frozen(kw_only=True)
class Targets:
    """Which items are requested and which file each becomes."""

    items: tuple[str | HistoryItem, ...]
    folder: Path
    overwrite: bool
    names: Mapping[str, str]
    """Relative path without extension by item id; made once, as existing files are looked for under every extension."""
    function: PathFunction | None
    """Names the items that are not in `names`."""
    names_hold_ids: bool
    """An existing file of this name can't be another item's."""

    @classmethod
    def plan(
        cls,
        items: tuple[str | HistoryItem, ...],
        folder: Path,
        *,
        template: PathTemplate | None,
        overwrite: bool,
    ) -> Self:
        """Name all files; raise if the folder is invalid or the template can't name these items."""
        check_folder(folder)
        if template is not None and not all(isinstance(item, HistoryItem) for item in items):
            raise InvalidArgumentError(
                "A template names files by metadata: pass items as listed instead of ids. Nothing was sent."
            )
        names = {item: safe_id(item) for item in items if isinstance(item, str)}
        function = None
        names_hold_ids = True
        if callable(template):
            function = template
        else:
            parsed = template if isinstance(template, Template) else Template(template) if template else Template()
            names |= parsed.names(item for item in items if isinstance(item, HistoryItem))
            names_hold_ids = parsed.has_id
        targets = cls(
            items=items,
            folder=folder,
            overwrite=overwrite,
            names=names,
            function=function,
            names_hold_ids=names_hold_ids,
        )
        if function is not None:
            targets._check_function()
        return targets

    def relative_path(self, item: str | HistoryItem, kind: FileKind) -> str:
        """Return the path of an item's file relative to the folder, with forward slashes."""
        if self.function is None or isinstance(item, str):
            return f"{self.names[id_of(item)]}{kind.extension}"
        path = PurePosixPath(self.function(item, kind.extension))
        if not _is_below_folder(path):
            raise InvalidArgumentError(
                f"The template gives item {item.history_item_id!r} the path {str(path)!r}, which is not one of a file "
                "below the folder."
            )
        return path.as_posix()

    def path(self, item: str | HistoryItem, kind: FileKind) -> Path:
        """Return the path of an item's file."""
        return self.folder / self.relative_path(item, kind)

    def check_free(self) -> None:
        """Raise if the file of an item exists, whatever kind of audio it turns out to be."""
        check_targets(self._possible_paths(), overwrite=self.overwrite)

    def _check_function(self) -> None:
        """Raise if the function gives an invalid path, or two items one path."""
        owners: dict[str, str] = {}
        for item in self.items:
            path = self.relative_path(item, FileKind.MP3)
            owner = owners.setdefault(folded(path), id_of(item))
            if owner != id_of(item):
                raise InvalidArgumentError(f"The template gives items {owner!r} and {id_of(item)!r} one path ({path}).")

    def _possible_paths(self) -> Iterable[str]:
        prefix = str(self.folder)
        for item in self.items:
            for kind in AUDIO_KINDS:
                yield f"{prefix}/{self.relative_path(item, kind)}"


def _is_below_folder(path: PurePosixPath) -> bool:
    """Tell whether a function returned a path where a file may go; parts of it may come from the server."""
    try:
        encoded = os.fsencode(path)
    except UnicodeEncodeError:
        return False
    escapes = path.is_absolute() or ".." in path.parts or bool(Path(path).drive)
    return bool(path.parts) and not escapes and b"\0" not in encoded and path.parts[0] != STAGING_FOLDER
