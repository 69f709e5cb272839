"""The command line. This package alone prints; `main` is what the installed command runs."""

from __future__ import annotations

import sys

USAGE = 2


def main() -> None:
    """Run the command line, or say how to get it when its extra is not installed."""
    try:
        import click  # noqa: F401 - only looked for
    except ModuleNotFoundError:
        sys.stderr.write("The command line needs an extra: pip install 'elevenlabs-history[cli]'\n")
        sys.exit(USAGE)
    from .commands import commands

    commands(prog_name="elevenlabs-history")
