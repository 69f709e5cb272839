"""An item as the API lists it, every field of it, and what the catalog makes of that."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, TypeAlias

Entry: TypeAlias = dict[str, Any]
_LARGEST = 2**63 - 1  # SQLite's integers end there


def read_entry(entry: Entry) -> Entry:
    """Check that an entry of a listing can be booked, and return it as it is.

    Raises:
        TypeError: Its date is no number.
        ValueError: Its date is out of range, or its id holds what is no character.
    """
    moment_of(entry)
    if storable(entry["history_item_id"]) != entry["history_item_id"]:
        raise ValueError("its history_item_id holds half a surrogate pair")
    return entry


def moment_of(entry: Entry) -> datetime:
    """Return when an item was generated, in UTC."""
    seconds = entry["date_unix"]
    if not isinstance(seconds, int):
        raise TypeError(f"date_unix is {seconds!r}")
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, OSError):
        raise ValueError(f"date_unix is {seconds}") from None


def voice_of(entry: Entry) -> str:
    """Return who speaks; of a dialogue, everyone once."""
    names = [entry.get("voice_name"), *(line.get("voice_name") for line in _lines(entry))]
    return " & ".join(dict.fromkeys(name for name in names if isinstance(name, str) and name))


def text_of(entry: Entry) -> str:
    """Return what is said; of a dialogue, a line for each part."""
    if isinstance(entry.get("text"), str) and entry["text"]:
        return str(entry["text"])
    return "\n".join(str(line.get("text") or "") for line in _lines(entry))


def characters_of(entry: Entry) -> int:
    """Return how many characters the item has cost, by the counter of the workspace."""
    before, after = entry.get("character_count_change_from"), entry.get("character_count_change_to")
    cost = after - before if isinstance(before, int) and isinstance(after, int) else 0
    return cost if abs(cost) <= _LARGEST else 0


def storable(text: str) -> str:
    """Replace what is no character, such as half of a surrogate pair, which can't be written as UTF-8."""
    return text.encode("utf-8", errors="replace").decode()


def _lines(entry: Entry) -> list[dict[str, Any]]:
    lines = entry.get("dialogue")
    return [line for line in lines if isinstance(line, dict)] if isinstance(lines, list) else []
