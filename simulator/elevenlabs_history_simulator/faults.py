"""Failures on request: each is told when to happen, and happens on the wire."""

from __future__ import annotations

import threading
from typing import Any, Literal, Self

from attrs import field, frozen

Operation = Literal["list", "get", "delete", "audio", "download"]


@frozen(kw_only=True)
class Fault:
    """One way to fail. Make one with the methods that name them."""

    kind: str
    status: int = 200
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    after: int = 0
    delay: float = 0.0

    @classmethod
    def answer(cls, status: int, body: bytes = b"", **headers: str) -> Self:
        """Answer with a status, a body and headers (`retry_after="3"`) instead of the real answer."""
        return cls(
            kind="answer",
            status=status,
            body=body,
            headers=tuple((name.replace("_", "-"), value) for name, value in headers.items()),
        )

    @classmethod
    def reset_before_headers(cls) -> Self:
        """Cut the connection when the request has arrived, before a byte of the answer."""
        return cls(kind="reset before headers")

    @classmethod
    def reset_after_headers(cls) -> Self:
        """Cut the connection behind the headers of the answer."""
        return cls(kind="reset", after=0)

    @classmethod
    def truncate(cls, after: int) -> Self:
        """End the connection after so many bytes of the body, as if that were all of it."""
        return cls(kind="truncate", after=after)

    @classmethod
    def no_length(cls) -> Self:
        """Send the body without a length, ended by the end of the connection."""
        return cls(kind="no length")

    @classmethod
    def drip(cls, delay: float) -> Self:
        """Send the body in sixteen parts with a delay in seconds before each."""
        return cls(kind="drip", delay=delay)

    @classmethod
    def hang(cls) -> Self:
        """Never answer."""
        return cls(kind="hang")

    @classmethod
    def gzip(cls) -> Self:
        """Send the body compressed, whether or not the caller accepts it."""
        return cls(kind="gzip")


@frozen
class Faults:
    """The failures that are still to come, for each operation in the order they were added."""

    _planned: list[tuple[str | None, Fault]] = field(factory=list)
    _lock: Any = field(factory=threading.Lock)

    def add(self, fault: Fault, *, on: Operation | None = None, times: int = 1) -> None:
        """Let the next requests fail.

        Args:
            fault: How.
            on: Requests of this operation; None for any.
            times: How many of them.
        """
        with self._lock:
            self._planned.extend([(on, fault)] * times)

    def take(self, operation: str) -> Fault | None:
        """Return the next failure of an operation and count it as done."""
        with self._lock:
            for position, (on, fault) in enumerate(self._planned):
                if on in {None, operation}:
                    del self._planned[position]
                    return fault
        return None

    def clear(self) -> None:
        """Forget all that was planned."""
        with self._lock:
            self._planned.clear()
