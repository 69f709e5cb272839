"""The command line. This package alone prints; `main` is what the installed command runs."""

from __future__ import annotations

import io
import os
import sys


def main(arguments: list[str] | None = None) -> int:
    """Run one command.

    Args:
        arguments: What was typed after the command's name; None for what was really typed.

    Returns:
        The exit code, as `elevenlabs-history --help` lists them.
    """
    from .parser import make_parser

    _open_closed_streams()
    # Texts come in every script, and a pipe or an old terminal may have been given a narrower encoding.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    chosen = make_parser().parse_args(arguments)
    # Not before: help and usage errors need none of it.
    from .running import run

    return run(chosen)


def _open_closed_streams() -> None:
    """Give a program that was started without an output one that leads nowhere."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_WRONLY), "w", encoding="utf-8"))
