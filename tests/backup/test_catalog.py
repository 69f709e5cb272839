"""The file of the catalog: made in one step, never written to when it is refused, and checked page by page."""

import contextlib
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import PurePosixPath, PureWindowsPath

import pytest
from elevenlabs_history_backup import Backup, CatalogError, schema
from support.backups import sync


def test_a_catalog_is_made_in_one_step(client, tmp_path, monkeypatch):
    monkeypatch.setattr(schema, "_SCHEMA", schema._SCHEMA + "SELECT nonsense;")
    with pytest.raises(CatalogError):
        sync(client, tmp_path)
    assert not list(tmp_path.rglob("history.db*"))
    assert not list(tmp_path.rglob("*.part*"))
    monkeypatch.undo()
    assert sync(client, tmp_path).saved == 20


def test_a_refused_catalog_with_a_log_is_not_written_to(client, tmp_path):
    path = tmp_path / "history.db"
    other = sqlite3.connect(path)
    other.execute("PRAGMA journal_mode = WAL")
    other.execute("CREATE TABLE songs (name TEXT)")
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    assert "history.db-wal" in before
    for use in (lambda backup: backup.sync(client), lambda backup: backup.verify(), len):
        with Backup(tmp_path) as backup, pytest.raises(CatalogError, match="belongs to another program"):
            use(backup)
    after = {file.name: file.read_bytes() for file in tmp_path.iterdir() if file.is_file()}
    assert after == before
    other.close()


def test_a_damaged_page_is_found_by_verify(client, simulator, tmp_path):
    simulator.history.fill(200)
    sync(client, tmp_path)
    path = tmp_path / "history.db"
    data = bytearray(path.read_bytes())
    page = data.find(simulator.history.get(next(iter(simulator.history)).id).id.encode()) // 4096
    data[page * 4096 + 8 : page * 4096 + 200] = b"\xff" * 192
    path.write_bytes(data)
    with Backup(tmp_path) as backup, pytest.raises(CatalogError, match="Restore it from a copy"):
        backup.verify()


def test_a_file_system_without_a_write_ahead_log_is_written_to_with_full_sync(client, tmp_path, monkeypatch):
    connect = sqlite3.connect
    # As on a network file system: this one has no shared memory.
    monkeypatch.setattr(
        sqlite3,
        "connect",
        lambda name, **options: connect(f"{name}&vfs=unix-dotfile" if "?mode=" in str(name) else name, **options),
    )
    with Backup(tmp_path) as backup:
        assert backup.sync(client).saved == 20
        catalog = backup._open()
        assert catalog.value("PRAGMA journal_mode") == "delete"
        assert catalog.value("PRAGMA synchronous") == 2
        assert backup.verify().ok


def test_another_thread_may_use_a_backup(client, tmp_path):
    sync(client, tmp_path)
    found = []
    with Backup(tmp_path) as backup:
        assert len(backup) == 20
        thread = threading.Thread(target=lambda: found.extend([len(list(backup)), backup.verify().ok]))
        thread.start()
        thread.join()
    assert found == [20, True]


@pytest.mark.parametrize(
    ("path", "uri"),
    [
        (PurePosixPath("/home/a b/100%/history.db"), "file:///home/a%20b/100%25/history.db"),
        (PureWindowsPath("C:\\My Backups\\history.db"), "file:///C:/My%20Backups/history.db"),
        (PureWindowsPath("\\\\server\\share\\history.db"), "file:////server/share/history.db"),
    ],
    ids=["posix", "drive", "share"],
)
def test_every_path_has_a_uri_that_sqlite_takes(path, uri):
    assert schema._uri(path) == uri


def test_other_tools_find_the_full_text_search(client, tmp_path):
    """sqlite-utils and datasette look for this spelling in the schema."""
    sync(client, tmp_path)
    with contextlib.closing(sqlite3.connect(tmp_path / "history.db")) as catalog:
        query = "SELECT name FROM sqlite_master WHERE sql LIKE '%VIRTUAL TABLE%USING FTS%content=\"items\"%'"
        assert catalog.execute(query).fetchall() == [("words",)]
        found = catalog.execute("SELECT count(*) FROM words WHERE words MATCH 'the'").fetchone()
        assert found[0] > 0


def test_threads_may_ask_the_same_question_at_once(client, simulator, tmp_path):
    sync(client, tmp_path)
    with Backup(tmp_path) as backup:
        known = {record.history_item_id: record.text for record in backup}
        wrong = []

        def ask():
            for _ in range(40):
                wrong.extend(each for each, text in known.items() if backup.get(each).text != text)
                wrong.extend(["count"] if len(backup) != len(known) else [])

        with ThreadPoolExecutor(8) as pool:
            for asked in [pool.submit(ask) for _ in range(8)]:
                asked.result()
    assert wrong == []
