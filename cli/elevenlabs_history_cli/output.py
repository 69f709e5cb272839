"""What commands print: lines for people, JSON for programs."""

import json
import os
import shutil
import sys
from collections.abc import Mapping
from datetime import datetime

from elevenlabs_history import DownloadedFile

_VOICE_WIDTH = 18
_COLORS = {"red": 31, "green": 32, "yellow": 33}
# The library's errors name Python arguments; here they name options and variables.
PYTHON_TO_OPTIONS = (
    ("Pass api_key=… or set ", "Set "),
    ("pass api_key=… or set ", "set "),
    ('region="us", "eu", "in" or "sg"', "--region us, eu, in or sg"),
    ("Pass overwrite=True or choose another name", "Use --overwrite, or choose another folder with --output"),
    ("fetch them with Backup.fetch_alignments", "use --fetch"),
    ("pass it as base_url", "set ELEVENLABS_BASE_URL to it"),
    ("Try again, or pass a longer timeout=…", "Try again later"),
    ("pass http_client=httpx.Client(verify=…)", "set SSL_CERT_FILE to that certificate"),
)


def write(text: str, *, label: str = "", color: str | None = None) -> None:
    """Print a line of a result: a label, which may have a color, and a text."""
    label, text = sanitize(label), sanitize(text)
    print((colorize(label, color) if color else label) + text)


def echo(line: str) -> None:
    """Print a line that is not a result: to stderr."""
    print(sanitize(line), file=sys.stderr)


def print_json(value: Mapping[str, object]) -> None:
    """Print one object on a line; flush it, because a program may be reading along."""
    line = json.dumps(value, ensure_ascii=False, default=_to_text)
    if not line.isprintable():
        # Controls, such as those that turn the writing direction, and what no encoding has.
        line = "".join(each if each.isprintable() else json.dumps(each)[1:-1] for each in line)
    print(line, flush=True)


def print_row(history_item_id: str, date: str, voice: str, text: str) -> None:
    """Print a line of a table of items, cut to the width of the terminal if there is one."""
    voice, text = (" ".join(sanitize(cell).split()) for cell in (voice, text))
    voice = voice if len(voice) <= _VOICE_WIDTH else f"{voice[: _VOICE_WIDTH - 1]}…"
    line = f"{history_item_id:22}  {date:16}  {voice:{_VOICE_WIDTH}}  {text}"
    if sys.stdout.isatty() or os.environ.get("COLUMNS"):
        line = line[: max(60, shutil.get_terminal_size().columns)]
    write(line.rstrip())


def error_text(error: object) -> str:
    """Return an error of the library, or a part of its text, with options in place of Python arguments."""
    text = str(error)
    for argument, option in PYTHON_TO_OPTIONS:
        text = text.replace(argument, option)
    return text


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


def sanitize(text: str) -> str:
    """Remove what would move the cursor of a terminal, change its colors or begin a new line."""
    shown = (" " if character.isspace() else character for character in text)
    return "".join(character for character in shown if character.isprintable())


def colorize(text: str, color: str) -> str:
    """Color a text if the output is a terminal and the user has not turned colors off; see no-color.org."""
    if not sys.stdout.isatty() or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return text
    return f"\x1b[{_COLORS[color]}m{text}\x1b[0m"


def _to_text(value: object) -> str:
    return value.isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else str(value)
