"""What a run tells while it is at work: a bar on a terminal, lines elsewhere, JSON for programs."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, NoReturn, Protocol, Self

from elevenlabs_history.events import ItemFailed, ItemMissing, PageListed, BytesReceived, FileSaved, RunStarted

from .lines import clip_json, clip_line, count, print_json, printable, size_in_words
from .running import say

if TYPE_CHECKING:
    import argparse

    from tqdm import tqdm

    from elevenlabs_history import BackupEvent

_REDRAW_EVERY = 0.1  # seconds
_LINE_EVERY = 10.0  # seconds
_BAR = "{percentage:3.0f}%|{bar:16}| {n_fmt}/{total_fmt} items, {rate_fmt}, {remaining} left{postfix}"


class Watcher(Protocol):
    """Takes the events of a run; a context manager around it."""

    def take(self, event: BackupEvent) -> None:
        """Show an event."""

    def __enter__(self) -> Self: ...
    def __exit__(self, *exception: object) -> None: ...


def watcher(chosen: argparse.Namespace) -> Watcher:
    """Choose how a run is shown."""
    if chosen.as_json:
        return JsonLines()
    if not chosen.quiet and sys.stderr.isatty():
        try:
            return Bar(verbose=chosen.verbose > 0)
        except ModuleNotFoundError:
            say("For a progress bar: pip install 'elevenlabs-history[cli]'")
    return Lines(quiet=chosen.quiet, verbose=chosen.verbose > 0)


class Bar:
    """A bar on the terminal: items, bytes, rates, time left, the item that came last."""

    def __init__(self, *, verbose: bool) -> None:
        from tqdm import tqdm

        self._make = tqdm
        self._verbose = verbose
        self._bar: tqdm[NoReturn] | None = None
        self._listing = False
        self._began = self._drawn = time.monotonic()
        self._size = 0
        self._last = ""

    def take(self, event: BackupEvent) -> None:
        """Show an event."""
        match event:
            case PageListed(items=items, wanted=wanted):
                self._listing = True
                sys.stderr.write(f"\rListed {count(items, 'item')}, {wanted:,} to fetch")
                sys.stderr.flush()
            case RunStarted(items=items):
                self._end_listing()
                self._began = time.monotonic()
                self._bar = self._make(total=items, unit="", bar_format=_BAR, dynamic_ncols=True, disable=items == 0)
            case BytesReceived(size=size):
                self._size += size
            case FileSaved(clip=clip):
                self._last = printable(clip.path.name)
                self._step(clip_line(clip) if self._verbose else "")
            case ItemMissing(history_item_id=history_item_id):
                self._step(f"gone    {history_item_id}")
            case ItemFailed(history_item_id=history_item_id, error=error):
                self._step(f"failed  {history_item_id}: {error}")
            case _:
                pass
        self._redraw()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._end_listing()
        if self._bar is not None:
            self._bar.set_postfix_str(self._state(), refresh=False)
            self._bar.close()

    def _end_listing(self) -> None:
        if self._listing:
            self._listing = False
            sys.stderr.write("\n")

    def _step(self, line: str) -> None:
        if self._bar is not None:
            if line:
                self._bar.write(line, file=sys.stderr)
            self._bar.update(1)

    def _redraw(self) -> None:
        now = time.monotonic()
        if self._bar is not None and now - self._drawn >= _REDRAW_EVERY:
            self._drawn = now
            self._bar.set_postfix_str(self._state())

    def _state(self) -> str:
        rate = self._size / max(time.monotonic() - self._began, 0.001)
        return f"{size_in_words(self._size)} at {size_in_words(rate)}/s, {self._last}"


class Lines:
    """Plain lines for a file or a pipe: what goes wrong at once, how far it is now and then, every file with -v."""

    def __init__(self, *, quiet: bool, verbose: bool) -> None:
        self._quiet = quiet
        self._verbose = verbose
        self._told = time.monotonic()
        self._items = self._done = self._size = 0

    def take(self, event: BackupEvent) -> None:
        """Tell an event, where it is worth a line."""
        match event:
            case RunStarted(items=items):
                self._items = items
                self._tell(f"{count(items, 'item')} to fetch")
            case BytesReceived(size=size):
                self._size += size
            case FileSaved(clip=clip):
                self._done += 1
                if self._verbose:
                    self._tell(clip_line(clip))
            case ItemMissing(history_item_id=history_item_id):
                self._done += 1
                self._tell(f"gone    {history_item_id}")
            case ItemFailed(history_item_id=history_item_id, error=error):
                self._done += 1
                say(f"failed  {history_item_id}: {error}")
            case _:
                pass
        now = time.monotonic()
        if now - self._told >= _LINE_EVERY:
            self._told = now
            self._tell(f"{self._done:,} of {count(self._items, 'item')}, {size_in_words(self._size)}")

    def _tell(self, line: str) -> None:
        if not self._quiet:
            say(line)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        pass


class JsonLines:
    """An object for each event but the arrival of bytes."""

    def take(self, event: BackupEvent) -> None:
        """Print an event."""
        match event:
            case PageListed(items=items, wanted=wanted):
                print_json({"event": "listed", "items": items, "wanted": wanted})
            case RunStarted(items=items):
                print_json({"event": "started", "items": items})
            case FileSaved(clip=clip):
                print_json({"event": "saved", **clip_json(clip)})
            case ItemMissing(history_item_id=history_item_id):
                print_json({"event": "gone", "history_item_id": history_item_id})
            case ItemFailed(history_item_id=history_item_id, error=error):
                print_json({"event": "failed", "history_item_id": history_item_id, "error": str(error)})
            case _:
                pass

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        pass
