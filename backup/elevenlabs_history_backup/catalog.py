"""What users and runs read from the catalog, and what runs write into it."""

import json
import sqlite3
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

from attrs import asdict, fields_dict
from elevenlabs_history import DownloadedFile, HistoryItem, TimestampLike, audio_seconds

from .find import find_query, same_text, text_hash
from .metadata import Metadata, iso_format, to_json, utf8
from .report import BackupFile, Record, State, StoredFile
from .schema import Database, damaged
from .search import search_query, searchable
from .settings import SyncSettings
from .stats import BackupStats, Grouping, stats_query

_COLUMNS = tuple(fields_dict(BackupFile))
_FILES = f"SELECT {', '.join(_COLUMNS)} FROM files WHERE state = 'saved' ORDER BY path"  # noqa: S608 - constants
_FILES_OF_ITEM = f"""
SELECT state, reason, {", ".join(_COLUMNS)} FROM files WHERE history_item_id = ? ORDER BY format
"""  # noqa: S608 - constants
# An item is in the first of these states in which one of its files is: it is missing only if the server had none.
_STATES: tuple[State, ...] = ("saved", "failed", "forgotten", "missing")
_ITEM = "SELECT history_item_id, voice, text, json, on_server FROM items WHERE number = ?"
_ITEM_COLUMNS = (
    *("date_unix", "date", "voice", "voice_id", "model_id", "source"),
    *("text", "text_hash", "characters", "folded", "json"),
)
_INSERT_ITEM = f"""
INSERT INTO items (history_item_id, on_server, {", ".join(_ITEM_COLUMNS)}) VALUES (?, ?{", ?" * len(_ITEM_COLUMNS)})
ON CONFLICT (history_item_id) DO UPDATE SET {", ".join(f"{name} = excluded.{name}" for name in _ITEM_COLUMNS[:-1])},
    json = iif(alignment_fetched, json, excluded.json)
"""  # noqa: S608 - constants
_INSERT_FILE = """
INSERT OR REPLACE INTO files (history_item_id, format, state, path, kind, size, seconds, sha256, match_method, saved_at)
VALUES (?, ?, 'saved', ?, ?, ?, ?, ?, ?, ?)
"""
_INSERT_FAILURE = """
INSERT INTO files (history_item_id, format, state, reason, saved_at) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (history_item_id, format) DO UPDATE
SET state = excluded.state, reason = excluded.reason, saved_at = excluded.saved_at WHERE state <> 'saved'
"""
# Including those of which it is not known yet.
_NOT_PRUNED = "history_item_id NOT IN (SELECT history_item_id FROM prunes)"


class Catalog(Database):
    """The catalog of one backup."""

    def count(self) -> int:
        """Return how many items are recorded."""
        return int(self.value("SELECT count(*) FROM items"))

    def all(self) -> Iterator[Record]:
        """Yield every item, newest first."""
        return self._records("SELECT number FROM items ORDER BY date_unix DESC, number")

    def get(self, history_item_id: str) -> Record | None:
        """Return an item, or None if it is not recorded."""
        query = "SELECT number FROM items WHERE history_item_id = :id"
        return next(self._records(query, id=utf8(history_item_id)), None)

    def search(
        self,
        words: str,
        *,
        voice: str | None,
        after: TimestampLike | None,
        before: TimestampLike | None,
        limit: int | None,
    ) -> Iterator[Record]:
        """Yield the items that contain all words, newest first; see `Backup.search`."""
        query, parameters = search_query(words, voice=voice, after=after, before=before, limit=limit)
        return self._records(query, **parameters)

    def find(self, text: str, *, voice: str | None, model_id: str | None, exact: bool) -> list[Record]:
        """Return the saved items with this text, newest first; see `BackupReader.find`."""
        query, parameters = find_query(text, voice=voice, model_id=model_id)
        return [each for each in self._records(query, **parameters) if same_text(text, each.text, exact=exact)]

    def stats(self, by: Grouping | None) -> dict[str | None, BackupStats]:
        """Return the numbers of each group, in the order in which people read them."""
        return {name: BackupStats(*numbers) for name, *numbers in self.rows(stats_query(by))}

    def files(self) -> Iterator[BackupFile]:
        """Yield every file, by path."""
        return map(_file, self.rows(_FILES))

    def paths(self) -> Iterator[str]:
        """Yield the path of every file."""
        return (row[0] for row in self.rows("SELECT path FROM files WHERE state = 'saved'"))

    def known_ids(self, output_format: str) -> set[str]:
        """Return the items that are forgotten, saved in this format or failed in it. WAV as generated counts as WAV.

        Missing items are not known: one that is listed again may have become available.
        """
        known = "(format = ? AND state <> 'missing') OR kind = ? OR state = 'forgotten'"
        query = f"SELECT history_item_id FROM files WHERE {known}"  # noqa: S608 - a constant
        return {row[0] for row in self.rows(query, output_format, output_format)}

    def settled_ids(self) -> set[str]:
        """Return the items that are saved in any format, or forgotten."""
        query = "SELECT history_item_id FROM files WHERE state IN ('saved', 'forgotten')"
        return {row[0] for row in self.rows(query)}

    def ids_not_on_server(self) -> set[str]:
        """Return the items that the last complete listing did not have."""
        return {row[0] for row in self.rows("SELECT history_item_id FROM items WHERE NOT on_server")}

    def failed(self, output_format: str) -> list[Metadata]:
        """Return the items that could not be saved in this format, except those that were pruned since."""
        query = "SELECT json FROM items JOIN files USING (history_item_id) WHERE format = ? AND state = 'failed'"
        return list(self._metadata(f"{query} AND {_NOT_PRUNED}", output_format))

    def count_failed(self) -> int:
        """Return how many items could not be saved in any format, except those that were pruned or forgotten since."""
        query = "SELECT count(DISTINCT history_item_id) FROM files WHERE state = 'failed' AND history_item_id NOT IN"
        settled = "(SELECT history_item_id FROM files WHERE state IN ('saved', 'forgotten'))"
        return int(self.value(f"{query} {settled} AND {_NOT_PRUNED}"))

    def metadata(self, history_item_id: str) -> Metadata:
        """Return the metadata of a recorded item."""
        return next(self._metadata("SELECT json FROM items WHERE history_item_id = ?", history_item_id))

    def all_metadata(self) -> Iterator[Metadata]:
        """Yield the metadata of every item."""
        return self._metadata("SELECT json FROM items")

    def voices(self) -> dict[str, int]:
        """Return how many items each voice has, the most used first."""
        return dict(self.rows("SELECT voice, count(*) FROM items GROUP BY voice ORDER BY count(*) DESC, voice"))

    def only_listed(self) -> Iterator[Metadata]:
        """Yield the items whose alignment was not asked for and still can be, newest first."""
        where = "on_server AND NOT alignment_fetched ORDER BY date_unix DESC, number"
        return self._metadata(f"SELECT json FROM items WHERE {where}")  # noqa: S608 - constants

    def record_alignment(self, history_item_id: str, item: Metadata | None) -> None:
        """Write that the alignment of an item was fetched, and the metadata that has it; None if there is none."""
        with self.transaction() as connection:
            update = "UPDATE items SET alignment_fetched = 1, json = coalesce(?, json) WHERE history_item_id = ?"
            connection.execute(update, (None if item is None else to_json(item), history_item_id))

    def has_path(self, path: str) -> bool:
        """Whether a file is recorded under this path, even if it is lost."""
        return bool(self.value("SELECT count(*) FROM files WHERE path = ?", path))

    def enqueue(self, items: Iterable[Metadata]) -> None:
        """Add items that are to be fetched; `begin_run` and closing the catalog forget them."""
        with self.transaction() as connection:
            connection.executemany("INSERT INTO pending VALUES (?)", ((to_json(item),) for item in items))

    def pending(self) -> Iterator[Metadata]:
        """Yield what is to be fetched, first in, first out."""
        return self._metadata("SELECT json FROM pending ORDER BY rowid")

    def record_file(self, item: Metadata, output_format: str, file: DownloadedFile, *, on_server: bool = True) -> None:
        """Write the row of a file that is in place. It replaces what was known of that path.

        `on_server` is for an item that is not recorded yet: whether the server lists it.
        """
        path = file.path.relative_to(self.folder).as_posix()
        if isinstance(file, StoredFile):
            seconds = file.seconds
        else:
            seconds = audio_seconds(file.path, output_format=HistoryItem(item).output_format)
        values = (path, file.kind.value, file.size, seconds, file.sha256, str(file.match_method), _now())
        with self.transaction() as connection:
            _insert_item(connection, item, on_server=on_server)
            connection.execute(_INSERT_FILE, (item["history_item_id"], output_format, *values))

    def record_failure(self, item: Metadata, output_format: str, state: State, reason: str) -> None:
        """Write why an item could not be saved. A file that it has in this format stays recorded."""
        values = (item["history_item_id"], output_format, state, utf8(reason), _now())
        with self.transaction() as connection:
            _insert_item(connection, item)
            connection.execute(_INSERT_FAILURE, values)

    def record_move(self, old: str, new: str) -> None:
        """Write that a file has another path now."""
        with self.transaction() as connection:
            connection.execute("UPDATE files SET path = ? WHERE path = ?", (new, old))

    def record_forgotten(self, history_item_ids: Iterable[str]) -> int:
        """Write that the files of these items are not missed, and return how many."""
        update = (
            "UPDATE files SET state = 'forgotten', path = NULL, reason = NULL WHERE state <> 'forgotten'"
            " AND history_item_id IN (SELECT value FROM json_each(?))"
        )
        with self.transaction() as connection:
            return connection.execute(update, (json.dumps(list(history_item_ids)),)).rowcount

    def record_relisted(self, items: Iterable[Metadata]) -> None:
        """Write that the server lists items after all, and what it says of them."""
        with self.transaction() as connection:
            for item in items:
                _insert_item(connection, item)
                query = "UPDATE items SET on_server = 1 WHERE history_item_id = ?"
                connection.execute(query, (item["history_item_id"],))

    def record_listing(self, listed: set[str]) -> int:
        """Write which items a complete listing still had, and return how many saved ones others have deleted."""
        update = (
            "UPDATE items SET on_server = NOT on_server"
            " WHERE on_server <> (history_item_id IN (SELECT value FROM json_each(?)))"
        )
        deleted = (
            "SELECT count(DISTINCT history_item_id) FROM items JOIN files USING (history_item_id)"  # noqa: S608
            f" WHERE NOT on_server AND state = 'saved' AND {_NOT_PRUNED}"
        )
        with self.transaction() as connection:
            connection.execute(update, (json.dumps(list(listed)),))
        return int(self.value(deleted))

    def settings(self) -> SyncSettings | None:
        """Return what the backup was made with; None if no run has stored it."""
        stored = dict(self.rows("SELECT name, value FROM settings"))
        return SyncSettings(**stored) if stored else None

    def store_settings(self, settings: SyncSettings) -> None:
        """Replace what later runs continue with."""
        with self.transaction() as connection:
            connection.executemany("INSERT OR REPLACE INTO settings VALUES (?, ?)", asdict(settings).items())

    def begin_run(self, scope: str) -> int:
        """Write that a run has begun, and return its number."""
        with self.transaction() as connection:
            connection.execute("DELETE FROM pending")
            cursor = connection.execute("INSERT INTO runs (scope, started_at) VALUES (?, ?)", (scope, _now()))
        return int(cursor.lastrowid or 0)

    def end_run(self, number: int, *, high_water_mark: int | None) -> None:
        """Write that a run has ended, and the date (Unix seconds) up to which its scope is complete, if known."""
        # Who deletes items on the server after a run must not lose their rows in a power failure.
        with self.durable_transaction() as connection:
            query = "UPDATE runs SET ended_at = ?, high_water_mark = ? WHERE number = ?"
            connection.execute(query, (_now(), high_water_mark, number))

    def has_completed_run(self) -> bool:
        """Tell whether a run has ended by itself."""
        return bool(self.value("SELECT count(*) FROM runs WHERE ended_at IS NOT NULL"))

    def high_water_mark(self, scope: str) -> int | None:
        """Return the date, in Unix seconds, up to which earlier runs of a scope have fetched everything."""
        mark: int | None = self.value("SELECT max(high_water_mark) FROM runs WHERE scope = ?", scope)
        return mark

    def _metadata(self, query: str, *parameters: object) -> Iterator[Metadata]:
        for (entry,) in self.rows(query, *parameters):
            yield self.parse_item(entry).to_dict()

    def parse_item(self, entry: str) -> HistoryItem:
        """Parse an item, which another program may have changed."""
        try:
            return HistoryItem.from_dict(json.loads(entry))
        except (TypeError, ValueError, RecursionError) as error:
            raise damaged(self.path, f"an item is not what was saved: {error}") from error

    def _records(self, query: str, **parameters: object) -> Iterator[Record]:
        """Yield the items whose numbers a query returns. It returns nothing else, so that sorting them is quick."""
        for (number,) in self.rows(query, **parameters):
            for history_item_id, voice, text, entry, on_server in self.rows(_ITEM, number):
                files = list(self.rows(_FILES_OF_ITEM, history_item_id))
                reasons = {state: reason for state, reason, *_ in files}
                item = self.parse_item(entry)
                yield Record(
                    history_item_id=history_item_id,
                    date=item.date,
                    voice=voice,
                    text=text,
                    state=next(each for each in _STATES if each in {*reasons, "missing"}),
                    reason=next(filter(None, reasons.values()), None),
                    on_server=bool(on_server),
                    files=tuple(_file(columns) for state, _, *columns in files if state == "saved"),
                    metadata=item.to_dict(),
                )


def _file(columns: Iterable[Any]) -> BackupFile:
    return BackupFile(**dict(zip(_COLUMNS, columns, strict=True)))


def _insert_item(connection: sqlite3.Connection, metadata: Metadata, *, on_server: bool = True) -> None:
    item = HistoryItem(metadata)
    voice, text = utf8(item.voice_name or ""), utf8(item.text or "")
    ids = (None if each is None else utf8(each) for each in (item.voice_id, item.model_id, item.source))
    folded = searchable(item.history_item_id, voice, text)
    texts = (text, text_hash(text), item.characters, folded, to_json(metadata))
    values = (item.date_unix, iso_format(item.date), voice, *ids, *texts)
    connection.execute(_INSERT_ITEM, (item.history_item_id, on_server, *values))


def _now() -> str:
    return iso_format(datetime.now(UTC).replace(microsecond=0))
