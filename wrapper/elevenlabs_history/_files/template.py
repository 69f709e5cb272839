"""Name templates: item → relative path that stays in the folder, is valid on every system and differs from all others.

A name depends on the item alone, never on what else is in the folder, so the same item has the same name in every run.
"""

import re
from datetime import UTC, tzinfo
from pathlib import PurePosixPath
from string import Formatter
from typing import NamedTuple, NoReturn, TypeAlias

from attrs import Factory, field, frozen

from ..errors import InvalidArgumentError
from ..item import HistoryItem
from .portable import ID_BYTES, NAME_BYTES, file_name, safe_id, safe_text

DEFAULT_TEMPLATE = "{date:%Y}/{date:%m}/{date:%Y-%m-%d_%H-%M-%S}_{voice}_{id}{ext}"

_ATTRIBUTES = {
    "voice": "voice_name",
    "voice_id": "voice_id",
    "model": "model_id",
    "source": "source",
    "text": "text",
    "format": "output_format",
}
_FIELDS = ("id", "date", *_ATTRIBUTES)
_EXTENSION = re.compile(r"(?:\.[a-z0-9]{1,15})?")
_TEXT_CHARACTERS = 40
_UNKNOWN = "unknown"

# Only numbers: names of days and months depend on the locale.
_DATE_SPEC = re.compile(r"(?:[^%{}]|%[YymdHMSj])*")
_DEFAULT_DATE_SPEC = "%Y-%m-%d_%H-%M-%S"


class _Part(NamedTuple):
    """Literal text and the field after it, if any."""

    literal: str
    name: str | None
    spec: str


_Component: TypeAlias = tuple[_Part, ...]


@frozen
class Template:
    """A template for the paths of files below a folder, parsed and validated once.

    Fields are `{id}`, `{date:%Y-%m-%d}` (only numeric directives), `{voice}`, `{voice_id}`, `{model}`, `{source}`,
    `{text}` (its first words), `{format}` and `{ext}`, which comes last.

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
        return any(part.name == "id" for component in self._components for part in component)

    def path_for(self, item: HistoryItem, extension: str) -> PurePosixPath:
        """Return the relative path of an item's file.

        Each component has at most 240 bytes of UTF-8 in NFC and is valid on Windows, macOS and Linux; if that is too
        short, everything but id, date and extension is truncated.

        Args:
            item: The item; none of its values is trusted.
            extension: The extension with its dot, such as `FileKind.MP3.extension`, or nothing.

        Raises:
            ValueError: The extension has other characters than lower-case letters and digits.
        """
        if not _EXTENSION.fullmatch(extension):
            raise ValueError(f"Invalid file name extension: {extension!r}.")
        return PurePosixPath(self.stem_for(item) + extension)

    def stem_for(self, item: HistoryItem) -> str:
        """Return the relative path without extension."""
        components = []
        for component in self._components:
            parts: list[tuple[str, bool]] = []
            for part in component:
                parts.append((part.literal, False))
                match part.name:
                    case None:
                        pass
                    case "id":
                        parts.append((safe_id(item.history_item_id), False))
                    case "date":
                        parts.append((item.date.astimezone(self.zone).strftime(part.spec), False))
                    case name:
                        parts.append((safe_text(_value(name, item)) or _UNKNOWN, True))
            components.append(file_name(parts))
        return "/".join(components)


def _parse(text: str) -> tuple[_Component, ...]:
    if not text.endswith("{ext}") or text.count("{ext") != 1:
        _refuse(text, "it must end in {ext} and have it nowhere else", "Put {ext} at its end.")
    return tuple(_parse_component(text, component) for component in text.removesuffix("{ext}").split("/"))


def _parse_component(text: str, component: str) -> _Component:
    parts = []
    size = 0
    try:
        parsed = list(Formatter().parse(component))
    except ValueError as error:
        _refuse(text, f"it can't be parsed: {error}", "Write a literal brace twice.")
    for literal, name, spec, conversion in parsed:
        if name is not None and name not in _FIELDS:
            _refuse(text, f"unknown field {name!r}", f"Use only {', '.join(_FIELDS)} and ext.")
        if conversion or (spec and not (name == "date" and _DATE_SPEC.fullmatch(spec))):
            _refuse(text, f"invalid format of field {name!r}", "Dates take %Y %y %m %d %H %M %S %j, others nothing.")
        for fixed in (literal, re.sub("%.", "", spec or "")):
            _check_literal(text, fixed)
        part = _Part(literal, name, spec or (_DEFAULT_DATE_SPEC if name == "date" else ""))
        parts.append(part)
        # No directive of a date gives more than twice its own length.
        size += len(literal.encode()) + {"id": ID_BYTES, "date": 2 * len(part.spec.encode())}.get(name or "", 0)
    if not any(part.name or part.literal.strip(" .") for part in parts):
        _refuse(text, "a component of the path is empty or only dots", "Name a path below the folder.")
    if size > NAME_BYTES:
        _refuse(text, f"a component of the path has up to {size} bytes", f"Shorten it to {NAME_BYTES}.")
    return tuple(parts)


def _check_literal(text: str, literal: str) -> None:
    from pathvalidate import ValidationError, validate_filename

    try:
        validate_filename(f"x{literal}x", fs_encoding="utf-8")
    except (ValidationError, UnicodeEncodeError):
        _refuse(text, f"{literal!r} is not allowed in file names on every system", "Remove it.")
    if "~" in literal or not literal.isprintable():
        _refuse(text, f"{literal!r} has a tilde or an invisible character", "Remove it.")


def _refuse(text: str, what: str, hint: str) -> NoReturn:
    raise InvalidArgumentError(f"Invalid template {text!r}: {what}.", hint=hint) from None


def _value(name: str, item: HistoryItem) -> str:
    # As much as a name can use: texts may be long.
    value = (getattr(item, _ATTRIBUTES[name]) or "")[: 4 * NAME_BYTES]
    return _first_words(value) if name == "text" else value


def _first_words(text: str) -> str:
    start = " ".join(text.split())
    if len(start) <= _TEXT_CHARACTERS:
        return start
    words = start[: _TEXT_CHARACTERS + 1].rpartition(" ")[0]
    return words or start[:_TEXT_CHARACTERS]
