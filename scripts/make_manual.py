"""Write the manual page and the page of assumptions: `python scripts/make_manual.py`; with --check, compare them only.

The manual page holds what `--help` says of every command, and is installed as share/man/man1/elevenlabs-history.1.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from elevenlabs_history_cli import help_text
from elevenlabs_history_cli.parser import make_parser
from make_assumptions import page

if TYPE_CHECKING:
    from collections.abc import Iterator

DOCS = Path(__file__).parents[1] / "docs"


def manual() -> str:
    """Return the page."""
    return "\n".join([*_head(), *_commands(), *_tables()]) + "\n"


def _head() -> Iterator[str]:
    name = _escape(help_text.PROGRAM)
    yield f'.TH {name.upper()} 1 "" "{name}" "User Commands"'
    yield from (".SH NAME", f"{name} \\- download your ElevenLabs generation history")
    yield from (".SH SYNOPSIS", f".B {name}", ".I COMMAND", "[options]")
    yield from (".SH DESCRIPTION", _escape(help_text.ABOUT))


def _commands() -> Iterator[str]:
    yield ".SH COMMANDS"
    for parser in _subparsers(make_parser()):
        yield f".SS {_escape(str(parser.usage).removeprefix(f'{help_text.PROGRAM} '))}"
        yield from _lines(parser.description or "")
        for action in parser._actions:  # noqa: SLF001 - argparse has no other list of them
            if action.dest != "help":
                yield from (".TP", f".B {_escape(_invocation(action))}", _escape((action.help or "") % vars(action)))
        yield from (".PP", "Examples:", ".PP", ".nf", ".RS")
        yield from _lines((parser.epilog or "").removeprefix("examples:\n") % {"prog": parser.prog})
        yield from (".RE", ".fi")


def _tables() -> Iterator[str]:
    files = {help_text.SETTINGS_FILE: "settings, see below", "FOLDER/history.db": "the catalog of a backup, for SQLite"}
    for title, rows in (
        ("EXAMPLES", help_text.EXAMPLES),
        ("EXIT STATUS", help_text.EXIT_CODES),
        ("ENVIRONMENT", help_text.ENVIRONMENT),
        ("FILES", files),
        ("SETTINGS", help_text.SETTINGS),
    ):
        yield f".SH {title}"
        if title == "SETTINGS":
            yield "The settings file is TOML. Options come first, then the environment, then its keys:"
        for name, text in rows.items():
            yield from (".TP", f".B {_escape(name)}", _escape(text))


def _subparsers(parser: argparse.ArgumentParser) -> list[argparse.ArgumentParser]:
    (commands,) = (each for each in parser._actions if isinstance(each, argparse._SubParsersAction))  # noqa: SLF001
    return list(commands.choices.values())


def _invocation(action: argparse.Action) -> str:
    value = action.metavar or (f"{{{','.join(action.choices)}}}" if action.choices else action.dest.upper())
    if not action.option_strings:
        return str(value)
    names = ", ".join(action.option_strings)
    return names if action.nargs == 0 else f"{names} {f'[{value}]' if action.nargs == '?' else value}"


def _lines(text: str) -> Iterator[str]:
    for line in text.strip().splitlines():
        yield _escape(line.strip()) or ".PP"


def _escape(text: str) -> str:
    # A hyphen that is not escaped may become another character; a line that begins with a dot is a request.
    escaped = text.replace("\\", "\\e").replace("-", "\\-").replace("…", "\\[u2026]")
    return f"\\&{escaped}" if escaped.startswith((".", "'")) else escaped


def main() -> int:
    """Write the pages, or return 1 if one is not up to date."""
    pages = {DOCS / "elevenlabs-history.1": manual(), DOCS / "assumptions.md": page()}
    if sys.argv[1:] != ["--check"]:
        for file, text in pages.items():
            file.write_text(text, encoding="utf-8")
        return 0
    stale = [file for file, text in pages.items() if file.read_text(encoding="utf-8") != text]
    for file in stale:
        print(f"{file} is not up to date. Run: make manual")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
