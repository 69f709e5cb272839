"""The file of the catalog: its tables, how it is opened, and what its errors mean.

Any tool for SQLite can read it. It holds the complete JSON of every item.
"""

import contextlib
import os
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path, PurePath
from typing import Any, Final
from urllib.parse import quote

from elevenlabs_history import AtomicFile, WriteError

from .errors import CatalogError

CATALOG_NAME: Final = "history.db"
"""The file of the catalog, in the folder of a backup."""
HIDDEN_FOLDER: Final = ".elevenlabs-history"
"""The folder of locks and temporary files, in the folder of a backup."""
CATALOG_COPY_NAME: Final = f"{CATALOG_NAME}.before-prune"
"""The copy of the catalog that is made before items are deleted on the server."""
VERSION: Final = 4

_LOCK_TIMEOUT = 5.0  # seconds
_HEADER_BYTES = 100
_MAGIC = b"SQLite format 3\0"
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
    text_hash INTEGER,
    characters INTEGER NOT NULL,
    on_server INTEGER NOT NULL,
    folded TEXT NOT NULL,
    alignment_fetched INTEGER NOT NULL DEFAULT 0,
    json TEXT NOT NULL
);
CREATE INDEX items_by_date ON items (date_unix DESC);
CREATE INDEX items_by_text ON items (text_hash) WHERE text_hash IS NOT NULL;
CREATE INDEX items_not_on_server ON items (history_item_id) WHERE NOT on_server;
CREATE TABLE files (
    history_item_id TEXT NOT NULL REFERENCES items (history_item_id),
    format TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('saved', 'missing', 'failed', 'forgotten')),
    reason TEXT,
    path TEXT UNIQUE CHECK ((path IS NOT NULL) = (state = 'saved')),
    kind TEXT,
    size INTEGER,
    seconds REAL,
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
CREATE TABLE settings (
    name TEXT PRIMARY KEY,
    value TEXT
);
CREATE TABLE prunes (
    history_item_id TEXT PRIMARY KEY REFERENCES items (history_item_id),
    intended_at TEXT NOT NULL,
    pruned_at TEXT
);
CREATE VIRTUAL TABLE words USING fts5 (folded, content="items", content_rowid="number", tokenize="trigram");
CREATE TRIGGER items_insert AFTER INSERT ON items BEGIN
    INSERT INTO words (rowid, folded) VALUES (new.number, new.folded);
END;
CREATE TRIGGER items_delete AFTER DELETE ON items BEGIN
    INSERT INTO words (words, rowid, folded) VALUES ('delete', old.number, old.folded);
END;
CREATE TRIGGER items_update AFTER UPDATE OF folded ON items WHEN new.folded <> old.folded BEGIN
    INSERT INTO words (words, rowid, folded) VALUES ('delete', old.number, old.folded);
    INSERT INTO words (rowid, folded) VALUES (new.number, new.folded);
END;
"""
# What a run has to fetch may be long, so it is in a temporary file. Caches are in KiB.
#
# With a write-ahead log, NORMAL loses at most the newest transactions in a power failure, in order: the high-water mark
# never survives without the rows before it. OFF could damage the file. On macOS fsync leaves the data in the cache of
# the drive; fullfsync does not, and elsewhere it does nothing.
_SETTINGS = """
PRAGMA foreign_keys = ON;
PRAGMA fullfsync = ON;
PRAGMA cache_size = -1000;
PRAGMA temp.cache_size = -256;
CREATE TEMP TABLE pending (json TEXT NOT NULL);
"""


class Database:
    """The open file. Threads may share it."""

    def __init__(self, folder: Path, *, create: bool, read_only: bool = False, name: str | None = None) -> None:
        """Open the catalog of a backup that is called `name`; without `create` also on a read-only disk, unchanged.

        With `read_only` SQLite refuses every change.
        """
        self.folder: Path = folder
        self.name: str = name or str(folder)
        self.path: Path = folder / CATALOG_NAME
        self._write_lock = threading.Lock()
        self._query_lock = threading.Lock()
        if create and not self.path.exists():
            self._create()
        self._check_header()
        mode = "rw" if create else self._mode_to_read()
        with self._errors():
            # A run records files from the thread that saved them, while the caller waits.
            self._connection = sqlite3.connect(
                f"{_uri(self.path.absolute())}?mode={mode}",
                uri=True,
                timeout=_LOCK_TIMEOUT,
                isolation_level=None,
                check_same_thread=False,
            )
            try:
                journal = self.value("PRAGMA journal_mode" if mode.startswith("ro") else "PRAGMA journal_mode = WAL")
                # Some network file systems have no write-ahead log. Without one, NORMAL may damage the file.
                self._synchronous = "NORMAL" if journal == "wal" else "FULL"
                self._connection.executescript(
                    f"{_SETTINGS} PRAGMA synchronous = {self._synchronous}; PRAGMA query_only = {read_only};"
                )
            except BaseException:
                self._connection.close()
                raise

    def _create(self) -> None:
        """Make an empty catalog, in one step: what is cut short must not pass for one."""
        with AtomicFile(self.folder / HIDDEN_FOLDER) as file, self._errors():
            file.close()
            connection = sqlite3.connect(file.path, isolation_level=None)
            try:
                # The journal of an SQLite file is a second file, and this one is not used before it is complete.
                script = f"PRAGMA journal_mode = MEMORY; BEGIN; {_SCHEMA} PRAGMA user_version = {VERSION}; COMMIT;"
                connection.executescript(script)
            finally:
                connection.close()
            file.commit(self.path)

    def _check_header(self) -> None:
        """Look at the file before SQLite does, which might write to it; see sqlite.org/fileformat.html."""
        try:
            if not self.path.is_file():
                problem = f"it has no {CATALOG_NAME}" if self.folder.is_dir() else "there is no such folder"
                hint = "Name the folder of a backup, or run a backup into it first."
                raise CatalogError(f"{self.name} is not a backup: {problem}.", hint=hint)
            with self.path.open("rb") as file:
                header = file.read(_HEADER_BYTES)
        except OSError as error:
            raise CatalogError(f"Can't read {self.path}: {error.strerror}.", hint="Check its permissions.") from error
        if len(header) < _HEADER_BYTES or not header.startswith(_MAGIC):
            raise damaged(self.path, "it is empty" if not header else "it is not a database")
        version = int.from_bytes(header[60:64], "big")
        if version == 0:
            raise CatalogError(
                f"{self.path} belongs to another program. It was not changed.", hint="Choose another folder."
            )
        if version != VERSION:
            raise CatalogError(
                f"{self.path} has version {version}, this package knows version {VERSION}. It was not changed.",
                hint="Run: pip install --upgrade elevenlabs-history",
            )

    def _mode_to_read(self) -> str:
        if os.access(self.folder, os.W_OK) and os.access(self.path, os.W_OK):
            return "rw"
        log = self.folder / f"{CATALOG_NAME}-wal"
        if log.exists() and log.stat().st_size:
            raise CatalogError(
                f"{self.path} is read-only, but an interrupted run left changes in {log.name}.",
                hint="Make the folder writable, or copy it to where it is.",
            )
        # Even to read, SQLite would write its index of the log; a file that nobody can change needs none.
        return "ro&immutable=1"

    def check(self) -> None:
        """Raise `CatalogError` if a page of the file is damaged."""
        problem = self.value("PRAGMA quick_check(1)")
        if problem != "ok":
            raise damaged(self.path, problem)

    def rows(self, query: str, *parameters: object, **named: object) -> Iterator[tuple[Any, ...]]:
        """Yield the rows of a query."""
        with self._errors():
            with self._query_lock:
                cursor = self._connection.execute(query, named or parameters)
            while True:
                # Threads with the same query share a statement, and a cursor at its end resets that of the next one.
                with self._query_lock:
                    row = cursor.fetchone()
                if row is None:
                    return
                yield row

    def value(self, query: str, *parameters: object) -> Any:  # noqa: ANN401 - a column may hold anything
        """Return the value of a query with one row and one column."""
        with self._errors(), self._query_lock:
            return self._connection.execute(query, parameters).fetchone()[0]

    @contextlib.contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Give the connection for changes that are committed together, or not at all."""
        with self._write_lock, self._errors(), self._connection as connection:
            connection.execute("BEGIN IMMEDIATE")
            yield connection

    @contextlib.contextmanager
    def durable_transaction(self) -> Iterator[sqlite3.Connection]:
        """Give a transaction that survives a power failure once it is committed, and all earlier ones with it."""
        # FULL flushes the write-ahead log.
        with self._errors():
            self._connection.execute("PRAGMA synchronous = FULL")
            try:
                with self.transaction() as connection:
                    yield connection
            finally:
                self._connection.execute(f"PRAGMA synchronous = {self._synchronous}")

    @contextlib.contextmanager
    def snapshot(self) -> Iterator[AtomicFile]:
        """Give a temporary copy of the file, complete without a write-ahead log."""
        with AtomicFile(self.folder / HIDDEN_FOLDER) as file:
            file.close()
            # With a connection of its own, because SQLite refuses while rows of a query are still to come.
            with self._errors(), contextlib.closing(sqlite3.connect(self.path, timeout=_LOCK_TIMEOUT)) as connection:
                connection.execute("PRAGMA wal_checkpoint")  # a power failure must not leave it older than its copies
                connection.execute("VACUUM INTO ?", (str(file.path),))
            yield file

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    @contextlib.contextmanager
    def _errors(self) -> Iterator[None]:
        """Turn errors of SQLite into what they mean for a backup."""
        try:
            yield
        except sqlite3.ProgrammingError as error:
            raise closed_error(self.name) from error
        except sqlite3.DatabaseError as error:
            raise _meaning(self.path, error) from error


def closed_error(name: str) -> CatalogError:
    """Say that a backup was used after `close`."""
    return CatalogError(f"The backup in {name} is closed.", hint="Open it again.")


def _meaning(path: Path, error: sqlite3.Error) -> CatalogError | WriteError:
    if "locked" in str(error):
        return CatalogError(f"{path} is locked by another program.", hint="Close that program, then run it again.")
    if any(words in str(error) for words in _DISK_ERRORS):
        return WriteError(
            f"Can't write {path}: {error}. What is recorded stays.",
            hint="Free some space, or make the folder writable, then run it again.",
        )
    if "no such tokenizer" in str(error):
        return CatalogError(
            f"A backup needs SQLite 3.34 or newer; this Python has {sqlite3.sqlite_version}.",
            hint="Run it with a newer build of Python.",
        )
    return damaged(path, str(error))


def damaged(path: Path, problem: str) -> CatalogError:
    """Say that the file can't be used, and what can be done."""
    return CatalogError(
        f"{path} can't be read as a catalog: {problem}. It was not changed, nor was any file.",
        hint="Restore it from a copy. Or move it away and import the files; if they are in a bucket, run the backup.",
    )


def _uri(path: PurePath) -> str:
    """Return the URI of a path, also of a Windows share, which `Path.as_uri` writes in a way that SQLite refuses."""
    text = path.as_posix()
    return f"file://{'' if text.startswith('/') else '/'}{quote(text, safe='/:')}"
