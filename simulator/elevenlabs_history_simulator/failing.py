"""Answers that go wrong on their way."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING, Any

import anyio

if TYPE_CHECKING:
    from starlette.types import Message, Send

    from .faults import Fault

_DRIPS = 16


class Failing:
    """A way to send that goes wrong as a fault says."""

    def __init__(self, fault: Fault, send: Send, connection: Any) -> None:  # noqa: ANN401 - asyncio's transports
        self._fault = fault
        self._send = send
        self._connection = connection
        self._sent = 0
        self._held: list[bytes] = []
        self._start: Message = {}

    async def __call__(self, message: Message) -> None:
        """Send a message, or fail to."""
        if message["type"] == "http.response.start":
            await self._begin(message)
        elif self._connection is None or not self._connection.is_closing():
            await getattr(self, f"_{self._fault.kind.replace(' ', '_')}")(message)

    async def _begin(self, message: Message) -> None:
        kept = [(name, value) for name, value in message["headers"] if name != b"content-length"]
        if self._fault.kind == "gzip":
            self._start = {**message, "headers": [*kept, (b"content-encoding", b"gzip")]}
            return
        if self._fault.kind == "no length":
            headers = b"".join(name + b": " + value + b"\r\n" for name, value in kept)
            self._connection.write(b"HTTP/1.1 %d \r\nconnection: close\r\n" % message["status"] + headers + b"\r\n")
            return
        await self._send(message)

    async def _reset(self, message: Message) -> None:
        del message
        # What was written has to leave before the reset, or the caller sees no headers.
        await anyio.sleep(0.05)
        self._connection.reset()

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
            await anyio.sleep(self._fault.delay)
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
