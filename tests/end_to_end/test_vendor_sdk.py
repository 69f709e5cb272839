"""The vendor's own SDK, unmodified, takes the simulator for the server."""

import hashlib
import io
import json
import subprocess
import zipfile
from pathlib import Path

import pytest
from elevenlabs_history_simulator import Simulator, item_id_of

PROGRAM = Path(__file__).with_name("vendor_sdk_program.py")

pytestmark = [pytest.mark.packaging, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def items():
    with Simulator(items=0) as simulator:
        for number in range(6):
            simulator.history.add(text=f"Item {number} of a dragon's tale." if number % 2 else "Rain.")
        yield simulator


@pytest.fixture(scope="module")
def before(items):
    return list(items.history)


@pytest.fixture(scope="module")
def returned(sdk, items, before):
    done = subprocess.run([sdk, PROGRAM, items.base_url, items.api_key], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def sha256(audio):
    return hashlib.sha256(b"".join(audio.pieces())).hexdigest()


def test_it_lists_page_by_page(returned, before):
    assert [[item["history_item_id"] for item in page] for page in returned["pages"]] == [
        [item.id for item in before[:3]],
        [item.id for item in before[3:]],
    ]
    assert returned["more"] == [True, False]
    assert returned["filtered"] == [item.id for item in reversed(before) if "dragon" in item.metadata["text"]]


def test_it_reads_every_field_of_an_item(returned, before):
    first = before[0].metadata
    assert returned["pages"][0][0] == returned["item"]
    assert {name: returned["item"].get(name) for name in first} == first


def test_it_gets_the_audio_of_one_item_and_of_several(returned, before):
    own = sha256(before[0].audio())
    assert returned["audio"] == own
    assert returned["one"] == own
    assert returned["wav"] == sha256(before[0].audio("wav"))
    with zipfile.ZipFile(io.BytesIO(bytes.fromhex(returned["many"]))) as archive:
        members = [archive.read(name) for name in archive.namelist()]
    assert {item_id_of(member) for member in members} == {item.id for item in before[:3]}


def test_it_deletes(returned, items, before):
    assert returned["deleted"] == "ok"
    assert items.history.get(before[2].id) is None


@pytest.mark.parametrize(
    ("failure", "status", "path", "value"),
    [
        ("unknown item", 400, ["detail", "status"], "invalid_uid"),
        ("format", 400, ["error"], "invalid_output_format"),
        ("page size", 422, ["detail", 0, "loc"], ["query", "page_size"]),
        ("key", 401, ["detail", "status"], "invalid_api_key"),
    ],
)
def test_it_reads_the_errors(returned, failure, status, path, value):
    error = returned["failures"][failure]
    body = error["body"]
    for step in path:
        body = body[step]
    assert (error["status"], body) == (status, value)
