"""How the programs learn what to do and tell what they did; all of them run in environments that lack this project."""

from __future__ import annotations

import json
import sys
import zlib
from pathlib import Path
from typing import Any


class Job:
    """What to do, from the command line: a name, and facts as JSON or as `@FILE`."""

    def __init__(self) -> None:
        self.name, text = sys.argv[1:]
        facts = json.loads(Path(text[1:]).read_text(encoding="utf-8") if text.startswith("@") else text)
        self.folder = Path(facts["folder"])
        self.key: str = facts["key"]
        self.base_url: str = facts.get("base_url", "")
        self.ids: list[str] = facts.get("ids", [])
        self.facts: dict[str, Any] = facts


class Listing:
    """What a listing gave, in few bytes: how many items and a checksum of what they say."""

    def __init__(self) -> None:
        self.count = 0
        self._checksum = 0

    def add(self, history_item_id: str, text: str | None) -> None:
        """Take one item."""
        self.count += 1
        self._checksum = zlib.crc32((history_item_id + (text or "")).encode(), self._checksum)

    def told(self) -> dict[str, int]:
        """Return what is to be told."""
        return {"count": self.count, "checksum": self._checksum}


def tell(seconds: float, **facts: object) -> None:
    """Say how long the work took and what came of it."""
    sys.stdout.write(json.dumps({"seconds": seconds, **facts}))


def chunks(ids: list[str], size: int) -> list[list[str]]:
    """Cut ids into requests."""
    return [ids[start : start + size] for start in range(0, len(ids), size)]
