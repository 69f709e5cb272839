"""What does not reach the disk is an error of the download, and leaves nothing."""

import errno
import os
import sys
from pathlib import Path

import pytest
from elevenlabs_history import AtomicFile, RetryPolicy, TargetExistsError, WriteError


@pytest.fixture(params=[1, 9, 20])
def disk(request, monkeypatch):
    """A disk on which one of many files is lost."""
    seals = iter(range(1, 1000))
    fsync = os.fsync

    def lose_one(descriptor):
        if next(seals) == request.param:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        fsync(descriptor)

    monkeypatch.setattr("elevenlabs_history._files.atomic.os.fsync", lose_one)


@pytest.mark.usefixtures("disk")
def test_an_archive_of_which_one_file_is_lost_gives_none(make_client, simulator, tmp_path):
    simulator.history.fill(30)
    client = make_client(retry_policy=RetryPolicy(max_attempts=1))
    items = list(client.list())[:30]
    with pytest.raises(WriteError, match="Input/output error"):
        client.download(items).extract(tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("disk", [1], indirect=True)
@pytest.mark.usefixtures("disk")
def test_a_file_that_is_lost_is_none(client, tmp_path):
    with pytest.raises(WriteError, match="Input/output error"):
        client.download(next(iter(client.list()))).save(tmp_path / "clip.mp3")
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
@pytest.mark.parametrize("verb", ["extract", "download_all"])
def test_every_file_and_then_every_folder_of_an_archive_is_fsynced(client, tmp_path, synced, verb):
    items = list(client.list())
    if verb == "extract":
        client.download(items).extract(tmp_path)
    else:
        client.download_all(items, tmp_path, workers=1, batch_size=100)
    assert sum(path.suffix == ".part" for path in synced) == len(items)
    folders = {file.parent for file in tmp_path.rglob("*.mp3")}
    assert folders <= set(synced)
    last_file = max(place for place, path in enumerate(synced) if path.suffix == ".part")
    assert all(synced.index(folder) > last_file for folder in folders)


@linux
def test_an_archive_of_many_members_needs_few_open_files(client, simulator, tmp_path, monkeypatch):
    simulator.history.fill(100)
    items = list(client.list())
    most = []
    fsync = os.fsync

    def count(descriptor):
        most.append(len(list(Path("/proc/self/fd").iterdir())))
        fsync(descriptor)

    before = len(list(Path("/proc/self/fd").iterdir()))
    monkeypatch.setattr("elevenlabs_history._files.atomic.os.fsync", count)
    assert len(client.download(items).extract(tmp_path)) == 120
    assert max(most) - before < 20


def test_extract_takes_back_what_it_renamed_when_a_name_is_taken_meanwhile(client, tmp_path, monkeypatch):
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
