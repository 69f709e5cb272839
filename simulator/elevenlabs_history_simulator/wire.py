"""What happens to a request and its answer on the wire: the log, the delays, the limits and the failures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio
from starlette.responses import Response

from .answers import refusal_answer
from .callers import mistakes_of
from .errors import refused
from .failing import Failing
from .requests import read_request

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from .faults import Fault
    from .requests import ReceivedRequest
    from .server import Simulator

TRANSPORT = "elevenlabs_history_simulator.transport"
"""Where the server puts the connection, because ASGI itself has no way to break one."""
WRONG_CRC = "elevenlabs_history_simulator.wrong_crc"
"""Where a fault asks for a damaged archive."""
LAST_PAGE = "elevenlabs_history_simulator.last_page"
"""Where a fault asks for a listing that is cut short."""

_PACES_A_SECOND = 20


class Running:
    """How many requests are being answered; a new one for each life of a simulator, so that no test inherits any."""

    count = 0


class Wire:
    """An ASGI app around the server's own."""

    def __init__(self, app: ASGIApp, simulator: Simulator) -> None:
        self._app = app
        self._simulator = simulator

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = await read_request(scope, receive)
        simulator = self._simulator
        simulator.requests.append(request)
        simulator.mistakes += mistakes_of(request, simulator.api_key, simulator.quirks)
        fault = simulator.faults.take(request.operation)
        running = simulator.running
        running.count += 1
        try:
            if simulator.concurrency is not None and running.count > simulator.concurrency:
                await self._refuse_busy(scope, receive, send)
                return
            if simulator.latency:
                await anyio.sleep(simulator.latency)
            if simulator.bandwidth is not None:
                send = _Paced(send, simulator.bandwidth)
            if fault is None:
                await self._app(scope, _replay(request, receive), send)
            else:
                await self._fail(fault, request, scope, receive, send)
        finally:
            running.count -= 1

    async def _refuse_busy(self, scope: Scope, receive: Receive, send: Send) -> None:
        quirks = self._simulator.quirks
        answer = refusal_answer(refused(429, quirks.busy_code, "Too many concurrent requests", quirks=quirks))
        if quirks.retry_after is not None:
            answer.headers["retry-after"] = str(quirks.retry_after)
        await answer(scope, receive, send)

    async def _fail(self, fault: Fault, request: ReceivedRequest, scope: Scope, receive: Receive, send: Send) -> None:
        connection = scope.get(TRANSPORT)
        if fault.breaks_connection and connection is None:
            raise RuntimeError(
                f"The fault {fault.kind!r} breaks a connection, and this app is served by something that gives it none "
                "to break. Start the simulator as a server: with Simulator() as simulator: … simulator.base_url."
            )
        replayed = _replay(request, receive)
        instead = Response(fault.body, fault.status, dict(fault.headers))
        match fault.kind:
            case "answer":
                await instead(scope, replayed, send)
            case "answer afterwards":
                await self._app(scope, replayed, _discard)
                await instead(scope, replayed, send)
            case "refusal":
                refusal = refused(fault.status, fault.code, fault.message, quirks=self._simulator.quirks)
                await refusal_answer(refusal)(scope, replayed, send)
            case "hang":
                while (await receive())["type"] != "http.disconnect":
                    pass
            case "reset before headers":
                assert connection is not None  # noqa: S101 - proven above
                connection.reset()
            case "meanwhile":
                assert fault.change is not None  # noqa: S101 - `Fault.meanwhile` gives one
                fault.change(self._simulator.history)
                await self._app(scope, replayed, send)
            case "wrong crc":
                await self._app({**scope, WRONG_CRC: True}, replayed, send)
            case "last page":
                await self._app({**scope, LAST_PAGE: True}, replayed, send)
            case _:
                await self._app(scope, replayed, Failing(fault, send, connection))


class _Paced:
    """A way to send that lets so many bytes pass in a second."""

    def __init__(self, send: Send, bandwidth: float) -> None:
        self._send = send
        self._bandwidth = bandwidth
        self._step = max(1, int(bandwidth / _PACES_A_SECOND))
        self._sent = 0
        self._started = anyio.current_time()

    async def __call__(self, message: Message) -> None:
        if message["type"] != "http.response.body":
            await self._send(message)
            return
        body = message.get("body", b"")
        for start in range(0, len(body), self._step):
            part = body[start : start + self._step]
            self._sent += len(part)
            await anyio.sleep(max(0.0, self._started + self._sent / self._bandwidth - anyio.current_time()))
            await self._send({"type": "http.response.body", "body": part, "more_body": True})
        await self._send({"type": "http.response.body", "body": b"", "more_body": message.get("more_body", False)})


def _replay(request: ReceivedRequest, receive: Receive) -> Receive:
    """Give the app the body again that was read for the log."""
    bodies = [request.body]

    async def again() -> Message:
        if bodies:
            return {"type": "http.request", "body": bodies.pop(), "more_body": False}
        return await receive()

    return again


async def _discard(_: Message) -> None:
    """Send nothing of an answer."""
