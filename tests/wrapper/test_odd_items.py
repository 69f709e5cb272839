"""Whatever the fields of an item hold, only that item may fail, and with an error of this package."""

import errno
import os
import unicodedata

import pytest
from elevenlabs_history import HistoryError, HistoryItem, InvalidArgumentError, TargetExistsError, WriteError
from support.odd_items import FIELDS, VALUES


def odd_items(simulator, value):
    """An item for each field that holds this value, and for a dialogue with such lines."""
    odd = [{field: value} for field in FIELDS if field != "date_unix"]
    odd += [{"dialogue": [value]}, {"dialogue": [{"text": value, "voice_id": value, "voice_name": value}]}]
    return [HistoryItem.from_dict(item.metadata | fields) for fields, item in zip(odd, simulator.history, strict=False)]


@pytest.mark.parametrize("value", VALUES, ids=lambda value: ascii(value)[:20])
def test_no_field_of_an_item_ends_a_run(client, simulator, tmp_path, value):
    items = odd_items(simulator, value)
    assert len(items) == len(FIELDS) + 1
    report = client.download_all(items, tmp_path)
    assert len(report.saved) == len(items)
    for file in report.saved:
        assert file.path.read_bytes()
    assert report.aborted_by is None
    assert report.failed == []


@pytest.mark.parametrize("value", VALUES, ids=lambda value: ascii(value)[:20])
def test_no_field_of_an_item_is_a_foreign_exception_of_extract(client, simulator, tmp_path, value):
    *_, other = simulator.history
    for number, item in enumerate(odd_items(simulator, value)):
        for items in (item, [item, HistoryItem.from_dict(other.metadata)]):
            try:
                files = client.download(items).extract(tmp_path / str(number), overwrite=True)
            except HistoryError:
                continue
            assert all(file.path.is_relative_to(tmp_path / str(number)) for file in files)


def test_an_unexpected_exception_of_one_item_fails_that_item_alone(client, simulator, tmp_path, monkeypatch):
    from elevenlabs_history._download import extract

    items = list(client.list())
    bad = items[7].history_item_id
    kind_of = extract.id_of

    def fail_for_one(item):
        if getattr(item, "history_item_id", "") == bad:
            raise ZeroDivisionError("odd")
        return kind_of(item)

    monkeypatch.setattr(extract, "id_of", fail_for_one)
    report = client.download_all(items, tmp_path)
    assert [failed.history_item_id for failed in report.failed] == [bad]
    assert "Unexpected ZeroDivisionError: odd" in str(report.failed[0].error)
    assert len(report.saved) == len(items) - 1


# Paths.


def test_a_file_where_a_folder_is_needed_and_a_folder_where_a_file_is_fail_their_items_alone(client, tmp_path):
    items = list(client.list())
    in_a_file, as_a_folder, *_ = items
    (tmp_path / "in").write_bytes(b"a file")
    (tmp_path / "as.mp3").mkdir()

    def name(item, extension):
        folder = {in_a_file.history_item_id: "in/x", as_a_folder.history_item_id: "as"}
        return folder.get(item.history_item_id, item.history_item_id) + extension

    report = client.download_all(items, tmp_path, template=name)
    assert {failed.history_item_id for failed in report.failed} == {
        in_a_file.history_item_id,
        as_a_folder.history_item_id,
    }
    for failed in report.failed:
        assert isinstance(failed.error, WriteError | TargetExistsError)
        assert "Free some space" not in str(failed.error)
    assert report.aborted_by is None
    assert len(report.saved) == len(items) - 2


@pytest.mark.parametrize("number", [errno.EXDEV, errno.EACCES, errno.ENAMETOOLONG])
def test_a_path_that_can_not_be_used_fails_its_item_alone(client, tmp_path, monkeypatch, number):
    items = list(client.list())
    bad = items[4].history_item_id
    link = os.link

    def fail(source, target):
        if bad in str(target):
            raise OSError(number, os.strerror(number))
        link(source, target)

    monkeypatch.setattr("elevenlabs_history._files.atomic.os.link", fail)
    monkeypatch.setattr("elevenlabs_history._files.atomic._NO_HARD_LINKS", set())
    report = client.download_all(items, tmp_path)
    assert [failed.history_item_id for failed in report.failed] == [bad]
    assert report.aborted_by is None
    assert len(report.saved) == len(items) - 1


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO])
def test_a_disk_that_takes_nothing_ends_the_run(client, simulator, tmp_path, monkeypatch, number):
    items = list(client.list())

    def fail(_source, _target):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("elevenlabs_history._files.atomic.os.link", fail)
    report = client.download_all(items, tmp_path, workers=1, batch_size=2)
    assert report.aborted_by.errno == number
    assert len(report.failed) == len(items)
    assert sum(request.operation == "download" for request in simulator.requests) <= 2


def test_a_name_that_came_back_decomposed_is_found(client, simulator, tmp_path):
    item = HistoryItem.from_dict({**next(iter(simulator.history)).metadata, "voice_name": "Zoë Çelik"})
    (file,) = client.download_all([item], tmp_path).saved
    decomposed = file.path.with_name(unicodedata.normalize("NFD", file.path.name))
    assert decomposed != file.path
    file.path.rename(decomposed)
    report = client.download_all([item], tmp_path)
    assert [skipped.path for skipped in report.skipped] == [decomposed]
    assert report.saved == []


def test_a_hidden_folder_that_is_a_link_is_refused(client, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / ".0123456789abcdef.part").write_bytes(b"another program's")
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / ".elevenlabs-history").symlink_to(elsewhere, target_is_directory=True)
    with pytest.raises(InvalidArgumentError, match="is a symbolic link"):
        client.download_all(list(client.list()), folder)
    assert [path.name for path in elsewhere.iterdir()] == [".0123456789abcdef.part"]


@pytest.mark.parametrize("method", ["save", "extract"])
def test_leftovers_of_a_killed_process_are_deleted_after_a_day_and_nothing_else_is(client, tmp_path, method):
    item = next(iter(client.list()))
    old, new = tmp_path / ".0123456789abcdef.part", tmp_path / ".fedcba9876543210.part"
    others = [tmp_path / name for name in ("song.part", ".x.part", ".0123456789ABCDEF.part")]
    for path in (old, new, *others):
        path.write_bytes(b"...")
    for path in (old, *others):
        os.utime(path, (1, 1))
    download = client.download(item)
    _ = download.save(tmp_path / "a.mp3") if method == "save" else download.extract(tmp_path)
    assert not old.exists()
    assert all(path.exists() for path in (new, *others))
