"""Files survive a power failure once they have their names; a write that fails is an error and leaves no file."""

import errno
import itertools
import os
import stat
import sys
import time
from pathlib import Path

import pytest
from elevenlabs_history import (
    AtomicFile,
    FileSaved,
    HistoryClient,
    HistoryItem,
    RetryPolicy,
    TargetExistsError,
    WriteError,
)
from elevenlabs_history._download.extract import FSYNC_THREADS


@pytest.fixture(params=[1, 9, 20])
def disk(request, monkeypatch):
    """A disk on which the fsync of one of many files fails."""
    calls = itertools.count(1)
    fsync = os.fsync

    def fail_once(descriptor):
        if next(calls) == request.param:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        fsync(descriptor)

    monkeypatch.setattr("elevenlabs_history._files.atomic.os.fsync", fail_once)


@pytest.mark.usefixtures("disk")
def test_an_archive_leaves_no_file_if_the_fsync_of_one_fails(make_client, simulator, tmp_path):
    simulator.history.fill(30)
    client = make_client(retry_policy=RetryPolicy(max_attempts=1))
    items = list(client.list())[:30]
    with pytest.raises(WriteError, match="Input/output error"):
        client.download(items).extract(tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("disk", [1], indirect=True)
@pytest.mark.usefixtures("disk")
def test_save_leaves_no_file_if_the_fsync_fails(client, tmp_path):
    with pytest.raises(WriteError, match="Input/output error"):
        client.download(next(iter(client.list()))).save(tmp_path / "clip.mp3")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("disk")
def test_a_run_leaves_no_file_of_an_archive_of_which_one_fsync_fails(client, simulator, tmp_path):
    simulator.history.fill(30)
    items = list(client.list())[:30]
    events = []
    report = client.download_all(items, tmp_path, workers=1, on_event=events.append)
    check_aborted(report, items, events, tmp_path)


def check_aborted(report, items, events, folder):
    assert isinstance(report.aborted_by, WriteError)
    assert report.aborted_by.errno == errno.EIO
    assert {failed.history_item_id for failed in report.failed} == {item.history_item_id for item in items}
    assert not [event for event in events if isinstance(event, FileSaved)]
    assert [path.name for path in folder.rglob("*") if path.is_file()] == ["lock"]


def fail_fsync_of_folders(monkeypatch, number):
    fsync = os.fsync

    def fail(descriptor):
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(number, os.strerror(number))
        fsync(descriptor)

    monkeypatch.setattr("elevenlabs_history._files.atomic.os.fsync", fail)


@pytest.mark.parametrize("method", ["save", "extract"])
def test_no_file_is_left_if_the_fsync_of_its_folder_fails(client, tmp_path, monkeypatch, method):
    items = list(client.list())
    download = client.download(items)
    calls = {"save": lambda: download.save(tmp_path / "clips.zip"), "extract": lambda: download.extract(tmp_path)}
    fail_fsync_of_folders(monkeypatch, errno.EIO)
    with pytest.raises(WriteError, match="Input/output error"):
        calls[method]()
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_a_run_leaves_no_file_if_the_fsync_of_a_folder_fails(client, tmp_path, monkeypatch):
    items = list(client.list())
    events = []
    fail_fsync_of_folders(monkeypatch, errno.EIO)
    report = client.download_all(items, tmp_path, on_event=events.append)
    check_aborted(report, items, events, tmp_path)


def test_a_file_that_replaced_another_one_stays_if_the_fsync_of_its_folder_fails(client, tmp_path, monkeypatch):
    (file,) = client.download(next(iter(client.list()))).extract(tmp_path)
    fail_fsync_of_folders(monkeypatch, errno.EIO)
    with pytest.raises(WriteError, match="Input/output error"):
        client.download(next(iter(client.list()))).extract(tmp_path, overwrite=True)
    assert file.path.stat().st_size == file.size


def test_a_file_system_that_can_not_fsync_folders_is_good_enough(client, tmp_path, monkeypatch):
    fail_fsync_of_folders(monkeypatch, errno.EINVAL)
    assert client.download(next(iter(client.list()))).save(tmp_path / "clip.mp3").exists()


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_an_error_with_a_hint(client, tmp_path, monkeypatch, number):
    def fail(_descriptor):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("elevenlabs_history._files.atomic.os.fsync", fail)
    with pytest.raises(WriteError, match="Free some space") as caught:
        client.download(next(iter(client.list()))).save(tmp_path / "clip.mp3")
    assert caught.value.errno == number
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def synced(monkeypatch):
    """What was fsynced, by path, in order."""
    paths = []
    fsync = os.fsync

    def record(descriptor):
        paths.append(Path(f"/proc/self/fd/{descriptor}").readlink())
        fsync(descriptor)

    monkeypatch.setattr("elevenlabs_history._files.atomic.os.fsync", record)
    return paths


linux = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


@linux
def test_a_saved_file_and_then_its_folder_are_fsynced(client, tmp_path, synced):
    client.download(next(iter(client.list()))).save(tmp_path / "clip.mp3")
    assert len(synced) == 2
    assert synced[0].suffix == ".part"
    assert synced[1] == tmp_path


@linux
@pytest.mark.parametrize("method", ["extract", "download_all"])
def test_every_file_and_then_every_folder_of_an_archive_is_fsynced(client, tmp_path, synced, method):
    items = list(client.list())
    if method == "extract":
        client.download(items).extract(tmp_path)
    else:
        client.download_all(items, tmp_path, workers=1, batch_size=100)
    assert sum(path.suffix == ".part" for path in synced) == len(items)
    folders = {file.parent for file in tmp_path.rglob("*.mp3")}
    assert folders <= set(synced)
    last_file = max(place for place, path in enumerate(synced) if path.suffix == ".part")
    assert all(synced.index(folder) > last_file for folder in folders)


def open_files():
    return len(list(Path("/proc/self/fd").iterdir()))


@linux
def test_an_archive_of_many_members_needs_few_open_files(client, simulator, tmp_path, monkeypatch):
    simulator.history.fill(100)
    items = list(client.list())
    counts = []
    fsync = os.fsync

    def count(descriptor):
        counts.append(open_files())
        fsync(descriptor)

    before = open_files()
    monkeypatch.setattr("elevenlabs_history._files.atomic.os.fsync", count)
    assert len(client.download(items).extract(tmp_path)) == 120
    # The received archive, what is fsynced at once, and the connection with its two ends in this process.
    assert max(counts) - before <= FSYNC_THREADS + 6


def test_extract_undoes_its_renames_if_a_name_is_taken_meanwhile(client, tmp_path, monkeypatch):
    items = list(client.list())
    rename = AtomicFile.rename
    renamed = []

    def race(self, target, *, overwrite=False):
        if len(renamed) == 10:
            target.write_bytes(b"another program's")
        renamed.append(target)
        rename(self, target, overwrite=overwrite)

    monkeypatch.setattr(AtomicFile, "rename", race)
    with pytest.raises(TargetExistsError):
        client.download(items).extract(tmp_path)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert [path.read_bytes() for path in files] == [b"another program's"]


def test_an_atomic_file_appears_only_when_it_is_committed(tmp_path):
    target = tmp_path / "new" / "a.mp3"
    with AtomicFile(target.parent) as file:
        file.write(b"abc")
        assert not target.exists()
        file.commit(target)
    assert target.read_bytes() == b"abc"
    assert list(target.parent.iterdir()) == [target]


def test_an_atomic_file_that_is_not_committed_is_deleted(tmp_path):
    with AtomicFile(tmp_path) as file:
        file.write(b"abc")
        assert len(list(tmp_path.iterdir())) == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("hard_links", [True, False])
def test_an_atomic_file_replaces_no_other_unless_told_to(tmp_path, monkeypatch, hard_links):
    def refuse(*_paths):
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    if not hard_links:
        monkeypatch.setattr("elevenlabs_history._files.atomic.os.link", refuse)
    target = tmp_path / "a.mp3"
    for content, overwrite in ((b"first", False), (b"second", False), (b"third", True)):
        with AtomicFile(tmp_path) as file:
            file.write(content)
            if content == b"second":
                with pytest.raises(TargetExistsError):
                    file.commit(target, overwrite=overwrite)
            else:
                file.commit(target, overwrite=overwrite)
        assert target.read_bytes() == (b"third" if overwrite else b"first")
        assert list(tmp_path.iterdir()) == [target]


@linux
def test_twenty_workers_need_fewer_open_files_than_any_system_allows(simulator, tmp_path, monkeypatch):
    """macOS allows 256."""
    for place in range(400):
        simulator.history.add(date=1_700_000_000 + 37 * place, seconds=0.05)
    fsync = os.fsync
    counts = [open_files()]

    def slow(descriptor):
        counts.append(open_files())
        time.sleep(0.02)
        fsync(descriptor)

    monkeypatch.setattr("elevenlabs_history._files.atomic.os.fsync", slow)
    with HistoryClient(simulator.api_key, base_url=simulator.base_url) as client:
        report = client.download_all(client.list(), tmp_path, workers=20)
    assert len(report.saved) == 420
    # Each connection has two ends in this process.
    assert max(counts) - counts[0] < 180


@pytest.mark.parametrize("method", ["extract", "download_all"])
@pytest.mark.parametrize("date", [1_600_000_000, 0])
def test_a_file_has_the_time_at_which_its_item_was_generated(client, simulator, tmp_path, method, date):
    item = HistoryItem.from_dict({**next(iter(simulator.history)).metadata, "date_unix": date})
    if method == "extract":
        (file,) = client.download(item).extract(tmp_path)
    else:
        (file,) = client.download_all([item], tmp_path).saved
    assert file.path.stat().st_mtime == date
