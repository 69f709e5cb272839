"""`probe` prints what it found out about the server, and writes a report that makes a simulator like it."""

import json

import pytest
from elevenlabs_history_probe import ASSUMPTIONS
from elevenlabs_history_simulator import Fault, Quirks, Simulator


def test_a_line_per_assumption_is_printed_and_a_report_is_written(run, simulator, tmp_path):
    simulator.quirks = Quirks(folders=True, separator=" ")
    result = run("probe", "-o", tmp_path / "report.json")
    assert result.exit_code == 0
    assert [line.split()[0] for line in result.lines[1:]].count("confirmed") > 30
    assert next(line for line in result.lines if " folders " in line).split(None, 2) == [
        "refuted",
        "folders",
        "in a folder",
    ]
    asked, counted, wrote = result.stderr.splitlines()
    assert asked.startswith(f"Asking {simulator.base_url}: at most 60 requests that only read, 12 clips and 180 s.")
    assert counted.endswith(f" not settled; {len(simulator.requests)} requests, 9 clips.")
    assert wrote == f"Wrote {tmp_path / 'report.json'}."
    report = json.loads((tmp_path / "report.json").read_text())
    assert Simulator.like(report).quirks == simulator.quirks
    assert [each["id"] for each in report["assumptions"]] == [each.id for each in ASSUMPTIONS]


def test_the_report_is_printed_for_programs(run, simulator):
    result = run("probe", "--json", "--quiet")
    (report,) = result.json_lines
    assert (result.exit_code, result.stderr) == (0, "")
    assert report["requests"] == len(simulator.requests)
    assert report["quirks"]["names"] == "current"


def test_a_dry_run_asks_nothing_and_tells_the_plan(run, simulator, monkeypatch):
    monkeypatch.delenv("ELEVENLABS_API_KEY")
    result = run("probe", "--dry-run")
    assert (result.exit_code, simulator.requests) == (0, [])
    assert len(result.lines) == len(ASSUMPTIONS)
    assert "Request one item twice." in result.stdout
    assert "Not asked. A probe deletes nothing." in result.stdout
    assert result.stderr == (
        "Would ask the server: at most 60 requests that only read, 12 clips and 180 s. Nothing is changed.\n"
    )
    plan = run("probe", "--dry-run", "--json").json_lines
    assert [each["id"] for each in plan] == [each.id for each in ASSUMPTIONS]


def test_concurrent_requests_are_sent_only_with_burst(run, simulator):
    run("probe", "-q")
    without = len(simulator.requests)
    simulator.reset()
    run("probe", "-q", "--burst")
    assert len(simulator.requests) == without + 12


@pytest.mark.parametrize(("number", "settled"), [("30", False), ("64", True)])
def test_the_number_of_ids_is_looked_for_up_to_the_option(run, simulator, number, settled):
    simulator.quirks = Quirks(most_ids=40)
    (report,) = run("probe", "--json", "--most-ids", number).json_lines
    assert report["quirks"].get("most_ids") == (40 if settled else None)
    downloads = [request.json["history_item_ids"] for request in simulator.requests if request.operation == "download"]
    assert max(map(len, downloads)) == int(number)


def test_an_existing_report_is_kept_and_nothing_is_sent(run, simulator, tmp_path):
    path = tmp_path / "report.json"
    path.write_text("mine")
    result = run("probe", "-o", path)
    assert (result.exit_code, path.read_text(), simulator.requests) == (1, "mine", [])
    assert result.stderr == (
        f"elevenlabs-history: {path} exists and was not changed. Nothing was sent. "
        "Use --overwrite, or choose another name.\n"
    )
    assert run("probe", "-o", path, "--overwrite").exit_code == 0
    assert json.loads(path.read_text())["quirks"]


def test_a_report_that_can_not_be_written_is_known_before_anything_is_sent(run, simulator, tmp_path):
    (tmp_path / "file").write_text("mine")
    result = run("probe", "-o", tmp_path / "file" / "report.json")
    assert (result.exit_code, simulator.requests) == (1, [])
    assert result.stderr.count("\n") == 1


def test_a_server_that_settles_nothing_fails_and_its_report_says_why(run, simulator, tmp_path):
    simulator.faults.add(Fault.refusal(401, "invalid_api_key", "sent simulator-key"), times=60)
    result = run("probe", "-o", tmp_path / "report.json")
    assert result.exit_code == 1
    last = "elevenlabs-history: Nothing could be settled. Find out why with: elevenlabs-history doctor"
    assert result.stderr.splitlines()[-1] == last
    report = (tmp_path / "report.json").read_text()
    assert json.loads(report)["assumptions"][0]["fact"] == "the server answered 401"
    assert "simulator-key" not in report + result.stdout + result.stderr


@pytest.mark.parametrize("options", [("--most-ids", "0"), ("--most-ids", "10001"), ("-o", "")])
def test_wrong_usage_is_one_line_and_sends_nothing(run, simulator, options):
    result = run("probe", *options)
    assert (result.exit_code, result.stderr.count("\n"), simulator.requests) == (2, 1, [])


def test_without_a_key_nothing_is_sent(run, simulator, monkeypatch):
    monkeypatch.delenv("ELEVENLABS_API_KEY")
    assert (run("probe").exit_code, simulator.requests) == (3, [])


def test_a_proxy_that_can_not_be_used_is_one_line(run, monkeypatch):
    monkeypatch.setenv("ELEVENLABS_BASE_URL", "https://192.0.2.1")
    monkeypatch.setenv("HTTPS_PROXY", "gopher://192.0.2.2")
    result = run("probe")
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
    assert "Check HTTP_PROXY, HTTPS_PROXY" in result.stderr


def test_a_report_cannot_be_a_folder(run, simulator, tmp_path):
    result = run("probe", "-o", tmp_path, "--overwrite")
    assert (result.exit_code, result.stderr.count("\n"), simulator.requests) == (2, 1, [])
    assert "is a folder. Nothing was sent." in result.stderr
