"""How long does a program take to start and make a client?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..bench import anything
from ..goals import Answer, compare
from ..measure import race

if TYPE_CHECKING:
    from ..bench import Bench

SIZES = {"tiny": 1, "quick": 5, "usual": 15, "full": 30}  # rounds


def ask(bench: Bench) -> Answer:
    """Compare with `import httpx` and a client of it, and with the vendor's SDK."""
    results = race(
        bench.launcher,
        [
            bench.program("ours", "ours", "start", anything, whole=True),
            bench.program("httpx", "ours", "start", anything, whole=True, script="httpx_loop"),
            bench.program("vendor SDK", "sdk", "start", anything, whole=True),
        ],
        SIZES[bench.scale],
    )
    ours = results["ours"]
    return Answer(
        "Start a program and make a client",
        lines=[
            compare("ours / httpx and its client", ours, results["httpx"], at_most=1.25),
            compare("ours / vendor SDK", ours, results["vendor SDK"], at_most=0.45),
        ],
        results={"Whole processes": list(results.values())},
        remarks=["httpx loads its certificates when its client is made, ours when the first request is sent."],
    )
