"""What commands print: lines for people, JSON for programs."""

import contextlib
import io
import json
import os
import sys
from collections.abc import Mapping
from datetime import datetime

from elevenlabs_history import DownloadedFile, HistoryError

# Hints of the library, which name no argument, and how it is done here.
HINTS = {
    "Allow overwriting, or choose another name.": "Use --overwrite, or choose another name.",
    "Allow more items, or choose fewer with filters.": "Allow more with --max, or choose fewer with filters.",
    "If that is what you want, allow to delete everything that is listed.": "To delete them: --everything-listed.",
    "Choose the region of the workspace: us, eu, in or sg.": "Name it with --region: us, eu, in or sg.",
}
_COLORS = {"red": 31, "green": 32, "yellow": 33}


def write(text: str, *, label: str = "", color: str | None = None) -> None:
    """Print a line of a result; the color is for its label, or for all of it if there is no label."""
    label, text = sanitize(label), sanitize(text)
    print(_colorize(label, color) + text if label else _colorize(text, color))


def echo(line: str) -> None:
    """Print a line that is not a result: to stderr."""
    print(sanitize(line), file=sys.stderr)


class SafeOutput:
    """Standard output for texts of other people: if it is a terminal, they can't control it.

    It is UTF-8 with the line ends that the text has, whatever the terminal uses.
    """

    def __init__(self, encoding: str = "utf-8") -> None:
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(encoding=encoding, errors="replace", newline="")

    def write(self, text: str) -> int:
        """Write lines."""
        return sys.stdout.write("\n".join(map(sanitize, text.split("\n"))) if sys.stdout.isatty() else text)


def print_json(value: Mapping[str, object]) -> None:
    """Print one object on a line; flush it, because a program may be reading along."""
    line = json.dumps(value, ensure_ascii=False, default=_to_text)
    if not line.isprintable():
        # Controls, such as those that turn the writing direction, and what no encoding has.
        line = "".join(each if each.isprintable() else json.dumps(each)[1:-1] for each in line)
    print(line, flush=True)


def name_options(error: HistoryError) -> HistoryError:
    """Let the hint of an error name options of the command line."""
    error.hint = HINTS.get(error.hint, error.hint)
    return error


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


def format_length(seconds: float) -> str:
    """Format the length of audio: hours, minutes and seconds."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60:,}:{minutes % 60:02}:{rest:02}"


def format_time(time: datetime) -> str:
    """Format a time to the minute, in the time zone of this machine."""
    # At the ends of the calendar there may be no such time.
    with contextlib.suppress(ValueError, OverflowError, OSError):
        time = time.astimezone()
    return f"{time:%Y-%m-%d %H:%M}"


def pluralize(number: int, noun: str) -> str:
    """Format a number of things."""
    plural = f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
    return f"{number:,} {noun if number == 1 else plural}"


def sanitize(text: str) -> str:
    """Remove what would move the cursor of a terminal, change its colors or begin a new line."""
    shown = (" " if character.isspace() else character for character in text)
    return "".join(character for character in shown if character.isprintable())


def _colorize(text: str, color: str | None) -> str:
    """Color a text if the output is a terminal and the user has not turned colors off; see no-color.org."""
    if color is None or not sys.stdout.isatty() or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return text
    return f"\x1b[{_COLORS[color]}m{text}\x1b[0m"


def _to_text(value: object) -> str:
    return value.isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else str(value)
