"""What commands print: lines for people, JSON for programs."""

from __future__ import annotations

import json
import os
import shutil
import sys
from datetime import UTC, datetime
from pathlib import PurePath
from typing import TYPE_CHECKING

from attrs import asdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from attrs import AttrsInstance
    from elevenlabs_history import DownloadedFile, HistoryError, HistoryItem
    from elevenlabs_history_backup import Record

_COLUMNS = "{:22}  {:16}  {:18}  {}"
_VOICE_WIDTH = 18
_COLORS = {"red": 31, "green": 32, "yellow": 33}
# The library's errors name Python arguments; here they name options and variables.
PYTHON_TO_OPTIONS = (
    ("Pass api_key=… or set ", "Set "),
    ("pass api_key=… or set ", "set "),
    ('add source="TTS"', "add --source TTS"),
    ("model_id only together with source", "--model only together with --source"),
    ('region="us", "eu", "in" or "sg"', "--region us, eu, in or sg"),
    ("Pass overwrite=True or choose another name", "Use --overwrite, or choose another folder with --output"),
    ("pass it as base_url", "set ELEVENLABS_BASE_URL to it"),
    ("Try again, or pass a longer timeout=…", "Try again later"),
    ("pass http_client=httpx.Client(verify=…)", "set SSL_CERT_FILE to that certificate"),
)


def echo(line: str) -> None:
    """Print a line that is not a result: to stderr."""
    print(line, file=sys.stderr)


def print_json(value: Mapping[str, object]) -> None:
    """Print one object on a line; flush it, because a program may be reading along."""
    print(json.dumps(value, ensure_ascii=False), flush=True)


def to_json(instance: AttrsInstance) -> dict[str, object]:
    """Return an attrs object as JSON: times in ISO 8601, paths as text."""
    return asdict(instance, value_serializer=_serialize)


def error_text(error: HistoryError) -> str:
    """Return an error as one line that names options instead of Python arguments."""
    return with_options(str(error))


def with_options(text: str) -> str:
    """Replace the Python arguments in a message or a hint of the library by options."""
    for argument, option in PYTHON_TO_OPTIONS:
        text = text.replace(argument, option)
    return text


def item_lines(items: Iterable[HistoryItem]) -> Iterator[str]:
    """Yield a heading and a line per item of the server, truncated to the width of the terminal."""
    yield truncate(_COLUMNS.format("ID", "DATE (UTC)", "VOICE", "TEXT"))
    for item in items:
        lines = item.dialogue or []
        voice = item.voice_name or " & ".join(dict.fromkeys(line.voice_name for line in lines if line.voice_name))
        text = item.text or " / ".join(line.text for line in lines if line.text)
        yield _row(item.history_item_id, _date(item.date_unix), sanitize(voice), sanitize(text))


def record_lines(record: Record) -> Iterator[str]:
    """Yield the lines of an item of a backup: what it is, where its files are, why one is not saved."""
    yield _row(record.history_item_id, format_time(record.date), sanitize(record.voice), sanitize(record.text))
    for file in record.files:
        yield f"  {file.path}"
    if record.reason is not None:
        yield f"  {record.state}: {sanitize(record.reason)}"


def metadata_lines(metadata: Mapping[str, object]) -> Iterator[str]:
    """Yield a line per field of an item."""
    for name, value in metadata.items():
        if value is None:
            continue
        text = str(value) if isinstance(value, str | int | float) else json.dumps(value, ensure_ascii=False)
        if name == "date_unix":
            text = f"{value} ({_date(value)} UTC)"
        yield f"{sanitize(name):28} {sanitize(text)}"


def file_line(file: DownloadedFile) -> str:
    """Describe a file: where it is and which item it is."""
    item = f"item {file.history_item_id} ({file.match_method})" if file.history_item_id else "item unknown"
    return f"{file.path}  {format_size(file.size)}  {item}"


def format_size(size: float) -> str:
    """Format a number of bytes with about three digits."""
    for unit in ("bytes", "KiB", "MiB"):
        if size < 1024:
            return f"{size:,.0f} {unit}" if unit == "bytes" or size >= 10 else f"{size:,.1f} {unit}"
        size /= 1024
    return f"{size:,.1f} GiB"


def format_time(time: datetime) -> str:
    """Format a time to the minute."""
    return f"{time:%Y-%m-%d %H:%M}"


def pluralize(number: int, noun: str) -> str:
    """Format a number of things."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def truncate(line: str) -> str:
    """Sanitize a line and cut it to the width of the terminal, if there is one."""
    line = sanitize(line, keep_spaces=True)
    if sys.stdout.isatty() or os.environ.get("COLUMNS"):
        line = line[: max(60, shutil.get_terminal_size().columns)]
    return line.rstrip()


def sanitize(text: str, *, keep_spaces: bool = False) -> str:
    """Remove what would move the cursor of a terminal, change its colors or begin a new line."""
    if not keep_spaces:
        text = " ".join(text.split())
    shown = (" " if character.isspace() else character for character in text)
    return "".join(character for character in shown if character.isprintable())


def colorize(text: str, color: str) -> str:
    """Color a text if the output is a terminal and the user has not turned colors off; see no-color.org."""
    if not sys.stdout.isatty() or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb" or os.name == "nt":
        return text
    return f"\x1b[{_COLORS[color]}m{text}\x1b[0m"


def _serialize(_instance: object, _attribute: object, value: object) -> object:
    match value:
        case datetime():
            return value.isoformat().replace("+00:00", "Z")
        case PurePath():
            return str(value)
        case _:
            return value


def _row(history_item_id: str, date: str, voice: str, text: str) -> str:
    voice = voice if len(voice) <= _VOICE_WIDTH else voice[: _VOICE_WIDTH - 1] + "…"
    return truncate(_COLUMNS.format(history_item_id, date, voice, text))


def _date(date_unix: object) -> str:
    """Format Unix seconds; return anything else as it is, because the server may send it."""
    try:
        return format_time(datetime.fromtimestamp(float(str(date_unix)), UTC))
    except (ValueError, OverflowError, OSError):
        return sanitize(str(date_unix))
