"""A backup holds everything, fetches only what is new, and carries on where it was cut off."""

import asyncio
import contextlib
import json
import sqlite3

import pytest
from elevenlabs_history import (
    AsyncHistoryClient,
    AuthenticationError,
    FileSaved,
    InvalidArgumentError,
    LockedError,
    RetryPolicy,
    ServerError,
)
from elevenlabs_history_backup import Backup, CatalogError, PageListed
from elevenlabs_history_backup.schema import VERSION
from elevenlabs_history_simulator import Fault, Quirks, item_id_of
from filelock import FileLock
from support.backups import plan, repair, sync

NEWER = 1_800_000_000


def requests(simulator, operation):
    return [request for request in simulator.requests if request.operation == operation]


def assert_whole(folder, simulator):
    """Every item of the history is there as a file with its own bytes, and nothing else is."""
    with Backup(folder) as backup:
        files = {file.history_item_id: file for record in backup for file in record.files}
        verification = backup.verify()
    assert files.keys() >= {item.id for item in simulator.history}
    assert verification.issues == []
    for history_item_id, file in files.items():
        assert item_id_of((folder / file.path).read_bytes()) == history_item_id


def test_the_first_run_saves_everything(client, simulator, tmp_path):
    report = sync(client, tmp_path)
    assert (report.listed, report.saved, report.complete) == (20, 20, True)
    assert report.failed == []
    assert report.size == sum(path.stat().st_size for path in tmp_path.rglob("*.mp3"))
    assert_whole(tmp_path, simulator)


def test_the_next_run_fetches_nothing_and_lists_one_page(client, simulator, tmp_path):
    simulator.history.fill(2500)
    sync(client, tmp_path)
    simulator.requests.clear()
    report = sync(client, tmp_path)
    assert (report.saved, report.complete) == (0, True)
    assert [request.operation for request in simulator.requests] == ["list"]


def test_a_later_run_fetches_only_what_is_new(client, simulator, tmp_path):
    simulator.history.fill(2500)
    sync(client, tmp_path)
    new = {simulator.history.add(date=NEWER + number).id for number in range(50)}
    simulator.requests.clear()
    seen = []
    report = sync(client, tmp_path, on_event=seen.append)
    assert report.saved == 50
    assert {event.file.history_item_id for event in seen if isinstance(event, FileSaved)} == new
    assert len(requests(simulator, "list")) == 2
    assert_whole(tmp_path, simulator)


def test_a_full_run_reports_what_the_server_has_deleted_and_keeps_it(client, simulator, tmp_path):
    sync(client, tmp_path)
    removed = [item.id for item in list(simulator.history)[:3]]
    for history_item_id in removed:
        simulator.history.remove(history_item_id)
    report = sync(client, tmp_path, full=True)
    assert (report.saved, report.deleted) == (0, 3)
    with Backup(tmp_path) as backup:
        assert {record.history_item_id for record in backup if not record.on_server} == set(removed)
        assert backup.verify().ok_count == 20


def test_a_renamed_file_is_not_fetched_again(client, simulator, tmp_path):
    sync(client, tmp_path)
    clip = next(tmp_path.rglob("*.mp3"))
    clip.rename(tmp_path / "my favourite.mp3")
    simulator.requests.clear()
    sync(client, tmp_path, full=True)
    assert requests(simulator, "download") == []


def test_wav_files_are_kept_beside_the_others(client, simulator, tmp_path):
    sync(client, tmp_path)
    report = sync(client, tmp_path, output_format="wav")
    assert report.saved == 20
    assert len(list(tmp_path.rglob("*.mp3"))) == len(list(tmp_path.rglob("*.wav"))) == 20
    with Backup(tmp_path) as backup:
        assert {tuple(file.format for file in record.files) for record in backup} == {("original", "wav")}
        assert backup.verify().issues == []


def test_what_is_wav_as_generated_is_not_converted_again(client, simulator, tmp_path):
    simulator.history.add(output_format="pcm_24000")
    sync(client, tmp_path)
    assert sync(client, tmp_path, output_format="wav").saved == 20


def test_items_keep_every_field_that_the_server_listed(client, simulator, tmp_path):
    item = simulator.history.add(a_new_field={"deep": [1, None]})
    listed = item.metadata | {"text": "half a pair \ud83d and \0"}
    page = {"history": [listed], "last_history_item_id": item.id, "has_more": False, "scanned_until": None}
    simulator.faults.add(Fault.answer(200, json.dumps(page).encode()), on="list")
    assert sync(client, tmp_path).saved == 1
    with Backup(tmp_path) as backup:
        assert backup.get(item.id).metadata == listed
        assert backup.get("unknown") is None
        assert len(backup) == 1


def test_a_failed_item_is_reported_recorded_and_tried_again(client, simulator, tmp_path):
    broken, *_ = simulator.history
    simulator.history.add(state="created")
    simulator.quirks = Quirks(missing_ids="skip")
    metadata = dict(broken.metadata)
    broken.metadata["history_item_id"] = "x" * 20
    report = sync(client, tmp_path)
    assert report.saved == 20
    broken.metadata.update(metadata)
    assert [failed.history_item_id for failed in report.failed] + report.missing == ["x" * 20]


def test_a_server_error_of_one_item_does_not_stop_the_others_and_the_next_run_heals_it(client, simulator, tmp_path):
    simulator.history.fill(3)
    simulator.faults.add(Fault.answer(500), on="download", times=6)
    report = sync(client, tmp_path, batch_size=1, workers=1)
    assert (report.saved, len(report.failed)) == (22, 1)
    failed = report.failed[0].history_item_id
    with Backup(tmp_path) as backup:
        assert backup.get(failed).state == "failed"
        assert "500" in backup.get(failed).reason
    report = sync(client, tmp_path)
    assert (report.saved, report.failed) == (1, [])
    with Backup(tmp_path) as backup:
        assert (backup.get(failed).state, backup.get(failed).reason) == ("saved", None)


def test_items_that_failed_before_come_after_new_ones(make_client, simulator, tmp_path):
    simulator.history.fill(80)
    simulator.faults.add(Fault.answer(500), on="download", times=100)
    client = make_client(retry_policy=RetryPolicy(max_attempts=1))
    with pytest.raises(ServerError):
        sync(client, tmp_path, batch_size=1, workers=1)
    simulator.faults.clear()
    with Backup(tmp_path) as backup:
        failed = {record.history_item_id for record in backup}
    assert 0 < len(failed) < 100
    seen = []
    sync(client, tmp_path, batch_size=1, workers=1, on_event=seen.append)
    saved = [event.file.history_item_id for event in seen if isinstance(event, FileSaved)]
    assert len(saved) == 100
    assert set(saved[-len(failed) :]) == failed


def test_an_item_that_was_missing_and_is_listed_again_is_fetched(client, simulator, tmp_path):
    simulator.faults.add(Fault.refusal(404, "not_found"), on="download")
    report = sync(client, tmp_path, batch_size=1, workers=1)
    assert (report.saved, len(report.missing), report.complete) == (19, 1, True)
    report = sync(client, tmp_path)
    assert (report.saved, report.missing, report.complete) == (1, [], True)
    assert_whole(tmp_path, simulator)


def test_a_run_that_was_cut_off_is_carried_on(client, simulator, tmp_path):
    simulator.history.fill(100)

    def cut_off(event):
        if isinstance(event, FileSaved):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sync(client, tmp_path, batch_size=10, on_event=cut_off)
    assert sync(client, tmp_path).complete
    assert_whole(tmp_path, simulator)


def test_new_items_below_saved_ones_are_found_after_a_run_that_was_cut_off(client, simulator, tmp_path):
    simulator.history.fill(1500)
    sync(client, tmp_path)
    for number in range(1100):
        simulator.history.add(date=NEWER + number)
    simulator.requests.clear()
    # The newest thousand, so that the first page of the next run is known and what is below it is not.
    assert sync(client, tmp_path, limit=1000).saved == 1000
    assert sync(client, tmp_path).saved == 100
    assert_whole(tmp_path, simulator)


def test_an_item_dated_in_the_future_covers_nothing(client, simulator, tmp_path):
    simulator.history.add(date=4_000_000_000)
    sync(client, tmp_path)
    for number in range(1100):
        simulator.history.add(date=NEWER + number)
    assert sync(client, tmp_path, limit=1001).saved == 1000
    assert sync(client, tmp_path).saved == 100
    assert_whole(tmp_path, simulator)


def test_a_run_with_filters_covers_only_what_it_asked_for(client, simulator, tmp_path):
    voice = next(iter(simulator.history)).metadata["voice_id"]
    spoken = sum(item.metadata["voice_id"] == voice for item in simulator.history)
    assert sync(client, tmp_path, voice=voice).saved == spoken
    assert sync(client, tmp_path, no_filters=True).saved == 20 - spoken


def test_a_page_that_could_not_be_fetched_saves_nothing_and_covers_nothing(client, simulator, tmp_path):
    simulator.faults.add(Fault.answer(400, b'{"detail": "no"}'), on="list")
    with pytest.raises(Exception, match="no"):
        sync(client, tmp_path)
    assert sync(client, tmp_path).saved == 20


def test_a_key_that_is_revoked_midway_ends_the_run_and_keeps_what_is_saved(client, simulator, tmp_path):
    simulator.history.fill(100)

    def revoke(event):
        if isinstance(event, FileSaved):
            simulator.api_key = "another"

    with pytest.raises(AuthenticationError):
        sync(client, tmp_path, batch_size=10, workers=1, on_event=revoke)
    with Backup(tmp_path) as backup:
        saved = len(backup)
        assert 0 < saved < 120
        assert list(backup._open().rows("SELECT ended_at, high_water_mark FROM runs")) == [(None, None)]
        assert {record.state for record in backup} == {"saved"}
    simulator.api_key = "simulator-key"
    assert sync(client, tmp_path).saved == 120 - saved


def test_a_plan_says_what_would_be_fetched_and_writes_nothing(client, simulator, tmp_path):
    folder = tmp_path / "new"
    planned = plan(client, folder)
    assert not folder.exists()
    items = list(simulator.history)
    assert (planned.items, planned.listed) == (20, 20)
    assert planned.newest.timestamp() == items[0].date
    assert planned.oldest.timestamp() == items[-1].date
    assert sum(planned.voices.values()) == 20
    assert planned.characters == sum(len(item.metadata["text"]) for item in items)
    sync(client, folder)
    simulator.history.add(date=NEWER)
    assert plan(client, folder).items == 1


def test_events_report_how_the_listing_goes(client, simulator, tmp_path):
    simulator.history.fill(1500)
    seen = []

    def listen(event):
        if not isinstance(event, PageListed):
            raise KeyboardInterrupt
        seen.append(event)

    with pytest.raises(KeyboardInterrupt):
        sync(client, tmp_path, on_event=listen)
    assert seen == [PageListed(1000, 1000), PageListed(1520, 1520)]


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"template": "{voice}{ext}"}, InvalidArgumentError),
        ({"workers": 0}, InvalidArgumentError),
        ({"limit": -1}, InvalidArgumentError),
        ({"model_id": ""}, InvalidArgumentError),
        ({"after": "yesterday"}, InvalidArgumentError),
        ({"before": 10**20}, InvalidArgumentError),
    ],
)
def test_arguments_that_cannot_be_used_are_refused_before_anything_is_sent(client, simulator, tmp_path, options, error):
    with pytest.raises(error):
        sync(client, tmp_path / "new", **options)
    assert simulator.requests == []
    assert not (tmp_path / "new").exists()


def test_two_runs_at_once_are_refused(client, tmp_path):
    sync(client, tmp_path, limit=1)
    with (
        FileLock(tmp_path / ".elevenlabs-history" / "backup.lock"),
        pytest.raises(LockedError, match="Wait until it has finished"),
    ):
        sync(client, tmp_path)


def test_a_catalog_that_another_program_holds_is_named_with_a_hint(client, tmp_path, monkeypatch):
    monkeypatch.setattr("elevenlabs_history_backup.schema._LOCK_TIMEOUT", 0.01)
    sync(client, tmp_path, limit=1)
    other = sqlite3.connect(tmp_path / "history.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(CatalogError, match=r"history\.db is locked by another program. Close"):
        sync(client, tmp_path)
    other.close()
    assert sync(client, tmp_path).saved == 19


def test_a_catalog_of_a_newer_version_is_left_alone(client, tmp_path):
    sync(client, tmp_path, limit=1)
    with sqlite3.connect(tmp_path / "history.db") as other:
        other.execute("PRAGMA user_version = 99")
    other.close()
    with pytest.raises(CatalogError, match=r"version 99.*pip install --upgrade"):
        sync(client, tmp_path)


@pytest.mark.parametrize(
    "damage",
    [b"", b"no catalog at all" * 100, b"SQLite format 3\0" + b"\xff" * 44 + VERSION.to_bytes(4) + b"\xff" * 5000],
    ids=["empty", "no database", "damaged"],
)
def test_a_damaged_catalog_is_left_as_it_is(client, tmp_path, damage):
    sync(client, tmp_path)
    clips = sorted(tmp_path.rglob("*.mp3"))
    for file in tmp_path.glob("history.db*"):
        file.unlink()
    (tmp_path / "history.db").write_bytes(damage)
    for use in (lambda backup: backup.sync(client), lambda backup: backup.verify(), lambda backup: backup.plan(client)):
        with Backup(tmp_path) as backup, pytest.raises(CatalogError, match="Restore it from a copy"):
            use(backup)
    assert [path.name for path in tmp_path.glob("history.db*")] == ["history.db"]
    assert (tmp_path / "history.db").read_bytes() == damage
    assert sorted(tmp_path.rglob("*.mp3")) == clips


def test_an_entry_that_is_no_item_is_counted_and_loses_nothing_else(client, simulator, tmp_path):
    simulator.history.add(date=NEWER).metadata["date_unix"] = "yesterday"
    simulator.history.add(date=NEWER + 1).metadata["settings"] = "none"
    report = sync(client, tmp_path)
    assert (report.saved, report.failed, report.invalid_entries) == (21, [], 1)


@pytest.mark.parametrize(
    "fields",
    [
        {"voice_id": {"deep": 1}},
        {"source": ["TTS"]},
        {"model_id": "\ud83d"},
        {"character_count_change_to": 10**30},
        {"text": "", "dialogue": [{"text": None, "voice_id": "a", "voice_name": None}]},
    ],
    ids=str,
)
def test_fields_that_are_not_as_documented_stop_no_backup(client, simulator, tmp_path, fields):
    item = simulator.history.add()
    item.metadata.update(fields)
    report = sync(client, tmp_path)
    assert report.saved + len(report.failed) == 21
    with Backup(tmp_path) as backup:
        assert backup.get(item.id).metadata == item.metadata
        assert "None" not in backup.get(item.id).text


def test_an_entry_that_could_not_be_read_is_found_once_it_can_be(client, simulator, tmp_path):
    odd = simulator.history.add()
    for number in range(1000):
        simulator.history.add(date=NEWER + number)
    date = odd.metadata["date_unix"]
    odd.metadata["date_unix"] = None
    report = sync(client, tmp_path)
    assert (report.saved, report.invalid_entries, report.complete, report.deleted) == (1020, 1, False, None)
    odd.metadata["date_unix"] = date
    report = sync(client, tmp_path)
    assert (report.saved, report.complete) == (1, True)
    assert_whole(tmp_path, simulator)


def test_the_database_of_another_program_is_left_as_it_is(client, tmp_path):
    path = tmp_path / "history.db"
    with contextlib.closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE urls (url TEXT)")
    before = path.read_bytes()
    for use in (sync, plan, repair):
        with pytest.raises(CatalogError, match="belongs to another program"):
            use(client, tmp_path)
    assert path.read_bytes() == before


def test_any_tool_for_sqlite_can_read_the_catalog(client, tmp_path):
    sync(client, tmp_path)
    catalog = sqlite3.connect(f"file:{tmp_path / 'history.db'}?mode=ro", uri=True)
    assert catalog.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert catalog.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    rows = catalog.execute("SELECT json, sha256, match_method FROM items JOIN files USING (history_item_id)").fetchall()
    catalog.close()
    assert len(rows) == 20
    assert all(json.loads(row[0])["history_item_id"] and len(row[1]) == 64 and row[2] for row in rows)


def test_a_power_failure_loses_no_row_that_a_later_one_depends_on(client, tmp_path):
    sync(client, tmp_path)
    with Backup(tmp_path) as backup:
        assert len(backup) == 20
        # NORMAL with a write-ahead log; OFF could lose any row, or damage the file.
        assert backup._open().value("PRAGMA synchronous") == 1
        assert backup._open().value("PRAGMA journal_mode") == "wal"


def test_a_power_failure_after_a_run_loses_no_row_of_it(client, tmp_path):
    with Backup(tmp_path) as backup:
        statements = []
        backup._open(create=True)._connection.set_trace_callback(statements.append)
        backup.sync(client)
        # The last commit of the run flushes the log, which has every earlier one.
        last = statements[-5:]
        assert [last[0], last[1], last[3], last[4]] == [
            "PRAGMA synchronous = FULL",
            "BEGIN IMMEDIATE",
            "COMMIT",
            "PRAGMA synchronous = NORMAL",
        ]
        assert last[2].startswith("UPDATE runs")


def test_a_run_that_was_cut_off_never_counts_as_complete(client, simulator, tmp_path):
    simulator.history.fill(1100)

    def interrupt(event):
        if isinstance(event, FileSaved):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sync(client, tmp_path, on_event=interrupt)
    with Backup(tmp_path) as backup:
        assert list(backup._open().rows("SELECT ended_at, high_water_mark FROM runs")) == [(None, None)]
    assert sync(client, tmp_path).complete
    assert_whole(tmp_path, simulator)


def test_an_asyncio_program_backs_up_in_a_thread(simulator, client, tmp_path):
    async def main():
        return await asyncio.to_thread(sync, client, tmp_path)

    assert asyncio.run(main()).saved == 20


def test_an_async_client_is_refused_in_words(simulator, tmp_path):
    client = AsyncHistoryClient(simulator.api_key, base_url=simulator.base_url)
    with pytest.raises(InvalidArgumentError, match=r"asyncio\.to_thread"):
        sync(client, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_closed_backup_says_so(client, tmp_path):
    sync(client, tmp_path)
    backup = Backup(tmp_path)
    assert len(backup) == 20
    records = iter(backup)
    backup.close()
    for use in (len, next):
        with pytest.raises(CatalogError, match="is closed"):
            use(backup if use is len else records)


def test_a_backup_closed_before_its_first_use_says_so(client, tmp_path):
    backup = Backup(tmp_path)
    backup.close()
    with pytest.raises(CatalogError, match="is closed"):
        backup.sync(client)


def test_a_path_in_the_catalog_that_no_file_can_have_is_a_lost_file_and_ends_no_run(client, tmp_path):
    sync(client, tmp_path)
    with sqlite3.connect(tmp_path / "history.db") as catalog:
        catalog.execute("UPDATE files SET path = ? WHERE rowid = 1", ["x" * 300 + ".mp3"])
    catalog.close()
    report = sync(client, tmp_path)
    assert (report.lost, report.complete) == (1, True)
