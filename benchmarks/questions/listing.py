"""How fast, and in how much memory, does a long listing become typed items?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..bench import tells
from ..dataset import Dataset, Shape
from ..goals import Answer, compare, compare_memory
from ..measure import race
from ..programs.told import Listing

if TYPE_CHECKING:
    from ..bench import Bench

SIZES = {  # items, and items with long alignments
    "tiny": (1500, 20),
    "quick": (10_000, 150),
    "usual": (100_000, 3000),
    "full": (100_000, 10_000),
}
_LONG_TEXT = 2000  # characters


def ask(bench: Bench) -> Answer:
    """Compare with httpx and json alone, the generated client and the vendor's SDK."""
    plain, aligned = SIZES[bench.scale]
    answer = Answer(f"List {plain:,} items as typed items")
    _ask(bench, Shape(items=plain, size=1), f"{plain:,} items", answer)
    name = f"{aligned:,} items with {_LONG_TEXT:,} aligned characters"
    _ask(bench, Shape(items=aligned, size=1, aligned=_LONG_TEXT), name, answer)
    return answer


def _ask(bench: Bench, shape: Shape, name: str, answer: Answer) -> None:
    listing = Listing()
    for each, served in Dataset(shape).served.items():
        listing.add(each, served.item.as_told()["text"])
    check = tells(**listing.told())
    with bench.server(shape) as base_url:
        results = race(
            bench.launcher,
            [
                bench.program("ours", "ours", "list", check, base_url=base_url),
                bench.program("httpx and json", "ours", "list", check, script="httpx_loop", base_url=base_url),
                bench.program("generated client", "ours", "list", check, script="generated", base_url=base_url),
                bench.program("vendor SDK", "sdk", "list", check, base_url=base_url, rounds=2),
            ],
            min(bench.rounds, 3),
        )
    ours = results["ours"]
    answer.results[name] = list(results.values())
    answer.lines += [
        compare(f"ours / vendor SDK, {name}", ours, results["vendor SDK"], at_most=0.17),
        compare_memory(f"peak memory of ours / httpx and json, {name}", ours, results["httpx and json"], at_most=1.1),
    ]
