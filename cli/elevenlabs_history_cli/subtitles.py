"""The command subtitles: the words of a backup with their times, for players and for programs."""

import argparse
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

from elevenlabs_history import AtomicFile, InvalidArgumentError
from elevenlabs_history_backup import Backup, NoAlignmentError, Record, SubtitleError, format_cues, subtitle_path

from .keys import connect
from .output import SafeOutput, echo, pluralize, write
from .parser import ExitCode

_LINE_INTERVAL = 10.0  # seconds


def subtitles(args: argparse.Namespace) -> ExitCode:
    """Write the subtitles of items: of one to the output or into a file, of several into a folder."""
    if args.output is None and len(args.ids) != 1:
        raise InvalidArgumentError("Subtitles of several items need a folder: name it with --output.")
    with Backup(args.folder) as backup:
        if args.fetch:
            with connect(args) as client:
                backup.fetch_alignments(client, args.ids or None, on_progress=None if args.quiet else _show_progress())
        outcomes = Counter(_write(record, args) for record in _records(backup, args))
    if args.output is not None and not args.quiet and (outcomes["written"] or not args.ids):
        write(f"{pluralize(outcomes['written'], 'file')} written to {args.output}.")
    if outcomes["lacking"] and not args.ids and not args.quiet:
        hint = "" if args.fetch else " To ask the server for each of them: --fetch"
        echo(f"{pluralize(outcomes['lacking'], 'item')} left out, without an alignment of words and times.{hint}")
    failed = outcomes["failed"] + (outcomes["lacking"] if args.ids else 0)
    return ExitCode.FAILED if failed else ExitCode.DONE


def _records(backup: Backup, args: argparse.Namespace) -> Iterator[Record | None]:
    if not args.ids:
        yield from backup
    for history_item_id in dict.fromkeys(args.ids):
        record = backup.get(history_item_id)
        if record is None:
            echo(f"elevenlabs-history: {args.folder} has no item {history_item_id!r}.")
        yield record


def _write(record: Record | None, args: argparse.Namespace) -> Literal["written", "lacking", "failed"]:
    if record is None:
        return "failed"
    try:
        cues = record.words() if args.by_word or args.form == "json" else record.subtitles()
    except SubtitleError as error:
        lacking = isinstance(error, NoAlignmentError)
        if args.ids or not lacking:
            if lacking:
                asked = "The server has none, either." if args.fetch else "A listing may leave it out: use --fetch."
                error.hint = asked
            echo(f"elevenlabs-history: {error}")
        return "lacking" if lacking else "failed"
    text = format_cues(cues, args.form)
    if args.output is None:
        SafeOutput().write(text)
        return "written"
    target = Path(args.output)
    if len(args.ids) != 1 or target.is_dir() or args.output.endswith(os.sep):
        target /= subtitle_path(record, args.form)
    with AtomicFile(target.parent) as file:
        file.write(text.encode())
        file.commit(target, overwrite=args.overwrite)
    return "written"


def _show_progress() -> Callable[[int, int], None]:
    shown_at = time.monotonic()

    def show(done: int, total: int) -> None:
        nonlocal shown_at
        if done == total or time.monotonic() - shown_at >= _LINE_INTERVAL:
            shown_at = time.monotonic()
            echo(f"Asked the server for {done:,} of {pluralize(total, 'item')}")

    return show
