"""Where the bytes of a download go, chunk by chunk, so that the sync and the async download share all but the loop."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Generic, Self, TypeVar

from .audio import SNIFF_BYTES, FileKind, kind_of
from .errors import UnexpectedResponseError, read_failure
from .files import AHEAD, AtomicFile

if TYPE_CHECKING:
    from pathlib import Path

T = TypeVar("T")


class Sink(ABC, Generic[T]):
    """Takes the body of one exchange; lets nothing through until its first bytes have shown that it is no error page.

    A context manager: what was received and not made a result is gone when the block is left.
    """

    def __init__(self, subject: str, output_format: str | None) -> None:
        """Prepare to receive.

        Args:
            subject: What was asked for, for messages, such as `item a`.
            output_format: What the server says the audio of a single item is.
        """
        self._subject = subject
        self._output_format = output_format
        self._head = b""
        self._begun = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        return None

    def write(self, chunk: bytes) -> None:
        """Take the next bytes.

        Raises:
            UnexpectedResponseError: They show that the body is an error page.
        """
        if self._begun:
            self._take(chunk)
            return
        self._head += chunk
        if len(self._head) >= SNIFF_BYTES:
            self._begin()

    def finish(self) -> T:
        """Take the end of the body, whose length is proven by now, and return what came of it.

        Raises:
            UnexpectedResponseError: The body is an error page or empty.
        """
        if not self._begun:
            self._begin()
        return self._result()

    def _begin(self) -> None:
        head, self._head, self._begun = self._head, b"", True
        self.kind = kind_of(head, self._output_format)
        if self.kind is FileKind.EMPTY:
            raise UnexpectedResponseError(
                f"The answer for {self._subject} is empty.", hint="Ask again; tell the vendor if it stays so."
            )
        if self.kind is FileKind.ERROR_PAGE:
            failure = read_failure(head)
            raise UnexpectedResponseError(
                f"A message came instead of the audio of {self._subject}: {failure.message}",
                hint="Check the item, the base URL and the proxy settings.",
                status_code=200,
                code=failure.code,
                request_id=failure.request_id,
            )
        self._take(head)

    @abstractmethod
    def _take(self, data: bytes) -> None: ...

    @abstractmethod
    def _result(self) -> T: ...


class BytesSink(Sink[bytes]):
    """Keeps everything in memory."""

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
        self._passed = b""

    def passed(self) -> bytes:
        """Return what has come through since the last call."""
        passed, self._passed = self._passed, b""
        return passed

    def _take(self, data: bytes) -> None:
        self._passed = data

    def _result(self) -> None:
        return None


class FileSink(Sink["Path"]):
    """Saves the body as it came."""

    def __init__(self, subject: str, output_format: str | None, target: Path, *, overwrite: bool) -> None:
        super().__init__(subject, output_format)
        self._target = target
        self._overwrite = overwrite
        self._part = AtomicFile(target.parent)

    def __enter__(self) -> Self:
        self._part.__enter__()
        return self

    def __exit__(self, *exception: object) -> None:
        self._part.__exit__(*exception)

    def _take(self, data: bytes) -> None:
        self._part.write(data)
        self._part.start_sealing(at_least=AHEAD)

    def _result(self) -> Path:
        self._part.keep(self._target, overwrite=self._overwrite)
        return self._target
