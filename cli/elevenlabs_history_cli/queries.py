"""The commands that ask a backup: search, find, stats."""

import argparse
import sys
from pathlib import Path

import attrs
from elevenlabs_history import HistoryError, HistoryItem, InvalidArgumentError
from elevenlabs_history_backup import BackupReader, BackupStats, Record

from .items import filter_options, item_row
from .options import is_address
from .output import echo, format_length, format_size, pluralize, print_json, write
from .parser import ExitCode
from .table import Row, print_table


def search(args: argparse.Namespace) -> ExitCode:
    """Print the items of a backup that contain the words."""
    words = " ".join(args.words)
    found = False
    with BackupReader(args.folder) as backup:
        records = backup.search(words, voice=args.voice, after=args.after, before=args.before, limit=args.limit)
        if args.as_json:
            for record in records:
                found = True
                print_json(record.to_dict())
        else:
            found = print_table(args.columns, (_row(record, args) for record in records))
    if not found and not args.quiet:
        filters = filter_options(args)
        searched = (f" of {filters}" if filters else "") + (f" that contains: {words}" if words.strip() else "")
        echo(f"{args.folder} has no item{searched or 's'}")
    return ExitCode.DONE


def find(args: argparse.Namespace) -> ExitCode:
    """Print the items whose whole text is the given one. The exit code tells whether there are any."""
    text = _text(args)
    try:
        with BackupReader(args.folder) as backup:
            records = backup.find(text, voice=args.voice, model_id=args.model_id, exact=args.exact)
    except HistoryError as error:
        # "Not found" is 1, which lets a script generate the text: not because of a wrong folder.
        raise InvalidArgumentError(error.message, hint=error.hint) from error
    if args.path and records:
        path = records[0].files[0].path
        print(f"{args.folder.rstrip('/')}/{path}" if is_address(args.folder) else Path(args.folder, path))
    elif args.as_json:
        for record in records:
            print_json(record.to_dict())
    else:
        print_table(args.columns, (_row(record, args) for record in records))
    if not records and not args.quiet:
        text = f"{args.folder} has no file with this whole text {filter_options(args)}".rstrip()
        echo(f"{text}. To find words: elevenlabs-history search")
    return ExitCode.DONE if records else ExitCode.FAILED


def stats(args: argparse.Namespace) -> ExitCode:
    """Print how many items there are, what they cost and how long they sound."""
    with BackupReader(args.folder) as backup:
        total = backup.stats()
        groups = backup.stats_by(args.by) if args.by else {}
    if args.as_json:
        for name, numbers in groups.items() if args.by else [(None, total)]:
            print_json(({args.by: name} if args.by else {}) | attrs.asdict(numbers) | _prices(numbers, args))
    elif args.by:
        rows = [*((name or "(none)", numbers) for name, numbers in groups.items()), ("all", total)]
        columns = [args.by, "items", "saved", "characters", "length", "size", "repeated", *_prices(total, args)]
        print_table(columns, (Row([name, *_cells(numbers, args)]) for name, numbers in rows))
    else:
        _print_total(total, args)
    return ExitCode.DONE


def _text(args: argparse.Namespace) -> str:
    if args.text_file is not None:
        if args.words:
            raise InvalidArgumentError("Give either a text or --text-file.")
        try:
            data = Path(args.text_file).read_bytes()
        except OSError as error:
            raise InvalidArgumentError(f"Can't read {args.text_file}: {error.strerror}.") from error
    elif args.words == ["-"]:
        data = sys.stdin.buffer.read()
    elif args.words:
        return " ".join(args.words)
    else:
        raise InvalidArgumentError("The text to find is missing.")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InvalidArgumentError(f"{args.text_file or 'Standard input'} is not UTF-8.") from None


def _row(record: Record, args: argparse.Namespace) -> Row:
    notes = [f"  {file.path}" for file in record.files]
    if record.reason is not None:
        notes.append(f"  {record.state}: {record.reason}")
    return item_row(HistoryItem.from_dict(record.metadata), args.columns, state=record.state, notes=notes)


def _cells(numbers: BackupStats, args: argparse.Namespace) -> list[str]:
    counts = [f"{number:,}" for number in (numbers.items, numbers.saved, numbers.characters)]
    more = [format_length(numbers.seconds), format_size(numbers.size), f"{numbers.repeated:,}"]
    return [*counts, *more, *(f"{price:,.2f}" for price in _prices(numbers, args).values())]


def _prices(numbers: BackupStats, args: argparse.Namespace) -> dict[str, float]:
    """Return what the characters cost, and those of repeated items, if the user has told the price."""
    if args.price is None:
        return {}
    costs = {"price": numbers.characters, "repeated_price": numbers.repeated_characters}
    return {name: round(characters * args.price / 1000, 2) for name, characters in costs.items()}


def _print_total(total: BackupStats, args: argparse.Namespace) -> None:
    prices = {name: f", {price:,.2f}" for name, price in _prices(total, args).items()}
    write(f"{pluralize(total.items, 'item')}, {total.saved:,} of them saved.")
    write(f"{pluralize(total.characters, 'character')}{prices.get('price', '')}.")
    write(f"{format_length(total.seconds)} of audio, {format_size(total.size)}.")
    if total.repeated:
        cost = f"{pluralize(total.repeated_characters, 'character')}{prices.get('repeated_price', '')}"
        write(f"{pluralize(total.repeated, 'item')} with the text, voice and model of an older one: {cost}.")
