"""The command export: a backup for other programs."""

import argparse
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import TextIO, cast

from elevenlabs_history import AtomicFile, InvalidArgumentError
from elevenlabs_history_backup import CATALOG_NAME, Backup

from .options import is_address
from .output import SafeOutput, echo
from .parser import ExitCode


def export(args: argparse.Namespace) -> ExitCode:
    """Write a backup as CSV, JSON lines or a playlist, to a file or to standard output."""
    if args.bom and args.export_format != "csv":
        raise InvalidArgumentError("--bom is for --csv only.")
    encoding = "utf-8-sig" if args.bom else "utf-8"
    with Backup(args.folder) as opened:
        # The exports write their headings first; without a backup nothing should be printed.
        opened.get("")
        exports = {"csv": opened.export_csv, "jsonl": opened.export_jsonl, "m3u": opened.export_m3u}
        write_to = exports[args.export_format]
        if args.output is not None:
            _write_file(args, write_to, encoding)
        else:
            write_to(cast("TextIO", SafeOutput(encoding)))
    return ExitCode.DONE


def _write_file(args: argparse.Namespace, write_to: Callable[[TextIO], None], encoding: str) -> None:
    target = Path(args.output)
    in_folder = args.export_format == "m3u" and not is_address(args.folder)
    if in_folder and target.resolve().parent != Path(args.folder).resolve():
        hint = f"Write it there: --output {shlex.quote(str(Path(args.folder) / target.name))}"
        raise InvalidArgumentError("The paths in a playlist begin at the folder of the backup.", hint=hint)
    if target.name == CATALOG_NAME:
        raise InvalidArgumentError(f"{CATALOG_NAME} is the name of a backup's catalog: choose another name.")
    if target.is_dir():
        raise InvalidArgumentError(f"{target} is a folder: name a file in it.")
    with AtomicFile(target.parent) as file:
        with file.path.open("w", encoding=encoding, errors="replace", newline="") as stream:
            write_to(stream)
        file.commit(target, overwrite=args.overwrite)
    if not args.quiet:
        echo(f"Wrote {target}.")
