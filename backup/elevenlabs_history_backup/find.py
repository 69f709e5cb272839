"""Find what was generated before: the items whose whole text is the same."""

import unicodedata
from hashlib import blake2b
from typing import Any

from elevenlabs_history import InvalidArgumentError

from .metadata import utf8
from .search import HAS_VOICE, voice_parameters

_QUERY = f"""
SELECT number FROM items
WHERE text_hash = :text_hash AND {HAS_VOICE} AND (:model_id IS NULL OR model_id = :model_id)
    AND EXISTS (SELECT 1 FROM files WHERE files.history_item_id = items.history_item_id AND state = 'saved')
ORDER BY date_unix DESC, number
"""  # noqa: S608 - constants


def find_query(text: str, *, voice: str | None, model_id: str | None) -> tuple[str, dict[str, Any]]:
    """Return the query for the numbers of the items that may have a text, newest first, and its parameters."""
    found = text_hash(text)
    if found is None:
        raise InvalidArgumentError("The text to find is empty.")
    return _QUERY, {
        "text_hash": found,
        "model_id": None if model_id is None else utf8(model_id),
        **voice_parameters(voice),
    }


def same_text(text: str, other: str, *, exact: bool) -> bool:
    """Whether two texts are the same, to the byte or after normalization."""
    return utf8(text) == other if exact else _normalize(text) == _normalize(other)


def text_hash(text: str) -> int | None:
    """Return the number under which the index has a text; None for a text without a word."""
    normalized = _normalize(text)
    digest = blake2b(normalized.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True) if normalized else None


def _normalize(text: str) -> str:
    """Return a text in Unicode's form NFC, with a space for white space of any length and none at its ends."""
    return " ".join(unicodedata.normalize("NFC", utf8(text)).split())
