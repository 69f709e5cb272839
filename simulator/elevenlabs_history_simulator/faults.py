"""Failures on request: each is told when to happen, and happens on the wire."""

from __future__ import annotations

import threading
from random import Random
from typing import TYPE_CHECKING, Literal, Self, get_args

from attrs import define, evolve, field, frozen

if TYPE_CHECKING:
    from collections.abc import Callable

    from .history import History

Operation = Literal["list", "get", "delete", "audio", "download"]

_BREAKING = frozenset({"reset before headers", "reset", "truncate", "no length"})
_PAGE = b"<!doctype html><title>Log in</title><p>Log in to use this network.</p>"


@frozen(kw_only=True)
class Fault:
    """One way to fail. Make one with the methods that name them."""

    kind: str
    status: int = 200
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    after: int = 0
    delay: float = 0.0
    code: str = ""
    message: str = ""
    change: Callable[[History], object] | None = None

    @property
    def breaks_connection(self) -> bool:
        """It needs a real connection, which a bare ASGI app has not."""
        return self.kind in _BREAKING

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
    def answer_afterwards(cls, status: int, body: bytes = b"", **headers: str) -> Self:
        """Do what is asked, such as a deletion, and answer with this all the same."""
        return evolve(cls.answer(status, body, **headers), kind="answer afterwards")

    @classmethod
    def refusal(cls, status: int, code: str, message: str = "Refused") -> Self:
        """Answer in the vendor's own words, such as 401 `quota_exceeded` or 429 `system_busy`."""
        return cls(kind="refusal", status=status, code=code, message=message)

    @classmethod
    def html(cls) -> Self:
        """Answer with a page and 200, as a proxy does that wants somebody to log in."""
        return cls.answer(200, _PAGE, content_type="text/html; charset=utf-8")

    @classmethod
    def redirect(cls, location: str, status: int = 307) -> Self:
        """Send the caller elsewhere."""
        return cls.answer(status, location=location)

    @classmethod
    def wrong_crc(cls) -> Self:
        """Say of the first member of an archive what its bytes contradict; other answers are as always."""
        return cls(kind="wrong crc")

    @classmethod
    def last_page(cls) -> Self:
        """Say that nothing follows a page, whatever does; other answers are as always."""
        return cls(kind="last page")

    @classmethod
    def meanwhile(cls, change: Callable[[History], object]) -> Self:
        """Change the history when the request has arrived, and answer from what it is then."""
        return cls(kind="meanwhile", change=change)

    @classmethod
    def reset_before_headers(cls) -> Self:
        """Reset the connection when the request has arrived, before a byte of the answer."""
        return cls(kind="reset before headers")

    @classmethod
    def reset_after_headers(cls) -> Self:
        """Reset the connection behind the headers of the answer."""
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


@define
class Faults:
    """The failures that are still to come, for each operation in the order they were added."""

    _planned: list[tuple[str | None, Fault | None]] = field(factory=list)
    _random: list[tuple[str | None, Fault, float]] = field(factory=list)
    _dice: Random = field(factory=lambda: Random(1))  # noqa: S311 - repeatable is what it is to be
    _lock: threading.Lock = field(factory=threading.Lock)

    def add(self, fault: Fault, *, on: Operation | None = None, times: int = 1, skip: int = 0) -> None:
        """Let the next requests fail.

        Args:
            fault: How.
            on: Requests of this operation; None for any.
            times: How many of them.
            skip: How many go well before.

        Raises:
            ValueError: There is no such operation.
        """
        _check(on)
        with self._lock:
            self._planned += [(on, None)] * skip + [(on, fault)] * times

    def add_random(self, fault: Fault, probability: float, *, on: Operation | None = None) -> None:
        """Let requests fail by chance, those that nothing is planned for. The seed decides which.

        Args:
            fault: How.
            probability: From 0 for none to 1 for all.
            on: Requests of this operation; None for any.

        Raises:
            ValueError: There is no such operation or probability.
        """
        _check(on)
        if not 0 <= probability <= 1:
            raise ValueError(f"A probability is from 0 to 1, not {probability}.")
        with self._lock:
            self._random.append((on, fault, probability))

    def take(self, operation: str) -> Fault | None:
        """Return the next failure of an operation and count it as done."""
        with self._lock:
            for position, (on, planned) in enumerate(self._planned):
                if on in {None, operation}:
                    del self._planned[position]
                    return planned
            for on, fault, probability in self._random:
                if on in {None, operation} and self._dice.random() < probability:
                    return fault
        return None

    def clear(self) -> None:
        """Forget all that was planned, and all chances."""
        with self._lock:
            self._planned.clear()
            self._random.clear()

    def restart(self, seed: int) -> None:
        """Forget everything, and let chance begin again from a seed."""
        self.clear()
        self._dice.seed(seed)


def _check(on: str | None) -> None:
    if on is not None and on not in get_args(Operation):
        raise ValueError(f"There is no operation {on!r}. There are: {', '.join(get_args(Operation))}.")
