"""The table of results, and the page that shows it."""

from __future__ import annotations

import os
import platform
import tomllib
from datetime import UTC, datetime
from importlib.metadata import version
from typing import TYPE_CHECKING

from attrs import field, frozen

from .environments import PROJECT, ROOT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .measure import Result

PAGE = ROOT / "docs" / "benchmarks.md"
BEGIN, END = "<!-- Written by make bench from here … -->", "<!-- … to here. -->"
MIB = 1024 * 1024
MEMORY_GOAL = 60
"""MiB."""


@frozen
class Row:
    """A task, how long it takes and, with a peer, how long that takes and the goal for the ratio of both."""

    task: str
    ours: Result
    peer: Result | None = None
    at_most: float = field(default=0.0, kw_only=True)

    @property
    def ratio(self) -> float | None:
        """Our median divided by the peer's; None if one of them is missing."""
        if self.peer is None or not (self.ours.seconds and self.peer.seconds):
            return None
        return self.ours.median / self.peer.median

    @property
    def outcome(self) -> str:
        """Whether the goal is met, or why nobody knows."""
        if self.ratio is not None:
            return "met" if self.ratio <= self.at_most else "missed"
        return "; ".join(f"{each.label}: {each.reason}" for each in (self.ours, self.peer) if each and each.reason)

    @property
    def spread(self) -> str:
        """The lowest and the highest ratio of single rounds."""
        if self.peer is None:
            return ""
        ratios = [ours / theirs for ours, theirs in zip(self.ours.seconds, self.peer.seconds, strict=False)]
        return f"{min(ratios):.2g} to {max(ratios):.2g}" if len(ratios) > 1 else ""

    def cells(self) -> tuple[str, ...]:
        """Return what the table shows."""
        peer = self.peer.label if self.peer else ""
        theirs = _seconds(self.peer) if self.peer else ""
        ratio = f"{self.ratio:.2g} ×" if self.ratio is not None else ""
        goal = f"≤ {self.at_most:g} ×" if self.peer else ""
        return (self.task, _seconds(self.ours), peer, theirs, ratio, self.spread, goal, self.outcome)


def table(rows: Sequence[Row]) -> str:
    """Return the results as Markdown that reads well in a terminal too; the last row is the highest peak memory."""
    cells: list[tuple[str, ...]] = [("task", "takes", "compared with", "takes", "ratio", "spread", "goal", "")]
    cells += [row.cells() for row in rows]
    highest = max(rows, key=lambda row: row.ours.memory)
    mebibytes = highest.ours.memory / MIB
    if mebibytes:
        outcome = "met" if mebibytes <= MEMORY_GOAL else "missed"
        task = f"Highest peak memory: {highest.task[0].lower()}{highest.task[1:]}"
        cells.append((task, f"{mebibytes:.0f} MiB", "", "", "", "", f"≤ {MEMORY_GOAL} MiB", outcome))
    cells = [tuple(cell.replace("|", "\\|").replace(str(ROOT), "…") for cell in row) for row in cells]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = [
        "| " + " | ".join(f"{cell:{width}}" for cell, width in zip(row, widths, strict=True)) + " |" for row in cells
    ]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)


def write_page(rows: Sequence[Row]) -> None:
    """Put the results between the marks of the page.

    Raises:
        ValueError: The page has lost its marks.
    """
    page = PAGE.read_text(encoding="utf-8")
    before, mark, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (mark and end):
        raise ValueError(f"{PAGE.name} lacks the line {BEGIN!r} or {END!r}: put both back, then run it again.")
    text = f"{table(rows)}\n\n{_environment()}"
    PAGE.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}", encoding="utf-8")


def _environment() -> str:
    groups = tomllib.loads(PROJECT.read_text(encoding="utf-8"))["dependency-groups"]
    versions = ", ".join([f"httpx {version('httpx')}", *(each.replace("==", " ") for each in groups["vendor-sdk"])])
    return (
        f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores, {platform.system()} {platform.machine()},"
        f" {platform.python_implementation()} {platform.python_version()}, {versions}."
    )


def _seconds(result: Result) -> str:
    if not result.seconds:
        return "–"
    return f"{result.median:.2f} s" if result.median >= 0.01 else f"{result.median * 1000:.2g} ms"
