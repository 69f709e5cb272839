"""Items and clips as lines for people."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from elevenlabs_history_api.models import HistoryItem

    from elevenlabs_history import Clip

_COLUMNS = "{:22}  {:16}  {:18}  {}"


def item_lines(items: Iterable[HistoryItem]) -> Iterator[str]:
    """Yield a heading and a line for each item, cut to the width of the terminal."""
    width = max(60, shutil.get_terminal_size((120, 24)).columns)
    yield _COLUMNS.format("ID", "MADE (UTC)", "VOICE", "TEXT")
    for item in items:
        made = datetime.fromtimestamp(item.date_unix, UTC).strftime("%Y-%m-%d %H:%M")
        voices, text = _spoken(item)
        yield _COLUMNS.format(item.history_item_id, made, _cut(voices, 18), text)[:width].rstrip()


def clip_line(clip: Clip) -> str:
    """Say where a clip is and which item it is."""
    which = f"item {clip.history_item_id} ({clip.proof})" if clip.history_item_id else "item unknown"
    return f"{clip.path}  {clip.size / 1024:,.0f} KiB  {which}"


def _spoken(item: HistoryItem) -> tuple[str, str]:
    """Return who speaks and what is said, of dialogue too, as printable single lines."""
    lines = item.dialogue or []
    voices = item.voice_name or " & ".join(dict.fromkeys(line.voice_name for line in lines if line.voice_name))
    text = item.text or " / ".join(line.text for line in lines)
    return _printable(voices), _printable(text)


def _printable(text: str) -> str:
    """Drop what would move the cursor or colour the terminal: texts come from outside."""
    return "".join(character for character in " ".join(text.split()) if character.isprintable())


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"
