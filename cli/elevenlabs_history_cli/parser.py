"""Every command, option and exit code. Imports little more than argparse, so that help is shown at once."""

from __future__ import annotations

import argparse
import os
from enum import IntEnum

from .filters import add_columns, add_filters, add_voice_and_dates
from .help_text import ABOUT, PROGRAM, epilog

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn, TypeAlias

    _Commands: TypeAlias = "argparse._SubParsersAction[_Parser]"  # noqa: SLF001 - it has no other name

SHELLS = ("bash", "zsh", "fish", "powershell", "tcsh")
REGIONS = ("us", "eu", "in", "sg")


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
        prog=PROGRAM, description=ABOUT, epilog=epilog(), formatter_class=_help_formatter, allow_abbrev=False
    )
    parser.add_argument("-V", "--version", action=_VersionAction, nargs=0, help="print the version")
    commands = parser.add_subparsers(title="commands", dest="command", metavar="COMMAND", required=True)
    _add_backup(commands)
    _add_commands_for_backups(commands)
    _add_subtitles(commands)
    _add_commands_for_items(commands)
    _add_other_commands(commands)
    return parser


def _add_backup(commands: _Commands) -> None:
    backup = _add_command(
        commands,
        "backup [OPTIONS] [FOLDER]",
        "fetch the whole history into a folder, and later what is new",
        more="A backup contains what the history contains: speech. Sound effects, music, agent\n"
        "conversations and zero-retention calls are not in the history.",
        examples=[
            "%(prog)s ~/elevenlabs",
            "%(prog)s ~/elevenlabs --dry-run",
            "%(prog)s ~/elevenlabs --format wav --after 2026-01-01",
        ],
    )
    _add_folder(backup, "where the backup is, or will be")
    add_filters(backup)
    backup.add_argument("-n", "--limit", type=_positive, metavar="N", help="only the newest N items")
    backup.add_argument("--full", action="store_true", help="list everything, including what earlier runs covered")
    backup.add_argument("--dry-run", action="store_true", help="print what would be fetched, and fetch nothing")
    _add_format(backup)
    backup.add_argument("--template", help="how files are named; must contain {id}")
    text = "maximum number of concurrent requests; fewer after a rate limit error (default: 10)"
    backup.add_argument("--workers", type=_positive, metavar="N", help=text)
    text = "maximum number of items per request; fewer if the server refuses so many (default: 100)"
    backup.add_argument("--batch-size", type=_positive, metavar="N", help=text)
    backup.add_argument("--page", action="store_true", help="then write a page to play it in a browser")
    _add_common(backup)


def _add_commands_for_backups(commands: _Commands) -> None:
    verify = _add_command(
        commands,
        "verify [OPTIONS] [FOLDER]",
        "compare every file of a backup with its catalog",
        more="A moved file is recognized by its bytes. Extra files are listed and do no harm.\n"
        "The exit code is 5 if a file is missing or changed.",
        examples=["%(prog)s ~/elevenlabs", "%(prog)s ~/elevenlabs --repair", "%(prog)s ~/elevenlabs --checksums"],
    )
    _add_folder(verify)
    verify.add_argument("--repair", action="store_true", help="fetch missing and changed files again")
    verify.add_argument("--checksums", action="store_true", help="also write SHA256SUMS into the folder")
    _add_common(verify)
    search = _add_command(
        commands,
        "search [OPTIONS] [FOLDER] WORDS...",
        "find items of a backup by text, voice and id",
        more="The first word is FOLDER if there is a folder of that name, or no default for FOLDER.",
        examples=["%(prog)s ~/elevenlabs dragon", "%(prog)s ~/elevenlabs small robot --voice Rachel --after 2026-01"],
    )
    # Whether the first word is a folder is known later: `settings.fill` makes `folder` of it.
    search.add_argument("words", nargs="+", metavar="WORDS", help="all must occur, in any order")
    add_voice_and_dates(search.add_argument_group("filters"))
    search.add_argument("-n", "--limit", type=_positive, metavar="N", help="at most N items")
    _add_json(add_columns(search))
    _add_common(search, json=False, region=False)
    export = _add_command(
        commands,
        "export [OPTIONS] [FOLDER] --csv|--jsonl|--m3u",
        "write a backup as CSV, as JSON lines or as a playlist",
        examples=[
            "%(prog)s ~/elevenlabs --csv --bom -o history.csv",
            "%(prog)s ~/elevenlabs --m3u -o ~/elevenlabs/all.m3u",
            "%(prog)s ~/elevenlabs --jsonl | head -n 3",
        ],
    )
    _add_folder(export)
    formats = export.add_mutually_exclusive_group(required=True)
    for name, text in (("csv", "a row per file"), ("jsonl", "every field, a line per item"), ("m3u", "a playlist")):
        formats.add_argument(f"--{name}", dest="export_format", action="store_const", const=name, help=text)
    export.add_argument("--bom", action="store_true", help="with --csv: a byte order mark, for spreadsheets")
    text = "write this file, not to standard output"
    export.add_argument("-o", "--output", type=_path, metavar="FILE", help=text)
    export.add_argument("--overwrite", action="store_true", help="replace an existing file")
    _add_common(export, json=False, region=False)
    for name, summary in (
        ("play", "play the file of an item"),
        ("open", "open the file of an item in another program"),
    ):
        command = _add_command(
            commands,
            f"{name} [OPTIONS] ID",
            summary,
            examples=["%(prog)s ja9xsmfGhxYcymxGcOGB --in ~/elevenlabs"],
        )
        command.add_argument("id", metavar="ID", help="a history item id")
        text = "the folder of the backup, if not the default one"
        command.add_argument("--in", type=_folder, dest="folder", metavar="FOLDER", help=text)
        _add_common(command, json=False, region=False)
    page = _add_command(
        commands,
        "page [OPTIONS] [FOLDER]",
        "write a page to search and play a backup in a browser",
        more="It is index.html in the folder of the backup. It needs no server and no network,\n"
        "and can be handed on with the folder.",
        examples=["%(prog)s ~/elevenlabs"],
    )
    _add_folder(page)
    _add_common(page, json=False, region=False)


def _add_subtitles(commands: _Commands) -> None:
    subtitles = _add_command(
        commands,
        "subtitles [OPTIONS] FOLDER [ID...]",
        "write subtitles of items, from the times at which their words are spoken",
        more="Without ID: of every item of the backup that has an alignment of its characters with\n"
        "times. A listing may leave alignments out; --fetch asks the server for them.",
        examples=[
            "%(prog)s ~/elevenlabs ja9xsmfGhxYcymxGcOGB > clip.srt",
            "%(prog)s ~/elevenlabs -o ~/elevenlabs",
            "%(prog)s ~/elevenlabs -o captions --form vtt --fetch",
        ],
    )
    _add_folder(subtitles)
    subtitles.add_argument("ids", nargs="*", metavar="ID", help="a history item id (default: all items)")
    text = "a folder, where the files are named as the clips; of one item also a file (default: print it)"
    subtitles.add_argument("-o", "--output", type=_folder, metavar="OUT", help=text)
    text = "SubRip, WebVTT, or words with their times for programs (default: srt)"
    subtitles.add_argument("--form", choices=("srt", "vtt", "json"), default="srt", help=text)
    subtitles.add_argument("--words", dest="by_word", action="store_true", help="one word at a time")
    subtitles.add_argument("--fetch", action="store_true", help="ask the server for alignments that are not known")
    subtitles.add_argument("--overwrite", action="store_true", help="replace existing files")
    _add_common(subtitles, json=False)
    mcp = _add_command(
        commands,
        "mcp [OPTIONS] [FOLDER]",
        "serve a backup to assistants (Model Context Protocol, stdio)",
        examples=["%(prog)s ~/elevenlabs"],
    )
    _add_folder(mcp)
    _add_common(mcp, json=False, region=False)


def _add_commands_for_items(commands: _Commands) -> None:
    listing = _add_command(
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
    limit.add_argument("-n", "--limit", type=_positive, default=20, metavar="N", help="at most N items (default: 20)")
    limit.add_argument("--all", dest="limit", action="store_const", const=None, help="all items")
    _add_json(add_columns(listing))
    _add_common(listing, json=False)
    show = _add_command(
        commands,
        "show [OPTIONS] ID...",
        "print every field of items",
        examples=["%(prog)s ja9xsmfGhxYcymxGcOGB", "%(prog)s ja9xsmfGhxYcymxGcOGB --in ~/elevenlabs"],
    )
    show.add_argument("ids", nargs="+", metavar="ID", help="a history item id")
    text = "look in this backup, not on the server; without FOLDER in the default one"
    show.add_argument("--in", nargs="?", const=True, type=_folder, dest="folder", metavar="FOLDER", help=text)
    _add_common(show)
    download = _add_command(
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
    download.add_argument("-o", "--output", type=_folder, default=".", metavar="PATH", help=text)
    _add_format(download)
    download.add_argument("--template", help="how the files in a folder are named")
    download.add_argument("--overwrite", action="store_true", help="replace existing files")
    _add_common(download)


def _add_other_commands(commands: _Commands) -> None:
    doctor = _add_command(
        commands,
        "doctor [OPTIONS] [FOLDER]",
        "check settings, key, server, clock and folder",
        more="Each problem has a hint. One item is requested from the server; nothing is changed.",
        examples=["%(prog)s", "%(prog)s ~/elevenlabs"],
    )
    text = "also check the backup in this folder"
    doctor.add_argument("folder", nargs="?", type=_folder, metavar="FOLDER", help=text)
    _add_common(doctor)
    completion = _add_command(
        commands,
        f"completion {'|'.join(SHELLS)}",
        "print the completion script for a shell",
        examples=[
            'eval "$(%(prog)s bash)"',
            "mkdir -p ~/.zfunc && %(prog)s zsh > ~/.zfunc/_elevenlabs-history",
        ],
    )
    completion.add_argument("shell", choices=SHELLS)
    _add_common(completion, json=False, region=False)
    helping = _add_command(
        commands, "help [COMMAND]", "print help, also of one command", examples=["%(prog)s", "%(prog)s backup"]
    )
    helping.add_argument("topic", nargs="?", choices=tuple(commands.choices), metavar="COMMAND", help="one of these")


def _add_command(
    commands: _Commands, usage: str, summary: str, *, examples: list[str], more: str = ""
) -> argparse.ArgumentParser:
    return commands.add_parser(
        usage.split(maxsplit=1)[0],
        usage=f"{PROGRAM} {usage}",
        help=summary,
        description=f"{summary[0].upper()}{summary[1:]}.\n\n{more}".strip(),
        epilog="\n  ".join(["examples:", *examples]),
        formatter_class=_help_formatter,
        allow_abbrev=False,
    )


def _help_formatter(prog: str) -> argparse.HelpFormatter:
    # A width is given, because argparse would load shutil to ask for that of the terminal: as slow as argparse itself.
    return argparse.RawDescriptionHelpFormatter(prog, max_help_position=28, width=78)


def _add_folder(parser: argparse.ArgumentParser, text: str = "the backup") -> None:
    parser.add_argument("folder", nargs="?", type=_folder, metavar="FOLDER", help=f"{text}, if not the default one")


def _add_format(parser: argparse.ArgumentParser) -> None:
    text = "wav converts to WAV (default: the original format)"
    parser.add_argument("--format", dest="output_format", metavar="FORMAT", help=text)


def _add_json(parser: argparse._ActionsContainer) -> None:
    parser.add_argument("--json", dest="as_json", action="store_true", help="print one JSON object per line")


def _add_common(parser: argparse.ArgumentParser, *, json: bool = True, region: bool = True) -> None:
    if json:
        _add_json(parser)
    if region:
        parser.add_argument("--region", choices=REGIONS, help="the data residency region of the workspace")
        text = "a command that prints the key, such as 'pass show elevenlabs'"
        parser.add_argument("--key-command", metavar="COMMAND", help=text)
    parser.add_argument("-q", "--quiet", action="store_true", help="print results and errors only")
    parser.add_argument(
        "-v", "--verbose", action="count", default=0, help="print more, such as every request; -vv: even more"
    )


def _folder(text: str) -> str:
    # An empty name, from an unset variable, would mean the working directory.
    if not text:
        raise argparse.ArgumentTypeError("its name is empty (the working directory is '.')")
    return _path(text)


def _path(text: str) -> str:
    if not text:
        raise argparse.ArgumentTypeError("its name is empty")
    return expand_user(text)


def expand_user(path: str) -> str:
    """Expand a ~ that no shell has expanded, as in --in=~/elevenlabs or in settings; an unknown user's stays."""
    return os.path.expanduser(path)  # noqa: PTH111 - pathlib takes long to load, and raises for an unknown user


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1")
    return int(text)
