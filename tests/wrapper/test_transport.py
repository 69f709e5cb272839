"""The rules of every call, over sockets: failures become errors, retries end, and the key goes nowhere else."""

import asyncio
import gzip
import http.server
import json
import logging
import subprocess
import sys
import threading
import traceback
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from elevenlabs_history import (
    APIConnectionError,
    APITimeoutError,
    AsyncHistoryClient,
    AuthenticationError,
    HistoryClient,
    HistoryError,
    InvalidArgumentError,
    InvalidRequestError,
    NotFoundError,
    PermissionDeniedError,
    QuotaExceededError,
    RateLimitError,
    RetryPolicy,
    ServerError,
    UnexpectedResponseError,
    WrongRegionError,
)
from elevenlabs_history_simulator import Fault
from hypothesis import HealthCheck, given, seed, settings, strategies as st

ONCE = RetryPolicy(max_attempts=1)

STATUSES = {
    301: UnexpectedResponseError,
    307: UnexpectedResponseError,
    400: InvalidRequestError,
    401: AuthenticationError,
    402: QuotaExceededError,
    403: PermissionDeniedError,
    404: NotFoundError,
    408: APITimeoutError,
    409: InvalidRequestError,
    410: NotFoundError,
    422: InvalidRequestError,
    425: InvalidRequestError,
    429: RateLimitError,
    500: ServerError,
    501: ServerError,
    502: ServerError,
    503: ServerError,
    504: ServerError,
}

# The vendor's five shapes and what a proxy sends: body, media type, code, part of the message, request id.
SHAPES = {
    "current": (
        {"detail": {"type": "some_type", "code": "some_code", "message": "The why.", "request_id": "r1"}},
        "some_code",
        "The why.",
        "r1",
    ),
    "older": ({"detail": {"status": "some_code", "message": "The why."}}, "some_code", "The why.", "t1"),
    "list": (
        {"detail": [{"loc": ["body", "history_item_ids"], "msg": "Field required", "type": "missing"}]},
        "missing",
        "body.history_item_ids: Field required",
        "t1",
    ),
    "text": ({"detail": "The why."}, None, "The why.", "t1"),
    "flat": ({"error": "some_code", "message": "The why."}, "some_code", "The why.", "t1"),
    "page": (b"<html><head><title>The why.</title></head><body>no</body></html>", None, "The why.", "t1"),
    "nothing": (b"", None, "", "t1"),
}

CALLS = {
    "model": lambda client, _: client.get("ja9xsmfGhxYcymxGcOGB"),
    "listing": lambda client, _: list(client.list()),
    "stream": lambda client, _: client.download("ja9xsmfGhxYcymxGcOGB").read(),
    "file": lambda client, folder: client.audio("ja9xsmfGhxYcymxGcOGB").save(folder / "a.mp3"),
}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("shape", SHAPES)
def test_every_status_and_shape_is_an_error_with_a_hint(make_client, simulator, tmp_path, call, shape):
    client = make_client(retry_policy=ONCE)
    document, code, message, request_id = SHAPES[shape]
    content = document if isinstance(document, bytes) else json.dumps(document).encode()
    for status, kind in STATUSES.items():
        simulator.faults.add(Fault.answer(status, content, x_trace_id="t1", location="/elsewhere"))
        with pytest.raises(HistoryError) as raised:
            CALLS[call](client, tmp_path)
        error = raised.value
        assert type(error) is kind
        assert error.status_code == status
        assert error.hint in str(error)
        assert error.hint
        assert "\n" not in str(error)
        assert "/v1/history" in error.message
        if kind is not UnexpectedResponseError:
            assert (error.code, error.request_id) == (code, request_id)
            assert message in error.message
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(
    ("code", "message", "kind"),
    [
        ("invalid_api_key", "Invalid API key", AuthenticationError),
        ("needs_authorization", "Neither authorization nor key", AuthenticationError),
        ("missing_permissions", "The key is missing speech_history_read", PermissionDeniedError),
        ("quota_exceeded", "Nothing left", QuotaExceededError),
        ("invalid_api_key", "Use the EU residency API", WrongRegionError),
    ],
)
def test_a_401_is_told_apart_by_its_body(make_client, simulator, tmp_path, call, code, message, kind):
    for detail in ({"status": code, "message": message}, {"code": code, "message": message, "type": "any"}):
        simulator.faults.add(Fault.answer(401, json.dumps({"detail": detail}).encode()))
        with pytest.raises(HistoryError) as raised:
            CALLS[call](make_client(retry_policy=ONCE), tmp_path)
        assert type(raised.value) is kind
        assert raised.value.code == code


class OtherServer:
    """A server that records what it is sent and answers as told: with nothing, or a body and its claimed length."""

    def __init__(self):
        self.received = []
        self.body = b""
        self.length = "0"
        owner = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.rfile.read(int(self.headers.get("content-length", 0)))
                owner.received.append((self.path, dict(self.headers)))
                self.send_response(200)
                self.send_header("Content-Length", owner.length)
                self.end_headers()
                self.wfile.write(owner.body)

            do_POST = do_GET  # noqa: N815 - the name is the library's

            def log_message(self, *arguments):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}"

    def answer(self, body, *, length):
        self.body, self.length = body, length


@pytest.fixture
def elsewhere():
    other = OtherServer()
    thread = threading.Thread(target=other.server.serve_forever, args=(0.01,))
    thread.start()
    yield other
    other.server.shutdown()
    thread.join()
    other.server.server_close()


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_refused_and_nothing_goes_there(make_client, simulator, elsewhere, tmp_path, call, status):
    client = make_client(http_client_arguments={"follow_redirects": True})
    simulator.faults.add(Fault.answer(status, location=f"{elsewhere.address}/v1/history"))
    with pytest.raises(UnexpectedResponseError, match=elsewhere.address) as raised:
        CALLS[call](client, tmp_path)
    assert "base URL" in raised.value.hint
    assert elsewhere.received == []


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
@pytest.mark.parametrize("retry_after", [None, "0", "-1", "soon", "Wed, 21 Oct 2015 07:28:00 GMT"])
def test_a_temporary_failure_is_retried_with_and_without_retry_after(client, simulator, status, retry_after):
    headers = {} if retry_after is None else {"retry_after": retry_after}
    simulator.faults.add(Fault.answer(status, b"<html>busy</html>", **headers), times=2)
    assert len(list(client.list(limit=5))) == 5
    assert len(simulator.requests) == 3


def test_a_retry_after_is_waited_for(client, simulator):
    simulator.faults.add(Fault.answer(429, b"{}", retry_after="1"))
    assert client.get(next(iter(simulator.history)).id)
    first, second = simulator.requests
    assert second.time - first.time >= 1


def test_compressed_json_is_decompressed_and_checked(make_client, simulator):
    item = next(iter(simulator.history))
    packed = gzip.compress(json.dumps(item.metadata).encode())
    simulator.faults.add(Fault.answer(200, packed, content_encoding="gzip", content_type="application/json"))
    assert make_client().get(item.id).history_item_id == item.id
    for damaged in (packed[:-5], packed[: len(packed) // 2], b"\x1f\x8b"):
        simulator.faults.add(Fault.answer(200, damaged, content_encoding="gzip", content_type="application/json"))
        with pytest.raises(APIConnectionError, match="cut short or damaged"):
            make_client(retry_policy=ONCE).get(item.id)


STREAMS = {
    "read": lambda download, _: download.read(),
    "iter_bytes": lambda download, _: b"".join(download.iter_bytes()),
    "save": lambda download, folder: download.save(folder / "a.mp3").read_bytes(),
    "extract": lambda download, folder: download.extract(folder)[0].path.read_bytes(),
}


@pytest.mark.parametrize("method", STREAMS)
@pytest.mark.parametrize("status", [202, 203, 204, 206])
def test_a_success_other_than_200_is_not_taken_for_the_file(client, simulator, tmp_path, method, status):
    item = next(iter(simulator.history))
    part = b"" if status == 204 else b"".join(item.audio().pieces())[:5000]
    simulator.faults.add(Fault.answer(status, part, content_type="audio/mpeg", content_range="bytes 0-4999/20000"))
    with pytest.raises(UnexpectedResponseError, match=f"the status is {status} instead of 200") as raised:
        STREAMS[method](client.audio(item.id), tmp_path)
    assert raised.value.status_code == status
    assert "proxy" in raised.value.hint
    assert list(tmp_path.iterdir()) == []
    assert len(simulator.requests) == 1


@pytest.mark.parametrize("encoding", ["gzip", "GZIP", "GZip"])
def test_gzip_is_accepted_for_json_and_refused_for_audio_in_any_case(client, simulator, encoding):
    item = next(iter(simulator.history))
    packed = gzip.compress(json.dumps(item.metadata).encode())
    simulator.faults.add(Fault.answer(200, packed, content_encoding=encoding, content_type="application/json"), times=2)
    assert client.get(item.id).history_item_id == item.id
    with pytest.raises(UnexpectedResponseError, match="encoded as gzip, which was not requested"):
        client.audio(item.id).read()


@pytest.mark.parametrize("encoding", ["identity", "Identity"])
def test_identity_is_no_encoding_in_any_case(client, simulator, encoding):
    item = next(iter(simulator.history))
    audio = b"".join(item.audio().pieces())
    simulator.faults.add(Fault.answer(200, audio, content_encoding=encoding), on="audio")
    assert client.audio(item.id).read() == audio
    document = json.dumps(item.metadata).encode()
    simulator.faults.add(Fault.answer(200, document, content_encoding=encoding, content_type="application/json"))
    assert client.get(item.id).history_item_id == item.id


def test_an_encoding_that_nobody_requested_is_refused(client, simulator):
    simulator.faults.add(Fault.answer(200, b"\x28\xb5\x2f\xfd", content_encoding="zstd"), times=2)
    for call in (client.get, lambda each: client.audio(each).read()):
        with pytest.raises(UnexpectedResponseError, match="encoded as zstd"):
            call("abc")


@pytest.mark.parametrize("call", ["model", "stream"])
def test_a_content_length_with_leading_zeros_is_the_same_number(make_client, elsewhere, call):
    client = make_client(base_url=elsewhere.address, retry_policy=ONCE)
    item = {"history_item_id": "ja9xsmfGhxYcymxGcOGB", "date_unix": 1, "content_type": "audio/mpeg", "state": "created"}
    item |= {"character_count_change_from": 0, "character_count_change_to": 1}
    body = json.dumps(item).encode() if call == "model" else b"ID3\x04\x00\x00\x00\x00\x00\x00" + bytes(90)
    elsewhere.answer(body, length=f"000{len(body)}")
    assert CALLS[call](client, None)
    elsewhere.answer(body, length=f"000{len(body) + 1}")
    with pytest.raises(APIConnectionError, match=r"the response ended after|the connection broke"):
        CALLS[call](client, None)
    assert len(elsewhere.received) == 2


def test_the_rest_of_a_huge_error_page_is_not_read(client, simulator):
    simulator.faults.add(Fault.answer(500, b"<p>Sorry</p>" + bytes(10**7)), on="get")
    assert client.get(next(iter(simulator.history)).id)
    assert len(simulator.requests) == 2


def test_a_server_that_says_nothing_is_a_timeout_that_names_the_limit(make_client, simulator):
    simulator.faults.add(Fault.hang())
    with pytest.raises(APITimeoutError, match=r"GET /v1/history/abc: read timed out after 0\.2 s") as raised:
        make_client(retry_policy=ONCE, timeout=0.2).get("abc")
    assert "Try again later" in raised.value.hint
    assert not raised.value.never_sent


def test_a_certificate_that_is_not_trusted_was_never_sent_the_request(make_client):
    def refuse(request):
        raise httpx.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED] self-signed certificate")

    client = make_client(retry_policy=ONCE, http_client_arguments={"transport": httpx.MockTransport(refuse)})
    with pytest.raises(APIConnectionError, match="self-signed certificate") as raised:
        client.delete("abc")
    assert "SSL_CERT_FILE" in raised.value.hint
    assert raised.value.never_sent


def test_a_call_makes_no_more_attempts_than_allowed(make_client, simulator):
    simulator.faults.add(Fault.answer(503, b"{}"), times=100)
    with pytest.raises(ServerError):
        make_client(retry_policy=RetryPolicy(max_attempts=3, wait_initial=0.01)).get("abc")
    assert len(simulator.requests) == 3


def test_a_server_that_can_not_be_reached_is_named(make_client):
    client = make_client(base_url="http://127.0.0.1:9", retry_policy=ONCE)
    with pytest.raises(APIConnectionError, match=r"can't connect to http://127\.0\.0\.1:9") as raised:
        client.get("abc")
    assert raised.value.never_sent


# An httpx client of the caller.


def test_a_client_of_the_caller_keeps_its_headers_but_not_its_timeout(make_client, simulator):
    made = make_client(http_client_arguments={"headers": {"x-team": "audio"}, "timeout": 0.001})
    assert len(list(made.list(limit=2))) == 2
    received = simulator.requests[-1].headers
    assert received["x-team"] == "audio"
    assert received["xi-api-key"] == simulator.api_key
    assert received["user-agent"].startswith("elevenlabs-history/")


def test_a_client_of_the_caller_is_left_open(simulator):
    with httpx.Client() as own:
        with HistoryClient(simulator.api_key, base_url=simulator.base_url, http_client=own) as client:
            list(client.list())
        assert not own.is_closed

    async def use():
        async with httpx.AsyncClient() as own:
            made = AsyncHistoryClient(simulator.api_key, base_url=simulator.base_url, http_client=own)
            async with made as client:
                assert [item async for item in client.list(limit=1)]
            assert not own.is_closed

    asyncio.run(use())


def _read_and_raise(response):
    response.read()
    response.raise_for_status()


async def _read_and_raise_async(response):
    await response.aread()
    response.raise_for_status()


REFUSALS = [
    (Fault.answer(401, b'{"detail": {"status": "quota_exceeded"}}'), QuotaExceededError),
    (Fault.answer(400, b'{"detail": {"status": "invalid_uid"}}'), NotFoundError),
]


@pytest.mark.parametrize("hook", [httpx.Response.read, _read_and_raise])
def test_a_hook_that_reads_the_response_changes_nothing(simulator, hook):
    with httpx.Client(event_hooks={"response": [hook]}) as own:
        client = HistoryClient(simulator.api_key, base_url=simulator.base_url, http_client=own)
        simulator.faults.add(Fault.answer(503))
        items = list(client.list(limit=2))
        assert [len(client.download(item).read()) for item in items] == [
            len(client.audio(item).read()) for item in items
        ]
        for fault, kind in REFUSALS:
            simulator.faults.add(fault)
            with pytest.raises(kind) as raised:
                client.get(items[0].history_item_id)
            assert raised.value.__cause__ is raised.value.__context__ is None


def test_an_async_hook_that_reads_the_response_changes_nothing(simulator):
    async def use():
        async with httpx.AsyncClient(event_hooks={"response": [_read_and_raise_async]}) as own:
            client = AsyncHistoryClient(simulator.api_key, base_url=simulator.base_url, http_client=own)
            item = await anext(client.list(limit=1))
            assert await client.audio(item).read() == await client.download(item).read()
            for fault, kind in REFUSALS:
                simulator.faults.add(fault)
                with pytest.raises(kind):
                    await client.get(item.history_item_id)

    asyncio.run(use())


def test_a_hook_that_raises_for_a_status_leaves_the_status(simulator):
    with httpx.Client(event_hooks={"response": [httpx.Response.raise_for_status]}) as own:
        client = HistoryClient(simulator.api_key, base_url=simulator.base_url, http_client=own)
        simulator.faults.add(Fault.answer(503))
        assert next(client.list(limit=1))
        with pytest.raises(AuthenticationError, match="no reason was received") as raised:
            next(HistoryClient("sk_wrong", base_url=simulator.base_url, http_client=own).list())
    assert raised.value.status_code == 401
    assert raised.value.__cause__ is raised.value.__context__ is None


def test_a_hook_that_raises_for_a_success_is_named(simulator):
    def refuse(response):
        raise httpx.HTTPStatusError("policy", request=response.request, response=response)

    with httpx.Client(event_hooks={"response": [refuse]}) as own:
        client = HistoryClient(simulator.api_key, base_url=simulator.base_url, http_client=own)
        with pytest.raises(InvalidArgumentError, match=r"A hook of the http_client must not raise") as raised:
            list(client.list())
    assert raised.value.__cause__ is raised.value.__context__ is None


def test_a_hook_that_closes_the_response_is_named_and_shows_no_key(simulator):
    with httpx.Client(event_hooks={"response": [httpx.Response.close]}) as own:
        client = HistoryClient(simulator.api_key, base_url=simulator.base_url, http_client=own)
        with pytest.raises(InvalidArgumentError, match=r"A hook of the http_client must not raise") as raised:
            list(client.list())
    assert raised.value.__cause__ is raised.value.__context__ is None


def test_a_mock_may_stand_for_the_server():
    audio = b"ID3\x04\x00\x00\x00\x00\x00\x00" + bytes(400)

    def respond(request):
        if request.url.path.endswith("/audio"):
            return httpx.Response(200, content=audio)
        page = gzip.compress(b'{"history": [], "has_more": false}')
        return httpx.Response(
            200, content=page, headers={"content-encoding": "gzip", "content-type": "application/json"}
        )

    with HistoryClient("sk_mock", http_client=httpx.Client(transport=httpx.MockTransport(respond))) as client:
        assert list(client.list()) == []
        assert client.audio("a" * 20).read() == audio


def test_a_client_of_the_caller_that_is_closed_is_named(simulator):
    own = httpx.Client()
    own.close()
    with pytest.raises(InvalidArgumentError, match="The http_client is closed"):
        HistoryClient(simulator.api_key, base_url=simulator.base_url, http_client=own).get("a" * 20)


def test_a_proxy_of_the_caller_is_used(make_client, elsewhere):
    client = make_client(
        base_url="http://history.localhost:1", retry_policy=ONCE, http_client_arguments={"proxy": elsewhere.address}
    )
    with pytest.raises(UnexpectedResponseError):
        client.get("abc")
    assert [path for path, _ in elsewhere.received] == ["http://history.localhost:1/v1/history/abc"]


# The key.


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(
    "fault",
    [
        Fault.answer(401, b"{}"),
        Fault.answer(200, b"<html>no</html>", content_type="text/html"),
        Fault.answer(307, location="https://example.com"),
        Fault.reset_before_headers(),
        Fault.reset_after_headers(),
        Fault.truncate(5),
        Fault.hang(),
    ],
    ids=lambda fault: f"{fault.kind}-{fault.status}",
)
def test_the_key_is_in_no_traceback_and_no_log(make_client, simulator, tmp_path, caplog, call, fault):
    caplog.set_level(logging.DEBUG)
    client = make_client(retry_policy=RetryPolicy(max_attempts=2, wait_initial=0.01), timeout=0.2)
    simulator.faults.add(fault, times=2)
    with pytest.raises(HistoryError) as raised:
        CALLS[call](client, tmp_path)
    shown = traceback.TracebackException.from_exception(raised.value, capture_locals=True).format(chain=True)
    assert simulator.api_key not in "".join(shown)
    assert simulator.api_key not in caplog.text
    assert "httpcore" in {record.name.partition(".")[0] for record in caplog.records}


def test_each_request_is_one_debug_line_and_each_retry_a_warning(client, simulator, caplog):
    caplog.set_level(logging.DEBUG, logger="elevenlabs_history")
    simulator.faults.add(Fault.answer(503, b"{}"))
    assert len(list(client.list(limit=3))) == 3
    lines = [(record.levelname, record.getMessage()) for record in caplog.records if "elevenlabs" in record.name]
    assert [level for level, _ in lines] == ["DEBUG", "WARNING", "DEBUG"]
    assert lines[0][1].startswith("GET /v1/history: 503 in ")
    assert lines[2][1].endswith("attempt 2")


# All of it together.

FAULTS = st.sampled_from(
    [
        Fault.answer(429, b"{}"),
        Fault.answer(429, b"{}", retry_after="0"),
        Fault.answer(500, b"<html>oops</html>"),
        Fault.answer(502),
        Fault.answer(401, b'{"detail": {"status": "invalid_api_key", "message": "no"}}'),
        Fault.answer(404, b'{"detail": {"code": "not_found", "message": "no"}}'),
        Fault.answer(200, b"<html>log in</html>", content_type="text/html"),
        Fault.answer(200, b""),
        Fault.answer(302, location="https://example.com"),
        Fault.reset_before_headers(),
        Fault.truncate(0),
        Fault.truncate(1),
        Fault.truncate(9000),
        Fault.no_length(),
        Fault.gzip(),
    ]
)


@seed(20_260_822)
@settings(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(faults=st.lists(FAULTS, max_size=8), attempts=st.integers(1, 5), method=st.sampled_from(["download", "audio"]))
def test_whatever_goes_wrong_the_right_bytes_or_a_typed_error_come_of_it(
    make_client, simulator, faults, attempts, method
):
    item = next(iter(simulator.history))
    expected = b"".join(item.audio().pieces())
    simulator.faults.clear()
    simulator.requests.clear()
    for fault in faults:
        simulator.faults.add(fault)
    client = make_client(
        retry_policy=RetryPolicy(max_attempts=attempts, wait_initial=0.001, wait_max=0.002),
        http_client_arguments={"verify": False},  # reading the certificates takes longer than all the rest
    )
    try:
        assert getattr(client, method)(item.id).read() == expected
    except HistoryError:
        assert faults
    finally:
        client.close()
    assert 1 <= len(simulator.requests) <= attempts


def test_a_burst_of_429_in_threads_ends_with_every_response(simulator):
    ids = [item.id for item in simulator.history]
    simulator.faults.add(Fault.answer(429, b"{}", retry_after="0"), times=20)
    policy = RetryPolicy(max_attempts=30, wait_initial=0.01, wait_max=0.02)
    client = HistoryClient(simulator.api_key, base_url=simulator.base_url, retry_policy=policy)
    with client, ThreadPoolExecutor(8) as pool:
        assert [item.history_item_id for item in pool.map(client.get, ids)] == ids
    assert len(simulator.requests) == len(ids) + 20


def test_import_reads_no_module_that_only_some_callers_need():
    heavy = ["asyncio", "zipfile", "sqlite3", "concurrent.futures", "filelock", "pathvalidate", "click", "tempfile"]
    script = (
        "import sys, httpx; before = set(sys.modules); import elevenlabs_history;"
        f"print(*sorted((set(sys.modules) - before) & set({heavy!r})))"
    )
    completed = subprocess.run([sys.executable, "-c", script], capture_output=True, encoding="utf-8", check=True)
    assert completed.stdout.strip() == ""
