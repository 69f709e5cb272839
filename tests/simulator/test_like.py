"""A simulator takes its quirks from the report of a probe."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from elevenlabs_history_simulator import Quirks, Simulator
from elevenlabs_history_simulator.cli import main

COMMAND = Path(sys.executable).with_name("elevenlabs-history-simulator")
pytest_plugins = ["pytester"]
REPORT = {"report": "elevenlabs-history probe", "quirks": {"names": "id", "folders": True, "media_type": None}}


@pytest.fixture
def report(tmp_path):
    path = tmp_path / "report.json"
    path.write_text(json.dumps(REPORT))
    return path


def test_what_a_report_does_not_settle_has_its_default(report):
    expected = Quirks(names="id", folders=True)
    assert Simulator.like(REPORT).quirks == expected
    assert Simulator.like(report, items=3).quirks == expected
    assert len(Simulator.like(str(report), items=3).history) == 3


def test_a_reset_takes_it_and_the_next_one_forgets_it(simulator, report):
    simulator.reset(like=report)
    assert simulator.quirks.names == "id"
    simulator.reset()
    assert simulator.quirks == Quirks()


def test_a_quirk_on_the_command_line_comes_before_the_report(report):
    command = [COMMAND, "--port", "0", "--like", report, "--quirk", "null_state", "names=dated"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        base_url = process.stdout.readline().split()[4]
        headers = {"xi-api-key": "simulator-key"}
        items = httpx.get(f"{base_url}/v1/history", headers=headers).json()["history"]
        ids = [item["history_item_id"] for item in items[:2]]
        archive = httpx.post(f"{base_url}/v1/history/download", headers=headers, json={"history_item_ids": ids}).content
        process.terminate()
    assert items[0]["state"] is None
    assert f"{items[0]['voice_id']}/ElevenLabs_".encode() in archive
    assert ids[0].encode() + b".mp3" not in archive


BROKEN = {
    "{": "is not a report of elevenlabs-history probe: it is not JSON.",
    "[" * 100_000: "is not a report of elevenlabs-history probe: it is not JSON.",
    '"quirks"': "is not a report of elevenlabs-history probe: it has no quirks.",
    '{"assumptions": []}': "is not a report of elevenlabs-history probe: it has no quirks.",
    '{"quirks": ["names"]}': "is not a report of elevenlabs-history probe: it has no quirks.",
    '{"quirks": {"colour": 1}}': "has a quirk 'colour', which this version of the simulator does not have.",
    '{"quirks": {"names": "new"}}': "is damaged. The quirk names can't be 'new'. It can be: current or dated or id.",
    '{"quirks": {"names": []}}': "is damaged. The quirk names can't be []. It can be: current or dated or id.",
    '{"quirks": {"media_type": "é"}}': "is damaged. The quirk media_type can't be 'é'. It can be: none or any text.",
}


@pytest.mark.parametrize("content", BROKEN, ids=range(len(BROKEN)))
def test_what_is_no_report_is_one_clear_line(content, report, monkeypatch, capsys):
    report.write_text(content)
    with pytest.raises(ValueError, match="report") as raised:
        Simulator.like(report)
    assert str(raised.value) == f"{report} {BROKEN[content]}"
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    with pytest.raises(SystemExit) as exited:
        main(["--like", str(report)])
    assert exited.value.code == 2
    assert capsys.readouterr().err.splitlines()[-1].endswith(str(raised.value))


def test_a_report_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ValueError, match=r"Can't read the report .*missing.json: No such file"):
        Simulator.like(tmp_path / "missing.json")


def test_a_marker_takes_a_report(pytester, report):
    pytester.makepyfile(f"""
import pytest

@pytest.mark.elevenlabs_history(like={str(report)!r}, items=2)
def test_like(elevenlabs_history_server):
    assert (elevenlabs_history_server.quirks.names, len(elevenlabs_history_server.history)) == ("id", 2)

def test_as_usual(elevenlabs_history_server):
    assert elevenlabs_history_server.quirks.names == "current"

@pytest.mark.elevenlabs_history(like="missing.json")
def test_wrong(elevenlabs_history_server):
    pass
""")
    result = pytester.runpytest_inprocess("-p", "no:cacheprovider", "--strict-markers")
    result.assert_outcomes(passed=2, errors=1)
    result.stdout.fnmatch_lines(["*the marker elevenlabs_history: Can't read the report missing.json*"])
