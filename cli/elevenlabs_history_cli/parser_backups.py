"""The commands for a backup."""

from __future__ import annotations

from .filters import add_columns, add_filters, add_prune_filters, add_voice_and_dates, add_voice_and_model
from .options import (
    add_command,
    add_common,
    add_folder,
    add_format,
    add_json,
    backup_path,
    file_path,
    folder_path,
    positive,
    price,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .options import Commands

GROUPINGS = ("month", "voice", "model", "source")


def add_backup_commands(commands: Commands) -> None:
    """Describe them."""
    _add_backup(commands)
    _add_checks(commands)
    _add_readers(commands)
    _add_subtitles(commands)
    _add_prune(commands)


def _add_backup(commands: Commands) -> None:
    backup = add_command(
        commands,
        "backup [OPTIONS] [FOLDER]",
        "fetch the whole history into a folder, and later what is new",
        more="FOLDER may be in a bucket: s3://bucket/prefix, gs://… or az://….\n\n"
        "A backup contains what the history contains: speech. Sound effects, music, agent\n"
        "conversations and zero-retention calls are not in the history.\n\n"
        "The filters, the format and the template of the first run that saves a file are\n"
        "remembered: later runs continue with them.",
        examples=[
            "%(prog)s ~/elevenlabs",
            "%(prog)s ~/elevenlabs --dry-run",
            "%(prog)s ~/elevenlabs --format wav --after 2026-01-01",
            "%(prog)s --workspaces workspaces.toml",
        ],
    )
    add_folder(backup, "where the backup is, or will be")
    text = "back up every workspace that this TOML file names; it says what and where"
    backup.add_argument("--workspaces", type=file_path, metavar="FILE", help=text)
    add_filters(backup)
    backup.add_argument("--no-filters", action="store_true", help="without the remembered filters")
    backup.add_argument("-n", "--limit", type=positive, metavar="N", help="only the newest N items")
    backup.add_argument("--full", action="store_true", help="list everything, including what earlier runs covered")
    backup.add_argument("--dry-run", action="store_true", help="print what would be fetched, and fetch nothing")
    add_format(backup)
    backup.add_argument("--template", help="how files are named, such as '{voice}/{date}_{id}{ext}'")
    text = "maximum number of concurrent requests; fewer after a rate limit error (default: 10)"
    backup.add_argument("--workers", type=positive, metavar="N", help=text)
    text = "maximum number of items per request; fewer if the server refuses so many (default: 100)"
    backup.add_argument("--batch-size", type=positive, metavar="N", help=text)
    text = "remember the options of this run instead"
    backup.add_argument("--remember", action="store_true", help=text)
    backup.add_argument("--page", action="store_true", help="then write a page to play it in a browser")
    add_common(backup)


def _add_checks(commands: Commands) -> None:
    verify = add_command(
        commands,
        "verify [OPTIONS] [FOLDER]",
        "compare every file of a backup with its catalog",
        more="A moved file is recognized by its bytes. Extra files are listed and do no harm.\n"
        "The exit code is 5 if a file is missing or changed, or an item failed to be saved.",
        examples=["%(prog)s ~/elevenlabs", "%(prog)s ~/elevenlabs --repair", "%(prog)s ~/elevenlabs --checksums"],
    )
    add_folder(verify)
    verify.add_argument("--repair", action="store_true", help="fetch missing and changed files again")
    text = "in a bucket: read every file, not only its size and the hash that the store keeps"
    verify.add_argument("--read", action="store_true", help=text)
    text = "let go of the files of these items, which you have deleted"
    verify.add_argument("--forget", nargs="+", metavar="ID", help=text)
    verify.add_argument("--checksums", action="store_true", help="also write SHA256SUMS into the folder")
    add_common(verify)
    importing = add_command(
        commands,
        "import [OPTIONS] FOLDER [ARCHIVE...]",
        "record files that the catalog does not know",
        more="For a backup whose catalog is lost, and for zip archives that were downloaded by hand.\n"
        "A file belongs to the item whose id is in its name; from an archive comes only what is\n"
        "proven to be an item. What can't be told is left as it is.",
        examples=["%(prog)s ~/elevenlabs", "%(prog)s ~/elevenlabs --offline"],
    )
    importing.add_argument("folder", type=backup_path, metavar="FOLDER", help="where the backup is, or will be")
    importing.add_argument("archives", nargs="*", type=file_path, metavar="ARCHIVE", help="a zip archive")
    importing.add_argument("--offline", action="store_true", help="don't ask the server which items there are")
    add_common(importing)


def _add_readers(commands: Commands) -> None:
    search = add_command(
        commands,
        "search [OPTIONS] [FOLDER] [WORDS...]",
        "find items of a backup by text, voice and id",
        more="The first word is FOLDER if there is no default for FOLDER, or if others follow and a folder\n"
        "has that name. Without words all items that the filters let through are printed.",
        examples=["%(prog)s ~/elevenlabs dragon", "%(prog)s ~/elevenlabs small robot --voice Rachel --after 2026-01"],
    )
    # Whether the first word is a folder is known later: `settings.fill` makes `folder` of it.
    search.add_argument("words", nargs="*", metavar="WORDS", help="all must occur, in any order")
    add_voice_and_dates(search.add_argument_group("filters"))
    search.add_argument("-n", "--limit", type=positive, metavar="N", help="at most N items")
    add_json(add_columns(search))
    add_common(search, json=False, region=False)
    _add_find_and_stats(commands)
    export = add_command(
        commands,
        "export [OPTIONS] [FOLDER] --csv|--jsonl|--m3u",
        "write a backup as CSV, as JSON lines or as a playlist",
        examples=[
            "%(prog)s ~/elevenlabs --csv --bom -o history.csv",
            "%(prog)s ~/elevenlabs --m3u -o ~/elevenlabs/all.m3u",
            "%(prog)s ~/elevenlabs --jsonl | head -n 3",
        ],
    )
    add_folder(export)
    formats = export.add_mutually_exclusive_group(required=True)
    for name, text in (("csv", "a row per file"), ("jsonl", "every field, a line per item"), ("m3u", "a playlist")):
        formats.add_argument(f"--{name}", dest="export_format", action="store_const", const=name, help=text)
    export.add_argument("--bom", action="store_true", help="with --csv: a byte order mark, for spreadsheets")
    text = "write this file, not to standard output"
    export.add_argument("-o", "--output", type=file_path, metavar="FILE", help=text)
    export.add_argument("--overwrite", action="store_true", help="replace an existing file")
    add_common(export, json=False, region=False)
    for name, summary in (
        ("play", "play the file of an item"),
        ("open", "open the file of an item in another program"),
    ):
        command = add_command(
            commands,
            f"{name} [OPTIONS] ID",
            summary,
            examples=["%(prog)s ja9xsmfGhxYcymxGcOGB --in ~/elevenlabs"],
        )
        command.add_argument("id", metavar="ID", help="a history item id")
        text = "the folder of the backup, if not the default one"
        command.add_argument("--in", type=backup_path, dest="folder", metavar="FOLDER", help=text)
        add_common(command, json=False, region=False)
    page = add_command(
        commands,
        "page [OPTIONS] [FOLDER]",
        "write a page to search and play a backup in a browser",
        more="It is index.html in the folder of the backup. It needs no server and no network,\n"
        "and can be handed on with the folder.",
        examples=["%(prog)s ~/elevenlabs"],
    )
    add_folder(page)
    add_common(page, json=False, region=False)


def _add_find_and_stats(commands: Commands) -> None:
    find = add_command(
        commands,
        "find [OPTIONS] [FOLDER] TEXT",
        "find out whether a text was generated before",
        more="The whole text has to be the same, apart from white space and the form of Unicode.\n"
        "FOLDER is told from TEXT as by search. The exit code is 0 if there is such a file, 1 if\n"
        "there is none, and 2 if the backup can't be read.",
        examples=[
            "%(prog)s ~/elevenlabs 'The dragon slept on a hill of unread mail.'",
            "%(prog)s ~/elevenlabs --voice Rachel --path 'Who is there?' || echo 'Not yet.'",
        ],
    )
    find.add_argument("words", nargs="*", metavar="TEXT", help="the text; - for standard input")
    find.add_argument("--text-file", type=file_path, metavar="FILE", help="a file that holds the text")
    find.add_argument("--exact", action="store_true", help="compare white space, too, and the form of Unicode")
    add_voice_and_model(find)
    output = add_columns(find, ("id", "date", "voice", "model", "settings"))
    output.add_argument("--path", action="store_true", help="print the path of the newest file only")
    add_json(output)
    add_common(find, json=False, region=False)
    stats = add_command(
        commands,
        "stats [OPTIONS] [FOLDER]",
        "count the items of a backup, their characters and their length",
        more="Characters are those that the API has counted. An item is repeated if an older one has\n"
        "the same text, voice and model.",
        examples=["%(prog)s ~/elevenlabs", "%(prog)s ~/elevenlabs --by month --price-per-1000 0.30"],
    )
    add_folder(stats)
    stats.add_argument("--by", choices=GROUPINGS, help="a line for each; months are those of UTC")
    text = "what you pay for 1,000 characters; prints prices, too"
    stats.add_argument("--price-per-1000", type=price, dest="price", metavar="PRICE", help=text)
    add_common(stats, region=False)


def _add_subtitles(commands: Commands) -> None:
    subtitles = add_command(
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
    add_folder(subtitles)
    subtitles.add_argument("ids", nargs="*", metavar="ID", help="a history item id (default: all items)")
    text = "a folder, where the files are named as the clips; of one item also a file (default: print it)"
    subtitles.add_argument("-o", "--output", type=folder_path, metavar="OUT", help=text)
    text = "SubRip, WebVTT, or words with their times for programs (default: srt)"
    subtitles.add_argument("--form", choices=("srt", "vtt", "json"), default="srt", help=text)
    subtitles.add_argument("--words", dest="by_word", action="store_true", help="one word at a time")
    subtitles.add_argument("--fetch", action="store_true", help="ask the server for alignments that are not known")
    subtitles.add_argument("--overwrite", action="store_true", help="replace existing files")
    add_common(subtitles, json=False)
    mcp = add_command(
        commands,
        "mcp [OPTIONS] [FOLDER]",
        "serve a backup to assistants (Model Context Protocol, stdio)",
        examples=["%(prog)s ~/elevenlabs"],
    )
    add_folder(mcp)
    add_common(mcp, json=False, region=False)


def _add_prune(commands: Commands) -> None:
    prune = add_command(
        commands,
        "prune [OPTIONS] [FOLDER] --older-than AGE",
        "there is no undo: delete on the server what a backup holds",
        more="Clear the history, keep the audio. Without --delete the plan is printed and nothing\n"
        "is changed. An item goes only if its file is read back with the bytes that were saved.",
        examples=["%(prog)s ~/elevenlabs --older-than 30d", "%(prog)s ~/elevenlabs --older-than 12w --voice Rachel -v"],
    )
    add_folder(prune)
    add_prune_filters(prune)
    text = "delete only what this copy of FOLDER holds, too"
    prune.add_argument("--copy", type=folder_path, metavar="TARGET", help=text)
    prune.add_argument("--delete", action="store_true", help="ask for the number of items, and delete them")
    prune.add_argument("--yes-delete", type=int, metavar="N", help="do not ask: N is the number of items in the plan")
    prune.add_argument("--max", type=positive, default=100, metavar="N", help="refuse more items (default: 100)")
    prune.add_argument("--everything-listed", action="store_true", help="allow more than half of what is listed")
    add_common(prune)
