"""Options that several commands share. Imports nothing but argparse, so that help is shown at once."""

from __future__ import annotations

import argparse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import datetime

# The arguments of `HistoryClient.list` and `Backup.sync` that the filter options fill.
FILTERS = ("search", "voice_id", "source", "model_id", "after", "before")
REGIONS = ("us", "eu", "in", "sg")


def add_folder(parser: argparse.ArgumentParser, text: str = "the folder of the backup") -> None:
    """Add the folder of a backup."""
    parser.add_argument("folder", type=folder, metavar="FOLDER", help=text)


def add_ids(parser: argparse.ArgumentParser) -> None:
    """Add history item ids."""
    parser.add_argument("ids", nargs="+", metavar="ID", help="a history item id")


def add_filters(parser: argparse.ArgumentParser) -> None:
    """Add the filters of `HistoryClient.list`."""
    group = parser.add_argument_group("filters")
    group.add_argument("--search", metavar="WORDS", help="only items whose text matches")
    group.add_argument("--voice", dest="voice_id", metavar="VOICE_ID", help="only items with this voice")
    group.add_argument("--source", metavar="SOURCE", help="only items of this product, such as TTS or STS")
    group.add_argument("--model", dest="model_id", metavar="MODEL_ID", help="only this model; needs --source")
    group.add_argument("--after", type=timestamp, metavar="DATE", help="generated on this day or later: 2026-01-31")
    group.add_argument("--before", type=timestamp, metavar="DATE", help="generated before this day")


def add_format(parser: argparse.ArgumentParser) -> None:
    """Add the format to convert to."""
    text = "wav converts to WAV (default: the original format)"
    parser.add_argument("--format", dest="output_format", metavar="FORMAT", help=text)


def add_concurrency(parser: argparse.ArgumentParser) -> None:
    """Add the limits of concurrent requests and of their size."""
    text = "maximum number of concurrent requests; fewer after a rate limit error (default: 10)"
    parser.add_argument("--workers", type=positive, default=10, metavar="N", help=text)
    text = "maximum number of items per request; fewer if the server refuses so many (default: 100)"
    parser.add_argument("--batch-size", type=positive, default=100, metavar="N", help=text)


def add_common(parser: argparse.ArgumentParser, *, server: bool = True) -> None:
    """Add what every command has that prints items."""
    parser.add_argument("--json", dest="as_json", action="store_true", help="print one JSON object per line")
    if server:
        parser.add_argument("--region", choices=REGIONS, help="the data residency region of the workspace")
    add_verbosity(parser)


def add_verbosity(parser: argparse.ArgumentParser) -> None:
    """Add -q and -v."""
    parser.add_argument("-q", "--quiet", action="store_true", help="print results and errors only")
    parser.add_argument("-v", "--verbose", action="count", default=0, help="print more; -vv logs every request")


def folder(text: str) -> str:
    """Parse the name of a folder. An empty one, from an unset variable, would mean the working directory."""
    if not text:
        raise argparse.ArgumentTypeError("its name is empty (the working directory is '.')")
    return text


def positive(text: str) -> int:
    """Parse a whole number from 1."""
    if not text.isascii() or not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1")
    return int(text)


def timestamp(text: str) -> datetime:
    """Parse a date, or a date and a time; without a time zone it is UTC."""
    from datetime import UTC, datetime

    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a date such as 2026-01-31 or 2026-01-31T12:00") from None
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
