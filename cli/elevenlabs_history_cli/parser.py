"""Every command and option. Imports nothing but argparse, so that help is shown at once."""

from __future__ import annotations

import argparse
import os
import sys

from .exit_codes import ExitCode
from .options import (
    add_common,
    add_concurrency,
    add_filters,
    add_folder,
    add_format,
    add_ids,
    add_verbosity,
    folder,
    positive,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn, TypeAlias

    _Commands: TypeAlias = "argparse._SubParsersAction[_Parser]"  # noqa: SLF001 - it has no other name

PROGRAM = "elevenlabs-history"
SHELLS = ("bash", "zsh", "fish", "powershell", "tcsh")
_ABOUT = """\
Download your ElevenLabs generation history.

The key is read from ELEVENLABS_API_KEY. ELEVENLABS_BASE_URL names another
server, such as the simulator."""
_EXAMPLES = """\
examples:
  elevenlabs-history backup ~/elevenlabs        fetch everything; run it again for new items
  elevenlabs-history verify ~/elevenlabs        check every file
  elevenlabs-history list --search dragon       list items of the server
  elevenlabs-history doctor ~/elevenlabs        find problems, with hints

exit codes:
  0 done   1 some items failed   2 wrong usage   3 the key was refused
  4 rate limit, server or network   5 verify found differences   130 interrupted"""
_NOT_IN_HISTORY = """\
A backup contains what the history contains: speech. Sound effects, music, agent
conversations and zero-retention calls are not in the history."""


class _HelpFormatter(argparse.RawDescriptionHelpFormatter):
    """Help of at most 100 columns, with a wide column for the options."""

    def __init__(self, prog: str, **arguments: Any) -> None:  # noqa: ANN401 - argparse passes what its version has
        columns = os.environ.get("COLUMNS", "")
        width = int(columns) if columns.isdecimal() else os.get_terminal_size().columns if sys.stdout.isatty() else 80
        super().__init__(prog, **(arguments | {"max_help_position": 28, "width": min(max(width, 60), 100) - 2}))


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(ExitCode.USAGE, f"{PROGRAM}: {message}. See: {self.prog} --help\n")


class _VersionAction(argparse.Action):
    """Print the version. It is looked up only now, because that takes longer than everything else here."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from importlib.metadata import version

        print(f"{PROGRAM} {version(PROGRAM)}")
        parser.exit()


def make_parser() -> argparse.ArgumentParser:
    """Describe the command line. The parsed arguments hold the name of the command as `command`."""
    parser = _Parser(
        prog=PROGRAM, description=_ABOUT, epilog=_EXAMPLES, formatter_class=_HelpFormatter, allow_abbrev=False
    )
    parser.add_argument("-V", "--version", action=_VersionAction, nargs=0, help="print the version")
    commands = parser.add_subparsers(
        title="commands", dest="command", metavar="COMMAND", required=True, parser_class=_Parser
    )
    for add in (_add_backup, _add_verify, _add_search, _add_export, _add_list, _add_show, _add_download, _add_doctor):
        add(commands)
    _add_completion(commands)
    return parser


def _add_backup(commands: _Commands) -> None:
    backup = _add_command(
        commands,
        "backup",
        "[OPTIONS] FOLDER",
        "fetch the whole history into a folder, and later what is new",
        examples="  elevenlabs-history backup ~/elevenlabs\n"
        "  elevenlabs-history backup ~/elevenlabs --dry-run\n"
        "  elevenlabs-history backup ~/elevenlabs --format wav --after 2026-01-01",
        more=_NOT_IN_HISTORY,
    )
    add_folder(backup, "the folder of the backup; created if missing")
    add_filters(backup)
    backup.add_argument("-n", "--limit", type=positive, metavar="N", help="only the newest N items")
    backup.add_argument("--full", action="store_true", help="list everything, including what earlier runs covered")
    backup.add_argument("--dry-run", action="store_true", help="print what would be fetched, and fetch nothing")
    add_format(backup)
    backup.add_argument("--template", help="how files are named; must contain {id}")
    add_concurrency(backup)
    add_common(backup)


def _add_verify(commands: _Commands) -> None:
    verify = _add_command(
        commands,
        "verify",
        "[OPTIONS] FOLDER",
        "compare every file of a backup with its catalog",
        examples="  elevenlabs-history verify ~/elevenlabs\n"
        "  elevenlabs-history verify ~/elevenlabs --repair\n"
        "  elevenlabs-history verify ~/elevenlabs --checksums",
        more="A moved file is recognized by its bytes. Extra files are listed and do no harm.\n"
        "The exit code is 5 if a file is missing or changed.",
    )
    add_folder(verify)
    verify.add_argument("--repair", action="store_true", help="fetch missing and changed files again")
    verify.add_argument("--checksums", action="store_true", help="also write SHA256SUMS into the folder")
    add_common(verify)


def _add_search(commands: _Commands) -> None:
    search = _add_command(
        commands,
        "search",
        "[OPTIONS] FOLDER WORDS...",
        "find items of a backup by text and voice",
        examples="  elevenlabs-history search ~/elevenlabs dragon\n"
        "  elevenlabs-history search ~/elevenlabs rachel robot --json",
    )
    add_folder(search)
    search.add_argument("words", nargs="+", metavar="WORDS", help="all must occur; the last may be a prefix")
    add_common(search, server=False)


def _add_export(commands: _Commands) -> None:
    export = _add_command(
        commands,
        "export",
        "FOLDER --csv|--jsonl|--m3u",
        "print a backup as CSV, as JSON lines or as a playlist",
        examples="  elevenlabs-history export ~/elevenlabs --csv > history.csv\n"
        "  elevenlabs-history export ~/elevenlabs --m3u > ~/elevenlabs/all.m3u",
    )
    add_folder(export)
    formats = export.add_mutually_exclusive_group(required=True)
    for name, text in (("csv", "a row per file"), ("jsonl", "every field, a line per item"), ("m3u", "a playlist")):
        formats.add_argument(f"--{name}", dest="export_format", action="store_const", const=name, help=text)
    add_verbosity(export)


def _add_list(commands: _Commands) -> None:
    listing = _add_command(
        commands,
        "list",
        "[OPTIONS]",
        "list the items of the server, newest first",
        examples="  elevenlabs-history list\n  elevenlabs-history list --all --json > history.jsonl",
    )
    add_filters(listing)
    limit = listing.add_mutually_exclusive_group()
    limit.add_argument("-n", "--limit", type=positive, default=20, metavar="N", help="at most N items (default: 20)")
    limit.add_argument("--all", dest="limit", action="store_const", const=None, help="all items")
    add_common(listing)


def _add_show(commands: _Commands) -> None:
    show = _add_command(
        commands,
        "show",
        "[OPTIONS] ID...",
        "print every field of items",
        examples="  elevenlabs-history show ja9xsmfGhxYcymxGcOGB\n"
        "  elevenlabs-history show ja9xsmfGhxYcymxGcOGB --in ~/elevenlabs",
    )
    add_ids(show)
    show.add_argument(
        "--in", type=folder, dest="folder", metavar="FOLDER", help="look in this backup, not on the server"
    )
    add_common(show)


def _add_download(commands: _Commands) -> None:
    download = _add_command(
        commands,
        "download",
        "[OPTIONS] ID...",
        "download items by id, a file per item",
        examples="  elevenlabs-history download ja9xsmfGhxYcymxGcOGB\n"
        "  elevenlabs-history download ID1 ID2 ID3 -o clips --format wav",
    )
    add_ids(download)
    text = "where the files go (default: the working directory)"
    download.add_argument("-o", "--output", type=folder, default=".", metavar="FOLDER", help=text)
    add_format(download)
    download.add_argument("--template", help="how files are named")
    download.add_argument("--overwrite", action="store_true", help="replace existing files")
    add_common(download)


def _add_doctor(commands: _Commands) -> None:
    doctor = _add_command(
        commands,
        "doctor",
        "[OPTIONS] [FOLDER]",
        "check key, server, clock and folder, and print hints",
        examples="  elevenlabs-history doctor\n  elevenlabs-history doctor ~/elevenlabs",
        more="One item is requested from the server. Nothing is changed.",
    )
    doctor.add_argument("folder", nargs="?", type=folder, metavar="FOLDER", help="also check the backup in this folder")
    add_common(doctor)


def _add_completion(commands: _Commands) -> None:
    completion = _add_command(
        commands,
        "completion",
        "|".join(SHELLS),
        "print the completion script for a shell",
        examples='  eval "$(elevenlabs-history completion bash)"\n'
        "  elevenlabs-history completion zsh > ~/.zfunc/_elevenlabs-history",
    )
    completion.add_argument("shell", choices=SHELLS)
    add_verbosity(completion)


def _add_command(
    commands: _Commands, name: str, arguments: str, summary: str, *, examples: str, more: str = ""
) -> argparse.ArgumentParser:
    return commands.add_parser(
        name,
        usage=f"{PROGRAM} {name} {arguments}",
        help=summary,
        description=f"{summary[0].upper()}{summary[1:]}." + (f"\n\n{more}" if more else ""),
        epilog=f"examples:\n{examples}",
        formatter_class=_HelpFormatter,
        allow_abbrev=False,
    )
