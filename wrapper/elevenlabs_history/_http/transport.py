"""The rules that every call obeys, whether a generated function, a stream or the wrapper makes it.

One httpx transport, sync and async, stands between the generated client and the httpx client that moves the bytes. It
adds the key to a copy of the request, so that no request, response or error that others see ever holds it; turns failed
answers and broken connections into our exceptions; refuses redirects; and repeats what may be repeated. A later switch
of the HTTP library touches this room and its neighbour `_answer` alone.
"""

from __future__ import annotations

import sys
import threading
import time
from typing import TYPE_CHECKING, Final

import httpx

from ._answer import Body, answer, async_head, broken, buffered, failed, head, name_of, origin_of, refusal
from ._version import __version__
from .errors import HistoryError, InvalidArgumentError
from .retries import Attempts, RetryPolicy, RetryBudget

if TYPE_CHECKING:
    from ._key import ApiKey

USER_AGENT: Final = (
    f"elevenlabs-history/{__version__} httpx/{httpx.__version__} "
    f"python/{sys.version_info.major}.{sys.version_info.minor}.{sys.version_info.micro}"
)
STREAMED: Final = "elevenlabs_history.attempts"
"""The request extension of a call whose body is streamed; the value is the caller's `Attempts`. The caller repeats the
whole exchange, for only the caller sees a body that is cut short."""

_DOWNLOAD_PATH = "/v1/history/download"


class Transport(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """Carries requests of the generated client to the server, under our rules.

    A client that the caller brings is used as it is and left open; otherwise one is made when first needed.
    """

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
        self._retry_policy = retries
        self._shared = RetryBudget()
        self._lock = threading.Lock()
        self._client = http_client
        self._async_client = async_http_client
        self._closes_client = http_client is None
        self._closes_async_client = async_http_client is None

    def __repr__(self) -> str:
        return f"<Transport to {self.base_url}>"

    @property
    def rate_limited(self) -> int:
        """How often the server has answered 429 so far."""
        return self._shared.rate_limited

    def attempts(self, *, repeatable: bool, patient: bool = True) -> Attempts:
        """Begin to count the attempts of one call; for `patient` see `Attempts`."""
        return Attempts(self._retry_policy, self._shared, repeatable=repeatable, patient=patient)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request and return its answer, which is a good one: everything else is raised.

        Raises:
            HistoryError: The exchange failed, for good or more often than may be tried.
        """
        if STREAMED in request.extensions:
            return self._exchange(request, request.extensions[STREAMED])
        attempts = self.attempts(repeatable=_is_read(request))
        while True:
            time.sleep(attempts.pause())
            try:
                response = self._exchange(request, attempts)
                answer = buffered(request, response, b"".join(response.iter_raw()))
            except HistoryError as error:
                delay = attempts.delay_after(error)
                if delay is None:
                    raise
            else:
                attempts.succeeded()
                return answer
            time.sleep(delay)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Do as `handle_request` does, without blocking the event loop."""
        import asyncio

        if STREAMED in request.extensions:
            return await self._async_exchange(request, request.extensions[STREAMED])
        attempts = self.attempts(repeatable=_is_read(request))
        while True:
            await asyncio.sleep(attempts.pause())
            try:
                response = await self._async_exchange(request, attempts)
                answer = buffered(request, response, b"".join([chunk async for chunk in response.aiter_raw()]))
            except HistoryError as error:
                delay = attempts.delay_after(error)
                if delay is None:
                    raise
            else:
                attempts.succeeded()
                return answer
            await asyncio.sleep(delay)

    def close(self) -> None:
        """Close the connections, unless the caller brought the client that holds them."""
        if self._closes_client and self._client is not None:
            self._client.close()

    async def aclose(self) -> None:
        """Do as `close` does, for both worlds: generated functions of either kind may have been called."""
        self.close()
        if self._closes_async_client and self._async_client is not None:
            await self._async_client.aclose()

    def _exchange(self, request: httpx.Request, attempts: Attempts) -> httpx.Response:
        with self._lock:
            client = self._client = self._client or httpx.Client()
        outgoing = self._outgoing(client, request, request.read())
        start = time.monotonic()
        failure: HistoryError | None
        try:
            response = client.send(outgoing, stream=True, follow_redirects=False)
        except httpx.TransportError as error:
            failure = broken(error, request)
        else:
            body = Body(request, response, attempts.number, start)
            failure = (
                refusal(request, response, streamed=STREAMED in request.extensions)
                if response.is_success
                else failed(request, response, head(body))
            )
            if failure is None:
                return answer(response, body)
            body.close()
        # Raised here and not in the handler: as the context of our exception the library's would carry its frames, and
        # with them the headers it sends, into every traceback that shows local variables.
        raise failure

    async def _async_exchange(self, request: httpx.Request, attempts: Attempts) -> httpx.Response:
        client = self._async_client = self._async_client or httpx.AsyncClient()
        outgoing = self._outgoing(client, request, await request.aread())
        start = time.monotonic()
        failure: HistoryError | None
        try:
            response = await client.send(outgoing, stream=True, follow_redirects=False)
        except httpx.TransportError as error:
            failure = broken(error, request)
        else:
            body = Body(request, response, attempts.number, start)
            failure = (
                refusal(request, response, streamed=STREAMED in request.extensions)
                if response.is_success
                else failed(request, response, await async_head(body))
            )
            if failure is None:
                return answer(response, body)
            await body.aclose()
        raise failure

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
        # Compressed audio may end early or unfold to gigabytes without anybody noticing; compressed JSON is checked.
        headers["Accept-Encoding"] = "identity" if STREAMED in request.extensions else "gzip"
        headers["xi-api-key"] = self._key.reveal()
        return client.build_request(
            request.method, request.url, headers=headers, content=content, extensions=request.extensions
        )


def _is_read(request: httpx.Request) -> bool:
    """Tell whether a request only reads, so that sending it twice does no harm."""
    return request.method == "GET" or (request.method == "POST" and request.url.path.endswith(_DOWNLOAD_PATH))
