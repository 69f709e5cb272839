"""The file of the catalog: its tables, how it is opened, and what its errors mean.

Any tool for SQLite can read it. It holds the complete JSON of every item.
"""

import contextlib
import os
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from elevenlabs_history import WriteError

from .errors import CatalogError

NAME: Final = "history.db"
VERSION: Final = 2

_LOCK_TIMEOUT = 5.0  # seconds
_DISK_ERRORS = ("disk is full", "readonly database", "unable to open", "disk I/O error")
_SCHEMA = """
CREATE TABLE items (
    number INTEGER PRIMARY KEY,
    history_item_id TEXT NOT NULL UNIQUE,
    date_unix INTEGER NOT NULL,
    date TEXT NOT NULL,
    voice TEXT NOT NULL,
    voice_id TEXT,
    model_id TEXT,
    source TEXT,
    text TEXT NOT NULL,
    characters INTEGER NOT NULL,
    on_server INTEGER NOT NULL DEFAULT 1,
    json TEXT NOT NULL
);
CREATE INDEX items_by_date ON items (date_unix);
CREATE TABLE files (
    history_item_id TEXT NOT NULL REFERENCES items (history_item_id),
    format TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('saved', 'missing', 'failed')),
    reason TEXT,
    path TEXT UNIQUE CHECK ((path IS NOT NULL) = (state = 'saved')),
    kind TEXT,
    size INTEGER,
    sha256 TEXT,
    match_method TEXT,
    saved_at TEXT NOT NULL,
    PRIMARY KEY (history_item_id, format)
);
CREATE TABLE runs (
    number INTEGER PRIMARY KEY,
    scope TEXT NOT NULL,
    started_at TEXT NOT NULL,
    ended_at TEXT,
    high_water_mark INTEGER
);
CREATE VIRTUAL TABLE words USING fts5 (
    text, voice, content = 'items', content_rowid = 'number', tokenize = "unicode61 remove_diacritics 2"
);
CREATE TRIGGER items_insert AFTER INSERT ON items BEGIN
    INSERT INTO words (rowid, text, voice) VALUES (new.number, new.text, new.voice);
END;
CREATE TRIGGER items_delete AFTER DELETE ON items BEGIN
    INSERT INTO words (words, rowid, text, voice) VALUES ('delete', old.number, old.text, old.voice);
END;
CREATE TRIGGER items_update AFTER UPDATE OF text, voice ON items BEGIN
    INSERT INTO words (words, rowid, text, voice) VALUES ('delete', old.number, old.text, old.voice);
    INSERT INTO words (rowid, text, voice) VALUES (new.number, new.text, new.voice);
END;
"""
# With a write-ahead log, NORMAL loses at most the newest transactions in a power failure, in order: the high-water mark
# never survives without the rows before it. OFF could damage the file. On macOS fsync leaves the data in the cache of
# the drive; fullfsync does not, and elsewhere it does nothing.
_SETTINGS = """
PRAGMA foreign_keys = ON;
PRAGMA synchronous = NORMAL;
PRAGMA fullfsync = ON;
CREATE TEMP TABLE pending (json TEXT NOT NULL);
"""


class Database:
    """The open file. Threads may share it."""

    def __init__(self, folder: Path, *, create: bool) -> None:
        """Open the catalog of a folder; without `create` also one on a read-only disk, without writing to it."""
        self.folder = folder
        self.path = folder / NAME
        self._write_lock = threading.Lock()
        mode = "rwc" if create else self._mode_to_read()
        with self._errors():
            # A run records files from the thread that saved them, while the caller waits.
            self._connection = sqlite3.connect(
                f"{self.path.absolute().as_uri()}?mode={mode}",
                uri=True,
                timeout=_LOCK_TIMEOUT,
                isolation_level=None,
                check_same_thread=False,
            )
            try:
                self._prepare()
            except BaseException:
                self._connection.close()
                raise

    def _mode_to_read(self) -> str:
        if not self.path.is_file():
            raise CatalogError(
                f"{self.folder} is not a backup: it has no {NAME}.",
                hint="Name the folder of a backup, or run a backup into it first.",
            )
        if os.access(self.folder, os.W_OK) and os.access(self.path, os.W_OK):
            return "rw"
        log = self.folder / f"{NAME}-wal"
        if log.exists() and log.stat().st_size:
            raise CatalogError(
                f"{self.path} is read-only, but an interrupted run left changes in {log.name}.",
                hint="Make the folder writable, or copy it to where it is.",
            )
        # Even to read, SQLite would write its index of the log; a file that nobody can change needs none.
        return "ro&immutable=1"

    def _prepare(self) -> None:
        version = self.value("PRAGMA user_version")
        if version not in {0, VERSION}:
            raise CatalogError(
                f"{self.path} has version {version}, this package knows version {VERSION}. It was not changed.",
                hint="Run: pip install --upgrade elevenlabs-history",
            )
        # A run that was killed at its very start leaves an empty file; one with tables belongs to another program.
        if version == 0 and self.value("SELECT count(*) FROM sqlite_master"):
            raise CatalogError(
                f"{self.path} belongs to another program. It was not changed.", hint="Choose another folder."
            )
        self._connection.executescript(_SETTINGS)
        if version == 0:
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} PRAGMA user_version = {VERSION}; COMMIT;")

    def rows(self, query: str, *parameters: object) -> Iterator[tuple[Any, ...]]:
        """Yield the rows of a query."""
        with self._errors():
            # Not `yield from`: it closes the cursor at the end, which fails once the database is closed.
            for row in self._connection.execute(query, parameters):  # noqa: UP028
                yield row

    def value(self, query: str, *parameters: object) -> Any:  # noqa: ANN401 - a column may hold anything
        """Return the value of a query with one row and one column."""
        with self._errors():
            return self._connection.execute(query, parameters).fetchone()[0]

    @contextlib.contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Give the connection for changes that are committed together, or not at all."""
        with self._write_lock, self._errors(), self._connection as connection:
            connection.execute("BEGIN IMMEDIATE")
            yield connection

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    @contextlib.contextmanager
    def _errors(self) -> Iterator[None]:
        """Turn errors of SQLite into what they mean for a backup."""
        try:
            yield
        except sqlite3.ProgrammingError as error:
            raise closed_error(self.folder) from error
        except sqlite3.DatabaseError as error:
            raise _meaning(self.path, error) from error


def closed_error(folder: Path) -> CatalogError:
    """Say that a backup was used after `close`."""
    return CatalogError(f"The backup in {folder} is closed.", hint="Open it again.")


def _meaning(path: Path, error: sqlite3.Error) -> CatalogError | WriteError:
    if "locked" in str(error):
        return CatalogError(f"{path} is locked by another program.", hint="Close that program, then run it again.")
    if any(words in str(error) for words in _DISK_ERRORS):
        return WriteError(
            f"Can't write {path}: {error}. What is recorded stays.",
            hint="Free some space, or make the folder writable, then run it again.",
        )
    return CatalogError(
        f"{path} can't be read as a catalog: {error}. It was not changed, nor was any file.",
        hint="Restore it from a copy, or move it away and run the backup again, which fetches everything anew.",
    )
