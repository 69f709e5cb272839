"""What a measured program is asked to do, and how it reports. Imports nothing but the standard library."""

from __future__ import annotations

import json
import resource
import sys
import zlib
from pathlib import Path
from typing import Any


class Job:
    """A name and facts, from the command line."""

    def __init__(self) -> None:
        self.name = sys.argv[1]
        facts: dict[str, Any] = json.loads(sys.argv[2])
        self.key: str = facts["key"]
        self.base_url: str = facts["base_url"]
        self.ids: list[str] = facts.get("ids", [])
        self.folder = Path(facts.get("folder", "."))


class Listing:
    """Counts the items of a listing, and computes a checksum of their ids and texts."""

    def __init__(self) -> None:
        self.count = 0
        self.checksum = 0

    def add(self, history_item_id: str, text: str | None) -> None:
        """Add one item."""
        self.count += 1
        self.checksum = zlib.crc32((history_item_id + (text or "")).encode(), self.checksum)

    def facts(self) -> dict[str, int]:
        """Return both."""
        return {"count": self.count, "checksum": self.checksum}


def report(seconds: float, **facts: object) -> None:
    """Print the seconds that the work took, the peak memory in bytes, and the facts that are checked."""
    sys.stdout.write(json.dumps({"seconds": seconds, "memory": _peak_memory(), **facts}))


def _peak_memory() -> int:
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # Linux hands ru_maxrss of the parent on to its children; this value begins with the program.
    (line,) = (line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024
