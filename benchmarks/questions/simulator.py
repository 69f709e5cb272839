"""Is the simulator fast enough to test against?"""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any

from ..bench import KEY, tells
from ..goals import Answer, Line
from ..measure import race

if TYPE_CHECKING:
    from ..bench import Bench

SIZES = {  # bytes of the large body, small requests
    "tiny": (2_000_000, 20),
    "quick": (200_000_000, 500),
    "usual": (1_000_000_000, 2000),
    "full": (1_000_000_000, 5000),
}
_SERVE = """
import sys
from elevenlabs_history_simulator import Simulator
with Simulator(items=20) as simulator:
    large = simulator.history.add(size=int(sys.argv[1]))
    print(simulator.base_url, large.id, large.audio().size, flush=True)
    sys.stdin.read()
"""


def ask(bench: Bench) -> Answer:
    """Read one large body, and the metadata of one item again and again, with a bare socket."""
    size, requests = SIZES[bench.scale]
    with subprocess.Popen(
        [sys.executable, "-c", _SERVE, str(size)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8"
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            base_url, large, true_size = process.stdout.readline().split()
            facts: dict[str, Any] = {"base_url": base_url, "ids": [large], "requests": requests, "key": KEY}
            results = race(
                bench.launcher,
                [
                    bench.program(
                        "large body", "ours", "body", tells(size=int(true_size)), script="bare_requests", **facts
                    ),
                    bench.program(
                        "small requests", "ours", "requests", tells(count=requests), script="bare_requests", **facts
                    ),
                ],
                bench.rounds,
            )
        finally:
            process.stdin.close()
            process.wait()
    body, small = results.values()
    return Answer(
        "The simulator",
        lines=[
            Line(
                what="one large body",
                value=int(true_size) / 1e6 / body.seconds if body.samples else None,
                goal=300,
                unit="MB/s",
                at_least=True,
                note=body.reason,
            ),
            Line(
                what="small requests, one after the other",
                value=requests / small.seconds if small.samples else None,
                goal=500,
                unit="/s",
                at_least=True,
                note=small.reason,
            ),
        ],
        results={f"A body of {size // 1_000_000} MB, and {requests:,} requests": list(results.values())},
        remarks=["These goals are absolute, for two cores."],
    )
