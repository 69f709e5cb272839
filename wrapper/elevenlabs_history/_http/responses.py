"""What came back from one exchange: a body whose end is checked, or the exception that says why there is none.

Nothing here keeps an exception of httpx: its frames hold the headers that were sent, including the key.
"""

from __future__ import annotations

import contextlib
import gzip
import logging
import time
import zlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import httpx

from ..errors import APIConnectionError, APITimeoutError, HistoryError, UnexpectedResponseError
from .error_responses import error_from_response, one_line, parse_error_body
from .retry import parse_retry_after

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterator

log = logging.getLogger("elevenlabs_history")

_ERROR_BODY_BYTES = 64 * 1024
_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError, httpx.UnsupportedProtocol)
_TRY_AGAIN = "Try again."
_CHECK_PROXY = "A proxy may have sent or changed it: check the base URL and the proxy settings."
_CERTIFICATE = "If a proxy signs with its own certificate, pass http_client=httpx.Client(verify=…)."


class Body(httpx.SyncByteStream, httpx.AsyncByteStream):
    """The raw body of a response: its length is checked, its failures become ours, its size is logged."""

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
        except httpx.TransportError as httpx_error:
            error: HistoryError | None = error_from_httpx(httpx_error, self._request)
        else:
            error = self._check_length()
        if error is not None:
            raise error

    async def __aiter__(self) -> AsyncGenerator[bytes]:
        try:
            async for chunk in self._response.aiter_raw():
                self._received += len(chunk)
                yield chunk
        except httpx.TransportError as httpx_error:
            error: HistoryError | None = error_from_httpx(httpx_error, self._request)
        else:
            error = self._check_length()
        if error is not None:
            raise error

    def close(self) -> None:
        self._response.close()
        self._log()

    async def aclose(self) -> None:
        await self._response.aclose()
        self._log()

    def _check_length(self) -> HistoryError | None:
        expected = self._response.headers.get("content-length")
        if expected is None or int(expected) == self._received:
            return None
        return APIConnectionError(
            f"{name_of(self._request)}: the response ended after {self._received} of {expected} bytes.",
            hint=_TRY_AGAIN,
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


def streamed(response: httpx.Response, body: Body) -> httpx.Response:
    return httpx.Response(response.status_code, headers=response.headers, stream=body, extensions=response.extensions)


def buffered(request: httpx.Request, response: httpx.Response, body: bytes) -> httpx.Response:
    """Return a response that is complete in memory: decompressed, and not a web page."""
    headers = response.headers.copy()
    if headers.pop("content-encoding", "identity").lower() == "gzip":
        body = _gunzip(request, body)
    headers.pop("content-length", None)
    if headers.get("content-type", "").startswith("text/html"):
        raise UnexpectedResponseError(
            f"{name_of(request)}: received a web page instead of JSON: {parse_error_body(body).message}",
            hint=_CHECK_PROXY,
            status_code=response.status_code,
        )
    return httpx.Response(response.status_code, headers=headers, content=body, extensions=response.extensions)


def check_headers(request: httpx.Request, response: httpx.Response, *, streaming: bool) -> HistoryError | None:
    """Return the reason why a successful response can't be trusted, judging by its headers; None if it can."""
    encoding = response.headers.get("content-encoding", "identity").lower()
    has_length = "content-length" in response.headers or "transfer-encoding" in response.headers
    if encoding != "identity" and (streaming or encoding != "gzip"):
        problem = f"the body is encoded as {one_line(encoding)}, which was not requested"
    elif streaming and response.status_code != httpx.codes.OK:
        problem = f"the status is {response.status_code} instead of 200, so the body may be a part of the file"
    elif streaming and not has_length and response.http_version.startswith("HTTP/1"):
        problem = "the response has neither Content-Length nor chunks, so a body that is cut short looks complete"
    else:
        return None
    return UnexpectedResponseError(
        f"{name_of(request)}: {problem}.", hint=_CHECK_PROXY, status_code=response.status_code
    )


def error_from_status(request: httpx.Request, response: httpx.Response, body: bytes) -> HistoryError:
    error = error_from_response(response.status_code, response.headers, body, request=name_of(request))
    error.retry_after = parse_retry_after(response.headers.get("retry-after"), datetime.now(UTC))
    return error


def error_from_httpx(error: httpx.TransportError, request: httpx.Request) -> APIConnectionError | APITimeoutError:
    """Turn an exception of httpx into ours, without its traceback."""
    never_sent = isinstance(error, _NEVER_SENT)
    reason = one_line(error) or type(error).__name__
    converted: APIConnectionError | APITimeoutError
    if isinstance(error, httpx.TimeoutException):
        timeouts = request.extensions.get("timeout", {})
        phase = type(error).__name__.removesuffix("Timeout").lower()
        converted = APITimeoutError(
            f"{name_of(request)}: {phase} timed out after {timeouts.get(phase)} s.",
            hint="Try again, or pass a longer timeout=….",
        )
    elif "CERTIFICATE_VERIFY_FAILED" in reason:
        converted = APIConnectionError(f"{name_of(request)}: {reason}", hint=_CERTIFICATE)
    elif never_sent:
        converted = APIConnectionError(
            f"{name_of(request)}: can't connect to {origin_of(request.url)}: {reason}",
            hint="Check the network, the proxy settings and the base URL.",
        )
    else:
        converted = APIConnectionError(f"{name_of(request)}: the connection broke: {reason}", hint=_TRY_AGAIN)
    converted.never_sent = never_sent
    return converted


def error_body(body: Body) -> bytes:
    """Read the start of a failed response's body; if it breaks off, the failure stays the same."""
    start = b""
    with contextlib.suppress(HistoryError):
        for chunk in body:
            start += chunk
            if len(start) >= _ERROR_BODY_BYTES:
                break
    return start


async def async_error_body(body: Body) -> bytes:
    start = b""
    # An async generator that is left open would be closed by the garbage collector, outside of its task.
    async with contextlib.aclosing(body.__aiter__()) as chunks:
        with contextlib.suppress(HistoryError):
            async for chunk in chunks:
                start += chunk
                if len(start) >= _ERROR_BODY_BYTES:
                    break
    return start


def name_of(request: httpx.Request) -> str:
    return f"{request.method} {request.url.path}"


def origin_of(url: httpx.URL) -> str:
    return f"{url.scheme}://{url.netloc.decode('ascii')}"


def _gunzip(request: httpx.Request, body: bytes) -> bytes:
    try:
        return gzip.decompress(body)
    except (EOFError, OSError, zlib.error):
        error = APIConnectionError(
            f"{name_of(request)}: the compressed response is cut short or damaged.", hint=_TRY_AGAIN
        )
    raise error
