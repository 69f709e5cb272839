"""The doctor finds what is wrong and tells its hint."""

import json
import os
import socket
from datetime import UTC, datetime, timedelta

import pytest
from elevenlabs_history import HistoryClient, diagnose
from elevenlabs_history_cli import main
from elevenlabs_history_simulator import Fault
from filelock import FileLock

IN_WORDS = b'{"detail": {"status": "missing_permissions", "message": "The key lacks speech_history_read"}}'


@pytest.fixture
def look(simulator, tmp_path):
    def look(**arguments):
        known = {"api_key": simulator.api_key, "base_url": simulator.base_url, "folder": tmp_path / "backup"}
        return {check.name: check for check in diagnose(**(known | arguments))}

    return look


def test_where_all_is_well_every_check_is_ok_and_nothing_was_made(look, tmp_path):
    checks = look()
    assert list(checks) == ["version", "key", "server", "history", "clock", "folder", "space"]
    assert {check.status for check in checks.values()} == {"ok"}
    assert not any(check.hint for check in checks.values())
    assert list(tmp_path.iterdir()) == []


def test_the_key_is_named_by_its_source_and_not_shown(look, simulator, monkeypatch):
    monkeypatch.setenv("ELEVEN_API_KEY", simulator.api_key)
    checks = look(api_key=None)
    assert checks["key"].issue == "from ELEVEN_API_KEY"
    assert not any(simulator.api_key in check.issue for check in checks.values())


def test_two_keys_that_differ_are_told(look, simulator, monkeypatch):
    monkeypatch.setenv("ELEVENLABS_API_KEY", simulator.api_key)
    monkeypatch.setenv("ELEVEN_API_KEY", "another")
    check = look(api_key=None)["key"]
    assert (check.status, "ELEVEN_API_KEY has another key" in check.issue) == ("warning", True)


def test_without_a_key_the_rest_is_looked_at(look):
    checks = look(api_key="")
    assert (checks["key"].status, "ELEVENLABS_API_KEY" in checks["key"].hint) == ("problem", True)
    assert list(checks) == ["version", "key", "server", "folder", "space"]


@pytest.mark.parametrize(
    ("fault", "issue", "hint"),
    [
        (Fault.answer(401, IN_WORDS), "speech_history_read", "scope"),
        (Fault.answer(401, b'{"detail": "data residency"}'), "residency", "region"),
        (Fault.answer(503), "503", "later"),
        (Fault.html(), "a web page came", "proxy"),
    ],
    ids=["scope", "region", "server", "proxy"],
)
def test_what_the_server_refuses_is_told_with_its_cure(look, simulator, fault, issue, hint):
    simulator.faults.add(fault, times=2)
    check = look()["history"]
    assert check.status == "problem"
    assert issue in check.issue
    assert hint in check.hint
    assert check.hint not in check.issue


def test_a_server_that_is_not_there_is_told(look):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        check = look(base_url=f"http://127.0.0.1:{unused.getsockname()[1]}")["history"]
    assert check.status == "problem"


def test_the_region_is_named(monkeypatch):
    monkeypatch.setenv("ELEVENLABS_API_KEY", "")
    checks = {check.name: check for check in diagnose(region="eu")}
    assert checks["server"].issue == "https://api.eu.residency.elevenlabs.io, region eu"


def test_a_base_url_that_is_none_is_told(look):
    assert look(base_url="http://example.com")["server"].issue.startswith("The base URL")
    checks = look(api_key="", base_url="http://example.com")
    assert [checks[name].status for name in ("key", "server")] == ["problem", "problem"]


def test_a_key_that_can_be_none_is_told_once(look):
    checks = look(api_key="two words")
    assert [check.name for check in checks.values() if check.status == "problem"] == ["key"]


@pytest.mark.parametrize("date", ["yesterday", None, 10**18])
def test_an_item_with_an_odd_date_is_told(look, simulator, date):
    simulator.history.add(date=1_900_000_000).metadata["date_unix"] = date
    check = look()["history"]
    assert (check.status, "no item that can be read" in check.issue) == ("ok", True)


def test_a_server_clock_that_names_no_zone_is_read_as_utc(look, simulator):
    date = datetime.now(UTC).strftime("%a, %d %b %Y %H:%M:%S -0000")
    page = b'{"history": [], "last_history_item_id": null, "has_more": false, "scanned_until": null}'
    simulator.faults.add(Fault.answer(200, page, date=date))
    checks = look()
    assert checks["history"].issue.endswith("empty")
    assert checks["clock"].status == "ok"


@pytest.mark.parametrize(("hours", "words"), [(3, "ahead of"), (-3, "behind")])
def test_a_wrong_clock_is_told(look, hours, words):
    check = look(now=lambda: datetime.now(UTC) + timedelta(hours=hours))["clock"]
    assert check.status == "warning"
    assert words in check.issue


def test_a_backup_is_looked_at_and_left_as_it_is(look, simulator, tmp_path):
    with HistoryClient(simulator.api_key, base_url=simulator.base_url) as client:
        client.backup(tmp_path / "backup")
    assert look()["catalog"].issue == "20 items"
    (tmp_path / "backup" / "history.db").write_bytes(b"no catalog at all" * 100)
    check = look()["catalog"]
    assert (check.status, "copy" in check.hint) == ("problem", True)


def test_a_folder_that_another_run_holds_is_told(look, tmp_path):
    staging = tmp_path / "backup" / ".elevenlabs-history"
    staging.mkdir(parents=True)
    with FileLock(staging / "lock"):
        assert look()["folder"].status == "problem"
    assert look()["folder"].status == "ok"


def test_a_file_where_the_folder_should_be_is_told(look, tmp_path):
    (tmp_path / "backup").write_text("mine")
    assert look()["folder"].status == "problem"


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written_to_is_told(look, tmp_path):
    tmp_path.chmod(0o500)
    assert look()["folder"].status == "problem"
    tmp_path.chmod(0o700)


def test_the_command_prints_a_line_for_each_check(simulator, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("ELEVENLABS_API_KEY", simulator.api_key)
    monkeypatch.setenv("ELEVENLABS_BASE_URL", simulator.base_url)
    assert main(["doctor", str(tmp_path)]) == 0
    assert [line.split()[:2] for line in capsys.readouterr().out.splitlines()] == [
        ["ok", name] for name in ("version", "key", "server", "history", "clock", "folder", "space")
    ]
    assert main(["doctor", str(tmp_path), "--quiet"]) == 0
    assert capsys.readouterr().out == ""
    simulator.faults.add(Fault.answer(401, IN_WORDS))
    assert main(["doctor", "--json"]) == 1
    *_, told = map(json.loads, capsys.readouterr().out.splitlines())
    assert (told["name"], told["status"]) == ("history", "problem")
