"""What a run asks the catalog and writes into it. A row of a file is written only after the file is in place."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, Literal

from attrs import frozen

from ._database import Database
from .entries import characters_of, moment_of, storable, text_of, voice_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from .entries import Entry

ORIGINAL: Final = "original"
"""The format of a file that is as it was generated."""


@frozen(kw_only=True)
class BackupFile:
    """A file of a backup.

    Attributes:
        history_item_id: The item that it is proven to be.
        format: `original`, or the format it was converted to.
        path: Where it is, below the folder of the backup, with forward slashes.
        kind: What its bytes are, such as `mp3`.
        size: Its bytes.
        sha256: Their SHA-256, in hexadecimal.
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


class Catalog(Database):
    """The catalog of one backup, open for a run."""

    def known_ids(self, output_format: str) -> set[str]:
        """Return the items that need no fetching: saved in this format. WAV as generated is WAV already.

        One that was gone and is listed again is not among them: its audio may have been late.
        """
        query = "SELECT history_item_id FROM files WHERE (format = ? AND state = 'saved') OR kind = ?"
        return {row[0] for row in self.rows(query, output_format, output_format)}

    def failed_entries(self, output_format: str) -> list[Entry]:
        """Return the items that could not be saved in this format, as they were listed."""
        query = "SELECT json FROM items JOIN files USING (history_item_id) WHERE format = ? AND state = 'failed'"
        return [json.loads(row[0]) for row in self.rows(query, output_format)]

    def entry(self, history_item_id: str) -> Entry:
        """Return a booked item as it was listed."""
        found: Entry = json.loads(self.value("SELECT json FROM items WHERE history_item_id = ?", history_item_id))
        return found

    def want(self, entries: Iterable[Entry]) -> None:
        """Note what is to be fetched. It is forgotten when the catalog is closed."""
        with self.writing() as connection:
            connection.executemany(
                "INSERT OR IGNORE INTO wanted (history_item_id, json) VALUES (?, ?)",
                ((entry["history_item_id"], _json(entry)) for entry in entries),
            )

    def wanted_count(self) -> int:
        """Return how many items are to be fetched."""
        return int(self.value("SELECT count(*) FROM wanted"))

    def wanted(self, at_once: int) -> Iterator[list[Entry]]:
        """Yield what is to be fetched, in the order in which it was noted, so many at once."""
        query = "SELECT number, json FROM wanted WHERE number > ? ORDER BY number LIMIT ?"
        last = 0
        while rows := list(self.rows(query, last, at_once)):
            last = rows[-1][0]
            yield [json.loads(row[1]) for row in rows]

    def record_file(self, entry: Entry, file: BackupFile) -> None:
        """Write the row of a file that is in place. Whatever was known of that path was replaced by it."""
        row = (file.history_item_id, file.format, file.path, file.kind, file.size, file.sha256, file.match_method)
        with self.writing() as connection:
            connection.execute(*_item_row(entry))
            connection.execute("DELETE FROM files WHERE path = ?", (file.path,))
            connection.execute(
                "INSERT OR REPLACE INTO files"
                " (history_item_id, format, state, path, kind, size, sha256, match_method, saved_at)"
                " VALUES (?, ?, 'saved', ?, ?, ?, ?, ?, ?)",
                (*row, file.saved_at),
            )

    def record_failure(self, entry: Entry, output_format: str, state: Literal["gone", "failed"], reason: str) -> None:
        """Write why an item could not be saved. A file that it has in this format stays booked."""
        with self.writing() as connection:
            connection.execute(*_item_row(entry))
            connection.execute(
                "INSERT INTO files (history_item_id, format, state, reason, saved_at) VALUES (?, ?, ?, ?, ?)"
                " ON CONFLICT (history_item_id, format) DO UPDATE SET state = excluded.state, reason = excluded.reason,"
                " saved_at = excluded.saved_at WHERE state <> 'saved'",
                (entry["history_item_id"], output_format, state, reason, now()),
            )

    def record_move(self, old: str, new: str) -> None:
        """Write that a file has another path now."""
        with self.writing() as connection:
            connection.execute("UPDATE files SET path = ? WHERE path = ?", (new, old))

    def record_listing(self, listed: set[str]) -> int:
        """Write which items a listing of everything still had, and return how many saved ones it had not."""
        with self.writing() as connection:
            connection.execute("CREATE TEMP TABLE listed (history_item_id TEXT PRIMARY KEY)")
            connection.executemany("INSERT INTO listed VALUES (?)", ((history_item_id,) for history_item_id in listed))
            connection.execute(
                "UPDATE items SET on_server = NOT on_server"
                " WHERE on_server <> (history_item_id IN (SELECT history_item_id FROM listed))"
            )
            connection.execute("DROP TABLE listed")
        return int(
            self.value(
                "SELECT count(DISTINCT history_item_id) FROM items JOIN files USING (history_item_id)"
                " WHERE NOT on_server AND state = 'saved'"
            )
        )

    def begin_run(self, scope: str) -> int:
        """Write that a run has begun, and return its number."""
        with self.writing() as connection:
            cursor = connection.execute("INSERT INTO runs (scope, started_at) VALUES (?, ?)", (scope, now()))
        return int(cursor.lastrowid or 0)

    def end_run(self, number: int, *, covered_until: int | None) -> None:
        """Write that a run has ended, and up to which moment (Unix seconds) its scope is covered; None for unknown."""
        with self.writing() as connection:
            connection.execute(
                "UPDATE runs SET ended_at = ?, covered_until = ? WHERE number = ?", (now(), covered_until, number)
            )

    def covered_until(self, scope: str) -> int | None:
        """Return the moment, in Unix seconds, before which earlier runs of a scope have reached everything."""
        covered: int | None = self.value("SELECT max(covered_until) FROM runs WHERE scope = ?", scope)
        return covered


def now() -> str:
    """Return the time, as the catalog writes it."""
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _item_row(entry: Entry) -> tuple[str, tuple[object, ...]]:
    """Return the statement that books an item, or what is new about it, and its values."""
    statement = (
        "INSERT INTO items"
        " (history_item_id, date_unix, date, voice, voice_id, model_id, source, text, characters, json)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (history_item_id) DO UPDATE"
        " SET voice = excluded.voice, text = excluded.text, json = excluded.json"
    )
    return statement, (
        entry["history_item_id"],
        entry["date_unix"],
        moment_of(entry).isoformat().replace("+00:00", "Z"),
        storable(voice_of(entry)),
        *(storable(str(entry[name])) if entry.get(name) else None for name in ("voice_id", "model_id", "source")),
        storable(text_of(entry)),
        characters_of(entry),
        _json(entry),
    )


def _json(entry: Entry) -> str:
    text = json.dumps(entry, ensure_ascii=False, separators=(",", ":"))
    # Half of a surrogate pair, which JSON can hold and SQLite can't.
    return text if storable(text) == text else json.dumps(entry, separators=(",", ":"))
