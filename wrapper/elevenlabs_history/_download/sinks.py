"""Where the bytes of a download go, chunk by chunk, so that sync and async downloads share all but the loop."""

import hashlib
from collections.abc import Callable
from typing import Any, Generic, Protocol, TypeVar

from .._audio import SNIFF_BYTES, FileKind, kind_of
from .._http.error_responses import parse_error_body
from ..errors import UnexpectedResponseError


class WritableFile(Protocol):
    """An `AtomicFile` or `BytesIO`."""

    def __enter__(self) -> object: ...
    def __exit__(self, kind: Any, error: Any, traceback: Any, /) -> object: ...  # noqa: ANN401
    def write(self, data: bytes, /) -> object: ...


F = TypeVar("F", bound=WritableFile)


class Sniffer:
    """Holds a body back until its first bytes show that it is not an error page."""

    def __init__(self, subject: str, output_format: str | None) -> None:
        """Prepare to receive what `subject`, such as `item a`, names in messages; see `kind_of` for `output_format`."""
        self.subject = subject
        self.output_format = output_format
        self.kind = FileKind.EMPTY
        self._head: bytes | None = b""

    def feed(self, chunk: bytes) -> bytes:
        """Take the next bytes and return what may be passed on; raise if the body is an error page."""
        if self._head is None:
            return chunk
        self._head += chunk
        return self.finish() if len(self._head) >= SNIFF_BYTES else b""

    def finish(self) -> bytes:
        """Take the end of the body and return what may be passed on; raise if it is an error page or empty."""
        if self._head is None:
            return b""
        head, self._head = self._head, None
        self.kind = kind_of(head, self.output_format)
        if self.kind is FileKind.EMPTY:
            raise UnexpectedResponseError(
                f"The response for {self.subject} is empty.", hint="Try again; report it to the vendor if it stays so."
            )
        if self.kind is FileKind.ERROR_PAGE:
            error = parse_error_body(head)
            raise UnexpectedResponseError(
                f"Received a message instead of the audio of {self.subject}: {error.message}",
                hint="Check the item, the base URL and the proxy settings.",
                status_code=200,
                code=error.code,
                request_id=error.request_id,
            )
        return head


class Sink(Generic[F]):
    """Takes the body of one response into a file or into memory."""

    def __init__(self, sniffer: Sniffer, file: F, on_bytes: Callable[[int], None] | None, *, hashing: bool) -> None:
        """Prepare to write into `file`, to tell how many bytes came, and to hash them unless they are an archive."""
        self.file = file
        self.size = 0
        self.sha256 = hashlib.sha256()
        self._hashing = hashing
        self._sniffer = sniffer
        self._on_bytes = on_bytes

    @property
    def kind(self) -> FileKind:
        """What the body is, once it was received."""
        return self._sniffer.kind

    def write(self, chunk: bytes) -> None:
        self._take(self._sniffer.feed(chunk))
        if self._on_bytes is not None:
            self._on_bytes(len(chunk))

    def finish(self) -> None:
        """Take the end of the body, whose length was checked."""
        self._take(self._sniffer.finish())

    def _take(self, data: bytes) -> None:
        if data:
            self.file.write(data)
            self.size += len(data)
            if self._hashing and self.kind is not FileKind.ZIP:
                self.sha256.update(data)
