"""The command starts a server, says how to reach it, and ends quietly."""

import shlex
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from elevenlabs_history_simulator.cli import main
from elevenlabs_history_simulator.quirks import about_quirks

COMMAND = Path(sys.executable).with_name("elevenlabs-history-simulator")


@contextmanager
def started(*arguments):
    with subprocess.Popen(
        [COMMAND, "--port", "0", *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            process.stdout.readline()
            environment = dict(word.split("=", 1) for word in shlex.split(process.stdout.readline())[1:])
            headers = {"xi-api-key": environment["ELEVENLABS_API_KEY"]}
            with httpx.Client(base_url=environment["ELEVENLABS_BASE_URL"], headers=headers) as http:
                yield process, http
        finally:
            process.terminate()


@pytest.fixture
def refused(monkeypatch, capsys):
    """Run the command in this process and return what it writes when it refuses its arguments."""
    monkeypatch.setattr(signal, "signal", lambda *_: None)

    def run(*arguments):
        with pytest.raises(SystemExit) as exited:
            main(arguments)
        out, err = capsys.readouterr()
        assert (exited.value.code, out) == (2, "")
        return err

    return run


def test_what_it_prints_is_taken_by_a_shell_and_leads_to_it():
    with subprocess.Popen([COMMAND, "--port", "0"], stdout=subprocess.PIPE, text=True) as process:
        first, export = process.stdout.readline(), process.stdout.readline()
        shown = subprocess.run(
            ["bash", "-c", f'{export}printf "%s %s" "$ELEVENLABS_BASE_URL" "$ELEVENLABS_API_KEY"'],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        process.terminate()
    base_url, api_key = shown.split()
    assert base_url in first
    assert base_url.startswith("http://127.0.0.1:")
    assert api_key == "simulator-key"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_quietly_even_in_the_middle_of_an_answer(number):
    with started("--bandwidth", "0.001") as (process, http), http.stream("GET", "/v1/history") as answer:
        assert answer.status_code == 200
        process.send_signal(number)
        assert process.wait(60) == 0
        assert process.stderr.read() == ""


def test_items_seed_and_quirks_are_as_told():
    with started("--items", "3", "--seed", "7", "--quirk", "null_state", "names=id", "--quirk", "folders=no") as (
        _,
        http,
    ):
        items = http.get("/v1/history").json()["history"]
    with started("--items", "3") as (_, http):
        others = http.get("/v1/history").json()["history"]
    assert [item["state"] for item in items] == [None] * 3
    assert not {item["history_item_id"] for item in items} & {item["history_item_id"] for item in others}


def test_items_tell_when_each_character_is_spoken_if_asked_to():
    for options, is_aligned in (([], False), (["--aligned"], True)):
        with started("--items", "1", *options) as (_, http):
            (item,) = http.get("/v1/history").json()["history"]
            assert bool(item["alignments"]) is is_aligned


def test_latency_and_bandwidth_make_an_answer_take_longer():
    with started("--latency", "300", "--bandwidth", "0.05") as (_, http):
        begun = time.perf_counter()
        answer = http.get("/v1/history")
        taken = time.perf_counter() - begun
    assert taken > 0.3 + len(answer.content) / 50_000 - 0.05


def test_it_may_listen_on_the_newer_loopback():
    with started("--host", "::1") as (_, http):
        assert str(http.base_url).startswith("http://[::1]:")
        assert http.get("/v1/history").status_code == 200


@pytest.mark.parametrize(
    ("arguments", "possible"),
    [
        (["--port", "70000"], "0 to 65535"),
        (["--port", "x"], "0 to 65535"),
        (["--items", "-1"], "from 0 up"),
        (["--items", "1.5"], "from 0 up"),
        (["--seed", "x"], "from 0 up"),
        (["--latency", "-1"], "0 or more"),
        (["--latency", "nan"], "0 or more"),
        (["--bandwidth", "0"], "more than 0"),
        (["--concurrency", "0"], "from 1 up"),
        (["--quirk", "colour"], "folders"),
        (["--quirk", "names=new"], "current or dated or id"),
        (["--quirk", "names"], "current or dated or id"),
        (["--quirk", "folders=maybe"], "yes or no"),
        (["--quirk", "most_ids=0"], "from 1"),
        (["--quirk", "unknown_item_status=500"], "400 or 404"),
        (["--host", "192.0.2.1", "--port", "0"], "--host of this machine"),
    ],
)
def test_a_wrong_value_is_refused_with_the_possible_ones(refused, arguments, possible):
    assert possible in refused(*arguments)


def test_a_port_in_use_is_refused_without_a_traceback():
    with started() as (_, http):
        command = [COMMAND, "--port", str(http.base_url.port)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    assert (done.returncode, done.stdout) == (2, "")
    assert "Traceback" not in done.stderr
    assert "Choose another --port" in done.stderr


def test_help_tells_every_quirk():
    shown = subprocess.run([COMMAND, "--help"], capture_output=True, text=True, check=True).stdout
    for switch in about_quirks():
        assert f"{switch.name} = {switch.positions} ({switch.default})" in shown
        assert switch.about in shown
