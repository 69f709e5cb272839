"""A simulator for each test, and clients for it: every behavior is tested on the sync and on the async client."""

from __future__ import annotations

import asyncio
import http.client
import inspect
import os
from collections.abc import AsyncIterator
from itertools import count

import httpx
import pytest
from elevenlabs_history import AsyncDownload, AsyncHistoryClient, HistoryClient, RetryPolicy
from elevenlabs_history_backup import Backup
from elevenlabs_history_simulator import Simulator
from support.object_store import KEY, SECRET, Proxy, moto

FAST = RetryPolicy(wait_initial=0.01, wait_max=0.05)


@pytest.fixture(autouse=True)
def _empty_environment(monkeypatch):
    for name in (
        "ELEVENLABS_API_KEY",
        "ELEVENLABS_API_KEY_FILE",
        "ELEVEN_API_KEY",
        "ELEVENLABS_BASE_URL",
        "ELEVENLABS_HISTORY_FOLDER",
        "ELEVENLABS_HISTORY_CACHE",
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


@pytest.fixture(scope="session")
def _moto():
    with moto() as port:
        yield port


@pytest.fixture(scope="session")
def _numbers():
    return count(1)


@pytest.fixture
def store(_moto, monkeypatch):
    """A store of S3 behind a proxy, and the environment that names it."""
    proxy = Proxy(_moto)
    for name, value in (
        ("AWS_ACCESS_KEY_ID", KEY),
        ("AWS_SECRET_ACCESS_KEY", SECRET),
        ("AWS_ENDPOINT_URL", proxy.endpoint),
        ("AWS_ALLOW_HTTP", "true"),
        ("AWS_REGION", "us-east-1"),
    ):
        monkeypatch.setenv(name, value)
    yield proxy
    proxy.close()


@pytest.fixture
def address(_moto, _numbers, store):
    """The address of a prefix in a new bucket."""
    name = f"bucket-{next(_numbers)}"
    connection = http.client.HTTPConnection("127.0.0.1", _moto)
    connection.request("PUT", f"/{name}")
    assert connection.getresponse().read() is not None
    connection.close()
    return f"s3://{name}/a/prefix"


@pytest.fixture
def open_bucket(address, tmp_path):
    """Open the backup in the bucket, on one of several machines, each with a cache of its own."""
    opened = []

    def open_bucket(machine="machine"):
        opened.append(Backup(address, cache=tmp_path / machine))
        return opened[-1]

    yield open_bucket
    for backup in opened:
        backup.close()
