"""How fast is a backup read back and compared?"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ..bench import KEY, digests, tells
from ..dataset import Shape
from ..environments import command_line_tool
from ..goals import Answer, compare
from ..measure import Contestant, WrongResultError, race

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ..bench import Bench
    from ..measure import Told

SIZES = {"tiny": (3, 100_000), "quick": (200, 1_000_000), "usual": (2000, 1_000_000), "full": (10_000, 1_000_000)}


def ask(bench: Bench) -> Answer:
    """Compare with sha256sum, two at a time."""
    from elevenlabs_history import HistoryClient
    from elevenlabs_history_backup import Backup

    items, size = SIZES[bench.scale]
    shape = Shape(items=items, size=size)
    with bench.place("backup") as folder:
        with (
            bench.server(shape) as base_url,
            HistoryClient(KEY, base_url=base_url) as client,
            Backup(folder) as backup,
        ):
            backup.sync(client)
        reason = command_line_tool("find", "xargs", "sha256sum")
        script = f"find '{folder}' -name '*.mp3' -print0 | xargs -0 -n 16 -P2 sha256sum"
        results = race(
            bench.launcher,
            [
                bench.program("ours", "ours", "verify", tells(ok=items, issues=0), whole=True, backup=str(folder)),
                Contestant(
                    name="sha256sum",
                    command=None if reason else ("sh", "-c", script),
                    check=_sums(sorted(digests(shape).values())),
                    whole=True,
                    reason=reason,
                ),
            ],
            bench.rounds,
        )
    return Answer(
        f"Verify {items:,} files, {items * size / 1e9:g} GB",
        lines=[compare("ours / xargs -P2 sha256sum", results["ours"], results["sha256sum"], at_most=1.1)],
        results={"Whole processes": list(results.values())},
        remarks=[f"Ours reads with one thread a processor; here are {os.cpu_count()}."],
    )


def _sums(expected: list[str]) -> Callable[[Told, Path], None]:
    def check(told: Told, folder: Path) -> None:
        del folder
        if sorted(line.split()[0] for line in told["text"].splitlines()) != expected:
            raise WrongResultError("the sums are not those of the files")

    return check
