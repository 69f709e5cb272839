"""The command prune, as users type it: nothing goes without --delete and the exact number."""

import io
import signal
import sys

import pytest
from elevenlabs_history_backup import prune as prune_module
from elevenlabs_history_cli import main
from elevenlabs_history_simulator import Fault

ONLY_COPY = "This folder will hold the only copy. With --copy TARGET a second one is required."


@pytest.fixture(autouse=True)
def _without_pauses(monkeypatch):
    monkeypatch.setattr(prune_module, "_INTERVAL", 0)


@pytest.fixture
def folder(run, tmp_path):
    folder = tmp_path / "history"
    assert run("backup", folder, "--quiet").exit_code == 0
    return folder


@pytest.fixture
def prune(run, folder):
    return lambda *arguments: run("prune", folder, "--older-than", "30d", *arguments)


@pytest.fixture
def type_in(monkeypatch):
    """Type a line on a terminal."""

    class Terminal(io.StringIO):
        def isatty(self):
            return True

    return lambda text: monkeypatch.setattr(sys, "stdin", Terminal(text))


def deleted(simulator):
    return 20 - len(simulator.history)


def test_without_delete_the_plan_is_printed_and_nothing_happens(prune, simulator):
    result = prune("--everything-listed")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.lines == [
        "20 items would be deleted from the server, which lists 20. There is no undo.",
        "Generated from 2025-11-01 01:13 to 2025-11-01 11:58.",
        ONLY_COPY,
    ]
    assert {request.method for request in simulator.requests} == {"GET", "POST"}


def test_the_first_line_of_the_help_says_that_there_is_no_undo(run):
    usage, _, first, *_ = run("prune", "--help").lines
    assert usage.startswith("usage: ")
    assert first.startswith("There is no undo")


def test_the_exact_number_must_be_typed(prune, simulator, type_in):
    type_in("20\n")
    result = prune("--delete", "--everything-listed")
    assert (result.exit_code, deleted(simulator)) == (0, 20)
    assert result.stderr == "Type 20 to delete 20 items from the server. There is no undo.\n"
    assert result.lines[-1] == "20 deleted."


@pytest.mark.parametrize("typed", ["19\n", "yes\n", "\n", "", "020\n"])
def test_anything_but_the_exact_number_deletes_nothing(prune, simulator, type_in, typed):
    type_in(typed)
    result = prune("--delete", "--everything-listed")
    assert (result.exit_code, deleted(simulator)) == (2, 0)
    assert f"The plan has 20 items, not {typed.strip()!r}. Nothing was deleted." in result.stderr


def test_a_script_gives_the_number_as_an_option(prune, simulator):
    wrong = prune("--delete", "--everything-listed", "--yes-delete", 19)
    assert (wrong.exit_code, deleted(simulator)) == (2, 0)
    assert "The plan has 20 items, not '19'. Nothing was deleted." in wrong.stderr
    assert prune("--delete", "--everything-listed", "--yes-delete", 20).exit_code == 0
    assert deleted(simulator) == 20


@pytest.mark.parametrize("stdin", [io.StringIO("20\n"), None], ids=["a file", "closed"])
def test_without_a_terminal_the_number_must_be_an_option(prune, simulator, monkeypatch, stdin):
    monkeypatch.setattr(sys, "stdin", stdin)
    simulator.requests.clear()
    result = prune("--delete", "--everything-listed")
    assert (result.exit_code, simulator.requests) == (2, [])
    assert "no terminal" in result.stderr
    assert "--yes-delete N" in result.stderr


def test_the_number_without_delete_is_a_mistake(prune, simulator):
    result = prune("--yes-delete", 20)
    assert (result.exit_code, deleted(simulator)) == (2, 0)
    assert "--delete, which is missing" in result.stderr


def test_no_filter_is_a_usage_error(run, folder, simulator):
    result = run("prune", folder, "--delete", "--yes-delete", 20)
    assert (result.exit_code, deleted(simulator)) == (2, 0)
    assert "--older-than" in result.stderr


@pytest.mark.parametrize("age", ["30", "d", "1m", "6M", "-3d", "1.5d", "", "30 d", "23h", "0d"])
def test_an_age_that_is_none_or_below_a_day_is_a_usage_error(run, folder, simulator, age):
    result = run("prune", folder, f"--older-than={age}")
    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (2, "", 1)
    assert "age" in result.stderr


@pytest.mark.parametrize("age", ["24h", "1d", "1w"])
def test_ages_have_units(run, folder, age):
    assert "20 items would be deleted" in run("prune", folder, "--older-than", age).stdout


def test_the_filters_are_passed_on(prune, simulator):
    newest = next(iter(simulator.history)).metadata
    names = ("voice_name", "model_id", "source")
    options = ["--voice", newest["voice_name"], "--model", newest["model_id"], "--source", newest["source"]]
    expected = [item for item in simulator.history if all(item.metadata[name] == newest[name] for name in names)]
    assert f"{len(expected)} item" in prune(*options).lines[0]
    assert prune("--before", "2025-11-01T12:00").lines[0].startswith("20 items")
    assert prune("--before", "2025-11-01").lines[0].startswith("0 items")


def test_more_than_the_maximum_or_half_of_all_is_refused_before_anybody_is_asked(prune, simulator, type_in):
    type_in("20\n")
    many = prune("--delete", "--max", 19)
    assert (many.exit_code, deleted(simulator)) == (2, 0)
    assert (
        "20 items, more than 19. Nothing was deleted. Allow more with --max, or choose fewer with filters."
        in many.stderr
    )
    half = prune("--delete")
    assert (half.exit_code, deleted(simulator)) == (2, 0)
    assert "more than half. Nothing was deleted. To delete them: --everything-listed." in half.stderr
    assert "Type 20" not in many.stderr + half.stderr


def test_the_plan_says_that_it_is_too_large_to_be_carried_out(prune):
    result = prune("--json")
    assert (result.exit_code, result.json_lines[-1]["items"]) == (0, 20)
    assert result.stderr == (
        "--delete would be refused: The plan has 20 of the 20 items that the server lists, more than half. "
        "Nothing was deleted. To delete them: --everything-listed.\n"
    )
    assert prune("--quiet").stderr == prune("--everything-listed").stderr == ""


def test_with_a_copy_the_plan_does_not_speak_of_the_only_one(prune, folder, tmp_path):
    import shutil

    copy = shutil.copytree(folder, tmp_path / "copy")
    assert ONLY_COPY not in prune("--copy", copy).stdout
    (file, *_) = copy.rglob("*.mp3")
    file.unlink()
    result = prune("--copy", copy)
    assert (result.exit_code, result.stdout) == (1, "")
    assert "Copy the folder of the backup again first." in result.stderr


def test_items_that_stay_are_printed_with_the_reason_and_the_exit_code_is_1(prune, simulator):
    (item, *_) = simulator.history
    simulator.history.change(item.id, text="\x1b[2JOther")
    result = prune("--delete", "--everything-listed", "--yes-delete", 20)
    assert (result.exit_code, deleted(simulator)) == (1, 19)
    assert f"skipped {item.id}: The server and the catalog differ in its text." in result.lines
    assert result.lines[-1] == "19 deleted, 1 skipped."


def test_an_error_of_the_server_ends_the_run_and_the_next_one_settles_it(prune, simulator):
    simulator.faults.add(Fault.answer_afterwards(500), on="delete", skip=5)
    result = prune("--delete", "--everything-listed", "--yes-delete", 20)
    assert result.exit_code == 4
    assert result.lines[-2:] == [
        "5 deleted, 1 unclear.",
        "What is unclear may be deleted; the next prune asks the server. Its files stay.",
    ]
    assert result.stderr.startswith("elevenlabs-history: [500] DELETE /v1/history/")
    again = prune("--delete", "--everything-listed", "--yes-delete", 14)
    assert (again.exit_code, again.lines[-1]) == (0, "14 deleted, 1 settled.")


def test_a_key_that_may_only_read_is_told_which_scope_is_missing(prune, simulator):
    simulator.scopes = frozenset({"speech_history_read"})
    result = prune("--delete", "--everything-listed", "--yes-delete", 20)
    assert (result.exit_code, deleted(simulator)) == (3, 0)
    assert "speech_history_write" in result.stderr


def test_json_has_a_line_for_each_item_and_the_summary(prune, simulator):
    *candidates, planned = prune("--json").json_lines
    assert [line["history_item_id"] for line in candidates] == [item.id for item in simulator.history][::-1]
    assert {line["event"] for line in candidates} == {"candidate"}
    assert planned.pop("made_at").endswith("Z")
    assert planned == {
        "event": "planned",
        "items": 20,
        "oldest": "2025-11-01T01:13:02Z",
        "newest": "2025-11-01T11:58:10Z",
        "skipped": {},
        "listed": 20,
        "copy": None,
    }
    oldest = candidates[0]["history_item_id"]
    simulator.history.change(oldest, text="Other")
    planned, *results, finished = prune("--json", "--delete", "--everything-listed", "--yes-delete", 20).json_lines
    assert planned["event"] == "planned"
    assert results[0] == {
        "event": "skipped",
        "history_item_id": oldest,
        "error": "The server and the catalog differ in its text.",
    }
    assert [line["event"] for line in results[1:]] == ["deleted"] * 19
    assert finished == {"event": "finished", "deleted": 19, "gone": 0, "settled": 0, "skipped": 1, "unclear": 0}


def test_verbose_prints_each_item(prune, simulator):
    assert [line.split()[0] for line in prune("-v").lines[1:21]] == [item.id for item in simulator.history][::-1]
    result = prune("-v", "--delete", "--everything-listed", "--yes-delete", 20)
    assert sum(line.startswith("deleted ") for line in result.lines) == 20


def test_a_long_run_tells_how_far_it_is(run, simulator, tmp_path):
    simulator.history.fill(200)
    run("backup", tmp_path)
    options = ["--older-than", "30d", "--delete", "--everything-listed", "--max", 220, "--yes-delete", 220]
    assert run("prune", tmp_path, *options).stderr.splitlines() == ["100 of 220 items", "200 of 220 items"]


@pytest.mark.parametrize("changed", [0, 1])
def test_quiet_prints_only_what_stays(prune, simulator, changed):
    for item in list(simulator.history)[:changed]:
        simulator.history.change(item.id, text="Other words.")
    result = prune("--quiet", "--delete", "--everything-listed", "--yes-delete", 20)
    assert (result.exit_code, result.stderr) == (changed, "")
    assert [line.split()[0] for line in result.lines] == (["skipped", "19"] if changed else [])


def test_items_that_can_not_go_are_counted_in_the_plan(run, tmp_path):
    run("backup", tmp_path, "--format", "wav")
    result = run("prune", tmp_path, "--older-than", "30d")
    assert "       20 not deleted: The backup has no file of it in the original format." in result.lines


def test_nothing_to_delete_asks_nobody(run, folder, simulator, type_in):
    type_in("0\n")
    result = run("prune", folder, "--older-than", "99999d", "--delete")
    assert (result.exit_code, result.stderr, result.lines[-1]) == (0, "", "0 deleted.")


def test_ctrl_c_ends_after_the_item_in_hand(prune, simulator, monkeypatch):
    monkeypatch.setattr(prune_module, "_INTERVAL", 0.25)
    simulator.faults.add(Fault.meanwhile(lambda _: signal.raise_signal(signal.SIGINT)), on="delete", skip=4)
    result = prune("-v", "--delete", "--everything-listed", "--yes-delete", 20)
    assert result.exit_code == 130
    assert sum(line.startswith("deleted ") for line in result.lines) == deleted(simulator) >= 5
    assert deleted(simulator) < 20
    assert "Traceback" not in result.stderr


def test_verify_says_that_the_server_no_longer_has_a_damaged_file(prune, run, folder):
    prune("--delete", "--everything-listed", "--yes-delete", 20)
    (path, *_) = folder.rglob("*.mp3")
    path.write_bytes(b"rotten")
    result = run("verify", folder)
    assert result.exit_code == 5
    assert "; the server no longer has it)" in result.lines[0]
    assert run("verify", folder, "--json").json_lines[0]["on_server"] is False


def test_prune_is_no_option_of_backup(capsys):
    with pytest.raises(SystemExit):
        main(["backup", "--help"])
    assert "prune" not in capsys.readouterr().out
