"""The generated client is what the spec says, and gives bytes where the API sends bytes."""

import hashlib
import importlib.util
import inspect
import shutil
import tomllib
from importlib.metadata import version
from pathlib import Path

import elevenlabs_history_api
import pytest
import yaml
from elevenlabs_history_api import Client, provenance
from elevenlabs_history_api.api import history
from elevenlabs_history_api.api.history import download_history_items, get_history_item, get_history_item_audio
from elevenlabs_history_api.models import DownloadRequest, HistoryItem
from elevenlabs_history_api.types import File
from elevenlabs_history_simulator import Quirks, item_id_of
from openapi_spec_validator import validate

ROOT = Path(__file__).parents[2]
PACKAGE = Path(elevenlabs_history_api.__file__).parent
OPERATIONS = {
    "delete_history_item",
    "download_history_items",
    "get_history_item",
    "get_history_item_audio",
    "list_history_items",
}


@pytest.fixture(scope="module")
def generator():
    spec = importlib.util.spec_from_file_location("generate", ROOT / "scripts" / "generate.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def document():
    return yaml.safe_load((ROOT / "openapi.yaml").read_text(encoding="utf-8"))


@pytest.fixture
def bare(simulator):
    with Client(base_url=simulator.base_url, headers={"xi-api-key": simulator.api_key}) as client:
        yield client


def operations(document):
    return [
        (operation, path)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if method in {"get", "post", "put", "patch", "delete"}
    ]


def test_the_spec_is_valid_openapi(document):
    validate(document)
    assert document["openapi"].startswith("3.1")


def test_there_is_a_module_for_each_operation_of_the_spec_and_no_other(document):
    assert {operation["operationId"] for operation, _ in operations(document)} == OPERATIONS
    modules = {path.stem for path in Path(history.__file__).parent.glob("*.py")} - {"__init__"}
    assert modules == OPERATIONS


def test_every_binary_answer_of_the_spec_is_a_file_in_the_client(document):
    binary = {
        operation["operationId"]
        for operation, _ in operations(document)
        for media_type in operation["responses"]["200"]["content"]
        if media_type != "application/json"
    }
    assert binary == {"download_history_items", "get_history_item_audio"}
    for module in (download_history_items, get_history_item_audio):
        assert "response_200 = File(payload=BytesIO(response.content))" in inspect.getsource(module)


@pytest.mark.parametrize("media_type", [None, "audio/mpeg", "audio/wav", "application/octet-stream", "text/plain"])
def test_audio_is_a_file_whatever_it_calls_itself(bare, simulator, media_type):
    simulator.quirks = Quirks(media_type=media_type)
    item = next(iter(simulator.history))
    downloaded = download_history_items.sync(client=bare, body=DownloadRequest(history_item_ids=[item.id]))
    assert isinstance(downloaded, File)
    assert item_id_of(downloaded.payload.read()) == item.id
    audio = get_history_item_audio.sync(item.id, client=bare)
    assert isinstance(audio, File)
    assert item_id_of(audio.payload.read()) == item.id


def test_an_archive_is_a_file(bare, simulator):
    ids = [item.id for item in simulator.history][:3]
    downloaded = download_history_items.sync(client=bare, body=DownloadRequest(history_item_ids=ids))
    assert isinstance(downloaded, File)
    assert downloaded.payload.read(4) == b"PK\x03\x04"


def test_what_the_api_adds_later_is_kept(bare, simulator):
    item = simulator.history.add(mood="cheerful", settings={"stability": 0.5, "echo": True}, state="archived")
    parsed = get_history_item.sync(item.id, client=bare)
    assert isinstance(parsed, HistoryItem)
    assert parsed["mood"] == "cheerful"
    assert parsed.settings["echo"] is True
    assert parsed.state == "archived"
    assert parsed.to_dict() == item.metadata


def test_the_committed_client_is_what_the_spec_generates(generator, tmp_path):
    generator.generate(tmp_path / PACKAGE.name)
    assert generator.differences(PACKAGE, tmp_path / PACKAGE.name) == []


def test_a_file_that_is_changed_missing_or_too_many_is_a_difference(generator, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(PACKAGE, copy)
    (copy / "client.py").write_text("changed", encoding="utf-8")
    (copy / "types.py").unlink()
    (copy / "untracked.py").touch()
    assert generator.differences(PACKAGE, copy) == ["client.py", "types.py", "untracked.py"]


def test_the_package_says_where_it_came_from():
    assert hashlib.sha256((ROOT / "openapi.yaml").read_bytes()).hexdigest() == provenance.OPENAPI_SHA256
    assert provenance.GENERATOR == f"openapi-python-client {version('openapi-python-client')}"
    pin = f"openapi-python-client=={version('openapi-python-client')}"
    assert pin in tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["dependency-groups"]["generator"]


def test_the_package_is_typed():
    assert (PACKAGE / "py.typed").is_file()
