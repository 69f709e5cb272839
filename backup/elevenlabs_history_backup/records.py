"""What people ask a backup that is on their disk. Nothing here needs the server."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Literal, TypeAlias

from attrs import frozen

from ._database import Database
from .catalog import BackupFile
from .entries import moment_of, storable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from .entries import Entry

State: TypeAlias = Literal["saved", "gone", "failed"]

_FILES = """
SELECT history_item_id, format, path, kind, size, sha256, match_method, saved_at FROM files WHERE state = 'saved'
"""
# An item is saved when one of its files is; gone when the server had none of them.
_ITEM = """
SELECT items.history_item_id, items.voice, items.text, json, on_server, min(state = 'saved') AS whole,
    max(state = 'saved') AS saved, max(state = 'failed') AS failed, max(reason) AS reason
FROM items JOIN files USING (history_item_id)
"""


@frozen(kw_only=True)
class Record:
    """An item of a backup.

    Attributes:
        history_item_id: The item.
        date: When it was generated, in UTC.
        voice: Who speaks; of a dialogue, everyone.
        text: What is said; of a dialogue, a line for each part.
        state: `saved`, `failed`, or `gone`: the server had lost it before it was saved.
        reason: Why a file of it is not saved; None when all are.
        on_server: Whether the last listing of everything still had it.
        files: Its files.
        metadata: All that the API told of it.
    """

    history_item_id: str
    date: datetime
    voice: str
    text: str
    state: State
    reason: str | None
    on_server: bool
    files: tuple[BackupFile, ...]
    metadata: Entry


class Records(Database):
    """The catalog of one backup, open for questions."""

    def count(self) -> int:
        """Return how many items are booked."""
        return int(self.value("SELECT count(*) FROM items"))

    def all(self) -> Iterator[Record]:
        """Yield every item, newest first."""
        return self._records(f"{_ITEM} GROUP BY number ORDER BY date_unix DESC, number")

    def get(self, history_item_id: str) -> Record | None:
        """Return an item, or None when it is not booked."""
        query = f"{_ITEM} WHERE history_item_id = ? GROUP BY number"
        return next(self._records(query, storable(history_item_id)), None)

    def search(self, words: str) -> Iterator[Record]:
        """Yield the items whose text or voice has all these words, best first; a last word may be a beginning."""
        # Neither a quote, nor a NUL, nor half a surrogate pair can be part of a word.
        words = storable(words).translate({ord('"'): " ", 0: " "})
        terms = [f'"{word}"' for word in words.split()]
        if not terms:
            return iter(())
        query = f"{_ITEM} JOIN words ON words.rowid = number WHERE words MATCH ? GROUP BY number ORDER BY words.rank"
        return self._records(query, " ".join(terms) + " *")

    def files(self) -> Iterator[BackupFile]:
        """Yield every file, by path."""
        return self._files(f"{_FILES} ORDER BY path")

    def _records(self, query: str, *parameters: object) -> Iterator[Record]:
        for history_item_id, voice, text, entry, on_server, whole, saved, failed, reason in self.rows(
            query, *parameters
        ):
            metadata: Entry = json.loads(entry)
            yield Record(
                history_item_id=history_item_id,
                date=moment_of(metadata),
                voice=voice,
                text=text,
                state="saved" if saved else "failed" if failed else "gone",
                reason=None if whole else reason,
                on_server=bool(on_server),
                files=tuple(self._files(f"{_FILES} AND history_item_id = ? ORDER BY format", history_item_id)),
                metadata=metadata,
            )

    def _files(self, query: str, *parameters: object) -> Iterator[BackupFile]:
        for history_item_id, form, path, kind, size, sha256, match_method, saved_at in self.rows(query, *parameters):
            yield BackupFile(
                history_item_id=history_item_id,
                format=form,
                path=path,
                kind=kind,
                size=size,
                sha256=sha256,
                match_method=match_method,
                saved_at=saved_at,
            )
