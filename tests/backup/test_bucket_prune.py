"""Prune, of a backup in a bucket: the bytes are read from the bucket, where the catalog is safe before a deletion."""

import shutil
import sqlite3
from contextlib import closing
from datetime import timedelta

import obstore
import pytest
from elevenlabs_history import HistoryError
from elevenlabs_history_backup import prune as prune_module
from obstore.store import from_url
from support.backups import sync
from support.buckets import objects, paths_in

MONTH = timedelta(days=30)
LARGE = {"max_items": 10_000, "everything_listed": True}


@pytest.fixture(autouse=True)
def _without_pauses(monkeypatch):
    monkeypatch.setattr(prune_module, "_INTERVAL", 0)


def prune(client, backup, **filters):
    return backup.prune(client, backup.plan_prune(client, older_than=MONTH, **filters), **LARGE)


def deletions(simulator):
    return [request.path.rpartition("/")[2] for request in simulator.requests if request.operation == "delete"]


def test_what_is_in_the_bucket_is_deleted_on_the_server_and_stays(client, simulator, address, open_bucket, tmp_path):
    open_bucket().sync(client)
    report = prune(client, open_bucket())
    assert report.count("deleted") == 20
    assert len(simulator.history) == 0
    assert open_bucket("other").verify(read=True).ok_count == 20
    file = tmp_path / "catalog.db"
    for name, pruned in (("history.db", 20), ("history.db.before-prune", 0)):
        file.write_bytes(bytes(obstore.get(from_url(address), name).bytes()))
        with closing(sqlite3.connect(file)) as catalog:
            assert catalog.execute("SELECT count(*) FROM prunes WHERE pruned_at IS NOT NULL").fetchone() == (pruned,)


def test_nothing_is_deleted_before_the_catalog_is_in_the_bucket(client, simulator, store, open_bucket):
    open_bucket().sync(client)
    for name in ("history.db", "history.db.before-prune"):
        store.fail((403, ""), f"PUT .*/{name}$", times=1000)
        with pytest.raises(HistoryError, match="refuses the key"):
            prune(client, open_bucket())
        store.reset()
    assert deletions(simulator) == []


def test_an_object_whose_bytes_have_changed_is_not_deleted_on_the_server(client, simulator, address, open_bucket):
    open_bucket().sync(client)
    store = from_url(address)
    changed = next(iter(objects(address)))
    told = dict(obstore.get(store, changed, options={"head": True}).attributes)
    obstore.put(store, changed, bytes(len(objects(address, [changed])[changed])), attributes=told)
    report = prune(client, open_bucket())
    (skipped,) = [result for result in report.results if result.status == "skipped"]
    assert f"{address}/{changed} is not as it was saved" in str(skipped.error)
    assert skipped.history_item_id in {item.id for item in simulator.history}


def test_an_object_that_is_missing_ends_it_before_anything_is_deleted(client, simulator, address, open_bucket):
    open_bucket().sync(client)
    path = paths_in(address)[0]
    obstore.delete(from_url(address), path)
    with pytest.raises(HistoryError, match=f"1 of the files are not in {address}, such as {path}"):
        prune(client, open_bucket())
    assert deletions(simulator) == []


def test_a_copy_on_the_disk_is_compared_with_the_bucket(client, simulator, address, open_bucket, tmp_path):
    open_bucket().sync(client)
    copy = tmp_path / "copy"
    sync(client, copy)
    shutil.rmtree(copy / ".elevenlabs-history")
    report = prune(client, open_bucket(), copy=copy)
    assert report.count("deleted") == 20
