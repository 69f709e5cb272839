"""A backup in a bucket does what one in a folder does."""

import contextlib
import hashlib
import io
import os
import sqlite3
import threading

import obstore
import pytest
from elevenlabs_history import FileSaved, InvalidArgumentError, LockedError
from elevenlabs_history_backup import Backup, BackupReader, CatalogError, PageListed, Workspace, sync_many
from elevenlabs_history_simulator import item_id_of
from obstore.store import from_url
from support.backups import sync
from support.buckets import assert_whole, objects, paths_in
from support.workspace_server import key_of, serving

NEWER = 1_800_000_000


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


def test_the_disk_holds_a_few_batches_while_a_run_goes_on(client, simulator, open_bucket, monkeypatch):
    monkeypatch.setattr("elevenlabs_history_backup.bucket_storage.READERS", 1)
    counts = []

    def count_files(event):
        counts.append(len(list(backup.folder.joinpath("downloads").rglob("*.mp3"))))

    backup = open_bucket()
    backup.sync(client, workers=1, batch_size=2, on_event=count_files)
    assert 0 < max(counts) <= 6


def test_an_event_handler_gets_one_call_at_a_time(client, simulator, open_bucket):
    simulator.history.fill(80)
    gate = threading.Lock()
    saved = []

    def handle(event):
        assert gate.acquire(blocking=False), "two calls at a time"
        if isinstance(event, FileSaved):
            saved.append(event.file.path.relative_to(backup.folder).as_posix())
            assert backup.get(event.file.history_item_id) is not None
        gate.release()

    backup = open_bucket()
    backup.sync(client, on_event=handle, batch_size=5)
    assert sorted(saved) == sorted(file.path for record in backup for file in record.files)


def test_an_exception_of_an_event_handler_ends_the_run(client, open_bucket):
    def refuse(event):
        if isinstance(event, FileSaved):
            raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough"):
        open_bucket().sync(client, on_event=refuse)
    assert open_bucket("other").verify().issues == []


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


def test_a_run_with_nothing_new_lists_only(client, simulator, open_bucket):
    open_bucket("one").sync(client)
    simulator.requests.clear()
    assert open_bucket("other").sync(client).saved == 0
    assert [request.operation for request in simulator.requests] == ["list"]


def test_a_bucket_is_searched_and_exported_from_the_cached_catalog(client, simulator, store, address, open_bucket):
    open_bucket().sync(client)
    store.requests.clear()
    reader = open_bucket()
    found = next(iter(reader))
    assert found in list(reader.search(found.text.split()[0]))
    assert len(reader) == 20
    stream = io.StringIO()
    reader.export_jsonl(stream)
    assert len(stream.getvalue().splitlines()) == 20
    # One look whether the catalog has changed.
    assert [method for method, _ in store.requests] == ["HEAD"]


def test_the_catalog_is_downloaded_again_only_if_it_has_changed(client, simulator, store, open_bucket):
    open_bucket("one").sync(client)
    with open_bucket("other") as reader:
        assert len(reader) == 20
    with open_bucket("other") as long_reader:
        assert len(long_reader) == 20
        simulator.history.add(date=NEWER)
        open_bucket("one").sync(client)
        store.requests.clear()
        with open_bucket("other") as reader:
            # It replaces the catalog that another reader has open.
            assert len(reader) == 21
        assert [method for method, _ in store.requests] == ["HEAD", "GET"]
        assert len(long_reader) == 21
    assert len(open_bucket("other")) == 21


def test_threads_may_share_a_backup_and_open_it_at_once(client, open_bucket):
    open_bucket("one").sync(client)
    backup = open_bucket("other")
    counts = []
    threads = [threading.Thread(target=lambda: counts.append(len(backup))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counts == [20] * 8


def test_processes_with_one_cache_may_open_a_new_bucket_at_once(client, open_bucket):
    open_bucket("one").sync(client)
    backups = [open_bucket("other") for _ in range(8)]
    counts = []
    threads = [threading.Thread(target=lambda each=each: counts.append(len(each))) for each in backups]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counts == [20] * 8


def test_what_the_run_records_is_searched_while_it_goes_on(client, simulator, open_bucket):
    open_bucket().sync(client)
    simulator.history.add(date=NEWER)
    seen = []

    def look(event):
        if isinstance(event, PageListed):
            with open_bucket() as reader:
                seen.append(len(reader))

    open_bucket().sync(client, on_event=look)
    assert seen == [20]


def test_a_second_run_on_the_same_machine_is_refused(client, open_bucket):
    errors = []

    def start_another(event):
        if isinstance(event, PageListed):
            with pytest.raises(LockedError) as error:
                open_bucket().sync(client)
            errors.append(error.value)

    open_bucket().sync(client, on_event=start_another)
    assert len(errors) == 1


def test_of_two_writers_one_is_refused_and_nothing_is_lost(client, simulator, address, open_bucket):
    """The other machine begins and ends while the first one works."""

    def start_another(event):
        if isinstance(event, PageListed):
            assert open_bucket("other").sync(client).saved == 20

    with pytest.raises(LockedError) as error:
        open_bucket("one").sync(client, on_event=start_another)
    assert "Nothing is lost" in str(error.value)
    assert_whole(open_bucket("third"), simulator)
    simulator.history.add(date=NEWER)
    assert open_bucket("one").sync(client).saved == 1
    assert_whole(open_bucket("third"), simulator)
    assert len(objects(address)) == 21


def test_two_writers_at_once_fetch_every_item_and_one_of_them_says_why_it_failed(
    client, simulator, address, open_bucket
):
    simulator.history.fill(40)
    start = threading.Barrier(2)
    outcomes = []

    def run(machine):
        start.wait()
        try:
            outcomes.append(open_bucket(machine).sync(client, batch_size=10).saved)
        except LockedError as error:
            outcomes.append(error)

    threads = [threading.Thread(target=run, args=(machine,)) for machine in ("one", "other")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert any(isinstance(each, int) for each in outcomes)
    open_bucket("third").sync(client)
    assert_whole(open_bucket("third"), simulator)
    assert len(objects(address)) == len(simulator.history)


def test_what_another_run_has_put_is_adopted_without_fetching_it(client, simulator, store, open_bucket, tmp_path):
    sync(client, tmp_path / "folder")
    with Backup(tmp_path / "folder") as folder:
        stats = folder.stats()
    # The objects are there, the catalog is not.
    store.fail((403, ""), "PUT .*/history.db", times=100)
    with pytest.raises(Exception, match="refuses the key"):
        open_bucket("one").sync(client)
    store.reset()
    simulator.requests.clear()
    report = open_bucket("other").sync(client)
    assert report.saved == 20
    assert open_bucket("other").stats() == stats
    assert {request.operation for request in simulator.requests} == {"list"}
    assert_whole(open_bucket("other"), simulator)


def test_an_object_that_is_not_whole_is_not_adopted(client, simulator, store, address, open_bucket):
    store.fail((403, ""), "PUT .*/history.db", times=100)
    with pytest.raises(Exception, match="refuses the key"):
        open_bucket("one").sync(client)
    store.reset()
    bucket = from_url(address)
    path = next(iter(objects(address)))
    told = dict(obstore.get(bucket, path, options={"head": True}).attributes)
    obstore.put(bucket, path, b"cut", attributes=told)
    with pytest.raises(Exception, match=r"exists and is not that item\. It was not changed"):
        open_bucket("other").sync(client)
    obstore.delete(bucket, path)
    open_bucket("other").sync(client)
    assert_whole(open_bucket("other"), simulator)


def test_an_object_of_somebody_else_is_never_replaced(client, simulator, address, open_bucket):
    open_bucket("one").sync(client)
    path = next(iter(objects(address)))
    store = from_url(address)
    with open_bucket("one") as backup:
        (item,) = [record for record in backup if record.files[0].path == path]
    obstore.delete(store, "history.db")
    for each in objects(address):
        obstore.delete(store, each)
    obstore.put(store, path, b"a file of somebody else")
    with pytest.raises(Exception, match="exists and is not that item") as error:
        open_bucket("new").sync(client)
    assert path in str(error.value)
    assert objects(address)[path] == b"a file of somebody else"
    assert item.history_item_id


def test_the_catalog_is_saved_every_10000_files(client, simulator, store, open_bucket, monkeypatch):
    monkeypatch.setattr("elevenlabs_history_backup.bucket_storage._CHECKPOINT", 8)
    open_bucket().sync(client)
    saved = [path for method, path in store.requests if method == "PUT" and path.endswith("history.db")]
    assert len(saved) == 3


def test_a_lost_catalog_is_told_and_not_taken_for_a_new_backup(client, simulator, address, open_bucket):
    open_bucket().sync(client)
    obstore.delete(from_url(address), "history.db")
    with pytest.raises(CatalogError, match=r"has no history\.db any more"):
        open_bucket().sync(client)
    # A machine without the catalog makes a new one from the objects.
    simulator.requests.clear()
    assert open_bucket("other").sync(client).saved == 20
    assert {request.operation for request in simulator.requests} == {"list"}


def test_a_catalog_that_is_damaged_or_newer_is_refused(client, address, open_bucket):
    open_bucket().sync(client)
    store = from_url(address)
    obstore.put(store, "history.db", b"no database" * 100)
    for machine in ("machine", "new"):
        with pytest.raises(CatalogError, match="can't be read as a catalog"):
            len(open_bucket(machine))


def test_verify_finds_what_is_missing_changed_moved_and_extra(client, simulator, address, open_bucket):
    open_bucket().sync(client)
    store = from_url(address)
    missing, changed, moved, *_ = sorted(objects(address))
    told = dict(obstore.get(store, moved, options={"head": True}).attributes)
    obstore.delete(store, missing)
    obstore.put(store, changed, b"changed")
    obstore.put(store, "elsewhere.mp3", obstore.get(store, moved).bytes(), attributes=told)
    obstore.delete(store, moved)
    obstore.put(store, "notes.txt", b"mine")
    backup = open_bucket("other")
    issues = {issue.path: issue.status for issue in backup.verify().issues}
    assert issues == {missing: "missing", changed: "changed", moved: "moved", "notes.txt": "extra"}
    assert open_bucket("other").sync(client).lost == 2
    report = open_bucket("other").repair(client)
    assert [issue.status for issue in report.issues] == ["extra"]
    verified = open_bucket("third").verify(read=True)
    assert [issue.status for issue in verified.issues] == ["extra"]
    assert verified.ok_count == 20


def test_only_reading_finds_bytes_that_have_changed_under_their_hash(client, address, open_bucket):
    open_bucket().sync(client)
    store = from_url(address)
    path, data = next(iter(objects(address).items()))
    told = dict(obstore.get(store, path, options={"head": True}).attributes)
    obstore.put(store, path, bytes(len(data)), attributes=told)
    assert open_bucket().verify().issues == []
    assert [issue.path for issue in open_bucket().verify(read=True).issues] == [path]
    assert open_bucket().repair(client, read=True).issues == []
    assert open_bucket().verify(read=True).issues == []


def test_a_folder_that_was_copied_into_a_bucket_is_a_backup(client, simulator, address, open_bucket, tmp_path):
    folder = tmp_path / "folder"
    sync(client, folder)
    store = from_url(address)
    for path in folder.rglob("*"):
        if path.is_file():
            obstore.put(store, path.relative_to(folder).as_posix(), path)
    simulator.history.add(date=NEWER)
    assert open_bucket().sync(client).saved == 1
    assert open_bucket().verify().issues == []
    assert_whole(open_bucket(), simulator)


def test_the_page_is_put_with_types_and_with_links_that_are_right(client, simulator, address, open_bucket):
    open_bucket().sync(client)
    assert open_bucket().write_page() == f"{address}/index.html"
    store = from_url(address)
    for path, kind in (
        ("index.html", "text/html; charset=utf-8"),
        ("page/data/0000.js", "text/javascript; charset=utf-8"),
        ("page/archive.js", "text/javascript; charset=utf-8"),
    ):
        assert obstore.get(store, path, options={"head": True}).attributes["Content-Type"] == kind
    shard = bytes(obstore.get(store, "page/data/0000.js").bytes()).decode()
    assert all(f'"{path}"' in shard for path in objects(address))
    assert open_bucket().verify().issues == []


def test_the_page_touches_only_what_has_changed(client, simulator, store, address, open_bucket):
    open_bucket().sync(client)
    open_bucket().write_page()
    bucket = from_url(address)
    obstore.put(bucket, "page/data/0009.js", b"of a longer history")
    store.requests.clear()
    open_bucket().write_page()
    assert [method for method, _ in store.requests if method not in {"GET", "HEAD"}] == ["POST"]
    assert "page/data/0009.js" not in [each["path"] for chunk in obstore.list(bucket) for each in chunk]
    obstore.put(bucket, "index.html", b"of somebody else")
    with pytest.raises(Exception, match="is not a page of this program"):
        open_bucket().write_page()


def test_items_are_forgotten_once_their_objects_are_deleted(client, address, open_bucket):
    open_bucket().sync(client)
    record = next(iter(open_bucket()))
    path = record.files[0].path
    with pytest.raises(InvalidArgumentError, match=f"while {address}/{path} exists"):
        open_bucket().forget(record.history_item_id)
    obstore.delete(from_url(address), path)
    assert open_bucket().forget(record.history_item_id) == 1
    assert open_bucket("other").verify().issues == []


@pytest.mark.parametrize("call", [lambda backup: backup.import_files(), lambda backup: backup.write_checksums()])
def test_what_needs_a_folder_says_so(open_bucket, call):
    with pytest.raises(InvalidArgumentError, match="folder only"):
        call(open_bucket())


def test_a_bucket_without_a_backup_says_so(open_bucket, address):
    assert open_bucket().settings is None
    with pytest.raises(CatalogError, match=f"{address} is not a backup: it has no history.db"):
        len(open_bucket())
    backup = open_bucket()
    backup.close()
    with pytest.raises(CatalogError, match=address):
        len(backup)


def test_a_reader_of_a_bucket_changes_nothing(client, store, address, open_bucket, tmp_path):
    open_bucket().sync(client)
    store.requests.clear()
    with BackupReader(address, cache=tmp_path / "reader") as reader:
        assert reader.verify().issues == []
    assert {method for method, _ in store.requests} <= {"GET", "HEAD"}


@pytest.mark.parametrize("variable", ["ELEVENLABS_HISTORY_CACHE", "XDG_CACHE_HOME"])
def test_the_catalog_is_cached_where_the_environment_says(address, tmp_path, monkeypatch, variable):
    if variable == "XDG_CACHE_HOME":
        monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv(variable, str(tmp_path))
    assert Backup(address).folder.is_relative_to(tmp_path)
    assert Backup(address).folder == Backup(f"{address}/").folder != Backup(f"{address}2").folder


def test_many_workspaces_share_a_bucket(address, tmp_path, monkeypatch):
    monkeypatch.setenv("ELEVENLABS_HISTORY_CACHE", str(tmp_path))
    with serving(4, 5) as (base_url, _):
        for number in range(4):
            monkeypatch.setenv(f"KEY_{number}", key_of(number))
        workspaces = [
            Workspace(name=str(number), target=f"{address}/w{number}", key_env=f"KEY_{number}", base_url=base_url)
            for number in range(4)
        ]
        assert [(report.ok, report.saved) for report in sync_many(workspaces)] == [(True, 5)] * 4
        assert [(report.ok, report.saved) for report in sync_many(workspaces)] == [(True, 0)] * 4
    assert len(paths_in(address)) == 20


def test_a_bucket_and_a_cache_that_have_lost_the_catalog_begin_anew(client, simulator, address, open_bucket):
    with open_bucket() as backup:
        backup.sync(client)
        catalog = backup.folder / "history.db"
    for path in catalog.parent.glob("history.db*"):
        path.unlink()
    obstore.delete(from_url(address), "history.db")
    with open_bucket() as backup:
        assert backup.sync(client).complete
    assert_whole(open_bucket(), simulator)


@pytest.mark.skipif(os.name == "nt", reason="a home folder is found in another way")
def test_without_a_home_folder_one_for_the_catalog_is_asked_for(address, monkeypatch):
    monkeypatch.setenv("ELEVENLABS_HISTORY_CACHE", "~nobody-with-this-name/cache")
    with pytest.raises(InvalidArgumentError, match=r"no home folder .* Name a folder: ELEVENLABS_HISTORY_CACHE"):
        Backup(address)
