"""The options that several commands share."""

from __future__ import annotations

import argparse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import datetime


def add_folder(parser: argparse.ArgumentParser, text: str = "the folder of the backup") -> None:
    """Take the folder of a backup."""
    parser.add_argument("folder", type=folder, metavar="FOLDER", help=text)


def add_ids(parser: argparse.ArgumentParser) -> None:
    """Take history item ids."""
    parser.add_argument("ids", nargs="+", metavar="ID", help="a history item id")


def add_filters(parser: argparse.ArgumentParser) -> None:
    """Take what chooses items, as `HistoryClient.list` has it."""
    group = parser.add_argument_group("which items")
    group.add_argument("--search", metavar="WORDS", help="whose text matches")
    group.add_argument("--voice", dest="voice_id", metavar="VOICE_ID", help="made with this voice")
    group.add_argument("--source", metavar="SOURCE", help="made by this product, such as TTS or STS")
    group.add_argument("--model", dest="model_id", metavar="MODEL_ID", help="made with this model; needs --source")
    group.add_argument("--after", type=moment, metavar="DATE", help="made on this day or later, such as 2026-01-31")
    group.add_argument("--before", type=moment, metavar="DATE", help="made before this day")


def add_format(parser: argparse.ArgumentParser) -> None:
    """Take the format to convert to."""
    parser.add_argument("--format", dest="output_format", metavar="FORMAT", help="wav converts; else as generated")


def add_work(parser: argparse.ArgumentParser) -> None:
    """Take how much is asked for at once."""
    text = "most requests at a time; begins with 4 and goes by what the server takes (default: 10)"
    parser.add_argument("--workers", type=number, default=10, metavar="N", help=text)
    text = "most items a request; fewer where the server takes no more (default: 100)"
    parser.add_argument("--batch-size", type=number, default=100, metavar="N", help=text)


def add_common(parser: argparse.ArgumentParser, *, server: bool = True) -> None:
    """Take what every command takes that prints items."""
    parser.add_argument("--json", dest="as_json", action="store_true", help="print one JSON object per line")
    if server:
        parser.add_argument("--region", choices=["us", "eu", "in", "sg"], help="where the workspace lives")
    add_noise(parser)


def add_noise(parser: argparse.ArgumentParser) -> None:
    """Take how much is told."""
    parser.add_argument("-q", "--quiet", action="store_true", help="print results and errors, nothing else")
    parser.add_argument("-v", "--verbose", action="count", default=0, help="tell more; -vv tells every request")


def folder(text: str) -> str:
    """Read the name of a folder. An empty one, from a variable that is not set, would mean the working directory."""
    if not text:
        raise argparse.ArgumentTypeError("'' is no folder; the working directory is .")
    return text


def number(text: str) -> int:
    """Read a number from 1 on."""
    if not text.isascii() or not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1 on")
    return int(text)


def moment(text: str) -> datetime:
    """Read a date or a moment; what has no time zone is UTC."""
    from datetime import UTC, datetime

    try:
        made = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no date such as 2026-01-31 or 2026-01-31T12:00") from None
    return made if made.tzinfo else made.replace(tzinfo=UTC)
