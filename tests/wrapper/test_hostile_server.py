"""A server that sends without end, sends back what it received, or stands behind settings that can't be used."""

import gzip
import http.server
import io
import json
import socketserver
import threading
import time
import tracemalloc
import zipfile
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from elevenlabs_history import (
    APIConnectionError,
    APITimeoutError,
    AuthenticationError,
    FileKind,
    HistoryClient,
    HistoryError,
    HistoryItem,
    InvalidArgumentError,
    InvalidRequestError,
    RetryPolicy,
    UnexpectedResponseError,
    extract_archive,
)
from elevenlabs_history_simulator import Fault

ONCE = RetryPolicy(max_attempts=1)


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.server.received.append(dict(self.headers))
        self.server.respond(self)

    def do_POST(self):
        self.body = self.rfile.read(int(self.headers["Content-Length"]))
        self.do_GET()

    def log_message(self, *_):
        pass


class _Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    respond = None

    @property
    def address(self):
        return f"http://127.0.0.1:{self.server_address[1]}"


@pytest.fixture
def server():
    """A server whose `respond` writes each response by hand."""
    with _Server(("127.0.0.1", 0), _Handler) as server:
        server.received = []
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def send(handler, status, body, **headers):
    handler.send_response(status)
    for name, value in {"content_length": str(len(body)), **headers}.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.end_headers()
    handler.wfile.write(body)


def send_without_end(handler, *, status=200):
    handler.send_response(status)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    try:
        handler.wfile.write(b"1\r\n[\r\n")
        while True:
            handler.wfile.write(b"10000\r\n" + b"1," * 0x8000 + b"\r\n")
    except OSError:
        handler.close_connection = True


@pytest.mark.parametrize("call", ["list", "get"])
def test_an_endless_json_response_is_refused_within_bounded_memory(make_client, server, call):
    server.respond = send_without_end
    client = make_client(base_url=server.address, retry_policy=ONCE)
    tracemalloc.start()
    try:
        with pytest.raises(UnexpectedResponseError, match="longer than 64 MiB"):
            list(client.list()) if call == "list" else client.get("a")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 200 * 1024**2


def test_the_body_of_an_endless_error_is_cut(make_client, server):
    server.respond = lambda handler: send_without_end(handler, status=403)
    with pytest.raises(HistoryError) as raised:
        make_client(base_url=server.address, retry_policy=ONCE).get("a")
    assert raised.value.status_code == 403


def test_a_megabyte_that_expands_to_a_gigabyte_is_refused_within_bounded_memory(make_client, server):
    bomb = gzip.compress(b"[" + b" " * (1024**3 // 4))
    assert len(bomb) < 1024**2
    server.respond = lambda handler: send(handler, 200, bomb, content_encoding="gzip", content_type="application/json")
    tracemalloc.start()
    try:
        with pytest.raises(UnexpectedResponseError, match="longer than 64 MiB"):
            make_client(base_url=server.address, retry_policy=ONCE).get("a")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 150 * 1024**2


def test_a_compressed_error_is_read(make_client, server):
    body = gzip.compress(json.dumps({"detail": {"code": "missing_permissions", "message": "No scope."}}).encode())
    server.respond = lambda handler: send(handler, 401, body, content_encoding="gzip")
    with pytest.raises(HistoryError, match=r"No scope\.") as raised:
        make_client(base_url=server.address, retry_policy=ONCE).get("a")
    assert raised.value.code == "missing_permissions"


@pytest.mark.parametrize("call", ["list", "get"])
@pytest.mark.parametrize("body", [b"[" * 100_000, b'{"a":' * 100_000, b"1" * 5000, b"NaN", b'"\\ud800"', b"\xff\xfe"])
def test_json_that_no_parser_takes_is_an_unexpected_response(make_client, server, call, body):
    server.respond = lambda handler: send(handler, 200, body, content_type="application/json")
    client = make_client(base_url=server.address, retry_policy=ONCE)
    with pytest.raises(UnexpectedResponseError):
        list(client.list()) if call == "list" else client.get("a")


def test_a_download_that_took_longer_than_the_retry_timeout_is_requested_again(make_client, simulator):
    item = next(iter(simulator.history))
    policy = RetryPolicy(timeout=0.3, wait_initial=0.01, wait_max=0.02)
    client = make_client(retry_policy=policy)
    simulator.faults.add(Fault.truncate(15_000), on="audio")
    simulator.latency = 0.5
    try:
        assert client.audio(item.id).read() == b"".join(item.audio().pieces())
    finally:
        simulator.latency = 0.0


# The key.


KEY = "sk_this_is_the_secret_key"


def reflect(status, where):
    def respond(handler):
        key = handler.headers["xi-api-key"]
        if where == "message":
            document = {"detail": {"code": f"code_{key}", "message": f"You sent {key}.", "request_id": key}}
        else:
            document = {"history": [], "has_more": False, "echo": key, "history_item_id": "a", "date_unix": 1}
            document |= {"character_count_change_from": 0, "character_count_change_to": 1, "text": f"It is {key}."}
            document |= {"content_type": "audio/mpeg", "state": "created", "voice_name": key}
        body = f"<title>{key}</title>".encode() if where == "page" else json.dumps(document).encode()
        send(handler, status, body, content_type="text/html" if where == "page" else "application/json", x_trace_id=key)

    return respond


@pytest.mark.parametrize("where", ["message", "page"])
@pytest.mark.parametrize("status", [200, 307, 400, 401, 429, 500])
@pytest.mark.parametrize("call", ["get", "list", "download"])
def test_a_key_that_the_server_sends_back_is_in_no_error(make_client, server, where, status, call):
    server.respond = reflect(status, where)
    client = make_client(KEY, base_url=server.address, retry_policy=ONCE)
    calls = {"get": lambda: client.get("a"), "list": lambda: list(client.list()), "download": client.download("a").read}
    try:
        calls[call]()
    except HistoryError as error:
        told = [str(error), repr(error), error.message, str(error.code), str(error.request_id), str(error.args)]
        assert not [text for text in told if KEY in text]


def test_a_key_that_the_server_sends_back_is_in_no_item(make_client, server):
    server.respond = reflect(200, "item")
    item = make_client(KEY, base_url=server.address).get("a")
    assert item.text == "It is [api key]."
    assert KEY not in json.dumps(item.to_dict())


def with_escapes(document):
    """Write JSON whose key begins with an escape, then one that consists of nothing else."""
    for spelling in ("\\u0073" + KEY[1:], "".join(f"\\u{ord(letter):04X}" for letter in KEY)):
        yield json.dumps(document).replace(KEY, spelling).encode()


def test_a_key_that_is_sent_back_in_escapes_is_in_no_item_and_no_error(make_client, server):
    client = make_client(KEY, base_url=server.address, retry_policy=ONCE)
    for body in with_escapes({"history_item_id": "a", "date_unix": 1, "text": f"It is {KEY}."}):
        server.respond = lambda handler, body=body: send(handler, 200, body)
        assert client.get("a").text == "It is [api key]."
    # Of a message that is cut, no part of the key may be left, either.
    for body in with_escapes({"detail": {"message": "x" * 480 + KEY}}):
        server.respond = lambda handler, body=body: send(handler, 400, body)
        with pytest.raises(HistoryError) as raised:
            client.get("a")
        assert KEY[:8] not in str(raised.value)


def test_no_part_of_a_key_that_is_sent_back_in_a_header_is_in_the_error(make_client, server):
    def respond(handler):
        send(handler, 307, b"", location="http://e/" + "x" * 475 + handler.headers["xi-api-key"])

    server.respond = respond
    with pytest.raises(UnexpectedResponseError, match="redirects") as raised:
        make_client(KEY, base_url=server.address, retry_policy=ONCE).get("a")
    assert KEY[:8] not in str(raised.value)


def test_a_key_that_is_sent_back_as_the_reason_is_in_no_log(make_client, server, caplog):
    def respond(handler):
        handler.send_response(400, handler.headers["xi-api-key"])
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    server.respond = respond
    caplog.set_level("DEBUG", "httpx")
    with pytest.raises(InvalidRequestError):
        make_client(KEY, base_url=server.address, retry_policy=ONCE).get("a")
    assert '"HTTP/1.1 400 …"' in caplog.text
    assert KEY not in caplog.text


# What was asked for.


def test_another_item_than_the_one_that_was_asked_for_is_refused(make_client, server):
    server.respond = lambda handler: send(handler, 200, b'{"history_item_id": "b", "date_unix": 1}')
    with pytest.raises(UnexpectedResponseError, match="GET /v1/history/a: the server answered with item b"):
        make_client(base_url=server.address).get("a")


@pytest.mark.parametrize(("call", "status"), [("get", 200), ("audio", 400)])
def test_json_that_comes_a_byte_at_a_time_ends(make_client, server, monkeypatch, call, status):
    monkeypatch.setattr("elevenlabs_history._http.responses.MAX_JSON_SECONDS", 0.3)

    def respond(handler):
        send(handler, status, b"", content_length="1000")
        try:
            while True:
                handler.wfile.write(b" ")
                time.sleep(0.05)
        except OSError:
            handler.close_connection = True

    server.respond = respond
    client = make_client(base_url=server.address, retry_policy=ONCE)
    with pytest.raises(APITimeoutError if status == 200 else InvalidRequestError):
        client.get("a") if call == "get" else client.audio("a").read()


def test_half_of_compressed_audio_is_refused_even_if_a_hook_has_read_it(server, tmp_path):
    body = gzip.compress(MP3)
    half = body[: len(body) // 2]
    server.respond = lambda handler: send(handler, 200, half, content_encoding="gzip")
    with httpx.Client(event_hooks={"response": [httpx.Response.read]}) as own:
        client = HistoryClient(KEY, base_url=server.address, http_client=own, retry_policy=ONCE)
        with pytest.raises(UnexpectedResponseError, match="encoded as gzip"):
            client.audio("a").save(tmp_path / "a.mp3")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("number", [1, 3])
def test_the_limit_of_a_listing_does_not_make_its_pages_small_while_nothing_comes(make_client, server, number):
    def respond(handler):
        page_size = int(parse_qs(urlsplit(handler.path).query)["page_size"][0])
        found = [{"history_item_id": f"i{n}", "date_unix": 1} for n in range(number)] if page_size == 1000 else []
        page = {"history": found, "has_more": not found, "last_history_item_id": f"c{len(server.received)}"}
        send(handler, 200, json.dumps(page).encode())

    server.respond = respond
    assert len(list(make_client(base_url=server.address).list(limit=1))) == 1
    assert len(server.received) == 2


def test_a_listing_without_end_that_brings_nothing_ends(make_client, server):
    def respond(handler):
        page = {"history": [], "has_more": True, "last_history_item_id": f"c{len(server.received)}"}
        send(handler, 200, json.dumps(page).encode())

    server.respond = respond
    items = make_client(base_url=server.address).list()
    assert (list(items), items.exhausted) == ([], False)
    assert len(server.received) == 100


def test_what_is_too_long_for_an_address_is_invalid(make_client, server):
    client = make_client(base_url=server.address, retry_policy=ONCE)
    for call in (
        lambda: client.get("a" * 70_000),
        lambda: client.audio("a" * 70_000),
        lambda: list(client.list(search="a" * 70_000)),
    ):
        with pytest.raises(InvalidArgumentError):
            call()
    assert server.received == []
    page = {"history": [], "has_more": True, "last_history_item_id": "x" * 70_000}
    server.respond = lambda handler: send(handler, 200, json.dumps(page).encode())
    with pytest.raises(InvalidArgumentError, match="URL"):
        list(client.list())


# Proxies and certificates.


def test_loopback_never_uses_a_proxy(make_client, simulator, server, monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, server.address)
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    server.respond = lambda handler: send(handler, 200, b"{}")
    client = make_client()
    assert list(client.list())
    assert client.download([item.id for item in simulator.history][:2]).read()
    assert server.received == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ALL_PROXY", "socks5://127.0.0.1:1"),
        ("HTTPS_PROXY", "http://host:port"),
        ("HTTPS_PROXY", "ftp://host"),
        ("SSL_CERT_FILE", "/does/not/exist"),
    ],
)
@pytest.mark.parametrize("call", ["get", "list", "download"])
def test_settings_that_can_not_be_used_are_one_error_with_a_hint(make_client, monkeypatch, name, value, call):
    monkeypatch.setenv(name, value)
    client = make_client(base_url="https://api.example.invalid")
    calls = {"get": lambda: client.get("a"), "list": lambda: list(client.list()), "download": client.download("a").read}
    with pytest.raises(InvalidArgumentError, match=r"Can't prepare a connection: .*") as raised:
        calls[call]()
    assert "SSL_CERT_FILE" in raised.value.hint


def test_a_run_with_settings_that_can_not_be_used_raises_before_anything_is_written(make_client, monkeypatch, tmp_path):
    monkeypatch.setenv("ALL_PROXY", "socks5://127.0.0.1:1")
    with pytest.raises(InvalidArgumentError, match="Can't prepare a connection"):
        make_client(base_url="https://api.example.invalid").download_all(["a", "b"], tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "retry_after", ["Fri, 31 Dec 9999 23:59:59 -2359", "9" * 400, "Fri, 31 Dec 0001 00:00:00 +2359"]
)
def test_a_retry_after_of_another_age_is_no_foreign_exception(make_client, server, retry_after):
    server.respond = lambda handler: send(handler, 429, b"{}", retry_after=retry_after)
    policy = RetryPolicy(max_attempts=2, retry_after_max=0.01, wait_initial=0.01, wait_max=0.01)
    with pytest.raises(HistoryError) as raised:
        make_client(base_url=server.address, retry_policy=policy).get("a")
    assert raised.value.status_code == 429
    assert not isinstance(raised.value, AuthenticationError | APIConnectionError)


IDS = ("a" * 20, "b" * 20)
MP3 = b"ID3\x04\0\0\0\0\0\0" + bytes(5000)
MESSAGE = b'{"detail": {"status": "no_audio", "message": "There is no audio."}}'


def items_as(output_format):
    return [
        HistoryItem({"history_item_id": each, "date_unix": 1_700_000_000 + number, "output_format": output_format})
        for number, each in enumerate(IDS)
    ]


def serve_bodies(server, bodies):
    """Answer one id with its body, several with an archive of theirs, named by id."""

    def respond(handler):
        ids = json.loads(handler.body)["history_item_ids"]
        body = bodies[ids[0]]
        if len(ids) > 1:
            archive = io.BytesIO()
            with zipfile.ZipFile(archive, "w") as file:
                for each in ids:
                    file.writestr(f"ElevenLabs_x_{each}.mp3", bodies[each])
            body = archive.getvalue()
        send(handler, 200, body)

    server.respond = respond


@pytest.mark.parametrize("body", [MESSAGE, b"<!doctype html><p>Sorry.", b""], ids=["JSON", "HTML", "empty"])
def test_a_message_in_an_archive_is_no_audio_and_the_item_is_requested_alone(server, make_client, tmp_path, body):
    serve_bodies(server, {IDS[0]: body, IDS[1]: MP3})
    client = make_client(base_url=server.address, retry_policy=ONCE)
    with pytest.raises(HistoryError) as raised:
        client.download(items_as("mp3_44100_128")).extract(tmp_path)
    assert IDS[0] in str(raised.value)
    assert list(tmp_path.rglob("*.*")) == []
    report = client.download_all(items_as("mp3_44100_128"), tmp_path)
    assert [file.history_item_id for file in report.saved] == [IDS[1]]
    assert [failed.history_item_id for failed in report.failed] == [IDS[0]]
    serve_bodies(server, dict.fromkeys(IDS, MP3))
    assert [file.history_item_id for file in client.download_all(items_as("mp3_44100_128"), tmp_path).saved] == [IDS[0]]


def test_files_of_a_format_that_is_not_known_here_are_kept_and_not_fetched_again(server, make_client, tmp_path):
    serve_bodies(server, dict.fromkeys(IDS, bytes(range(128, 256)) * 40))
    client = make_client(base_url=server.address)
    first = client.download_all(items_as("aac_44100_128"), tmp_path)
    assert [file.kind for file in first.saved] == [FileKind.UNKNOWN] * 2
    second = client.download_all(items_as("aac_44100_128"), tmp_path)
    assert (len(second.skipped), second.saved, second.failed) == (2, [], [])
    archive = client.download(items_as("aac_44100_128")).save(tmp_path / "by-hand.zip")
    assert len(extract_archive(archive, items_as("aac_44100_128"), tmp_path / "by-hand").unmatched) == 2
