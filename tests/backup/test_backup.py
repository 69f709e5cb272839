"""A backup on the disk answers without the server: what it has, whether it is whole, and as other programs want it."""

import csv
import io
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import PurePosixPath, PureWindowsPath

import pytest
from elevenlabs_history import HistoryClient
from elevenlabs_history._audio import wav_header
from elevenlabs_history_backup import Backup, CatalogError
from elevenlabs_history_backup.verify import is_inside
from elevenlabs_history_simulator import Fault, Simulator, item_id_of
from hypothesis import given, strategies as st
from support.backups import repair, sync

DIALOGUE = [
    {"text": "Who goes there?", "voice_id": "a", "voice_name": "Guard"},
    {"text": "A crème brûlée.", "voice_id": "b", "voice_name": "Cook"},
]


@pytest.fixture
def folder(client, simulator, tmp_path):
    simulator.history.add(text="", voice_id="", voice_name="", dialogue=DIALOGUE)
    simulator.history.add(text='=HYPERLINK("http://example.com")', voice_name="Line\nbreak")
    sync(client, tmp_path)
    return tmp_path


@pytest.fixture
def backup(folder):
    with Backup(folder) as opened:
        yield opened


def clips(folder):
    return sorted(folder.rglob("*.mp3"))


def statuses(report):
    return sorted((issue.status, issue.path) for issue in report.issues)


def test_items_come_newest_first_with_their_files(backup, folder, simulator):
    records = list(backup)
    assert [record.history_item_id for record in records] == [item.id for item in simulator.history]
    for record in records:
        (file,) = record.files
        assert (folder / file.path).stat().st_size == file.size
        assert (record.state, file.format, file.kind) == ("saved", "original", "mp3")


def test_a_dialogue_is_found_by_what_everyone_says_and_by_who_says_it(backup):
    assert [record.voice for record in backup.search("guard")] == ["Guard & Cook"]
    assert [record.text for record in backup.search("creme brul")] == ["Who goes there?\nA crème brûlée."]


def test_all_words_must_be_there(backup, simulator):
    dragons = sum("dragon" in item.metadata["text"] for item in simulator.history)
    assert len(list(backup.search("DRAGON unread"))) == dragons > 0
    assert list(backup.search("dragon robot")) == []
    assert list(backup.search("  ")) == list(backup)


@pytest.fixture(scope="module")
def shared_backup(tmp_path_factory):
    folder = tmp_path_factory.mktemp("backup")
    with Simulator(items=5) as simulator, HistoryClient(simulator.api_key, base_url=simulator.base_url) as client:
        sync(client, folder)
    with Backup(folder) as opened:
        yield opened


@given(st.text(st.characters()))
def test_whatever_is_searched_for_is_no_error(shared_backup, words):
    assert len(list(shared_backup.search(words))) <= 5


def test_a_whole_backup_verifies(backup):
    report = backup.verify()
    assert (report.ok_count, report.issues, report.ok) == (22, [], True)


def test_verify_reports_missing_changed_moved_and_extra_files(backup, folder):
    missing, changed, moved, *_ = clips(folder)
    missing.unlink()
    changed.write_bytes(b"other bytes")
    moved.rename(folder / "moved.mp3")
    (folder / "notes.txt").write_text("mine")
    seen = []
    report = backup.verify(on_issue=seen.append)
    assert statuses(report) == sorted(
        [
            ("missing", missing.relative_to(folder).as_posix()),
            ("changed", changed.relative_to(folder).as_posix()),
            ("moved", moved.relative_to(folder).as_posix()),
            ("extra", "notes.txt"),
        ]
    )
    assert [issue.moved_to for issue in report.issues if issue.status == "moved"] == ["moved.mp3"]
    assert (report.ok_count, report.ok, len(seen)) == (19, False, 23)


def test_a_verification_that_is_interrupted_ends_soon(backup, monkeypatch):
    hashed = []

    def hash_slowly(path):
        hashed.append(path)
        time.sleep(0.1)
        return "another"

    def interrupt(_issue):
        raise KeyboardInterrupt

    monkeypatch.setattr("elevenlabs_history_backup.verify._BATCH", 10)
    monkeypatch.setattr("elevenlabs_history_backup.storage.sha256_of", hash_slowly)
    monkeypatch.setattr("os.cpu_count", lambda: 1)
    with pytest.raises(KeyboardInterrupt):
        backup.verify(on_issue=interrupt)
    assert len(hashed) <= 11


@pytest.mark.parametrize("history_item_id", ["", "\udcff", "a\0b"])
def test_an_impossible_id_is_not_found(backup, history_item_id):
    assert backup.get(history_item_id) is None


def test_a_link_to_nowhere_is_an_extra_file(backup, folder):
    (folder / "link").symlink_to(folder / "nowhere")
    clips(folder)[0].unlink()
    assert sorted(issue.status for issue in backup.verify().issues) == ["extra", "missing"]


def test_a_repair_brings_back_what_was_lost_under_its_own_name(client, folder, simulator):
    missing, changed, moved, *_ = clips(folder)
    whole = {path: path.read_bytes() for path in (missing, changed)}
    missing.unlink()
    changed.write_bytes(b"other bytes")
    moved.rename(folder / "moved.mp3")
    (folder / "notes.txt").write_text("mine")
    simulator.requests.clear()
    report = repair(client, folder)
    assert (report.ok_count, report.ok) == (22, True)
    assert {path: path.read_bytes() for path in whole} == whole
    assert [request.operation for request in simulator.requests] == ["download"]
    with Backup(folder) as backup:
        assert statuses(backup.verify()) == [("extra", "notes.txt")]


def test_a_repair_keeps_the_names_and_the_formats_that_files_have(client, simulator, tmp_path):
    sync(client, tmp_path, template="{voice}/{id}{ext}")
    sync(client, tmp_path, output_format="wav")
    lost = sorted(path for path in tmp_path.rglob("*") if path.suffix in {".mp3", ".wav"})
    for path in lost:
        path.unlink()
    assert repair(client, tmp_path).ok
    assert sorted(path for path in tmp_path.rglob("*") if path.suffix in {".mp3", ".wav"}) == lost
    assert {item_id_of(path.read_bytes()) for path in lost} == {item.id for item in simulator.history}


def test_a_repair_reports_what_the_server_no_longer_has(client, folder, simulator):
    lost = clips(folder)[0]
    history_item_id = item_id_of(lost.read_bytes())
    lost.unlink()
    simulator.history.remove(history_item_id)
    report = repair(client, folder)
    assert [(issue.status, issue.history_item_id) for issue in report.issues] == [("missing", history_item_id)]
    assert not report.ok


def test_a_repair_in_another_format_replaces_no_other_file(client, folder, simulator):
    lost = clips(folder)[0]
    history_item_id = item_id_of(lost.read_bytes())
    mine = lost.with_suffix(".wav")
    mine.write_bytes(b"my own edit")
    lost.unlink()
    simulator.faults.add(Fault.answer(200, wav_header(24000, 4000) + bytes(4000)), on="download")
    repair(client, folder)
    assert mine.read_bytes() == b"my own edit"
    with Backup(folder) as backup:
        (file,) = backup.get(history_item_id).files
        assert file.path == f"{mine.relative_to(folder).with_suffix('').as_posix()}_.wav"
        assert [issue.status for issue in backup.verify().issues] == ["extra"]


def test_a_repair_in_another_format_takes_no_path_of_a_lost_file(client, simulator, tmp_path):
    sync(client, tmp_path, limit=1)
    sync(client, tmp_path, limit=1, output_format="wav")
    for path in [*tmp_path.rglob("*.mp3"), *tmp_path.rglob("*.wav")]:
        path.unlink()
    simulator.faults.add(Fault.answer(200, wav_header(24000, 4000) + bytes(4000)), on="download")
    assert repair(client, tmp_path).ok
    with Backup(tmp_path) as backup:
        assert sorted(file.format for record in backup for file in record.files) == ["original", "wav"]
        assert backup.verify().issues == []


def test_an_iterator_that_is_dropped_after_close_raises_nothing(folder, monkeypatch):
    raised = []
    monkeypatch.setattr(sys, "unraisablehook", raised.append)
    with Backup(folder) as backup:
        records = iter(backup)
        next(records)
    del records
    assert raised == []


@pytest.mark.skipif(shutil.which("sha256sum") is None, reason="checks with sha256sum")
def test_sha256sum_can_check_what_is_written_for_it(backup, folder):
    path = backup.write_checksums()
    done = subprocess.run(["sha256sum", "--check", "--quiet", path.name], cwd=folder, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert len(path.read_text().splitlines()) == 22
    assert backup.verify().issues == []


def test_the_table_has_a_row_for_each_file_and_no_formula(backup, simulator):
    stream = io.StringIO(newline="")
    backup.export_csv(stream)
    rows = list(csv.DictReader(io.StringIO(stream.getvalue(), newline="")))
    assert [row["history_item_id"] for row in rows] == [item.id for item in simulator.history]
    assert all(row["path"] and len(row["sha256"]) == 64 for row in rows)
    assert rows[0]["characters"] == str(len(next(iter(simulator.history)).metadata["text"]))
    assert rows[-1]["text"] == '\'=HYPERLINK("http://example.com")'
    assert rows[-1]["voice"] == "Line\nbreak"


def test_each_line_of_json_has_all_that_the_server_listed(backup, simulator):
    stream = io.StringIO()
    backup.export_jsonl(stream)
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [line["metadata"] for line in lines] == [item.metadata for item in simulator.history]
    assert all(line["files"][0]["path"] for line in lines)


def test_half_a_surrogate_pair_stops_no_file_that_is_written_as_utf8(client, simulator, tmp_path):
    item = simulator.history.add(text="Hello \ud83d.", model_id="\ud83d", aligned=True, date=2_000_000_000)
    sync(client, tmp_path)
    with Backup(tmp_path) as backup:
        for export in (backup.export_csv, backup.export_m3u, backup.export_jsonl):
            with (tmp_path / "all").open("w", encoding="utf-8", newline="") as stream:
                export(stream)
        backup.fetch_alignments(client, [item.id])
        (cue,) = backup.get(item.id).subtitles()
    assert cue.text.encode() == b"Hello ?."
    first, *_ = (tmp_path / "all").read_text(encoding="utf-8").splitlines()
    assert json.loads(first)["metadata"]["text"] == "Hello \ud83d."


def test_the_playlist_names_every_file_in_one_line(backup, folder):
    stream = io.StringIO()
    backup.export_m3u(stream)
    lines = stream.getvalue().splitlines()
    assert lines[0] == "#EXTM3U"
    paths = [line for line in lines if not line.startswith("#")]
    assert sorted(folder / path for path in paths) == clips(folder)
    assert len(lines) == 1 + 2 * 22


def test_a_path_that_would_be_a_comment_of_a_playlist_is_none(client, tmp_path):
    sync(client, tmp_path, limit=1)
    (clip,) = clips(tmp_path)
    clip.rename(tmp_path / "#1.mp3")
    with Backup(tmp_path) as backup:
        backup.repair(client)
        stream = io.StringIO()
        backup.export_m3u(stream)
        assert stream.getvalue().splitlines()[-1] == "./#1.mp3"
        for path in ("../outside.mp3", "a\n../outside.mp3"):
            record_path(backup, path)
            stream = io.StringIO()
            backup.export_m3u(stream)
            assert stream.getvalue() == "#EXTM3U\n"


def test_a_folder_without_a_backup_says_so(tmp_path):
    with pytest.raises(CatalogError, match=r"is not a backup: it has no history\.db\. Name the folder"):
        len(Backup(tmp_path))
    with pytest.raises(CatalogError, match="is not a backup: there is no such folder"):
        len(Backup(tmp_path / "typo"))
    assert list(tmp_path.iterdir()) == []


def record_path(backup, path):
    """Write a path into the catalog, as another program could."""
    catalog = backup._open()
    with catalog.transaction() as connection:
        connection.execute("UPDATE files SET path = ? WHERE path = ?", (path, next(catalog.files()).path))


@pytest.mark.parametrize("hostile", ["../outside.mp3", "a/../../outside.mp3", "{outside}", "a\0b.mp3", "", "."])
def test_a_path_of_the_catalog_that_is_not_one_in_the_folder_is_never_read_or_written(client, tmp_path, hostile):
    folder, outside = tmp_path / "backup", tmp_path / "outside.mp3"
    hostile = hostile.format(outside=outside)
    sync(client, folder)
    outside.write_bytes(b"not ours")
    with Backup(folder) as backup:
        record_path(backup, hostile)
        assert ("unreadable", hostile) in statuses(backup.verify())
        assert len(backup.write_checksums().read_text().splitlines()) == 19
    repair(client, folder)
    assert outside.read_bytes() == b"not ours"
    with Backup(folder) as backup:
        assert backup.verify().ok


@pytest.mark.skipif(os.name == "nt", reason="pipes, and symbolic links that lead to themselves")
def test_a_file_that_can_not_be_read_is_an_issue_and_repair_goes_on(client, folder):
    link, pipe, missing = clips(folder)[:3]
    for path in (link, pipe, missing):
        path.unlink()
    link.symlink_to(link)
    os.mkfifo(pipe)
    with Backup(folder) as backup:
        assert [status for status, _ in statuses(backup.verify())] == ["missing", "unreadable", "unreadable"]
    assert repair(client, folder).ok
    with Backup(folder) as backup:
        assert statuses(backup.verify()) == []


def test_a_folder_in_the_place_of_a_file_is_left_alone_and_repair_goes_on(client, folder):
    replaced, missing = clips(folder)[:2]
    replaced.unlink()
    missing.unlink()
    replaced.mkdir()
    (replaced / "notes.txt").write_text("mine")
    notes = (replaced / "notes.txt").relative_to(folder).as_posix()
    unreadable = ("unreadable", replaced.relative_to(folder).as_posix())
    assert statuses(repair(client, folder)) == [("extra", notes), unreadable]
    assert missing.is_file()
    assert (folder / notes).is_file()


@pytest.mark.skipif(sys.platform != "linux", reason="file names that are not UTF-8")
def test_a_file_moved_to_a_name_that_the_catalog_can_not_hold_is_fetched_again(client, folder):
    moved = clips(folder)[0]
    moved.rename(folder / "\udce9.mp3")
    assert repair(client, folder).ok
    with Backup(folder) as backup:
        assert statuses(backup.verify()) == [("extra", "\udce9.mp3")]
    assert moved.is_file()


@pytest.mark.parametrize(
    "path", ["..\\outside.mp3", "a\\..\\..\\b", "C:outside.mp3", "C:\\b", "\\b", "\\\\host\\share\\b"]
)
def test_a_path_that_leads_out_of_the_folder_on_windows_only_is_refused_there(path, monkeypatch):
    for system, inside in ((PureWindowsPath, False), (PurePosixPath, True)):
        monkeypatch.setattr("elevenlabs_history_backup.verify.PurePath", system)
        assert is_inside(path) is inside
