"""The rules for every call, whether a generated function, a stream or the wrapper makes it.

One httpx transport, sync and async, stands between the generated client and the httpx client that moves the bytes. It
adds the key to a copy of the request, so that no request, response or error that others see ever holds it; turns failed
responses and broken connections into our exceptions; refuses redirects; and retries what may be retried. A later change
of the HTTP library touches this module and `responses` alone.
"""

import ipaddress
import os
import sys
import threading
from contextlib import AsyncExitStack, ExitStack
from typing import Final, TypeVar

from .._version import __version__
from ..errors import InvalidArgumentError
from .api_key import ApiKey
from .error_responses import one_line
from .library import httpx
from .responses import Body, buffered, check_headers, convert_errors, name_of, origin_of, streamed
from .retry import Attempts, RetryBudget, RetryPolicy

AnyClient = TypeVar("AnyClient", httpx.Client, httpx.AsyncClient)

USER_AGENT: Final = (
    f"elevenlabs-history/{__version__} httpx/{httpx.__version__} "
    f"python/{sys.version_info.major}.{sys.version_info.minor}.{sys.version_info.micro}"
)
STREAMED: Final = "elevenlabs_history.attempts"
"""The request extension of a call whose body is streamed; the value is the caller's `Attempts`. The caller retries the
whole exchange, because only the caller sees a body that is cut short."""

_DOWNLOAD_PATH = "/v1/history/download"


class Transport(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """Carries requests to the server through the caller's httpx client, or one of its own, made when first needed."""

    def __init__(
        self,
        *,
        key: ApiKey,
        base_url: httpx.URL,
        retry_policy: RetryPolicy,
        http_client: httpx.Client | None = None,
        async_http_client: httpx.AsyncClient | None = None,
    ) -> None:
        _check_type(http_client, httpx.Client)
        _check_type(async_http_client, httpx.AsyncClient)
        self._key = key
        self.base_url = base_url
        self._retry_policy = retry_policy
        self._budget = RetryBudget()
        self._lock = threading.Lock()
        self._process_id = os.getpid()
        self._client = http_client
        self._async_client = async_http_client
        self._owns_client = http_client is None
        self._owns_async_client = async_http_client is None
        self._is_closed = False

    @property
    def rate_limited(self) -> int:
        """How many responses were 429 so far."""
        return self._budget.rate_limited

    def attempts(self, *, idempotent: bool, stopped: threading.Event | None = None) -> Attempts:
        """Begin to count the attempts of one call, which end when `stopped` is set."""
        return Attempts(self._retry_policy, self._budget, self._key, idempotent=idempotent, stopped=stopped)

    def use_sync_client(self, http_client: httpx.Client | None) -> None:
        """Choose the synchronous httpx client of an async client's worker threads; raise if one is needed."""
        if http_client is None and not self._owns_async_client:
            raise InvalidArgumentError(
                "This client was made with an httpx.AsyncClient, but download_all works in threads: pass "
                "http_client=httpx.Client(…) with the same proxies and certificates. Nothing was sent."
            )
        _check_type(http_client, httpx.Client)
        if http_client is not None:
            self._client, self._owns_client = http_client, False

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request and return its response if it is a success; everything else is raised as a HistoryError."""
        if STREAMED in request.extensions:
            return self._exchange(request, request.extensions[STREAMED])
        attempts = self.attempts(idempotent=_is_idempotent(request))
        for attempt in attempts:
            with attempt:
                return self._exchange(request, attempts)
        raise attempts.exhausted

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """The async counterpart of `handle_request`."""
        if STREAMED in request.extensions:
            return await self._async_exchange(request, request.extensions[STREAMED])
        attempts = self.attempts(idempotent=_is_idempotent(request))
        async for attempt in attempts:
            with attempt:
                return await self._async_exchange(request, attempts)
        raise attempts.exhausted

    def close(self) -> None:
        """Close the connections, unless the caller owns the httpx client. Nothing can be sent afterwards."""
        self._is_closed = True
        if self._owns_client and self._client is not None:
            self._client.close()

    async def aclose(self) -> None:
        """Close sync and async connections: generated functions of either kind may have been called."""
        self.close()
        if self._owns_async_client and self._async_client is not None:
            await self._async_client.aclose()

    def prepare(self) -> httpx.Client:
        """Return the httpx client for synchronous requests, made now if it is the first time.

        Raises:
            InvalidArgumentError: The client is closed or belongs to another process, or a proxy or certificate that
                the environment names can't be used.
        """
        self._check_usable()
        with self._lock:
            self._client = self._client or self._make(httpx.Client)
            return _check_open(self._client)

    def _prepare_async(self) -> httpx.AsyncClient:
        self._check_usable()
        self._async_client = self._async_client or self._make(httpx.AsyncClient)
        return _check_open(self._async_client)

    def _check_usable(self) -> None:
        if self._is_closed:
            raise InvalidArgumentError("The client is closed. Nothing was sent.", hint="Make a new one.")
        if self._process_id != os.getpid():
            if not (self._owns_client and self._owns_async_client):
                raise InvalidArgumentError(
                    "This client was made in another process, with an httpx client. Nothing was sent.",
                    hint="Make a client in each process: two processes on one connection get each other's responses.",
                )
            # A thread that the parent process has may have held the lock, and goes on using the connections.
            self._process_id = os.getpid()
            self._lock = threading.Lock()
            self._budget = RetryBudget()
            self._client = self._async_client = None

    def _make(self, kind: type[AnyClient]) -> AnyClient:
        # A proxy for a server on this machine would be sent the key unencrypted.
        mounts = {origin_of(self.base_url): None} if is_loopback(self.base_url.host) else None
        try:
            return kind(mounts=mounts)
        except (ImportError, OSError, ValueError, httpx.InvalidURL) as error:
            raise InvalidArgumentError(
                f"Can't prepare a connection: {one_line(error)}. Nothing was sent.",
                hint="Check HTTP_PROXY, HTTPS_PROXY, ALL_PROXY, NO_PROXY and SSL_CERT_FILE in the environment.",
            ) from error

    def _exchange(self, request: httpx.Request, attempts: Attempts) -> httpx.Response:
        client = self.prepare()
        outgoing = self._outgoing(client, request, request.read())
        with convert_errors(request):
            try:
                response = client.send(outgoing, stream=True, follow_redirects=False)
            except httpx.HTTPStatusError as error:
                # A hook of the caller's client has raised it.
                if error.response.is_success:
                    raise
                response = error.response
        streaming = STREAMED in request.extensions
        body = Body(request, response, self._key, attempts.number, streaming=streaming)
        with ExitStack() as stack:
            stack.callback(body.close)
            if response.is_success:
                check_headers(request, response, streaming=streaming)
                if streaming:
                    stack.pop_all()
                    return streamed(response, body)
            return buffered(request, response, body.read(), self._key)

    async def _async_exchange(self, request: httpx.Request, attempts: Attempts) -> httpx.Response:
        client = self._prepare_async()
        outgoing = self._outgoing(client, request, await request.aread())
        with convert_errors(request):
            try:
                response = await client.send(outgoing, stream=True, follow_redirects=False)
            except httpx.HTTPStatusError as error:
                # A hook of the caller's client has raised it.
                if error.response.is_success:
                    raise
                response = error.response
        streaming = STREAMED in request.extensions
        body = Body(request, response, self._key, attempts.number, streaming=streaming)
        async with AsyncExitStack() as stack:
            stack.push_async_callback(body.aclose)
            if response.is_success:
                check_headers(request, response, streaming=streaming)
                if streaming:
                    stack.pop_all()
                    return streamed(response, body)
            return buffered(request, response, await body.aread(), self._key)

    def _outgoing(
        self, client: httpx.Client | httpx.AsyncClient, request: httpx.Request, content: bytes
    ) -> httpx.Request:
        """Copy a request and add what only the server may see."""
        if origin_of(request.url) != origin_of(self.base_url):
            raise InvalidArgumentError(
                f"{name_of(request)}: {origin_of(request.url)} is not the base URL {origin_of(self.base_url)}, "
                "and the key is sent nowhere else. Nothing was sent."
            )
        headers = request.headers.copy()
        headers["User-Agent"] = USER_AGENT
        # Compressed audio may end early or expand to gigabytes unnoticed; compressed JSON is checked.
        headers["Accept-Encoding"] = "identity" if STREAMED in request.extensions else "gzip"
        headers["xi-api-key"] = self._key.reveal()
        return client.build_request(
            request.method, request.url, headers=headers, content=content, extensions=request.extensions
        )


def _check_type(http_client: object, kind: type[httpx.Client | httpx.AsyncClient]) -> None:
    """Refuse a client of another library, or of the other kind, before it fails in the middle of a call."""
    if http_client is not None and not isinstance(http_client, kind):
        given = f"{type(http_client).__module__}.{type(http_client).__qualname__}"
        raise InvalidArgumentError(f"http_client is a {given}; it must be an httpx.{kind.__name__}.")


def _check_open(http_client: AnyClient) -> AnyClient:
    """Refuse a client that its owner has closed."""
    if http_client.is_closed:
        raise InvalidArgumentError("The http_client is closed. Nothing was sent.", hint="Pass one that is open.")
    return http_client


def _is_idempotent(request: httpx.Request) -> bool:
    """Tell whether a request only reads, so that sending it twice does no harm."""
    return request.method == "GET" or (request.method == "POST" and request.url.path.endswith(_DOWNLOAD_PATH))


def is_loopback(host: str) -> bool:
    """Tell whether a host is this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
