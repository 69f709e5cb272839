"""How fast does one archive become verified files?"""

from __future__ import annotations

import json
import zipfile
from typing import TYPE_CHECKING, Any

import attrs

from ..bench import KEY, digests, holds_exactly
from ..dataset import Shape
from ..environments import command_line_tool
from ..goals import Answer, compare, memory_below
from ..measure import Contestant, WrongResultError, race

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ..bench import Bench
    from ..measure import Told

SIZES = {  # items and bytes of each
    "tiny": (4, 100_000),
    "quick": (200, 250_000),
    "usual": (200, 1_000_000),
    "full": (200, 1_000_000),
}
_GIGABIT = 125_000_000
_FLAT = 50  # MiB


def ask(bench: Bench) -> Answer:
    """Compare with curl and unzip, httpx and zipfile, the vendor's SDK, elevenlabslib and, at a cap, a bare copy."""
    items, size = SIZES[bench.scale]
    answer = Answer(f"One archive of {items} items of {size / 1e6:g} MB to files")
    for deflated in (False, True):
        shape = Shape(items=items, size=size, deflated=deflated)
        how = "deflated" if deflated else "stored"
        _at_full_speed(bench, shape, how, answer)
        _at_a_cap(bench, attrs.evolve(shape, bandwidth=_GIGABIT), how, answer)
    answer.remarks += [
        "Against curl and unzip the whole processes count, between Python programs the work alone.",
        "Ours also tells which file is which item wherever the archive proves it; what it tells is checked.",
    ]
    return answer


def _at_full_speed(bench: Bench, shape: Shape, how: str, answer: Answer) -> None:
    expected = digests(shape)
    check = holds_exactly(expected, identified=False)
    with bench.server(shape) as base_url:
        facts: dict[str, Any] = {"base_url": base_url, "ids": list(expected)}
        results = race(
            bench.launcher,
            [
                bench.program("ours, whole process", "ours", "extract", check, whole=True, base_url=base_url),
                curl_and_unzip(base_url, list(expected), check),
                bench.program("ours", "ours", "extract", check, base_url=base_url),
                bench.program("httpx and zipfile", "ours", "extract", check, script="httpx_loop", **facts),
                bench.program("vendor SDK and BytesIO", "sdk", "extract", check, **facts),
                bench.program("elevenlabslib", "elevenlabslib", "", check, script="elevenlabslib_loop", **facts),
            ],
            bench.rounds,
        )
    ours, curl, sdk = (results[name] for name in ("ours, whole process", "curl and unzip", "vendor SDK and BytesIO"))
    answer.results[f"At full speed, {how}"] = list(results.values())
    answer.lines.append(compare(f"ours / curl and unzip, {how}", ours, curl, at_most=0.9 if shape.deflated else 0.65))
    note = f"vendor SDK and BytesIO: {sdk.memory >> 20} MiB" if sdk.samples else ""
    answer.lines.append(memory_below(f"peak memory of ours, {how}", ours, _FLAT, note))


def _at_a_cap(bench: Bench, shape: Shape, how: str, answer: Answer) -> None:
    expected = digests(shape)
    with bench.server(shape) as base_url:
        facts: dict[str, Any] = {"base_url": base_url, "ids": list(expected)}
        check = holds_exactly(expected, identified=False)
        results = race(
            bench.launcher,
            [
                bench.program("ours", "ours", "extract", check, base_url=base_url),
                bench.program(
                    "raw socket to one file", "ours", "", _whole_archive(shape.items), script="raw_socket", **facts
                ),
                bench.program(
                    "httpx and zipfile",
                    "ours",
                    "extract",
                    check,
                    script="httpx_loop",
                    **facts,
                ),
            ],
            min(bench.rounds, 3),
        )
    answer.results[f"At 125 MB/s, {how}"] = list(results.values())
    ours, raw = results["ours"], results["raw socket to one file"]
    answer.lines.append(compare(f"ours / raw copy at 125 MB/s, {how}", ours, raw, at_most=1.05))


def curl_and_unzip(base_url: str, ids: list[str], check: Callable[[Told, Path], None]) -> Contestant:
    """Make a contestant of what a shell offers."""
    reason = command_line_tool("curl", "unzip", "sh")
    body = json.dumps({"history_item_ids": ids})
    script = (
        f"curl -sSf -H 'xi-api-key: {KEY}' -H 'Content-Type: application/json' -d \"$1\" -o .zip"
        f" {base_url}/v1/history/download && unzip -qq .zip && rm .zip"
    )
    return Contestant(
        name="curl and unzip",
        command=None if reason else ("sh", "-c", script, "sh", body),
        check=check,
        whole=True,
        reason=reason,
    )


def _whole_archive(items: int) -> Callable[[Told, Path], None]:
    def check(told: Told, folder: Path) -> None:
        del told
        with zipfile.ZipFile(folder / "saved") as archive:
            if len(archive.namelist()) != items or archive.testzip() is not None:
                raise WrongResultError("the archive is not whole")

    return check
