"""A backup in a container of Azure, as azurite emulates it: npm install -g azurite."""

import base64
import hashlib
import hmac
import http.client
from email.utils import formatdate

import pytest
from elevenlabs_history_backup import Backup
from support.buckets import assert_whole, paths_in
from support.object_store import Proxy, azurite

NEWER = 1_800_000_000
# Azurite has one account, whose key its documentation tells.
ACCOUNT = "devstoreaccount1"
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="


@pytest.fixture(scope="module")
def _azurite(tmp_path_factory):
    with azurite(tmp_path_factory.mktemp("azurite")) as port:
        if port is None:
            pytest.skip("azurite is not installed: npm install -g azurite")
        make_container(port, "container")
        yield port


def make_container(port, name):
    """Create a container: obstore has no call for it. The request is signed with the shared key."""
    headers = {"x-ms-date": formatdate(usegmt=True), "x-ms-version": "2021-12-02"}
    signed = "".join(f"{key}:{value}\n" for key, value in sorted(headers.items()))
    text = f"PUT{chr(10) * 12}{signed}/{ACCOUNT}/{ACCOUNT}/{name}\nrestype:container"
    signature = base64.b64encode(hmac.digest(base64.b64decode(KEY), text.encode(), hashlib.sha256)).decode()
    connection = http.client.HTTPConnection("127.0.0.1", port)
    headers |= {"Authorization": f"SharedKey {ACCOUNT}:{signature}", "Content-Length": "0"}
    connection.request("PUT", f"/{ACCOUNT}/{name}?restype=container", headers=headers)
    answer = connection.getresponse()
    assert answer.status == 201, answer.read()
    connection.close()


@pytest.fixture
def azure(_azurite, monkeypatch):
    proxy = Proxy(_azurite)
    for name, value in (
        ("AZURE_STORAGE_ACCOUNT_NAME", ACCOUNT),
        ("AZURE_STORAGE_ACCOUNT_KEY", KEY),
        ("AZURE_STORAGE_ENDPOINT", f"{proxy.endpoint}/{ACCOUNT}"),
        ("AZURE_ALLOW_HTTP", "true"),
    ):
        monkeypatch.setenv(name, value)
    yield proxy
    proxy.close()


def test_a_container_is_a_backup_as_a_bucket_is(client, simulator, azure, tmp_path):
    address = "az://container/whole"
    with Backup(address, cache=tmp_path / "one") as backup:
        assert backup.sync(client).saved == 20
        backup.write_page()
    simulator.history.add(date=NEWER)
    with Backup(address, cache=tmp_path / "other") as backup:
        assert backup.sync(client).saved == 1
        assert_whole(backup, simulator)


def test_a_lost_answer_and_a_lost_race_lose_nothing_in_a_container(client, simulator, azure, tmp_path):
    from elevenlabs_history import LockedError
    from elevenlabs_history_backup import PageListed

    address = "az://container/raced"
    azure.fail("succeeds and answers 500", r"PUT .*(mp3|history\.db)", times=5)

    def start_another(event):
        if isinstance(event, PageListed):
            with Backup(address, cache=tmp_path / "other") as other:
                other.sync(client)

    with Backup(address, cache=tmp_path / "one") as backup, pytest.raises(LockedError):
        backup.sync(client, on_event=start_another)
    with Backup(address, cache=tmp_path / "third") as backup:
        assert_whole(backup, simulator)
    assert len(paths_in(address)) == len(simulator.history)
