"""The JSON of an item, as the API lists it, and how the catalog writes what it takes from it."""

from datetime import datetime
from typing import Any, TypeAlias

Metadata: TypeAlias = dict[str, Any]


def iso_format(date: datetime) -> str:
    """Write a time in UTC as in ISO 8601, with a Z."""
    return date.isoformat().replace("+00:00", "Z")


def utf8(text: str) -> str:
    """Replace surrogates, which can't be written as UTF-8."""
    return text.encode("utf-8", errors="replace").decode()
