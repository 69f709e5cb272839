"""What docs/scheduling.md shows can be copied: files have their format, and commands do what they say."""

import configparser
import os
import plistlib
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from elevenlabs_history_cli.parser import ExitCode, make_parser

PAGE = (Path(__file__).parents[2] / "docs" / "scheduling.md").read_text(encoding="utf-8")
PROGRAM = ".local/bin/elevenlabs-history"


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


def units():
    named = re.findall(r"`~/\.config/systemd/user/([\w.-]+)`.*?```ini\n(.*?)```", PAGE, re.DOTALL)
    for name, text in named:
        unit = configparser.ConfigParser(interpolation=None)
        unit.optionxform = str
        unit.read_string(text)
        yield name, unit


def cron_commands():
    for line in blocks("text")[0].splitlines():
        if not line.startswith("MAILTO="):
            *when, command = line.split(maxsplit=5)
            assert all(re.fullmatch(r"\*|\d+", each) for each in when)
            yield command


def plist():
    (text,) = blocks("xml")
    return plistlib.loads(text.encode())


@pytest.fixture
def home(simulator, tmp_path):
    """A home folder that was set up as the page says."""
    (tmp_path / PROGRAM).parent.mkdir(parents=True)
    (tmp_path / PROGRAM).symlink_to(Path(sys.executable).parent / "elevenlabs-history")
    sh(blocks("sh")[0], tmp_path, input=f"{simulator.api_key}\n")
    settings = f'{blocks("toml")[0]}base_url = "{simulator.base_url}"\n'
    (tmp_path / ".config/elevenlabs-history/config.toml").write_text(settings)
    return tmp_path


def sh(command, home, **options):
    # No other variables: that is all that a scheduled command gets.
    return subprocess.run(
        ["/bin/sh", "-c", command],
        env={"HOME": str(home), "PATH": "/usr/bin:/bin"},
        cwd=home,
        capture_output=True,
        encoding="utf-8",
        check=False,
        **options,
    )


posix = pytest.mark.skipif(os.name == "nt", reason="runs commands for a POSIX shell")


@posix
def test_folder_and_key_are_set_up_for_commands_without_an_environment(home):
    assert (home / ".config/elevenlabs-history/key").stat().st_mode & 0o777 == 0o600
    doctor = sh(f"{PROGRAM} doctor", home)
    assert (doctor.returncode, doctor.stderr) == (0, "")
    assert {line.split()[0] for line in doctor.stdout.splitlines()} == {"ok"}


@posix
def test_the_commands_of_cron_are_silent_unless_they_fail(home):
    for command in cron_commands():
        done = sh(command, home)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    (path, *_) = (home / "elevenlabs").rglob("*.mp3")
    path.unlink()
    (home / ".config/elevenlabs-history/key").write_text("sk_wrong")
    codes = []
    for command in cron_commands():
        done = sh(command, home)
        codes.append(done.returncode)
        assert done.stdout + done.stderr != ""
    assert codes == [ExitCode.KEY, ExitCode.DIFFERENCES]


def test_systemd_starts_the_backup_and_reports_its_failure():
    service, timer, failed = (unit for _, unit in units())
    assert [name for name, _ in units()] == [
        "elevenlabs-history.service",
        "elevenlabs-history.timer",
        service["Unit"]["OnFailure"],
    ]
    program, *arguments = shlex.split(service["Service"]["ExecStart"])
    assert program == f"%h/{PROGRAM}"
    assert make_parser().parse_args(arguments).command == "backup"
    assert service["Service"]["LoadCredential"] == "key:%h/.config/elevenlabs-history/key"
    assert service["Service"]["Environment"] == "ELEVENLABS_API_KEY_FILE=%d/key"
    assert re.fullmatch(r"\*-\*-\* \d\d:\d\d:\d\d", timer["Timer"]["OnCalendar"])
    assert timer["Install"]["WantedBy"] == "timers.target"
    assert shlex.split(failed["Service"]["ExecStart"])[:2] == ["/bin/sh", "-c"]


@posix
def test_launchd_runs_the_backup_and_keeps_what_it_says(home):
    agent = plist()
    assert {*agent["StartCalendarInterval"]} == {"Hour", "Minute"}
    *shell, command = agent["ProgramArguments"]
    assert shell == ["/bin/sh", "-c"]
    (home / "Library/Logs").mkdir(parents=True)
    done = sh(command, home)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert len(list((home / "elevenlabs").rglob("*.mp3"))) == 20


def test_task_scheduler_starts_a_command_that_exists():
    (script,) = blocks("powershell")
    (arguments,) = re.findall(r'-Execute \$program -Argument "(.*?)"', script)
    assert make_parser().parse_args(arguments.split()).command == "backup"


def test_every_other_command_of_the_page_exists():
    commands = re.findall(r"elevenlabs-history ((?:backup|verify|doctor)[a-z -]*)", PAGE)
    assert commands
    for command in commands:
        assert make_parser().parse_args(command.split()).quiet is not None


def test_the_exit_codes_and_settings_of_the_page_are_those_of_the_program():
    listed = {int(code) for code in re.findall(r"^\| (\d+) \|", PAGE, re.MULTILINE)}
    assert listed == {code for code in ExitCode if code < 128}
    assert {*tomllib.loads(blocks("toml")[0])} == {"folder", "key_file"}
