"""The command line against the simulator, in this process."""

import contextlib
import json
import os
import threading
import time

import pyte
import pytest
from elevenlabs_history_cli import main


class Result:
    def __init__(self, exit_code, stdout, stderr):
        self.exit_code = exit_code
        self.stdout = stdout
        self.stderr = stderr

    @property
    def lines(self):
        return self.stdout.splitlines()

    @property
    def json_lines(self):
        return [json.loads(line) for line in self.lines]


@pytest.fixture
def set_zone(monkeypatch):
    """Let this machine be in a time zone."""

    def set_zone(name):
        monkeypatch.setenv("TZ", name)
        if hasattr(time, "tzset"):
            time.tzset()

    yield set_zone
    monkeypatch.undo()
    if hasattr(time, "tzset"):
        time.tzset()


@pytest.fixture
def environment(simulator, monkeypatch, set_zone):
    monkeypatch.setenv("ELEVENLABS_API_KEY", simulator.api_key)
    monkeypatch.setenv("ELEVENLABS_BASE_URL", simulator.base_url)
    monkeypatch.setenv("COLUMNS", "120")
    set_zone("UTC")


@pytest.fixture
def run(environment, capsys):
    def run(*arguments):
        capsys.readouterr()
        try:
            exit_code = main([str(argument) for argument in arguments])
        except SystemExit as error:
            exit_code = error.code
        return Result(exit_code, *capsys.readouterr())

    return run


class Terminal:
    """A terminal of its own, and all that was shown on it."""

    def __init__(self, columns):
        import pty
        import termios

        self._columns = columns
        self._controller, terminal = pty.openpty()
        termios.tcsetwinsize(terminal, (24, columns))
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

    @property
    def output(self):
        return b"".join(self._pieces).decode()

    def screen(self, output=None):
        """Show what was on the screen at the end, or after some of the output."""
        screen = pyte.Screen(self._columns, 200)
        pyte.Stream(screen).feed(self.output if output is None else output)
        return screen

    @property
    def lines(self):
        """The lines on the screen at the end."""
        return "\n".join(line.rstrip() for line in self.screen().display).rstrip("\n").split("\n")


@pytest.fixture
def in_a_terminal(environment, monkeypatch):
    def run(*arguments, columns=160, term="xterm"):
        terminal = Terminal(columns)
        with monkeypatch.context() as patch:
            patch.setattr("sys.stdout", terminal.stream)
            patch.setattr("sys.stderr", terminal.stream)
            patch.setenv("TERM", term)
            patch.delenv("COLUMNS")
            try:
                terminal.exit_code = main([str(argument) for argument in arguments])
            finally:
                terminal.close()
        return terminal

    return run
