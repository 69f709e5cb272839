"""Every command, option and exit code. Imports little more than argparse, so that help is shown at once."""

from __future__ import annotations

import argparse
import re
from enum import IntEnum
from itertools import takewhile

from .filters import add_columns, add_filters
from .help_text import ABOUT, PROGRAM, epilog
from .options import add_command, add_common, add_format, add_json, backup_path, folder_path, help_formatter, positive
from .parser_backups import add_backup_commands
from .parser_probe import add_probe_command

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn

    from .options import Commands

SHELLS = ("bash", "zsh", "fish", "powershell", "tcsh")


class ExitCode(IntEnum):
    """How a command ended."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    KEY = 3
    SERVER = 4
    DIFFERENCES = 5
    INTERRUPTED = 130
    TERMINATED = 143


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        if wrong := re.search(r"invalid choice: '(.*)' \(choose from (.*)\)", message):
            guess = _guess(wrong[1], re.findall(r"[\w-]+", wrong[2]))
            message = message.replace(f" (choose from {wrong[2]})", guess) if guess else message
        self.exit(ExitCode.USAGE, f"{PROGRAM}: {message}. See: {self.prog} --help\n")

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]  # noqa: ANN401
        # Of a command: with the option that it does not know, argparse would name the value as well, and a good folder.
        parsed, unknown = super().parse_known_args(args, namespace)
        # Behind -- everything is a word, and so is a single -.
        options = takewhile("--".__ne__, unknown)
        if option := next((each.partition("=")[0] for each in options if each.startswith("-") and each != "-"), None):
            self.error(f"unknown option {option}{_guess(option, list(self._option_string_actions))}")
        if words := [each for each in unknown if each != "--"]:
            self.error(f"unrecognized arguments: {' '.join(words)}")
        return parsed, unknown


def _guess(word: str, known: list[str]) -> str:
    """Say which of the known words was likely meant, if any."""
    from difflib import get_close_matches

    return "".join(f" (did you mean {each}?)" for each in get_close_matches(word, known, 1, 0.7))


class _VersionAction(argparse.Action):
    """Print the version. It is looked up only now, because that takes longer than everything else here."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from importlib.metadata import version

        print(f"{PROGRAM} {version(PROGRAM)}")
        parser.exit()


def make_parser() -> argparse.ArgumentParser:
    """Describe the command line. The parsed arguments hold the name of the command as `command`."""
    parser = _Parser(
        prog=PROGRAM, description=ABOUT, epilog=epilog(), formatter_class=help_formatter, allow_abbrev=False
    )
    parser.add_argument("-V", "--version", action=_VersionAction, nargs=0, help="print the version")
    commands = parser.add_subparsers(title="commands", dest="command", metavar="COMMAND", required=True)
    add_backup_commands(commands)
    _add_commands_for_items(commands)
    _add_other_commands(commands)
    return parser


def _add_commands_for_items(commands: Commands) -> None:
    listing = add_command(
        commands,
        "list [OPTIONS]",
        "list the items of the server, newest first",
        examples=[
            "%(prog)s --after 7d",
            "%(prog)s --voice Rachel --columns id,model,text",
            "%(prog)s --all --json > history.jsonl",
        ],
    )
    add_filters(listing)
    limit = listing.add_mutually_exclusive_group()
    limit.add_argument("-n", "--limit", type=positive, default=20, metavar="N", help="at most N items (default: 20)")
    limit.add_argument("--all", dest="limit", action="store_const", const=None, help="all items")
    add_json(add_columns(listing))
    add_common(listing, json=False)
    show = add_command(
        commands,
        "show [OPTIONS] ID...",
        "print every field of items",
        examples=["%(prog)s ja9xsmfGhxYcymxGcOGB", "%(prog)s ja9xsmfGhxYcymxGcOGB --in ~/elevenlabs"],
    )
    show.add_argument("ids", nargs="+", metavar="ID", help="a history item id")
    text = "look in this backup, not on the server; without FOLDER in the default one"
    show.add_argument("--in", nargs="?", const=True, type=backup_path, dest="folder", metavar="FOLDER", help=text)
    add_common(show)
    download = add_command(
        commands,
        "download [OPTIONS] ID...",
        "download items by id, a file per item",
        more="A file that exists is skipped. With - as an ID, ids are read from standard input: words, or\n"
        "JSON lines as list --json prints them, which need no further request for their metadata.",
        examples=[
            "%(prog)s ja9xsmfGhxYcymxGcOGB VW7YKqPnjY4h39yTbx2L -o clips",
            "%(prog)s ja9xsmfGhxYcymxGcOGB -o song.mp3",
            "%(prog)s ja9xsmfGhxYcymxGcOGB -o - | ffplay -nodisp -autoexit -",
            f"{PROGRAM} list --voice Rachel --all --json | %(prog)s - -o rachel",
        ],
    )
    download.add_argument("ids", nargs="+", metavar="ID", help="a history item id, or - for standard input")
    text = "a folder, a file for one item, or - for standard output (default: the working directory)"
    download.add_argument("-o", "--output", type=folder_path, default=".", metavar="PATH", help=text)
    add_format(download)
    download.add_argument("--template", help="how files are named, such as '{voice}_{id}{ext}'")
    download.add_argument("--overwrite", action="store_true", help="replace existing files")
    add_common(download)


def _add_other_commands(commands: Commands) -> None:
    doctor = add_command(
        commands,
        "doctor [OPTIONS] [FOLDER]",
        "check settings, key, server, clock and folder",
        more="Each problem has a hint. One item is requested from the server; nothing is changed.",
        examples=["%(prog)s", "%(prog)s ~/elevenlabs"],
    )
    text = "also check the backup in this folder"
    doctor.add_argument("folder", nargs="?", type=backup_path, metavar="FOLDER", help=text)
    add_common(doctor)
    add_probe_command(commands)
    completion = add_command(
        commands,
        f"completion {'|'.join(SHELLS)}",
        "print the completion script for a shell",
        examples=[
            'eval "$(%(prog)s bash)"',
            "mkdir -p ~/.zfunc && %(prog)s zsh > ~/.zfunc/_elevenlabs-history",
        ],
    )
    completion.add_argument("shell", choices=SHELLS)
    add_common(completion, json=False, region=False)
    helping = add_command(
        commands, "help [COMMAND]", "print help, also of one command", examples=["%(prog)s", "%(prog)s backup"]
    )
    helping.add_argument("topic", nargs="?", choices=tuple(commands.choices), metavar="COMMAND", help="one of these")
