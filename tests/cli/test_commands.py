"""The command line as it is typed: what it prints, what it saves and how it exits."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from elevenlabs_history import __version__
from elevenlabs_history_simulator import Fault, item_id_of

COMMAND = Path(sys.executable).parent / "elevenlabs-history"


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


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["nonsense"],
        ["list", "--limit", "0"],
        ["list", "--after", "yesterday"],
        ["list", "--model", "eleven_v3"],
        ["list", "--lim", "3"],
        ["list", "--search", "\udcff"],
        ["backup", "x" * 300],
        ["download"],
        ["download", "a b"],
        ["backup"],
        ["backup", ""],
        ["show", "ID", "--in", ""],
        ["backup", "folder", "--template", "{voice}{ext}"],
        ["backup", "folder", "--workers", "many"],
        ["backup", "folder", "--region", "moon"],
        ["export", "folder"],
        ["export", "folder", "--csv", "--m3u"],
    ],
    ids=" ".join,
)
def test_wrong_usage_is_one_line_and_exits_with_2(run, arguments):
    result = run(*arguments)
    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (2, "", 1)
    assert result.stderr.startswith("elevenlabs-history: ")


@pytest.mark.parametrize(
    "command", ["backup", "verify", "search", "export", "list", "show", "download", "doctor", "completion"]
)
def test_help_shows_how_to_use_it(run, command):
    result = run(command, "--help")
    assert result.exit_code == 0
    assert result.stdout.startswith(f"usage: elevenlabs-history {command} ")
    assert f"examples:\n  {'eval ' if command == 'completion' else ''}" in result.stdout
    assert max(map(len, result.lines)) <= 100
    assert command in run("--help").stdout


def test_help_says_what_a_backup_does_not_contain(run):
    assert "Sound effects, music, agent\nconversations and zero-retention calls" in run("backup", "--help").stdout


def test_help_loads_nothing_that_takes_long():
    script = (
        "import sys; from elevenlabs_history_cli import main\n"
        "try: main(['backup', '--help'])\n"
        "finally: print(sorted({'httpx', 'attrs', 'sqlite3', 'asyncio', 'json', 'tqdm'} & set(sys.modules)))"
    )
    completed = subprocess.run([sys.executable, "-c", script], capture_output=True, encoding="utf-8", check=True)
    assert completed.stdout.splitlines()[-1] == "[]"


def test_show_tells_every_field_that_an_item_has(run, simulator):
    item = next(iter(simulator.history))
    shown = run("show", item.id)
    assert {line.split()[0] for line in shown.lines} == {
        name for name, value in item.metadata.items() if value is not None
    }
    assert json.loads(run("show", item.id, "--json").stdout) == item.metadata


def test_show_moves_no_cursor_with_what_the_server_names(run, simulator):
    item = simulator.history.add(**{"a\x1b[2Jfield": "\x1b[31mred"})
    assert "\x1b" not in run("show", item.id).stdout


def test_show_names_the_item_that_is_not_there(run):
    result = run("show", "a" * 20)
    assert result.exit_code == 1
    assert "a" * 20 in result.stderr


def test_download_tells_each_clip_as_json(run, simulator, tmp_path):
    ids = [item.id for item in simulator.history][:2]
    told = [json.loads(line) for line in run("download", *ids, "-o", tmp_path, "--json").lines]
    assert {clip["history_item_id"]: Path(clip["path"]).read_bytes() for clip in told}.keys() == set(ids)
    assert all(item_id_of(Path(clip["path"]).read_bytes()) == clip["history_item_id"] for clip in told)


def test_an_item_with_an_odd_date_is_listed(run, simulator):
    item = simulator.history.add(date=2_000_000_000)
    item.metadata["date_unix"] = "yesterday"
    assert run("list", "-n", 1).lines[1].split()[:2] == [item.id, "yesterday"]


def test_entries_that_are_no_items_are_told_and_fail_the_listing(run, simulator):
    simulator.history.add().metadata["settings"] = "none"
    del simulator.history.add().metadata["date_unix"]
    result = run("list", "--all")
    assert result.exit_code == 1
    assert "is no item and was left out" in result.stderr


def test_more_is_told_when_asked_and_nothing_but_errors_when_quiet(run, simulator):
    simulator.faults.add(Fault.answer(503))
    assert "Attempt 1 failed and is repeated" in run("list").stderr
    simulator.faults.add(Fault.answer(503))
    assert run("list", "--quiet").stderr == ""
    assert "GET /v1/history" in run("list", "-vv").stderr


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "powershell", "tcsh"])
def test_completion_knows_the_commands(run, shell):
    result = run("completion", shell)
    assert result.exit_code == 0
    assert "backup" in result.stdout


def test_bash_completes_with_it(run, tmp_path):
    script = tmp_path / "completion.bash"
    script.write_text(run("completion", "bash").stdout)
    ask = (
        f"source {script}; COMP_WORDS=(elevenlabs-history ba); COMP_CWORD=1; "
        "$(complete -p elevenlabs-history | sed 's/.*-F //; s/ .*//'); echo ${COMPREPLY[*]}"
    )
    completed = subprocess.run(["bash", "-c", ask], capture_output=True, encoding="utf-8", check=True)
    assert completed.stdout.split() == ["backup"]


def test_without_its_extra_completion_says_how_to_get_it(run, monkeypatch):
    monkeypatch.setitem(sys.modules, "shtab", None)
    result = run("completion", "bash")
    assert (result.exit_code, result.stderr) == (
        2,
        "Completion needs an extra: pip install 'elevenlabs-history[cli]'\n",
    )


def test_a_reader_that_has_had_enough_is_no_error(environment):
    command = f"{COMMAND} list --all | head -n 1"
    completed = subprocess.run(["bash", "-o", "pipefail", "-c", command], capture_output=True, check=False)
    assert (completed.returncode, completed.stderr) == (0, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="writes to a device that is full")
@pytest.mark.parametrize("command", ["list", "list --json", "doctor", "completion bash"])
def test_an_output_that_cannot_be_written_is_one_line(environment, command):
    completed = subprocess.run(
        ["bash", "-c", f"{COMMAND} {command} > /dev/full"], capture_output=True, encoding="utf-8", check=False
    )
    assert completed.returncode == 1
    assert completed.stderr == (
        "elevenlabs-history: The output can't be used: No space left on device. What was saved stays.\n"
    )


def test_a_command_runs_without_any_output(environment, tmp_path):
    completed = subprocess.run(["bash", "-c", f"{COMMAND} backup {tmp_path} >&- 2>&-"], check=False)
    assert completed.returncode == 0
    assert len(list(tmp_path.rglob("*.mp3"))) == 20


def test_the_installed_command_runs():
    completed = subprocess.run([COMMAND, "--version"], capture_output=True, encoding="utf-8", check=True)
    assert completed.stdout == f"elevenlabs-history {__version__}\n"
