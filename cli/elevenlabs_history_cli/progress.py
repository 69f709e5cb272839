"""The progress of a run: a bar on a terminal, lines elsewhere, JSON for programs."""

from __future__ import annotations

import contextlib
import sys
import time
from typing import TYPE_CHECKING, NoReturn

from elevenlabs_history import BytesReceived, FileSaved, ItemFailed, ItemMissing, RunStarted
from elevenlabs_history_backup import PageListed

from .output import echo, error_text, file_line, format_size, pluralize, print_json, sanitize, to_json

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator

    from elevenlabs_history_backup import BackupEvent
    from tqdm import tqdm

_REDRAW_INTERVAL = 0.1  # seconds
_LINE_INTERVAL = 10.0  # seconds
_BAR = "{percentage:3.0f}%|{bar:16}| {n_fmt}/{total_fmt} items, {rate_fmt}, {remaining} left{postfix}"


@contextlib.contextmanager
def progress(args: argparse.Namespace) -> Iterator[Callable[[BackupEvent], None]]:
    """Choose how to show the events of a run, and give the function that takes them."""
    if args.as_json:
        yield print_event
        return
    if not args.quiet and sys.stderr.isatty():
        try:
            bar = ProgressBar(verbose=args.verbose > 0)
        except ModuleNotFoundError:
            echo("For a progress bar: pip install 'elevenlabs-history[cli]'")
        else:
            with contextlib.closing(bar):
                yield bar.show
            return
    yield ProgressLines(quiet=args.quiet, verbose=args.verbose > 0).show


def print_event(event: BackupEvent) -> None:
    """Print an event as JSON, except `BytesReceived`."""
    match event:
        case PageListed(items=items, pending=pending):
            print_json({"event": "listed", "items": items, "pending": pending})
        case RunStarted(items=items):
            print_json({"event": "started", "items": items})
        case FileSaved(file=file):
            print_json({"event": "saved", **to_json(file)})
        case ItemMissing(history_item_id=history_item_id):
            print_json({"event": "missing", "history_item_id": history_item_id})
        case ItemFailed(history_item_id=history_item_id, error=error):
            print_json({"event": "failed", "history_item_id": history_item_id, "error": error_text(error)})
        case _:
            pass


class ProgressBar:
    """A bar on the terminal: items, bytes, rates, time left, and the last file."""

    def __init__(self, *, verbose: bool) -> None:
        """Import tqdm; ModuleNotFoundError if it is not installed."""
        from tqdm import tqdm

        self._make_bar = tqdm
        self._verbose = verbose
        self._bar: tqdm[NoReturn] | None = None
        self._listing = False
        self._start = self._drawn_at = time.monotonic()
        self._size = 0
        self._last_name = ""

    def show(self, event: BackupEvent) -> None:
        """Show an event."""
        match event:
            case PageListed(items=items, pending=pending):
                self._listing = True
                sys.stderr.write(f"\rListed {pluralize(items, 'item')}, {pending:,} to fetch")
                sys.stderr.flush()
            case RunStarted(items=items):
                self._end_listing()
                self._start = time.monotonic()
                self._bar = self._make_bar(
                    total=items, unit="", bar_format=_BAR, dynamic_ncols=True, disable=items == 0
                )
            case BytesReceived(size=size):
                self._size += size
            case FileSaved(file=file):
                self._last_name = sanitize(file.path.name)
                self._advance(file_line(file) if self._verbose else "")
            case ItemMissing(history_item_id=history_item_id):
                self._advance(f"missing {history_item_id}")
            case ItemFailed(history_item_id=history_item_id, error=error):
                self._advance(f"failed  {history_item_id}: {error_text(error)}")
            case _:
                pass
        self._redraw()

    def close(self) -> None:
        """Leave the last state of the bar on the terminal."""
        self._end_listing()
        if self._bar is not None:
            self._bar.set_postfix_str(self._postfix(), refresh=False)
            self._bar.close()

    def _end_listing(self) -> None:
        if self._listing:
            self._listing = False
            sys.stderr.write("\n")

    def _advance(self, line: str) -> None:
        if self._bar is not None:
            if line:
                self._bar.write(line, file=sys.stderr)
            self._bar.update(1)

    def _redraw(self) -> None:
        now = time.monotonic()
        if self._bar is not None and now - self._drawn_at >= _REDRAW_INTERVAL:
            self._drawn_at = now
            self._bar.set_postfix_str(self._postfix())

    def _postfix(self) -> str:
        rate = self._size / max(time.monotonic() - self._start, 0.001)
        return f"{format_size(self._size)} at {format_size(rate)}/s, {self._last_name}"


class ProgressLines:
    """Lines for a file or a pipe: failures at once, the progress now and then, every file with -v."""

    def __init__(self, *, quiet: bool, verbose: bool) -> None:
        self._quiet = quiet
        self._verbose = verbose
        self._echoed_at = time.monotonic()
        self._items = self._done = self._size = 0

    def show(self, event: BackupEvent) -> None:
        """Print an event, if it is worth a line."""
        match event:
            case RunStarted(items=items):
                self._items = items
                self._echo(f"{pluralize(items, 'item')} to fetch")
            case BytesReceived(size=size):
                self._size += size
            case FileSaved(file=file):
                self._done += 1
                if self._verbose:
                    self._echo(file_line(file))
            case ItemMissing(history_item_id=history_item_id):
                self._done += 1
                self._echo(f"missing {history_item_id}")
            case ItemFailed(history_item_id=history_item_id, error=error):
                self._done += 1
                echo(f"failed  {history_item_id}: {error_text(error)}")
            case _:
                pass
        now = time.monotonic()
        if now - self._echoed_at >= _LINE_INTERVAL:
            self._echoed_at = now
            self._echo(f"{self._done:,} of {pluralize(self._items, 'item')}, {format_size(self._size)}")

    def _echo(self, line: str) -> None:
        if not self._quiet:
            echo(line)
