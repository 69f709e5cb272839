"""What a question finds, and the assumption that it is about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import field, frozen

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .session import Response, Session

Position = str | int | bool | None

# A refusal of the caller, which says nothing of what was asked.
_OF_THE_CALLER = {401, 402, 403, 407, 408, 429}


class NotSettledError(Exception):
    """A question has no answer. Its text is the reason, in words of this package alone."""


@frozen
class Finding:
    """What was found of an assumption.

    Attributes:
        holds: It is as assumed.
        fact: What was observed, in words that hold nothing of the server's.
        quirks: The positions of the simulator's quirks that say the same.
    """

    holds: bool
    fact: str
    quirks: Mapping[str, Position] = field(factory=dict)


def confirmed(fact: str, quirks: Mapping[str, Position] | None = None) -> Finding:
    """Find that it is as assumed."""
    return Finding(True, fact, quirks or {})  # noqa: FBT003 - said by the name


def refuted(fact: str, quirks: Mapping[str, Position] | None = None) -> Finding:
    """Find that it is not."""
    return Finding(False, fact, quirks or {})  # noqa: FBT003 - said by the name


@frozen(kw_only=True)
class Assumption:
    """Something that nobody outside knows of the server.

    Attributes:
        id: Its name in reports.
        question: What is not known.
        assumed: What is likeliest, and the default of the simulator.
        handling: What this package does.
        ask: The question to the server; None if reading can't settle it.
        how: How it asks.
        why_not: Why reading can't, or when it can't.
        quirks: The simulator's quirks for it.
    """

    id: str
    question: str
    assumed: str
    handling: str
    ask: Callable[[Session], Finding] | None = None
    how: str = ""
    why_not: str = ""
    quirks: tuple[str, ...] = ()


def assumption(
    question: str, *, assumed: str, handling: str, needs: str = "", quirks: tuple[str, ...] = ()
) -> Callable[[Callable[[Session], Finding]], Assumption]:
    """Make an assumption of the function that asks the server about it; see `Assumption`."""

    def made(ask: Callable[[Session], Finding]) -> Assumption:
        return Assumption(
            id=ask.__name__,
            question=question,
            assumed=assumed,
            handling=handling,
            ask=ask,
            how=(ask.__doc__ or "").strip(),
            why_not=needs,
            quirks=quirks,
        )

    return made


def is_refused(response: Response) -> bool:
    """Tell whether a request was refused for what it asks, or served.

    Raises:
        NotSettledError: Neither: the response says nothing of that.
    """
    if response.status == 200:
        if not response.is_whole:
            raise NotSettledError("the response was too long or too slow, and was cut")
        return False
    if 400 <= response.status < 500 and response.status not in _OF_THE_CALLER:
        return True
    raise NotSettledError(f"the server answered {response.status}")


def check_served(response: Response) -> None:
    """Raise `NotSettledError` unless a request was served."""
    if is_refused(response):
        raise NotSettledError(f"the server answered {response.status}")
