"""The page of results: written between two marks, so that what people wrote around them stays."""

from __future__ import annotations

import os
import platform
import re
from datetime import UTC, datetime
from importlib.metadata import version
from typing import TYPE_CHECKING

from .environments import CONTENTS, ROOT
from .goals import MIB

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .goals import Answer, Line
    from .measure import Result

PAGE = ROOT / "docs" / "benchmarks.md"
BEGIN, END = "<!-- Written by make bench from here … -->", "<!-- … to here. -->"


def goal_table(answers: Sequence[Answer]) -> str:
    """Return goals and results side by side, as Markdown that reads well in a terminal too."""
    rows = [("question", "what", "goal", "result", "", "spread, or why")]
    for answer in answers:
        rows += [
            (answer.title if number == 0 else "", line.what, _goal(line), _value(line), line.status, line.note)
            for number, line in enumerate(answer.lines)
        ]
    return _table(rows)


def full_report(answers: Sequence[Answer], scale: str) -> str:
    """Return everything that was measured, as Markdown."""
    parts = [_circumstances(scale), "## Goals and results\n\n" + goal_table(answers)]
    for answer in answers:
        parts.append(f"## {answer.title}")
        for heading, results in answer.results.items():
            parts.append(f"{heading}:\n\n{_measured(results)}")
        parts += answer.remarks
    return "\n\n".join(parts)


def write_page(text: str) -> None:
    """Put a report between the marks of the page.

    Raises:
        ValueError: The page has lost its marks.
    """
    page = PAGE.read_text(encoding="utf-8")
    before, mark, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (mark and end):
        raise ValueError(f"{PAGE.name} lacks the line {BEGIN!r} or {END!r}: put both back, then run it again.")
    PAGE.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}", encoding="utf-8")


def _circumstances(scale: str) -> str:
    pinned = (
        line
        for contents in CONTENTS.values()
        if contents.endswith(".txt")
        for line in re.findall(r"(?m)^[\w-]+==\S+", (ROOT / contents).read_text(encoding="utf-8"))
    )
    peers = ", ".join(line.replace("==", " ") for line in pinned)
    return (
        f"{datetime.now(UTC):%Y-%m-%d}, scale `{scale}`: {os.cpu_count()} cores, {platform.system()}"
        f" {platform.machine()}, {platform.python_implementation()} {platform.python_version()}, httpx"
        f" {version('httpx')}, {peers}."
    )


def _measured(results: Sequence[Result]) -> str:
    rows = [("", "seconds", "spread", "CPU s", "peak MiB", "rounds")]
    for result in results:
        if result.samples:
            figures = (f"{result.seconds:.3f}", f"{result.spread:.0%}", f"{result.cpu:.2f}")
            rows.append((result.name, *figures, f"{result.memory / MIB:.0f}", str(len(result.samples))))
        else:
            rows.append((result.name, f"does not count: {result.reason}", "", "", "", ""))
    return _table(rows)


def _goal(line: Line) -> str:
    return f"{'≥' if line.at_least else '≤'} {line.goal:g} {line.unit}"


def _value(line: Line) -> str:
    if line.value is None:
        return "–"
    return f"{line.value:.3f} ×" if line.unit == "×" and line.value < 0.1 else f"{line.value:.4g} {line.unit}"


def _table(rows: Sequence[Sequence[str]]) -> str:
    cells = [[cell.replace("|", "\\|").replace(str(ROOT), "…") for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = [
        "| " + " | ".join(f"{cell:{width}}" for cell, width in zip(row, widths, strict=True)) + " |" for row in cells
    ]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)
