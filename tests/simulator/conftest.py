"""A bare HTTP client, because what the simulator says must not depend on our own client."""

import httpx
import pytest


@pytest.fixture
def http(simulator):
    with httpx.Client(base_url=simulator.base_url, headers={"xi-api-key": simulator.api_key}) as client:
        yield client


@pytest.fixture
def download(http):
    """Ask for the audio of some ids."""

    def ask(*ids, headers=None, **fields):
        return http.post("/v1/history/download", json={"history_item_ids": ids, **fields}, headers=headers)

    return ask
