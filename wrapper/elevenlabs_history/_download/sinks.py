"""Where the bytes of a download go, chunk by chunk, so that sync and async downloads share all but the loop."""

from abc import ABC, abstractmethod
from contextlib import ExitStack
from pathlib import Path
from typing import Generic, Self, TypeVar

from .._audio import SNIFF_BYTES, FileKind, kind_of
from .._files.atomic import AtomicFile
from .._http.error_responses import parse_error_body
from ..errors import UnexpectedResponseError

T = TypeVar("T")


class Sniffer:
    """Holds a body back until its first bytes show that it is not an error page."""

    def __init__(self, subject: str, output_format: str | None) -> None:
        """Prepare to receive what `subject`, such as `item a`, names in messages; see `kind_of` for `output_format`."""
        self.subject = subject
        self.output_format = output_format
        self.kind: FileKind | None = None
        self._head = b""

    def feed(self, chunk: bytes) -> bytes:
        """Take the next bytes and return what may be passed on; raise if the body is an error page."""
        if self.kind is not None:
            return chunk
        self._head += chunk
        return self._release() if len(self._head) >= SNIFF_BYTES else b""

    def finish(self) -> bytes:
        """Take the end of the body and return what may be passed on; raise if it is an error page or empty."""
        return self._release() if self.kind is None else b""

    def _release(self) -> bytes:
        self.kind = kind_of(self._head, self.output_format)
        if self.kind is FileKind.EMPTY:
            raise UnexpectedResponseError(
                f"The response for {self.subject} is empty.", hint="Try again; report it to the vendor if it stays so."
            )
        if self.kind is FileKind.ERROR_PAGE:
            error = parse_error_body(self._head)
            raise UnexpectedResponseError(
                f"Received a message instead of the audio of {self.subject}: {error.message}",
                hint="Check the item, the base URL and the proxy settings.",
                status_code=200,
                code=error.code,
                request_id=error.request_id,
            )
        return self._head


class Sink(ABC, Generic[T]):
    """Takes the body of one response. What was received is discarded at the end of the `with` block."""

    def __init__(self, sniffer: Sniffer) -> None:
        self._sniffer = sniffer
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._stack.close()

    def write(self, chunk: bytes) -> None:
        if data := self._sniffer.feed(chunk):
            self._take(data)

    def finish(self) -> T:
        """Take the end of the body, whose length was checked, and return the result."""
        if data := self._sniffer.finish():
            self._take(data)
        return self._result()

    @abstractmethod
    def _take(self, data: bytes) -> None: ...

    @abstractmethod
    def _result(self) -> T: ...


class BytesSink(Sink[bytes]):
    """Collects everything in memory."""

    def __init__(self, sniffer: Sniffer) -> None:
        super().__init__(sniffer)
        self._chunks: list[bytes] = []

    def _take(self, data: bytes) -> None:
        self._chunks.append(data)

    def _result(self) -> bytes:
        return b"".join(self._chunks)


class FileSink(Sink["Path"]):
    """Saves the body as received."""

    def __init__(self, sniffer: Sniffer, target: Path, *, overwrite: bool) -> None:
        super().__init__(sniffer)
        self._target = target
        self._overwrite = overwrite

    def __enter__(self) -> Self:
        self._file = self._stack.enter_context(AtomicFile(self._target.parent))
        return self

    def _take(self, data: bytes) -> None:
        self._file.write(data)

    def _result(self) -> Path:
        self._file.commit(self._target, overwrite=self._overwrite)
        return self._target
