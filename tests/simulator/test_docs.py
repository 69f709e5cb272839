"""The simulator's page is true: its lines run as they are written, and print what is written under them."""

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from elevenlabs_history_simulator import CallerMistakesError, Fault, Simulator
from elevenlabs_history_simulator.quirks import about_quirks

pytest_plugins = ["pytester"]

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "simulator.md").read_text("utf-8")


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


def test_the_lines_for_a_shell_print_what_is_written_under_them(tmp_path):
    _, start, curl = blocks("sh")
    greeting, printed, _ = blocks("text")
    command, *arguments = shlex.split(start.replace("8000", "0"))
    with subprocess.Popen(
        [Path(sys.executable).with_name(command), *arguments], stdout=subprocess.PIPE, text=True
    ) as simulator:
        try:
            first, export = simulator.stdout.readline(), simulator.stdout.readline()
            assert re.sub(r"\d+( until| ELEV)", r"8000\1", first + export) == greeting
            done = subprocess.run(
                ["bash", "-e"], input=export + curl, cwd=tmp_path, capture_output=True, text=True, check=False
            )
        finally:
            simulator.terminate()
    assert done.stdout.strip() == printed.strip(), done.stderr
    assert (tmp_path / "clips.zip").read_bytes().startswith(b"PK\x03\x04")


def test_the_test_passes_and_is_ten_lines_long(pytester):
    fixture = blocks("python")[0]
    assert len(list(filter(None, fixture.splitlines()))) <= 10
    pytester.makepyfile(fixture)
    pytester.runpytest_inprocess("-p", "no:cacheprovider").assert_outcomes(passed=1)


@pytest.mark.parametrize("source", blocks("python")[1:])
def test_the_other_programs_run(source):
    subprocess.run([sys.executable, "-W", "error", "-c", source], check=True, capture_output=True)


def test_the_strict_message_is_the_one_that_is_shown():
    with pytest.raises(CallerMistakesError) as caught, Simulator(strict=True) as simulator:
        httpx.get(f"{simulator.base_url}/v1/history?limit=3", headers={"xi-api-key": simulator.api_key})
    assert str(caught.value) == blocks("text")[2].strip()


def test_every_quirk_is_in_the_table_as_it_is():
    rows = [f"| `{each.name}` | {each.positions} | {each.default} | {each.about} |" for each in about_quirks()]
    assert PAGE.partition("## Quirks")[2].partition("|---|---|---|---|\n")[2].splitlines() == rows


def test_every_fault_is_in_the_table_and_no_other():
    made = {name for name, value in vars(Fault).items() if isinstance(value, classmethod)}
    table = PAGE.partition("| fault |")[2].partition("\n\n")[0]
    assert set(re.findall(r"Fault\.(\w+)\(", table)) == made


def test_the_sample_project_passes_its_own_tests(pytester):
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(DOCS / "sample_project", pytester.path, ignore=ignored, dirs_exist_ok=True)
    pytester.runpytest_inprocess("-p", "no:cacheprovider").assert_outcomes(passed=4)
