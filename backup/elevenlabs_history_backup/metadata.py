"""The JSON of an item, as the API lists it, and what the catalog takes from it."""

from datetime import UTC, datetime
from typing import Any, TypeAlias

Metadata: TypeAlias = dict[str, Any]
_MAX_INTEGER = 2**63 - 1  # of SQLite


def is_storable(history_item_id: str, date_unix: object) -> bool:
    """Tell whether an item can be recorded: its date is a date, and its id can be written as UTF-8."""
    try:
        return isinstance(date_unix, int) and bool(date_of(date_unix)) and utf8(history_item_id) == history_item_id
    except (OverflowError, OSError, ValueError):
        return False


def date_of(date_unix: int) -> datetime:
    """Return when an item was generated, in UTC."""
    return datetime.fromtimestamp(date_unix, UTC)


def voice_of(metadata: Metadata) -> str:
    """Return who speaks; of a dialogue, everyone once."""
    names = [metadata.get("voice_name"), *(line.get("voice_name") for line in _lines(metadata))]
    return " & ".join(dict.fromkeys(name for name in names if isinstance(name, str) and name))


def text_of(metadata: Metadata) -> str:
    """Return what is said; of a dialogue, one line per part."""
    if isinstance(metadata.get("text"), str) and metadata["text"]:
        return str(metadata["text"])
    return "\n".join(str(line.get("text") or "") for line in _lines(metadata))


def characters_of(metadata: Metadata) -> int:
    """Return how many characters the item cost, by the counter of the workspace."""
    before, after = metadata.get("character_count_change_from"), metadata.get("character_count_change_to")
    cost = after - before if isinstance(before, int) and isinstance(after, int) else 0
    return cost if abs(cost) <= _MAX_INTEGER else 0


def iso_format(date: datetime) -> str:
    """Write a time in UTC as in ISO 8601, with a Z."""
    return date.isoformat().replace("+00:00", "Z")


def utf8(text: str) -> str:
    """Replace surrogates, which can't be written as UTF-8."""
    return text.encode("utf-8", errors="replace").decode()


def _lines(metadata: Metadata) -> list[dict[str, Any]]:
    lines = metadata.get("dialogue")
    return [line for line in lines if isinstance(line, dict)] if isinstance(lines, list) else []
