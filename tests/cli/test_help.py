"""Help is there however one asks for it, and what it shows works as it stands."""

import argparse
import os
import subprocess
import sys
from pathlib import Path

import attrs
import pytest
from elevenlabs_history_cli import help_text
from elevenlabs_history_cli.parser import ExitCode, make_parser
from elevenlabs_history_cli.runner import COMMANDS
from elevenlabs_history_cli.settings import Settings

ROOT = Path(__file__).parents[2]
(SUBPARSERS,) = (each for each in make_parser()._actions if isinstance(each, argparse._SubParsersAction))
EXAMPLES = {
    name: [line.strip() for line in (parser.epilog % {"prog": parser.prog}).splitlines()[1:]]
    for name, parser in SUBPARSERS.choices.items()
}


def test_without_arguments_the_help_is_printed(run):
    result = run()
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == run("--help").stdout == run("help").stdout


@pytest.mark.parametrize("command", SUBPARSERS.choices)
def test_help_of_a_command_is_printed(run, command):
    result = run("help", command)
    assert (result.exit_code, result.stdout) == (0, run(command, "--help").stdout)
    assert result.stdout.startswith(f"usage: elevenlabs-history {command}")


def test_help_of_an_unknown_command_is_wrong_usage(run):
    result = run("help", "nonsense")
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)


def test_every_command_is_one_of_the_parser():
    assert {*COMMANDS, "help"} == {*SUBPARSERS.choices}


def test_help_names_every_exit_code_and_every_setting():
    assert {int(code) for codes in help_text.EXIT_CODES for code in codes.split(", ")} == {*ExitCode}
    named = {name for names in help_text.SETTINGS for name in names.split(", ")}
    assert named == {field.name for field in attrs.fields(Settings)} - {"file", "keys"}


@pytest.mark.skipif(os.name == "nt", reason="runs the examples in bash")
@pytest.mark.parametrize("examples", [list(help_text.EXAMPLES), *EXAMPLES.values()], ids=["", *EXAMPLES])
def test_every_example_works_as_it_stands(environment, simulator, tmp_path, monkeypatch, examples):
    for name in ("mpv", "ffplay", "xdg-open"):
        (tmp_path / name).write_text("#!/bin/sh\ncat > /dev/null\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", os.pathsep.join([str(tmp_path), str(Path(sys.executable).parent), os.environ["PATH"]]))
    monkeypatch.setenv("HOME", str(tmp_path))
    for item_id in ("ja9xsmfGhxYcymxGcOGB", "VW7YKqPnjY4h39yTbx2L"):
        simulator.history.add(history_item_id=item_id, aligned=True)
    workspace = '[[workspace]]\nname = "acme"\ntarget = "~/acme"\nkey_env = "ELEVENLABS_API_KEY"\n'
    (tmp_path / "workspaces.toml").write_text(workspace)
    for command in ("elevenlabs-history backup ~/elevenlabs", *examples):
        shell = ["bash", "-o", "pipefail", "-c", command]
        done = subprocess.run(
            shell, cwd=tmp_path, stdin=subprocess.DEVNULL, capture_output=True, encoding="utf-8", check=False
        )
        assert (done.returncode, done.stderr.count("Traceback")) == (0, 0), (command, done.stderr)


def test_the_manual_page_is_that_of_the_parser():
    command = [sys.executable, ROOT / "scripts" / "make_manual.py", "--check"]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
    assert (done.returncode, done.stdout) == (0, "")
