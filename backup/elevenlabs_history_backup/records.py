"""What users read from the catalog. Nothing here needs the server."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Literal

from attrs import fields_dict, frozen

from .metadata import date_of, utf8
from .schema import Database

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from .metadata import Metadata


@frozen(kw_only=True)
class BackupFile:
    """A file of a backup.

    Attributes:
        history_item_id: The item that it is proven to be.
        format: `original`, or the format it was converted to.
        path: Where it is, relative to the folder of the backup, with forward slashes.
        kind: What its bytes are, such as `mp3`.
        size: Size in bytes.
        sha256: SHA-256 of the bytes, in hexadecimal.
        match_method: How the item is known.
        saved_at: When it was saved, by the clock of this machine: ISO 8601, UTC.
    """

    history_item_id: str
    format: str
    path: str
    kind: str
    size: int
    sha256: str
    match_method: str
    saved_at: str


@frozen(kw_only=True)
class Record:
    """An item of a backup.

    Attributes:
        history_item_id: The item.
        date: When it was generated, in UTC.
        voice: Who speaks; of a dialogue, everyone.
        text: What is said; of a dialogue, one line per part.
        state: `saved`, `failed`, or `missing`: the server had lost it before it was saved.
        reason: Why a file of it is not saved; None if all are.
        on_server: Whether the last complete listing still had it.
        files: Its files.
        metadata: The JSON of the API, complete.
    """

    history_item_id: str
    date: datetime
    voice: str
    text: str
    state: Literal["saved", "missing", "failed"]
    reason: str | None
    on_server: bool
    files: tuple[BackupFile, ...]
    metadata: Metadata


_COLUMNS = tuple(fields_dict(BackupFile))
_FILES = f"SELECT {', '.join(_COLUMNS)} FROM files WHERE state = 'saved'"  # noqa: S608 - constants
# An item is saved if one of its files is; missing if the server had none of them.
_ITEM = """
SELECT items.history_item_id, items.voice, items.text, json, on_server,
    max(state = 'saved') AS saved, max(state = 'failed') AS failed, max(reason) AS reason
FROM items JOIN files USING (history_item_id)
"""


class Records(Database):
    """The queries of users."""

    def count(self) -> int:
        """Return how many items are recorded."""
        return int(self.value("SELECT count(*) FROM items"))

    def all(self) -> Iterator[Record]:
        """Yield every item, newest first."""
        return self._records(f"{_ITEM} GROUP BY number ORDER BY date_unix DESC, number")

    def get(self, history_item_id: str) -> Record | None:
        """Return an item, or None if it is not recorded."""
        return next(self._records(f"{_ITEM} WHERE history_item_id = ? GROUP BY number", utf8(history_item_id)), None)

    def search(self, words: str) -> Iterator[Record]:
        """Yield the items whose text or voice has all these words, best first; the last word may be a prefix."""
        # No quote, NUL or surrogate can be part of a word.
        terms = [f'"{word}"' for word in utf8(words).translate({ord('"'): " ", 0: " "}).split()]
        if not terms:
            return iter(())
        query = f"{_ITEM} JOIN words ON words.rowid = number WHERE words MATCH ? GROUP BY number ORDER BY words.rank"
        return self._records(query, " ".join(terms) + " *")

    def files(self) -> Iterator[BackupFile]:
        """Yield every file, by path."""
        return self._files(f"{_FILES} ORDER BY path")

    def _records(self, query: str, *parameters: object) -> Iterator[Record]:
        for history_item_id, voice, text, entry, on_server, saved, failed, reason in self.rows(query, *parameters):
            metadata: Metadata = json.loads(entry)
            yield Record(
                history_item_id=history_item_id,
                date=date_of(metadata),
                voice=voice,
                text=text,
                state="saved" if saved else "failed" if failed else "missing",
                reason=reason,
                on_server=bool(on_server),
                files=tuple(self._files(f"{_FILES} AND history_item_id = ? ORDER BY format", history_item_id)),
                metadata=metadata,
            )

    def _files(self, query: str, *parameters: object) -> Iterator[BackupFile]:
        for row in self.rows(query, *parameters):
            yield BackupFile(**dict(zip(_COLUMNS, row, strict=True)))
