"""What the descriptions of commands share. Imports little more than argparse, so that help is shown at once."""

from __future__ import annotations

import argparse
import os

from .help_text import PROGRAM

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeAlias

    Commands: TypeAlias = "argparse._SubParsersAction[Any]"  # noqa: SLF001 - it has no other name

FORMATS = ("original", "wav")
REGIONS = ("us", "eu", "in", "sg")


def add_command(
    commands: Commands, usage: str, summary: str, *, examples: list[str], more: str = ""
) -> argparse.ArgumentParser:
    """Add a command; the first word of its usage is its name. `%(prog)s` in an example is how it is called."""
    parser: argparse.ArgumentParser = commands.add_parser(
        usage.split(maxsplit=1)[0],
        usage=f"{PROGRAM} {usage}",
        help=summary,
        description=f"{summary[0].upper()}{summary[1:]}.\n\n{more}".strip(),
        epilog="\n  ".join(["examples:", *examples]),
        formatter_class=help_formatter,
        allow_abbrev=False,
    )
    return parser


def help_formatter(prog: str) -> argparse.HelpFormatter:
    """Keep the lines of descriptions as they are."""
    # A width is given, because argparse would load shutil to ask for that of the terminal: as slow as argparse itself.
    return argparse.RawDescriptionHelpFormatter(prog, max_help_position=28, width=78)


def add_folder(parser: argparse.ArgumentParser, text: str = "the backup") -> None:
    """Add the folder of a backup, for which there may be a default."""
    parser.add_argument("folder", nargs="?", type=backup_path, metavar="FOLDER", help=f"{text}, if not the default one")


def add_format(parser: argparse.ArgumentParser) -> None:
    """Add the format of audio files."""
    text = "wav converts to WAV, original does not (default: original)"
    parser.add_argument("--format", dest="output_format", choices=FORMATS, help=text)


def add_json(parser: argparse._ActionsContainer) -> None:
    """Add the option for programs."""
    parser.add_argument("--json", dest="as_json", action="store_true", help="print one JSON object per line")


def add_common(parser: argparse.ArgumentParser, *, json: bool = True, region: bool = True) -> None:
    """Add what every command has, and what those have that print JSON or talk to the server (`region`)."""
    if json:
        add_json(parser)
    if region:
        parser.add_argument("--region", choices=REGIONS, help="the data residency region of the workspace")
        text = "a command that prints the key, such as 'pass show elevenlabs'"
        parser.add_argument("--key-command", metavar="COMMAND", help=text)
    parser.add_argument("-q", "--quiet", action="store_true", help="print results and errors only")
    parser.add_argument(
        "-v", "--verbose", action="count", default=0, help="print more, such as every request; -vv: even more"
    )


def is_address(text: str) -> bool:
    """Tell whether a text is the address of a bucket."""
    return text.startswith(("s3://", "gs://", "az://"))


def backup_path(text: str) -> str:
    """Take the folder of a backup, or the address of a bucket."""
    return text if is_address(text) else folder_path(text)


def folder_path(text: str) -> str:
    """Take the path of a folder."""
    # An empty name, from an unset variable, would mean the working directory.
    if not text:
        raise argparse.ArgumentTypeError("its name is empty (the working directory is '.')")
    return file_path(text)


def file_path(text: str) -> str:
    """Take the path of a file."""
    if not text:
        raise argparse.ArgumentTypeError("its name is empty")
    if is_address(text):
        raise argparse.ArgumentTypeError("only a backup can be in a bucket; this is a path")
    return expand_user(text)


def expand_user(path: str) -> str:
    """Expand a ~ that no shell has expanded, as in --in=~/elevenlabs or in settings; an unknown user's stays."""
    return os.path.expanduser(path)  # noqa: PTH111 - pathlib takes long to load, and raises for an unknown user


def price(text: str) -> float:
    """Take an amount of money."""
    try:
        amount = float(text)
    except ValueError:
        amount = -1
    if not 0 <= amount < 1_000_000_000:
        raise argparse.ArgumentTypeError(f"{text!r} is not a price such as 0.30")
    return amount


def positive(text: str) -> int:
    """Take a whole number from 1."""
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1")
    return int(text)
