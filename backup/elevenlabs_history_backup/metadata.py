"""The JSON of an item, as the API lists it, and how the catalog writes what it takes from it."""

import json
from datetime import datetime
from typing import Any, TypeAlias

Metadata: TypeAlias = dict[str, Any]


def iso_format(date: datetime) -> str:
    """Write a time in UTC as in ISO 8601, with a Z."""
    return date.isoformat().replace("+00:00", "Z")


def utf8(text: str) -> str:
    """Replace surrogates, which can't be written as UTF-8."""
    return text.encode("utf-8", errors="replace").decode()


def to_json(item: Metadata) -> str:
    """Write the metadata of an item as SQLite and UTF-8 can hold it."""
    text = json.dumps(item, ensure_ascii=False, separators=(",", ":"))
    # JSON can hold surrogates, they can't.
    return text if utf8(text) == text else json.dumps(item, separators=(",", ":"))
