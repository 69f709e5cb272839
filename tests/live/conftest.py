"""Tests against the real server, run by `make live` alone: read-only, and within the limits of a probe."""

import asyncio
import json

import httpx
import pytest
from elevenlabs_history import AsyncHistoryClient, HistoryClient, RetryPolicy
from elevenlabs_history_probe import Limits

LIMITS = Limits()
RETRIES = RetryPolicy(max_attempts=2, wait_max=5)


class Budget:
    """Counts what is sent, and refuses what only reading within the limits does not need."""

    requests = clips = 0
    base_url = None

    def spend(self, request):
        self.requests += 1
        if request.url.path.endswith("/download"):
            self.clips += len(json.loads(request.content)["history_item_ids"])
        else:
            assert request.method == "GET"
            self.clips += request.url.path.endswith("/audio")
        assert self.requests <= LIMITS.requests
        assert self.clips <= LIMITS.clips

    async def spend_async(self, request):
        self.spend(request)


BUDGET = Budget()


def pytest_ignore_collect(config):
    return None if config.option.markexpr == "live" else True


def pytest_terminal_summary(terminalreporter):
    terminalreporter.write_line(
        f"Sent {BUDGET.requests} requests that only read, for {BUDGET.clips} clips, to {BUDGET.base_url}. "
        "Nothing was changed."
    )


@pytest.fixture(autouse=True)
def _empty_environment():
    """Leave the environment as it is, because it names the key and the server."""


@pytest.fixture
def client():
    with (
        httpx.Client(event_hooks={"request": [BUDGET.spend]}) as http,
        HistoryClient(http_client=http, retry_policy=RETRIES) as client,
    ):
        BUDGET.base_url = client.base_url
        yield client


@pytest.fixture
def run_async():
    """Run a function that takes an async client."""

    def run(function):
        async def with_client():
            async with (
                httpx.AsyncClient(event_hooks={"request": [BUDGET.spend_async]}) as http,
                AsyncHistoryClient(http_client=http, retry_policy=RETRIES) as client,
            ):
                return await function(client)

        return asyncio.run(with_client())

    return run


@pytest.fixture(scope="session")
def _listed():
    return []


@pytest.fixture
def items(client, _listed):
    """The newest items, listed once; at most 100."""
    _listed[:] = _listed or client.list(limit=100, page_size=100)
    return _listed


@pytest.fixture
def clips(items):
    """The two items that are likely the smallest ones."""
    with_audio = [item for item in items if item.state not in {"deleted", "processing"}]
    if len(with_audio) < 2:
        pytest.skip("needs two items with audio in the history")
    return sorted(with_audio, key=lambda item: item.characters)[:2]
