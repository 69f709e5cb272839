"""The progress of a run: a bar on a terminal, lines elsewhere, JSON for programs."""

from __future__ import annotations

import contextlib
import sys
import time
from typing import TYPE_CHECKING, NoReturn

import attrs
from elevenlabs_history import BytesReceived, FileSaved, ItemFailed, ItemMissing, RunStarted
from elevenlabs_history_backup import PageListed

from .output import echo, error_text, file_line, format_size, pluralize, print_json, sanitize

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator

    from elevenlabs_history_backup import BackupEvent
    from tqdm import tqdm

_LINE_INTERVAL = 10.0  # seconds
_BAR = "{percentage:3.0f}%|{bar:16}| {n_fmt}/{total_fmt} items, {rate_fmt}, {remaining} left{postfix}"


@contextlib.contextmanager
def progress(args: argparse.Namespace) -> Iterator[Callable[[BackupEvent], None]]:
    """Choose how to show the events of a run, and give the function that takes them."""
    if args.as_json:
        yield _print_event
        return
    if not args.quiet and sys.stderr.isatty():
        try:
            bar = _Bar(args)
        except ModuleNotFoundError:
            echo("For a progress bar: pip install 'elevenlabs-history[cli]'")
        else:
            with contextlib.closing(bar):
                yield bar.show
            return
    yield _Lines(args).show


def _print_event(event: BackupEvent) -> None:
    match event:
        case PageListed():
            print_json({"event": "listed", **attrs.asdict(event)})
        case RunStarted():
            print_json({"event": "started", **attrs.asdict(event)})
        case FileSaved():
            print_json({"event": "saved", **attrs.asdict(event.file)})
        case ItemMissing():
            print_json({"event": "missing", **attrs.asdict(event)})
        case ItemFailed():
            print_json({"event": "failed", **attrs.asdict(event), "error": error_text(event.error)})
        case _:
            pass


def _line(event: FileSaved | ItemMissing | ItemFailed, args: argparse.Namespace) -> str:
    """Return what is printed about an item; empty if nothing is."""
    match event:
        case FileSaved():
            return file_line(event.file) if args.verbose else ""
        case ItemMissing():
            return f"missing {event.history_item_id}"
        case ItemFailed():
            return f"failed  {event.history_item_id}: {error_text(event.error)}"


class _Bar:
    """A bar on the terminal: items, bytes, rates, time left, and the last file."""

    def __init__(self, args: argparse.Namespace) -> None:
        from tqdm import tqdm

        self._make_bar = tqdm
        self._args = args
        self._bar: tqdm[NoReturn] = tqdm(disable=True)
        self._start = time.monotonic()
        self._size = 0
        self._last_name = ""

    def show(self, event: BackupEvent) -> None:
        match event:
            case PageListed():
                if self._bar.disable:
                    self._bar = self._make_bar(bar_format="{desc}")
                self._bar.set_description_str(f"Listed {pluralize(event.items, 'item')}, {event.pending:,} to fetch")
            case RunStarted():
                self._bar.close()
                # Drawn again whenever bytes arrive. tqdm's moving average counts from the last time it was drawn, so
                # only the average of the whole run (smoothing=0) tells the rate of items.
                self._bar = self._make_bar(
                    total=event.items,
                    unit="",
                    bar_format=_BAR,
                    dynamic_ncols=True,
                    disable=event.items == 0,
                    miniters=0,
                    smoothing=0,
                )
                self._start = time.monotonic()
            case BytesReceived():
                self._size += event.size
                self._advance(0)
            case FileSaved() | ItemMissing() | ItemFailed():
                if isinstance(event, FileSaved):
                    self._last_name = sanitize(event.file.path.name)
                if line := _line(event, self._args):
                    self._bar.write(sanitize(line), file=sys.stderr)
                self._advance(1)
            case _:
                pass

    def close(self) -> None:
        """Leave the last state of the bar on the terminal."""
        self._bar.close()

    def _advance(self, items: int) -> None:
        rate = self._size / max(time.monotonic() - self._start, 0.001)
        postfix = f"{format_size(self._size)} at {format_size(rate)}/s, {self._last_name}"
        self._bar.set_postfix_str(postfix, refresh=False)
        self._bar.update(items)


class _Lines:
    """Lines for a file or a pipe: failures at once, the progress now and then, every file with -v."""

    def __init__(self, args: argparse.Namespace) -> None:
        self._args = args
        self._echoed_at = time.monotonic()
        self._items = self._done = self._size = 0

    def show(self, event: BackupEvent) -> None:
        line = ""
        match event:
            case RunStarted():
                self._items = event.items
                line = f"{pluralize(event.items, 'item')} to fetch"
            case BytesReceived():
                self._size += event.size
            case FileSaved() | ItemMissing() | ItemFailed():
                self._done += 1
                line = _line(event, self._args)
            case _:
                pass
        if line and (not self._args.quiet or isinstance(event, ItemFailed)):
            echo(line)
        now = time.monotonic()
        if not self._args.quiet and now - self._echoed_at >= _LINE_INTERVAL:
            self._echoed_at = now
            echo(f"{self._done:,} of {pluralize(self._items, 'item')}, {format_size(self._size)}")
