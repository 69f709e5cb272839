"""What a project has of the plugin: a server as new for each test, failures for mistakes, and no cost without it."""

import pytest

pytest_plugins = ["pytester"]

HEAD = """
import httpx
import pytest
from elevenlabs_history_simulator import Fault, Quirks

def ask(server, path="/v1/history", **arguments):
    return httpx.get(server.base_url + path, headers={"xi-api-key": server.api_key}, **arguments)
"""


@pytest.fixture
def run(pytester):
    def run(source, *arguments):
        pytester.makepyfile(HEAD + source)
        return pytester.runpytest_inprocess("-p", "no:cacheprovider", "--strict-markers", *arguments)

    return run


def test_a_test_finds_a_server_that_answers_and_can_be_told_to_fail(run):
    run("""
def test_it(elevenlabs_history_server):
    server = elevenlabs_history_server
    item = server.history.add(text="Hello.")
    server.faults.add(Fault.answer(503), on="get")
    path = "/v1/history/" + item.id
    assert [ask(server, path).status_code, ask(server, path).json()["text"]] == [503, "Hello."]
    assert [request.operation for request in server.requests] == ["get", "get"]
""").assert_outcomes(passed=1)


def test_the_environment_leads_to_it_and_to_nobody_else_as_long_as_the_test_runs(run, monkeypatch):
    monkeypatch.setenv("ELEVENLABS_API_KEY", "sk_of_a_real_account")
    monkeypatch.delenv("ELEVENLABS_BASE_URL", raising=False)
    run("""
import os

def test_it(elevenlabs_history_server):
    server = elevenlabs_history_server
    assert (os.environ["ELEVENLABS_BASE_URL"], os.environ["ELEVENLABS_API_KEY"]) == (server.base_url, server.api_key)

def test_another():
    assert os.environ["ELEVENLABS_API_KEY"] == "sk_of_a_real_account"
    assert "ELEVENLABS_BASE_URL" not in os.environ
""").assert_outcomes(passed=2)


def test_each_test_finds_it_as_new_at_the_same_address(run):
    run("""
seen = []

@pytest.mark.parametrize("time", [1, 2, 3])
def test_it(elevenlabs_history_server, time):
    server = elevenlabs_history_server
    assert len(server.history) == 20
    assert ask(server).status_code == 200
    assert (len(server.requests), server.concurrency, server.quirks, server.mistakes) == (1, None, Quirks(), [])
    server.history.remove(next(iter(server.history)).id)
    server.faults.add(Fault.answer(500), times=5)
    server.faults.add_random(Fault.answer(500), 1)
    server.quirks = Quirks(null_state=True)
    server.concurrency = 1
    server.mistakes.append("one")
    seen.append(server.base_url)
    assert len(set(seen)) == 1
""").assert_outcomes(passed=3)


def test_a_marker_says_how_the_server_is_and_the_nearest_has_the_last_word(run):
    run("""
pytestmark = pytest.mark.elevenlabs_history(items=2, quirks=Quirks(null_state=True))

@pytest.mark.elevenlabs_history(items=3)
def test_near(elevenlabs_history_server):
    assert [item["state"] for item in ask(elevenlabs_history_server).json()["history"]] == [None] * 3

def test_far(elevenlabs_history_server):
    assert len(elevenlabs_history_server.history) == 2
""").assert_outcomes(passed=2)


def test_a_mistake_fails_a_strict_test_alone_and_is_told(run):
    result = run("""
@pytest.mark.elevenlabs_history(strict=True)
def test_strict(elevenlabs_history_server):
    ask(elevenlabs_history_server, params={"limit": "3"})

@pytest.mark.elevenlabs_history(strict=True)
def test_careful(elevenlabs_history_server):
    ask(elevenlabs_history_server, params={"page_size": "3"})

def test_lenient(elevenlabs_history_server):
    ask(elevenlabs_history_server, params={"limit": "3"})
""")
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(["*GET /v1/history: the parameter 'limit' is unknown. Known here: page_size, *"])


def test_a_strict_test_that_fails_by_itself_says_why(run):
    result = run("""
@pytest.mark.elevenlabs_history(strict=True)
def test_it(elevenlabs_history_server):
    ask(elevenlabs_history_server, params={"limit": "3"})
    assert 1 == 2
""")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*assert 1 == 2*"])


@pytest.mark.parametrize(
    ("marker", "told"),
    [
        ("(colour=1)", "*colour: no such argument. There are items, *"),
        ("(True)", "*named arguments alone*"),
        ("(quirks={'folders': True})", "*'quirks' must be *Quirks*"),
    ],
)
def test_a_marker_that_makes_no_sense_is_told(run, marker, told):
    result = run(f"""
@pytest.mark.elevenlabs_history{marker}
def test_it(elevenlabs_history_server):
    pass
""")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([told])


def test_without_the_fixture_nothing_of_the_server_is_imported(pytester, monkeypatch):
    pytester.makepyfile("""
import sys

def test_it():
    assert "elevenlabs_history_simulator.pytest_plugin" in sys.modules
    assert not {"anyio", "starlette", "uvicorn", "attrs"} & sys.modules.keys()
    assert "elevenlabs_history_simulator.server" not in sys.modules
""")
    # Other plugins may import anything.
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    pytester.runpytest_subprocess("-p", "elevenlabs_history_simulator.pytest_plugin").assert_outcomes(passed=1)
