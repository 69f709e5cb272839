"""Goals, and the lines of the table that says whether they are met."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Literal

from attrs import Factory, define, frozen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .measure import Result

MIB = 1024 * 1024
Verdict = Literal["met", "missed", "not available"]
Unit = Literal["×", "MiB", "s", "MB/s", "/s"]


@frozen(kw_only=True)
class Line:
    """A goal and what came of it.

    Attributes:
        what: What is compared, ours first.
        value: The result; None when it could not be had.
        goal: What it should be.
        unit: Of both; × is ours divided by the peer's.
        at_least: The result should not be below the goal; otherwise not above it.
        note: What else a reader should know, such as the spread or why there is no result.
    """

    what: str
    value: float | None
    goal: float
    unit: Unit = "×"
    at_least: bool = False
    note: str = ""

    @property
    def status(self) -> Verdict:
        """Whether the goal is met."""
        if self.value is None:
            return "not available"
        meets = operator.ge if self.at_least else operator.le
        return "met" if meets(self.value, self.goal) else "missed"


@define
class Answer:
    """What a question has found.

    Attributes:
        title: The question.
        lines: The goals.
        results: What was measured, each under a heading.
        remarks: What the numbers do not say.
    """

    title: str
    lines: list[Line] = Factory(list)
    results: dict[str, list[Result]] = Factory(dict)
    remarks: list[str] = Factory(list)


def compare(what: str, ours: Result, peer: Result, *, at_most: float) -> Line:
    """Compare the time of ours with a peer's: the ratio of medians, and as its spread those of the single rounds."""
    missing = _missing(ours, peer)
    if missing:
        return Line(what=what, value=None, goal=at_most, note=missing)
    pairs = [mine.seconds / other.seconds for mine, other in zip(ours.samples, peer.samples, strict=False)]
    note = f"{min(pairs):.2f} to {max(pairs):.2f}" if len(pairs) > 1 else "one round"
    return Line(what=what, value=ours.seconds / peer.seconds, goal=at_most, note=note)


def compare_memory(what: str, ours: Result, peer: Result, *, at_most: float) -> Line:
    """Compare the peak memory of ours with a peer's."""
    missing = _missing(ours, peer)
    if missing:
        return Line(what=what, value=None, goal=at_most, note=missing)
    note = f"{ours.memory / MIB:.0f} against {peer.memory / MIB:.0f} MiB"
    return Line(what=what, value=ours.memory / peer.memory, goal=at_most, note=note)


def memory_below(what: str, ours: Result, mebibytes: float, note: str = "") -> Line:
    """Judge the peak memory of ours by itself."""
    value = ours.memory / MIB if ours.samples else None
    return Line(what=what, value=value, goal=mebibytes, unit="MiB", note=note if ours.samples else ours.reason)


def fastest(results: Sequence[Result]) -> Result:
    """Return the fastest of those that count; when none does, the first."""
    counting = [result for result in results if result.samples]
    return min(counting, key=lambda result: result.seconds) if counting else results[0]


def _missing(*results: Result) -> str:
    return "; ".join(f"{result.name}: {result.reason}" for result in results if not result.samples)
