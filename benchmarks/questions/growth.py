"""Do time and memory for each item stay level while a history grows?"""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

from ..bench import tells
from ..dataset import Shape
from ..environments import ROOT
from ..goals import MIB, Answer, Line
from ..measure import race

if TYPE_CHECKING:
    from ..bench import Bench
    from ..measure import Result

SIZES = {
    "tiny": (10, 40),
    "quick": (100, 1000, 5000),
    "usual": (100, 1000, 10_000, 100_000),
    "full": (100, 1000, 10_000, 100_000),
}
_MOST_BACKED_UP = {"tiny": 40, "quick": 1000, "usual": 10_000, "full": 100_000}
_SIZE = 2000  # bytes of audio
_LEVEL = 1.2
CHART = ROOT / "docs" / "benchmarks.png"


def ask(bench: Bench) -> Answer:
    """List, and back up, histories of growing length; the longest is compared with the one a tenth as long."""
    answer = Answer("Growth: from few items to many")
    listed: dict[int, Result] = {}
    saved: dict[int, Result] = {}
    for items in SIZES[bench.scale]:
        with bench.server(Shape(items=items, size=_SIZE)) as base_url:
            contestants = [bench.program(f"list {items:,}", "ours", "list", tells(count=items), base_url=base_url)]
            if items <= _MOST_BACKED_UP[bench.scale]:
                check = tells(listed=items, saved=items, failed=0)
                contestants.append(bench.program(f"back up {items:,}", "ours", "backup", check, base_url=base_url))
            results = list(race(bench.launcher, contestants, 1).values())
        listed[items] = results[0]
        if len(results) > 1:
            saved[items] = results[1]
    for verb, by_items in (("list", listed), ("back up", saved)):
        answer.results[verb.capitalize()] = list(by_items.values())
        answer.lines.append(_time_line(verb, by_items))
        answer.lines.append(_memory_line(verb, by_items))
    if bench.scale in {"usual", "full"}:
        answer.remarks.append(_draw(bench, {"list": listed, "back up": saved}))
    return answer


def _time_line(verb: str, by_items: dict[int, Result]) -> Line:
    before, last = list(by_items)[-2:]
    if not (by_items[before].samples and by_items[last].samples):
        return Line(what=f"{verb}: time for each item", value=None, goal=_LEVEL, note=by_items[last].reason)
    each = {items: by_items[items].seconds / items for items in (before, last)}
    return Line(
        what=f"{verb}: time for each of {last:,} items / of {before:,}",
        value=each[last] / each[before],
        goal=_LEVEL,
        note=f"{each[last] * 1e6:.0f} against {each[before] * 1e6:.0f} µs",
    )


def _memory_line(verb: str, by_items: dict[int, Result]) -> Line:
    before, last = list(by_items)[-2:]
    if not (by_items[before].samples and by_items[last].samples):
        return Line(what=f"{verb}: peak memory", value=None, goal=_LEVEL, note=by_items[last].reason)
    return Line(
        what=f"{verb}: peak memory with {last:,} items / with {before:,}",
        value=by_items[last].memory / by_items[before].memory,
        goal=_LEVEL,
        note=f"{by_items[last].memory / MIB:.0f} against {by_items[before].memory / MIB:.0f} MiB",
    )


def _draw(bench: Bench, series: dict[str, dict[int, Result]]) -> str:
    python = bench.python("chart")
    points = {
        verb: [
            (items, result.seconds / items * 1e6, result.memory / MIB)
            for items, result in by_items.items()
            if result.samples
        ]
        for verb, by_items in series.items()
    }
    command = python.command("-m", "benchmarks.programs.chart", json.dumps(points), str(CHART))
    if command is None:
        return f"The chart could not be drawn: {python.reason}."
    subprocess.run(command, check=True, cwd=ROOT)
    return f"![Time and memory by the number of items]({CHART.name})"
