"""A backup works with the synchronous client only."""

import pytest


@pytest.fixture(params=["sync"])
def make_client(make_client):
    return make_client
