"""The command download: items by id, into a folder, into one file, or to standard output."""

import argparse
import asyncio
import contextlib
import io
import json
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

import attrs
from elevenlabs_history import (
    AsyncHistoryClient,
    FileKind,
    HistoryClient,
    HistoryItem,
    InvalidArgumentError,
    ItemFailed,
    ItemMissing,
    NotFoundError,
    RateLimitError,
    Report,
)

from .keys import connect
from .output import echo, file_line, pluralize, print_json, write
from .parser import ExitCode
from .progress import progress

_WORKERS = 10
_ID = re.compile(r"[\w.~-]+")
_EXTENSIONS = {kind.extension for kind in FileKind if kind.is_audio}


def download(args: argparse.Namespace) -> ExitCode:
    """Save items, print the paths of their files, and say what exists already and what is missing."""
    requested = dict(_requested(args.ids))
    if not requested:
        echo("Standard input has no ids: there is nothing to download.")
        return ExitCode.DONE
    if args.output_format == "original":
        args.output_format = None
    path = Path(args.output)
    to_file = args.output == "-" or path.is_file() or (path.suffix.lower() in _EXTENSIONS and not path.is_dir())
    with connect(args) as client:
        # Checks every id before the first request.
        client.download(requested)
        if not to_file:
            return _download_all(client, requested, args)
        if len(requested) > 1:
            problem = f"--output {args.output} is one file, but there are {len(requested)} items."
            raise InvalidArgumentError(f"{problem} Nothing was sent.", hint="Name a folder.")
        (history_item_id,) = requested
        if args.output == "-":
            return _print_audio(client, history_item_id, args)
        return _save_as(path, client.get(history_item_id), client, args)


def _requested(arguments: list[str]) -> Iterator[tuple[str, HistoryItem | None]]:
    """Yield the ids to download, with the items that standard input has as JSON lines."""
    for argument in arguments:
        if argument != "-":
            yield argument, None
            continue
        if isinstance(sys.stdin, io.TextIOWrapper):
            sys.stdin.reconfigure(errors="replace")
        for line in sys.stdin:
            # Windows puts a byte order mark in front.
            text = line.lstrip("\ufeff")
            if text.lstrip().startswith("{"):
                yield _parse_item(text)
            else:
                yield from ((_parse_id(word), None) for word in text.split())


def _parse_id(word: str) -> str:
    if not _ID.fullmatch(word):
        raise InvalidArgumentError(
            f"Standard input has {word!r}, which is no history item id.",
            hint="Pass ids, or what list --json prints. Nothing was sent.",
        )
    return word


def _parse_item(line: str) -> tuple[str, HistoryItem | None]:
    with contextlib.suppress(ValueError, RecursionError):
        entry = json.loads(line)
        with contextlib.suppress(ValueError):
            item = HistoryItem.from_dict(entry)
            return item.history_item_id, item
        if isinstance(history_item_id := entry.get("history_item_id"), str):
            return history_item_id, None
    raise InvalidArgumentError(
        f"Standard input has a line without a history item id: {line.strip()[:60]}",
        hint="Pass ids, or what list --json prints. Nothing was sent.",
    )


def _download_all(
    client: HistoryClient, requested: Mapping[str, HistoryItem | None], args: argparse.Namespace
) -> ExitCode:
    with progress(args, f"Looking up {pluralize(len(requested), 'item')}") as show:
        # On an event loop, where Ctrl-C need not wait for the server.
        found = asyncio.run(_look_up(requested, args))
        items = [item for item in found.values() if item is not None]
        missing = [history_item_id for history_item_id, item in found.items() if item is None]
        for history_item_id in missing:
            show(ItemMissing(history_item_id))
        report = Report()
        if items:
            report = client.download_all(
                items,
                args.output,
                output_format=args.output_format,
                template=args.template,
                overwrite=args.overwrite,
                # An error that ends the run fails all other items, too. It is printed once, at the end.
                on_event=lambda event: None if isinstance(event, ItemFailed) else show(event),
            )
        for failure in report.failed:
            if failure.error is not report.aborted_by:
                show(failure)
    for file in report.skipped:
        if args.as_json:
            print_json({"event": "exists", **attrs.asdict(file)})
        elif not args.quiet:
            echo(f"exists  {file.path}")
    if report.aborted_by is not None:
        raise report.aborted_by
    report.missing += missing
    counts = {name: len(getattr(report, name)) for name in ("saved", "skipped", "missing", "failed")}
    if args.as_json:
        print_json({"event": "finished", **counts})
    elif len(requested) > 1 and not args.quiet:
        echo(", ".join(f"{number:,} {name}" for name, number in counts.items() if number) + ".")
    if missing and not args.as_json and not args.quiet:
        echo("What is missing is deleted, mistyped, or of another workspace. To see ids: elevenlabs-history list")
    return ExitCode.FAILED if report.missing or report.failed else ExitCode.DONE


async def _look_up(
    requested: Mapping[str, HistoryItem | None], args: argparse.Namespace
) -> dict[str, HistoryItem | None]:
    """Return all items with their metadata, which names files and proves whose they are; None of an unknown id."""
    found = dict(requested)
    pending = [history_item_id for history_item_id, item in requested.items() if item is None]
    workers = _WORKERS
    async with AsyncHistoryClient(args.key.value, region=args.region, base_url=args.base_url) as client:
        while pending:
            batch, pending = pending[:workers], pending[workers:]
            answers = await asyncio.gather(*map(client.get, batch), return_exceptions=True)
            for history_item_id, answer in zip(batch, answers, strict=True):
                if isinstance(answer, HistoryItem):
                    found[history_item_id] = answer
                elif isinstance(answer, RateLimitError) and len(batch) > 1:
                    pending.append(history_item_id)
                    workers = max(1, len(batch) // 2)
                # Without a code it is not the API that has no such item.
                elif not isinstance(answer, NotFoundError) or answer.code is None:
                    raise answer
    return found


def _save_as(path: Path, item: HistoryItem, client: HistoryClient, args: argparse.Namespace) -> ExitCode:
    download = client.download(item, output_format=args.output_format)
    (file,) = download.extract(path.parent, template=lambda *_: PurePosixPath(path.name), overwrite=args.overwrite)
    if args.as_json:
        print_json({"event": "saved", **attrs.asdict(file)})
    elif not args.quiet:
        write(file_line(file))
    if path.suffix.lower() != file.kind.extension:
        echo(f"{path} holds {file.kind}, whatever its name says.")
    return ExitCode.DONE


def _print_audio(client: HistoryClient, history_item_id: str, args: argparse.Namespace) -> ExitCode:
    if sys.stdout.isatty() or args.as_json:
        raise InvalidArgumentError(
            "Audio goes to a pipe or a file, not to a terminal or between JSON lines.",
            hint="Redirect the output without --json, or name a file with --output. Nothing was sent.",
        )
    # Complete, or not at all.
    sys.stdout.buffer.write(client.download(history_item_id, output_format=args.output_format).read())
    return ExitCode.DONE
