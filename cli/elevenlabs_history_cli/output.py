"""What commands tell, as lines for people and as JSON for programs."""

from __future__ import annotations

import json
import os
import shutil
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from elevenlabs_history_api.models import HistoryItem

    from elevenlabs_history import DownloadedFile, Record

_COLUMNS = "{:22}  {:16}  {:18}  {}"
_COLOURS = {"red": 31, "green": 32, "yellow": 33}


def print_json(value: Mapping[str, object]) -> None:
    """Print one object on a line of its own; at once, for whoever reads along."""
    print(json.dumps(value, ensure_ascii=False), flush=True)


def item_lines(items: Iterable[HistoryItem]) -> Iterator[str]:
    """Yield a heading and a line for each item of the server, cut to the width of the terminal."""
    yield fitted(_COLUMNS.format("ID", "MADE (UTC)", "VOICE", "TEXT"))
    for item in items:
        made = _made(item.date_unix)
        voices, text = _spoken(item)
        yield fitted(_COLUMNS.format(item.history_item_id, made, _cut(voices, 18), text))


def record_lines(records: Iterable[Record]) -> Iterator[str]:
    """Yield two lines for each item of a backup: what it is, and where."""
    for record in records:
        yield fitted(_COLUMNS.format(record.history_item_id, minute(record.date), _cut(record.voice, 18), record.text))
        for file in record.files:
            yield f"  {file.path}"
        if record.reason is not None:
            yield f"  {record.state}: {printable(record.reason)}"


def metadata_lines(metadata: Mapping[str, object]) -> Iterator[str]:
    """Yield a line for each field that an item has."""
    for name, value in metadata.items():
        if value is None:
            continue
        told = value if isinstance(value, str | int | float) else json.dumps(value, ensure_ascii=False)
        if name == "date_unix":
            told = f"{value} ({_made(value)} UTC)"
        yield f"{printable(name):28} {printable(str(told))}"


def clip_line(clip: DownloadedFile) -> str:
    """Say where a clip is and which item it is."""
    which = f"item {clip.history_item_id} ({clip.match_method})" if clip.history_item_id else "item unknown"
    return f"{clip.path}  {size_in_words(clip.size)}  {which}"


def clip_json(clip: DownloadedFile) -> dict[str, object]:
    """Return a clip as JSON has it."""
    return {
        "history_item_id": clip.history_item_id,
        "path": str(clip.path),
        "size": clip.size,
        "kind": clip.kind.value,
        "match_method": None if clip.match_method is None else str(clip.match_method),
    }


def size_in_words(size: float) -> str:
    """Say a number of bytes with three digits or so."""
    for unit in ("bytes", "KiB", "MiB"):
        if size < 1024:
            return f"{size:,.0f} {unit}" if unit == "bytes" or size >= 10 else f"{size:,.1f} {unit}"
        size /= 1024
    return f"{size:,.1f} GiB"


def count(number: int, thing: str) -> str:
    """Say how many things there are."""
    return f"{number:,} {thing}" if number == 1 else f"{number:,} {thing}s"


def minute(moment: datetime) -> str:
    """Say a moment to the minute."""
    return f"{moment:%Y-%m-%d %H:%M}"


def fitted(line: str) -> str:
    """Cut a line to the terminal, if there is one, and drop what would move its cursor or colour it."""
    line = printable(line, keep_spaces=True)
    if sys.stdout.isatty() or os.environ.get("COLUMNS"):
        line = line[: max(60, shutil.get_terminal_size().columns)]
    return line.rstrip()


def printable(text: str, *, keep_spaces: bool = False) -> str:
    """Drop what is not for a line of a terminal."""
    if not keep_spaces:
        text = " ".join(text.split())
    return "".join(" " if character.isspace() else character for character in text if _is_shown(character))


def coloured(text: str, colour: str) -> str:
    """Colour a text for a terminal that wants it, as no-color.org has it."""
    if not sys.stdout.isatty() or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb" or os.name == "nt":
        return text
    return f"\x1b[{_COLOURS[colour]}m{text}\x1b[0m"


def _is_shown(character: str) -> bool:
    return character.isprintable() or character.isspace()


def _made(date_unix: object) -> str:
    """Say when an item was made; what is no moment is said as it is."""
    try:
        return minute(datetime.fromtimestamp(float(str(date_unix)), UTC))
    except (ValueError, OverflowError, OSError):
        return printable(str(date_unix))


def _spoken(item: HistoryItem) -> tuple[str, str]:
    """Return who speaks and what is said, of dialogue too, as printable single lines."""
    lines = item.dialogue or []
    voices = item.voice_name or " & ".join(dict.fromkeys(line.voice_name for line in lines if line.voice_name))
    text = item.text or " / ".join(line.text for line in lines)
    return printable(voices), printable(text)


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"
