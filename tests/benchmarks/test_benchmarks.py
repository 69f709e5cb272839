"""Every question of the benchmarks at its smallest, and the judgement: a wrong result never counts."""

import hashlib
import sys
from pathlib import Path

import pytest

from benchmarks import environments, report
from benchmarks.__main__ import ask, main
from benchmarks.environments import UnavailableError
from benchmarks.measure import Bench, Command, Result, check_facts, check_files
from benchmarks.questions import QUESTIONS
from benchmarks.report import BEGIN, END, MIB, Row, table, write_page

A = {"a": hashlib.sha256(b"right").hexdigest()}
WRITE = """
import json, pathlib, sys
pathlib.Path("a").write_text(sys.argv[1])
print(json.dumps({"seconds": float(sys.argv[2]), "files": {"a": "a"} if sys.argv[3:] else {}}))
"""


CHECK = check_files(A)


def command(label, *arguments, check=CHECK):
    return Command(label=label, arguments=(sys.executable, "-S", "-c", *arguments), check=check)


@pytest.fixture
def bench(tmp_path):
    return Bench(tmp_path / "work", rounds=2)


@pytest.fixture
def without_sdk(monkeypatch):
    """Run our programs with this Python, so that nothing is installed."""

    def python_of(name):
        if name == "sdk":
            raise UnavailableError("not installed")
        return sys.executable

    monkeypatch.setattr(environments, "python_of", python_of)


@pytest.mark.usefixtures("without_sdk")
@pytest.mark.parametrize("name", QUESTIONS)
def test_every_question_has_a_result_of_ours(name, tmp_path):
    folder = tmp_path / "work"
    rows = ask([name], "tiny", folder)
    # Whether a goal is met says nothing at this size.
    assert [(row.task, row.ours.reason) for row in rows if not row.ours.seconds] == []
    assert {row.peer.reason for row in rows if row.peer} <= {"", "not installed", "curl and unzip not found"}
    assert not folder.exists()


@pytest.mark.packaging
@pytest.mark.timeout(900)
def test_every_peer_has_a_result(tmp_path, capsys):
    before = report.PAGE.read_bytes()
    assert main(["--scale", "tiny", "--folder", str(tmp_path / "work")]) == 0
    outcomes = {line.split("|")[-2].strip() for line in capsys.readouterr().out.splitlines() if "|" in line}
    assert {outcome for outcome in outcomes if outcome.strip("-")} <= {"met", "missed", "curl and unzip not found"}
    assert report.PAGE.read_bytes() == before


def test_the_command_names_unknown_questions(capsys):
    with pytest.raises(SystemExit):
        main(["sav"])
    assert "there is no question sav" in capsys.readouterr().err


@pytest.mark.parametrize(("seconds", "outcome"), [(0.9, "met"), (1.0, "met"), (1.1, "missed")])
def test_a_goal_is_met_up_to_its_bound(seconds, outcome):
    assert Row("x", Result("ours", [seconds]), Result("peer", [1.0]), at_most=1).outcome == outcome


def test_a_ratio_is_that_of_the_medians_and_its_spread_that_of_the_rounds():
    row = Row("x", Result("ours", [1.0, 2.0, 9.0]), Result("peer", [4.0, 4.0, 3.0]), at_most=0.5)
    assert (row.ratio, row.outcome, row.spread) == (0.5, "met", "0.25 to 3")


def test_without_a_peer_there_is_no_ratio_but_the_reason():
    row = Row("x", Result("ours", [1.0]), Result("curl", reason="curl not found"), at_most=1)
    assert (row.ratio, row.outcome) == (None, "curl: curl not found")


def test_the_table_ends_with_the_highest_peak_memory():
    small, large = Row("Save", Result("ours", [1.0], 40 * MIB)), Row("List", Result("ours", [1.0], 61 * MIB))
    *_, last = table([large, small]).splitlines()
    assert [cell for each in last.split("|") if (cell := each.strip())] == [
        "Highest peak memory: list",
        "61 MiB",
        "≤ 60 MiB",
        "missed",
    ]


def test_a_wrong_result_does_not_count(bench):
    right, wrong = bench.race(command("right", WRITE, "right", "2"), command("wrong", WRITE, "wrong", "0.001", "named"))
    assert right.seconds == [2.0, 2.0]
    assert wrong.seconds == []
    assert "other bytes" in wrong.reason


def test_files_are_compared_without_ids_too(bench):
    assert bench.race(command("wrong", WRITE, "wrong", "1"))[0].reason == "0 of 1 files are right"


def test_files_of_one_round_are_gone_before_the_next(bench):
    results = bench.race(command("right", WRITE, "right", "1"), command("idle", "print('{\"seconds\": 0}')"))
    assert [result.reason for result in results] == ["", "0 of 1 files are right"]


def test_a_command_that_fails_does_not_count(bench):
    (failed,) = bench.race(command("failed", "import sys; sys.exit('no luck')", check=check_facts()))
    assert (failed.seconds, failed.reason) == ([], "exit code 1: no luck")


def test_the_page_keeps_what_people_wrote(tmp_path, monkeypatch):
    page = tmp_path / "benchmarks.md"
    monkeypatch.setattr(report, "PAGE", page)
    page.write_text(f"before\n\n{BEGIN}\n\nold\n\n{END}\n\nafter\n")
    write_page([Row("new", Result("ours", [1.0]))])
    text = page.read_text()
    assert text.startswith(f"before\n\n{BEGIN}\n\n| task")
    assert text.endswith(f"\n\n{END}\n\nafter\n")
    assert "| new" in text
    assert "old" not in text
    page.write_text("no marks")
    with pytest.raises(ValueError, match="lacks the line"):
        write_page([Row("new", Result("ours", [1.0]))])
    assert page.read_text() == "no marks"


def test_the_page_in_the_repository_has_its_marks():
    page = (Path(__file__).parents[2] / "docs" / "benchmarks.md").read_text()
    assert page.index(BEGIN) < page.index(END)
