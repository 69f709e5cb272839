"""The rules for every call, whether a generated function, a stream or the wrapper makes it.

One httpx transport, sync and async, stands between the generated client and the httpx client that moves the bytes. It
adds the key to a copy of the request, so that no request, response or error that others see ever holds it; turns failed
responses and broken connections into our exceptions; refuses redirects; and retries what may be retried. A later change
of the HTTP library touches this module and `responses` alone.
"""

from __future__ import annotations

import sys
import threading
import time
from typing import TYPE_CHECKING, Final

import httpx

from .._version import __version__
from ..errors import HistoryError, InvalidArgumentError
from .responses import (
    Body,
    async_error_body,
    buffered,
    check_headers,
    error_body,
    error_from_httpx,
    error_from_status,
    name_of,
    origin_of,
    streamed,
)
from .retry import Attempts, RetryBudget, RetryPolicy

if TYPE_CHECKING:
    from .api_key import ApiKey

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
        self._key = key
        self.base_url = base_url
        self._retry_policy = retry_policy
        self._budget = RetryBudget()
        self._lock = threading.Lock()
        self._client = http_client
        self._async_client = async_http_client
        self._owns_client = http_client is None
        self._owns_async_client = async_http_client is None

    def __repr__(self) -> str:
        return f"<Transport to {self.base_url}>"

    @property
    def rate_limited(self) -> int:
        """How many responses were 429 so far."""
        return self._budget.rate_limited

    def attempts(self, *, idempotent: bool) -> Attempts:
        """Begin to count the attempts of one call."""
        return Attempts(self._retry_policy, self._budget, idempotent=idempotent)

    def use_sync_client(self, http_client: httpx.Client | None) -> None:
        """Choose the synchronous httpx client of an async client's worker threads; raise if one is needed."""
        if http_client is None and not self._owns_async_client:
            raise InvalidArgumentError(
                "This client was made with an httpx.AsyncClient, but download_all works in threads: pass "
                "http_client=httpx.Client(…) with the same proxies and certificates. Nothing was sent."
            )
        if http_client is not None:
            self._client, self._owns_client = http_client, False

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request and return its response if it is a success; everything else is raised as a HistoryError."""
        if STREAMED in request.extensions:
            return self._exchange(request, request.extensions[STREAMED])
        attempts = self.attempts(idempotent=_is_idempotent(request))
        for attempt in attempts:
            with attempt:
                response = self._exchange(request, attempts)
                return buffered(request, response, b"".join(response.iter_raw()))
        raise attempts.exhausted

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """The async counterpart of `handle_request`."""
        if STREAMED in request.extensions:
            return await self._async_exchange(request, request.extensions[STREAMED])
        attempts = self.attempts(idempotent=_is_idempotent(request))
        async for attempt in attempts:
            with attempt:
                response = await self._async_exchange(request, attempts)
                return buffered(request, response, b"".join([chunk async for chunk in response.aiter_raw()]))
        raise attempts.exhausted

    def close(self) -> None:
        """Close the connections, unless the caller owns the httpx client."""
        if self._owns_client and self._client is not None:
            self._client.close()

    async def aclose(self) -> None:
        """Close sync and async connections: generated functions of either kind may have been called."""
        self.close()
        if self._owns_async_client and self._async_client is not None:
            await self._async_client.aclose()

    def _exchange(self, request: httpx.Request, attempts: Attempts) -> httpx.Response:
        with self._lock:
            client = self._client = self._client or httpx.Client()
        outgoing = self._outgoing(client, request, request.read())
        start = time.monotonic()
        error: HistoryError | None
        try:
            response = client.send(outgoing, stream=True, follow_redirects=False)
        except httpx.TransportError as httpx_error:
            error = error_from_httpx(httpx_error, request)
        else:
            body = Body(request, response, attempts.number, start)
            error = (
                check_headers(request, response, streaming=STREAMED in request.extensions)
                if response.is_success
                else error_from_status(request, response, error_body(body))
            )
            if error is None:
                return streamed(response, body)
            body.close()
        # Raised outside of the handler: as the context of our exception, httpx's exception would carry frames with the
        # headers it sends, and with them the key, into every traceback that shows local variables.
        raise error

    async def _async_exchange(self, request: httpx.Request, attempts: Attempts) -> httpx.Response:
        client = self._async_client = self._async_client or httpx.AsyncClient()
        outgoing = self._outgoing(client, request, await request.aread())
        start = time.monotonic()
        error: HistoryError | None
        try:
            response = await client.send(outgoing, stream=True, follow_redirects=False)
        except httpx.TransportError as httpx_error:
            error = error_from_httpx(httpx_error, request)
        else:
            body = Body(request, response, attempts.number, start)
            error = (
                check_headers(request, response, streaming=STREAMED in request.extensions)
                if response.is_success
                else error_from_status(request, response, await async_error_body(body))
            )
            if error is None:
                return streamed(response, body)
            await body.aclose()
        raise error

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


def _is_idempotent(request: httpx.Request) -> bool:
    """Tell whether a request only reads, so that sending it twice does no harm."""
    return request.method == "GET" or (request.method == "POST" and request.url.path.endswith(_DOWNLOAD_PATH))
