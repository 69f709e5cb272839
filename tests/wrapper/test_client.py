"""List, get and delete with the sync and the async client, against the simulator."""

import asyncio
import json
import threading
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from elevenlabs_history import (
    AsyncHistoryClient,
    AuthenticationError,
    HistoryClient,
    InvalidArgumentError,
    InvalidRequestError,
    NotFoundError,
    RetryPolicy,
    ServerError,
    UnexpectedResponseError,
)
from elevenlabs_history_api.api.history import list_history_items
from elevenlabs_history_simulator import Fault, Quirks, Simulator

VOICE_ID = "AbCdEfGhIjKlMnOpQr12"


def ids(items):
    return [item.history_item_id for item in items]


def test_list_gives_every_item_once_newest_first(client, simulator):
    assert ids(client.list(page_size=7)) == [item.id for item in simulator.history]
    assert [request.query.get("page_size") for request in simulator.requests] == ["7"] * 3


def test_list_asks_for_no_page_before_it_is_iterated(client, simulator):
    client.list()
    assert simulator.requests == []


def test_list_stops_at_its_limit(client, simulator):
    assert len(list(client.list(limit=3))) == 3
    assert [request.query["page_size"] for request in simulator.requests] == ["3"]


def test_list_sends_every_filter_to_the_server(client, simulator):
    wanted = simulator.history.add(
        text="A very rare word: syzygy", voice_id=VOICE_ID, model_id="m1", source="TTS", date=5000
    )
    filters = {"voice": VOICE_ID, "model_id": "m1", "source": "TTS", "search": "SYZYGY"}
    assert ids(client.list(after=5000, before=5001, **filters)) == [wanted.id]
    assert ids(client.list(after=5001, **filters)) == []
    assert ids(client.list(before=5000, **filters)) == []


@pytest.mark.parametrize("voice", ["Zoë B.", "zoë b.", " ZOË B. ", "v1"])
def test_a_voice_may_be_a_name_in_any_case_also_of_a_line_of_a_dialogue(client, simulator, voice):
    one = simulator.history.add(voice_name="Zoë B.", voice_id="v1", date=5000)
    ann = {"text": "Hi.", "voice_id": "v2", "voice_name": "Ann"}
    zoe = {"text": "Ho.", "voice_id": "v1", "voice_name": "Zoë B."}
    both = simulator.history.add(voice_id=None, voice_name=None, text=None, dialogue=[ann, zoe], date=4000)
    simulator.history.add(voice_id=None, voice_name=None, text=None, dialogue=[ann], date=3500)
    simulator.history.add(voice_name="Zoë B. 2", voice_id="v12", date=3000)
    assert ids(client.list(voice=voice)) == [one.id, both.id]


def test_a_voice_id_is_compared_by_the_server(client, simulator):
    wanted = simulator.history.add(voice_id=VOICE_ID)
    assert ids(client.list(voice=VOICE_ID, limit=1)) == [wanted.id]
    assert simulator.requests[0].query["voice_id"] == VOICE_ID


@pytest.mark.parametrize("model", ["eleven_flash_v2_9", "Eleven Flash v2.9", "eleven-flash-v2-9"])
@pytest.mark.parametrize("source", [None, "STS"])
def test_a_model_needs_no_source_and_may_be_written_as_people_write_it(client, simulator, model, source):
    wanted = simulator.history.add(model_id="eleven_flash_v2_9", source="STS", date=5000)
    simulator.history.add(model_id="eleven_flash_v2", source="STS", date=4000)
    simulator.history.add(model_id=None, source="STS", date=3000)
    assert ids(client.list(model_id=model, source=source)) == [wanted.id]


def test_a_model_id_with_a_source_is_compared_by_the_server(client, simulator):
    list(client.list(model_id="eleven_v3", source="TTS"))
    assert simulator.requests[0].query["model_id"] == "eleven_v3"


def test_a_limit_counts_the_items_that_match_and_the_listing_ends_with_it(client, simulator):
    newest = [simulator.history.add(voice_name="Zoë", date=2_000_000_000 - number) for number in range(3)]
    oldest = simulator.history.add(voice_name="Zoë", date=5000)
    assert ids(client.list(voice="zoë", limit=4, page_size=7)) == [item.id for item in [*newest, oldest]]
    assert [request.query["page_size"] for request in simulator.requests] == ["7"] * 4
    assert ids(client.list(voice="zoë", limit=2, page_size=7)) == [item.id for item in newest[:2]]
    assert len(simulator.requests) == 5


def test_list_can_begin_with_the_oldest(client, simulator):
    assert ids(client.list(newest_first=False, limit=2)) == [item.id for item in simulator.history][:-3:-1]


def test_an_invalid_entry_is_kept_apart_and_the_other_items_are_listed(client, simulator):
    items = list(simulator.history)
    del items[3].metadata["date_unix"]
    # The simulator sorts by date, so the invalid entry is served as a response of its own.
    page = {"history": [item.metadata for item in items[:5]], "last_history_item_id": None, "has_more": False}
    simulator.faults.add(Fault.answer(200, json.dumps(page).encode(), content_type="application/json"), on="list")
    listed = client.list()
    assert len(list(listed)) == 4
    assert [invalid.entry["history_item_id"] for invalid in listed.invalid_entries] == [items[3].id]


def test_pages_are_lists_of_items_that_are_fetched_one_by_one(client, simulator):
    pages = client.list(page_size=7).pages()
    first = next(pages)
    assert len(simulator.requests) == 1
    others = list(pages)
    assert [len(page) for page in (first, *others)] == [7, 7, 6]
    assert ids(item for page in (first, *others) for item in page) == [item.id for item in simulator.history]


def test_pages_continue_a_listing_after_a_failed_request(make_client, simulator):
    listed = make_client(retry_policy=RetryPolicy(max_attempts=1)).list(page_size=7)
    simulator.faults.add(Fault.answer(500), on="list", skip=1)
    received = []
    with pytest.raises(ServerError):
        received.extend(listed.pages())
    assert not listed.exhausted
    received.extend(listed.pages())
    assert ids(item for page in received for item in page) == [item.id for item in simulator.history]
    assert listed.exhausted


def test_a_listing_tells_whether_it_came_to_its_end(client):
    listed = client.list(page_size=7)
    assert not listed.exhausted
    next(listed)
    assert not listed.exhausted
    assert len(list(listed)) == 19
    assert listed.exhausted
    assert listed.invalid_entries == []
    limited = client.list(limit=3)
    assert len(list(limited)) == 3
    assert not limited.exhausted


def test_a_bad_filter_is_refused_before_anything_is_sent(client, simulator):
    with pytest.raises(InvalidArgumentError, match="source"):
        client.list(source="")
    assert simulator.requests == []


def test_get_gives_the_item(client, simulator):
    item = next(iter(simulator.history))
    assert client.get(item.id).to_dict() == item.metadata


@pytest.mark.parametrize("field", ["voice_id", "text", "source", "settings", "dialogue", "output_format"])
def test_what_the_server_leaves_out_is_none_and_leaves_no_trace_in_the_json(client, simulator, field):
    item = next(iter(simulator.history))
    del item.metadata[field]
    for got in (client.get(item.id), next(client.list())):
        assert not getattr(got, field)
        assert got.to_dict() == item.metadata


def test_a_deletion_that_the_server_does_not_confirm_is_an_error(client, simulator):
    simulator.faults.add(Fault.answer(202, b'{"detail": "later"}', content_type="application/json"), on="delete")
    with pytest.raises(UnexpectedResponseError, match="not what the API documents"):
        client.delete(next(iter(simulator.history)).id)


@pytest.mark.parametrize("status", [400, 404])
def test_an_unknown_item_is_not_found_whatever_its_status(client, simulator, status):
    simulator.quirks = Quirks(unknown_item_status=status)
    for call in (client.get, client.delete):
        with pytest.raises(NotFoundError) as caught:
            call("nobody")
        assert caught.value.status_code == status
        assert caught.value.request_id


@pytest.mark.parametrize("bad", ["", " ", "a b", ".", "..", "a\n", None, 7, b"abc"])
def test_what_can_not_be_an_id_is_refused_before_anything_is_sent(client, simulator, bad):
    for call in (client.get, client.delete, client.audio, lambda each: client.download([each])):
        with pytest.raises(InvalidArgumentError, match="Nothing was sent"):
            call(bad)
    assert simulator.requests == []


def test_an_id_with_characters_of_its_own_stays_one_part_of_the_path(client, simulator):
    with pytest.raises(NotFoundError):
        client.get("../x?y#z")
    assert simulator.requests[-1].operation in {"get", ""}
    assert simulator.requests[-1].query == {}


def test_delete_removes_the_item(client, simulator):
    item = next(iter(simulator.history))
    assert client.delete(item.id) is None
    assert simulator.history.get(item.id) is None


def test_delete_is_not_retried_if_it_may_have_arrived(client, simulator):
    item = next(iter(simulator.history))
    for fault in (Fault.reset_before_headers(), Fault.answer(503)):
        simulator.requests.clear()
        simulator.faults.add(fault, on="delete")
        with pytest.raises(Exception, match=r"broke|503"):
            client.delete(item.id)
        assert len(simulator.requests) == 1


def test_a_wrong_key_is_an_authentication_error(make_client):
    with pytest.raises(AuthenticationError, match="api_key"):
        list(make_client("wrong").list())


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"[]", b"null", b"not json", b'{"history": 3, "has_more": true}', b'{"history_item_id": "x"}']
)
def test_a_success_with_a_wrong_body_is_an_unexpected_response(client, simulator, body):
    for operation, call in (("list", lambda: list(client.list())), ("get", lambda: client.get("a"))):
        simulator.faults.add(Fault.answer(200, body, content_type="application/json"), on=operation)
        with pytest.raises(UnexpectedResponseError):
            call()


def test_a_web_page_instead_of_json_is_shown_by_its_title(client, simulator):
    page = b"<html><title>Please log in</title><body>" + b"x" * 10_000
    simulator.faults.add(Fault.answer(200, page, content_type="text/html; charset=utf-8"))
    with pytest.raises(UnexpectedResponseError, match="Please log in"):
        list(client.list())


def test_generated_functions_obey_the_same_rules(client, simulator):
    simulator.faults.add(Fault.answer(503), on="list")
    page = list_history_items.sync(client=client.api, page_size=3)
    assert len(page.history) == 3
    assert len(simulator.requests) == 2
    with pytest.raises(InvalidRequestError, match=r"query\.page_size"):
        list_history_items.sync(client=client.api, page_size=5000)


def test_a_copy_of_the_generated_client_keeps_the_key_and_the_rules(client, simulator):
    copy = client.api.with_timeout(httpx.Timeout(5)).with_headers({"X-Team": "audio"})
    simulator.faults.add(Fault.answer(503), on="list")
    assert len(list_history_items.sync(client=copy, page_size=3).history) == 3
    assert simulator.requests[-1].headers["x-team"] == "audio"


def test_the_key_goes_to_the_base_url_only(client, simulator):
    with Simulator() as other:
        with pytest.raises(InvalidArgumentError, match="the key is sent nowhere else"):
            client.api.get_httpx_client().get(f"{other.base_url}/v1/history")
        assert other.requests == []


def test_threads_may_share_a_client(simulator):
    barrier = threading.Barrier(8)
    with HistoryClient(simulator.api_key, base_url=simulator.base_url) as client:

        def work(_):
            barrier.wait()
            return len(list(client.list(page_size=5)))

        with ThreadPoolExecutor(8) as pool:
            assert list(pool.map(work, range(8))) == [20] * 8


def test_a_closed_client_says_so(simulator):
    client = HistoryClient(simulator.api_key, base_url=simulator.base_url)
    client.close()
    for call in (lambda: client.get("a"), lambda: next(client.list()), client.download("a").read):
        with pytest.raises(InvalidArgumentError, match="closed"):
            call()


class Client:
    """As of another library."""


@pytest.mark.parametrize("kind", [HistoryClient, AsyncHistoryClient])
@pytest.mark.parametrize("other", [Client, httpx.Client, httpx.AsyncClient])
def test_an_http_client_of_another_library_or_kind_is_refused_in_words(kind, other):
    expected = httpx.Client if kind is HistoryClient else httpx.AsyncClient
    if other is expected:
        kind("key", http_client=other())
        return
    with pytest.raises(
        InvalidArgumentError, match=rf"http_client is a .*Client; it must be an httpx.{expected.__name__}\."
    ):
        kind("key", http_client=other())


def test_the_threads_of_an_async_client_take_a_synchronous_one_only(simulator, tmp_path):
    async def run():
        async with AsyncHistoryClient(simulator.api_key, base_url=simulator.base_url) as client:
            with pytest.raises(InvalidArgumentError, match=r"it must be an httpx.Client\."):
                await client.download_all(["a"], tmp_path, http_client=httpx.AsyncClient())

    asyncio.run(run())


def test_httpx_logs_each_request_once(client, simulator, caplog):
    item = next(iter(simulator.history))
    with caplog.at_level("INFO", logger="httpx"):
        client.get(item.id)
        client.download(item.id).read()
    logged = [record.getMessage() for record in caplog.records if record.name == "httpx"]
    assert logged == [
        f'HTTP Request: GET {simulator.base_url}/v1/history/{item.id} "HTTP/1.1 200 OK"',
        f'HTTP Request: POST {simulator.base_url}/v1/history/download "HTTP/1.1 200 OK"',
    ]
