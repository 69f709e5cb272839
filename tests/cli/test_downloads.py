"""The command download: into folders, into one file, to standard output, with ids from standard input."""

import asyncio
import hashlib
import io
import json
import os
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
from elevenlabs_history import AsyncHistoryClient, RetryPolicy
from elevenlabs_history_simulator import Fault, Quirks, item_id_of

COMMAND = Path(sys.executable).parent / "elevenlabs-history"
UNKNOWN = "a" * 20
HINT = "What is missing is deleted, mistyped, or of another workspace. To see ids: elevenlabs-history list\n"
terminals = pytest.mark.skipif(os.name == "nt", reason="Windows has no pseudo-terminals")


@pytest.fixture
def ids(simulator):
    return [item.id for item in simulator.history]


@pytest.fixture
def type_in(monkeypatch):
    """Let a text be what standard input holds."""
    return lambda text: monkeypatch.setattr("sys.stdin", io.StringIO(text))


def ids_in(folder):
    return {item_id_of(path.read_bytes()) for path in folder.rglob("*") if path.suffix in {".mp3", ".wav"}}


def test_download_saves_items_and_prints_their_paths(run, ids, tmp_path):
    result = run("download", *ids[:3], "-o", tmp_path / "clips")
    assert result.exit_code == 0, result.stderr
    assert ids_in(tmp_path / "clips") == set(ids[:3])
    for path in (tmp_path / "clips").rglob("*.mp3"):
        assert f"{path}  16 KiB  item {item_id_of(path.read_bytes())}" in result.stdout
    assert result.stderr == "3 items to fetch\n3 saved.\n"


def test_download_converts_to_wav(run, ids, tmp_path):
    assert run("download", ids[0], "-o", tmp_path, "--format", "wav").exit_code == 0
    (path,) = tmp_path.rglob("*.wav")
    assert path.read_bytes().startswith(b"RIFF")


def test_what_exists_is_skipped_what_is_missing_is_named_and_the_rest_is_saved(run, ids, tmp_path):
    run("download", ids[0], "-o", tmp_path)
    (path,) = tmp_path.rglob("*.mp3")
    path.write_bytes(b"mine")
    result = run("download", *ids[:3], UNKNOWN, "-o", tmp_path)
    assert result.exit_code == 1
    assert path.read_bytes() == b"mine"
    assert len(result.lines) == 2
    assert ids_in(tmp_path) >= set(ids[1:3])
    assert result.stderr == (
        f"missing {UNKNOWN}\n2 items to fetch\nexists  {path}\n2 saved, 1 skipped, 1 missing.\n" + HINT
    )
    assert run("download", ids[0], "-o", tmp_path, "--overwrite").exit_code == 0
    assert item_id_of(path.read_bytes()) == ids[0]


def test_quiet_prints_only_what_went_wrong(run, simulator, ids, tmp_path):
    simulator.faults.add(Fault.refusal(400, "odd"), on="download", times=2)
    result = run("download", *ids[:2], UNKNOWN, "-o", tmp_path, "--quiet")
    assert (result.exit_code, result.stdout) == (1, "")
    assert sorted(line.split()[0] for line in result.stderr.splitlines()) == ["failed", "missing"]


def test_nothing_is_made_for_ids_that_nobody_has(run, tmp_path):
    result = run("download", UNKNOWN, "-o", tmp_path / "clips")
    assert (result.exit_code, result.stdout, result.stderr) == (1, "", f"missing {UNKNOWN}\n{HINT}")
    assert list(tmp_path.iterdir()) == []


def test_a_page_that_is_not_the_api_s_is_no_missing_item(run, simulator, ids, tmp_path):
    simulator.faults.add(Fault.answer(404, b"<h1>Not here</h1>"), on="get")
    result = run("download", ids[0], "-o", tmp_path)
    assert (result.exit_code, result.stderr.count("\n")) == (1, 1)
    assert "check the base URL" in result.stderr


def test_nothing_is_sent_if_one_of_the_ids_is_invalid(run, simulator, ids, tmp_path):
    assert run("download", ids[0], "a b", "-o", tmp_path).exit_code == 2
    assert not simulator.requests


def test_an_error_that_would_fail_every_item_is_printed_once(run, simulator, ids, tmp_path):
    simulator.faults.add(Fault.answer(401), on="download", times=100)
    result = run("download", *ids, "-o", tmp_path)
    assert (result.exit_code, result.stdout) == (3, "")
    assert result.stderr.count("\n") == 2
    simulator.faults.clear()
    simulator.faults.add(Fault.answer(401), on="get", times=100)
    result = run("download", *ids, "-o", tmp_path)
    assert (result.exit_code, result.stderr.count("\n")) == (3, 1)


def test_a_server_that_answers_few_requests_at_once_is_asked_more_slowly(run, simulator, ids, tmp_path, monkeypatch):
    impatient = partial(AsyncHistoryClient, retry_policy=RetryPolicy(max_attempts=1))
    monkeypatch.setattr("elevenlabs_history_cli.downloads.AsyncHistoryClient", impatient)
    simulator.concurrency, simulator.latency = 2, 0.02
    assert run("download", *ids, "-o", tmp_path, "--quiet").exit_code == 0
    assert ids_in(tmp_path) == set(ids)


def test_ctrl_c_ends_the_look_up_wherever_it_arrives(run, ids, tmp_path, monkeypatch):
    waited = []

    async def get(_, history_item_id):
        # Signal handlers run between any two instructions, also of a task.
        if history_item_id == ids[1]:
            signal.raise_signal(signal.SIGINT)
        await asyncio.sleep(1)
        waited.append(history_item_id)

    monkeypatch.setattr(AsyncHistoryClient, "get", get)
    result = run("download", *ids[:3], "-o", tmp_path)
    assert (result.exit_code, waited) == (130, [])
    assert "Interrupted." in result.stderr


def test_every_event_and_the_counts_are_printed_as_json(run, ids, tmp_path):
    run("download", ids[2], "-o", tmp_path)
    result = run("download", *ids[:3], UNKNOWN, "-o", tmp_path, "--json")
    events = result.json_lines
    assert [event["event"] for event in events] == ["missing", "started", "saved", "saved", "exists", "finished"]
    for file in events[2:4]:
        data = Path(file["path"]).read_bytes()
        assert item_id_of(data) == file["history_item_id"]
        assert (len(data), hashlib.sha256(data).hexdigest()) == (file["size"], file["sha256"])
        assert (file["kind"], file["match_method"]) == ("mp3", "time")
    assert events[4]["history_item_id"] == ids[2]
    assert events[5] == {"event": "finished", "saved": 2, "skipped": 1, "missing": 1, "failed": 0}


def test_ids_are_read_from_standard_input(run, simulator, ids, tmp_path, type_in):
    type_in(f"\ufeff{ids[0]} {ids[1]}\n\n\t{ids[2]}\n{ids[0]}\n")
    assert run("download", "-", ids[3], "-o", tmp_path).exit_code == 0
    assert ids_in(tmp_path) == set(ids[:4])
    assert len([request for request in simulator.requests if request.operation == "get"]) == 4


def test_the_table_that_list_prints_is_not_taken_for_ids(run, simulator, ids, tmp_path, type_in):
    type_in(run("list", "-n", 3).stdout)
    simulator.requests.clear()
    result = run("download", "-", "-o", tmp_path)
    assert (result.exit_code, simulator.requests) == (2, [])
    assert "which is no history item id. Pass ids, or what list --json prints." in result.stderr


@pytest.mark.parametrize("options", [["-o", "clips"], ["-o", "clip.mp3"]])
def test_the_original_format_may_be_asked_for(run, ids, tmp_path, monkeypatch, options):
    monkeypatch.chdir(tmp_path)
    assert run("download", ids[0], "--format", "original", *options).exit_code == 0
    assert len(list(tmp_path.rglob("*.mp3"))) == 1


def test_what_list_prints_as_json_needs_no_look_up(run, simulator, ids, tmp_path, type_in):
    type_in(run("list", "-n", 3, "--json").stdout + json.dumps({"history_item_id": ids[3]}) + "\n")
    assert run("download", "-", "-o", tmp_path).exit_code == 0
    assert ids_in(tmp_path) == set(ids[:4])
    assert len([request for request in simulator.requests if request.operation == "get"]) == 1


@pytest.mark.parametrize(
    "line",
    ['{"a": 1}', "{", '{"history_item_id": 1}', '{"history_item_id": ["\x1b[2J"]}', '{"a":' * 100_000],
    ids=["no id", "no JSON", "a number", "a list", "deep"],
)
def test_a_line_that_names_no_item_is_one_line_and_nothing_is_sent(run, simulator, tmp_path, type_in, line):
    type_in(f"{line}\n")
    result = run("download", "-", "-o", tmp_path)
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
    assert result.stderr.startswith("elevenlabs-history: Standard input has a line without a history item id: {")
    assert result.stderr[:-1].isprintable()
    assert not simulator.requests


def test_no_ids_at_all_are_nothing_to_do(run, tmp_path, type_in):
    type_in("\n")
    result = run("download", "-", "-o", tmp_path)
    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (0, "", 1)


def test_input_of_any_bytes_causes_no_traceback(environment, tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONIOENCODING", "utf-8:strict")
    for data in (b"\xff\xfe\x00", b'{"history_item_id": "\xff"}'):
        completed = subprocess.run(
            [COMMAND, "download", "-", "-o", tmp_path], input=data, capture_output=True, check=False
        )
        assert completed.returncode in {1, 2}
        assert b"Traceback" not in completed.stderr


@pytest.mark.parametrize("name", ["song.mp3", "other.txt"])
def test_one_item_is_saved_under_the_name_that_was_given(run, ids, tmp_path, name):
    path = tmp_path / name
    if not name.endswith("mp3"):
        path.touch()
    result = run("download", ids[0], "-o", path, "--overwrite")
    assert result.exit_code == 0, result.stderr
    assert [each.name for each in tmp_path.iterdir()] == [name]
    assert item_id_of(path.read_bytes()) == ids[0]
    assert result.stdout == f"{path}  16 KiB  item {ids[0]} (only item)\n"
    assert result.stderr == ("" if name.endswith("mp3") else f"{path} holds mp3, whatever its name says.\n")


def test_a_file_of_that_name_is_replaced_only_with_overwrite(run, ids, tmp_path):
    path = tmp_path / "song.mp3"
    run("download", ids[0], "-o", path)
    result = run("download", ids[1], "-o", path)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == (
        f"elevenlabs-history: {path} exists and was not changed. Use --overwrite, or choose another name.\n"
    )
    assert item_id_of(path.read_bytes()) == ids[0]
    (file,) = run("download", ids[1], "-o", path, "--overwrite", "--json").json_lines
    assert (file["event"], file["history_item_id"]) == ("saved", ids[1])
    assert item_id_of(path.read_bytes()) == ids[1]


def test_a_folder_may_be_named_like_a_file(run, ids, tmp_path):
    (tmp_path / "songs.mp3").mkdir()
    assert run("download", *ids[:2], "-o", tmp_path / "songs.mp3").exit_code == 0
    assert ids_in(tmp_path / "songs.mp3") == set(ids[:2])


@pytest.mark.parametrize("target", ["song.mp3", "-"])
def test_one_file_holds_one_item(run, simulator, ids, tmp_path, target, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = run("download", *ids[:2], "-o", target)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == (
        f"elevenlabs-history: --output {target} is one file, but there are 2 items. Nothing was sent. Name a folder.\n"
    )
    assert not simulator.requests
    assert list(tmp_path.iterdir()) == []


def test_standard_output_gets_the_audio_and_nothing_else(environment, ids):
    completed = subprocess.run([COMMAND, "download", ids[0], "-o", "-"], capture_output=True, check=False)
    assert (completed.returncode, completed.stderr) == (0, b"")
    assert item_id_of(completed.stdout) == ids[0]


def test_standard_output_gets_no_part_of_a_clip(environment, simulator, ids):
    simulator.faults.add(Fault.truncate(1000), on="download", times=100)
    completed = subprocess.run([COMMAND, "download", ids[0], "-o", "-"], capture_output=True, check=False)
    assert (completed.returncode, completed.stdout) == (4, b"")


@pytest.mark.skipif(os.name == "nt", reason="uses bash")
def test_a_reader_of_audio_may_stop_reading(environment, simulator):
    item = simulator.history.add(size=5_000_000)
    command = f"{COMMAND} download {item.id} -o - | head -c 10"
    completed = subprocess.run(["bash", "-o", "pipefail", "-c", command], capture_output=True, check=False)
    assert (completed.returncode, len(completed.stdout), completed.stderr) == (0, 10, b"")


def test_audio_is_not_printed_between_json_lines(run, ids):
    assert run("download", ids[0], "-o", "-", "--json").exit_code == 2


@terminals
def test_audio_is_not_printed_to_a_terminal(in_a_terminal, ids):
    terminal = in_a_terminal("download", ids[0], "-o", "-", columns=300)
    assert terminal.exit_code == 2
    assert "Redirect the output without --json, or name a file with --output." in " ".join(terminal.lines)


def test_an_item_whose_file_could_be_another_one_s_fails_alone(run, ids, tmp_path):
    (tmp_path / "x.mp3").write_bytes(b"mine")
    result = run("download", ids[0], "-o", tmp_path, "--template", "x{ext}")
    assert result.exit_code == 1
    assert f"failed  {ids[0]}: {tmp_path / 'x.mp3'} exists" in result.stderr
    assert (tmp_path / "x.mp3").read_bytes() == b"mine"


def test_items_are_proven_whatever_the_archive_says(run, simulator, ids, tmp_path):
    simulator.quirks = Quirks(intruders=True, repeated_names=True)
    assert run("download", *ids, "-o", tmp_path).exit_code == 0
    for path in tmp_path.rglob("*.mp3"):
        assert item_id_of(path.read_bytes()) in path.name


@terminals
def test_a_terminal_shows_the_look_up_a_bar_and_the_files(in_a_terminal, ids, tmp_path):
    terminal = in_a_terminal("download", *ids[:3], UNKNOWN, "-o", tmp_path, columns=120)
    assert terminal.exit_code == 1
    assert terminal.output.startswith("\rLooking up 4 items …")
    missing, *files, bar, summary, hint = terminal.lines
    assert missing == f"missing {UNKNOWN}"
    assert "".join(files).count("KiB  item ") == 3
    assert bar.startswith("100%|################| 3/3 items")
    assert (summary, f"{hint}\n") == ("3 saved, 1 missing.", HINT)
