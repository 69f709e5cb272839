"""The fixture `elevenlabs_history_server`. Every run of pytest loads this; the server is imported when it is used."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from .server import Simulator

_MARKER = "elevenlabs_history"
_SERVER: pytest.StashKey[Simulator] = pytest.StashKey()


def pytest_configure(config: pytest.Config) -> None:
    """Tell pytest of the marker."""
    config.addinivalue_line(
        "markers",
        f"{_MARKER}(strict=…, items=…, quirks=…, like=…): how elevenlabs_history_server is for this test, "
        "in the arguments of Simulator, like= a report of elevenlabs-history probe; "
        "with strict=True the test fails when its code makes a mistake.",
    )


@pytest.fixture(scope="session")
def _elevenlabs_history_started() -> Iterator[Simulator]:
    """Keep one server for all tests, because a start takes longer than most tests."""
    try:
        from .server import Simulator
    except ModuleNotFoundError as error:
        if error.name not in {"anyio", "starlette", "uvicorn"}:
            raise
        pytest.fail(
            "elevenlabs_history_server needs an extra: pip install 'elevenlabs-history[simulator]'", pytrace=False
        )
    with Simulator() as server:
        yield server


@pytest.fixture
def elevenlabs_history_server(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, _elevenlabs_history_started: Simulator
) -> Iterator[Simulator]:
    """A running simulator of the ElevenLabs history API, as new for each test.

    The environment leads there: a program that takes its key and its server from it can't reach a real account.
    """
    node: pytest.Item = request.node
    server = _elevenlabs_history_started
    markers = list(node.iter_markers(_MARKER))
    if any(marker.args for marker in markers):
        raise pytest.UsageError(
            f"{node.nodeid}: the marker {_MARKER} takes named arguments alone, such as strict=True."
        )
    # The nearest marker comes first, and has the last word.
    settings = {name: value for marker in reversed(markers) for name, value in marker.kwargs.items()}
    try:
        server.reset(**settings)
    except (TypeError, ValueError) as error:
        raise pytest.UsageError(f"{node.nodeid}: the marker {_MARKER}: {error}") from None
    node.stash[_SERVER] = server
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
    yield server
    server.reset()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Fail a strict test, rather than its clean-up, for what its code did wrong."""
    result = yield
    server = item.stash.get(_SERVER, None)
    if server is not None and server.strict and server.mistakes:
        from .callers import CallerMistakesError

        pytest.fail(str(CallerMistakesError(server.mistakes)), pytrace=False)
    return result
