"""`export` writes a file as a whole, or to standard output."""

import contextlib
import csv
import io
import os
import sqlite3

import pytest
from elevenlabs_history_backup import Backup


@pytest.fixture
def folder(run, tmp_path, monkeypatch):
    run("backup", tmp_path / "history", "--quiet")
    monkeypatch.setenv("ELEVENLABS_HISTORY_FOLDER", str(tmp_path / "history"))
    return tmp_path / "history"


@pytest.mark.parametrize("option", ["--csv", "--jsonl"])
def test_the_file_holds_what_would_be_printed(run, folder, tmp_path, option):
    printed = run("export", option).stdout
    result = run("export", option, "-o", tmp_path / "new" / "file")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", f"Wrote {tmp_path / 'new' / 'file'}.\n")
    assert (tmp_path / "new" / "file").read_bytes().decode() == printed
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["file"]


def test_an_existing_file_is_replaced_only_with_overwrite(run, folder, tmp_path):
    path = tmp_path / "history.csv"
    path.write_text("mine")
    refused = run("export", "--csv", "--output", path)
    assert (refused.exit_code, refused.stdout, path.read_text()) == (1, "", "mine")
    assert refused.stderr.startswith(f"elevenlabs-history: {path} exists and was not changed.")
    result = run("export", "--csv", "--output", path, "--overwrite", "--quiet")
    assert (result.exit_code, result.stderr) == (0, "")
    assert len(list(csv.reader(io.StringIO(path.read_bytes().decode())))) == 21


def test_a_folder_is_no_file(run, folder, tmp_path):
    result = run("export", "--csv", "-o", tmp_path)
    assert (result.exit_code, result.stderr) == (2, f"elevenlabs-history: {tmp_path} is a folder: name a file in it.\n")


def test_the_catalog_is_not_replaced_by_an_export(run, folder):
    catalog = (folder / "history.db").read_bytes()
    result = run("export", "--jsonl", "-o", folder / "history.db", "--overwrite")
    assert (result.exit_code, (folder / "history.db").read_bytes()) == (2, catalog)
    assert "history.db is the name of a backup's catalog: choose another name." in result.stderr


def test_an_export_that_fails_leaves_the_old_file(run, folder, tmp_path, monkeypatch):
    def fail(_, stream):
        stream.write("half")
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(Backup, "export_csv", fail)
    path = tmp_path / "history.csv"
    path.write_text("mine")
    result = run("export", "--csv", "-o", path, "--overwrite")
    assert (result.exit_code, result.stderr.count("\n"), path.read_text()) == (1, 1, "mine")
    assert "No space left on device" in result.stderr
    assert not list(tmp_path.glob(".*"))


def test_a_byte_order_mark_is_written_if_a_spreadsheet_needs_it(run, simulator, folder, tmp_path):
    simulator.history.add(text="Größe \ud800", date=2_000_000_000)
    run("backup")
    run("export", "--csv", "--bom", "-o", tmp_path / "history.csv")
    data = (tmp_path / "history.csv").read_bytes()
    assert data.startswith(b"\xef\xbb\xbfhistory_item_id,")
    assert "Größe ?" in data.decode()
    assert run("export", "--csv", "--bom").stdout == data.decode()
    assert not run("export", "--csv").stdout.startswith("\ufeff")
    refused = run("export", "--jsonl", "--bom")
    assert (refused.exit_code, refused.stdout) == (2, "")


def test_a_playlist_is_written_where_its_paths_are_valid(run, folder, tmp_path):
    refused = run("export", "--m3u", "-o", tmp_path / "all.m3u")
    assert (refused.exit_code, (tmp_path / "all.m3u").exists()) == (2, False)
    assert "The paths in a playlist begin at the folder of the backup. Write it there: --output " in refused.stderr
    assert run("export", "--m3u", "-o", folder / "all.m3u").exit_code == 0
    paths = [line for line in (folder / "all.m3u").read_text().splitlines() if not line.startswith("#")]
    assert all((folder / path).is_file() for path in paths)
    assert run("verify").exit_code == 0


def test_a_folder_that_is_no_backup_gives_no_file(run, tmp_path):
    assert run("export", tmp_path, "--csv", "-o", tmp_path / "history.csv").exit_code == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("option", ["--csv", "--jsonl", "--m3u"])
def test_a_terminal_gets_no_control_characters(in_a_terminal, run, simulator, tmp_path, option):
    simulator.history.add(text="a\x1b]0;pwn\x07\x1b[31mRED\u202e\x9b31m")
    run("backup", tmp_path, "--quiet")
    terminal = in_a_terminal("export", tmp_path, option)
    assert "RED" in terminal.output
    assert {"\x1b", "\x07", "\u202e", "\x9b"}.isdisjoint(terminal.output)


def test_an_item_that_is_nested_deeply_is_exported(run, simulator, tmp_path):
    nested = []
    for _ in range(600):
        nested = [nested]
    item = simulator.history.add(settings={"x": nested})
    run("backup", tmp_path, "--quiet")
    for command in (["export", tmp_path, "--jsonl"], ["show", item.id, "--in", tmp_path, "--json"]):
        result = run(*command)
        assert result.exit_code == 0
        assert "[" * 600 in result.stdout
    assert run("export", tmp_path, "--csv").exit_code == 0


@pytest.mark.parametrize("json", ["{", "[]", "null", "{}"])
def test_an_item_that_another_program_has_broken_is_one_line(run, folder, json):
    with contextlib.closing(sqlite3.connect(folder / "history.db")) as catalog, catalog:
        catalog.execute("UPDATE items SET json = ?", (json,))
    for command in (["export", "--jsonl"], ["search", ""], ["import", str(folder), "--offline"]):
        result = run(*command)
        assert (command, result.exit_code, result.stderr.count("\n")) == (command, 1, 1)
        assert "can't be read as a catalog: an item is not what was saved: " in result.stderr
