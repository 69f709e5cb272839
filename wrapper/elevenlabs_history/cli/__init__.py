"""The command line. This package alone prints; `main` is what the installed command runs."""

from __future__ import annotations

import io
import sys


def main(arguments: list[str] | None = None) -> int:
    """Run one command.

    Args:
        arguments: What was typed after the command's name; None for what was really typed.

    Returns:
        The exit code, as `elevenlabs-history --help` lists them.
    """
    from .parser import make_parser

    # Texts come in every script, and a pipe or an old terminal may have been given a narrower encoding.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    chosen = make_parser().parse_args(arguments)
    # Not before: help and usage errors need none of it.
    from .running import run

    return run(chosen)
