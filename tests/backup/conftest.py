"""A backup works with the synchronous client only; one in a bucket with stores that are processes of their own."""

import http.client
from itertools import count

import pytest
from elevenlabs_history_backup import Backup
from support.object_store import KEY, SECRET, Proxy, moto


@pytest.fixture(params=["sync"])
def make_client(make_client):
    return make_client


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
