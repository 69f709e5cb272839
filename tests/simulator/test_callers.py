"""What callers do wrong is told in words, and fails the block of a strict simulator."""

import httpx
import pytest
from elevenlabs_history import HistoryClient
from elevenlabs_history_simulator import CallerMistakesError, Simulator

DOWNLOAD = "/v1/history/download"


@pytest.mark.parametrize(
    ("method", "path", "arguments", "told"),
    [
        ("GET", "/v1/history", {"params": {"limit": "3"}}, "parameter 'limit' is unknown. Known here: page_size"),
        ("GET", "/v1/history", {"params": {"page_size": "x"}}, "query.page_size: Input should be a valid integer"),
        ("GET", "/v1/history", {"params": {"page_size": "1001"}}, "less than or equal to 1000, not '1001'"),
        ("GET", "/v1/history", {"params": {"model_id": "m"}}, "model_id needs source"),
        ("GET", "/v1/history/a.b", {}, "'a.b' can't be an id"),
        ("GET", "/v1/history/an-id", {"params": {"page_size": "1"}}, "'page_size' is unknown. Known here: none"),
        ("GET", "/v2/history", {}, "no operation of the history API, which has GET /v1/history"),
        ("PUT", "/v1/history", {}, "no operation of the history API"),
        ("POST", DOWNLOAD, {"json": {"ids": ["an-id"]}}, "body.history_item_ids: Field required"),
        ("POST", DOWNLOAD, {"json": {"history_item_ids": []}}, "0 ids in history_item_ids. One download takes 1 to"),
        ("POST", DOWNLOAD, {"json": {"history_item_ids": ["a", "a"]}}, "names an id twice"),
        ("POST", DOWNLOAD, {"json": {"history_item_ids": ["a b"]}}, "'a b' can't be an id"),
        ("POST", DOWNLOAD, {"json": {"history_item_ids": ["a"], "format": "wav"}}, "field 'format' of the body"),
        (
            "POST",
            DOWNLOAD,
            {"json": {"history_item_ids": ["a"], "output_format": "mp3"}},
            "'mp3' is unknown. Send 'wav', or leave it out",
        ),
        ("POST", DOWNLOAD, {"content": "ids=a", "headers": {"content-type": "text/plain"}}, "valid dictionary"),
    ],
)
def test_a_mistake_is_told_with_where_it_was_made(simulator, http, method, path, arguments, told):
    http.request(method, path, **arguments)
    (mistake,) = simulator.mistakes
    assert mistake.startswith(f"{method} {path}: ")
    assert told in mistake


def test_no_key_and_another_key_are_told_and_none_is_shown(simulator):
    url = f"{simulator.base_url}/v1/history"
    httpx.get(url)
    httpx.get(url, headers={"authorization": "Bearer sk_real"})
    httpx.get(url, headers={"xi-api-key": "sk_real"})
    missing, bearer, other = simulator.mistakes
    assert "no key" in missing
    assert "does not read Authorization" in bearer
    assert "another key" in other
    assert "sk_real" not in "".join(simulator.mistakes)


def ask_wrongly(simulator):
    for name in ("limit", "page"):
        httpx.get(f"{simulator.base_url}/v1/history", params={name: 1}, headers={"xi-api-key": simulator.api_key})


def test_a_strict_block_ends_in_all_that_was_wrong():
    with pytest.raises(CallerMistakesError) as caught, Simulator(strict=True) as simulator:
        ask_wrongly(simulator)
    assert len(caught.value.mistakes) == 2
    assert "'limit'" in str(caught.value)
    assert "'page'" in str(caught.value)


def ask_wrongly_and_fail(simulator):
    ask_wrongly(simulator)
    raise KeyError


def test_a_strict_block_that_fails_by_itself_says_why():
    with pytest.raises(KeyError), Simulator(strict=True) as simulator:
        ask_wrongly_and_fail(simulator)


def test_a_block_that_is_not_strict_only_notes_it():
    with Simulator() as simulator:
        httpx.get(simulator.base_url)
    assert len(simulator.mistakes) == 1


def test_our_own_client_makes_none(tmp_path):
    with (
        Simulator(strict=True) as simulator,
        HistoryClient(simulator.api_key, base_url=simulator.base_url) as client,
    ):
        items = list(client.list(search="e", model_id="eleven_v3", source="TTS")) + list(client.list(limit=3))
        client.get(items[0].history_item_id)
        client.download(items[-3:]).extract(tmp_path / "clips")
        client.download(items[0], output_format="wav").save(tmp_path / "one.wav")
        client.audio(items[0]).save(tmp_path / "one.mp3")
        client.delete(items[0].history_item_id)
        assert len(simulator.requests) > 6


def test_an_item_that_is_gone_is_no_mistake(simulator, http):
    assert http.get("/v1/history/nobody").status_code == 400
    assert simulator.mistakes == []
