"""The commands as users type them: what they print, what they save and how they exit."""

import argparse
import errno
import json
import logging
import re
import signal
import subprocess
import sys
from datetime import datetime
from typing import get_args
from zoneinfo import ZoneInfo

import pytest
from elevenlabs_history import Region
from elevenlabs_history_cli import runner
from elevenlabs_history_cli.options import REGIONS
from elevenlabs_history_cli.runner import COMMANDS
from elevenlabs_history_simulator import Fault


def test_list_prints_a_line_for_each_item_newest_first(run, simulator):
    result = run("list", "--limit", 3)
    assert result.exit_code == 0
    heading, *lines = result.stdout.splitlines()
    assert heading.startswith("ID")
    assert [line.split()[0] for line in lines] == [item.id for item in simulator.history][:3]


def test_list_prints_every_field_as_json_lines(run, simulator):
    result = run("list", "--all", "--json")
    assert [json.loads(line) for line in result.stdout.splitlines()] == [item.metadata for item in simulator.history]


def test_list_prints_dialogue_and_sanitizes_it(run, simulator):
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
    assert run("list", "-n", 1).lines[1].endswith("  Ann & Bob  Hello[2J and goodbye")


def test_list_and_show_print_items_without_optional_fields(run, simulator):
    item = simulator.history.add(date=2_000_000_000)
    for name in set(item.metadata) - {"history_item_id", "date_unix", "content_type", "state"}:
        if not name.startswith("character_count"):
            del item.metadata[name]
    assert run("list", "-n", 1).lines[1] == f"{item.id}  2033-05-18 03:33"
    assert json.loads(run("list", "-n", 1, "--json").stdout) == item.metadata
    assert run("show", item.id).exit_code == 0


def test_list_passes_its_filters_on(run, simulator):
    wanted = simulator.history.add(text="a syzygy", voice_id="v1")
    result = run("list", "--search", "syzygy", "--voice", "v1")
    assert [line.split()[0] for line in result.stdout.splitlines()[1:]] == [wanted.id]


def test_list_prints_the_columns_that_are_asked_for(run, simulator):
    item = simulator.history.add(
        model_id="eleven_v3",
        source="TTS",
        state="created",
        output_format="mp3_44100_128",
        character_count_change_from=0,
        character_count_change_to=1234,
        date=2_000_000_000,
    )
    heading, row = run("list", "-n", 1, "--columns", "model,source, characters,state,format,id").lines
    assert heading.split() == ["MODEL", "SOURCE", "CHARACTERS", "STATE", "FORMAT", "ID"]
    assert row.split() == ["eleven_v3", "TTS", "1,234", "created", "mp3_44100_128", item.id]


def test_an_unknown_column_is_one_line_with_the_valid_ones(run):
    assert run("list", "--columns", "id,name").stderr == (
        "elevenlabs-history: argument --columns: unknown column 'name' (choose from id, date, voice, model, source, "
        "characters, state, format, settings, text). See: elevenlabs-history list --help\n"
    )


def test_times_are_read_and_printed_in_local_time(run, simulator, set_zone):
    set_zone("America/New_York")
    for day in (30, 31):
        # In UTC both are a day later.
        date = datetime(2033, 5, day, 22, tzinfo=ZoneInfo("America/New_York"))
        item = simulator.history.add(date=int(date.timestamp()))
    assert "  2033-05-31 22:00  " in run("list", "-n", 1).lines[1]
    assert f"({date:%Y-%m-%d %H:%M})" in run("show", item.id).stdout
    assert [line.split()[1] for line in run("list", "--after", "2033-05-31").lines[1:]] == ["2033-05-31"]
    assert run("list", "--before", "2033-05-31", "-n", 1).lines[1].split()[1] == "2033-05-30"
    assert run("list", "--after", "2033-06").stdout == ""


def test_an_empty_filter_is_one_line_that_names_the_option(run):
    assert run("list", "--model", "").stderr == (
        "elevenlabs-history: argument --model: it is empty or not UTF-8. See: elevenlabs-history list --help\n"
    )


def test_a_time_that_is_none_is_one_line_with_examples(run):
    assert run("list", "--after", "soon").stderr == (
        "elevenlabs-history: argument --after: 'soon' is not a time such as 7d, 12h, 2w, today, yesterday, 2026, "
        "2026-01, 2026-01-31 or 2026-01-31T12:00. See: elevenlabs-history list --help\n"
    )


def test_a_list_without_items_names_the_filters_and_prints_no_heading(run, simulator):
    for options in ([], ["--json"]):
        result = run("list", "--voice", "Nobody Else", "--after", "2026-01", *options)
        assert (result.exit_code, result.stdout) == (0, "")
        assert result.stderr == "No item matches --voice 'Nobody Else' --after '2026-01-01 00:00'.\n"
    assert run("list", "--voice", "Nobody", "--quiet").stderr == ""
    for item in list(simulator.history):
        simulator.history.remove(item.id)
    assert run("list").stderr == "The history is empty.\n"
    del simulator.history.add().metadata["date_unix"]
    assert "empty" not in run("list").stderr


def test_an_error_comes_without_a_heading(run, simulator):
    simulator.faults.add(Fault.answer(501))
    assert run("list").stdout == ""


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


def press_ctrl_c(_):
    signal.raise_signal(signal.SIGINT)


def raise_os_error(_):
    raise OSError(errno.ENOSPC, "No space left on device", "history.csv")


def raise_broken_pipe(_):
    raise BrokenPipeError


@pytest.mark.parametrize(
    ("command", "code", "line"),
    [
        (press_ctrl_c, 130, "Interrupted. Saved files stay and no partial"),
        (raise_os_error, 1, "Can't use history.csv: No space left on device. Saved files stay."),
        (raise_broken_pipe, 0, ""),
    ],
    ids=["Ctrl-C", "full disk", "closed pipe"],
)
def test_no_command_ends_with_a_traceback(run, monkeypatch, command, code, line):
    monkeypatch.setitem(COMMANDS, "list", command)
    # A job in the background of a shell has Ctrl-C ignored.
    before = signal.getsignal(signal.SIGINT)
    result = run("list")
    assert (result.exit_code, result.stdout) == (code, "")
    assert line in result.stderr
    assert signal.getsignal(signal.SIGINT) is before


def test_the_regions_are_those_of_the_library():
    assert get_args(Region) == REGIONS


@pytest.mark.parametrize(
    "arguments",
    [
        ["nonsense"],
        ["list", "--limit", "0"],
        ["list", "--after", "soon"],
        ["list", "--columns", ""],
        ["list", "--columns", "id", "--json"],
        ["list", "--voice", ""],
        ["search", "folder", "words", "--limit", "0"],
        ["list", "--lim", "3"],
        ["list", "--search", "\udcff"],
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
    "command", ["backup", "verify", "search", "export", "page", "list", "show", "download", "doctor", "completion"]
)
def test_help_shows_usage_and_examples(run, command):
    result = run(command, "--help")
    assert result.exit_code == 0
    assert result.stdout.startswith(f"usage: elevenlabs-history {command} ")
    assert f"examples:\n  {'eval ' if command == 'completion' else ''}" in result.stdout
    assert max(map(len, result.lines)) <= 100
    assert command in run("--help").stdout


def test_help_says_what_a_backup_does_not_contain(run):
    assert "Sound effects, music, agent\nconversations and zero-retention calls" in run("backup", "--help").stdout


def test_show_prints_every_field_that_an_item_has(run, simulator):
    item = next(iter(simulator.history))
    shown = run("show", item.id)
    assert {line.split()[0] for line in shown.lines} == {
        name for name, value in item.metadata.items() if value is not None
    }
    assert json.loads(run("show", item.id, "--json").stdout) == item.metadata


def test_show_sanitizes_names_and_values_of_fields(run, simulator):
    item = simulator.history.add(**{"a\x1b[2Jfield": "\x1b[31mred"})
    assert "\x1b" not in run("show", item.id).stdout


def test_show_names_a_missing_item(run):
    result = run("show", "a" * 20)
    assert result.exit_code == 1
    assert "a" * 20 in result.stderr


def test_entries_that_are_not_items_are_reported_and_fail_the_listing(run, simulator):
    simulator.history.add().metadata["settings"] = "none"
    del simulator.history.add().metadata["date_unix"]
    result = run("list", "--all")
    assert result.exit_code == 1
    assert "Left out an entry that is not a history item: " in result.stderr


def test_retries_are_logged_by_default_requests_with_v_and_nothing_with_quiet(run, simulator):
    simulator.faults.add(Fault.answer(503))
    assert re.search(r"Attempt 1 failed; retrying in \S+ s: \[503\] ", run("list").stderr)
    simulator.faults.add(Fault.answer(503))
    assert run("list", "--quiet").stderr == ""
    simulator.faults.add(Fault.answer(503))
    lines = run("list", "-v").stderr.splitlines()
    assert re.fullmatch(r"GET /v1/history: 503 in \d\.\d{3} s, \d+ bytes, attempt 1", lines[0])
    assert re.fullmatch(r"GET /v1/history: 200 in \d\.\d{3} s, \d+ bytes, attempt 2", lines[2])
    assert len(lines) == 3
    assert "HTTP Request: GET http://127.0.0.1" in run("list", "-vv").stderr


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


def test_completion_without_its_extra_says_how_to_install_it(run, monkeypatch):
    monkeypatch.setitem(sys.modules, "shtab", None)
    result = run("completion", "bash")
    assert (result.exit_code, result.stderr) == (
        2,
        "elevenlabs-history: Completion needs an extra: pip install 'elevenlabs-history[cli]'\n",
    )


HOSTILE = "\x1b]0;title\x07\x9b31m\u202egnp.exe\u2066\r\n"
VALUES = [0, 1.5, True, [], ["x"], {}, {"a": 1}, "\ud800", HOSTILE]


@pytest.mark.parametrize("value", VALUES, ids=ascii)
@pytest.mark.parametrize("field", ["voice_name", "text", "model_id", "source", "dialogue", "output_format", "state"])
@pytest.mark.parametrize("option", [[], ["--json"]], ids=["text", "json"])
def test_fields_of_any_kind_are_printed_without_controls(run, simulator, field, value, option):
    item = simulator.history.add(date=2_000_000_000)
    item.metadata[field] = value
    for result in (run("list", "-n", 1, *option), run("show", item.id, *option)):
        assert "Traceback" not in result.stderr
        for line in (result.stdout + result.stderr).splitlines():
            assert line.isprintable(), line


def test_text_of_the_server_reaches_no_terminal_raw(run, simulator, tmp_path):
    body = json.dumps({"detail": {"code": f"c{HOSTILE}", "message": HOSTILE, "request_id": HOSTILE}}).encode()
    simulator.history.add(text=HOSTILE, voice_name=HOSTILE)
    for arguments in (
        ["backup", tmp_path, "-v"],
        ["backup", tmp_path, "--json"],
        ["list"],
        ["show", "abc"],
        ["doctor"],
    ):
        simulator.faults.clear()
        simulator.faults.add(Fault.answer(503, body, x_trace_id="t\x9b"), times=1)
        simulator.faults.add(Fault.answer(400, body), on="download", times=100)
        simulator.faults.add(Fault.answer(400, body), on="get", times=100)
        result = run(*arguments)
        for line in (result.stdout + result.stderr).splitlines():
            assert line.isprintable(), line


def test_json_escapes_controls_and_stays_the_same_document(run, simulator):
    item = simulator.history.add(text=f"{HOSTILE}\u2028 é 日本 \U0001f600", date=2_000_000_000)
    line = run("list", "-n", 1, "--json").stdout.removesuffix("\n")
    assert line.isprintable()
    assert "é 日本 \U0001f600" in line
    assert json.loads(line)["text"] == item.metadata["text"]


def test_log_lines_are_sanitized(capsys):
    with runner._logging(argparse.Namespace(quiet=False, verbose=0)):
        logging.getLogger("elevenlabs_history").warning("an entry: \x1b[2J\u202e\nof two lines")
    assert capsys.readouterr().err == "an entry: [2J of two lines\n"


def test_log_lines_clear_the_bar_of_a_terminal(run, monkeypatch, capsys):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    assert run("list", "-v").stderr.startswith("\r\x1b[KGET /v1/history: 200 in ")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["bakcup"],
            "argument COMMAND: invalid choice: 'bakcup' (did you mean backup?). See: elevenlabs-history --help",
        ),
        (["help", "serach"], "invalid choice: 'serach' (did you mean search?)"),
        (
            ["backup", "--workes", "3", "{folder}"],
            "unknown option --workes (did you mean --workers?). See: elevenlabs-history backup --help",
        ),
        (["list", "--voise=Rachel"], "unknown option --voise (did you mean --voice?)"),
        (["list", "--format=table"], "unknown option --format. See: elevenlabs-history list --help"),
        (["list", "--", "-x"], "unrecognized arguments: -x. See: elevenlabs-history list --help"),
        (["backup", "--format", "WAV"], "argument --format: invalid choice: 'WAV'"),
        (["list", "-"], "unrecognized arguments: -."),
        (["list", "--xyzzy"], "unknown option --xyzzy. See: elevenlabs-history list --help"),
        (["xyzzy"], "(choose from "),
    ],
)
def test_a_misspelled_word_is_named_alone_with_what_was_likely_meant(run, tmp_path, arguments, message):
    result = run(*(each.format(folder=tmp_path) for each in arguments))
    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (2, "", 1)
    assert message in result.stderr
    assert str(tmp_path) not in result.stderr
