"""The commands for single items: list, show, download."""

import argparse
import json

import attrs
from elevenlabs_history import HistoryItem
from elevenlabs_history_backup import Backup, Record

from .keys import connect
from .output import echo, file_line, format_time, print_json, print_row, write
from .parser import FILTERS, ExitCode


def list_items(args: argparse.Namespace) -> ExitCode:
    """Print the items that the server lists."""
    with connect(args) as client:
        items = client.list(limit=args.limit, **{name: getattr(args, name) for name in FILTERS})
        if not args.as_json:
            print_row("ID", "DATE (UTC)", "VOICE", "TEXT")
        for item in items:
            if args.as_json:
                print_json(item.to_dict())
            else:
                _print_item(item)
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
                print_json(item.to_dict() if isinstance(item, HistoryItem) else attrs.asdict(item))
            else:
                if shown:
                    write("")
                _print_fields(item)
            shown += 1
    return ExitCode.DONE if shown == len(args.ids) else ExitCode.FAILED


def download(args: argparse.Namespace) -> ExitCode:
    """Save items and print the paths of their files."""
    with connect(args) as client:
        # The metadata names each file, and proves which file of an archive is which item.
        items = [client.get(history_item_id) for history_item_id in args.ids]
        files = client.download(items, output_format=args.output_format).extract(
            args.output, template=args.template, overwrite=args.overwrite
        )
    for file in files:
        if args.as_json:
            print_json(attrs.asdict(file))
        elif not args.quiet:
            write(file_line(file))
    return ExitCode.DONE


def _print_item(item: HistoryItem) -> None:
    print_row(item.history_item_id, format_time(item.date), item.voice_name or "", item.text or "")


def _print_fields(item: HistoryItem | Record) -> None:
    if isinstance(item, HistoryItem):
        fields = item.to_dict()
    else:
        fields = item.metadata | {"state": item.state, "files": [file.path for file in item.files]}
    for name, value in fields.items():
        if value is None:
            continue
        text = str(value) if isinstance(value, str | int | float) else json.dumps(value, ensure_ascii=False)
        if name == "date_unix":
            text = f"{value} ({format_time(item.date)} UTC)"
        write(f"{name:28} {text}")
