"""The command line against the simulator, in this process."""

import json

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
def environment(simulator, monkeypatch):
    monkeypatch.setenv("ELEVENLABS_API_KEY", simulator.api_key)
    monkeypatch.setenv("ELEVENLABS_BASE_URL", simulator.base_url)
    monkeypatch.setenv("COLUMNS", "120")


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
