"""Completion for shells, made by shtab from the parser."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from .running import USAGE

if TYPE_CHECKING:
    import argparse


def completion(chosen: argparse.Namespace, parser: argparse.ArgumentParser) -> int:
    """Print the completion script of a shell."""
    try:
        import shtab
    except ModuleNotFoundError:
        sys.stderr.write("Completion needs an extra: pip install 'elevenlabs-history[cli]'\n")
        return USAGE
    print(shtab.complete(parser, chosen.shell))
    return 0
