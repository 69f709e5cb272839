"""What came back from one exchange: a body whose end is checked, or the exception that says why there is none.

Nothing here keeps an exception of httpx: its frames hold the headers that were sent, including the key.
"""

import logging
import math
import re
import time
import zlib
from collections.abc import AsyncGenerator, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import Self

from ..errors import (
    APIConnectionError,
    APITimeoutError,
    HistoryError,
    InvalidArgumentError,
    UnexpectedResponseError,
)
from .api_key import ApiKey
from .error_responses import error_from_response, one_line, parse_error_body
from .library import httpx
from .retry import parse_retry_after

log = logging.getLogger("elevenlabs_history")

MAX_ERROR_BYTES = 64 * 1024
# A page of 1000 items has about 1 MB; 64 KB for each item leaves room for long texts.
MAX_JSON_BYTES = 64 * 1024**2
# A server that sends a byte now and then never times out.
MAX_JSON_SECONDS = 300
_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError, httpx.UnsupportedProtocol)
_TRY_AGAIN = "Try again."
_CHECK_PROXY = "A proxy may have sent or changed it: check the base URL and the proxy settings."
_CERTIFICATE = "If a proxy signs with its own certificate, set SSL_CERT_FILE to that certificate."

# Two httpx clients log each response: the one below, and that of the generated client, which reads its version here.
_RELAYED = {"http_version": b"relayed"}
_REASON_PHRASE = re.compile("[A-Za-z '-]*")


def _filter_httpx(record: logging.LogRecord) -> bool:
    """Leave out what the generated client logs, and a reason phrase that the server may have made of the key."""
    if isinstance(record.args, tuple) and len(record.args) == 5 and not _REASON_PHRASE.fullmatch(str(record.args[4])):
        record.args = (*record.args[:4], "…")
    return '"relayed ' not in record.getMessage()


logging.getLogger("httpx").addFilter(_filter_httpx)


class convert_errors:  # noqa: N801 - a context manager that reads like a function
    """Raise an exception of httpx as one of ours, which does not refer to it."""

    def __init__(self, request: httpx.Request) -> None:
        self._request = request

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: object) -> None:
        converted: HistoryError
        if isinstance(error, httpx.TransportError):
            converted = error_from_httpx(error, self._request)
        elif isinstance(error, httpx.StreamError | httpx.HTTPStatusError):
            converted = InvalidArgumentError(
                f"{name_of(self._request)}: the body of the response can't be read ({type(error).__name__}).",
                hint="A hook of the http_client must not raise, and may read a response with read() or aread() only.",
            )
        else:
            return
        try:
            raise converted
        finally:
            # A traceback that shows local variables would show the headers, and in them the key.
            converted.__context__ = None


class Body(httpx.SyncByteStream, httpx.AsyncByteStream):
    """The raw body of a response: its length is checked, its failures become ours, its size is logged."""

    def __init__(
        self, request: httpx.Request, response: httpx.Response, key: ApiKey, attempt: int, *, streaming: bool
    ) -> None:
        response.headers = httpx.Headers([(name, key.redact_bytes(value)) for name, value in response.headers.raw])
        self._request = request
        self._response = response
        self._attempt = attempt
        self._received = 0
        # By a hook of the caller's httpx client, or because a mock stands for the server.
        self._was_read = response.is_stream_consumed
        if self._was_read and not streaming and response.headers.pop("content-encoding", ""):
            response.headers.pop("content-length", None)
        self._deadline = math.inf if streaming and response.is_success else time.monotonic() + MAX_JSON_SECONDS
        self._limit = math.inf if streaming else MAX_JSON_BYTES if response.is_success else MAX_ERROR_BYTES
        # A failure stays the same if its body breaks off.
        self._ignored = () if response.is_success else (HistoryError,)

    def __iter__(self) -> Iterator[bytes]:
        with convert_errors(self._request):
            for chunk in [self._response.content] if self._was_read else self._response.iter_raw():
                self._check_size(chunk)
                yield chunk
        self._check_length()

    async def __aiter__(self) -> AsyncGenerator[bytes]:
        with convert_errors(self._request):
            if self._was_read:
                self._check_size(self._response.content)
                yield self._response.content
            else:
                async for chunk in self._response.aiter_raw():
                    self._check_size(chunk)
                    yield chunk
        self._check_length()

    def read(self) -> bytes:
        """Return the whole body, or what there is of the body of a failed response."""
        data = bytearray()
        with suppress(*self._ignored):
            for chunk in self:
                data += chunk
        return bytes(data)

    async def aread(self) -> bytes:
        """The async counterpart of `read`."""
        data = bytearray()
        with suppress(*self._ignored):
            async for chunk in self:
                data += chunk
        return bytes(data)

    def close(self) -> None:
        self._response.close()
        self._log()

    async def aclose(self) -> None:
        await self._response.aclose()
        self._log()

    def _check_size(self, chunk: bytes) -> None:
        self._received += len(chunk)
        if self._received > self._limit:
            raise too_long(self._request)
        if time.monotonic() > self._deadline:
            raise APITimeoutError(
                f"{name_of(self._request)}: the response takes longer than {MAX_JSON_SECONDS} s.", hint=_TRY_AGAIN
            )

    def _check_length(self) -> None:
        expected = self._response.headers.get("content-length")
        if expected is not None and int(expected) != self._received:
            raise APIConnectionError(
                f"{name_of(self._request)}: the response ended after {self._received} of {expected} bytes.",
                hint=_TRY_AGAIN,
            )

    def _log(self) -> None:
        # The response of a mock has no time.
        with suppress(RuntimeError):
            seconds = self._response.elapsed.total_seconds()
            log.debug(
                f"{name_of(self._request)}: {self._response.status_code} in {seconds:.3f} s, {self._received} bytes, "
                f"attempt {self._attempt}"
            )


def too_long(request: httpx.Request) -> UnexpectedResponseError:
    return UnexpectedResponseError(
        f"{name_of(request)}: the response is longer than {MAX_JSON_BYTES // 1024**2} MiB.",
        hint=f"If it is a listing, list fewer items at a time. {_CHECK_PROXY}",
    )


def streamed(response: httpx.Response, body: Body) -> httpx.Response:
    extensions = {**response.extensions, **_RELAYED}
    return httpx.Response(response.status_code, headers=response.headers, stream=body, extensions=extensions)


def buffered(request: httpx.Request, response: httpx.Response, body: bytes, key: ApiKey) -> httpx.Response:
    """Return a successful response that is complete in memory, decompressed and no web page; raise of another one."""
    headers = response.headers.copy()
    headers.pop("content-length", None)
    if headers.pop("content-encoding", "identity").lower() == "gzip":
        with suppress(*(() if response.is_success else (HistoryError,))):
            body = _gunzip(request, body)
    body = key.redact_bytes(body)
    if not response.is_success:
        error = error_from_response(response.status_code, headers, body, request=name_of(request))
        error.retry_after = parse_retry_after(headers.get("retry-after"), datetime.now(UTC))
        raise error
    if headers.get("content-type", "").startswith("text/html"):
        raise UnexpectedResponseError(
            f"{name_of(request)}: received a web page instead of JSON: {parse_error_body(body).message}",
            hint=_CHECK_PROXY,
            status_code=response.status_code,
        )
    extensions = {**response.extensions, **_RELAYED}
    return httpx.Response(response.status_code, headers=headers, content=body, extensions=extensions)


def check_headers(request: httpx.Request, response: httpx.Response, *, streaming: bool) -> None:
    """Raise if a successful response can't be trusted, judging by its headers."""
    encoding = response.headers.get("content-encoding", "identity").lower()
    has_length = "content-length" in response.headers or "transfer-encoding" in response.headers
    if encoding != "identity" and (streaming or encoding != "gzip"):
        problem = f"the body is encoded as {one_line(encoding)}, which was not requested"
    elif streaming and response.status_code != httpx.codes.OK:
        problem = f"the status is {response.status_code} instead of 200, so the body may be a part of the file"
    elif streaming and not has_length and response.http_version.startswith("HTTP/1"):
        problem = "the response has neither Content-Length nor chunks, so a body that is cut short looks complete"
    else:
        return
    raise UnexpectedResponseError(
        f"{name_of(request)}: {problem}.", hint=_CHECK_PROXY, status_code=response.status_code
    )


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
            hint="Try again later.",
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


def name_of(request: httpx.Request) -> str:
    return f"{request.method} {request.url.path}"


def origin_of(url: httpx.URL) -> str:
    return f"{url.scheme}://{url.netloc.decode('ascii')}"


def _gunzip(request: httpx.Request, body: bytes) -> bytes:
    """Decompress to at most a byte more than is allowed: a megabyte may expand to gigabytes."""
    decompressor = zlib.decompressobj(zlib.MAX_WBITS | 16)
    with suppress(zlib.error):
        data = decompressor.decompress(body, MAX_JSON_BYTES)
        if decompressor.eof:
            return data
        if decompressor.unconsumed_tail:
            raise too_long(request)
    raise APIConnectionError(f"{name_of(request)}: the compressed response is cut short or damaged.", hint=_TRY_AGAIN)
