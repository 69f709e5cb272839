"""Count what a backup holds."""

from typing import Literal, TypeAlias

from attrs import frozen

Grouping: TypeAlias = Literal["month", "voice", "model", "source"]

_GROUPS: dict[Grouping | None, str] = {
    None: "''",
    "month": "substr(date, 1, 7)",
    "voice": "nullif(voice, '')",
    "model": "model_id",
    "source": "source",
}
# An item may have files in several formats, which sound alike. The first of several items with the same text, voice and
# model is no repetition.
_QUERY = """
WITH saved AS (
    SELECT history_item_id, max(seconds) AS seconds, sum(size) AS size FROM files WHERE state = 'saved' GROUP BY 1
), counted AS (
    SELECT {group} AS name, characters, saved.history_item_id AS is_saved, seconds, size,
        text_hash IS NOT NULL AND row_number() OVER (
            PARTITION BY text_hash, coalesce(voice_id, voice), model_id ORDER BY date_unix, number
        ) > 1 AS is_repeated
    FROM items LEFT JOIN saved USING (history_item_id)
)
SELECT name, count(*), count(is_saved), sum(characters), coalesce(sum(seconds), 0.0), coalesce(sum(size), 0),
    sum(is_repeated), sum(iif(is_repeated, characters, 0))
FROM counted GROUP BY name ORDER BY {order}
"""


@frozen
class BackupStats:
    """Numbers of a backup, or of a part of it.

    Attributes:
        items: How many items.
        saved: How many of them have a file.
        characters: What they cost, in characters as the API counts them.
        seconds: How long they sound, as far as their files tell.
        size: Bytes of their files.
        repeated: How many items have the text, voice and model of an older one.
        repeated_characters: What those cost, in characters.
    """

    items: int = 0
    saved: int = 0
    characters: int = 0
    seconds: float = 0.0
    size: int = 0
    repeated: int = 0
    repeated_characters: int = 0


def stats_query(by: Grouping | None) -> str:
    """Return the query for the name and the numbers of each group: months in their order, else the largest first."""
    order = "name" if by == "month" else "sum(characters) DESC, name"
    return _QUERY.format(group=_GROUPS[by], order=order)
