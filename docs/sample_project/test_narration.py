"""The narrator's tests: they need no key, no network, and no mocks."""

import httpx
import narration
import pytest
from elevenlabs_history_simulator import Fault, item_id_of

pytestmark = pytest.mark.elevenlabs_history(strict=True)


@pytest.fixture(autouse=True)
def server(elevenlabs_history_server):
    return elevenlabs_history_server


def test_the_newest_clip_with_the_words_is_saved(server, tmp_path):
    server.history.add(text="Once upon a Tuesday.", date=1_790_000_000)
    newest = server.history.add(text="Twice upon a Tuesday.", date=1_790_000_001)
    assert narration.fetch("upon a tuesday", tmp_path / "clip.mp3") == "Twice upon a Tuesday."
    assert item_id_of((tmp_path / "clip.mp3").read_bytes()) == newest.id


def test_words_that_nobody_said_are_an_error(tmp_path):
    with pytest.raises(narration.NobodySaidThatError):
        narration.fetch("upon a tuesday", tmp_path / "clip.mp3")


def test_a_server_that_recovers_is_no_error(server, tmp_path):
    server.faults.add(Fault.answer(503), on="audio", times=2)
    narration.fetch("dragon", tmp_path / "clip.mp3")
    assert [request.operation for request in server.requests] == ["list", "audio", "audio", "audio"]


def test_a_refusal_is_an_error_at_once(server, tmp_path):
    server.faults.add(Fault.refusal(401, "quota_exceeded", "No credits left"))
    with pytest.raises(httpx.HTTPStatusError, match="401"):
        narration.fetch("dragon", tmp_path / "clip.mp3")
    assert len(server.requests) == 1
