"""Files that a user has deleted on purpose are let go: nobody misses them, and nobody fetches them again."""

import csv
import errno
import io
import os
from pathlib import Path

import pytest
from elevenlabs_history import InvalidArgumentError, LockedError, WriteError
from elevenlabs_history_backup import Backup, CatalogError
from elevenlabs_history_simulator import Fault
from filelock import FileLock
from support.backups import import_files, plan, repair, sync


@pytest.fixture
def folder(client, tmp_path):
    sync(client, tmp_path)
    return tmp_path


def forget(folder, history_item_ids):
    with Backup(folder) as backup:
        return backup.forget(history_item_ids)


def delete_file(folder, item):
    """Delete the files of an item, as a user would."""
    with Backup(folder) as backup:
        for file in backup.get(item.id).files:
            (folder / file.path).unlink()


@pytest.fixture
def forgotten(folder, simulator):
    """An item whose file was deleted and let go."""
    item = next(iter(simulator.history))
    delete_file(folder, item)
    assert forget(folder, [item.id]) == 1
    return item


def test_a_forgotten_file_is_not_missed_and_not_fetched_again(client, simulator, folder, forgotten):
    simulator.requests.clear()
    assert plan(client, folder, full=True).items == 0
    for options in ({}, {"full": True}):
        report = sync(client, folder, **options)
        assert (report.saved, report.lost, report.complete) == (0, 0, True)
    with Backup(folder) as backup:
        report = backup.verify()
        assert (report.ok_count, report.issues) == (19, [])
        assert len(backup.write_checksums().read_text().splitlines()) == 19
    assert repair(client, folder).ok_count == 19
    assert {request.operation for request in simulator.requests} == {"list"}


def test_a_forgotten_item_is_fetched_in_no_other_format_either(client, simulator, folder, forgotten):
    assert sync(client, folder, output_format="wav").saved == 19


def test_a_forgotten_item_is_still_found_and_exported(folder, forgotten):
    with Backup(folder) as backup:
        record = backup.get(forgotten.id)
        assert (record.state, record.reason, record.files) == ("forgotten", None, ())
        assert record in list(backup.search(forgotten.id))
        stream = io.StringIO(newline="")
        backup.export_csv(stream)
        rows = {row["history_item_id"]: row for row in csv.DictReader(io.StringIO(stream.getvalue(), newline=""))}
        assert (rows[forgotten.id]["state"], rows[forgotten.id]["path"]) == ("forgotten", "")
        stream = io.StringIO()
        backup.export_m3u(stream)
        assert len(stream.getvalue().splitlines()) == 1 + 2 * 19


def test_a_file_that_comes_back_can_be_imported(client, simulator, folder):
    item = next(iter(simulator.history))
    with Backup(folder) as backup:
        path = folder / backup.get(item.id).files[0].path
    content = path.read_bytes()
    path.unlink()
    forget(folder, item.id)
    path.write_bytes(content)
    assert import_files(None, folder).recorded == 1
    with Backup(folder) as backup:
        assert backup.get(item.id).state == "saved"
        assert (backup.verify().ok_count, backup.verify().issues) == (20, [])


def test_an_item_that_fails_can_be_let_go(client, simulator, tmp_path):
    simulator.faults.add(Fault.refusal(400, "odd"), on="download")
    (failed,) = sync(client, tmp_path, batch_size=1, workers=1).failed
    assert forget(tmp_path, failed.history_item_id) == 1
    assert (sync(client, tmp_path).saved, plan(client, tmp_path).failed_before) == (0, 0)
    with Backup(tmp_path) as backup:
        assert (backup.get(failed.history_item_id).state, backup.get(failed.history_item_id).reason) == (
            "forgotten",
            None,
        )


def test_nothing_is_changed_if_one_of_the_files_is_still_there(folder, simulator):
    deleted, kept = list(simulator.history)[:2]
    delete_file(folder, deleted)
    with pytest.raises(InvalidArgumentError, match=rf"Item {kept.id} .*\.mp3 exists.*Delete the file first"):
        forget(folder, [deleted.id, kept.id])
    with Backup(folder) as backup:
        assert [issue.history_item_id for issue in backup.verify().issues] == [deleted.id]


def test_nothing_is_changed_if_an_item_is_unknown(folder, simulator):
    deleted = next(iter(simulator.history))
    delete_file(folder, deleted)
    with pytest.raises(InvalidArgumentError, match="has no item 'nobody'"):
        forget(folder, [deleted.id, "nobody"])
    with Backup(folder) as backup:
        assert [issue.history_item_id for issue in backup.verify().issues] == [deleted.id]


def test_what_is_forgotten_twice_is_let_go_once(folder, forgotten):
    assert forget(folder, [forgotten.id, forgotten.id]) == 0


def test_every_format_of_an_item_is_let_go(client, simulator, folder):
    item = next(iter(simulator.history))
    sync(client, folder, output_format="wav")
    delete_file(folder, item)
    assert forget(folder, [item.id]) == 2
    with Backup(folder) as backup:
        assert backup.verify().issues == []


def test_a_run_that_is_writing_is_not_disturbed(folder, simulator):
    with FileLock(folder / ".elevenlabs-history" / "backup.lock"), pytest.raises(LockedError):
        forget(folder, [next(iter(simulator.history)).id])


def test_a_folder_without_a_backup_is_left_alone(tmp_path):
    with pytest.raises(CatalogError, match="is not a backup"):
        forget(tmp_path, ["x"])
    assert list(tmp_path.iterdir()) == []


def test_a_path_of_the_catalog_that_leaves_the_folder_is_not_looked_at(client, simulator, tmp_path):
    folder, outside = tmp_path / "backup", tmp_path / "outside.mp3"
    sync(client, folder)
    outside.write_bytes(b"not ours")
    item = next(iter(simulator.history))
    with Backup(folder) as backup:
        with backup._open().transaction() as connection:
            connection.execute("UPDATE files SET path = '../outside.mp3' WHERE history_item_id = ?", (item.id,))
        assert backup.forget(item.id) == 1
    assert outside.read_bytes() == b"not ours"


def test_a_file_in_a_folder_that_can_not_be_read_is_not_forgotten(folder, simulator, monkeypatch):
    lstat = Path.lstat

    def refuse(path):
        if path.suffix == ".mp3":
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        return lstat(path)

    item = next(iter(simulator.history))
    delete_file(folder, item)
    # Root, who may run this, may read everywhere.
    monkeypatch.setattr("pathlib.Path.lstat", refuse)
    with pytest.raises(WriteError, match=r"Can't look for .*: Permission denied\. Check the permissions"):
        forget(folder, [item.id])
