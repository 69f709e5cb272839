"""The files of the page: what they hold, and which of them a later run changes."""

import json
import os
import re
from importlib.resources import files

import pytest
from elevenlabs_history import HistoryItem, WriteError, audio_seconds
from elevenlabs_history_backup import Backup, CatalogError, page
from elevenlabs_history_simulator import Fault
from hypothesis import given, strategies as st
from support.backups import sync

NEWER = 2_000_000_000


def write_page(folder):
    with Backup(folder) as backup:
        return backup.write_page()


def values(path):
    """Return what a script hands to the page."""
    call = re.fullmatch(r"HISTORY\.\w+\((.*)\)\n", path.read_text(encoding="utf-8"), re.DOTALL)
    return json.loads(f"[{call[1]}]")


def shards(folder):
    return [values(path) for path in sorted((folder / "page" / "data").glob("[0-9]*.js"))]


def items(folder):
    """Return the items of the page by id, as objects."""
    columns = [shard for _, shard in shards(folder)]
    rows = [dict(zip(each, row, strict=True)) for each in columns for row in zip(*each.values(), strict=True)]
    return {row["id"]: row for row in rows}


def change_catalog(folder, query, *parameters):
    with Backup(folder) as backup, backup._open(create=True).transaction() as connection:
        connection.execute(query, parameters)


def written(folder):
    return {path: path.stat().st_mtime_ns for path in [folder / "index.html", *(folder / "page").rglob("*.*")]}


@pytest.fixture
def small_shards(monkeypatch):
    monkeypatch.setattr(page, "_SHARD_ITEMS", 8)


def test_the_page_has_every_item_with_its_file_oldest_first(client, simulator, tmp_path, small_shards):
    sync(client, tmp_path)
    assert write_page(tmp_path) == str(tmp_path / "index.html")
    assert [number for number, _ in shards(tmp_path)] == [0, 1, 2]
    assert [len(shard["id"]) for _, shard in shards(tmp_path)] == [8, 8, 4]
    found = items(tmp_path)
    assert list(found) == [item.id for item in simulator.history][::-1]
    (index,) = values(tmp_path / "page" / "data" / "index.js")
    for item in simulator.history:
        row = found[item.id]
        assert audio_seconds(tmp_path / row["path"]) == pytest.approx(row["seconds"], abs=0.06)
        assert (row["date"], row["text"], row["note"]) == (item.date, item.metadata["text"], "")
        assert row["characters"] == len(item.metadata["text"])
        for name, field in (("voice", "voice_name"), ("model", "model_id"), ("source", "source")):
            assert index["names"][name][row[name]] == item.metadata[field]
    dates = [item.date for item in simulator.history][::-1]
    assert index["shards"] == [
        [8, dates[0], dates[7], False],
        [8, dates[8], dates[15], False],
        [4, dates[16], dates[19], False],
    ]


def test_a_later_run_changes_the_last_shard_only(client, simulator, tmp_path, small_shards):
    sync(client, tmp_path)
    write_page(tmp_path)
    before = written(tmp_path)
    write_page(tmp_path)
    assert written(tmp_path) == before
    simulator.history.add(date=NEWER, voice_name="Aaron, who comes first")
    sync(client, tmp_path)
    write_page(tmp_path)
    changed = {path.name for path, time in written(tmp_path).items() if before[path] != time}
    assert changed == {"0002.js", "index.js"}


def test_a_shard_of_long_texts_has_fewer_items(client, tmp_path, monkeypatch):
    monkeypatch.setattr(page, "_SHARD_CHARACTERS", 100)
    sync(client, tmp_path)
    write_page(tmp_path)
    *complete, _ = shards(tmp_path)
    assert len(complete) > 5
    for _, shard in complete:
        assert sum(map(len, shard["text"])) >= 100 > sum(map(len, shard["text"][:-1]))


def test_a_shard_that_is_no_longer_needed_is_deleted_and_no_file_of_others(client, simulator, tmp_path, monkeypatch):
    simulator.history.add(aligned=True)
    sync(client, tmp_path)
    with monkeypatch.context() as patched:
        patched.setattr(page, "_SHARD_ITEMS", 1)
        write_page(tmp_path)
    mine = tmp_path / "page" / "data" / "mine.js"
    mine.write_text("mine")
    simulator.history.change(next(reversed(list(simulator.history))).id, alignments=None)
    change_catalog(tmp_path, "UPDATE items SET json = replace(json, '\"alignments\":{', '\"other\":{')")
    write_page(tmp_path)
    assert sorted(path.name for path in (tmp_path / "page" / "data").iterdir()) == ["0000.js", "index.js", "mine.js"]
    assert list((tmp_path / "page" / "timings").iterdir()) == []


def test_verify_counts_the_page_as_part_of_the_backup_and_nothing_beside_it(client, tmp_path, simulator):
    simulator.history.add(aligned=True)
    sync(client, tmp_path)
    write_page(tmp_path)
    (tmp_path / "page" / "notes.txt").write_text("mine")
    with Backup(tmp_path) as backup:
        assert [(issue.status, issue.path) for issue in backup.verify().issues] == [("extra", "page/notes.txt")]
        assert "page/" not in backup.write_checksums().read_text()


def test_a_backup_without_items_has_an_empty_page(client, simulator, tmp_path):
    for item in list(simulator.history):
        simulator.history.remove(item.id)
    sync(client, tmp_path)
    write_page(tmp_path)
    assert items(tmp_path) == {}


@pytest.mark.parametrize("make", ["write_text", "mkdir"])
def test_an_index_of_somebody_else_stays_and_nothing_is_written(client, tmp_path, make):
    sync(client, tmp_path)
    index = tmp_path / "index.html"
    index.mkdir() if make == "mkdir" else index.write_text("<title>Mine</title>")
    with pytest.raises(WriteError, match=r"index\.html exists and is not a page of this program.*Move or rename"):
        write_page(tmp_path)
    assert index.is_dir() or index.read_text() == "<title>Mine</title>"
    assert not (tmp_path / "page").exists()


def test_a_folder_without_a_catalog_gets_no_page(tmp_path):
    with pytest.raises(CatalogError, match="is not a backup"):
        write_page(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_items_without_a_file_say_why(client, simulator, tmp_path):
    simulator.faults.add(Fault.refusal(400, "odd", "It is odd."), on="download")
    simulator.faults.add(Fault.refusal(404, "not_found"), on="download")
    sync(client, tmp_path, batch_size=1, workers=1)
    lost, forgotten, *_ = tmp_path.rglob("*.mp3")
    lost.unlink()
    forgotten.unlink()
    with Backup(tmp_path) as backup:
        backup.forget(next(record.history_item_id for record in backup if record.history_item_id in forgotten.name))
    write_page(tmp_path)
    rows = [row for row in items(tmp_path).values() if row["note"]]
    assert [(row["path"], row["seconds"]) for row in rows] == [("", 0)] * 4
    notes = sorted(row["note"] for row in rows)
    assert notes[:2] == ["No file: It was deleted on purpose.", "No file: The server no longer has it."]
    assert notes[2].startswith("No file: [400 odd]")
    assert notes[3] == f"The file is not in the folder: {lost.relative_to(tmp_path).as_posix()}"


@pytest.mark.parametrize(
    "hostile", ["../outside.mp3", "a/../../outside.mp3", "{outside}", "a\0b.mp3", "", ".", "x" * 300]
)
def test_a_path_of_the_catalog_that_leads_out_of_the_folder_is_not_on_the_page(client, tmp_path, hostile):
    folder, outside = tmp_path / "backup", tmp_path / "outside.mp3"
    outside.write_bytes(b"not ours")
    sync(client, folder, limit=1)
    change_catalog(folder, "UPDATE files SET path = ?", hostile.format(outside=outside))
    write_page(folder)
    (row,) = items(folder).values()
    assert row["path"] == ""


@pytest.mark.skipif(os.name == "nt", reason="symbolic links")
def test_a_file_in_a_folder_that_was_moved_behind_a_link_is_still_there(client, tmp_path):
    folder, elsewhere = tmp_path / "backup", tmp_path / "elsewhere"
    sync(client, folder, limit=1)
    (clip,) = folder.rglob("*.mp3")
    clip.parent.rename(elsewhere)
    clip.parent.symlink_to(elsewhere)
    write_page(folder)
    assert [row["note"] for row in items(folder).values()] == [""]


def test_of_several_formats_the_original_is_played_and_the_other_if_that_failed(client, simulator, tmp_path):
    simulator.faults.add(Fault.refusal(400, "odd"), on="download")
    sync(client, tmp_path, limit=2, batch_size=1, workers=1)
    sync(client, tmp_path, limit=2, output_format="wav")
    write_page(tmp_path)
    assert sorted(row["path"][-4:] for row in items(tmp_path).values()) == [".mp3", ".wav"]


def test_a_dialogue_says_who_speaks(client, simulator, tmp_path):
    lines = [
        {"text": "Who goes there?", "voice_name": "Guard"},
        {"text": "I \ud83d", "voice_name": None},
        {"text": "", "voice_name": "Silence"},
        {"text": 7, "voice_name": "Cook"},
    ]
    item = simulator.history.add()
    item.metadata.update(text="", voice_name="", dialogue=lines)
    sync(client, tmp_path)
    write_page(tmp_path)
    assert items(tmp_path)[item.id]["text"] == "Guard: Who goes there?\n?: I ?"


def test_words_have_their_times_if_they_are_the_words_of_the_text(client, simulator, tmp_path):
    aligned = simulator.history.add(text="Good  evening\n竜です", aligned=True)
    other = simulator.history.add(aligned=True)
    other.metadata["text"] = "Another text"
    sync(client, tmp_path)
    write_page(tmp_path)
    (timings,) = values(tmp_path / "page" / "timings" / "0000.js")
    # The simulator speaks a character in 60 ms.
    assert timings == [[aligned.id, [0, 36, 84, 90, 96]]]
    (index,) = values(tmp_path / "page" / "data" / "index.js")
    assert index["shards"][0][3] is True


JSON = st.recursive(
    st.none() | st.integers() | st.floats() | st.text(st.characters(), max_size=3),
    lambda inner: st.lists(inner, max_size=3),
)


@given(JSON, JSON)
def test_whatever_alignments_hold_is_no_error(characters, times):
    alignment = {"characters": characters, "character_start_times_seconds": times}
    item = HistoryItem({"history_item_id": "a", "date_unix": 0, "alignments": {"alignment": alignment}})
    assert isinstance(page._timings(item, "a b"), list)


def test_the_assets_of_the_page_are_small_and_need_nothing_else():
    assets = {
        asset.name: asset.read_text("utf-8") for asset in files(page.__package__).joinpath("page_assets").iterdir()
    }
    assert set(assets) == {"index.html", "style.css", "archive.js", "list.js", "player.js", "app.js"}
    assert sum(len(text.encode()) for text in assets.values()) < 30 * 1024
    assert not any("://" in text or "innerHTML" in text for text in assets.values())
