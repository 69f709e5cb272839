"""The commands play and open: give the file of an item to another program."""

import argparse
import os
import shlex
import shutil
import signal
import subprocess
import sys
from pathlib import Path

from elevenlabs_history import HistoryError, InvalidArgumentError
from elevenlabs_history_backup import Backup
from elevenlabs_history_backup.verify import is_inside

from .options import is_address
from .parser import ExitCode

# In this order; what a player can play, if not everything.
_PLAYERS: tuple[tuple[tuple[str, ...], set[str] | None], ...] = (
    (("afplay",), {".mp3", ".wav", ".flac"}),
    (("mpv", "--no-video"), None),
    (("ffplay", "-nodisp", "-autoexit", "-loglevel", "error"), None),
    (("paplay",), {".wav", ".flac", ".ogg"}),
    (("aplay", "--quiet"), {".wav"}),
)


def play(args: argparse.Namespace) -> ExitCode:
    """Play the file of an item with the first player that is installed, or open it."""
    path = find_file(args.folder, args.id)
    for command, suffixes in _PLAYERS:
        if (suffixes is None or path.suffix.lower() in suffixes) and (program := shutil.which(command[0])):
            return _run(program, *command[1:], path=path)
    return _open(path)


def open_file(args: argparse.Namespace) -> ExitCode:
    """Open the file of an item with the program that the system has for it."""
    return _open(find_file(args.folder, args.id))


def find_file(folder: str, history_item_id: str) -> Path:
    """Return the absolute path of the file of an item, the first one if it has several.

    Raises:
        CatalogError: The folder has no backup.
        InvalidArgumentError: The backup is in a bucket.
        HistoryError: The item or its file is not there.
    """
    if is_address(folder):
        raise InvalidArgumentError(
            "Files in a bucket can't be played or opened from here.",
            hint="Write the page of the backup, or copy the file from the bucket.",
        )
    with Backup(folder) as backup:
        record = backup.get(history_item_id)
    if record is None:
        raise HistoryError(f"{folder} has no item {history_item_id!r}.")
    paths = [Path(folder, file.path).absolute() for file in record.files]
    for file, path in zip(record.files, paths, strict=True):
        if is_inside(file.path) and path.is_file():
            return path
    if not paths:
        raise HistoryError(f"Item {history_item_id} has no file: {record.state}, {record.reason}.")
    raise HistoryError(
        f"{paths[0]} is not where it was saved.",
        hint=f"To find or fetch it: elevenlabs-history verify {shlex.quote(folder)} --repair",
    )


def _open(path: Path) -> ExitCode:
    if sys.platform == "win32":
        os.startfile(path)  # noqa: S606 - that is what the user asks for
        return ExitCode.DONE
    name = "open" if sys.platform == "darwin" else "xdg-open"
    program = shutil.which(name)
    if program is None:
        raise HistoryError(f"No program was found to play {path}.", hint="Install mpv.")
    return _run(program, path=path)


def _run(program: str, *options: str, path: Path) -> ExitCode:
    # Ctrl-C is for the player, which gets it, too.
    stopped: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _: stopped.append(number))
    try:
        status = subprocess.run([program, *options, str(path)], check=False).returncode  # noqa: S603 - no shell
    finally:
        signal.signal(signal.SIGINT, before)
    if stopped:
        return ExitCode.INTERRUPTED
    if status:
        raise HistoryError(f"{program} failed with exit status {status}.", hint=f"The file is {path}.")
    return ExitCode.DONE
