"""The progress of a run: a bar on a terminal, lines elsewhere, JSON for programs."""

import contextlib
import os
import sys
import threading
from pathlib import Path

import pytest
from elevenlabs_history_cli import main
from elevenlabs_history_simulator import Fault, item_id_of


def test_backup_prints_each_event_as_json(run, simulator, tmp_path):
    events = run("backup", tmp_path, "--json").json_lines
    assert [line["event"] for line in events[:2]] == ["listed", "started"]
    saved = [line for line in events if line["event"] == "saved"]
    assert {line["history_item_id"] for line in saved} == {item.id for item in simulator.history}
    assert all(item_id_of(Path(line["path"]).read_bytes()) == line["history_item_id"] for line in saved)
    assert (events[-1]["event"], events[-1]["saved"], events[-1]["complete"]) == ("finished", 20, True)


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
    assert "Listed 20 items, 20 to fetch" in shown
    assert "100%|" in shown
    assert "20/20 items" in shown
    assert " KiB at " in shown
    assert "\x1b[32mEverything that was asked for is in the folder.\x1b[0m" in shown
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[3" not in in_a_terminal("backup", tmp_path)[1]


@terminals
def test_the_bar_prints_failures_above_it_and_every_file_with_v(in_a_terminal, simulator, tmp_path):
    simulator.faults.add(Fault.refusal(400, "odd"), on="download")
    simulator.faults.add(Fault.refusal(404, "invalid_id"), on="download")
    code, shown = in_a_terminal("backup", tmp_path, "-v", "--batch-size", 1, "--workers", 1)
    assert code == 1
    assert "\rfailed  " in shown
    assert "\rmissing " in shown
    assert shown.count("(only item)\r\n") == 18
    assert "1 item deleted from the server before it could be saved." in shown
    assert "\x1b[31m1 item failed; the next run tries again.\x1b[0m" in shown


@terminals
def test_without_tqdm_a_terminal_gets_lines(in_a_terminal, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tqdm", None)
    code, shown = in_a_terminal("backup", tmp_path)
    assert (code, "|" in shown) == (0, False)
    assert "For a progress bar: pip install 'elevenlabs-history[cli]'" in shown
    assert "20 items to fetch" in shown


def test_lines_and_json_report_missing_and_failed_items(run, simulator, tmp_path):
    simulator.faults.add(Fault.refusal(404, "invalid_id"), on="download")
    assert "missing " in run("backup", tmp_path, "--batch-size", 1).stderr
    simulator.faults.add(Fault.refusal(404, "invalid_id"), on="download")
    assert [line["event"] for line in run("backup", tmp_path, "--json").json_lines][-2:] == ["missing", "finished"]
    simulator.faults.add(Fault.refusal(400, "odd"), on="download")
    events = run("backup", tmp_path, "--json").json_lines
    assert events[-2]["event"] == "failed"
    assert events[-2]["error"].startswith("[400 odd]")
