"""`backup --workspaces`: a row for each, and an exit code that says whether any failed."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from support.workspace_server import key_of, serving


@pytest.fixture
def server(environment, monkeypatch):
    with serving(3, 5) as (base_url, simulators):
        monkeypatch.setenv("ELEVENLABS_BASE_URL", base_url)
        for number in range(3):
            monkeypatch.setenv(f"KEY_{number}", key_of(number))
        yield simulators


@pytest.fixture
def file(server, tmp_path):
    path = tmp_path / "workspaces.toml"
    path.write_text(
        "".join(
            f'[[workspace]]\nname = "w{number}"\ntarget = \'{tmp_path / f"w{number}"}\'\nkey_env = "KEY_{number}"\n'
            for number in range(3)
        )
    )
    return path


def test_every_workspace_has_a_row_and_a_folder(run, file, tmp_path):
    result = run("backup", "--workspaces", file)
    assert result.exit_code == 0
    heading, *rows = [line.split() for line in result.lines]
    assert heading == ["WORKSPACE", "STATE", "LISTED", "SAVED", "SIZE", "FAILED"]
    assert [(row[0], row[1], row[3], row[-1]) for row in rows] == [
        (f"w{number}", "ok", "5", "0") for number in range(3)
    ]
    assert {line.split(": ")[0] for line in result.stderr.splitlines()} == {f"{n} of 3 workspaces" for n in (1, 2, 3)}
    for number in range(3):
        assert run("verify", tmp_path / f"w{number}").stdout == "5 ok.\n"


def test_one_that_fails_is_named_with_the_reason_and_the_others_are_saved(run, file, tmp_path, monkeypatch):
    monkeypatch.setenv("KEY_1", "sk_wrong")
    result = run("backup", "--workspaces", file)
    assert result.exit_code == 1
    assert [line.split()[:2] for line in result.lines[1:3]] == [["w0", "ok"], ["w1", "failed"]]
    assert result.lines[3].startswith("  [401 invalid_api_key] ")
    assert result.lines[-1] == "1 workspace failed; the next run tries again."
    assert "sk_wrong" not in result.stdout + result.stderr
    monkeypatch.setenv("KEY_1", key_of(1))
    assert run("backup", "--workspaces", file).exit_code == 0
    assert run("verify", tmp_path / "w1").stdout == "5 ok.\n"


def test_quiet_prints_what_failed_only(run, file, monkeypatch):
    result = run("backup", "--workspaces", file, "--quiet")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "")
    monkeypatch.delenv("KEY_1")
    result = run("backup", "--workspaces", file, "--quiet")
    assert (result.exit_code, result.stderr) == (1, "")
    assert [line.split()[0] for line in result.lines] == ["WORKSPACE", "w1", "There", "1"]


def test_json_has_an_object_for_each_workspace_and_the_numbers(run, file, tmp_path, monkeypatch):
    monkeypatch.delenv("KEY_1")
    result = run("backup", "--workspaces", file, "--json")
    assert (result.exit_code, result.stderr) == (1, "")
    *reports, finished = result.json_lines
    assert finished == {"event": "finished", "workspaces": 3, "failed": 1}
    by_name = {report["name"]: report for report in reports}
    assert by_name.keys() == {"w0", "w1", "w2"}
    assert by_name["w0"]["target"] == str(tmp_path / "w0")
    assert [(by_name[name]["event"], by_name[name]["ok"], by_name[name]["saved"]) for name in ("w0", "w1")] == [
        ("workspace", True, 5),
        ("workspace", False, 0),
    ]


def test_full_finds_what_was_deleted_on_the_server_and_lost_here(run, file, server, tmp_path):
    # More than a page, so that a listing ends at what is known.
    server[0].history.fill(1000)
    run("backup", "--workspaces", file)
    *_, oldest = server[0].history
    server[0].history.remove(oldest.id)
    next((tmp_path / "w1").rglob("*.mp3")).unlink()
    assert "no longer on the server" not in run("backup", "--workspaces", file).stdout
    result = run("backup", "--workspaces", file, "--full")
    assert result.exit_code == 0
    assert [line for line in result.lines if line.startswith("  ")] == [
        "  1 saved item no longer on the server; the files stay.",
        "  1 saved file not where they were saved.",
    ]


@pytest.mark.parametrize(
    "options",
    [
        ["folder"],
        ["--dry-run"],
        ["--voice", "Rachel"],
        ["--limit", 1],
        ["--workers", 1],
        ["--page"],
        ["--region", "eu"],
    ],
)
def test_what_the_file_says_is_no_option(run, file, server, options):
    result = run("backup", "--workspaces", file, *options)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == (
        "elevenlabs-history: --workspaces takes no FOLDER and no other options than --full, --json, --quiet and "
        f"--verbose. What is backed up, and where, stands in {file}.\n"
    )
    assert not any(simulator.requests for simulator in server)


def test_a_mistake_in_the_file_is_one_line(run, file):
    file.write_text("[[workspace]]\nname = 'a\x1b'\ntarget = 'a'\napi_key = 'sk_1'", encoding="utf-8")
    assert run("backup", "--workspaces", file).exit_code == 2
    file.write_text("[[workspace]]\nname = 'a'\ntarget = 'a'\napi_key = 'sk_1'", encoding="utf-8")
    result = run("backup", "--workspaces", file)
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
    assert result.stderr.startswith(f"elevenlabs-history: {file}, workspace a: api_key is not allowed")
    assert "sk_1" not in result.stderr


@pytest.mark.skipif(os.name == "nt", reason="permissions as POSIX has them")
def test_a_key_file_that_others_can_read_is_a_warning(run, file, tmp_path):
    key_file = tmp_path / "key"
    key_file.write_text(key_of(0))
    key_file.chmod(0o644)
    file.write_text(file.read_text().replace('key_env = "KEY_0"', f"key_file = '{key_file}'"))
    result = run("backup", "--workspaces", file)
    assert result.exit_code == 0
    assert f"Others can read the key file {key_file}. Run: chmod 600 {key_file}" in result.stderr.splitlines()
    assert run("backup", "--workspaces", file, "--quiet").stderr == ""


def test_settings_of_a_single_backup_do_not_count(run, file, tmp_path, monkeypatch):
    (tmp_path / "config.toml").write_text('folder = "/nowhere"\nformat = "wav"\n')
    monkeypatch.setenv("ELEVENLABS_HISTORY_CONFIG", str(tmp_path / "config.toml"))
    assert run("backup", "--workspaces", file).exit_code == 0
    assert not list(tmp_path.rglob("*.wav"))


@pytest.mark.skipif(os.name == "nt", reason="signals as POSIX has them")
def test_an_interrupt_ends_in_order(run, file, server, tmp_path):
    for simulator in server:
        simulator.latency = 0.5
    file.write_text(file.read_text().replace("key_env", "batch_size = 1\nworkers = 1\nkey_env"))
    program = [Path(sys.executable).parent / "elevenlabs-history", "backup", "--workspaces", file]
    with subprocess.Popen(program, stderr=subprocess.PIPE, encoding="utf-8") as process:
        while not all(len(simulator.requests) >= 2 for simulator in server):
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate()
    assert process.returncode == 130
    assert errors.splitlines()[-1].startswith("elevenlabs-history: Interrupted. Saved files stay")
    assert "Traceback" not in errors
    assert not list(tmp_path.rglob("*.part"))
    assert all(len(simulator.requests) < 6 for simulator in server)
    for simulator in server:
        simulator.latency = 0
    assert run("backup", "--workspaces", file).exit_code == 0
