"""The file of the catalog: its tables, how it is opened, and what its failures mean.

It is plain enough to be read with any tool for SQLite, and keeps every item's JSON whole.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from typing import TYPE_CHECKING, Any, Final, Self

from ..errors import WriteError, CatalogError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NAME: Final = "history.db"
VERSION: Final = 1

_WAIT_FOR_LOCK = 5.0  # seconds
_DISK = ("disk is full", "readonly database", "unable to open", "disk I/O error")
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
    state TEXT NOT NULL CHECK (state IN ('saved', 'gone', 'failed')),
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
    covered_until INTEGER
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
_WANTED = (
    "CREATE TEMP TABLE wanted (number INTEGER PRIMARY KEY, history_item_id TEXT NOT NULL UNIQUE, json TEXT NOT NULL)"
)


class Database:
    """The open file. A context manager for one thread."""

    def __init__(self, folder: Path, connection: sqlite3.Connection) -> None:
        self.folder = folder
        self._connection = connection

    @classmethod
    def create(cls, folder: Path) -> Self:
        """Open the catalog of a folder, or make it.

        Raises:
            CatalogError: It is damaged, of a newer version, or locked by another program.
            WriteError: The disk is full, or the folder may not be written to.
        """
        return cls._open(folder, "rwc")

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Open the catalog of a folder that has one; on a disk that can't be written to, as it is.

        Raises:
            CatalogError: There is none, or it is damaged, of a newer version or locked.
        """
        if not (folder / NAME).is_file():
            raise CatalogError(
                f"{folder} is no backup: it has no {NAME}.",
                hint="Name the folder of a backup, or make one there first.",
            )
        if os.access(folder, os.W_OK) and os.access(folder / NAME, os.W_OK):
            return cls._open(folder, "rw")
        log = folder / f"{NAME}-wal"
        if log.exists() and log.stat().st_size:
            raise CatalogError(
                f"{folder / NAME} lacks what a run that was cut off has left in {log.name}, and may not be written to.",
                hint="Copy the folder to where it can be written to, or make it writable.",
            )
        # Even to read, SQLite would write its index of the log; nobody can change the file here, so it needs none.
        return cls._open(folder, "ro&immutable=1")

    @classmethod
    def _open(cls, folder: Path, mode: str) -> Self:
        with _explaining(folder):
            connection = sqlite3.connect(
                f"{(folder / NAME).absolute().as_uri()}?mode={mode}",
                uri=True,
                timeout=_WAIT_FOR_LOCK,
                isolation_level=None,
            )
            database = cls(folder, connection)
            try:
                database._prepare()
            except BaseException:
                connection.close()
                raise
        return database

    def _prepare(self) -> None:
        version = self._connection.execute("PRAGMA user_version").fetchone()[0]
        if version > VERSION:
            raise CatalogError(
                f"{self.folder / NAME} was written by a newer version of this package: it is of version {version}, "
                f"and this one knows version {VERSION}.",
                hint="Run: pip install --upgrade elevenlabs-history",
            )
        self._connection.execute("PRAGMA foreign_keys = ON")
        self._connection.execute("PRAGMA synchronous = NORMAL")
        if version == 0:
            # A run that was killed at its very start leaves an empty file; what has tables is of another program.
            if self._connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
                raise CatalogError(
                    f"{self.folder / NAME} is of another program. It was left as it is.", hint="Choose another folder."
                )
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} PRAGMA user_version = {VERSION}; COMMIT;")
        self._connection.execute(_WANTED)

    def rows(self, query: str, *parameters: object) -> Iterator[tuple[Any, ...]]:
        """Yield what a query finds."""
        with _explaining(self.folder):
            # Not `yield from`: it closes the rows that nobody waits for any more, which fails once this is closed.
            for row in self._connection.execute(query, parameters):  # noqa: UP028
                yield row

    def value(self, query: str, *parameters: object) -> Any:  # noqa: ANN401 - a column may hold anything
        """Return the one value of a query that finds one row."""
        with _explaining(self.folder):
            return self._connection.execute(query, parameters).fetchone()[0]

    @contextlib.contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Give the connection for changes that become real together, or not at all."""
        with _explaining(self.folder):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
            except BaseException:
                # A full disk has rolled back by itself.
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Close it."""
        self._connection.close()


@contextlib.contextmanager
def _explaining(folder: Path) -> Iterator[None]:
    """Turn what SQLite reports into what it means for the backup."""
    path = folder / NAME
    try:
        yield
    except sqlite3.OperationalError as error:
        if "locked" in str(error):
            raise CatalogError(
                f"{path} is locked by another program.", hint="Close the program that has it open, then run it again."
            ) from error
        if any(words in str(error) for words in _DISK):
            raise WriteError(
                f"{path} can't be written: {error}. What is booked stays booked.",
                hint="Make room, or make the folder writable, then run it again.",
            ) from error
        raise _damaged(path, error) from error
    except sqlite3.DatabaseError as error:
        raise _damaged(path, error) from error


def _damaged(path: Path, error: sqlite3.Error) -> CatalogError:
    return CatalogError(
        f"{path} can't be read as a catalog: {error}. It was left as it is, and so was every file.",
        hint="Bring it back from a copy, or move it away and run the backup again, which fetches everything anew.",
    )
