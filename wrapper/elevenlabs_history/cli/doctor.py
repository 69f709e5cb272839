"""The command that looks for what could go wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import asdict

from elevenlabs_history.doctor import diagnose

from .lines import coloured, print_json, printable
from .running import DONE, FAILED

if TYPE_CHECKING:
    import argparse

_COLOURS = {"ok": "green", "warning": "yellow", "problem": "red"}


def doctor(chosen: argparse.Namespace) -> int:
    """Print a line for each thing looked at, and its cure."""
    problems = 0
    for check in diagnose(region=chosen.region, folder=chosen.folder):
        problems += check.verdict == "problem"
        if chosen.as_json:
            print_json(asdict(check))
            continue
        if chosen.quiet and check.verdict == "ok":
            continue
        print(f"{coloured(f'{check.verdict:8}', _COLOURS[check.verdict])}{check.name:10}{printable(check.finding)}")
        if check.cure:
            print(f"{'':18}{check.cure}")
    return FAILED if problems else DONE
