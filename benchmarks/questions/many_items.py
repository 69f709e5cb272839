"""How fast do many items become files, each known for its item, from a server that is far away and has a limit?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from ..bench import digests, holds_exactly
from ..dataset import Shape
from ..goals import Answer, compare, fastest
from ..measure import race

if TYPE_CHECKING:
    from ..bench import Bench
    from ..measure import Contestant, Result

SIZES = {  # items and bytes of each
    "tiny": (12, 2000),
    "quick": (200, 200_000),
    "usual": (1000, 200_000),
    "full": (1000, 200_000),
}
_WORKERS = {"tiny": (2,), "quick": (4, 10), "usual": (1, 2, 4, 7, 10), "full": (1, 2, 4, 6, 8, 10)}
_BATCHES = {"tiny": (4,), "quick": (25, 50), "usual": (10, 25, 50, 100), "full": (10, 20, 25, 40, 50, 100, 200)}
_FINALISTS = {"tiny": 1, "quick": 1, "usual": 3, "full": 3}
_GIGABIT = 125_000_000


def ask(bench: Bench) -> Answer:
    """Compare with the best fixed number of workers and size of archives, found by trying, and the vendor's SDK."""
    items, size = SIZES[bench.scale]
    answer = Answer(f"{items} items of {size // 1000} KB from a server that is far away")
    near = Shape(items=items, size=size, latency=0.05, limit=10)
    circumstances = {
        "50 ms, limit 10": near,
        "20 ms, limit 2": attrs.evolve(near, latency=0.02, limit=2),
        "200 ms, limit 4": attrs.evolve(near, latency=0.2, limit=4),
        "50 ms, limit 10, 10 ms an item": attrs.evolve(near, per_item=0.01),
        "50 ms, limit 10, 125 MB/s": attrs.evolve(near, bandwidth=_GIGABIT),
    }
    if bench.scale in {"tiny", "quick"}:
        circumstances = dict(list(circumstances.items())[:2])
    for name, shape in circumstances.items():
        _ask(bench, shape, name, answer, with_sdk=shape is near)
    answer.remarks.append(
        "A fixed policy is the httpx loop with so many threads and so many ids an archive; it proves no identity and"
        " waits for the disk only where the table says so. Ours runs with its defaults, once more with as many workers"
        " as the server takes."
    )
    return answer


def _ask(bench: Bench, shape: Shape, name: str, answer: Answer, *, with_sdk: bool) -> None:
    expected = digests(shape)
    proven = holds_exactly(expected, identified=True)
    with bench.server(shape) as base_url:
        best = _sweep(bench, shape, base_url, expected)
        peers = [_policy(bench, base_url, expected, *policy) for policy in best]
        durable = [_policy(bench, base_url, expected, *policy, durable=True) for policy in best]
        facts: dict[str, Any] = {"base_url": base_url, "ids": list(expected)}
        if with_sdk:
            peers += [
                bench.program("vendor SDK, ten at a time", "sdk", "ten at once", proven, at_once=10, **facts),
                bench.program("vendor SDK, one by one", "sdk", "one by one", proven, rounds=1, **facts),
            ]
        most = {"workers": shape.limit}
        results = race(
            bench.launcher,
            [
                bench.program("ours", "ours", "many", proven, base_url=base_url),
                bench.program(f"ours, {shape.limit} workers", "ours", "many", proven, base_url=base_url, options=most),
                *peers,
                *durable,
            ],
            min(bench.rounds, 3),
        )
    ours = results["ours"]
    answer.results[name] = list(results.values())
    for policies in (peers[: len(best)], durable):
        policy = fastest([results[peer.name] for peer in policies])
        answer.lines.append(compare(f"ours / {policy.name}, {name}", ours, policy, at_most=1.15))
    if with_sdk:
        ten, alone = (results[f"vendor SDK, {how}"] for how in ("ten at a time", "one by one"))
        answer.lines.append(compare(f"ours / vendor SDK one by one, {name}", ours, alone, at_most=0.03))
        answer.lines.append(compare(f"ours / vendor SDK ten at a time, {name}", ours, ten, at_most=0.3))


def _sweep(bench: Bench, shape: Shape, base_url: str, expected: dict[str, str]) -> list[tuple[int, int]]:
    """Try every policy once and return the best."""
    policies = {
        (workers, size): _policy(bench, base_url, expected, workers, size)
        for workers in sorted({*_WORKERS[bench.scale], shape.limit})
        for size in _BATCHES[bench.scale]
        # Fewer than a third of what the server takes have never been near the best, and take minutes to be so.
        if shape.limit <= 3 * workers <= 3 * shape.limit
    }
    tried: dict[str, Result] = race(bench.launcher, list(policies.values()), 1)
    good = [policy for policy, contestant in policies.items() if tried[contestant.name].samples]
    good.sort(key=lambda policy: tried[policies[policy].name].seconds)
    return good[: _FINALISTS[bench.scale]] or list(policies)[:1]


def _policy(
    bench: Bench, base_url: str, expected: dict[str, str], workers: int, size: int, *, durable: bool = False
) -> Contestant:
    return bench.program(
        f"{workers} threads, {size} an archive{', to the disk' if durable else ''}",
        "ours",
        "many durable" if durable else "many",
        holds_exactly(expected, identified=False),
        script="httpx_loop",
        base_url=base_url,
        ids=list(expected),
        workers=workers,
        batch_size=size,
    )
