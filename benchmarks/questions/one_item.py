"""How fast does one large item reach the disk?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..bench import digests, holds_exactly
from ..dataset import Shape
from ..goals import Answer, compare, memory_below
from ..measure import race

if TYPE_CHECKING:
    from ..bench import Bench

SIZES = {"tiny": 2_000_000, "quick": 100_000_000, "usual": 100_000_000, "full": 1_000_000_000}  # bytes
_FLAT = 50  # MiB


def ask(bench: Bench) -> Answer:
    """Compare with loops around httpx, requests and a socket, with the generated client and with the vendor's SDK."""
    shape = Shape(items=1, size=SIZES[bench.scale])
    expected = digests(shape)
    check = holds_exactly(expected, identified=False)
    with bench.server(shape) as base_url:
        facts: dict[str, Any] = {"base_url": base_url, "ids": list(expected)}
        results = race(
            bench.launcher,
            [
                bench.program("ours", "ours", "save", check, **facts),
                bench.program("httpx loop", "ours", "save", check, script="httpx_loop", **facts),
                bench.program("httpx loop with fsync", "ours", "save durable", check, script="httpx_loop", **facts),
                bench.program("generated client", "ours", "save", check, script="generated", **facts),
                bench.program("requests, 1 MiB at a time", "requests", "save", check, script="requests_loop", **facts),
                bench.program("vendor SDK", "sdk", "save", check, **facts),
                bench.program("raw socket", "ours", "save", check, script="raw_socket", **facts),
            ],
            bench.rounds,
        )
    ours = results["ours"]
    return Answer(
        f"One item of {shape.size // 1_000_000} MB to the disk",
        lines=[
            compare("ours / httpx loop", ours, results["httpx loop"], at_most=1.1),
            compare("ours / httpx loop with fsync, as ours does", ours, results["httpx loop with fsync"], at_most=1.1),
            compare("ours / vendor SDK", ours, results["vendor SDK"], at_most=0.45),
            memory_below("peak memory of ours", ours, _FLAT),
        ],
        results={"From the request to the whole file, start-up not counted": list(results.values())},
    )
