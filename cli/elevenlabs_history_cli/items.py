"""The commands for items: list, show."""

import argparse
import json
import shlex
from collections.abc import Sequence
from datetime import datetime

from elevenlabs_history import HistoryItem
from elevenlabs_history_backup import Backup, Record

from .filters import FILTERS
from .keys import connect
from .output import echo, format_size, format_time, print_json, write
from .parser import ExitCode
from .table import Row, print_table


def list_items(args: argparse.Namespace) -> ExitCode:
    """Print the items that the server lists."""
    found = False
    with connect(args) as client:
        items = client.list(limit=args.limit, **{name: getattr(args, name) for name in FILTERS})
        if args.as_json:
            for item in items:
                found = True
                print_json(item.to_dict())
        else:
            found = print_table(args.columns, (item_row(item, args.columns) for item in items))
    if not found and not items.invalid_entries and not args.quiet:
        filters = filter_options(args)
        echo(f"No item matches {filters}." if filters else "The history is empty.")
    for entry in items.invalid_entries:
        echo(f"elevenlabs-history: Left out an entry that is not a history item: {entry.reason}")
    return ExitCode.FAILED if items.invalid_entries else ExitCode.DONE


def show(args: argparse.Namespace) -> ExitCode:
    """Print every field of items."""
    shown = 0
    with connect(args) if args.folder is None else Backup(args.folder) as source:
        for history_item_id in args.ids:
            item = source.get(history_item_id)
            if item is None:
                echo(f"elevenlabs-history: {args.folder} has no item {history_item_id!r}.")
                continue
            if args.as_json:
                print_json(item.to_dict())
            else:
                if shown:
                    write("")
                _print_fields(item)
            shown += 1
    return ExitCode.DONE if shown == len(args.ids) else ExitCode.FAILED


def item_row(item: HistoryItem, columns: Sequence[str], *, state: str | None = None, notes: Sequence[str] = ()) -> Row:
    """Return the row of an item in a table of these columns; `state` is that of a backup."""
    cells = {
        "id": item.history_item_id,
        "date": format_time(item.date),
        "voice": item.voice_name,
        "model": item.model_id,
        "source": item.source,
        "characters": f"{item.characters:,}",
        "state": state or item.state,
        "format": item.output_format,
        "settings": ", ".join(f"{name} {value}" for name, value in (item.settings or {}).items()),
        "text": item.text,
    }
    return Row([cells[column] or "" for column in columns], notes)


def filter_options(args: argparse.Namespace) -> str:
    """Return the filters of a command as options that can be typed again; empty if there are none."""
    options = []
    for name in FILTERS:
        value = getattr(args, name, None)
        if value is not None:
            text = format_time(value) if isinstance(value, datetime) else value
            options.append(f"--{name.removesuffix('_id')} {shlex.quote(text)}")
    return " ".join(options)


def _print_fields(item: HistoryItem | Record) -> None:
    if isinstance(item, HistoryItem):
        fields = item.to_dict()
    else:
        files = "; ".join(f"{file.path} ({format_size(file.size)})" for file in item.files)
        fields = item.metadata | {"state": item.state, "files": files or None}
    for name, value in fields.items():
        if value is None:
            continue
        text = str(value) if isinstance(value, str | int | float) else json.dumps(value, ensure_ascii=False)
        if name == "date_unix":
            text = f"{value} ({format_time(item.date)})"
        write(f"{name:28} {text}")
