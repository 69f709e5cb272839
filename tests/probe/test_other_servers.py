"""Whatever a server does, a probe ends within its limits and reports what it has learned."""

import contextlib
import io
import itertools
import json
import socket
import threading
import zipfile

import pytest
from attrs import evolve
from elevenlabs_history_probe import Limits
from elevenlabs_history_simulator import Fault, Simulator
from support.probes import SHORT, fill, probe

DATED = "ElevenLabs_2026-01-02T03_04_05.mp3"
STATUSES = {"confirmed", "refuted", "not settled"}
OK = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"


@contextlib.contextmanager
def raw_server(serve):
    """Let a function answer each connection by hand, and count them."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        connections = []

        def answer(connection):
            with connection, contextlib.suppress(OSError):
                connection.recv(65536)
                serve(connection)

        def accept():
            with contextlib.suppress(OSError):
                while True:
                    connections.append(listener.accept()[0])
                    threading.Thread(target=answer, args=[connections[-1]], daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", connections
        # A thread that waits in accept is woken by nothing else.
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        for connection in connections:
            connection.close()


def hang(connection):
    while connection.recv(65536):
        pass


def drip_headers(connection):
    connection.sendall(OK)
    for number in itertools.count():
        connection.sendall(b"x-%d: y\r\n" % number)
        threading.Event().wait(0.05)


def drip_body(connection):
    connection.sendall(OK + b"content-length: 1000000\r\n\r\n")
    while True:
        connection.sendall(b" ")
        threading.Event().wait(0.05)


def never_end(connection):
    connection.sendall(OK + b"transfer-encoding: chunked\r\n\r\n")
    while True:
        connection.sendall(b"10000\r\n" + b" " * 0x10000 + b"\r\n")


def answer_with(data):
    return lambda connection: connection.sendall(data)


RAW = {
    "hangs": hang,
    "drips headers": drip_headers,
    "drips a body": drip_body,
    "never ends": never_end,
    "closes": answer_with(b""),
    "is none": answer_with(b"220 mail.example.org ESMTP\r\n"),
    "sends less than it says": answer_with(OK + b"content-length: 100\r\n\r\n{}"),
    "says no length": answer_with(OK + b'\r\n{"history": [], "has_more": true}'),
    "sends compressed rubbish": answer_with(OK + b"content-encoding: gzip\r\ncontent-length: 4\r\n\r\nabcd"),
    "sends deep JSON": answer_with(OK + b"content-length: 200000\r\n\r\n" + b"[" * 200_000),
    "has an endless header": answer_with(OK + b"x: " + b"y" * 500_000),
    "sends a status of its own": answer_with(b"HTTP/1.1 999 Odd\r\ncontent-length: 0\r\n\r\n"),
}


@pytest.mark.parametrize("serve", RAW.values(), ids=RAW)
def test_a_probe_ends_when_the_server(serve):
    limits = evolve(SHORT, response_bytes=1_000_000)
    with raw_server(serve) as (url, connections):
        report = probe(url, limits=limits)
    assert {each["status"] for each in report["assumptions"]} <= STATUSES
    assert all(each["fact"] for each in report["assumptions"])
    assert report["requests"] <= limits.requests
    assert len(connections) <= limits.requests


def test_three_requests_in_a_row_that_fail_end_it():
    with raw_server(hang) as (url, connections):
        report = probe(url, limits=evolve(SHORT, burst=9))
    assert report["requests"] == len(connections) == 3
    assert report["quirks"] == {}
    assert report["assumptions"][0]["fact"] == "no complete response within 0.3 s"
    assert report["assumptions"][-5]["fact"] == "not asked, because 3 requests in a row failed"


def test_no_more_of_a_response_is_read_than_the_limit_says(simulator, results):
    report = probe(simulator.base_url, simulator.api_key, Limits(response_bytes=2000))
    found = results(report)
    assert found["large_pages"]["status"] == "confirmed"
    assert found["state"]["fact"] == "the response was too long or too slow, and was cut"


def test_a_server_that_is_not_there_fails_no_probe():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    assert {each["status"] for each in probe(url)["assumptions"]} == {"not settled"}


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_is_followed(status, simulator):
    with Simulator() as other:
        simulator.faults.add(Fault.redirect(f"{other.base_url}/v1/history", status), times=60)
        report = probe(simulator.base_url, simulator.api_key)
        assert other.requests == []
    assert report["quirks"] == {}
    assert report["assumptions"][0]["fact"] == f"the server answered {status}"
    assert other.base_url not in json.dumps(report)


FAULTS = {
    "503": Fault.answer(503),
    "429": Fault.refusal(429, "system_busy"),
    "401": Fault.refusal(401, "quota_exceeded"),
    "a page": Fault.html(),
    "reset": Fault.reset_before_headers(),
    "reset in the middle": Fault.reset_after_headers(),
    "truncated": Fault.truncate(after=50),
    "gzip": Fault.gzip(),
    "wrong checksum": Fault.wrong_crc(),
    "hang": Fault.hang(),
}


@pytest.mark.parametrize("operation", ["list", "get", "audio", "download"])
@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_what_fails_is_not_settled_and_the_rest_is(fault, operation, simulator):
    for item in [*simulator.history]:
        simulator.history.remove(item.id)
    fill(simulator)
    right = probe(simulator.base_url, simulator.api_key, Limits())["quirks"]
    simulator.faults.add(fault, on=operation, times=60)
    report = probe(simulator.base_url, simulator.api_key, SHORT if fault.kind == "hang" else Limits())
    assert report["requests"] <= Limits().requests
    # Nothing is read out of a failure that is not so.
    assert report["quirks"].items() <= right.items()
    if operation == "audio" and fault.kind != "hang":
        assert len(report["quirks"]) >= len(right) - 1


@pytest.mark.parametrize(
    ("members", "assumption", "fact"),
    [
        ([], "names", "the archive is empty"),
        ([("clip.mp3", 0)], "names", "names of another form, with no id and not of the known times"),
        ([("clip.mp3", 0)], "separator", "needs names with times, all of one form"),
        ([(DATED, 0), ("a" + DATED, 8)], "compression_method", "neither all stored nor all deflated"),
        ([(DATED, 0)], "time_zone", "not exactly one name of the item has been found"),
        ([(DATED, 0)], "repeated_names", "an item that is requested twice comes once"),
    ],
)
def test_an_archive_that_is_like_no_known_one_settles_nothing(members, assumption, fact, simulator, results):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, method in members:
            archive.writestr(name, b"text", compress_type=method)
    simulator.faults.add(Fault.answer(200, packed.getvalue()), on="download", times=60)
    found = results(probe(simulator.base_url, simulator.api_key))[assumption]
    assert (found["status"], found["fact"], found["quirks"]) == ("not settled", fact, {})


@pytest.mark.parametrize("seed", range(5))
def test_by_chance_failing_requests_never_make_a_wrong_position(seed):
    with Simulator(items=0, seed=seed) as simulator:
        fill(simulator)
        right = probe(simulator.base_url, simulator.api_key, Limits())["quirks"]
        for fault in (Fault.answer(503), Fault.truncate(20), Fault.refusal(429, "system_busy")):
            simulator.faults.add_random(fault, 0.1)
        report = probe(simulator.base_url, simulator.api_key, Limits())
    assert report["quirks"].items() <= right.items()


@pytest.mark.parametrize("number", [0, 1, 7, 20])
def test_no_more_requests_are_sent_than_the_limit_says(number, simulator):
    report = probe(simulator.base_url, simulator.api_key, Limits(requests=number, burst=12))
    assert len(simulator.requests) == report["requests"] <= number


@pytest.mark.parametrize("number", [0, 1, 4])
def test_no_more_clips_are_fetched_than_the_limit_says(number, simulator):
    report = probe(simulator.base_url, simulator.api_key, Limits(clips=number))
    assert report["clips"] <= number


def test_a_probe_only_reads_and_stays_within_the_default_limits(simulator):
    before = [item.id for item in simulator.history]
    report = probe(simulator.base_url, simulator.api_key, Limits(ids=10_000, burst=12))
    assert {(request.method, request.operation) for request in simulator.requests} == {
        ("GET", "list"),
        ("GET", "get"),
        ("GET", "audio"),
        ("POST", "download"),
    }
    assert [item.id for item in simulator.history] == before
    assert len(simulator.requests) == report["requests"] <= 60
    assert 0 < report["clips"] <= 12


def test_the_key_is_sent_in_its_header_alone(simulator):
    probe(simulator.base_url, simulator.api_key, Limits())
    for request in simulator.requests:
        assert request.headers["xi-api-key"] == simulator.api_key
        others = [request.path, str(request.query), request.body.decode(), *request.headers.values()]
        assert sum(simulator.api_key in text for text in others) == 1


def test_no_id_of_the_server_changes_the_path(simulator):
    for item in [*simulator.history]:
        simulator.history.remove(item.id)
    simulator.history.add(history_item_id="../../v1/user?x=1#")
    probe(simulator.base_url, simulator.api_key, Limits())
    assert all(request.path.startswith("/v1/history") for request in simulator.requests)


def test_a_proxy_is_not_used_for_this_machine(simulator, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://192.0.2.1:9")
    assert probe(simulator.base_url, simulator.api_key)["quirks"]
