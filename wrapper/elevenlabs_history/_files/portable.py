"""File names that are valid on Windows, macOS and Linux at once, and when two names are one file there."""

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


# File systems allow 255 bytes per name; the rest is left for an extension.
NAME_BYTES = 224
ID_BYTES = 57

# An id is kept if no other such id can differ from it by case alone: one without capitals, or twenty random letters and
# digits, which is what the server generates. Any other id keeps its letters and digits and gets a tilde and a hash. A
# name has no other tilde, except after a name that Windows reserves.
_SAFE_ID = re.compile(r"[0-9a-z_-]{1,40}|[0-9A-Za-z]{20}")
_KEPT_CHARACTERS = 40
_HASH_DIGITS = 16

# Invisible, though Unicode counts them as printable; some file systems ignore them when they compare names.
_INVISIBLE = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]")
# Valid everywhere, like most names: no name that Windows reserves is as long without a dot. Saves half of the time.
_VALID_EVERYWHERE = re.compile(r"[0-9A-Za-z_-][0-9A-Za-z _-]{6,}[0-9A-Za-z_-]")
_SPACE_BEFORE_DOT = re.compile(r" +(?=\.)")


@frozen
class Fragment:
    """A part of a file name; if `shrinks`, it may be truncated for the rest to fit."""

    text: str
    shrinks: bool


def safe_text(value: str) -> str:
    """Return what of an untrusted value can be part of a name: in NFC, visible, not combining with what precedes it."""
    visible = "".join(
        character if character.isprintable() else " " if character.isspace() else ""
        for character in _INVISIBLE.sub("", value)
    )
    text = " ".join(unicodedata.normalize("NFC", visible).replace("~", "-").split()).strip(" .")
    return "".join(dropwhile(lambda character: unicodedata.category(character).startswith("M"), text))


def safe_id(history_item_id: str) -> str:
    """Return the id as a name can hold it: at most `ID_BYTES` of ASCII, and different for different ids."""
    if _SAFE_ID.fullmatch(history_item_id):
        return history_item_id
    spelled = re.sub("[^0-9A-Za-z]+", "-", history_item_id).strip("-")[:_KEPT_CHARACTERS]
    digest = sha256(history_item_id.encode(errors="surrogatepass")).hexdigest()
    return f"{spelled}~{digest[:_HASH_DIGITS]}"


def file_name(fragments: Sequence[Fragment]) -> str:
    """Join fragments into a name of at most `NAME_BYTES` that is valid on every system.

    Args:
        fragments: In order. Those that do not shrink must fit by themselves.

    Returns:
        The name. If it would be too long, all fragments that shrink are truncated to one size, the largest that fits.
    """
    return _make_valid("".join(_truncate_all(fragments)))


def folded(path: str) -> str:
    """Return the path as the least strict file systems compare it: ignoring case and Unicode normalization."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", path).casefold())


def _truncate_all(fragments: Sequence[Fragment]) -> list[str]:
    sizes = [len(fragment.text.encode()) for fragment in fragments]
    excess = sum(sizes) - NAME_BYTES
    if excess <= 0:
        return [fragment.text for fragment in fragments]
    shrinking = [size for size, fragment in zip(sizes, fragments, strict=True) if fragment.shrinks]
    largest = next(cap for cap in range(NAME_BYTES, -1, -1) if sum(max(0, size - cap) for size in shrinking) >= excess)
    return [_truncate(fragment.text, largest) if fragment.shrinks else fragment.text for fragment in fragments]


def _truncate(text: str, size: int) -> str:
    return text.encode()[:size].decode(errors="ignore").rstrip(" .")


@lru_cache(maxsize=1024)  # most items share their folders
def _make_valid(name: str) -> str:
    if _VALID_EVERYWHERE.fullmatch(name):
        return name
    name = _SPACE_BEFORE_DOT.sub("", unicodedata.normalize("NFC", name)).strip(" ").rstrip(" .")
    return _sanitizer().sanitize(name or "_", "-")


@cache
def _sanitizer() -> FileNameSanitizer:
    from pathvalidate import FileNameSanitizer

    return FileNameSanitizer(
        fs_encoding="utf-8",
        additional_reserved_names=("CONIN$", "CONOUT$"),
        reserved_name_handler=lambda error: f"{error.reserved_name}~",
    )
