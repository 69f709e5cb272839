"""The command line over `elevenlabs_history` and `elevenlabs_history_backup`. It is the only package that prints."""

from __future__ import annotations

import io
import os
import sys

from .exit_codes import ExitCode
from .parser import make_parser


def main(argv: list[str] | None = None) -> int:
    """Run one command.

    Args:
        argv: The arguments after the name of the command; None for those of this process.

    Returns:
        The exit code, one of `ExitCode`.
    """
    _replace_closed_streams()
    # Texts come in every script, and a pipe or an old terminal may have a narrower encoding.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    args = make_parser().parse_args(argv)
    try:
        # Only now: help and usage errors need neither the library nor httpx.
        from .runner import run
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED
    return run(args)


def _replace_closed_streams() -> None:
    """Open the null device in place of a standard stream that was closed when the program started."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_WRONLY), "w", encoding="utf-8"))
