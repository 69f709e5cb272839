"""What happens to a request and its answer on the wire: the log, the delays, the limits and the failures."""

from __future__ import annotations

import asyncio
import gzip
import json
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from attrs import frozen

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from .faults import Fault
    from .server import Simulator

TRANSPORT = "elevenlabs_history_simulator.transport"
"""Where the server puts the connection, because ASGI itself has no way to break one."""

_DRIPS = 16


@frozen(kw_only=True)
class ReceivedRequest:
    """A request as it came.

    Attributes:
        operation: `list`, `get`, `delete`, `audio` or `download`; empty for any other path.
        method: The method.
        path: The path.
        query: The parameters.
        headers: The headers, by lower-case names.
        body: The body.
        time: When it came, in seconds of the monotonic clock.
    """

    operation: str
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes
    time: float

    @property
    def json(self) -> Any:  # noqa: ANN401 - JSON is anything
        """The body as JSON."""
        return json.loads(self.body)


class Wire:
    """An ASGI app around the server's own."""

    def __init__(self, app: ASGIApp, simulator: Simulator) -> None:
        self._app = app
        self._simulator = simulator
        self._running = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            return
        request = await _read_request(scope, receive)
        simulator = self._simulator
        simulator.requests.append(request)
        fault = simulator.faults.take(request.operation)
        self._running += 1
        try:
            if simulator.concurrency is not None and self._running > simulator.concurrency:
                await _answer(send, 429, _TOO_MANY, {"content-type": "application/json"})
                return
            if simulator.latency:
                await asyncio.sleep(simulator.latency)
            if fault is None:
                await self._app(scope, _replay(request, receive), send)
            else:
                await self._fail(fault, request, scope, receive, send)
        finally:
            self._running -= 1

    async def _fail(self, fault: Fault, request: ReceivedRequest, scope: Scope, receive: Receive, send: Send) -> None:
        connection = scope[TRANSPORT]
        if fault.kind == "answer":
            await _answer(send, fault.status, fault.body, dict(fault.headers))
            return
        if fault.kind == "hang":
            while (await receive())["type"] != "http.disconnect":
                pass
            return
        if fault.kind == "reset before headers":
            connection.abort()
            return
        await self._app(scope, _replay(request, receive), _Breaking(fault, send, connection))


class _Breaking:
    """A way to send that goes wrong as a fault says."""

    def __init__(self, fault: Fault, send: Send, connection: Any) -> None:  # noqa: ANN401 - asyncio's transports
        self._fault = fault
        self._send = send
        self._connection = connection
        self._sent = 0
        self._held: list[bytes] = []
        self._start: Message = {}

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            await self._begin(message)
        elif not self._connection.is_closing():
            await getattr(self, f"_{self._fault.kind.replace(' ', '_')}")(message)

    async def _begin(self, message: Message) -> None:
        kept = [(name, value) for name, value in message["headers"] if name != b"content-length"]
        if self._fault.kind == "gzip":
            self._start = {**message, "headers": [*kept, (b"content-encoding", b"gzip")]}
            return
        if self._fault.kind == "no length":
            headers = b"".join(name + b": " + value + b"\r\n" for name, value in kept)
            self._connection.write(b"HTTP/1.1 200 OK\r\nconnection: close\r\n" + headers + b"\r\n")
            return
        await self._send(message)

    async def _reset(self, message: Message) -> None:
        del message
        # What was written has to leave before the reset, or the caller sees no headers.
        await asyncio.sleep(0.05)
        self._connection.abort()

    async def _truncate(self, message: Message) -> None:
        body = message.get("body", b"")
        left = self._fault.after - self._sent
        self._sent += len(body)
        if len(body) <= left and message.get("more_body"):
            await self._send(message)
            return
        await self._send({"type": "http.response.body", "body": body[:left], "more_body": True})
        self._connection.close()

    async def _no_length(self, message: Message) -> None:
        self._connection.write(message.get("body", b""))
        if not message.get("more_body"):
            self._connection.close()

    async def _drip(self, message: Message) -> None:
        body = message.get("body", b"")
        step = max(1, -(-len(body) // _DRIPS))
        for start in range(0, len(body), step):
            await asyncio.sleep(self._fault.delay)
            await self._send({"type": "http.response.body", "body": body[start : start + step], "more_body": True})
        if not message.get("more_body"):
            await self._send({"type": "http.response.body"})

    async def _gzip(self, message: Message) -> None:
        self._held.append(message.get("body", b""))
        if not message.get("more_body"):
            body = gzip.compress(b"".join(self._held))
            self._start["headers"].append((b"content-length", str(len(body)).encode()))
            await self._send(self._start)
            await self._send({"type": "http.response.body", "body": body})


_TOO_MANY = json.dumps(
    {"detail": {"status": "too_many_concurrent_requests", "message": "Too many concurrent requests"}}
).encode()


async def _read_request(scope: Scope, receive: Receive) -> ReceivedRequest:
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    path = scope["path"]
    return ReceivedRequest(
        operation=_operation(scope["method"], path),
        method=scope["method"],
        path=path,
        query=dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)),
        headers={name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]},
        body=body,
        time=time.monotonic(),
    )


def _operation(method: str, path: str) -> str:
    match method, path.strip("/").split("/"):
        case "GET", ["v1", "history"]:
            return "list"
        case "POST", ["v1", "history", "download"]:
            return "download"
        case (("GET" | "DELETE"), ["v1", "history", _]):
            return "get" if method == "GET" else "delete"
        case "GET", ["v1", "history", _, "audio"]:
            return "audio"
        case _:
            return ""


def _replay(request: ReceivedRequest, receive: Receive) -> Receive:
    """Give the app the body again that was read for the log."""
    bodies = [request.body]

    async def again() -> Message:
        if bodies:
            return {"type": "http.request", "body": bodies.pop(), "more_body": False}
        return await receive()

    return again


async def _answer(send: Send, status: int, body: bytes, headers: dict[str, str]) -> None:
    pairs = {"content-length": str(len(body))} | headers
    await send(
        {
            "type": "http.response.start",
            "status": status,
            "headers": [(name.encode("latin-1"), value.encode("latin-1")) for name, value in pairs.items()],
        }
    )
    await send({"type": "http.response.body", "body": body})
