"""What can be typed: every command and option. It imports argparse alone, so that help comes at once."""

from __future__ import annotations

import argparse
import os
import sys

from elevenlabs_history._version import __version__

from .options import add_common, add_filters, add_folder, add_format, add_ids, add_noise, add_work, folder, number

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, NoReturn, TypeAlias

    _Commands: TypeAlias = "argparse._SubParsersAction[_Parser]"  # noqa: SLF001 - it has no other name

PROGRAM = "elevenlabs-history"
_ABOUT = """\
Your ElevenLabs generation history on your own disk.

The key is read from ELEVENLABS_API_KEY. ELEVENLABS_BASE_URL names another
server, such as the simulator."""
_EXAMPLES = """\
examples:
  elevenlabs-history backup ~/elevenlabs        everything; run it again for what is new
  elevenlabs-history verify ~/elevenlabs        is it all there?
  elevenlabs-history list --search dragon       what the server has
  elevenlabs-history doctor ~/elevenlabs        what is wrong, and its hint

exit codes:
  0 done   1 some items failed   2 wrong usage   3 the key was refused
  4 rate limit, server or network   5 verify found differences   130 interrupted"""
_NOT_INSIDE = """\
A backup has what the history has: speech. Sound effects, music, agent
conversations and zero-retention calls are not in the history."""


class _Help(argparse.RawDescriptionHelpFormatter):
    """Help of at most 100 columns, with room for the options."""

    def __init__(self, prog: str, **arguments: Any) -> None:  # noqa: ANN401 - argparse hands on what its version has
        columns = os.environ.get("COLUMNS", "")
        width = int(columns) if columns.isdecimal() else os.get_terminal_size().columns if sys.stdout.isatty() else 80
        super().__init__(prog, **(arguments | {"max_help_position": 28, "width": min(max(width, 60), 100) - 2}))


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{PROGRAM}: {message}. See: {self.prog} --help\n")


def make_parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    parser = _Parser(prog=PROGRAM, description=_ABOUT, epilog=_EXAMPLES, formatter_class=_Help, allow_abbrev=False)
    parser.add_argument("-V", "--version", action="version", version=f"{PROGRAM} {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True, parser_class=_Parser)
    _add_backup_commands(commands)
    _add_item_commands(commands)
    return parser


def _add_backup_commands(commands: _Commands) -> None:
    backup = _command(
        commands,
        "backup",
        _backup,
        "[OPTIONS] FOLDER",
        "save everything into a folder, and from then on what is new",
        examples="  elevenlabs-history backup ~/elevenlabs\n"
        "  elevenlabs-history backup ~/elevenlabs --dry-run\n"
        "  elevenlabs-history backup ~/elevenlabs --format wav --after 2026-01-01",
        more=_NOT_INSIDE,
    )
    add_folder(backup, "the folder of the backup; made when it is missing")
    add_filters(backup)
    backup.add_argument("-n", "--limit", type=number, metavar="N", help="look at the newest N items only")
    backup.add_argument("--full", action="store_true", help="list everything, also what earlier runs have covered")
    backup.add_argument("--dry-run", action="store_true", help="tell what would be fetched, and fetch nothing")
    add_format(backup)
    backup.add_argument("--template", help="how files are named, with {id} in it")
    add_work(backup)
    add_common(backup)

    verify = _command(
        commands,
        "verify",
        _verify,
        "[OPTIONS] FOLDER",
        "compare every file of a backup with what was saved",
        examples="  elevenlabs-history verify ~/elevenlabs\n"
        "  elevenlabs-history verify ~/elevenlabs --repair\n"
        "  elevenlabs-history verify ~/elevenlabs --checksums && sha256sum -c SHA256SUMS",
        more="A file that was moved is found by its bytes. Extra files do no harm and are named.\n"
        "The exit code is 5 when a file is missing or changed.",
    )
    add_folder(verify)
    verify.add_argument("--repair", action="store_true", help="fetch what is missing or changed again")
    verify.add_argument("--checksums", action="store_true", help="write SHA256SUMS into the folder, too")
    add_common(verify)

    search = _command(
        commands,
        "search",
        _search,
        "[OPTIONS] FOLDER WORDS...",
        "find items of a backup by what is said and who says it",
        examples="  elevenlabs-history search ~/elevenlabs dragon\n"
        "  elevenlabs-history search ~/elevenlabs rachel robot --json",
    )
    add_folder(search)
    search.add_argument("words", nargs="+", metavar="WORDS", help="all must be there; the last may be a beginning")
    add_common(search, server=False)

    export = _command(
        commands,
        "export",
        _export,
        "FOLDER --csv|--jsonl|--m3u",
        "print a backup as a table, as JSON lines or as a playlist",
        examples="  elevenlabs-history export ~/elevenlabs --csv > history.csv\n"
        "  elevenlabs-history export ~/elevenlabs --m3u > ~/elevenlabs/all.m3u",
    )
    add_folder(export)
    forms = export.add_mutually_exclusive_group(required=True)
    for form, text in (("csv", "a row for each file"), ("jsonl", "all of each item"), ("m3u", "a playlist")):
        forms.add_argument(f"--{form}", dest="form", action="store_const", const=form, help=text)
    add_noise(export)


def _add_item_commands(commands: _Commands) -> None:
    listing = _command(
        commands,
        "list",
        _list,
        "[OPTIONS]",
        "list what the server has, newest first",
        examples="  elevenlabs-history list\n  elevenlabs-history list --all --json > history.jsonl",
    )
    add_filters(listing)
    most = listing.add_mutually_exclusive_group()
    most.add_argument("-n", "--limit", type=number, default=20, metavar="N", help="most items (default: 20)")
    most.add_argument("--all", dest="limit", action="store_const", const=None, help="all items")
    add_common(listing)

    show = _command(
        commands,
        "show",
        _show,
        "[OPTIONS] ID...",
        "show all that is known of items",
        examples="  elevenlabs-history show ja9xsmfGhxYcymxGcOGB\n"
        "  elevenlabs-history show ja9xsmfGhxYcymxGcOGB --in ~/elevenlabs",
    )
    add_ids(show)
    show.add_argument("--in", type=folder, dest="folder", metavar="FOLDER", help="ask the backup there, not the server")
    add_common(show)

    download = _command(
        commands,
        "download",
        _download,
        "[OPTIONS] ID...",
        "download items by their ids, as one file each",
        examples="  elevenlabs-history download ja9xsmfGhxYcymxGcOGB\n"
        "  elevenlabs-history download ID1 ID2 ID3 -o clips --format wav",
    )
    add_ids(download)
    download.add_argument(
        "-o", "--output", type=folder, default=".", metavar="FOLDER", help="where the files go (default: here)"
    )
    add_format(download)
    download.add_argument("--template", help="how files are named")
    download.add_argument("--overwrite", action="store_true", help="replace files that exist")
    add_common(download)

    doctor = _command(
        commands,
        "doctor",
        _doctor,
        "[OPTIONS] [FOLDER]",
        "look for what could go wrong, and tell its hint",
        examples="  elevenlabs-history doctor\n  elevenlabs-history doctor ~/elevenlabs",
        more="It asks the server for one item and changes nothing.",
    )
    doctor.add_argument(
        "folder", nargs="?", type=folder, metavar="FOLDER", help="the folder of a backup, to look at that, too"
    )
    add_common(doctor)

    completion = _command(
        commands,
        "completion",
        _completion,
        "bash|zsh|fish|powershell|tcsh",
        "print what makes a shell complete commands and options",
        examples='  eval "$(elevenlabs-history completion bash)"\n'
        "  elevenlabs-history completion zsh > ~/.zfunc/_elevenlabs-history",
    )
    completion.add_argument("shell", choices=["bash", "zsh", "fish", "powershell", "tcsh"])
    add_noise(completion)


def _command(
    commands: _Commands,
    name: str,
    handler: Callable[[argparse.Namespace], int],
    arguments: str,
    summary: str,
    *,
    examples: str,
    more: str = "",
) -> argparse.ArgumentParser:
    added = commands.add_parser(
        name,
        usage=f"{PROGRAM} {name} {arguments}",
        help=summary,
        description=f"{summary[0].upper()}{summary[1:]}." + (f"\n\n{more}" if more else ""),
        epilog=f"examples:\n{examples}",
        formatter_class=_Help,
        allow_abbrev=False,
    )
    added.set_defaults(handler=handler)
    return added


# Each handler is imported when its command runs, because what it needs takes longer to load than help may take.
def _backup(chosen: argparse.Namespace) -> int:
    from .backups import backup

    return backup(chosen)


def _verify(chosen: argparse.Namespace) -> int:
    from .backups import verify

    return verify(chosen)


def _search(chosen: argparse.Namespace) -> int:
    from .backups import search

    return search(chosen)


def _export(chosen: argparse.Namespace) -> int:
    from .backups import export

    return export(chosen)


def _list(chosen: argparse.Namespace) -> int:
    from .items import list_items

    return list_items(chosen)


def _show(chosen: argparse.Namespace) -> int:
    from .items import show

    return show(chosen)


def _download(chosen: argparse.Namespace) -> int:
    from .items import download

    return download(chosen)


def _doctor(chosen: argparse.Namespace) -> int:
    from .doctor import doctor

    return doctor(chosen)


def _completion(chosen: argparse.Namespace) -> int:
    from .completion import completion

    return completion(chosen, make_parser())
