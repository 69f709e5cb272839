"""The simulator as a thing to start: a real server on a real loopback port, in a thread of its own."""

from __future__ import annotations

import socket
import threading
from typing import TYPE_CHECKING, Any, Self

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from .app import make_app
from .faults import Faults
from .history import History
from .quirks import Quirks
from .wire import TRANSPORT, ReceivedRequest

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

DEFAULT_KEY = "simulator-key"


class Simulator:
    """A server that answers like the history API. A context manager; `app` alone is an ASGI app for other servers.

    Attributes:
        history: The items, to look at and to change.
        faults: Failures that are to happen.
        requests: What has been received, oldest first.
        quirks: What is not known of the real server, as switches; may be replaced at any time.
        api_key: The key that it takes.
        latency: Seconds before each answer.
        concurrency: More requests than this at a time are refused with 429; None for no limit.
    """

    def __init__(
        self,
        *,
        items: int = 20,
        seed: int = 1,
        quirks: Quirks | None = None,
        api_key: str = DEFAULT_KEY,
        latency: float = 0.0,
        concurrency: int | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        """Make a simulator; it listens from `start` or the beginning of its with block.

        Args:
            items: How many items its history has at first.
            seed: Other seeds give other items.
            quirks: See `Quirks`.
            api_key: The key that it takes.
            latency: Seconds before each answer.
            concurrency: Most requests at a time.
            host: Where it listens; only on this machine unless told.
            port: Where it listens; 0 for any free port.
        """
        self._made_with = (items, seed, quirks or Quirks(), latency, concurrency)
        self.faults = Faults()
        self.requests: list[ReceivedRequest] = []
        self.api_key = api_key
        self.reset()
        self.app = make_app(self)
        self._address = (host, port)

    @property
    def base_url(self) -> str:
        """Where it listens."""
        host, port = self._address
        return f"http://{host}:{port}"

    def reset(self) -> None:
        """Be as at first: the same items, no requests, no faults, the quirks and limits it was made with."""
        items, seed, self.quirks, self.latency, self.concurrency = self._made_with
        self.history = History(seed)
        self.history.fill(items)
        self.faults.clear()
        self.requests.clear()

    def start(self) -> None:
        """Listen; when this returns, connections are accepted."""
        listener = socket.create_server(self._address)
        # asyncio does it only for sockets that name their protocol. Without it a small answer, whose body follows its
        # head, waits 40 ms for the caller's acknowledgement of the head.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._address = listener.getsockname()[:2]
        config = uvicorn.Config(
            self.app,
            http=_Protocol,
            lifespan="off",
            log_config=None,
            # A connection that a fault has cut is not worth a line.
            log_level="critical",
            timeout_graceful_shutdown=1,
        )
        self._server = _Server(config)
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [listener]}, name="elevenlabs-history-simulator", daemon=True
        )
        self._thread.start()
        self._server.listening.wait()

    def stop(self) -> None:
        """Stop listening and end what is still being answered."""
        self._server.should_exit = True
        self._thread.join()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.stop()


class _Server(uvicorn.Server):
    """A server that says when it listens."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.listening.set()


class _Protocol(H11Protocol):
    """HTTP/1.1 that shows the app its connection, so that faults can break it."""

    def connection_made(self, transport: Any) -> None:  # noqa: ANN401 - asyncio's own
        super().connection_made(transport)
        app = self.app

        async def with_connection(scope: Scope, receive: Receive, send: Send) -> None:
            await app({**scope, TRANSPORT: transport}, receive, send)

        self.app = with_connection
