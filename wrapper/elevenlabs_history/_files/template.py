"""Name templates: item → relative path that stays in the folder, is valid on every system and differs from all others.

A name depends on the item alone, never on what else is in the folder, so the same item has the same name in every run.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, tzinfo
from pathlib import PurePosixPath
from string import Formatter
from typing import TYPE_CHECKING, TypeAlias

from attrs import Factory, field, frozen

from ..errors import InvalidArgumentError
from .portable import ID_BYTES, NAME_BYTES, Fragment, file_name, folded, safe_id, safe_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from elevenlabs_history_api.models import HistoryItem

DEFAULT_TEMPLATE = "{date:%Y}/{date:%m}/{date:%Y-%m-%d_%H-%M-%S}_{voice}_{id}{ext}"
FIELDS = ("id", "date", "voice", "voice_id", "model", "source", "text", "format", "index", "ext")

_EXTENSION = re.compile(r"(?:\.[a-z0-9]{1,15})?")
_TEXT_CHARACTERS = 40
_UNKNOWN = "unknown"
_UNDATED = "undated"

# Only numbers: names of days and months depend on the locale.
_DATE_SPEC = re.compile(r"(?:[^%{}]|%[YymdHMSj])+")
_ANY_DATE = datetime(2000, 1, 1, tzinfo=UTC)
_INDEX_SPEC = re.compile(r"(?:0?[1-9])?")
_DEFAULT_DATE_SPEC = "%Y-%m-%d_%H-%M-%S"
_INDEX_DIGITS = 19


@frozen
class _Field:
    name: str
    spec: str


_Component: TypeAlias = tuple["str | _Field", ...]


@frozen
class Template:
    """A template for the paths of files below a folder, parsed and validated once.

    Fields are `{id}`, `{date:%Y-%m-%d}` (only numeric directives), `{voice}`, `{voice_id}`, `{model}`, `{source}`,
    `{text}` (its first words), `{format}`, `{index:04}` (the number in this run, from 1) and `{ext}`, which comes last.

    Attributes:
        text: The template.
        zone: The time zone of `{date}`.

    Raises:
        InvalidArgumentError: The template has an unknown field, could leave the folder or is not valid on every system.
    """

    text: str = DEFAULT_TEMPLATE
    zone: tzinfo = field(default=UTC, kw_only=True)
    _components: tuple[_Component, ...] = field(
        init=False, repr=False, eq=False, default=Factory(lambda self: _parse(self.text), takes_self=True)
    )

    @property
    def has_id(self) -> bool:
        """Whether paths hold the item's id. If not, an existing file may belong to another item."""
        return any(
            isinstance(part, _Field) and part.name == "id" for component in self._components for part in component
        )

    def path_for(self, item: HistoryItem, extension: str, *, index: int) -> PurePosixPath:
        """Return the relative path of an item's file.

        Each component has at most 240 bytes of UTF-8 in NFC and is valid on Windows, macOS and Linux; if that is too
        short, everything but id, date and extension is truncated.

        Args:
            item: The item; none of its values is trusted.
            extension: The extension with its dot, such as `FileKind.MP3.extension`, or nothing.
            index: The number of the item in this run, from 1.

        Raises:
            ValueError: The extension has other characters than lower-case letters and digits.
        """
        if not _EXTENSION.fullmatch(extension):
            raise ValueError(f"Invalid file name extension: {extension!r}.")
        *folders, stem = (
            file_name([self._fragment(part, item, index) for part in component]) for component in self._components
        )
        return PurePosixPath(*folders, stem + extension)

    def names(self, items: Iterable[HistoryItem]) -> dict[str, str]:
        """Return the relative path without extension of each item of a run, by item id.

        Raises:
            InvalidArgumentError: Two items would share a file on some file system; the message names both.
        """
        names: dict[str, str] = {}
        owners: dict[str, str] = {}
        for index, item in enumerate(items, start=1):
            name = names[item.history_item_id] = str(self.path_for(item, "", index=index))
            owner = owners.setdefault(folded(name), item.history_item_id)
            if owner != item.history_item_id:
                raise InvalidArgumentError(
                    f"Template {self.text!r} gives items {owner!r} and {item.history_item_id!r} one name ({name}).",
                    hint="Put {id} into it." if not self.has_id else "Download one of them into another folder.",
                )
        return names

    def _fragment(self, part: str | _Field, item: HistoryItem, index: int) -> Fragment:
        if isinstance(part, str):
            return Fragment(part, shrinks=False)
        match part.name:
            case "id":
                return Fragment(safe_id(item.history_item_id), shrinks=False)
            case "date":
                return Fragment(self._date(item, part.spec), shrinks=False)
            case "index":
                return Fragment(f"{index:{part.spec}}", shrinks=False)
            case name:
                return Fragment(safe_text(_value(name, item)) or _UNKNOWN, shrinks=True)

    def _date(self, item: HistoryItem, spec: str) -> str:
        try:
            return datetime.fromtimestamp(item.date_unix, self.zone).strftime(spec)
        except (TypeError, ValueError, OverflowError, OSError):
            return _UNDATED


def _parse(text: str) -> tuple[_Component, ...]:
    try:
        parsed = list(Formatter().parse(text))
    except ValueError as error:
        raise InvalidArgumentError(
            f"Template {text!r} can't be parsed: {error}.", hint="Write a literal brace twice."
        ) from error
    components: list[list[str | _Field]] = [[]]
    for literal, name, spec, conversion in parsed:
        first, *others = literal.split("/")
        components[-1].append(first)
        components.extend([other] for other in others)
        if name is not None:
            components[-1].append(_field(text, name, spec or "", conversion))
    if not text.endswith("{ext}") or sum(name == "ext" for _, name, _, _ in parsed) != 1:
        raise _refused(text, "it must end in {ext} and have it nowhere else", "Put {ext} at its end.")
    components[-1].pop()
    for component in components:
        _check_component(text, component)
    return tuple(tuple(part for part in component if part) for component in components)


def _field(text: str, name: str, spec: str, conversion: str | None) -> _Field:
    if name not in FIELDS:
        raise _refused(text, f"unknown field {name!r}", f"Use only {', '.join(FIELDS)}.")
    allowed = {"date": _DATE_SPEC, "index": _INDEX_SPEC}.get(name)
    if conversion or (spec and not (allowed and allowed.fullmatch(spec))):
        raise _refused(text, f"invalid format of field {name!r}", "Dates take %Y %y %m %d %H %M %S %j, the index 04.")
    if name == "date":
        spec = spec or _DEFAULT_DATE_SPEC
        _check_literal(text, re.sub("%.", "", spec))
    return _Field(name, spec)


def _check_component(text: str, component: list[str | _Field]) -> None:
    literals = [part for part in component if isinstance(part, str)]
    for literal in literals:
        _check_literal(text, literal)
    if len(literals) == len(component) and not "".join(literals).strip(" ."):
        raise _refused(text, "a component of the path is empty or only dots", "Name a path below the folder.")
    longest = sum(_longest(part) for part in component)
    if longest > NAME_BYTES:
        raise _refused(text, f"a component of the path has up to {longest} bytes", f"Shorten it to {NAME_BYTES}.")


def _check_literal(text: str, literal: str) -> None:
    from pathvalidate import ValidationError, validate_filename

    try:
        validate_filename(f"x{literal}x", fs_encoding="utf-8")
    except (ValidationError, UnicodeEncodeError) as error:
        raise _refused(text, f"{literal!r} is not allowed in file names on every system", "Remove it.") from error
    if "~" in literal or not literal.isprintable():
        raise _refused(text, f"{literal!r} has a tilde or an invisible character", "Remove it.")


def _refused(text: str, what: str, hint: str) -> InvalidArgumentError:
    return InvalidArgumentError(f"Invalid template {text!r}: {what}.", hint=hint)


def _longest(part: str | _Field) -> int:
    """How many bytes a part needs at most when everything that may be truncated is gone."""
    if isinstance(part, str):
        return len(part.encode())
    if part.name == "date":
        return max(len(_ANY_DATE.strftime(part.spec).encode()), len(_UNDATED))
    return {"id": ID_BYTES, "index": _INDEX_DIGITS}.get(part.name, 0)


def _value(name: str, item: HistoryItem) -> str:
    lines: list[object] = [*item.dialogue] if isinstance(item.dialogue, list) else []
    match name:
        case "voice":
            voices = [_known(getattr(line, "voice_name", None)) or _UNKNOWN for line in lines]
            return _known(item.voice_name) or "+".join(dict.fromkeys(voices))
        case "text":
            return _first_words(_known(item.text) or " ".join(_known(getattr(line, "text", None)) for line in lines))
        case "voice_id":
            return _known(item.voice_id)
        case "model":
            return _known(item.model_id)
        case "source":
            return _known(item.source)
        case _:
            return _known(item.output_format)


def _known(value: object) -> str:
    """As much of a value as a name can use; nothing if it is missing or not text."""
    return value[: 4 * NAME_BYTES] if isinstance(value, str) else ""


def _first_words(text: str) -> str:
    start = " ".join(text.split())
    if len(start) <= _TEXT_CHARACTERS:
        return start
    words = start[: _TEXT_CHARACTERS + 1].rpartition(" ")[0]
    return words or start[:_TEXT_CHARACTERS]
