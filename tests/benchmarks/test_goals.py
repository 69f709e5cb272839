"""The benchmarks judge by the goals, and a wrong result never counts."""

import hashlib
import sys

import pytest

from benchmarks.bench import holds_exactly, tells
from benchmarks.goals import Answer, Line, compare, fastest, memory_below
from benchmarks.measure import Contestant, Launcher, Result, Sample, WrongResultError, race
from benchmarks.report import BEGIN, END, goal_table, write_page

WRITE = """
import json, pathlib, sys
pathlib.Path(sys.argv[1], "a").write_bytes(sys.argv[2].encode())
print(json.dumps({"seconds": float(sys.argv[3]), "files": json.loads(sys.argv[4])}))
"""
A = {"a": hashlib.sha256(b"right").hexdigest()}


RESULT = ["0.012 \N{MULTIPLICATION SIGN}", "met", "one \\| two"]


def result(name, *seconds, memory=1 << 20):
    return Result(name, [Sample(seconds=each, cpu=0.1, memory=memory, told={}) for each in seconds])


def writer(name, content, seconds, *, identified=True):
    command = (sys.executable, "-c", WRITE, "{folder}", content, str(seconds), '{"a": "a"}' if identified else "{}")
    return Contestant(name=name, command=command, check=holds_exactly(A, identified=identified))


@pytest.fixture
def launcher(tmp_path):
    with Launcher(tmp_path / "work") as started:
        yield started


@pytest.mark.parametrize(
    ("value", "at_least", "verdict"),
    [
        (1.0, False, "met"),
        (0.9, False, "met"),
        (1.1, False, "missed"),
        (1.1, True, "met"),
        (0.9, True, "missed"),
        (None, True, "not available"),
    ],
)
def test_a_goal_is_met_up_to_its_bound(value, at_least, verdict):
    assert Line(what="x", value=value, goal=1.0, at_least=at_least).verdict == verdict


def test_a_ratio_is_that_of_the_medians_and_its_spread_that_of_the_rounds():
    line = compare("x", result("ours", 1.0, 2.0, 9.0), result("peer", 4.0, 4.0, 3.0), at_most=0.5)
    assert (line.value, line.verdict, line.note) == (0.5, "met", "0.25 to 3.00")


def test_without_a_peer_there_is_no_ratio_but_the_reason():
    line = compare("x", result("ours", 1.0), Result("peer", reason="curl not found"), at_most=1)
    assert (line.verdict, line.note) == ("not available", "peer: curl not found")


def test_memory_is_judged_by_the_highest_peak():
    assert memory_below("x", result("ours", 1, memory=51 << 20), 50).verdict == "missed"


def test_a_wrong_result_cannot_win(launcher):
    right, wrong = writer("right", "right", 2.0), writer("wrong", "wrong", 0.001)
    results = race(launcher, [right, wrong], 2)
    assert fastest(list(results.values())).name == "right"
    assert len(results["right"].samples) == 2
    assert results["wrong"].samples == []
    assert "another item's bytes" in results["wrong"].reason


def test_contents_are_compared_without_identities_too(launcher):
    assert launcher.run(writer("right", "right", 0.5, identified=False)).seconds == 0.5
    with pytest.raises(WrongResultError, match="0 of 1 files"):
        launcher.run(writer("wrong", "wrong", 0.5, identified=False))


def test_what_a_round_left_is_gone_before_the_next(launcher):
    launcher.run(writer("right", "right", 1))
    idle = (sys.executable, "-c", 'print(\'{"seconds": 0, "files": {"a": "a"}}\')')
    with pytest.raises(WrongResultError, match="or none's"):
        launcher.run(Contestant(name="idle", command=idle, check=holds_exactly(A, identified=True)))


def test_a_command_that_fails_counts_for_nothing(launcher):
    command = (sys.executable, "-c", "import sys; sys.exit('no luck')")
    failed = race(launcher, [Contestant(name="failed", command=command, check=tells())], 1)["failed"]
    assert failed.samples == []
    assert failed.reason == "it failed with exit code 1: no luck"


def test_the_memory_of_a_small_command_is_not_that_of_this_process(launcher):
    ballast = bytes(range(256)) * (400 << 12)
    command = (sys.executable, "-S", "-c", "print('{\"seconds\": 0}')")
    sample = launcher.run(Contestant(name="small", command=command, check=tells()))
    assert sample.memory < 100 << 20 < len(ballast)


def test_the_table_has_goal_and_result_side_by_side():
    line = Line(what="ours / theirs", value=0.0123, goal=0.03, note="one | two")
    table = goal_table([Answer("How fast?", [line])])
    *_, row = table.splitlines()
    cells = [cell.strip() for cell in row.strip("|").split(" | ")]
    assert cells == ["How fast?", "ours / theirs", "≤ 0.03 \N{MULTIPLICATION SIGN}", *RESULT]


def test_the_page_keeps_what_people_wrote(tmp_path, monkeypatch):
    page = tmp_path / "benchmarks.md"
    monkeypatch.setattr("benchmarks.report.PAGE", page)
    page.write_text(f"before\n\n{BEGIN}\n\nold\n\n{END}\n\nafter\n")
    write_page("new")
    assert page.read_text() == f"before\n\n{BEGIN}\n\nnew\n\n{END}\n\nafter\n"
    page.write_text("no marks")
    with pytest.raises(ValueError, match="lacks the line"):
        write_page("new")
    assert page.read_text() == "no marks"
