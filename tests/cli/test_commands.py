"""The command line as it is typed: what it prints, what it saves and how it exits."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from elevenlabs_history import __version__
from elevenlabs_history.cli.commands import commands
from elevenlabs_history_simulator import Fault, item_id_of

COMMAND = Path(sys.executable).parent / "elevenlabs-history"


@pytest.fixture
def run(simulator, monkeypatch):
    monkeypatch.setenv("ELEVENLABS_API_KEY", simulator.api_key)
    monkeypatch.setenv("ELEVENLABS_BASE_URL", simulator.base_url)
    monkeypatch.setenv("COLUMNS", "120")
    return lambda *arguments: CliRunner().invoke(commands, [str(argument) for argument in arguments])


def test_list_prints_a_line_for_each_item_newest_first(run, simulator):
    result = run("list", "--limit", 3)
    assert result.exit_code == 0
    heading, *lines = result.stdout.splitlines()
    assert heading.startswith("ID")
    assert [line.split()[0] for line in lines] == [item.id for item in simulator.history][:3]


def test_list_prints_every_field_as_json_lines(run, simulator):
    result = run("list", "--all", "--json")
    assert [json.loads(line) for line in result.stdout.splitlines()] == [item.metadata for item in simulator.history]


def test_list_shows_dialogue_and_nothing_that_moves_the_cursor(run, simulator):
    simulator.history.add(
        text=None,
        voice_id=None,
        voice_name=None,
        dialogue=[
            {"text": "Hello\x1b[2J", "voice_id": "a", "voice_name": "Ann"},
            {"text": "and\ngoodbye", "voice_id": "b", "voice_name": "Bob"},
        ],
        date=2_000_000_000,
    )
    assert "Ann & Bob           Hello[2J / and goodbye" in run("list", "-n", 1).stdout


def test_list_hands_its_filters_on(run, simulator):
    wanted = simulator.history.add(text="a syzygy", voice_id="v1")
    result = run("list", "--search", "syzygy", "--voice", "v1")
    assert [line.split()[0] for line in result.stdout.splitlines()[1:]] == [wanted.id]


def test_download_saves_items_and_prints_where(run, simulator, tmp_path):
    ids = [item.id for item in simulator.history][:3]
    result = run("download", *ids, "-o", tmp_path / "clips")
    assert result.exit_code == 0, result.stderr
    saved = sorted(path for path in (tmp_path / "clips").rglob("*.mp3"))
    assert {item_id_of(path.read_bytes()) for path in saved} == set(ids)
    for path in saved:
        assert f"{path}  16 KiB  item {item_id_of(path.read_bytes())}" in result.stdout


def test_download_converts_to_wav(run, simulator, tmp_path):
    (item_id,) = [item.id for item in simulator.history][:1]
    assert run("download", item_id, "-o", tmp_path, "--format", "wav").exit_code == 0
    (path,) = tmp_path.rglob("*.wav")
    assert path.read_bytes().startswith(b"RIFF")


def test_download_replaces_nothing_unless_told(run, simulator, tmp_path):
    (item_id,) = [item.id for item in simulator.history][:1]
    run("download", item_id, "-o", tmp_path)
    (path,) = tmp_path.rglob("*.mp3")
    path.write_bytes(b"mine")
    again = run("download", item_id, "-o", tmp_path)
    assert again.exit_code == 1
    assert "exists" in again.stderr
    assert path.read_bytes() == b"mine"
    assert run("download", item_id, "-o", tmp_path, "--overwrite").exit_code == 0
    assert item_id_of(path.read_bytes()) == item_id


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (Fault.answer(401, b'{"detail": {"status": "invalid_api_key", "message": "No such key"}}'), 3),
        (Fault.answer(403), 3),
        (Fault.answer(501), 4),
        (Fault.answer(404), 1),
        (Fault.answer(200, b"<html><title>Log in</title>", content_type="text/html"), 1),
    ],
    ids=lambda value: str(getattr(value, "status", "")),
)
def test_a_failure_is_one_line_and_an_exit_code(run, simulator, fault, code):
    simulator.faults.add(fault)
    result = run("list")
    assert result.exit_code == code
    assert result.stderr.startswith("elevenlabs-history: ")
    assert result.stderr.count("\n") == 1


def test_without_a_key_the_exit_code_is_3_and_the_cure_is_named(run, monkeypatch):
    monkeypatch.delenv("ELEVENLABS_API_KEY")
    result = run("list")
    assert (result.exit_code, "ELEVENLABS_API_KEY" in result.stderr) == (3, True)


@pytest.mark.parametrize("arguments", [["list", "--limit", "0"], ["download"], ["nonsense"], ["download", "a b"]])
def test_wrong_usage_exits_with_2(run, arguments):
    assert run(*arguments).exit_code == 2


@pytest.mark.parametrize("arguments", [["--help"], ["list", "--help"], ["download", "-h"]])
def test_help_shows_how_to_use_it(run, arguments):
    result = run(*arguments)
    assert result.exit_code == 0
    assert "Usage: " in result.stdout
    assert "elevenlabs-history " in result.stdout or arguments == ["--help"]


def test_the_installed_command_runs():
    completed = subprocess.run([COMMAND, "--version"], capture_output=True, encoding="utf-8", check=True)
    assert completed.stdout == f"elevenlabs-history {__version__}\n"


def test_without_its_extra_the_command_says_how_to_get_it():
    script = "import sys; sys.modules['click'] = None; from elevenlabs_history.cli import main; main()"
    completed = subprocess.run([sys.executable, "-c", script], capture_output=True, encoding="utf-8", check=False)
    assert completed.returncode == 2
    assert completed.stderr == "The command line needs an extra: pip install 'elevenlabs-history[cli]'\n"
