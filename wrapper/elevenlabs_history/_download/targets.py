"""Which items one response may hold and which file each becomes, checked as far as possible before a request."""

import os
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Self, TypeAlias
from unicodedata import normalize

from attrs import frozen

from .._audio import FileKind
from .._files.atomic import target_exists
from .._files.checks import check_folder
from .._files.lock import STAGING_FOLDER
from .._files.portable import folded, safe_id
from .._files.template import DEFAULT_TEMPLATE, Template
from .._items import id_of
from ..errors import InvalidArgumentError
from ..item import HistoryItem

# Formats that are not known here are saved, too.
SAVED_KINDS = tuple(kind for kind in FileKind if kind.is_audio or kind is FileKind.UNKNOWN)

PathFunction: TypeAlias = Callable[[HistoryItem, str], PurePosixPath]
"""Takes an item and a file extension, returns the path of its file relative to the folder."""
PathTemplate: TypeAlias = Template | str | PathFunction
"""How files are named: a template, its text, or a function for names that no template gives."""


@frozen(kw_only=True)
class Targets:
    """Which items are requested and which file each becomes.

    Attributes:
        name: Gives the relative path of an item's file with this extension.
        names_hold_ids: Whether an existing file of this name can't be another item's.
    """

    items: tuple[str | HistoryItem, ...]
    folder: Path
    overwrite: bool
    name: Callable[[str | HistoryItem, str], str]
    names_hold_ids: bool

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
        listed = [item for item in items if isinstance(item, HistoryItem)]
        if template is not None and len(listed) < len(items):
            raise InvalidArgumentError(
                "A template names files by metadata: pass items as listed instead of ids. Nothing was sent."
            )
        names_hold_ids = True
        if callable(template):
            name = partial(_call, template)
            hint = "Let the template give each item a path of its own."
        else:
            parsed = template if isinstance(template, Template) else Template(template or DEFAULT_TEMPLATE)
            names = {
                id_of(item): parsed.stem_for(item) if isinstance(item, HistoryItem) else safe_id(item) for item in items
            }
            names_hold_ids = parsed.has_id
            name = partial(_join, names)
            hint = (
                "Their ids may differ by case alone: use two folders."
                if names_hold_ids
                else "Put {id} into the template."
            )
        _check_distinct({id_of(item): name(item, ".mp3") for item in items}, hint)
        return cls(items=items, folder=folder, overwrite=overwrite, name=name, names_hold_ids=names_hold_ids)

    def path(self, item: str | HistoryItem, kind: FileKind) -> Path:
        """Return the path of an item's file."""
        return self.folder / self.name(item, kind.extension)

    def existing(self, item: str | HistoryItem, kinds: Iterable[FileKind] = SAVED_KINDS) -> Path | None:
        """Return the item's file if it exists, whatever kind of audio it turned out to be."""
        for kind in kinds:
            # Strings instead of `Path`: there may be many thousands.
            path = f"{self.folder}/{self.name(item, kind.extension)}"
            # A copy from macOS may have decomposed names.
            for spelling in {path, path if path.isascii() else normalize("NFD", path)}:
                if os.path.isfile(spelling):  # noqa: PTH113
                    return Path(spelling)
        return None

    def check_free(self) -> None:
        """Raise if the file of an item exists."""
        for item in self.items:
            if not self.overwrite and (path := self.existing(item)):
                raise target_exists(path)


def _join(names: Mapping[str, str], item: str | HistoryItem, extension: str) -> str:
    return names[id_of(item)] + extension


def _call(function: PathFunction, item: str | HistoryItem, extension: str) -> str:
    assert isinstance(item, HistoryItem)  # noqa: S101 - checked for all items
    path = PurePosixPath(function(item, extension))
    if not _is_below_folder(path):
        raise InvalidArgumentError(
            f"The template gives item {item.history_item_id!r} the path {str(path)!r}, which is not one of a file "
            "below the folder."
        )
    return path.as_posix()


def _check_distinct(names: Mapping[str, str], hint: str) -> None:
    owners: dict[str, str] = {}
    for history_item_id, name in names.items():
        owner = owners.setdefault(folded(name), history_item_id)
        if owner != history_item_id:
            raise InvalidArgumentError(f"Items {owner!r} and {history_item_id!r} have one path ({name}).", hint=hint)


def _is_below_folder(path: PurePosixPath) -> bool:
    """Tell whether a function returned a path where a file may go; parts of it may come from the server."""
    try:
        encoded = os.fsencode(path)
    except UnicodeEncodeError:
        return False
    escapes = path.is_absolute() or ".." in path.parts or bool(Path(path).drive)
    return bool(path.parts) and not escapes and b"\0" not in encoded and path.parts[0] != STAGING_FOLDER
