"""The simulator as a thing to start: a real server on a real loopback port, in a thread of its own."""

from __future__ import annotations

import socket
import threading
from typing import TYPE_CHECKING, Any, Self, cast

import attrs
import uvicorn
from attrs import evolve, field, frozen
from attrs.validators import instance_of
from uvicorn.protocols.http.h11_impl import H11Protocol

from .app import make_app
from .callers import CallerMistakesError
from .connection import Joined
from .faults import Faults
from .history import History
from .like import quirks_like
from .quirks import Quirks
from .wire import TRANSPORT, Running, Wire

if TYPE_CHECKING:
    import asyncio

    from starlette.types import Receive, Scope, Send

    from .like import Report
    from .requests import ReceivedRequest

DEFAULT_KEY = "simulator-key"
_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - what is recognised, not what is done


SCOPES = frozenset({"speech_history_read", "speech_history_write"})
"""What a key without restrictions may do."""


@frozen(kw_only=True)
class Settings:
    """What a simulator is made with; its arguments tell what each means."""

    items: int = 20
    seed: int = 1
    quirks: Quirks = field(factory=Quirks, validator=instance_of(Quirks))
    latency: float = 0.0
    bandwidth: float | None = None
    concurrency: int | None = None
    scopes: frozenset[str] = SCOPES
    strict: bool = False


class Simulator:
    """A server that answers like the history API. A context manager; `app` alone is an ASGI app for other servers.

    Attributes:
        history: The items, to look at and to change.
        faults: Failures that are to happen.
        requests: What has been received, oldest first.
        mistakes: What callers did wrong, in words, oldest first.
        quirks: What is not known of the real server, as switches; may be replaced at any time.
        api_key: The key that it takes.
        scopes: What that key may do: `speech_history_read`, `speech_history_write`.
        latency: Seconds before each answer.
        bandwidth: Bytes a second of each answer; None for no limit.
        concurrency: More requests than this at a time are refused with 429; None for no limit.
        strict: The with block ends in a failure when a caller made a mistake.
    """

    history: History
    quirks: Quirks
    latency: float
    bandwidth: float | None
    concurrency: int | None
    scopes: frozenset[str]
    strict: bool

    def __init__(
        self,
        *,
        items: int = 20,
        seed: int = 1,
        quirks: Quirks | None = None,
        api_key: str = DEFAULT_KEY,
        latency: float = 0.0,
        bandwidth: float | None = None,
        concurrency: int | None = None,
        scopes: frozenset[str] = SCOPES,
        strict: bool = False,
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
            bandwidth: Bytes a second of each answer; None for no limit.
            concurrency: Most requests at a time; None for no limit.
            scopes: What the key may do.
            strict: Raise `CallerMistakesError` at the end of the with block when a caller made a mistake.
            host: Where it listens; only on this machine unless told.
            port: Where it listens; 0 for any free port.
        """
        self._settings = Settings(
            items=items,
            seed=seed,
            quirks=quirks or Quirks(),
            latency=latency,
            bandwidth=bandwidth,
            concurrency=concurrency,
            scopes=scopes,
            strict=strict,
        )
        self.faults: Faults = Faults()
        self.requests: list[ReceivedRequest] = []
        self.mistakes: list[str] = []
        self.api_key = api_key
        self.reset()
        self.app: Wire = make_app(self)
        self._address = (host, port)

    @classmethod
    def like(cls, report: Report, **arguments: Any) -> Self:  # noqa: ANN401 - of the arguments' own types
        """Make a simulator with the quirks that a report of `elevenlabs-history probe` says.

        Args:
            report: The path of its file, or its JSON.
            arguments: Those of `Simulator`, all but `quirks`.

        Raises:
            ValueError: It is no report.
        """
        return cls(quirks=quirks_like(report), **arguments)

    @property
    def base_url(self) -> str:
        """Where it listens, as this machine reaches it."""
        host, port = self._address
        if host in _EVERYWHERE:
            host = _EVERYWHERE[host]
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    @property
    def environment(self) -> dict[str, str]:
        """The environment variables that lead a client here."""
        return {"ELEVENLABS_BASE_URL": self.base_url, "ELEVENLABS_API_KEY": self.api_key}

    def reset(self, *, like: Report | None = None, **differences: Any) -> None:  # noqa: ANN401 - of the arguments' own types
        """Be as at first: the same items, no requests, no faults, the quirks and limits it was made with.

        Args:
            like: A report of `elevenlabs-history probe` that says the quirks until the next reset.
            differences: Arguments that are to differ until the next reset, all but `api_key`, `host` and `port`.

        Raises:
            TypeError: There is no such argument.
            ValueError: `like` is no report.
        """
        if like is not None:
            differences = {"quirks": quirks_like(like)} | differences
        if unknown := differences.keys() - attrs.fields_dict(Settings).keys():
            known = ", ".join(attrs.fields_dict(Settings))
            raise TypeError(f"{', '.join(sorted(unknown))}: no such argument. There are {known} and like.")
        settings = evolve(self._settings, **differences)
        self.quirks, self.latency, self.bandwidth = settings.quirks, settings.latency, settings.bandwidth
        self.concurrency, self.scopes, self.strict = settings.concurrency, settings.scopes, settings.strict
        self.history = History(settings.seed)
        self.history.fill(settings.items)
        self.faults.restart(settings.seed)
        self.requests.clear()
        self.mistakes.clear()
        self.running: Running = Running()

    def start(self) -> None:
        """Listen; when this returns, connections are accepted."""
        family = socket.AF_INET6 if ":" in self._address[0] else socket.AF_INET
        listener = socket.create_server(self._address, family=family)
        # asyncio does it only for sockets that name their protocol. Without it the last small piece of an answer may
        # wait 40 ms for the caller's acknowledgement of the one before.
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

    def __exit__(self, kind: type[BaseException] | None, *exception: object) -> None:
        self.stop()
        # A failure of the block itself is the better news.
        if self.strict and self.mistakes and kind is None:
            raise CallerMistakesError(self.mistakes)


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
        joined = Joined(transport)
        super().connection_made(cast("asyncio.Transport", joined))
        app = self.app

        async def with_connection(scope: Scope, receive: Receive, send: Send) -> None:
            await app({**scope, TRANSPORT: joined}, receive, send)

        self.app = with_connection
