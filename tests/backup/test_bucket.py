"""A backup in a bucket does what one in a folder does."""

import contextlib
import hashlib
import sqlite3

import obstore
from elevenlabs_history_simulator import item_id_of
from obstore.store import from_url

NEWER = 1_800_000_000


def objects(address):
    """Every object that is not the program's own, by path."""
    store = from_url(address)
    paths = [each["path"] for chunk in obstore.list(store) for each in chunk]
    return {path: bytes(obstore.get(store, path).bytes()) for path in paths if path.endswith((".mp3", ".wav"))}


def assert_whole(backup, simulator):
    """Every item is there as an object with its own bytes, and nothing else is."""
    assert backup.verify(read=True).issues == []
    files = {file.history_item_id: file.path for record in backup for file in record.files}
    assert files.keys() >= {item.id for item in simulator.history}
    there = objects(backup.name)
    assert {history_item_id: item_id_of(there[path]) for history_item_id, path in files.items()} == {
        history_item_id: history_item_id for history_item_id in files
    }


def test_a_sync_puts_every_file_with_its_hash_and_its_item(client, simulator, address, open_bucket):
    report = open_bucket().sync(client)
    assert (report.saved, report.complete, report.lost) == (20, True, 0)
    assert_whole(open_bucket(), simulator)
    store = from_url(address)
    for path, data in objects(address).items():
        told = obstore.get(store, path, options={"head": True}).attributes
        assert told["sha256"] == hashlib.sha256(data).hexdigest()
        assert told["item"] == item_id_of(data)
        assert told["Content-Type"] == "audio/mpeg"


def test_nothing_stays_on_the_disk_but_the_catalog(client, open_bucket, tmp_path):
    with open_bucket() as backup:
        backup.sync(client)
    names = {path.name for path in tmp_path.rglob("*") if path.is_file()}
    assert names == {"history.db", "backup.lock", "bucket-version.json"}


def test_another_machine_continues_with_the_catalog_of_the_bucket(client, simulator, open_bucket):
    open_bucket("one").sync(client)
    simulator.history.add(date=NEWER)
    report = open_bucket("other").sync(client)
    assert (report.saved, report.listed) == (1, 21)
    assert_whole(open_bucket("one"), simulator)


def test_the_catalog_of_the_bucket_is_a_database_of_its_own(client, address, open_bucket, tmp_path):
    open_bucket().sync(client)
    file = tmp_path / "copy.db"
    file.write_bytes(bytes(obstore.get(from_url(address), "history.db").bytes()))
    with contextlib.closing(sqlite3.connect(file)) as connection:
        assert connection.execute("SELECT count(*) FROM files").fetchone() == (20,)
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
