"""The progress of a run: a line that changes on a terminal, lines elsewhere, JSON for programs."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections import deque
from datetime import timedelta
from typing import TYPE_CHECKING

import attrs
from elevenlabs_history import BytesReceived, FileSaved, ItemFailed, ItemMissing, RunStarted
from elevenlabs_history_backup import PageListed

from .output import echo, file_line, format_size, pluralize, print_json, sanitize
from .table import cell_width, cut, terminal_width

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator

    from elevenlabs_history_backup import BackupEvent

_EVENT_NAMES: dict[type, str] = {
    PageListed: "listed",
    RunStarted: "started",
    FileSaved: "saved",
    ItemMissing: "missing",
    ItemFailed: "failed",
}
_LINE_INTERVAL = 10.0  # seconds
_DRAW_INTERVAL = 0.1  # seconds
_RATE_SECONDS = 10  # how far back the rate looks
_BAR_CELLS = 16
_MIN_BAR_WIDTH = 60  # cells; in a narrower terminal numbers are worth more
_MIN_NAME_CELLS = 20
# Earlier than that an estimate of the time left would jump.
_MIN_SECONDS = 3.0
_MIN_FILES = 20


@contextlib.contextmanager
def progress(args: argparse.Namespace, activity: str) -> Iterator[Callable[[BackupEvent], None]]:
    """Choose how to show the events of a run, and give the function that takes them.

    Args:
        args: The arguments of the command.
        activity: What the command does before it knows how many items it will fetch, such as `Listing`.
    """
    if args.as_json:
        yield _print_event
    elif args.quiet or not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        yield _Lines(args).show
    else:
        with contextlib.closing(_Bar(args, activity)) as bar:
            yield bar.show


def _print_event(event: BackupEvent) -> None:
    if name := _EVENT_NAMES.get(type(event)):
        print_json({"event": name, **attrs.asdict(event.file if isinstance(event, FileSaved) else event)})


def _line(event: FileSaved | ItemMissing | ItemFailed, args: argparse.Namespace) -> str:
    """Return what is printed about an item; empty if nothing is."""
    is_download = args.command == "download"
    match event:
        case FileSaved():
            return file_line(event.file) if (is_download or args.verbose) and not args.quiet else ""
        case ItemMissing():
            return f"missing {event.history_item_id}" if is_download or not args.quiet else ""
        case ItemFailed():
            return f"failed  {event.history_item_id}: {event.error}"


def _print_line(line: str, event: object, args: argparse.Namespace) -> None:
    """Print a line about an item. The files are the result of `download`; of a backup it is the folder."""
    stream = sys.stdout if args.command == "download" and isinstance(event, FileSaved) else sys.stderr
    print(sanitize(line), file=stream, flush=True)


class _Bar:
    """One line of the terminal, drawn again and again, with as much as fits into it."""

    def __init__(self, args: argparse.Namespace, activity: str) -> None:
        self._args = args
        self._activity = f"{activity} …"
        self._items = self._done = self._saved = self._saved_size = 0
        self._received = self._since_saved = 0
        self._last_name = ""
        self._start = self._drawn_at = 0.0
        # What had been received when, about once a second.
        self._samples: deque[tuple[float, int]] = deque(maxlen=_RATE_SECONDS)
        self._draw()

    def show(self, event: BackupEvent) -> None:
        match event:
            case PageListed():
                self._activity = f"Listing … {pluralize(event.items, 'item')}, {event.pending:,} to fetch"
            case RunStarted():
                self._items, self._done = event.items, 0
                self._start = time.monotonic()
            case BytesReceived():
                self._received += event.size
                self._since_saved += event.size
            case FileSaved() | ItemMissing() | ItemFailed():
                self._count(event)
            case _:
                pass
        if isinstance(event, RunStarted | PageListed) or time.monotonic() - self._drawn_at >= _DRAW_INTERVAL:
            self._draw()

    def close(self) -> None:
        """Leave the last state on the terminal, if anything was to be fetched."""
        if self._items:
            self._draw()
            print(file=sys.stderr)
        else:
            self._print("")

    def _count(self, event: FileSaved | ItemMissing | ItemFailed) -> None:
        self._done += 1
        if isinstance(event, FileSaved):
            self._saved += 1
            self._saved_size += event.file.size
            self._since_saved = 0
            self._last_name = sanitize(event.file.path.name)
        if line := _line(event, self._args):
            self._print("")
            _print_line(line, event, self._args)
            self._draw()

    def _draw(self) -> None:
        self._drawn_at = time.monotonic()
        self._print(self._state() if self._items else self._activity)

    def _print(self, line: str) -> None:
        width = _width()
        line = cut(line, width)
        # Spaces cover the line before, and the cursor goes back, so that a message of somebody else covers this one.
        print(f"\r{line}{' ' * (width - cell_width(line))}\r", end="", file=sys.stderr, flush=True)

    def _state(self) -> str:
        """Return the counts, and what else fits, the most useful first."""
        width, rate = _width(), self._rate()
        bar = f"|{'#' * (_BAR_CELLS * self._done // self._items):{_BAR_CELLS}}|" if width >= _MIN_BAR_WIDTH else ""
        line = f"{100 * self._done // self._items:3}%{bar} {self._done:,}/{self._items:,} items"
        parts = [f"{format_size(rate)}/s" if rate else "", self._time_left(rate), format_size(self._received)]
        for part in filter(None, parts):
            if len(line) + len(part) + 2 > width:
                return line
            line += f", {part}"
        room = width - len(line) - 2
        return f"{line}, {cut(self._last_name, room)}" if self._last_name and room >= _MIN_NAME_CELLS else line

    def _rate(self) -> float:
        """Return the bytes per second of the last ten seconds; 0 if it is too early to tell; at the end of all."""
        if not self._samples or self._drawn_at - self._samples[-1][0] >= 1:
            self._samples.append((self._drawn_at, self._received))
        since, received = (self._start, 0) if self._done >= self._items else self._samples[0]
        seconds = self._drawn_at - since
        return (self._received - received) / seconds if seconds >= 1 else 0.0

    def _time_left(self, rate: float) -> str:
        """Estimate the rest by the size of the files so far; empty if it is too early to tell."""
        is_early = self._drawn_at - self._start < _MIN_SECONDS or self._saved < min(_MIN_FILES, self._items / 10)
        if is_early or not rate or self._done >= self._items:
            return ""
        # Archives of many items arrive before any of them is saved.
        size = self._saved_size / self._saved * (self._items - self._done) - self._since_saved
        return f"{timedelta(seconds=round(max(size, 0) / rate))} left"


def _width() -> int:
    # The last cell stays free: some terminals begin a new line after it.
    return (terminal_width(sys.stderr) or 80) - 1


class _Lines:
    """Lines for a file or a pipe: failures at once, the progress now and then, every file with -v."""

    def __init__(self, args: argparse.Namespace) -> None:
        self._args = args
        self._echoed_at = time.monotonic()
        self._items = self._done = self._size = 0

    def show(self, event: BackupEvent) -> None:
        match event:
            case RunStarted():
                self._items = event.items
                noun, what = ("file", "look at") if self._args.command == "import" else ("item", "fetch")
                self._echo(f"{pluralize(event.items, noun)} to {what}")
            case BytesReceived():
                self._size += event.size
            case FileSaved() | ItemMissing() | ItemFailed():
                self._done += 1
                if line := _line(event, self._args):
                    _print_line(line, event, self._args)
            case _:
                pass
        now = time.monotonic()
        if now - self._echoed_at >= _LINE_INTERVAL:
            self._echoed_at = now
            self._echo(f"{self._done:,} of {pluralize(self._items, 'item')}, {format_size(self._size)}")

    def _echo(self, line: str) -> None:
        if not self._args.quiet:
            echo(line)
