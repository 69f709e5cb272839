"""The progress of a run: a bar on a terminal, lines elsewhere, JSON for programs."""

import argparse
import io
import os
import sys
from pathlib import Path

import pyte
import pytest
from elevenlabs_history import BytesReceived, DownloadedFile, FileKind, FileSaved, ItemMissing, RunStarted
from elevenlabs_history_cli import progress
from elevenlabs_history_simulator import Fault, item_id_of


def test_backup_prints_each_event_as_json(run, simulator, tmp_path):
    events = run("backup", tmp_path, "--json").json_lines
    assert [line["event"] for line in events[:2]] == ["listed", "started"]
    saved = [line for line in events if line["event"] == "saved"]
    assert {line["history_item_id"] for line in saved} == {item.id for item in simulator.history}
    assert all(item_id_of(Path(line["path"]).read_bytes()) == line["history_item_id"] for line in saved)
    assert (events[-1]["event"], events[-1]["saved"], events[-1]["complete"]) == ("finished", 20, True)


terminals = pytest.mark.skipif(os.name == "nt", reason="Windows has no pseudo-terminals")


@terminals
def test_a_terminal_gets_a_bar_and_colours(in_a_terminal, tmp_path, monkeypatch):
    terminal = in_a_terminal("backup", tmp_path)
    assert terminal.exit_code == 0
    assert terminal.output.startswith("\rListing … ")
    assert "\rListing … 20 items, 20 to fetch " in terminal.output
    assert terminal.lines[0].startswith("100%|################| 20/20 items, ")
    assert "\x1b[32mEverything that was asked for is in the folder.\x1b[0m" in terminal.output
    again = in_a_terminal("backup", tmp_path)
    assert again.lines[0].startswith("0 files saved")
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[3" not in in_a_terminal("backup", tmp_path).output


@terminals
@pytest.mark.parametrize("columns", [40, 80, 120])
def test_the_bar_fits_into_one_line_of_the_terminal(in_a_terminal, simulator, tmp_path, columns):
    simulator.history.fill(80)
    terminal = in_a_terminal("backup", tmp_path, "--batch-size", 5, "--workers", 1, columns=columns)
    assert " 0/100 items" in terminal.output
    assert terminal.screen(terminal.output.partition("\n")[0]).cursor.y == 0
    assert terminal.lines[0].startswith("100%")
    assert " 100/100 items" in terminal.lines[0]


@terminals
def test_the_bar_prints_failures_above_it_and_every_file_with_v(in_a_terminal, simulator, tmp_path):
    simulator.faults.add(Fault.refusal(400, "odd"), on="download")
    simulator.faults.add(Fault.refusal(404, "invalid_id"), on="download")
    terminal = in_a_terminal("backup", tmp_path, "-v", "--batch-size", 1, "--workers", 1, columns=300)
    assert terminal.exit_code == 1
    *lines, bar, _, missing, failed = terminal.lines
    assert [line.split()[0] for line in lines if line.startswith("failed")] == ["failed"]
    assert [len(line.split()) for line in lines if line.startswith("missing")] == [2]
    assert sum(line.endswith("(only item)") for line in lines) == 18
    assert bar.startswith("100%|################| 20/20 items")
    assert missing == "The server has no audio of 1 item."
    assert "\x1b[31m1 item failed; the next run tries again.\x1b[0m" in terminal.output
    assert failed == "1 item failed; the next run tries again."


@terminals
def test_a_terminal_without_cursor_gets_lines(in_a_terminal, tmp_path):
    terminal = in_a_terminal("backup", tmp_path, term="dumb")
    assert terminal.exit_code == 0
    assert terminal.lines[0] == "20 items to fetch"


NAME = "2026-01-31_12-00-00_Rachel_ja9xsmfGhxYcymxGcOGB.mp3"


class Clock:
    """Time that passes when it is told to."""

    def __init__(self):
        self.now = 1000.0

    def monotonic(self):
        return self.now


@pytest.fixture
def drawn(monkeypatch):
    """A bar on a terminal of a given width, its clock, and what it drew last."""
    clock = Clock()
    monkeypatch.setattr(progress, "time", clock)

    def make(columns):
        stream = io.StringIO()
        monkeypatch.setattr("sys.stderr", stream)
        monkeypatch.setenv("COLUMNS", str(columns))
        bar = progress._Bar(argparse.Namespace(command="backup", quiet=False, verbose=0), "Listing")
        return bar, clock, lambda: stream.getvalue().split("\r")[-2]

    return make


def saved(size):
    file = DownloadedFile(
        path=Path(NAME), history_item_id="", match_method=None, kind=FileKind.MP3, size=size, sha256=""
    )
    return FileSaved(file)


def fetch(bar, clock, items, *, size, seconds):
    """Let items arrive evenly."""
    for _ in range(items):
        clock.now += seconds / items
        bar.show(BytesReceived(size))
        bar.show(saved(size))
    bar._draw()


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        (30, " 25% 250/1,000 items"),
        (40, " 25% 250/1,000 items, 100 KiB/s"),
        (80, " 25%|####            | 250/1,000 items, 100 KiB/s, 0:00:30 left, 1,000 KiB"),
        (100, " 25%|####            | 250/1,000 items, 100 KiB/s, 0:00:30 left, 1,000 KiB, 2026-01-31_12-00-00_Ra…"),
        (130, f" 25%|####            | 250/1,000 items, 100 KiB/s, 0:00:30 left, 1,000 KiB, {NAME}"),
    ],
)
def test_the_bar_shows_what_fits(drawn, columns, expected):
    bar, clock, line = drawn(columns)
    bar.show(RunStarted(1000))
    fetch(bar, clock, 250, size=4096, seconds=10)
    assert line().rstrip() == expected
    assert len(line()) == columns - 1


def test_the_time_left_is_shown_once_it_is_known_and_follows_the_rate(drawn):
    bar, clock, line = drawn(80)
    bar.show(RunStarted(1000))
    fetch(bar, clock, 2, size=4096, seconds=4)
    assert "left" not in line()
    fetch(bar, clock, 98, size=4096, seconds=8)
    assert ", 0:01:48 left" in line()
    fetch(bar, clock, 100, size=4096, seconds=100)
    assert ", 0:13:20 left" in line()
    fetch(bar, clock, 780, size=4096, seconds=40)
    assert ", 0:00:01 left" in line()
    fetch(bar, clock, 20, size=4096, seconds=1)
    assert "left" not in line()
    assert line().startswith("100%")


def test_a_line_about_an_item_leaves_nothing_of_the_bar_beside_it(drawn, capsys):
    bar, clock, _ = drawn(80)
    bar.show(RunStarted(1000))
    fetch(bar, clock, 100, size=4096, seconds=10)
    bar.show(ItemMissing("abc"))
    screen = pyte.Screen(80, 3)
    pyte.Stream(screen).feed(sys.stderr.getvalue())
    assert [line.split()[0] for line in screen.display[:2]] == ["missing", "10%|#"]
    assert screen.display[0].split() == ["missing", "abc"]


def test_no_time_left_is_shown_in_the_first_seconds(drawn):
    bar, clock, line = drawn(80)
    bar.show(RunStarted(1000))
    fetch(bar, clock, 100, size=4096, seconds=2)
    assert "left" not in line()
    fetch(bar, clock, 50, size=4096, seconds=2)
    assert ", 0:00:23 left" in line()


def test_what_has_arrived_of_an_archive_shortens_the_time_left(drawn):
    bar, clock, line = drawn(80)
    bar.show(RunStarted(1000))
    fetch(bar, clock, 100, size=4096, seconds=10)
    assert ", 0:01:30 left" in line()
    clock.now += 45
    bar.show(BytesReceived(450 * 4096))
    assert ", 0:00:45 left" in line()


def test_lines_and_json_report_missing_and_failed_items(run, simulator, tmp_path):
    simulator.faults.add(Fault.refusal(404, "invalid_id"), on="download")
    assert "missing " in run("backup", tmp_path, "--batch-size", 1).stderr
    simulator.faults.add(Fault.refusal(404, "invalid_id"), on="download")
    assert [line["event"] for line in run("backup", tmp_path, "--json").json_lines][-2:] == ["missing", "finished"]
    simulator.faults.add(Fault.refusal(400, "odd"), on="download")
    events = run("backup", tmp_path, "--json").json_lines
    assert events[-2]["event"] == "failed"
    assert events[-2]["error"].startswith("[400 odd]")
