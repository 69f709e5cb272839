"""The options that choose items, and what is printed of them. Imports nothing but argparse, as the parser does."""

from __future__ import annotations

import argparse
import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import datetime, timedelta

# The arguments of `HistoryClient.list` and `Backup.sync` that the filter options fill.
FILTERS = ("search", "voice", "source", "model_id", "after", "before")
COLUMNS = ("id", "date", "voice", "model", "source", "characters", "state", "format", "settings", "text")
DEFAULT_COLUMNS = ("id", "date", "voice", "text")


def add_filters(parser: argparse.ArgumentParser) -> None:
    """Add the options that choose items of the server, those of `FILTERS`."""
    group = parser.add_argument_group("filters")
    group.add_argument("--search", type=_text, metavar="WORDS", help="only items whose text matches")
    _add_source(group)
    _add_model(group, "its id or name")
    add_voice_and_dates(group)


def add_prune_filters(parser: argparse.ArgumentParser) -> None:
    """Add the options that choose items to delete."""
    group = parser.add_argument_group("filters")
    text = "only items of at least this age: 30d, 12w, 36h; at least 24h"
    group.add_argument("--older-than", type=_age, required=True, metavar="AGE", help=text)
    _add_source(group)
    _add_model(group, "its id")
    add_voice_and_dates(group)


def add_voice_and_model(parser: argparse.ArgumentParser) -> None:
    """Add the options that choose items of a backup by how they were generated."""
    group = parser.add_argument_group("filters")
    _add_voice(group)
    _add_model(group, "its id")


def add_voice_and_dates(group: argparse._ArgumentGroup) -> None:
    """Add the options that choose items of the server or of a backup."""
    _add_voice(group)
    text = "generated then or later: 7d, 12h, today, 2026-01, 2026-01-31, 2026-01-31T12:00; local time"
    group.add_argument("--after", type=_time, metavar="TIME", help=text)
    group.add_argument("--before", type=_time, metavar="TIME", help="generated before; 2026-01: before that month")


def add_columns(
    parser: argparse.ArgumentParser, default: tuple[str, ...] = DEFAULT_COLUMNS
) -> argparse._ActionsContainer:
    """Add the option that chooses the columns of a table; return the group of options that exclude it."""
    output = parser.add_mutually_exclusive_group()
    text = f"what to print of each item, of: {', '.join(COLUMNS)} (default: {','.join(default)})"
    output.add_argument("--columns", type=_columns, default=default, metavar="NAMES", help=text)
    return output


def _add_voice(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--voice", type=_text, metavar="VOICE", help="only items with this voice: its id or name")


def _add_model(group: argparse._ArgumentGroup, named: str) -> None:
    text = f"only items with this model: {named}"
    group.add_argument("--model", type=_text, dest="model_id", metavar="MODEL", help=text)


def _add_source(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--source", type=_text, metavar="SOURCE", help="only items of this product, such as TTS or STS")


def _text(text: str) -> str:
    # Bytes of an argument that are not UTF-8 become surrogates, which can't be sent.
    if not text.strip() or any("\ud800" <= character <= "\udfff" for character in text):
        raise argparse.ArgumentTypeError("it is empty or not UTF-8")
    return text


def _columns(text: str) -> tuple[str, ...]:
    columns = tuple(column.strip() for column in text.split(","))
    if unknown := [column for column in columns if column not in COLUMNS]:
        raise argparse.ArgumentTypeError(f"unknown column {unknown[0]!r} (choose from {', '.join(COLUMNS)})")
    return columns


def _time(text: str) -> datetime:
    from .dates import parse_time

    try:
        return parse_time(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _age(text: str) -> timedelta:
    from datetime import timedelta

    match = re.fullmatch("([0-9]{1,5})([hdw])", text)
    if match is None:
        raise argparse.ArgumentTypeError(f"{text!r} is not an age such as 30d, 12w or 36h")
    return timedelta(hours=int(match[1]) * {"h": 1, "d": 24, "w": 7 * 24}[match[2]])
