"""Failures happen when they are told to, and as a client would meet them."""

import asyncio
import io
import socket
import threading
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from elevenlabs_history_simulator import Fault, Quirks, Simulator, item_id_of


def first_ids(simulator, count):
    return [item.id for item in simulator.history][:count]


def statuses(http, count, path="/v1/history"):
    return [http.get(path).status_code for _ in range(count)]


# When


def test_a_fault_happens_to_the_next_requests_of_its_operation(simulator, http):
    simulator.faults.add(Fault.answer(503), on="list", times=2)
    assert http.get(f"/v1/history/{first_ids(simulator, 1)[0]}").status_code == 200
    assert statuses(http, 3) == [503, 503, 200]


def test_some_requests_may_go_well_before(simulator, http):
    simulator.faults.add(Fault.answer(503), on="list", skip=2)
    simulator.faults.add(Fault.answer(500), on="list", skip=1)
    assert statuses(http, 6) == [200, 200, 503, 200, 500, 200]


def test_chance_is_the_same_for_the_same_seed(simulator, http):
    def drawn(seed):
        simulator.reset(seed=seed, items=1)
        simulator.faults.add_random(Fault.answer(500), 0.5, on="list")
        return statuses(http, 40)

    assert drawn(1) == drawn(1) != drawn(2)
    assert 5 < drawn(1).count(500) < 35


def test_what_is_planned_comes_before_what_is_chance(simulator, http):
    simulator.faults.add_random(Fault.answer(500), 1)
    simulator.faults.add(Fault.answer(503))
    assert statuses(http, 3) == [503, 500, 500]
    simulator.faults.clear()
    assert statuses(http, 1) == [200]


def test_what_can_not_be_planned_is_told(simulator):
    with pytest.raises(ValueError, match=r"no operation 'lists'.*list, get, delete, audio, download"):
        simulator.faults.add(Fault.hang(), on="lists")
    with pytest.raises(ValueError, match="no operation 'lists'"):
        simulator.faults.add_random(Fault.hang(), 0.5, on="lists")
    with pytest.raises(ValueError, match="from 0 to 1"):
        simulator.faults.add_random(Fault.hang(), 1.5)


# How


@pytest.mark.parametrize("shape", ["current", "older"])
def test_a_refusal_has_the_shape_of_the_day(simulator, http, shape):
    simulator.quirks = Quirks(error_shape=shape)
    simulator.faults.add(Fault.refusal(401, "quota_exceeded", "No credits left"))
    answer = http.get("/v1/history")
    detail = answer.json()["detail"]
    assert (answer.status_code, detail["status"], detail["message"]) == (401, "quota_exceeded", "No credits left")
    assert ("request_id" in detail) is (shape == "current")


def test_a_page_and_a_redirect_come_as_from_a_proxy(simulator, http):
    simulator.faults.add(Fault.html())
    simulator.faults.add(Fault.redirect("https://example.com/login", 302))
    page, redirect = (http.get("/v1/history") for _ in range(2))
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert page.text.startswith("<!doctype html>")
    assert (redirect.status_code, redirect.headers["location"]) == (302, "https://example.com/login")


def raw(simulator, path):
    """Send a request and return what comes before the end, and how it ends."""
    with socket.create_connection(simulator.base_url.removeprefix("http://").split(":"), timeout=20) as connection:
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nxi-api-key: {simulator.api_key}\r\n\r\n".encode())
        received = b""
        try:
            while piece := connection.recv(65536):
                received += piece
        except ConnectionResetError:
            return received, "reset"
        return received, "end"


def test_a_reset_is_one_on_the_wire(simulator):
    simulator.faults.add(Fault.reset_before_headers())
    assert raw(simulator, "/v1/history") == (b"", "reset")
    simulator.faults.add(Fault.reset_after_headers())
    received, end = raw(simulator, "/v1/history")
    assert received.startswith(b"HTTP/1.1 200 OK\r\n")
    assert received.endswith(b"\r\n\r\n")
    assert end == "reset"


@pytest.mark.parametrize("after", [0, 1, 1000, 300_000])
def test_a_body_ends_where_it_is_told_to(simulator, after):
    item = simulator.history.add(size=1_000_000)
    simulator.faults.add(Fault.truncate(after))
    received, end = raw(simulator, f"/v1/history/{item.id}/audio")
    assert (len(received.partition(b"\r\n\r\n")[2]), end) == (after, "end")


def test_a_hang_lasts_until_the_caller_gives_up(simulator, http):
    simulator.faults.add(Fault.hang())
    with pytest.raises(httpx.ReadTimeout):
        http.get("/v1/history", timeout=0.3)
    assert statuses(http, 1) == [200]


def test_a_drip_is_slow_and_whole(simulator, http):
    whole = http.get("/v1/history").content
    simulator.faults.add(Fault.drip(0.02))
    begun = time.perf_counter()
    assert http.get("/v1/history").content == whole
    assert time.perf_counter() - begun > 16 * 0.02


@pytest.mark.parametrize("data_descriptors", [False, True])
@pytest.mark.parametrize("zip64", [False, True])
@pytest.mark.parametrize("deflated", [False, True])
def test_a_wrong_checksum_is_found_by_whoever_looks(simulator, download, data_descriptors, zip64, deflated):
    simulator.quirks = Quirks(data_descriptors=data_descriptors, zip64=zip64, deflated=deflated)
    simulator.faults.add(Fault.wrong_crc(), on="download")
    ids = first_ids(simulator, 3)
    damaged, good = download(*ids).content, download(*ids).content
    archive = zipfile.ZipFile(io.BytesIO(damaged))
    assert archive.testzip() == archive.namelist()[0]
    assert len(damaged) == len(good)
    # The place before or behind the member, and the central directory.
    assert sum(one != other for one, other in zip(damaged, good, strict=True)) == 2


def test_a_history_may_change_between_two_pages(simulator, http):
    simulator.faults.add(
        Fault.meanwhile(lambda history: history.add(date=1_799_000_000, text="New.")), on="list", skip=1
    )
    counts = [len(http.get("/v1/history").json()["history"]) for _ in range(3)]
    assert counts == [20, 21, 21]


def test_a_deletion_may_happen_and_be_answered_as_a_failure(simulator, http):
    (history_item_id,) = first_ids(simulator, 1)
    simulator.faults.add(Fault.answer_afterwards(500, b"broken", content_type="text/plain"), on="delete")
    answer = http.delete(f"/v1/history/{history_item_id}")
    assert (answer.status_code, answer.text, answer.headers["content-type"]) == (500, "broken", "text/plain")
    assert simulator.history.get(history_item_id) is None


def test_a_listing_may_be_cut_short(simulator, http):
    simulator.faults.add(Fault.last_page(), on="list")
    cut, whole = (http.get("/v1/history", params={"page_size": 5}).json() for _ in range(2))
    assert (cut["has_more"], whole["has_more"]) == (False, True)
    assert cut["history"] == whole["history"]


def test_a_refusal_without_a_length_is_still_one(simulator, http):
    simulator.faults.add(Fault.no_length())
    answer = http.get("/v1/history/nobody")
    assert (answer.status_code, "content-length" in answer.headers) == (400, False)


# Limits


@pytest.mark.parametrize("retry_after", [None, 3])
def test_more_requests_at_a_time_than_allowed_are_refused(simulator, http, retry_after):
    simulator.quirks = Quirks(busy_code="system_busy", retry_after=retry_after)
    simulator.concurrency = 4
    simulator.latency = 1
    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda _: http.get("/v1/history"), range(12)))
    refused = [answer for answer in answers if answer.status_code == 429]
    assert len(refused) == 8
    assert {answer.headers.get("retry-after") for answer in refused} == {None if retry_after is None else "3"}
    assert {answer.json()["detail"]["code"] for answer in refused} == {"system_busy"}


def test_a_reset_forgets_what_still_runs(simulator, http):
    simulator.faults.add(Fault.hang())

    def ask():
        with pytest.raises(httpx.ReadTimeout):
            http.get("/v1/history", timeout=2)

    hung = threading.Thread(target=ask)
    hung.start()
    while not simulator.requests:
        time.sleep(0.01)
    simulator.reset(concurrency=1)
    assert statuses(http, 1) == [200]
    hung.join()


def test_bandwidth_is_a_limit_for_each_answer(simulator, http):
    item = simulator.history.add(size=200_000)
    simulator.bandwidth = 400_000
    begun = time.perf_counter()
    assert item_id_of(http.get(f"/v1/history/{item.id}/audio").content) == item.id
    assert time.perf_counter() - begun > 0.45


def test_a_key_may_be_restricted(simulator, http):
    simulator.scopes = frozenset({"speech_history_read"})
    (history_item_id,) = first_ids(simulator, 1)
    answer = http.delete(f"/v1/history/{history_item_id}")
    assert (answer.status_code, answer.json()["detail"]["code"]) == (401, "missing_permissions")
    assert "speech_history_write" in answer.json()["detail"]["message"]
    assert http.get(f"/v1/history/{history_item_id}").status_code == 200
    simulator.scopes = frozenset()
    assert http.get(f"/v1/history/{history_item_id}").status_code == 401


# Without a server of its own


def in_memory(simulator, *requests):
    """Ask the app itself, with nothing listening."""

    async def ask():
        transport = httpx.ASGITransport(simulator.app)
        headers = {"xi-api-key": simulator.api_key}
        async with httpx.AsyncClient(transport=transport, base_url="http://simulator", headers=headers) as http:
            return [await http.request(method, path, **arguments) for method, path, arguments in requests]

    return asyncio.run(ask())


def test_the_bare_app_answers_every_operation():
    simulator = Simulator()
    first, second = first_ids(simulator, 2)
    answers = in_memory(
        simulator,
        ("GET", "/v1/history", {}),
        ("GET", f"/v1/history/{first}", {}),
        ("GET", f"/v1/history/{first}/audio", {}),
        ("POST", "/v1/history/download", {"json": {"history_item_ids": [first, second]}}),
        ("DELETE", f"/v1/history/{first}", {}),
    )
    assert [answer.status_code for answer in answers] == [200] * 5
    assert item_id_of(answers[2].content) == first
    assert zipfile.ZipFile(io.BytesIO(answers[3].content)).testzip() is None
    assert [request.operation for request in simulator.requests] == ["list", "get", "audio", "download", "delete"]


@pytest.mark.parametrize(
    "fault",
    [
        Fault.answer(503),
        Fault.answer_afterwards(503),
        Fault.html(),
        Fault.drip(0.001),
        Fault.gzip(),
        Fault.wrong_crc(),
        Fault.last_page(),
    ],
)
def test_the_bare_app_has_the_faults_that_need_no_connection(fault):
    simulator = Simulator()
    simulator.faults.add(fault)
    (answer,) = in_memory(simulator, ("GET", "/v1/history", {}))
    assert answer.status_code in {200, 503}


@pytest.mark.parametrize(
    "fault", [Fault.reset_before_headers(), Fault.reset_after_headers(), Fault.truncate(3), Fault.no_length()]
)
def test_the_bare_app_says_which_faults_need_a_connection(fault):
    simulator = Simulator()
    simulator.faults.add(fault)
    with pytest.raises(RuntimeError, match=f"{fault.kind}.*with Simulator"):
        in_memory(simulator, ("GET", "/v1/history", {}))


def test_the_app_may_be_mounted_below_a_path():
    from starlette.applications import Starlette
    from starlette.routing import Mount

    simulator = Simulator()
    outer = Simulator()
    outer.app = Starlette(routes=[Mount("/fake", app=simulator.app)])
    (answer,) = in_memory(outer, ("GET", "/fake/v1/history", {}))
    assert answer.status_code == 200
    assert [request.path for request in simulator.requests] == ["/v1/history"]
    assert simulator.mistakes == []


def test_a_small_answer_arrives_in_one_piece(simulator):
    with socket.create_connection(simulator.base_url.removeprefix("http://").split(":"), timeout=20) as connection:
        for _ in range(20):
            connection.sendall(b"GET /v1/history/nobody HTTP/1.1\r\nHost: x\r\n\r\n")
            received = connection.recv(65536)
            headers, _, body = received.partition(b"\r\n\r\n")
            assert f"content-length: {len(body)}".encode() in headers
