"""What a search compares: any part of a text in any script, without case, accents and compatibility forms."""

import json
import unicodedata
from typing import Any

from elevenlabs_history import InvalidArgumentError, TimestampLike

from .metadata import utf8
from .settings import date_seconds

# Combining classes of accents and of the points of Hebrew and Arabic. Other marks make another letter, as in Japanese.
_ACCENTS = frozenset({*range(10, 37), *range(200, 256)})
# The index has every three characters in a row. It only narrows what is compared, so a part of a long query will do.
_INDEXED_CHARACTERS = 3
_MAX_INDEXED_WORDS = 5
_MAX_INDEXED_LENGTH = 50
_MAX_INTEGER = 2**63 - 1  # of SQLite

# The index comes first: SQLite can't know that it leaves few rows, and would go through all of them by date.
_INDEX = "words CROSS JOIN items ON items.number = words.rowid AND words MATCH :indexed"
# The words are JSON, because there may be more of them than SQLite takes conditions.
HAS_VOICE = "(:voice IS NULL OR voice_id = :voice COLLATE NOCASE OR instr(items.folded, :speaker))"
"""The condition for a voice, with `voice_parameters`."""
_QUERY = """
SELECT items.number FROM {source}
WHERE NOT EXISTS (SELECT 1 FROM json_each(:words) WHERE NOT instr(items.folded, value))
    AND {voice}
    AND date_unix >= :after AND date_unix < :before
ORDER BY date_unix DESC, items.number LIMIT :limit
"""


def fold(text: str) -> str:
    """Return a text as it is compared, on one line."""
    text = utf8(text).replace("\0", " ")
    if text.isascii():
        return " ".join(text.lower().split())
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    letters = "".join(each for each in decomposed if unicodedata.combining(each) not in _ACCENTS)
    return " ".join(unicodedata.normalize("NFC", letters).split())


def searchable(history_item_id: str, voice: str, text: str) -> str:
    """Return what can be found of an item, each on a line: its text, its voices together and alone, its id."""
    voices = dict.fromkeys(fold(each) for each in (voice, *voice.split(" & ")))
    return "\n".join([fold(text), *voices, fold(history_item_id)])


def voice_parameters(voice: str | None) -> dict[str, str | None]:
    """Return the parameters of `HAS_VOICE` for a name or an id; None is any voice."""
    if voice is None:
        return {"voice": None, "speaker": None}
    return {"voice": utf8(voice), "speaker": f"\n{fold(voice)}\n"}


def search_query(
    words: str,
    *,
    voice: str | None,
    after: TimestampLike | None,
    before: TimestampLike | None,
    limit: int | None,
) -> tuple[str, dict[str, Any]]:
    """Return the query for the numbers of the items that match, newest first, and its parameters."""
    if limit is not None and limit < 0:
        raise InvalidArgumentError(f"Invalid limit: {limit}. It must be 0 or more, or None.")
    first, end = date_seconds(after, "after"), date_seconds(before, "before")
    terms = sorted(set(fold(words).split()), key=len, reverse=True)
    indexed = [term[:_MAX_INDEXED_LENGTH] for term in terms if len(term) >= _INDEXED_CHARACTERS][:_MAX_INDEXED_WORDS]
    parameters = {
        "words": json.dumps(terms),
        "indexed": " ".join('"{}"'.format(term.replace('"', '""')) for term in indexed),
        **voice_parameters(voice),
        "after": -_MAX_INTEGER if first is None else first,
        "before": _MAX_INTEGER if end is None else end,
        "limit": -1 if limit is None else min(limit, _MAX_INTEGER),
    }
    return _QUERY.format(source=_INDEX if indexed else "items", voice=HAS_VOICE), parameters
