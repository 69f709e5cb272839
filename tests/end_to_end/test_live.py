"""`make live`, against the simulator instead of the real server."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from elevenlabs_history_simulator import Fault

ROOT = Path(__file__).parents[2]
# The tests may have been started by make, which tells those that it starts.
WITHOUT_KEY = {name: value for name, value in os.environ.items() if not name.startswith(("ELEVEN", "MAKE"))}


@pytest.fixture
def live(simulator):
    def run(*arguments):
        command = [sys.executable, "-m", "pytest", "-v", "-p", "no:cacheprovider", *arguments, "tests/live"]
        environment = WITHOUT_KEY | simulator.environment
        return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)

    return run


def test_it_passes_reads_within_the_limits_and_says_what_it_did(live, simulator):
    before = [item.id for item in simulator.history]
    done = live("-m", "live")
    assert done.returncode == 0, done.stdout
    assert "10 passed" in done.stdout
    assert f"Sent {len(simulator.requests)} requests that only read, for " in done.stdout
    assert f" clips, to {simulator.base_url}. Nothing was changed." in done.stdout
    assert simulator.api_key not in done.stdout + done.stderr
    assert len(simulator.requests) <= 60
    assert {request.operation for request in simulator.requests} == {"list", "get", "audio", "download"}
    assert [item.id for item in simulator.history] == before


def test_it_fails_if_the_server_is_not_as_it_must_be(live, simulator):
    simulator.faults.add(Fault.html(), on="audio", times=9)
    done = live("-m", "live")
    assert done.returncode == 1
    assert "1 failed, 9 passed" in done.stdout


def test_small_histories_are_skipped_over(live, simulator):
    for item in [*simulator.history]:
        simulator.history.remove(item.id)
    done = live("-m", "live")
    assert done.returncode == 0
    assert "skipped" in done.stdout


def test_other_runs_do_not_collect_it(live, simulator):
    assert "no tests ran" in live("-m", "not packaging").stdout
    assert simulator.requests == []


@pytest.mark.skipif(os.name == "nt", reason="the Makefile is not for Windows")
def test_without_a_key_it_says_so_in_one_line():
    done = subprocess.run(["make", "live"], cwd=ROOT, env=WITHOUT_KEY, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "make live needs a key: export ELEVENLABS_API_KEY=…\n")
