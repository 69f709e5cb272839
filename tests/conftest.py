"""A simulator for each test, and clients for it: every behavior is tested on the sync and on the async client."""

from __future__ import annotations

import asyncio
import inspect
import os
from collections.abc import AsyncIterator

import httpx
import pytest
from elevenlabs_history import AsyncDownload, AsyncHistoryClient, HistoryClient, RetryPolicy
from elevenlabs_history_simulator import Simulator

FAST = RetryPolicy(wait_initial=0.01, wait_max=0.05)


@pytest.fixture(autouse=True)
def _empty_environment(monkeypatch):
    for name in (
        "ELEVENLABS_API_KEY",
        "ELEVENLABS_API_KEY_FILE",
        "ELEVEN_API_KEY",
        "ELEVENLABS_BASE_URL",
        "ELEVENLABS_HISTORY_FOLDER",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("ELEVENLABS_HISTORY_CONFIG", os.devnull)


@pytest.fixture(scope="session")
def _server():
    with Simulator() as started:
        yield started


@pytest.fixture
def simulator(_server):
    _server.reset()
    return _server


class OnALoop:
    """An async object used from a test without a loop: runs the loop for each call and for each item."""

    def __init__(self, thing, loop):
        self._thing = thing
        self._loop = loop

    def __getattr__(self, name):
        value = getattr(self._thing, name)
        return self._called(value) if inspect.ismethod(value) else value

    def __iter__(self):
        return self

    def __next__(self):
        try:
            return self._loop.run_until_complete(anext(self._thing))
        except StopAsyncIteration:
            raise StopIteration from None

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self._loop.run_until_complete(self._thing.close())

    def __repr__(self):
        return repr(self._thing)

    def _called(self, method):
        def call(*args, **kwargs):
            result = method(*args, **kwargs)
            if inspect.isawaitable(result):
                return self._loop.run_until_complete(result)
            if isinstance(result, AsyncDownload | AsyncIterator):
                return OnALoop(result, self._loop)
            return result

        return call


@pytest.fixture
def loop():
    # A runner ends tasks, async generators and threads before it closes the loop.
    with asyncio.Runner() as runner:
        yield runner.get_loop()


@pytest.fixture(params=["sync", "async"])
def make_client(request, simulator, loop):
    """Make a sync or async client for the simulator; it is closed at the end of the test."""
    made = []
    passed_in = []

    def make(api_key=None, *, http_client_arguments=None, **arguments):
        arguments = {"base_url": simulator.base_url, "retry_policy": FAST} | arguments
        is_sync = request.param == "sync"
        if http_client_arguments is not None:
            arguments["http_client"] = (httpx.Client if is_sync else httpx.AsyncClient)(**http_client_arguments)
            passed_in.append(arguments["http_client"])
        client = (HistoryClient if is_sync else AsyncHistoryClient)(
            simulator.api_key if api_key is None else api_key, **arguments
        )
        made.append(client if is_sync else OnALoop(client, loop))
        return made[-1]

    yield make
    for client in made:
        client.close()
    for http_client in passed_in:
        if isinstance(http_client, httpx.Client):
            http_client.close()
        else:
            loop.run_until_complete(http_client.aclose())


@pytest.fixture
def client(make_client):
    return make_client()
