"""Prune deletes on the server what was read back a moment ago, and nothing else: one test for each rule."""

import hashlib
import json
import os
import shutil
import signal
import sqlite3
import threading
import time
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from attrs import evolve
from elevenlabs_history import HistoryClient, InvalidArgumentError, LockedError, NotFoundError
from elevenlabs_history._audio import wav_header
from elevenlabs_history_backup import Backup, CatalogError, PruneError, prune as prune_module
from elevenlabs_history_simulator import Fault, Quirks, Simulator
from filelock import FileLock
from support.backups import repair, sync

MONTH = timedelta(days=30)
LARGE = {"max_items": 10_000, "everything_listed": True}
DELETES_NOT = Fault.answer(200, b'{"status": "ok"}', content_type="application/json")


@pytest.fixture(autouse=True)
def _without_pauses(monkeypatch):
    monkeypatch.setattr(prune_module, "_INTERVAL", 0)


@pytest.fixture
def folder(client, tmp_path):
    folder = tmp_path / "backup"
    sync(client, folder)
    return folder


@pytest.fixture
def backup(folder):
    with Backup(folder) as opened:
        yield opened


def prune(client, backup, *, before_deleting=lambda: None, on_result=None, copy=None, **filters):
    plan = backup.plan_prune(client, older_than=MONTH, copy=copy, **filters)
    before_deleting()
    return backup.prune(client, plan, **LARGE, on_result=on_result)


def path_of(backup, history_item_id):
    return backup.folder / backup.get(history_item_id).files[0].path


def oldest_first(simulator):
    return [item.id for item in simulator.history][::-1]


def rows(backup):
    """The log of prunes, as another program reads it: item, and whether its deletion is done."""
    with sqlite3.connect(backup.folder / "history.db") as catalog:
        found = catalog.execute("SELECT history_item_id, pruned_at IS NOT NULL FROM prunes ORDER BY rowid").fetchall()
    catalog.close()
    return found


def set_in_catalog(backup, statement, *values):
    with backup._open().transaction() as connection:
        connection.execute(statement, values)


def deletions(simulator):
    return [request.path.rpartition("/")[2] for request in simulator.requests if request.operation == "delete"]


def only_result(report):
    (result,) = [result for result in report.results if result.status not in {"deleted", "settled"}]
    return result


def test_items_are_deleted_on_the_server_and_their_files_stay(client, simulator, backup):
    ids = oldest_first(simulator)
    seen = []
    report = prune(client, backup, on_result=seen.append)
    assert len(simulator.history) == 0
    assert [result.history_item_id for result in report.results] == ids
    assert (report.count("deleted"), report.aborted_by, seen) == (20, None, report.results)
    assert (backup.verify().ok_count, backup.verify().issues) == (20, [])
    assert rows(backup) == [(history_item_id, 1) for history_item_id in ids]
    assert not any(record.on_server for record in backup)


def test_a_plan_changes_nothing_and_says_what_would_go(client, simulator, backup):
    ids = oldest_first(simulator)
    simulator.requests.clear()
    plan = backup.plan_prune(client, older_than=MONTH)
    assert (plan.ids, plan.listed, plan.skipped, plan.copy) == (tuple(ids), 20, {}, None)
    assert plan.oldest == backup.get(ids[0]).date < plan.newest == backup.get(ids[-1]).date
    assert {request.operation for request in simulator.requests} == {"list"}
    assert rows(backup) == []


# Rule 1: filters


def test_nothing_younger_than_a_day_can_be_asked_for(client, backup):
    with pytest.raises(InvalidArgumentError, match="younger than 24 hours"):
        backup.plan_prune(client, older_than=timedelta(hours=23))


def test_an_age_must_be_given(client, backup):
    with pytest.raises(TypeError, match="older_than"):
        backup.plan_prune(client)


def test_what_is_younger_than_the_age_is_not_in_the_plan(client, simulator, tmp_path):
    age = timedelta(days=2)
    at_the_age = datetime.now(UTC) - age
    older = simulator.history.add(date=int((at_the_age - timedelta(minutes=1)).timestamp()))
    simulator.history.add(date=int((at_the_age + timedelta(minutes=1)).timestamp()))
    sync(client, tmp_path)
    with Backup(tmp_path) as backup:
        plan = backup.plan_prune(client, older_than=age)
    assert (len(plan.ids), plan.ids[-1]) == (21, older.id)


@pytest.mark.parametrize("text", ["", " "])
@pytest.mark.parametrize("name", ["voice", "model_id", "source"])
def test_an_empty_filter_is_refused(client, backup, name, text):
    with pytest.raises(InvalidArgumentError, match="A filter is empty"):
        backup.plan_prune(client, older_than=MONTH, **{name: text})


def test_each_filter_leaves_the_others_on_the_server(client, simulator, backup):
    newest = next(iter(simulator.history)).metadata
    for filters, fits in [
        ({"voice": newest["voice_name"].upper()}, lambda item: item["voice_name"] == newest["voice_name"]),
        ({"voice": newest["voice_id"]}, lambda item: item["voice_id"] == newest["voice_id"]),
        ({"model_id": newest["model_id"]}, lambda item: item["model_id"] == newest["model_id"]),
        ({"source": newest["source"]}, lambda item: item["source"] == newest["source"]),
        (
            {"before": datetime.fromtimestamp(newest["date_unix"])},  # noqa: DTZ006 - without a zone it is UTC
            lambda item: item["date_unix"] < newest["date_unix"],
        ),
        ({"after": newest["date_unix"]}, lambda item: item["date_unix"] >= newest["date_unix"]),
    ]:
        plan = backup.plan_prune(client, older_than=MONTH, **filters)
        expected = {item.id for item in simulator.history if fits(item.metadata)}
        assert set(plan.ids) == expected, filters
        assert 0 < len(expected) < 20


def test_an_item_without_a_voice_has_no_voice_called_none(client, simulator, tmp_path):
    simulator.history.add(voice_id=None, voice_name=None)
    sync(client, tmp_path)
    with Backup(tmp_path) as backup:
        assert backup.plan_prune(client, older_than=MONTH, voice="none").ids == ()


@pytest.mark.skipif(os.name == "nt", reason="sets the time zone as POSIX has it")
def test_a_time_without_a_zone_is_utc_wherever_the_program_runs(client, simulator, backup, monkeypatch):
    second = list(simulator.history)[1].date
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        before = datetime.fromtimestamp(second, UTC).replace(tzinfo=None)
        assert len(backup.plan_prune(client, older_than=MONTH, before=before).ids) == 18
    finally:
        monkeypatch.undo()
        time.tzset()


# Rule 2: the file


def test_a_wav_conversion_is_no_original(client, simulator, tmp_path):
    sync(client, tmp_path, output_format="wav")
    with Backup(tmp_path) as backup:
        plan = backup.plan_prune(client, older_than=MONTH)
    assert (plan.ids, plan.skipped) == ((), {"The backup has no file of it in the original format.": 20})


def test_an_item_whose_file_was_never_saved_is_not_in_the_plan(client, simulator, tmp_path):
    simulator.faults.add(Fault.refusal(400, "odd"), on="download")
    sync(client, tmp_path, batch_size=1)
    with Backup(tmp_path) as backup:
        (failed,) = [record.history_item_id for record in backup if record.state == "failed"]
        assert failed not in backup.plan_prune(client, older_than=MONTH).ids


def test_a_proof_that_is_not_a_strong_one_is_not_enough(client, simulator, backup):
    weak = oldest_first(simulator)[3]
    set_in_catalog(backup, "UPDATE files SET match_method = 'id in name' WHERE history_item_id = ?", weak)
    plan = backup.plan_prune(client, older_than=MONTH)
    assert weak not in plan.ids
    assert plan.skipped == {"The proof that the file is this item is not strong.": 1}


def test_the_proof_is_looked_at_again_when_the_item_is_deleted(client, simulator, backup):
    weak = oldest_first(simulator)[0]
    statement = "UPDATE files SET match_method = 'id in name' WHERE history_item_id = ?"
    report = prune(client, backup, before_deleting=lambda: set_in_catalog(backup, statement, weak))
    assert "not strong" in str(only_result(report).error)
    assert simulator.history.get(weak)


def test_what_was_matched_by_its_name_on_the_disk_is_not_deleted(client, simulator, backup):
    with Backup(backup.folder) as made_anew:
        for path in backup.folder.glob("history.db*"):
            path.unlink()
        assert made_anew.import_files(client).recorded == 20
        with pytest.raises(PruneError, match="has been completed"):
            made_anew.plan_prune(client, older_than=MONTH)
        made_anew.sync(client)
        plan = made_anew.plan_prune(client, older_than=MONTH)
    assert (plan.ids, plan.skipped) == ((), {"The proof that the file is this item is not strong.": 20})


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.write_bytes(path.read_bytes()[:-1]),
        lambda path: path.write_bytes(path.read_bytes()[:-1] + b"?"),
        lambda path: path.write_bytes(b""),
        lambda path: path.unlink(),
        lambda path: path.unlink() or path.mkdir(),
        lambda path: path.unlink() or path.symlink_to(path),
    ],
    ids=["shorter", "another byte", "empty", "missing", "a folder", "a link to itself"],
)
def test_a_file_that_is_not_as_it_was_saved_keeps_its_item_on_the_server(client, simulator, backup, damage):
    history_item_id = oldest_first(simulator)[5]
    path = path_of(backup, history_item_id)
    report = prune(client, backup, before_deleting=lambda: damage(path))
    result = only_result(report)
    assert (result.history_item_id, result.status, report.count("deleted")) == (history_item_id, "skipped", 19)
    assert str(path) in str(result.error)
    assert [item.id for item in simulator.history] == [history_item_id]
    assert history_item_id not in dict(rows(backup))


def test_a_path_of_the_catalog_that_leaves_the_folder_is_not_read(client, simulator, backup):
    history_item_id = oldest_first(simulator)[0]
    outside = path_of(backup, history_item_id).rename(backup.folder.parent / "outside.mp3")
    statement = "UPDATE files SET path = ? WHERE history_item_id = ?"
    set_in_catalog(backup, statement, f"../{outside.name}", history_item_id)
    assert only_result(prune(client, backup)).status == "skipped"
    assert simulator.history.get(history_item_id)


@pytest.mark.parametrize(
    ("data", "kind"),
    [(b'{"detail": "Internal error"}' * 20, "mp3"), (b'{"detail": "x"}' * 20, "error page"), (b"", "empty")],
)
def test_what_does_not_begin_as_audio_is_no_copy_of_the_item_whatever_its_hash(client, simulator, backup, data, kind):
    history_item_id = oldest_first(simulator)[0]
    path_of(backup, history_item_id).write_bytes(data)
    statement = "UPDATE files SET sha256 = ?, kind = ? WHERE history_item_id = ?"
    set_in_catalog(backup, statement, hashlib.sha256(data).hexdigest(), kind, history_item_id)
    assert f"does not begin as {kind} audio" in str(only_result(prune(client, backup)).error)
    assert simulator.history.get(history_item_id)


def test_audio_of_another_kind_than_was_saved_is_not_the_file(client, simulator, backup):
    history_item_id = oldest_first(simulator)[0]
    set_in_catalog(backup, "UPDATE files SET kind = 'wav' WHERE history_item_id = ?", history_item_id)
    assert "does not begin as wav audio" in str(only_result(prune(client, backup)).error)


@pytest.mark.parametrize("output_format", ["pcm_24000", "ulaw_8000", "opus_48000_64", "wav_44100"])
def test_every_format_can_be_pruned(client, simulator, tmp_path, output_format):
    item = simulator.history.add(output_format=output_format)
    sync(client, tmp_path)
    with Backup(tmp_path) as backup:
        assert prune(client, backup).count("deleted") == 21
    assert simulator.history.get(item.id) is None


# Rule 3: what the server says now


@pytest.mark.parametrize(
    ("change", "differing"),
    [
        ({"text": "Other words."}, "text"),
        ({"voice_id": "another"}, "voice"),
        ({"voice_name": "Another"}, "voice"),
        ({"date": 1_700_000_000}, "date"),
        ({"character_count_change_to": 10**6}, "characters"),
        ({"dialogue": [{"text": "Hi", "voice_id": "x", "voice_name": "Someone"}]}, "voice"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_an_item_that_the_server_changed_between_plan_and_deletion_stays(client, simulator, backup, change, differing):
    history_item_id = oldest_first(simulator)[7]
    report = prune(client, backup, before_deleting=lambda: simulator.history.change(history_item_id, **change))
    result = only_result(report)
    assert (result.history_item_id, result.status) == (history_item_id, "skipped")
    assert str(result.error) == f"The server and the catalog differ in its {differing}."
    assert [item.id for item in simulator.history] == [history_item_id]


def test_an_answer_about_another_item_is_not_about_this_one(client, simulator, backup):
    history_item_id = oldest_first(simulator)[0]
    told = simulator.history.get(history_item_id).metadata | {"history_item_id": "another"}
    other = Fault.answer(200, json.dumps(told).encode(), content_type="application/json")
    simulator.faults.add(other, on="get", skip=20)
    report = prune(client, backup)
    assert report.results == []
    assert "the server answered with item another" in str(report.aborted_by)
    assert simulator.history.get(history_item_id)


def test_items_that_differ_end_no_run_because_they_would_end_every_run(client, simulator, backup):
    for history_item_id in oldest_first(simulator)[:5]:
        simulator.history.change(history_item_id, voice_name="Renamed")
    report = prune(client, backup)
    assert (report.count("skipped"), report.count("deleted"), report.aborted_by) == (5, 15, None)


def test_what_only_a_single_item_tells_is_in_the_catalog_before_it_goes(client, simulator, tmp_path):
    item = simulator.history.add(aligned=True)
    alignments = item.metadata["alignments"]
    simulator.history.change(item.id, alignments=None)
    sync(client, tmp_path)
    simulator.history.change(item.id, alignments=alignments, voice_category=None)
    with Backup(tmp_path) as backup:
        category = backup.get(item.id).metadata["voice_category"]
        prune(client, backup)
        assert backup.get(item.id).metadata["alignments"] == alignments
        assert backup.get(item.id).metadata["voice_category"] == category is not None


# Rule 4: the account


def test_another_account_deletes_nothing_and_nothing_is_recorded_as_gone(client, simulator, backup):
    plan = backup.plan_prune(client, older_than=MONTH)
    with Simulator(seed=2) as other, HistoryClient("simulator-key", base_url=other.base_url) as wrong:
        for act in (lambda: backup.plan_prune(wrong, older_than=MONTH), lambda: backup.prune(wrong, plan, **LARGE)):
            with pytest.raises(PruneError, match=r"key may be of another account"):
                act()
        assert len(other.history) == 20
        assert deletions(other) == []
    assert rows(backup) == []
    assert all(record.on_server for record in backup)


@pytest.mark.parametrize(("removed", "stops"), [(10, False), (11, True)])
def test_most_of_the_first_items_must_be_known_to_the_server(client, simulator, backup, removed, stops, monkeypatch):
    monkeypatch.setattr("elevenlabs_history_backup.prune_rules._MAX_SURPRISES", 100)
    simulator.history.fill(5)
    sync(client, backup.folder, full=True)
    plan = backup.plan_prune(client, older_than=MONTH)
    for history_item_id in plan.ids[:removed]:
        simulator.history.remove(history_item_id)
    if stops:
        with pytest.raises(PruneError, match="does not know 11 of the first 20 items"):
            backup.prune(client, plan, **LARGE)
        assert len(simulator.history) == 14
    else:
        assert backup.prune(client, plan, **LARGE).count("deleted") == 15


def test_an_account_is_checked_before_an_earlier_run_is_settled_with_it(client, simulator, backup):
    lost = oldest_first(simulator)[0]
    simulator.faults.add(Fault.answer(500), on="delete")
    assert prune(client, backup).count("unclear") == 1
    plan = backup.plan_prune(client, older_than=MONTH)
    with (
        Simulator(seed=2) as other,
        HistoryClient("simulator-key", base_url=other.base_url) as wrong,
        pytest.raises(PruneError),
    ):
        backup.prune(wrong, plan, **LARGE)
    assert rows(backup) == [(lost, 0)]


# Rule 5: the second copy


@pytest.fixture
def copy(folder):
    return shutil.copytree(folder, folder.parent / "copy")


def test_with_a_copy_an_item_goes_only_if_both_files_are_whole(client, simulator, backup, copy):
    history_item_id = oldest_first(simulator)[2]
    in_copy = copy / path_of(backup, history_item_id).relative_to(backup.folder)
    report = prune(client, backup, copy=copy, before_deleting=lambda: in_copy.write_bytes(b"rotten"))
    result = only_result(report)
    assert (result.history_item_id, result.status, report.count("deleted")) == (history_item_id, "skipped", 19)
    assert str(in_copy) in str(result.error)
    assert [item.id for item in simulator.history] == [history_item_id]


@pytest.mark.skipif(os.name == "nt", reason="links as POSIX has them")
@pytest.mark.parametrize("link", ["symlink_to", "hardlink_to"])
def test_a_link_is_no_second_copy(client, simulator, backup, copy, link):
    history_item_id = oldest_first(simulator)[2]
    original = path_of(backup, history_item_id)
    in_copy = copy / original.relative_to(backup.folder)
    in_copy.unlink()
    getattr(in_copy, link)(original)
    assert "it is the same file" in str(only_result(prune(client, backup, copy=copy)).error)
    assert simulator.history.get(history_item_id)


def test_a_folder_is_no_copy_of_itself(client, backup, tmp_path):
    link = tmp_path / "link"
    link.symlink_to(backup.folder)
    for target in (backup.folder, link, tmp_path / "nowhere"):
        with pytest.raises(InvalidArgumentError, match="is not a folder with a copy of"):
            backup.plan_prune(client, older_than=MONTH, copy=target)


def test_a_copy_that_lacks_a_file_stops_everything(client, simulator, backup, copy):
    path = next(copy.rglob("*.mp3"))
    path.unlink()
    with pytest.raises(PruneError, match=r"1 of the files are not in .*copy.* Copy the folder of the backup again"):
        prune(client, backup, copy=copy)
    assert len(simulator.history) == 20


# Rule 6: how many


def test_more_items_than_the_maximum_are_refused_as_a_whole(client, simulator, backup):
    plan = backup.plan_prune(client, older_than=MONTH)
    with pytest.raises(InvalidArgumentError, match=r"The plan has 20 items, more than 19\. Nothing was deleted"):
        backup.prune(client, plan, max_items=19, everything_listed=True)
    assert deletions(simulator) == []


def test_the_maximum_is_a_hundred_unless_another_is_given(client, simulator, tmp_path):
    simulator.history.fill(81)
    sync(client, tmp_path)
    with Backup(tmp_path) as backup:
        plan = backup.plan_prune(client, older_than=MONTH)
        with pytest.raises(InvalidArgumentError, match="101 items, more than 100"):
            backup.prune(client, plan, everything_listed=True)


@pytest.mark.parametrize("items", [10, 11])
def test_more_than_half_of_what_is_listed_is_refused(client, simulator, backup, items):
    end = list(simulator.history)[20 - items - 1].date
    plan = backup.plan_prune(client, older_than=MONTH, before=datetime.fromtimestamp(end, UTC))
    assert len(plan.ids) == items
    if items == 11:
        with pytest.raises(InvalidArgumentError, match="11 of the 20 items that the server lists, more than half"):
            backup.prune(client, plan)
        assert deletions(simulator) == []
    else:
        assert backup.prune(client, plan).count("deleted") == 10


# Absence never means anything


def test_a_missing_file_stops_the_plan(client, simulator, backup):
    path_of(backup, oldest_first(simulator)[0]).unlink()
    with pytest.raises(PruneError, match=r"1 of the files are not in .* Repair the backup first"):
        backup.plan_prune(client, older_than=MONTH)


def test_a_folder_that_vanishes_during_a_run_ends_it(client, simulator, backup):
    def vanish():
        (backup.folder / "2025").rename(backup.folder.parent / "elsewhere")

    report = prune(client, backup, before_deleting=vanish)
    assert (report.count("skipped"), report.count("deleted"), len(simulator.history)) == (3, 0, 20)
    assert str(report.aborted_by).startswith("The run ended after three surprises.")
    assert rows(backup) == []


def test_an_empty_listing_stops_everything(client, simulator, backup):
    simulator.reset(items=0)
    with pytest.raises(PruneError, match=r"lists 0 items, and 20 of the 20 .* Nothing was deleted"):
        backup.plan_prune(client, older_than=MONTH)
    assert all(record.on_server for record in backup)


def test_an_empty_listing_stops_everything_even_if_the_catalog_expects_none(client, simulator, backup):
    prune(client, backup)
    with pytest.raises(PruneError, match="lists 0 items"):
        backup.plan_prune(client, older_than=MONTH)


@pytest.mark.parametrize(("left", "stops"), [(10, False), (9, True)])
def test_a_listing_that_is_cut_short_stops_everything(client, simulator, backup, left, stops):
    for history_item_id in oldest_first(simulator)[left:]:
        simulator.history.remove(history_item_id)
    simulator.history.add(date=1_800_000_000)
    if stops:
        with pytest.raises(PruneError, match=r"11 of the 20 that it should have .* cut short"):
            backup.plan_prune(client, older_than=MONTH)
    else:
        assert len(backup.plan_prune(client, older_than=MONTH).ids) == left


def test_a_server_that_says_too_early_that_nothing_follows_stops_everything(client, simulator, tmp_path):
    simulator.history.fill(2000)
    sync(client, tmp_path)
    simulator.faults.add(Fault.last_page(), on="list")
    with Backup(tmp_path) as backup, pytest.raises(PruneError, match=r"lists 1,000 items, and 1,020 of the 2,020"):
        backup.plan_prune(client, older_than=MONTH)


def test_a_listing_that_does_not_come_to_its_end_stops_everything(client, simulator, backup):
    simulator.quirks = Quirks(endless_pages=True)
    with pytest.raises(PruneError, match="listing ended early"):
        backup.plan_prune(client, older_than=MONTH)


def test_what_the_user_deleted_is_expected_after_a_full_backup(client, simulator, backup):
    for history_item_id in oldest_first(simulator)[3:]:
        simulator.history.remove(history_item_id)
    backup.sync(client, full=True)
    assert len(backup.plan_prune(client, older_than=MONTH).ids) == 3


def test_a_catalog_that_is_new_proves_nothing(client, simulator, backup):
    set_in_catalog(backup, "DELETE FROM runs")
    set_in_catalog(backup, "INSERT INTO runs (scope, started_at) VALUES ('', '')")
    with pytest.raises(PruneError, match=r"No backup into .* has been completed\. .* Run a backup first"):
        backup.plan_prune(client, older_than=MONTH)


def test_a_folder_without_a_backup_is_refused_and_stays_empty(client, tmp_path):
    with Backup(tmp_path) as backup, pytest.raises(CatalogError):
        backup.plan_prune(client, older_than=MONTH)
    assert list(tmp_path.iterdir()) == []


def test_what_the_catalog_does_not_know_is_not_deleted(client, simulator, backup):
    new = simulator.history.add()
    assert new.id not in backup.plan_prune(client, older_than=MONTH).ids
    plan = evolve(backup.plan_prune(client, older_than=MONTH), ids=(new.id,))
    assert str(only_result(backup.prune(client, plan)).error) == "The backup does not have it."
    assert simulator.history.get(new.id)


@pytest.mark.parametrize("minutes", [-1, 9, 11])
def test_a_plan_expires_after_ten_minutes(client, simulator, backup, minutes):
    plan = backup.plan_prune(client, older_than=MONTH)
    old = evolve(plan, made_at=plan.made_at - timedelta(minutes=minutes))
    if minutes == 9:
        assert backup.prune(client, old, **LARGE).count("deleted") == 20
    else:
        with pytest.raises(InvalidArgumentError, match="older than ten minutes"):
            backup.prune(client, old, **LARGE)
        assert len(simulator.history) == 20


# Deleting


def test_the_intent_is_on_the_disk_before_the_request_leaves(client, simulator, backup):
    statements, intents = [], []
    backup._open()._connection.set_trace_callback(statements.append)

    def look(_history):
        statements.append("DELETE arrived")
        intents.append(rows(backup)[-1])

    simulator.faults.add_random(Fault.meanwhile(look), 1, on="delete")
    prune(client, backup)
    assert intents == [(history_item_id, 0) for history_item_id in deletions(simulator)]
    arrivals = [number for number, statement in enumerate(statements) if statement == "DELETE arrived"]
    assert len(arrivals) == 20
    for number in arrivals:
        before = [each for each in statements[:number] if each.startswith(("PRAGMA synch", "INSERT OR REP", "COMMIT"))]
        assert [each[:24] for each in before[-4:]] == [
            "PRAGMA synchronous = FUL",
            "INSERT OR REPLACE INTO p",
            "COMMIT",
            "PRAGMA synchronous = NOR",
        ]


def test_a_disk_that_can_not_take_the_intent_deletes_nothing(client, simulator, backup):
    set_in_catalog(backup, "CREATE TRIGGER full BEFORE INSERT ON prunes BEGIN SELECT RAISE(ABORT, 'disk is full'); END")
    report = prune(client, backup)
    assert "disk is full" in str(report.aborted_by)
    assert deletions(simulator) == []


def test_one_request_at_a_time_and_few_in_a_second(client, simulator, backup, monkeypatch):
    pauses = []
    monkeypatch.setattr(prune_module, "_INTERVAL", 0.25)
    monkeypatch.setattr(threading.Event, "wait", lambda _, timeout=None: pauses.append(timeout))
    simulator.requests.clear()
    plan = backup.plan_prune(client, older_than=MONTH)
    backup_run = prune_module._Run(backup._open(), backup._storage, client, plan, lambda _: None)
    backup_run.run()
    assert len(deletions(simulator)) == 20
    assert pauses.count(0.25) == 20
    operations = [request.operation for request in simulator.requests][1:]
    assert operations == ["get", "delete", "get"] * 20


def test_a_copy_of_the_catalog_is_made_before_anything_is_deleted(client, simulator, backup):
    simulator.faults.add(Fault.answer(401), on="delete")
    prune(client, backup)
    with sqlite3.connect(backup.folder / "history.db.before-prune") as copy:
        assert copy.execute("SELECT count(*) FROM items").fetchone() == (20,)
        assert copy.execute("SELECT count(*) FROM prunes").fetchone() == (0,)
    copy.close()
    assert backup.verify().issues == []
    assert prune(client, backup).count("deleted") == 20


def test_another_run_in_the_folder_is_waited_for(client, simulator, backup):
    plan = backup.plan_prune(client, older_than=MONTH)
    with FileLock(backup.folder / ".elevenlabs-history" / "backup.lock"), pytest.raises(LockedError):
        backup.prune(client, plan, **LARGE)
    assert deletions(simulator) == []


@pytest.mark.parametrize(
    ("fault", "happened"),
    [
        (Fault.answer_afterwards(500, b"{}"), True),
        (Fault.answer(500, b"{}"), False),
        (Fault.answer_afterwards(200, b"<html>"), True),
        (Fault.answer(401), False),
        (Fault.answer(403), False),
    ],
    ids=["deleted and 500", "500", "deleted and a page", "401", "403"],
)
def test_an_error_ends_the_run_and_the_next_one_asks_before_it_deletes(client, simulator, backup, fault, happened):
    simulator.faults.add(fault, on="delete", skip=2)
    first, second, unclear = oldest_first(simulator)[:3]
    report = prune(client, backup)
    assert [result.status for result in report.results] == ["deleted", "deleted", "unclear"]
    assert report.aborted_by is report.results[-1].error is not None
    assert (deletions(simulator), len(simulator.history)) == ([first, second, unclear], 17 if happened else 18)
    assert rows(backup) == [(first, 1), (second, 1), (unclear, 0)]

    simulator.requests.clear()
    report = prune(client, backup)
    assert report.count("settled") == happened
    assert deletions(simulator).count(unclear) == (not happened)
    asked = [request.operation for request in simulator.requests if request.path.endswith(unclear)]
    assert asked[0] == "get"
    assert (len(simulator.history), dict(rows(backup))[unclear], report.aborted_by) == (0, 1, None)


@pytest.mark.parametrize(
    ("fault", "happened"),
    [(Fault.reset_after_headers(), True), (Fault.reset_before_headers(), False), (DELETES_NOT, False)],
    ids=["deleted, and the answer lost", "the request lost", "200, and not deleted"],
)
def test_an_unclear_outcome_is_never_repeated_blindly(client, simulator, backup, fault, happened):
    unclear = oldest_first(simulator)[1]
    simulator.faults.add(fault, on="delete", skip=1)
    report = prune(client, backup)
    assert (only_result(report).history_item_id, only_result(report).status) == (unclear, "unclear")
    assert (report.count("deleted"), report.aborted_by) == (19, None)
    assert deletions(simulator).count(unclear) == 1
    assert (simulator.history.get(unclear) is None) == happened
    assert dict(rows(backup))[unclear] == 0

    simulator.history.fill(1)
    backup.sync(client, full=True)
    simulator.requests.clear()
    report = prune(client, backup)
    assert report.count("settled") == happened
    assert deletions(simulator).count(unclear) == (not happened)
    assert dict(rows(backup))[unclear] == 1


def test_a_deletion_that_did_not_happen_is_forgotten_even_if_it_is_not_planned_again(client, simulator, backup):
    first = oldest_first(simulator)[0]
    simulator.faults.add(Fault.answer(500), on="delete")
    prune(client, backup)
    assert rows(backup) == [(first, 0)]
    voice = next(record.voice for record in backup if record.voice != backup.get(first).voice)
    prune(client, backup, voice=voice)
    assert first not in dict(rows(backup))
    assert simulator.history.get(first)


def test_deletions_whose_answers_were_lost_do_not_make_a_listing_implausible(client, simulator, tmp_path):
    sync(client, tmp_path, limit=4)
    simulator.faults.add(Fault.reset_after_headers(), on="delete", times=3)
    with Backup(tmp_path) as backup:
        assert prune(client, backup).count("unclear") == 3
        assert len(backup.plan_prune(client, older_than=MONTH).ids) == 1


def test_three_surprises_end_the_run(client, simulator, backup):
    simulator.faults.add(Fault.reset_after_headers(), on="delete", times=3)
    report = prune(client, backup)
    assert [result.status for result in report.results] == ["unclear"] * 3
    assert str(report.aborted_by).startswith("The run ended after three surprises.")
    assert len(simulator.history) == 17


def test_a_server_that_refuses_to_read_ends_the_run(client, simulator, backup):
    simulator.faults.add(Fault.answer(403), on="get", skip=22)
    report = prune(client, backup)
    assert ([result.status for result in report.results], report.aborted_by.status_code) == (["deleted"], 403)
    assert len(deletions(simulator)) == 1


def test_an_item_that_is_gone_before_its_turn_is_skipped_and_nothing_is_recorded(client, simulator, backup):
    first = oldest_first(simulator)[0]
    report = prune(client, backup, before_deleting=lambda: simulator.history.remove(first))
    assert "does not have it" in str(only_result(report).error)
    assert first not in dict(rows(backup))
    assert backup.get(first).on_server


def test_an_item_that_somebody_else_deletes_at_that_moment_is_gone(client, simulator, backup):
    first = oldest_first(simulator)[0]
    simulator.faults.add(Fault.meanwhile(lambda history: history.remove(first)), on="delete")
    report = prune(client, backup)
    assert (only_result(report).status, report.count("deleted")) == ("gone", 19)
    assert dict(rows(backup))[first] == 1


def test_a_proxy_that_knows_no_such_page_is_no_proof_that_an_item_is_gone(client, simulator, backup):
    simulator.faults.add(Fault.answer(404, b"<title>Not here</title>"), on="get", skip=21)
    report = prune(client, backup)
    assert isinstance(report.aborted_by, NotFoundError)
    assert [result.status for result in report.results] == ["unclear"]
    assert [done for _, done in rows(backup)] == [0]


@pytest.mark.skipif(os.name == "nt", reason="signals as POSIX has them")
def test_ctrl_c_ends_after_the_item_in_hand(client, simulator, backup, monkeypatch):
    monkeypatch.setattr(prune_module, "_INTERVAL", 0.25)
    simulator.faults.add(Fault.meanwhile(lambda _: os.kill(os.getpid(), signal.SIGINT)), on="delete", skip=4)
    plan = backup.plan_prune(client, older_than=MONTH)
    seen = []
    with pytest.raises(KeyboardInterrupt):
        backup.prune(client, plan, **LARGE, on_result=seen.append)
    assert 5 <= len(seen) < 20
    assert {result.status for result in seen} == {"deleted"}
    assert rows(backup) == [(result.history_item_id, 1) for result in seen]
    assert len(simulator.history) == 20 - len(seen)


def test_an_exception_of_the_caller_ends_the_run_after_the_item(client, simulator, backup):
    def fail(_result):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        prune(client, backup, on_result=fail)
    assert [done for _, done in rows(backup)] == [1]
    assert len(simulator.history) == 19


def test_an_empty_plan_deletes_nothing_and_asks_nothing(client, simulator, backup):
    plan = backup.plan_prune(client, older_than=timedelta(days=100_000))
    simulator.requests.clear()
    assert backup.prune(client, plan).results == []
    assert simulator.requests == []


# Afterwards


def test_no_later_run_calls_a_pruned_item_lost_or_shrinks_the_archive(client, simulator, backup):
    simulator.history.fill(1)
    simulator.faults.add(Fault.reset_after_headers(), on="delete", skip=3)
    assert prune(client, backup).count("unclear") == 1
    files = sorted(path for path in backup.folder.rglob("*.mp3"))
    for full in (False, True):
        report = backup.sync(client, full=full)
        assert (report.saved, report.missing, report.failed, report.lost) == (0 if full else 1, [], [], 0)
        assert not report.deleted
    assert repair(client, backup.folder).ok
    assert backup.verify().issues == []
    assert len(backup) == 21
    assert set(files) < set(backup.folder.rglob("*.mp3"))


def test_what_others_deleted_is_still_reported(client, simulator, backup):
    newest, *_ = [item.id for item in simulator.history]
    prune(client, backup, before=datetime.fromtimestamp(simulator.history.get(newest).date, UTC))
    simulator.history.remove(newest)
    assert backup.sync(client, full=True).deleted == 1


def test_a_conversion_that_failed_is_not_asked_for_again_once_its_item_is_pruned(client, simulator, backup):
    simulator.faults.add(Fault.refusal(400, "odd"), on="download", times=100)
    assert len(backup.sync(client, output_format="wav").failed) == 20
    simulator.faults.clear()
    prune(client, backup)
    report = backup.sync(client, output_format="wav")
    assert (report.missing, report.failed) == ([], [])


def test_verify_says_of_a_damaged_pruned_file_that_the_server_no_longer_has_it(client, simulator, backup):
    kept, *_, damaged = [item.id for item in simulator.history]
    prune(client, backup, before=datetime.fromtimestamp(simulator.history.get(kept).date, UTC))
    for history_item_id in (kept, damaged):
        path_of(backup, history_item_id).write_bytes(b"rotten")
    issues = {issue.history_item_id: issue.on_server for issue in backup.verify().issues}
    assert issues == {kept: True, damaged: False}
    before = path_of(backup, damaged)
    (issue,) = repair(client, backup.folder).issues
    assert (issue.history_item_id, issue.status, issue.on_server) == (damaged, "changed", False)
    assert before.read_bytes() == b"rotten"
    assert backup.get(damaged).state == "saved"


def test_an_item_that_comes_back_may_be_pruned_again(client, simulator, backup):
    (first, *_) = oldest_first(simulator)
    metadata = dict(simulator.history.get(first).metadata)
    prune(client, backup)
    date = metadata.pop("date_unix")
    simulator.history.add(date=date, **metadata)
    backup.sync(client, full=True)
    assert backup.get(first).on_server
    assert [result.history_item_id for result in prune(client, backup).results] == [first]


def test_the_items_are_requested_in_the_order_of_their_dates(client, simulator, backup):
    dates = [backup.get(history_item_id).date for history_item_id in backup.plan_prune(client, older_than=MONTH).ids]
    assert all(one <= other for one, other in pairwise(dates))


def test_a_wav_file_made_of_pcm_begins_as_what_was_saved(client, simulator, tmp_path):
    item = simulator.history.add(output_format="pcm_24000")
    sync(client, tmp_path)
    with Backup(tmp_path) as backup:
        assert path_of(backup, item.id).read_bytes()[:4] == wav_header(24_000, 0)[:4]
        prune(client, backup)
    assert simulator.history.get(item.id) is None
