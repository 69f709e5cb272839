"""How long does a backup take when all is there already?"""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

from ..bench import KEY, tells
from ..dataset import Shape
from ..goals import Answer, Line
from ..measure import race

if TYPE_CHECKING:
    from pathlib import Path

    from ..bench import Bench

SIZES = {"tiny": 1200, "quick": 10_000, "usual": 100_000, "full": 100_000}
_MORE = 2.0  # seconds


def ask(bench: Bench) -> Answer:
    """Compare with the time that the listing takes by httpx and json alone; this goal is in seconds."""
    items = SIZES[bench.scale]
    answer = Answer(f"Back up {items:,} items that are there already")
    with bench.place("backup") as folder, bench.server(Shape(items=items, size=1)) as base_url:
        fill(folder, base_url)
        facts: dict[str, Any] = {"base_url": base_url, "backup": str(folder)}
        everything = tells(listed=items, saved=0, failed=0)
        results = race(
            bench.launcher,
            [
                bench.program("ours, listing everything", "ours", "backup", everything, full=True, **facts),
                bench.program("ours, up to known ground", "ours", "backup", tells(saved=0, failed=0), **facts),
                bench.program(
                    "httpx and json", "ours", "list", tells(count=items), script="httpx_loop", base_url=base_url
                ),
            ],
            min(bench.rounds, 3),
        )
    full, usual, listing = results.values()
    more = full.seconds - listing.seconds if full.samples and listing.samples else None
    answer.results["Work alone"] = list(results.values())
    answer.lines = [
        Line(
            what="ours, listing everything, beyond the listing alone",
            value=more,
            goal=_MORE,
            unit="s",
            note=full.reason or listing.reason or f"{full.seconds:.2f} against {listing.seconds:.2f} s",
        ),
        Line(
            what="ours, up to known ground",
            value=usual.seconds if usual.samples else None,
            goal=_MORE,
            unit="s",
            note=usual.reason,
        ),
    ]
    return answer


def fill(folder: Path, base_url: str) -> None:
    """Make a backup's catalog as if all that the server lists had been saved; the files are not needed here."""
    from elevenlabs_history import HistoryClient
    from elevenlabs_history_backup import Backup, BackupFile
    from elevenlabs_history_backup.catalog import Catalog

    with HistoryClient(KEY, base_url=base_url) as client, closing(Catalog.create(folder)) as catalog:
        for number, item in enumerate(client.list()):
            file = BackupFile(
                history_item_id=item.history_item_id,
                format="original",
                path=f"{number}.mp3",
                kind="mp3",
                size=1,
                sha256="0" * 64,
                match_method="only item",
                saved_at="2026-01-01T00:00:00Z",
            )
            catalog.record_file(item.to_dict(), file)
    # A run that finds everything there notes that it does.
    with HistoryClient(KEY, base_url=base_url) as client, Backup(folder) as backup:
        backup.sync(client, full=True)
