"""`doctor` finds problems and prints a hint for each."""

import json
import os
import socket
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from elevenlabs_history import FolderLock, HistoryClient
from elevenlabs_history_backup import Backup
from elevenlabs_history_cli.doctor import check_clock, run_checks
from elevenlabs_history_cli.parser import make_parser
from elevenlabs_history_simulator import Fault

MISSING_SCOPE = b'{"detail": {"status": "missing_permissions", "message": "The key lacks speech_history_read"}}'


@pytest.fixture
def check(environment, tmp_path):
    def check(*options, folder=tmp_path / "backup", **arguments):
        args = make_parser().parse_args(["doctor", str(folder), *options])
        return {check.name: check for check in run_checks(args, **arguments)}

    return check


def test_all_checks_are_ok_and_nothing_is_created(check, tmp_path):
    checks = check()
    assert list(checks) == ["version", "settings", "key", "server", "history", "clock", "folder", "space"]
    assert {result.status for result in checks.values()} == {"ok"}
    assert not any(result.hint for result in checks.values())
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_a_backup_is_left_as_it_is(check, tmp_path):
    (tmp_path / "backup").mkdir()
    assert check()["folder"].message.endswith("is writable")
    assert list((tmp_path / "backup").iterdir()) == []


def test_the_key_is_named_by_its_variable_and_never_shown(check, simulator, monkeypatch):
    monkeypatch.delenv("ELEVENLABS_API_KEY")
    monkeypatch.setenv("ELEVEN_API_KEY", simulator.api_key)
    checks = check()
    assert checks["key"].message == "from ELEVEN_API_KEY"
    assert not any(simulator.api_key in result.message for result in checks.values())


def test_two_different_keys_are_a_warning(check, simulator, monkeypatch):
    monkeypatch.setenv("ELEVEN_API_KEY", f" {simulator.api_key}\n")
    assert check()["key"].status == "ok"
    monkeypatch.setenv("ELEVEN_API_KEY", "another")
    result = check()["key"]
    assert (result.status, result.message) == (
        "warning",
        "ELEVENLABS_API_KEY is used, but ELEVEN_API_KEY holds a different key.",
    )


def test_without_a_key_the_other_checks_are_made(check, monkeypatch):
    monkeypatch.delenv("ELEVENLABS_API_KEY")
    checks = check()
    assert (checks["key"].status, checks["key"].message) == ("problem", "There is no API key.")
    assert "https://elevenlabs.io/app/settings/api-keys" in checks["key"].hint
    assert list(checks) == ["version", "settings", "key", "server", "folder", "space"]


@pytest.mark.parametrize(
    ("fault", "message", "hint"),
    [
        (Fault.answer(401, MISSING_SCOPE), "speech_history_read", "scope"),
        (Fault.answer(401, b'{"detail": "data residency"}'), "residency", "--region"),
        (Fault.answer(503), "503", "later"),
        (Fault.html(), "a web page", "proxy"),
        (Fault.answer(200, b"[1]", content_type="application/json"), "not a page of a history", "proxy"),
        (Fault.answer(200, b"{", content_type="application/json"), "GET /v1/history", "proxy"),
    ],
    ids=["scope", "region", "server", "web page", "not a page", "not JSON"],
)
def test_an_error_of_the_server_is_a_problem_with_its_hint(check, simulator, fault, message, hint):
    simulator.faults.add(fault)
    result = check()["history"]
    assert result.status == "problem"
    assert message in result.message
    assert hint in result.hint
    assert result.hint not in result.message


def test_an_unreachable_server_is_a_problem(check, monkeypatch):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        monkeypatch.setenv("ELEVENLABS_BASE_URL", f"http://127.0.0.1:{unused.getsockname()[1]}")
        assert check()["history"].status == "problem"


def test_the_server_is_named_with_its_region_or_variable(check, simulator, monkeypatch):
    monkeypatch.setenv("ELEVENLABS_API_KEY", "")
    assert check()["server"].message == f"{simulator.base_url}, from ELEVENLABS_BASE_URL"
    assert check("--region", "eu")["server"].message == "https://api.eu.residency.elevenlabs.io, region eu"


def test_an_invalid_base_url_and_a_missing_key_are_both_reported(check, monkeypatch):
    monkeypatch.setenv("ELEVENLABS_BASE_URL", "http://example.com")
    checks = check()
    assert checks["server"].message.startswith("The base URL")
    assert [name for name, result in checks.items() if result.status == "problem"] == ["server"]
    monkeypatch.setenv("ELEVENLABS_API_KEY", "two words")
    assert [name for name, result in check().items() if result.status == "problem"] == ["key", "server"]


@pytest.mark.parametrize("date", ["yesterday", None, 10**18])
def test_an_entry_that_is_not_an_item_is_reported_after_one_request(check, simulator, date):
    simulator.history.add(date=1_900_000_000).metadata["date_unix"] = date
    result = check()["history"]
    assert (result.status, "the newest entry is not a history item" in result.message) == ("ok", True)
    assert len(simulator.requests) == 1


def test_an_empty_history_is_ok(check, simulator):
    for item in list(simulator.history):
        simulator.history.remove(item.id)
    assert check()["history"].message.endswith("no items")


def test_a_server_time_without_a_zone_is_utc():
    (result,) = check_clock("Wed, 25 Nov 2026 12:00:00 -0000", lambda: datetime(2026, 11, 25, 12, tzinfo=UTC))
    assert result.status == "ok"


@pytest.mark.parametrize(
    "date",
    ["", "soon", "Mon, 99 Foo 2026 99:99:99 GMT", "1 Jan 2026 00:00:00 +99999999", "1 Jan 9999999999 0:0 +0000"],
)
def test_an_invalid_server_time_is_ignored(date):
    assert list(check_clock(date, lambda: datetime.now(UTC))) == []


@pytest.mark.parametrize("date", ["Fri, 31 Dec 9999 23:59:59 -2359", "Mon, 01 Jan 0001 00:00:00 +2359"])
def test_a_server_time_of_another_age_is_a_warning(date):
    (result,) = check_clock(date, lambda: datetime.now(UTC))
    assert result.status == "warning"


@pytest.mark.parametrize(("hours", "words"), [(3, "ahead of"), (-3, "behind")])
def test_a_wrong_clock_is_a_warning(check, hours, words):
    result = check(now=lambda: datetime.now(UTC) + timedelta(hours=hours))["clock"]
    assert result.status == "warning"
    assert words in result.message


def test_a_backup_is_checked_and_not_changed(check, simulator, tmp_path):
    folder = tmp_path / "backup"
    with HistoryClient(simulator.api_key, base_url=simulator.base_url) as client, Backup(folder) as backup:
        backup.sync(client)
    before = sorted(folder.rglob("*"))
    checks = check()
    assert (checks["folder"].status, checks["catalog"].message) == ("ok", "20 items, 20 of them saved")
    assert sorted(folder.rglob("*")) == before
    (folder / "history.db").write_bytes(b"not a catalog" * 100)
    result = check()["catalog"]
    assert (result.status, result.hint != "") == ("problem", True)


def test_low_space_is_a_warning(check, monkeypatch):
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=2**29))
    result = check()["space"]
    assert (result.status, result.message) == ("warning", "0.5 GiB free.")


@pytest.mark.parametrize("name", ["backup.lock", "lock"])
def test_a_folder_that_another_run_has_locked_is_a_problem(check, tmp_path, name):
    with FolderLock(tmp_path / "backup" / ".elevenlabs-history" / name):
        assert check()["folder"].status == "problem"
    assert check()["folder"].status == "ok"


@pytest.mark.parametrize("name", ["file", "file/below", "x" * 300])
def test_a_path_that_cannot_be_a_folder_is_a_problem(check, tmp_path, name):
    (tmp_path / "file").write_text("mine")
    assert check(folder=tmp_path / name)["folder"].status == "problem"


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_is_not_writable_is_a_problem(check, tmp_path):
    tmp_path.chmod(0o500)
    assert check()["folder"].status == "problem"
    tmp_path.chmod(0o700)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may look into every folder")
def test_a_folder_that_can_not_be_looked_into_is_a_problem(check, tmp_path):
    folder = tmp_path / "backup"
    folder.mkdir(mode=0)
    assert (
        check()["folder"].message == f"Can't use {folder / '.elevenlabs-history' / 'backup.lock'}: Permission denied."
    )
    folder.chmod(0o700)


def test_the_command_prints_a_line_per_check(run, simulator, tmp_path):
    result = run("doctor", tmp_path)
    assert result.exit_code == 0
    assert [line.split()[:2] for line in result.lines] == [
        ["ok", name] for name in ("version", "settings", "key", "server", "history", "clock", "folder", "space")
    ]
    quiet = run("doctor", tmp_path, "--quiet")
    assert (quiet.exit_code, quiet.stdout) == (0, "")


def test_the_command_fails_if_there_is_a_problem_and_prints_its_hint(run, simulator):
    simulator.faults.add(Fault.answer(401, MISSING_SCOPE), times=2)
    result = run("doctor", "--quiet")
    assert result.exit_code == 1
    problem, hint = result.lines
    assert problem.startswith("problem history")
    assert hint.strip() == "Give the key the scope in the workspace settings, or use another key."
    as_json = [json.loads(line) for line in run("doctor", "--json").lines]
    assert as_json[-1] == {
        "name": "history",
        "status": "problem",
        "message": problem.removeprefix("problem history").strip(),
        "hint": hint.strip(),
    }
