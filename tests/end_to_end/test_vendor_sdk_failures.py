"""What the README says of the vendor's SDK where something fails, beside this package in the same place."""

import json
import subprocess
from pathlib import Path

import pytest
from elevenlabs_history import HistoryClient, HistoryError
from elevenlabs_history_simulator import Fault, Simulator

pytestmark = [pytest.mark.packaging, pytest.mark.timeout(600)]
PROGRAM = Path(__file__).with_name("vendor_sdk_failures.py")


@pytest.fixture
def servers():
    """A server that fails once in each way, and the one that it redirects to."""
    with Simulator(items=3) as server, Simulator(items=3) as other:
        server.faults.add(Fault.refusal(429, "too_many_concurrent_requests"), on="download")
        server.faults.add(Fault.truncate(2000), on="download")
        server.faults.add(Fault.redirect(f"{other.base_url}/v1/history"), on="audio")
        yield server, other


def test_the_sdk_repeats_no_download_and_sends_the_key_to_another_server(sdk, servers):
    server, other = servers
    ids = [item.id for item in server.history]
    done = subprocess.run(
        [sdk, PROGRAM, server.base_url, server.api_key, *ids], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    outcomes = json.loads(done.stdout)
    assert outcomes["busy"] == "ApiError"
    assert outcomes["cut off"] == "RemoteProtocolError"
    assert [request.headers.get("xi-api-key") for request in other.requests] == [server.api_key]


def test_this_package_repeats_them_and_keeps_the_key(servers, tmp_path):
    server, other = servers
    ids = [item.id for item in server.history]
    with HistoryClient(server.api_key, base_url=server.base_url) as client:
        assert len(client.download(ids).extract(tmp_path)) == 3
        with pytest.raises(HistoryError):
            client.audio(ids[0]).read()
    assert other.requests == []
