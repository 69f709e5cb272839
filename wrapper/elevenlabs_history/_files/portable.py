"""File names that are valid on Windows, macOS and Linux at once, and when two names are one file there."""

import re
import unicodedata
from functools import lru_cache
from hashlib import sha256

# File systems allow 255 bytes per name; the rest is left for an extension.
NAME_BYTES = 224
ID_BYTES = 57

# An id is kept if no other such id can differ from it by case alone: one without capitals, or twenty random letters and
# digits, which is what the server generates. Any other id is spelled with a tilde and a hash. A name has no other
# tilde, except after a name that Windows reserves.
_SAFE_ID = re.compile(r"[0-9a-z_-]{1,40}|[0-9A-Za-z]{20}")

# Invisible, though Unicode counts them as printable; some file systems ignore them when they compare names.
_INVISIBLE = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]")
# Valid everywhere, like most names: no name that Windows reserves is as long without a dot. Saves half of the time.
_VALID_EVERYWHERE = re.compile(r"[0-9A-Za-z_-][0-9A-Za-z _-]{6,}[0-9A-Za-z_-]")


def safe_text(value: str) -> str:
    """Return what of an untrusted value can be part of a name: in NFC, visible, not combining with what precedes it."""
    characters = (each if each.isprintable() else " " * each.isspace() for each in _INVISIBLE.sub("", value))
    text = " ".join(unicodedata.normalize("NFC", "".join(characters)).replace("~", "-").split()).strip(" .")
    while text and unicodedata.category(text[0]).startswith("M"):
        text = text[1:]
    return text


def safe_id(history_item_id: str) -> str:
    """Return the id as a name can hold it: at most `ID_BYTES` of ASCII, and different for different ids."""
    if _SAFE_ID.fullmatch(history_item_id):
        return history_item_id
    digest = sha256(history_item_id.encode(errors="surrogatepass")).hexdigest()
    return f"{re.sub('[^0-9A-Za-z]+', '-', history_item_id).strip('-')[:40]}~{digest[:16]}"


def file_name(parts: list[tuple[str, bool]]) -> str:
    """Join texts into a name of at most `NAME_BYTES` that is valid on every system.

    Args:
        parts: In order: each text, and whether it may be truncated. The others must fit by themselves. All that may be
            are truncated to one size, the largest that fits.
    """
    name = "".join(text for text, _ in parts)
    limit = NAME_BYTES + 1
    while len(name.encode()) > NAME_BYTES:
        limit -= 1
        name = "".join(_truncate(text, limit) if may_shrink else text for text, may_shrink in parts)
    return _make_valid(name)


def folded(path: str) -> str:
    """Return the path as the least strict file systems compare it: ignoring case and Unicode normalization."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", path).casefold())


def _truncate(text: str, size: int) -> str:
    return text.encode()[:size].decode(errors="ignore").rstrip(" .")


@lru_cache(maxsize=1024)  # most items share their folders
def _make_valid(name: str) -> str:
    if _VALID_EVERYWHERE.fullmatch(name):
        return name
    from pathvalidate import sanitize_filename

    return sanitize_filename(
        re.sub(r" +(?=\.)", "", unicodedata.normalize("NFC", name)).strip(" ").rstrip(" .") or "_",
        "-",
        fs_encoding="utf-8",
        additional_reserved_names=("CONIN$", "CONOUT$"),
        reserved_name_handler=lambda error: f"{error.reserved_name}~",
    )
