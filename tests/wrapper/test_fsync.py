"""What does not reach the disk is an error of the download, and leaves nothing."""

import errno
import os

import pytest
from elevenlabs_history import RetryPolicy, WriteError


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


@pytest.mark.parametrize("size", [100, 9_000_000])
def test_a_system_that_takes_no_advice_saves_all_the_same(client, simulator, monkeypatch, tmp_path, size):
    monkeypatch.delattr("elevenlabs_history._files.atomic.os.posix_fadvise", raising=False)
    item = simulator.history.add(size=size)
    client.download(item.id).save(tmp_path / "clip.mp3")
    assert (tmp_path / "clip.mp3").read_bytes() == b"".join(item.audio().pieces())
