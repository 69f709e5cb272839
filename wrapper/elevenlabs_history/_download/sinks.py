"""Where the bytes of a download go, chunk by chunk, so that sync and async downloads share all but the loop."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Generic, Self, TypeVar

from .._audio import SNIFF_BYTES, FileKind, kind_of
from .._files.atomic import AtomicFile
from .._http.error_responses import parse_error_body
from ..errors import UnexpectedResponseError

if TYPE_CHECKING:
    from pathlib import Path

T = TypeVar("T")


class Sink(ABC, Generic[T]):
    """Takes the body of one response; passes nothing on until its first bytes show that it is not an error page.

    A context manager: what was received is discarded at the end of the block, unless `finish` has made a result of it.
    """

    def __init__(self, subject: str, output_format: str | None) -> None:
        """Prepare to receive.

        Args:
            subject: What was requested, for messages, such as `item a`.
            output_format: The format that the server claims for the audio of a single item.
        """
        self._subject = subject
        self._output_format = output_format
        self._head = b""
        self._started = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        return None

    def write(self, chunk: bytes) -> None:
        """Take the next bytes.

        Raises:
            UnexpectedResponseError: The body is an error page.
        """
        if self._started:
            self._take(chunk)
            return
        self._head += chunk
        if len(self._head) >= SNIFF_BYTES:
            self._start()

    def finish(self) -> T:
        """Take the end of the body, whose length was checked, and return the result.

        Raises:
            UnexpectedResponseError: The body is an error page or empty.
        """
        if not self._started:
            self._start()
        return self._result()

    def _start(self) -> None:
        head, self._head, self._started = self._head, b"", True
        self.kind = kind_of(head, self._output_format)
        if self.kind is FileKind.EMPTY:
            raise UnexpectedResponseError(
                f"The response for {self._subject} is empty.", hint="Try again; report it to the vendor if it stays so."
            )
        if self.kind is FileKind.ERROR_PAGE:
            error = parse_error_body(head)
            raise UnexpectedResponseError(
                f"Received a message instead of the audio of {self._subject}: {error.message}",
                hint="Check the item, the base URL and the proxy settings.",
                status_code=200,
                code=error.code,
                request_id=error.request_id,
            )
        self._take(head)

    @abstractmethod
    def _take(self, data: bytes) -> None: ...

    @abstractmethod
    def _result(self) -> T: ...


class BytesSink(Sink[bytes]):
    """Collects everything in memory."""

    def __init__(self, subject: str, output_format: str | None) -> None:
        super().__init__(subject, output_format)
        self._chunks: list[bytes] = []

    def _take(self, data: bytes) -> None:
        self._chunks.append(data)

    def _result(self) -> bytes:
        return b"".join(self._chunks)


class StreamSink(Sink[None]):
    """Passes the bytes on."""

    def __init__(self, subject: str, output_format: str | None) -> None:
        super().__init__(subject, output_format)
        self._chunk = b""

    def take_chunk(self) -> bytes:
        """Return what came through since the last call."""
        chunk, self._chunk = self._chunk, b""
        return chunk

    def _take(self, data: bytes) -> None:
        self._chunk = data

    def _result(self) -> None:
        return None


class FileSink(Sink["Path"]):
    """Saves the body as received."""

    def __init__(self, subject: str, output_format: str | None, target: Path, *, overwrite: bool) -> None:
        super().__init__(subject, output_format)
        self._target = target
        self._overwrite = overwrite
        self._file = AtomicFile(target.parent)

    def __enter__(self) -> Self:
        self._file.__enter__()
        return self

    def __exit__(self, *exception: object) -> None:
        self._file.__exit__(*exception)

    def _take(self, data: bytes) -> None:
        self._file.write(data)

    def _result(self) -> Path:
        self._file.commit(self._target, overwrite=self._overwrite)
        return self._target
