"""What can be typed: every command and option, and how a failure becomes a message and an exit code."""

from __future__ import annotations

import contextlib
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from elevenlabs_history import HistoryClient, __version__
from elevenlabs_history.errors import (
    AuthenticationError,
    ConnectionFailed,
    HistoryError,
    InvalidArgument,
    PermissionDenied,
    RateLimited,
    ServerError,
    Timeout,
    WrongRegion,
)

from .lines import clip_line, item_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

FAILED, USAGE, KEY, SERVER, INTERRUPTED = 1, 2, 3, 4, 130
_EXIT_CODES: tuple[tuple[type[HistoryError], int], ...] = (
    (InvalidArgument, USAGE),
    (AuthenticationError, KEY),
    (PermissionDenied, KEY),
    (WrongRegion, KEY),
    (RateLimited, SERVER),
    (ServerError, SERVER),
    (ConnectionFailed, SERVER),
    (Timeout, SERVER),
)
_HELP = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


@click.group(context_settings=_HELP)
@click.version_option(__version__, "-V", "--version", message="%(prog)s %(version)s")
def commands() -> None:
    """List and download what your ElevenLabs workspace has generated.

    The key is read from ELEVENLABS_API_KEY. ELEVENLABS_BASE_URL names another server, such as a regional one or the
    simulator.

    \b
    Exit codes: 0 done · 1 something failed · 2 wrong usage · 3 the key was refused
                4 the server or the network failed · 130 interrupted
    """


@commands.command("list")
@click.option("-n", "--limit", type=click.IntRange(min=1), default=20, show_default=True, help="Most items.")
@click.option("--all", "everything", is_flag=True, help="List everything, whatever the limit.")
@click.option("--search", metavar="WORDS", help="Only items whose text matches.")
@click.option("--voice", "voice_id", metavar="VOICE_ID", help="Only items made with this voice.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per line, with every field.")
def list_items(*, limit: int, everything: bool, search: str | None, voice_id: str | None, as_json: bool) -> None:
    """List history items, newest first.

    \b
    Examples:
      elevenlabs-history list
      elevenlabs-history list --all --json > history.jsonl
    """
    with _reporting(), HistoryClient() as client:
        items = client.list(limit=None if everything else limit, search=search, voice_id=voice_id)
        if as_json:
            for item in items:
                click.echo(json.dumps(item.to_dict(), ensure_ascii=False))
            return
        for line in item_lines(items):
            click.echo(line)


@commands.command()
@click.argument("ids", nargs=-1, required=True, metavar="ID...")
@click.option(
    "-o",
    "--output",
    "folder",
    type=click.Path(path_type=Path),
    default=Path(),
    show_default="this folder",
    metavar="FOLDER",
    help="Where the files go.",
)
@click.option("--format", "output_format", metavar="FORMAT", help="wav converts; otherwise as generated.")
@click.option("--overwrite", is_flag=True, help="Replace files that exist.")
def download(*, ids: tuple[str, ...], folder: Path, output_format: str | None, overwrite: bool) -> None:
    """Download items by their ids, as one file each.

    \b
    Examples:
      elevenlabs-history download ja9xsmfGhxYcymxGcOGB
      elevenlabs-history download ID1 ID2 ID3 -o clips --format wav
    """
    with _reporting(), HistoryClient() as client:
        # With its metadata, an item gets a readable name and a clip from an archive can be proven to be it.
        items = [client.get(history_item_id) for history_item_id in ids]
        for clip in client.download(items, output_format=output_format).extract(folder, overwrite=overwrite):
            click.echo(clip_line(clip))


@contextlib.contextmanager
def _reporting() -> Iterator[None]:
    """Turn what went wrong into one line and an exit code."""
    try:
        yield
    except HistoryError as error:
        click.echo(f"elevenlabs-history: {error}", err=True)
        sys.exit(next((code for kind, code in _EXIT_CODES if isinstance(error, kind)), FAILED))
    except KeyboardInterrupt:
        click.echo("elevenlabs-history: interrupted; no half-written file was left.", err=True)
        sys.exit(INTERRUPTED)
