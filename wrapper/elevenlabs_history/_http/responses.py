"""What came back from one exchange: a body whose end is proven, or the exception that says why not.

Nothing here keeps an exception of the HTTP library: its frames hold the headers that were sent, the key among them.
"""

from __future__ import annotations

import contextlib
import logging
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import httpx

from .errors import (
    APIConnectionError,
    HistoryError,
    Timeout,
    UnexpectedResponseError,
    error_from_response,
    one_line,
    read_failure,
)
from .retries import parse_retry_after

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

log = logging.getLogger("elevenlabs_history")

_ERROR_BODY_BYTES = 64 * 1024
_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError, httpx.UnsupportedProtocol)
_AGAIN = "Try again."
_PROXY = "A proxy may have answered or changed it: check the base URL and the proxy settings."
_CERTIFICATE = "If a proxy signs with its own certificate, pass http_client=httpx.Client(verify=…)."


class Body(httpx.SyncByteStream, httpx.AsyncByteStream):
    """The body of an answer as it was sent: its end is proven, its failures are ours, its size is logged."""

    def __init__(self, request: httpx.Request, response: httpx.Response, attempt: int, start: float) -> None:
        self._request = request
        self._response = response
        self._attempt = attempt
        self._start = start
        self._received = 0

    def __iter__(self) -> Iterator[bytes]:
        try:
            for chunk in self._response.iter_raw():
                self._received += len(chunk)
                yield chunk
        except httpx.TransportError as error:
            failure: HistoryError | None = broken(error, self._request)
        else:
            failure = self._cut_short()
        if failure is not None:
            raise failure

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for chunk in self._response.aiter_raw():
                self._received += len(chunk)
                yield chunk
        except httpx.TransportError as error:
            failure: HistoryError | None = broken(error, self._request)
        else:
            failure = self._cut_short()
        if failure is not None:
            raise failure

    def close(self) -> None:
        self._response.close()
        self._log()

    async def aclose(self) -> None:
        await self._response.aclose()
        self._log()

    def _cut_short(self) -> HistoryError | None:
        promised = self._response.headers.get("content-length")
        if promised is None or promised == str(self._received):
            return None
        return APIConnectionError(
            f"{name_of(self._request)}: the answer ended after {self._received} of {promised} bytes.", hint=_AGAIN
        )

    def _log(self) -> None:
        log.debug(
            "%s: %d in %.3f s, %d bytes, attempt %d",
            name_of(self._request),
            self._response.status_code,
            time.monotonic() - self._start,
            self._received,
            self._attempt,
        )


def answer(response: httpx.Response, body: Body) -> httpx.Response:
    return httpx.Response(response.status_code, headers=response.headers, stream=body, extensions=response.extensions)


def buffered(request: httpx.Request, response: httpx.Response, body: bytes) -> httpx.Response:
    """Return an answer that is complete in memory: unpacked, and no web page."""
    headers = response.headers.copy()
    if headers.pop("content-encoding", "identity") == "gzip":
        body = _gunzipped(request, body)
    headers.pop("content-length", None)
    if headers.get("content-type", "").startswith("text/html"):
        raise UnexpectedResponseError(
            f"{name_of(request)}: a web page came instead of an answer: {read_failure(body).message}",
            hint=_PROXY,
            status_code=response.status_code,
        )
    return httpx.Response(response.status_code, headers=headers, content=body, extensions=response.extensions)


def _gunzipped(request: httpx.Request, body: bytes) -> bytes:
    import gzip
    import zlib

    try:
        return gzip.decompress(body)
    except (EOFError, OSError, zlib.error):
        failure = APIConnectionError(f"{name_of(request)}: the compressed answer is cut short or damaged.", hint=_AGAIN)
    raise failure


def refusal(request: httpx.Request, response: httpx.Response, *, streamed: bool) -> HistoryError | None:
    """Say why an answer with a good status can't be trusted, judging by its headers."""
    encoding = response.headers.get("content-encoding", "identity")
    if encoding != "identity" and (streamed or encoding != "gzip"):
        return UnexpectedResponseError(
            f"{name_of(request)}: the body is encoded as {one_line(encoding)}, which was not asked for.",
            hint=_PROXY,
            status_code=response.status_code,
        )
    framed = "content-length" in response.headers or "transfer-encoding" in response.headers
    if streamed and not framed and response.http_version.startswith("HTTP/1"):
        return UnexpectedResponseError(
            f"{name_of(request)}: the answer does not say where it ends, so nobody can tell whether it is whole.",
            hint=_PROXY,
            status_code=response.status_code,
        )
    return None


def failed(request: httpx.Request, response: httpx.Response, head: bytes) -> HistoryError:
    error = error_from_response(response.status_code, response.headers, head, request=name_of(request))
    error.retry_after = parse_retry_after(response.headers.get("retry-after"), datetime.now(UTC))
    return error


def broken(error: httpx.TransportError, request: httpx.Request) -> APIConnectionError | Timeout:
    """Turn an exception of the HTTP library into ours, in words and without its traceback."""
    never_sent = isinstance(error, _NEVER_SENT)
    what = one_line(error) or type(error).__name__
    if isinstance(error, httpx.TimeoutException):
        limits = request.extensions.get("timeout", {})
        phase = type(error).__name__.removesuffix("Timeout").lower()
        return Timeout(
            f"{name_of(request)}: nothing happened for {limits.get(phase)} s while waiting to {phase}.",
            hint="Try again, or allow more with timeout=….",
            never_sent=never_sent,
        )
    if "CERTIFICATE_VERIFY_FAILED" in what:
        return APIConnectionError(f"{name_of(request)}: {what}", hint=_CERTIFICATE)
    if never_sent:
        return APIConnectionError(
            f"{name_of(request)}: no connection to {origin_of(request.url)}: {what}",
            hint="Check the network, the proxy settings and the base URL.",
            never_sent=True,
        )
    return APIConnectionError(f"{name_of(request)}: the connection broke: {what}", hint=_AGAIN)


def head(body: Body) -> bytes:
    """Read the start of a failed answer's body; that it breaks off changes nothing about the failure."""
    head = b""
    with contextlib.suppress(HistoryError):
        for chunk in body:
            head += chunk
            if len(head) >= _ERROR_BODY_BYTES:
                break
    return head


async def async_head(body: Body) -> bytes:
    head = b""
    with contextlib.suppress(HistoryError):
        async for chunk in body:
            head += chunk
            if len(head) >= _ERROR_BODY_BYTES:
                break
    return head


def name_of(request: httpx.Request) -> str:
    return f"{request.method} {request.url.path}"


def origin_of(url: httpx.URL) -> str:
    return f"{url.scheme}://{url.netloc.decode('ascii')}"
