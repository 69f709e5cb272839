"""Files that the catalog does not know are recorded if it is proven which items they are, and left alone if not."""

import hashlib
import io
import json
import os
import zipfile
from datetime import UTC, datetime

import pytest
from elevenlabs_history import AsyncHistoryClient, FileSaved, InvalidArgumentError, LockedError
from elevenlabs_history_backup import Backup, PageListed, SyncSettings, UnmatchedFile
from elevenlabs_history_simulator import Fault, Quirks, item_id_of
from elevenlabs_history_simulator.archive import write_archive
from filelock import FileLock
from support.backups import import_files, repair, sync

DELETED = "Zz9yYxXwWvVuUtTsSrRq"


def content_of(item):
    return b"".join(item.audio().pieces())


def lose_catalog(folder):
    for path in [*folder.glob("history.db*"), *(folder / ".elevenlabs-history").iterdir()]:
        path.unlink()


@pytest.fixture
def lost(client, simulator, tmp_path):
    """A backup whose catalog is gone."""
    sync(client, tmp_path)
    lose_catalog(tmp_path)
    return tmp_path


def audio_files(folder):
    return {item_id_of(path.read_bytes()): path for path in folder.rglob("*.mp3")}


def reasons(report):
    return {file.path: file.reason for file in report.unmatched}


def assert_in_order(client, folder, *, items=20):
    """The next sync fetches nothing, and every file is as the catalog says."""
    report = sync(client, folder)
    assert (report.saved, report.failed, report.complete, report.lost) == (0, [], True, 0)
    with Backup(folder) as backup:
        assert (len(backup), backup.verify().issues) == (items, [])
        for record in backup:
            (file,) = record.files
            content = (folder / file.path).read_bytes()
            assert item_id_of(content) in {record.history_item_id, None}
            assert (file.size, file.sha256) == (len(content), hashlib.sha256(content).hexdigest())


def test_a_lost_catalog_is_made_anew_from_the_files_and_the_listing(client, simulator, lost):
    seen = []
    simulator.requests.clear()
    report = import_files(client, lost, on_event=seen.append)
    assert (report.recorded, report.extracted, report.unmatched) == (20, 0, [])
    assert [request.operation for request in simulator.requests] == ["list"]
    assert sum(isinstance(event, FileSaved) for event in seen) == 20
    assert PageListed(20, 0) in seen
    with Backup(lost) as backup:
        assert [record.metadata for record in backup] == [item.metadata for item in simulator.history]
        assert {file.match_method for record in backup for file in record.files} == {"id in name"}
        assert {record.on_server for record in backup} == {True}
        assert backup.settings is None
    assert_in_order(client, lost)
    assert import_files(client, lost).recorded == 0


def test_a_file_of_an_item_that_the_server_has_deleted_is_recorded_by_its_name(client, simulator, lost):
    item = next(iter(simulator.history))
    path = audio_files(lost)[item.id]
    os.utime(path, (1, 1))
    simulator.history.remove(item.id)
    assert import_files(client, lost).recorded == 20
    with Backup(lost) as backup:
        record = backup.get(item.id)
        assert (record.state, record.on_server, record.text, record.voice) == ("saved", False, "", "")
        assert record.date.timestamp() == item.date
        assert list(backup.search(item.id)) == [record]
        backup.export_csv(io.StringIO(newline=""))
    report = sync(client, lost)
    assert (report.saved, report.deleted) == (0, 1)
    path.unlink()
    (issue,) = repair(client, lost).issues
    assert (issue.status, issue.history_item_id) == ("missing", item.id)


@pytest.mark.parametrize("name", [f"Rachel_{DELETED}.mp3", f"{DELETED}.mp3", f"2024-02-31_00-00-00_{DELETED}.mp3"])
def test_a_name_without_a_time_gives_the_time_of_the_last_change(client, simulator, tmp_path, name):
    clip = tmp_path / name
    clip.write_bytes(content_of(next(iter(simulator.history))))
    os.utime(clip, (1_600_000_000, 1_600_000_000))
    assert import_files(client, tmp_path).recorded == 1
    with Backup(tmp_path) as backup:
        assert backup.get(DELETED).date == datetime.fromtimestamp(1_600_000_000, UTC)


def test_without_a_server_names_tell_the_items_and_the_next_sync_tells_the_rest(client, simulator, lost):
    assert import_files(None, lost).recorded == 20
    with Backup(lost) as backup:
        assert {record.text for record in backup} == {""}
    assert_in_order(client, lost)
    with Backup(lost) as backup:
        assert [record.metadata for record in backup] == [item.metadata for item in simulator.history]
        assert all(record.on_server and list(backup.search(record.text)) for record in backup)


def test_a_short_listing_completes_what_it_lists(client, simulator, lost):
    import_files(None, lost)
    assert sync(client, lost, limit=5).saved == 0
    with Backup(lost) as backup:
        assert [(record.on_server, bool(record.text)) for record in backup] == [(True, True)] * 5 + [
            (False, False)
        ] * 15


def test_a_later_import_with_a_listing_completes_what_names_did_not_tell(client, simulator, lost):
    import_files(None, lost)
    item = next(iter(simulator.history))
    (lost / f"{item.id}.wav").write_bytes(b"".join(item.audio("wav").pieces()))
    assert import_files(client, lost).recorded == 1
    with Backup(lost) as backup:
        assert [record.metadata for record in backup] == [item.metadata for item in simulator.history]
        assert [file.format for file in backup.get(item.id).files] == ["original", "wav"]


def test_the_first_sync_after_an_import_is_remembered(client, lost):
    import_files(client, lost)
    sync(client, lost, source="TTS")
    with Backup(lost) as backup:
        assert backup.settings == SyncSettings(source="TTS")


def test_an_import_notices_what_the_server_has_deleted_if_it_lists_everything(client, simulator, tmp_path):
    sync(client, tmp_path)
    deleted, odd = list(simulator.history)[:2]
    simulator.history.remove(deleted.id)
    for date, on_server in ((None, True), (odd.metadata["date_unix"], False)):
        odd.metadata["date_unix"] = date
        import_files(client, tmp_path)
        with Backup(tmp_path) as backup:
            assert backup.get(deleted.id).on_server == on_server


def test_a_short_id_may_be_another_word_of_a_name(client, simulator, tmp_path):
    item = next(iter(simulator.history))
    item.metadata["history_item_id"] = "m2"
    (tmp_path / "Rachel_s50_m2.mp3").write_bytes(content_of(item))
    assert import_files(client, tmp_path).recorded == 0


def test_files_that_are_copied_into_the_folder_are_recorded(client, simulator, tmp_path):
    sync(client, tmp_path / "old")
    sync(client, tmp_path / "new", limit=5)
    for number, (history_item_id, path) in enumerate(audio_files(tmp_path / "old").items()):
        if history_item_id not in audio_files(tmp_path / "new"):
            path.rename(tmp_path / "new" / f"copy {number} of {history_item_id} from the old disk.mp3")
    assert import_files(client, tmp_path / "new").recorded == 15
    assert_in_order(client, tmp_path / "new")


def test_converted_files_are_recorded_as_such(client, simulator, tmp_path):
    pcm = simulator.history.add(output_format="pcm_24000")
    sync(client, tmp_path)
    sync(client, tmp_path, output_format="wav")
    with Backup(tmp_path) as backup:
        before = {(file.history_item_id, file.format, file.path) for record in backup for file in record.files}
    lose_catalog(tmp_path)
    assert import_files(client, tmp_path).recorded == 41
    with Backup(tmp_path) as backup:
        assert {(file.history_item_id, file.format, file.path) for record in backup for file in record.files} == before
        assert [file.format for file in backup.get(pcm.id).files] == ["original"]
    assert sync(client, tmp_path, output_format="wav").saved == 0
    assert sync(client, tmp_path, output_format="original").saved == 0


def test_headerless_audio_is_recorded_if_its_name_says_so(client, simulator, tmp_path):
    items = [simulator.history.add(output_format=name) for name in ("ulaw_8000", "alaw_8000")]
    sync(client, tmp_path)
    lose_catalog(tmp_path)
    assert import_files(client, tmp_path).recorded == 22
    with Backup(tmp_path) as backup:
        assert [backup.get(item.id).files[0].kind for item in items] == ["ulaw", "alaw"]


def test_of_two_files_of_one_item_neither_is_recorded(client, simulator, lost):
    history_item_id, path = next(iter(audio_files(lost).items()))
    copy = path.with_name(f"{path.stem} (1).mp3")
    copy.write_bytes(path.read_bytes() + b"edited")
    report = import_files(client, lost)
    assert report.recorded == 19
    assert reasons(report) == {
        each.relative_to(lost).as_posix(): f"Several files have the id {history_item_id} in their names."
        for each in (path, copy)
    }
    assert sync(client, lost).saved == 1
    assert copy.exists()


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("notes.mp3", None, "Its name holds no id of an item."),
        (f"x-{DELETED}.mp3", None, "Its name holds no id of an item."),
        (f"x_{DELETED} (1).mp3", None, "Its name holds no id of an item."),
        (f"x_{DELETED}_take2.mp3", None, "Its name holds no id of an item."),
        ("a_Internationalization.mp3", None, "Its name holds no id of an item."),
        ("x{id}.mp3", None, "Its name holds no id of an item."),
        (f"about_{{id}}_{DELETED}.mp3", None, "Its name holds several ids."),
        ("{id}_{other}.mp3", None, "Its name holds several ids."),
        ("x_{id}.srt", b"1\n00:00:00,000 --> 00:00:02,000\nHello there\n", "It is not audio."),
        ("x_{id}.json", b'{"text": "Hello there"}', "It is not audio."),
        ("x_{id}.png", b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "It is not audio."),
        ("x_{id}", b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "It is not audio."),
        ("x_{id}.mp3", b"", "It is not audio."),
        ("x_{id}.mp3", b"PK\x05\x06" + bytes(18), "It is not audio."),
    ],
)
def test_what_is_not_proven_to_be_the_audio_of_an_item_is_left_alone(
    client, simulator, tmp_path, name, content, reason
):
    one, other, *_ = simulator.history
    path = tmp_path / name.format(id=one.id, other=other.id)
    path.write_bytes(content_of(one) if content is None else content)
    before = path.read_bytes()
    report = import_files(client, tmp_path)
    assert (report.recorded, report.unmatched) == (0, [UnmatchedFile(path=path.name, reason=reason)])
    assert path.read_bytes() == before
    with Backup(tmp_path) as backup:
        assert len(backup) == 0


def test_a_second_file_of_a_saved_item_is_left_alone(client, simulator, tmp_path):
    sync(client, tmp_path)
    history_item_id, path = next(iter(audio_files(tmp_path).items()))
    path.with_name(f"edited_{history_item_id}.mp3").write_bytes(path.read_bytes() + b"edited")
    report = import_files(client, tmp_path)
    assert list(reasons(report).values()) == [f"Item {history_item_id} is recorded with another file."]
    with Backup(tmp_path) as backup:
        assert backup.get(history_item_id).files[0].path == path.relative_to(tmp_path).as_posix()


@pytest.mark.skipif(os.name == "nt", reason="pipes, links and names as POSIX has them")
def test_what_can_not_be_read_is_reported_and_the_rest_is_recorded(client, simulator, lost):
    link, pipe, odd, *_ = audio_files(lost).values()
    for path in (link, pipe):
        path.unlink()
    link.symlink_to(link)
    os.mkfifo(pipe)
    odd.rename(os.fsdecode(os.fsencode(odd.with_suffix("")) + b"\xe9_.mp3"))
    report = import_files(client, lost)
    assert report.recorded == 17
    assert sorted(reason[:16] for reason in reasons(report).values()) == [
        "It can't be read",
        "It can't be read",
        "Its name is not ",
    ]


def test_an_item_that_failed_before_is_no_longer_tried(client, simulator, tmp_path):
    simulator.faults.add(Fault.refusal(400, "odd"), on="download")
    (failed,) = sync(client, tmp_path, batch_size=1, workers=1).failed
    item = simulator.history.get(failed.history_item_id)
    (tmp_path / f"{item.id}.mp3").write_bytes(content_of(item))
    assert import_files(client, tmp_path).recorded == 1
    with Backup(tmp_path) as backup:
        assert backup.get(item.id).state == "saved"
    assert sync(client, tmp_path).saved == 0


def test_a_listing_that_ends_early_marks_nothing_as_deleted(client, simulator, lost):
    simulator.quirks = Quirks(endless_pages=True)
    import_files(client, lost)
    with Backup(lost) as backup:
        assert {record.on_server for record in backup} == {True}


# Archives


def archive_of(path, items, **quirks):
    """An archive as the server makes it, on the disk."""
    file, _ = write_archive(items, None, Quirks(**quirks))
    with file:
        path.write_bytes(file.read())
    return path


def test_an_archive_without_ids_is_matched_by_its_times(client, simulator, tmp_path):
    items = list(simulator.history)[2:12]
    archive = archive_of(tmp_path / "old.zip", items, utc_offset=7200, folders=True)
    folder = tmp_path / "backup"
    report = import_files(client, folder, archive)
    assert (report.recorded, report.extracted, report.unmatched) == (0, 10, [])
    assert set(audio_files(folder)) == {item.id for item in items}
    assert sync(client, folder).saved == 10
    assert_in_order(client, folder)


def test_an_archive_with_ids_is_matched_without_a_server(client, simulator, tmp_path):
    folder = tmp_path / "backup"
    simulator.faults.add(Fault.refusal(400, "odd"), on="download")
    (failed,) = sync(client, folder, batch_size=1, workers=1).failed
    items = [simulator.history.get(failed.history_item_id), simulator.history.add()]
    archive = archive_of(tmp_path / "old.zip", items, names="id")
    report = import_files(None, folder, archive)
    assert (report.extracted, list(reasons(report))) == (1, [f"{items[1].id}.mp3"])
    assert set(audio_files(folder)) == {item.id for item in list(simulator.history)[:20]}


def test_files_of_an_archive_are_named_as_those_of_the_backup(client, simulator, tmp_path):
    folder = tmp_path / "backup"
    sync(client, folder, template="{model}/{id}{ext}", limit=1)
    item = list(simulator.history)[5]
    archive = archive_of(tmp_path / "old.zip", [item], names="id")
    assert import_files(client, folder, archive).extracted == 1
    with Backup(folder) as backup:
        assert backup.get(item.id).files[0].path == f"{item.metadata['model_id']}/{item.id}.mp3"


def test_what_is_saved_or_forgotten_is_not_extracted(client, simulator, tmp_path):
    folder = tmp_path / "backup"
    sync(client, folder, limit=3)
    saved, renamed, forgotten = list(simulator.history)[:3]
    audio_files(folder)[renamed.id].rename(folder / "my favourite.mp3")
    audio_files(folder)[forgotten.id].unlink()
    with Backup(folder) as backup:
        backup.forget(forgotten.id)
    new = list(simulator.history)[4]
    archive = archive_of(tmp_path / "old.zip", [saved, renamed, forgotten, new])
    assert import_files(client, folder, archive).extracted == 1
    assert set(audio_files(folder)) == {saved.id, renamed.id, new.id}
    with Backup(folder) as backup:
        assert backup.get(forgotten.id).state == "forgotten"


def test_members_that_nothing_proves_are_reported_and_stay_in_the_archive(client, simulator, tmp_path):
    items = list(simulator.history)[:2]
    archive = archive_of(tmp_path / "old.zip", items)
    before = archive.read_bytes()
    report = import_files(client, tmp_path / "backup", archive)
    assert (report.extracted, len(report.unmatched)) == (0, 2)
    assert {(file.archive, file.reason) for file in report.unmatched} == {
        (str(archive), "Nothing proves that it is the audio of an item.")
    }
    assert {file.path for file in report.unmatched} == set(zipfile.ZipFile(archive).namelist())
    assert (audio_files(tmp_path / "backup"), archive.read_bytes()) == ({}, before)


def test_an_archive_that_is_damaged_is_reported_and_the_next_one_is_imported(client, simulator, tmp_path):
    one, other, *_ = simulator.history
    damaged = archive_of(tmp_path / "damaged.zip", [one], names="id")
    damaged.write_bytes(damaged.read_bytes()[:-1])
    good = archive_of(tmp_path / "good.zip", [other], names="id")
    report = import_files(client, tmp_path / "backup", damaged, good)
    assert report.extracted == 1
    ((path, reason),) = reasons(report).items()
    assert (path, "Unsafe archive" in reason, str(damaged) in reason) == (str(damaged), True, True)


def test_a_plain_error_says_what_can_not_be_imported(client, simulator, tmp_path):
    with pytest.raises(InvalidArgumentError, match=r"Can't read .*missing\.zip: No such file"):
        import_files(client, tmp_path / "backup", tmp_path / "missing.zip")
    with pytest.raises(InvalidArgumentError, match="There is no folder"):
        import_files(client, tmp_path / "typo")
    assert not (tmp_path / "typo").exists()


def test_an_import_waits_for_no_other_run(client, lost):
    with FileLock(lost / ".elevenlabs-history" / "backup.lock"), pytest.raises(LockedError):
        import_files(client, lost)


@pytest.mark.parametrize("use", [import_files, repair])
def test_an_async_client_is_refused_in_words(client, simulator, tmp_path, use):
    sync(client, tmp_path, limit=1)
    async_client = AsyncHistoryClient(simulator.api_key, base_url=simulator.base_url)
    with pytest.raises(InvalidArgumentError, match=r"asyncio\.to_thread"):
        use(async_client, tmp_path)


def test_json_of_an_import_that_knows_little_is_complete(client, simulator, tmp_path):
    (tmp_path / f"2024-05-06_07-08-09_x_{DELETED}.mp3").write_bytes(content_of(next(iter(simulator.history))))
    import_files(None, tmp_path)
    with Backup(tmp_path) as backup:
        (record,) = backup
        assert (json.dumps(record.metadata["state"]), record.date.isoformat()) == ("null", "2024-05-06T07:08:09+00:00")
