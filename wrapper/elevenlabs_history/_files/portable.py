"""What a file name can hold on Windows, macOS and Linux at once, and when two names are one file there."""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache
from hashlib import sha256
from itertools import dropwhile
from typing import TYPE_CHECKING

from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pathvalidate import FileNameSanitizer

# File systems take 255 bytes a name. The rest is room for an extension and for a temporary name beside the file.
NAME_BYTES = 224
ID_BYTES = 57

# An id stands as it is when no other such id can differ from it by case alone: one without capitals, or twenty random
# letters and digits, which is what the server gives. Any other id is spelled as far as possible and gets a hash behind
# a tilde. A tilde stands nowhere else in a name, but behind a name that Windows reserves.
_PLAIN_ID = re.compile(r"[0-9a-z_-]{1,40}|[0-9A-Za-z]{20}")
_SPELLED_LETTERS = 40
_HASH_DIGITS = 16

# Drawn as nothing, though not of a class for that; some file systems leave them out when they compare names.
_INVISIBLE = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]")
# What nobody objects to, most names among them: no name that Windows reserves is as long without a dot.
_LEGAL_EVERYWHERE = re.compile(r"[0-9A-Za-z_-][0-9A-Za-z _-]{6,}[0-9A-Za-z_-]")
_SPACE_BEFORE_DOT = re.compile(r" +(?=\.)")


@frozen
class Piece:
    """A piece of a file name; `shrinks` when it may be cut for the rest to fit."""

    text: str
    shrinks: bool


def plain_text(value: str) -> str:
    """What of a value from outside can stand in a name: in NFC, visible, not joining what stands before it."""
    visible = "".join(
        character if character.isprintable() else " " if character.isspace() else ""
        for character in _INVISIBLE.sub("", value)
    )
    text = " ".join(unicodedata.normalize("NFC", visible).replace("~", "-").split()).strip(" .")
    return "".join(dropwhile(lambda character: unicodedata.category(character).startswith("M"), text))


def plain_id(history_item_id: str) -> str:
    """The id as a name can hold it: at most `ID_BYTES` of ASCII, and another one for every other id."""
    if _PLAIN_ID.fullmatch(history_item_id):
        return history_item_id
    spelled = re.sub("[^0-9A-Za-z]+", "-", history_item_id).strip("-")[:_SPELLED_LETTERS]
    digest = sha256(history_item_id.encode(errors="surrogatepass")).hexdigest()
    return f"{spelled}~{digest[:_HASH_DIGITS]}"


def file_name(pieces: Sequence[Piece]) -> str:
    """Join pieces into a name of at most `NAME_BYTES` that is legal on every system.

    Args:
        pieces: In order. Those that don't shrink must leave the name short enough by themselves.

    Returns:
        The name. When it would be too long, all pieces that shrink are cut to one size, the largest that fits.
    """
    return _legal("".join(_fitted(pieces)))


def as_compared(path: str) -> str:
    """The path as the least discerning file systems see it: without regard to case and ways to write a character."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", path).casefold())


def _fitted(pieces: Sequence[Piece]) -> list[str]:
    sizes = [len(piece.text.encode()) for piece in pieces]
    excess = sum(sizes) - NAME_BYTES
    if excess <= 0:
        return [piece.text for piece in pieces]
    shrinking = [size for size, piece in zip(sizes, pieces, strict=True) if piece.shrinks]
    largest = next(cap for cap in range(NAME_BYTES, -1, -1) if sum(max(0, size - cap) for size in shrinking) >= excess)
    return [_cut(piece.text, largest) if piece.shrinks else piece.text for piece in pieces]


def _cut(text: str, size: int) -> str:
    return text.encode()[:size].decode(errors="ignore").rstrip(" .")


@lru_cache(maxsize=1024)  # most items share their folders
def _legal(name: str) -> str:
    if _LEGAL_EVERYWHERE.fullmatch(name):
        return name
    name = _SPACE_BEFORE_DOT.sub("", unicodedata.normalize("NFC", name)).strip(" ").rstrip(" .")
    return _sanitizer().sanitize(name or "_", "-")


@cache
def _sanitizer() -> FileNameSanitizer:
    from pathvalidate import FileNameSanitizer  # its import is paid only by who names files

    return FileNameSanitizer(
        fs_encoding="utf-8",
        additional_reserved_names=("CONIN$", "CONOUT$"),
        reserved_name_handler=lambda error: f"{error.reserved_name}~",
    )
