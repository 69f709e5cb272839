"""The commands for a backup, as they are typed."""

import contextlib
import csv
import io
import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from cli.test_commands import COMMAND
from elevenlabs_history import Backup
from elevenlabs_history_cli import main
from elevenlabs_history_simulator import Fault, Quirks, item_id_of


@pytest.fixture
def folder(run, tmp_path):
    folder = tmp_path / "history"
    assert run("backup", folder, "--quiet").exit_code == 0
    return folder


def clips(folder):
    return sorted(folder.rglob("*.mp3"))


def json_lines(result):
    return [json.loads(line) for line in result.lines]


def test_backup_saves_everything_and_then_only_what_is_new(run, simulator, tmp_path):
    first = run("backup", tmp_path)
    assert first.exit_code == 0
    assert first.stdout == (
        f"20 files saved, {sum(path.stat().st_size for path in clips(tmp_path)) / 1024:,.0f} KiB; 20 items listed.\n"
        "Everything that was asked for is in the folder.\n"
    )
    assert first.stderr == "20 items to fetch\n"
    new = simulator.history.add(date=2_000_000_000)
    assert run("backup", tmp_path).stdout.startswith("1 file saved, ")
    assert {item_id_of(path.read_bytes()) for path in clips(tmp_path)} >= {new.id}
    assert run("backup", tmp_path).stdout.startswith("0 files saved, 0 bytes; ")


def test_a_listing_that_was_broken_off_is_told(run, simulator, tmp_path):
    simulator.quirks = Quirks(endless_pages=True)
    result = run("backup", tmp_path)
    assert (result.exit_code, result.lines[-1]) == (
        0,
        "The server broke the listing off; what it did not list is not here. Run it again.",
    )


def test_a_format_that_the_server_has_not_ends_the_run_at_once(run, simulator, tmp_path):
    result = run("backup", tmp_path, "--format", "ogg", "--workers", 1)
    assert (result.exit_code, result.stdout) == (1, "")
    assert "invalid_output_format" in result.stderr
    assert len([request for request in simulator.requests if request.operation == "download"]) == 1


def test_a_dry_run_tells_what_would_be_fetched_and_writes_nothing(run, simulator, tmp_path):
    result = run("backup", tmp_path / "new", "--dry-run")
    assert result.exit_code == 0
    assert result.lines[:2] == ["20 items would be fetched; 20 listed.", "Sizes are unknown: the API tells none."]
    assert result.lines[2].startswith("Made from 2025-1")
    assert sum(int(line.split()[0]) for line in result.lines[3:]) == 20
    assert list(tmp_path.iterdir()) == []
    (told,) = json_lines(run("backup", tmp_path / "new", "--dry-run", "--json"))
    assert (told["items"], sum(told["voices"].values())) == (20, 20)


def test_backup_tells_programs_each_event(run, simulator, tmp_path):
    broken = next(iter(simulator.history))
    simulator.history.remove(broken.id)
    told = json_lines(run("backup", tmp_path, "--json"))
    assert [line["event"] for line in told[:2]] == ["listed", "started"]
    saved = [line for line in told if line["event"] == "saved"]
    assert {line["history_item_id"] for line in saved} == {item.id for item in simulator.history}
    assert all(item_id_of(Path(line["path"]).read_bytes()) == line["history_item_id"] for line in saved)
    assert (told[-1]["event"], told[-1]["saved"], told[-1]["complete"]) == ("finished", 19, True)


def test_an_item_that_fails_is_named_and_the_exit_code_is_1(run, simulator, tmp_path):
    simulator.faults.add(Fault.refusal(400, "odd"), on="download")
    result = run("backup", tmp_path, "--quiet", "--batch-size", 1)
    (request, *_) = [request for request in simulator.requests if request.operation == "download"]
    (history_item_id,) = json.loads(request.body)["history_item_ids"]
    assert result.exit_code == 1
    assert result.stderr.startswith(f"failed  {history_item_id}: [400 odd] ")
    assert "1 item failed; the next run tries them again." in result.stdout


@pytest.mark.parametrize(("fault", "code"), [(Fault.answer(401), 3), (Fault.answer(501), 4)], ids=["key", "server"])
def test_what_would_fail_everything_ends_the_run(run, simulator, tmp_path, fault, code):
    simulator.faults.add(fault)
    result = run("backup", tmp_path)
    assert (result.exit_code, result.stdout) == (code, "")


def test_backup_takes_the_filters_and_formats_of_the_library(run, simulator, tmp_path):
    wanted = simulator.history.add(text="a syzygy")
    assert run("backup", tmp_path, "--search", "syzygy", "--format", "wav", "--template", "{id}{ext}").exit_code == 0
    (path,) = tmp_path.rglob("*.wav")
    assert path.name == f"{wanted.id}.wav"


def test_verify_tells_what_differs_and_exits_with_5(run, folder):
    whole = run("verify", folder)
    assert (whole.exit_code, whole.stdout) == (0, "20 ok.\n")
    missing, changed, *_ = clips(folder)
    missing.unlink()
    changed.write_bytes(b"other")
    (folder / "mine.txt").write_text("notes")
    result = run("verify", folder)
    assert result.exit_code == 5
    assert sorted(line.split()[0] for line in result.lines[:-1]) == ["changed", "extra", "missing"]
    assert f"missing {missing.relative_to(folder).as_posix()}  (item " in result.stdout
    assert result.lines[-1] == "18 ok, 1 missing, 1 changed, 1 extra."
    assert "--repair" in result.stderr
    told = json_lines(run("verify", folder, "--json"))
    assert {line["status"] for line in told[:-1]} == {"missing", "changed", "extra"}
    assert told[-1] == {
        "event": "finished",
        "ok": 18,
        "missing": 1,
        "changed": 1,
        "moved": 0,
        "extra": 1,
        "whole": False,
    }
    assert len(json_lines(run("verify", folder, "--json", "-v"))) == 22


def test_the_command_that_repairs_can_be_pasted(run, tmp_path):
    folder = tmp_path / "my history"
    run("backup", folder, "--limit", 1)
    clips(folder)[0].unlink()
    assert run("verify", folder).stderr.endswith(f"verify '{folder}' --repair\n")


def test_verify_repairs(run, folder):
    missing, changed, *_ = clips(folder)
    missing.unlink()
    changed.write_bytes(b"other")
    result = run("verify", folder, "--repair")
    assert (result.exit_code, result.lines[-1]) == (0, "20 ok.")
    assert missing.exists()


def test_verify_writes_checksums_that_other_programs_read(run, folder):
    assert "sha256sum --check" in run("verify", folder, "--checksums").stderr
    checked = subprocess.run(["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=folder, check=False)
    assert checked.returncode == 0


def test_search_finds_words_and_says_where_the_file_is(run, simulator, folder):
    simulator.history.add(text="Dragons like syzygies", date=2_000_000_000)
    run("backup", folder)
    result = run("search", folder, "syzyg")
    assert result.exit_code == 0
    assert "Dragons like syzygies" in result.lines[0]
    assert (folder / result.lines[1].strip()).is_file()
    (told,) = json_lines(run("search", folder, "dragons", "syzygies", "--json"))
    assert told["text"] == "Dragons like syzygies"
    nothing = run("search", folder, "aardvark")
    assert (nothing.exit_code, nothing.stdout) == (0, "")
    assert "aardvark" in nothing.stderr


def test_show_asks_a_backup_without_a_server(run, simulator, folder, monkeypatch):
    item = next(iter(simulator.history))
    monkeypatch.delenv("ELEVENLABS_API_KEY")
    shown = run("show", item.id, "--in", folder)
    assert shown.exit_code == 0
    assert "saved" in shown.stdout
    (told,) = json_lines(run("show", item.id, "--in", folder, "--json"))
    assert told["metadata"] == item.metadata
    unknown = run("show", "nobody", item.id, "--in", folder)
    assert unknown.exit_code == 1
    assert "has no item 'nobody'" in unknown.stderr


def test_export_prints_what_other_programs_read(run, folder):
    rows = list(csv.DictReader(io.StringIO(run("export", folder, "--csv").stdout)))
    assert {folder / row["path"] for row in rows} == set(clips(folder))
    assert len(json_lines(run("export", folder, "--jsonl"))) == 20
    playlist = run("export", folder, "--m3u").lines
    assert playlist[0] == "#EXTM3U"
    assert {folder / line for line in playlist if not line.startswith("#")} == set(clips(folder))


@pytest.mark.parametrize("command", [["verify"], ["search"], ["export", "--csv"], ["show", "--in"]], ids=lambda c: c[0])
def test_a_folder_that_is_no_backup_is_told(run, tmp_path, command):
    result = run(*command, tmp_path, *(["words"] if command[0] in {"search", "show"} else []))
    assert (result.exit_code, result.stdout) == (1, "")
    assert "is no backup" in result.stderr


def test_the_key_is_in_no_output_and_no_file(run, simulator, tmp_path):
    simulator.faults.add(Fault.answer(401), times=3)
    result = run("backup", tmp_path, "-vv")
    simulator.faults.clear()
    again = run("backup", tmp_path, "-vv")
    told = result.stdout + result.stderr + again.stdout + again.stderr
    assert simulator.api_key not in told
    assert not any(simulator.api_key.encode() in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())


class Screen:
    """A terminal of its own, and all that was shown on it."""

    def __init__(self):
        import pty
        import termios

        self._controller, terminal = pty.openpty()
        termios.tcsetwinsize(terminal, (24, 160))
        self.stream = os.fdopen(terminal, "w")
        self._pieces = []
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self):
        # Linux tells the end of a terminal as an error.
        with contextlib.suppress(OSError):
            while piece := os.read(self._controller, 65536):
                self._pieces.append(piece)

    def close(self):
        self.stream.close()
        self._reader.join()
        os.close(self._controller)
        return b"".join(self._pieces).decode()


@pytest.fixture
def in_a_terminal(environment, monkeypatch):
    def run(*arguments):
        screen = Screen()
        with monkeypatch.context() as patch:
            patch.setattr("sys.stdout", screen.stream)
            patch.setattr("sys.stderr", screen.stream)
            patch.setenv("TERM", "xterm")
            code = main([str(argument) for argument in arguments])
        return code, screen.close()

    return run


terminals = pytest.mark.skipif(os.name == "nt", reason="Windows has no pseudo-terminals")


@terminals
def test_a_terminal_gets_a_bar_and_colours(in_a_terminal, tmp_path, monkeypatch):
    code, shown = in_a_terminal("backup", tmp_path)
    assert code == 0
    assert "PageListed 20 items, 20 to fetch" in shown
    assert "100%|" in shown
    assert "20/20 items" in shown
    assert " KiB at " in shown
    assert "\x1b[32mEverything that was asked for is in the folder.\x1b[0m" in shown
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[3" not in in_a_terminal("backup", tmp_path)[1]


@terminals
def test_the_bar_leaves_room_for_what_fails_and_for_every_file_when_asked(in_a_terminal, simulator, tmp_path):
    simulator.faults.add(Fault.refusal(400, "odd"), on="download")
    simulator.faults.add(Fault.refusal(404, "invalid_id"), on="download")
    code, shown = in_a_terminal("backup", tmp_path, "-v", "--batch-size", 1, "--workers", 1)
    assert code == 1
    assert "\rfailed  " in shown
    assert "\rgone    " in shown
    assert shown.count("(only item)\r\n") == 18
    assert "1 item gone from the server before they could be saved." in shown
    assert "\x1b[31m1 item failed; the next run tries them again.\x1b[0m" in shown


@terminals
def test_without_its_extra_a_terminal_gets_lines(in_a_terminal, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tqdm", None)
    code, shown = in_a_terminal("backup", tmp_path)
    assert (code, "|" in shown) == (0, False)
    assert "For a progress bar: pip install 'elevenlabs-history[cli]'" in shown
    assert "20 items to fetch" in shown


def test_lines_tell_what_is_gone(run, simulator, tmp_path):
    simulator.faults.add(Fault.refusal(404, "invalid_id"), on="download")
    assert "gone    " in run("backup", tmp_path, "--batch-size", 1).stderr
    simulator.faults.add(Fault.refusal(404, "invalid_id"), on="download")
    assert [line["event"] for line in json_lines(run("backup", tmp_path, "--json"))][-2:] == ["gone", "finished"]
    simulator.faults.add(Fault.refusal(400, "odd"), on="download")
    told = json_lines(run("backup", tmp_path, "--json"))
    assert told[-2]["event"] == "failed"
    assert told[-2]["error"].startswith("[400 odd]")


def test_elsewhere_the_output_is_plain(environment, tmp_path):
    completed = subprocess.run([COMMAND, "backup", tmp_path, "-v"], capture_output=True, encoding="utf-8", check=True)
    assert not {"\x1b", "\r", "|"} & set(completed.stdout + completed.stderr)
    assert completed.stderr.count("(time)") + completed.stderr.count("(only item)") == 20


def test_the_catalogue_stays_with_the_files(run, folder, tmp_path):
    moved = folder.rename(tmp_path / "elsewhere")
    assert run("verify", moved).exit_code == 0
    with Backup(moved) as backup:
        assert len(backup) == 20
