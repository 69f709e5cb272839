"""Tables whose columns begin at the same cells of the terminal, whatever script their texts are in."""

import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from string import ascii_uppercase
from typing import TextIO
from unicodedata import category, east_asian_width, normalize

from attrs import frozen

from .output import sanitize, write

_MEASURED_ROWS = 1000  # a page of the listing; the widths of the columns follow these
_MEASURED_CHARACTERS = 100
_MAX_SHARES = {"voice": 5, "text": 2}  # a fifth and half of the width, unless the column is the last one
_MIN_LAST = 16  # cells; with fewer the last column goes to a line of its own
_GAP = "  "
_NUMBERS = {"characters", "items", "saved", "length", "size", "repeated", "price", "repeated_price"}  # aligned right
# Terminals disagree about the width of these: selectors of emoji or text style and skin tones, which are left out, and
# flags, which are written as the letters that they consist of.
_UNCLEAR: dict[int, str | None] = {
    **dict.fromkeys([0xFE0E, 0xFE0F, *range(0x1F3FB, 0x1F400)]),
    **{0x1F1E6 + number: letter for number, letter in enumerate(ascii_uppercase)},
}


@frozen
class Row:
    """The cells of a row, one per column, and lines that are printed below it."""

    cells: Sequence[str]
    notes: Sequence[str] = ()


def print_table(columns: Sequence[str], rows: Iterable[Row]) -> bool:
    """Print rows below a heading, or nothing if there are none; tell whether there were any.

    On a terminal cells are cut to its width, and columns that do not fit go to a second line of each row. To a file or
    a pipe lines are whole, unless COLUMNS is set.
    """
    rest = iter(rows)
    first = list(islice(rest, _MEASURED_ROWS))
    if not first:
        return False
    heading = Row([name.upper().replace("_", " ") for name in columns])
    is_number = [name in _NUMBERS for name in columns]
    measured = zip(*(map(_clean, row.cells) for row in (heading, *first)), strict=True)
    widths = [max(cell_width(cell[:_MEASURED_CHARACTERS]) for cell in column) for column in measured]
    width = terminal_width(sys.stdout)
    lines = [list(enumerate(widths))] if width is None else _layout(columns, widths, width)
    for row in chain([heading], first, rest):
        for line in _lines(row, lines, is_number, cutting=width is not None):
            write(line)
    return True


def terminal_width(stream: TextIO) -> int | None:
    """Return how many cells a line may have: COLUMNS, or the width of the terminal; None if the stream is none."""
    if (columns := os.environ.get("COLUMNS", "")).isdecimal() and int(columns):
        return int(columns)
    try:
        return os.get_terminal_size(stream.fileno()).columns or 80
    except (OSError, ValueError):
        return None


def cell_width(text: str) -> int:
    """Return how many cells of a terminal a sanitized text takes."""
    return len(text) if text.isascii() else sum(map(_character_width, text))


def cut(text: str, width: int) -> str:
    """Cut a sanitized text to so many cells; the last one becomes `…` if anything was cut."""
    end = used = 0
    for index, character in enumerate(text):
        used += _character_width(character)
        if used > width:
            return f"{text[:end]}…"
        if used < width:
            end = index + 1
    return text


def _layout(columns: Sequence[str], widths: Sequence[int], width: int) -> list[list[tuple[int, int]]]:
    """Distribute the columns over the lines of a row; a column is its index and its width."""
    lines: list[list[tuple[int, int]]] = [[]]
    position = 0
    for index, (name, wanted) in enumerate(zip(columns, widths, strict=True)):
        is_last = index == len(columns) - 1
        needed = min(wanted, _MIN_LAST if is_last else width // _MAX_SHARES.get(name, 1))
        if lines[-1] and position + needed > width:
            lines.append([])
            position = len(_GAP)
        size = max(1, width - position) if is_last else min(needed, width - position)
        lines[-1].append((index, size))
        position += size + len(_GAP)
    return lines


def _lines(row: Row, layout: list[list[tuple[int, int]]], is_number: Sequence[bool], *, cutting: bool) -> Iterator[str]:
    cells = [_clean(cell) for cell in row.cells]
    for number, line in enumerate(layout):
        shown = []
        for index, size in line:
            cell = cut(cells[index], size) if cutting else cells[index]
            padding = " " * (size - cell_width(cell))
            shown.append(padding + cell if is_number[index] else cell + padding)
        yield (_GAP if number else "") + _GAP.join(shown).rstrip()
    yield from row.notes


def _clean(text: str) -> str:
    """Return a text as one line whose width all terminals agree about."""
    return normalize("NFC", " ".join(sanitize(text).translate(_UNCLEAR).split()))


def _character_width(character: str) -> int:
    if category(character) in {"Mn", "Me"}:
        return 0
    return 2 if east_asian_width(character) in {"W", "F"} else 1
