"""The command line over `elevenlabs_history` and `elevenlabs_history_backup`. It is the only package that prints."""

from __future__ import annotations

import io
import os
import sys

from .parser import ExitCode, make_parser


def main(argv: list[str] | None = None) -> int:
    """Run one command, with the arguments of this process or with others, and return its exit code."""
    for name, mode in {"stdin": "r", "stdout": "w", "stderr": "w"}.items():
        stream = getattr(sys, name)
        if stream is None:
            # It was closed when the program started.
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_RDWR), mode, encoding="utf-8", closefd=False))
        elif isinstance(stream, io.TextIOWrapper) and name != "stdin":
            # Texts come in every script, and a pipe or an old terminal may have a narrower encoding.
            stream.reconfigure(errors="replace")
    parser = make_parser()
    args = parser.parse_args((sys.argv[1:] if argv is None else argv) or ["--help"])
    if args.command == "help":
        parser.parse_args([args.topic, "--help"] if args.topic else ["--help"])
    try:
        # Only now: help and usage errors need neither the library nor httpx.
        from .runner import run
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED
    return run(args)
