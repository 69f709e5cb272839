"""Where the key may come from, and what is said if it does not come."""

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from elevenlabs_history_backup import keys

posix = pytest.mark.skipif(os.name == "nt", reason="uses a POSIX shell or permissions")
PYTHON = f'"{sys.executable}"' if os.name == "nt" else shlex.quote(sys.executable)


@pytest.fixture
def key_file(environment, simulator, tmp_path, monkeypatch):
    path = tmp_path / "key"
    path.write_text(f"{simulator.api_key}\n")
    path.chmod(0o600)
    monkeypatch.delenv("ELEVENLABS_API_KEY")
    monkeypatch.setenv("ELEVENLABS_API_KEY_FILE", str(path))
    return path


@pytest.fixture
def settings(environment, tmp_path, monkeypatch):
    def write(text):
        monkeypatch.setenv("ELEVENLABS_HISTORY_CONFIG", str(tmp_path / "config.toml"))
        (tmp_path / "config.toml").write_text(text)

    return write


def printing(text):
    return f"{PYTHON} -c \"print('{text}')\""


def test_the_key_may_be_in_a_file_that_the_environment_names(run, simulator, key_file):
    result = run("list", "-n", 1)
    assert (result.exit_code, result.stderr) == (0, "")
    key_file.write_bytes(b"\xef\xbb\xbf" + simulator.api_key.encode() + b"\r\n")
    assert run("list", "-n", 1).exit_code == 0


def test_the_key_may_be_in_a_file_that_the_settings_name(run, key_file, settings, monkeypatch):
    monkeypatch.delenv("ELEVENLABS_API_KEY_FILE")
    monkeypatch.setenv("HOME", str(key_file.parent))
    monkeypatch.setenv("USERPROFILE", str(key_file.parent))
    settings('key_file = "~/key"')
    assert run("list", "-n", 1).exit_code == 0


def test_the_key_may_be_printed_by_a_command(run, simulator, settings, monkeypatch):
    monkeypatch.delenv("ELEVENLABS_API_KEY")
    assert run("list", "-n", 1, "--key-command", printing(simulator.api_key)).exit_code == 0
    settings(f"key_command = '''{printing(simulator.api_key)}'''")
    assert run("list", "-n", 1).exit_code == 0


def test_an_option_comes_before_the_environment_and_that_before_the_settings(run, key_file, settings, monkeypatch):
    def source():
        return run("doctor", "--json", *options).json_lines[2]["message"]

    options = ["--key-command", printing("a")]
    settings(f"key_command = '''{printing('f')}'''")
    for name, key in (("ELEVENLABS_API_KEY", "b"), ("ELEVEN_API_KEY", "d")):
        monkeypatch.setenv(name, key)
    assert source().startswith("the output of --key-command is used, but ELEVEN_API_KEY")
    monkeypatch.setenv("ELEVEN_API_KEY", "a")
    assert source() == "from the output of --key-command"
    options = []
    monkeypatch.setenv("ELEVEN_API_KEY", "b")
    assert source() == "from ELEVENLABS_API_KEY"
    monkeypatch.delenv("ELEVENLABS_API_KEY")
    key_file.write_text("b")
    assert source() == "from the file of ELEVENLABS_API_KEY_FILE"
    monkeypatch.delenv("ELEVENLABS_API_KEY_FILE")
    assert source() == "from ELEVEN_API_KEY"
    monkeypatch.delenv("ELEVEN_API_KEY")
    assert source().startswith("from the output of key_command in ")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b" \n", "There is no key in the file of ELEVENLABS_API_KEY_FILE: it is empty."),
        (
            b"sk_a\nsk_b\n",
            "There is more than one line in the file of ELEVENLABS_API_KEY_FILE. It must be the key alone.",
        ),
        (
            b"sk_a b",
            "The key in the file of ELEVENLABS_API_KEY_FILE contains a space or a character outside ASCII. Copy",
        ),
        (
            b"sk_\xff",
            "The key in the file of ELEVENLABS_API_KEY_FILE contains a space or a character outside ASCII. Copy",
        ),
    ],
)
def test_a_file_that_holds_no_key_is_one_line(run, key_file, data, message):
    key_file.write_bytes(data)
    result = run("list")
    assert (result.exit_code, result.stderr.count("\n")) == (3, 1)
    assert result.stderr.startswith(f"elevenlabs-history: {message}")
    assert "sk_" not in result.stderr


@pytest.mark.parametrize("name", ["sk_missing", "."])
def test_a_file_that_cannot_be_read_is_one_line(run, key_file, monkeypatch, name):
    monkeypatch.chdir(key_file.parent)
    monkeypatch.setenv("ELEVENLABS_API_KEY_FILE", name)
    result = run("list")
    assert (result.exit_code, result.stderr.count("\n")) == (3, 1)
    assert result.stderr.startswith("elevenlabs-history: Can't read the key file of ELEVENLABS_API_KEY_FILE: ")
    assert "sk_" not in result.stderr


@posix
def test_a_file_that_others_can_read_is_a_warning(run, key_file):
    key_file.chmod(0o644)
    result = run("list", "-n", 1)
    assert (result.exit_code, result.stderr) == (
        0,
        f"elevenlabs-history: Others can read the key file {key_file}. Run: chmod 600 {key_file}\n",
    )
    assert run("list", "-n", 1, "--quiet").stderr == ""
    problem, hint = run("doctor", "--quiet").lines
    assert problem == f"warning key       Others can read the key file {key_file}."
    assert hint.strip() == f"Run: chmod 600 {key_file}"


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("pass", "There is no key in the output of --key-command: it is empty."),
        ("print('sk_a', 'sk_b', sep='\\n')", "There is more than one line in the output of --key-command. It must be"),
        ("print('sk_a'); exit(3)", "The command of --key-command failed with exit status 3."),
    ],
)
def test_a_command_that_prints_no_key_is_one_line(run, script, message):
    result = run("list", "--key-command", f'{PYTHON} -c "{script}"')
    assert (result.exit_code, result.stderr.count("\n")) == (3, 1)
    assert result.stderr.startswith(f"elevenlabs-history: {message}")
    assert "sk_" not in result.stderr + result.stdout


@posix
@pytest.mark.parametrize("command", ["", "sk_missing", "/", "sk_'"])
def test_a_command_that_cannot_be_run_is_one_line_without_it(run, command):
    result = run("list", "--key-command", command)
    assert (result.exit_code, result.stderr.count("\n")) == (3, 1)
    assert result.stderr.startswith("elevenlabs-history: The command of --key-command can't be ")
    assert "sk_" not in result.stderr


def test_a_command_that_does_not_end_is_stopped(run, monkeypatch):
    monkeypatch.setattr(keys, "_COMMAND_TIMEOUT", 0.2)
    result = run("list", "--key-command", f'{PYTHON} -c "import time; time.sleep(60)"')
    assert (result.exit_code, result.stderr) == (
        3,
        "elevenlabs-history: The command of --key-command took longer than 0.2 s.\n",
    )


@posix
def test_a_command_is_run_without_a_shell_and_its_error_output_is_shown(run, simulator):
    command = f"{PYTHON} -c \"import sys; print('Touch the token', file=sys.stderr); print(sys.argv[1])\" '$HOME'"
    result = run("list", "--key-command", command, "-v")
    assert result.exit_code == 3
    command = f"sh -c 'echo Touch the token >&2; echo {simulator.api_key}'"
    program = [Path(sys.executable).parent / "elevenlabs-history", "list", "-n", "1", "--key-command", command]
    completed = subprocess.run(program, capture_output=True, encoding="utf-8", check=True)
    assert completed.stderr == "Touch the token\n"
    assert simulator.api_key not in completed.stdout


def test_commands_that_need_no_server_ask_for_no_key(run, settings, tmp_path, monkeypatch):
    run("backup", tmp_path / "history", "--limit", 1)
    monkeypatch.delenv("ELEVENLABS_API_KEY")
    settings(f"key_command = '''{PYTHON} -c exit(1)'''")
    assert run("verify", tmp_path / "history").exit_code == 0
    assert run("search", tmp_path / "history", "a").exit_code == 0
    assert run("list").exit_code == 3


def test_the_doctor_runs_a_key_command_once(run, simulator, tmp_path):
    script = f"open(r'{tmp_path / 'runs'}', 'a').write('x'); print('{simulator.api_key}')"
    result = run("doctor", "--key-command", f'{PYTHON} -c "{script}"')
    assert result.exit_code == 0
    assert (tmp_path / "runs").read_text() == "x"


@posix
def test_without_a_key_the_message_says_how_to_get_and_set_one(run, monkeypatch):
    monkeypatch.setenv("ELEVENLABS_API_KEY", " ")
    result = run("list")
    assert (result.exit_code, result.stdout) == (3, "")
    lines = result.stderr.splitlines()
    assert lines[0].startswith("elevenlabs-history: There is no API key. Make one with the scope speech_history_read ")
    assert "https://elevenlabs.io/app/settings/api-keys" in lines[1]
    assert lines[2] == "Then: export ELEVENLABS_API_KEY=…"
    assert "ELEVENLABS_API_KEY_FILE" in lines[3]
    assert "--key-command" in lines[3]
    assert lines[4].endswith("elevenlabs-history-simulator")
    shown = [each.strip() for each in run("doctor").lines]
    assert lines[1:] == [each if each.startswith("http") is False else f"  {each}" for each in shown[-5:-1]]
