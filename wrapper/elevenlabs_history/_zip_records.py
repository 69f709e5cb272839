"""The records of a zip member as values: bytes in, facts out, nothing read from disk and nothing guessed.

Names, order and widths of the fields are those of PKWARE's APPNOTE, sections 4.3 to 4.5.
"""

from __future__ import annotations

import struct
from datetime import datetime
from typing import TYPE_CHECKING, Final

from attrs import frozen

from .errors import UnsafeArchiveError

if TYPE_CHECKING:
    from collections.abc import Iterator

STORED: Final = 0
DEFLATED: Final = 8

DESCRIPTOR_FLAG: Final = 0x0008
UTF8_FLAG: Final = 0x0800

LOCAL_SIGNATURE: Final = b"PK\x03\x04"
_ENTRY_SIGNATURE = b"PK\x01\x02"
_DESCRIPTOR_SIGNATURE = b"PK\x07\x08"

LOCAL_BYTES: Final = 30
ENTRY_BYTES: Final = 46
DESCRIPTOR_BYTES: Final = 24
"""The longest form of a descriptor."""

# Flags, method, stamp, CRC, compressed size, size, lengths of name and extra fields: the same in both headers.
_SHARED = struct.Struct("<2H4L2H")
_SHARED_IN_LOCAL = 6
_SHARED_IN_ENTRY = 8
# Disk, internal and external attributes, offset: at the end of the fixed part of a directory entry.
_ENTRY_ONLY = struct.Struct("<2H2L")
_ENTRY_ONLY_AT = ENTRY_BYTES - _ENTRY_ONLY.size

_SATURATED_16 = 0xFFFF
_SATURATED_32 = 0xFFFF_FFFF
_ZIP64_KIND = 1

_SHOWN_CHARACTERS = 80
_ASK_AGAIN = "Ask for it again, or for its clips one at a time."


@frozen
class Header:
    """What a member's local header and its directory entry both say of it."""

    name: bytes
    flags: int
    method: int
    stamp: int
    crc32: int
    compressed_size: int
    size: int

    @property
    def is_folder(self) -> bool:
        """Whether this is a folder. Its name says so, and attributes may not contradict it."""
        return self.name.endswith(b"/")

    @property
    def has_descriptor(self) -> bool:
        """Whether checksum and sizes stand behind the data, so that the local header may lack them."""
        return bool(self.flags & DESCRIPTOR_FLAG)


@frozen
class Entry:
    """A directory entry: the header, and what only the directory knows."""

    header: Header
    attributes: int
    offset: int


def refused(reason: str, name: bytes | str | None = None, hint: str = _ASK_AGAIN) -> UnsafeArchiveError:
    """Word a refusal as one printable line.

    Args:
        reason: What is wrong. Behind a name it reads as the rest of a sentence about that member.
        name: The member at fault, whatever it holds, or None when the fault is the archive's.
        hint: What to do next.

    Returns:
        The exception to raise.
    """
    subject = "" if name is None else f"member {shown(name)} "
    return UnsafeArchiveError(f"Archive refused: {subject}{reason}.", hint=hint)


def shown(name: bytes | str) -> str:
    """A name for a message: quoted, shortened, and with nothing in it that a terminal would obey."""
    text = name if isinstance(name, str) else name[: 4 * _SHOWN_CHARACTERS].decode("utf-8", "backslashreplace")
    quoted = repr(text)
    return quoted if len(quoted) <= _SHOWN_CHARACTERS else quoted[: _SHOWN_CHARACTERS - 2] + "…" + quoted[-1]


def local_length(fixed: bytes, name: bytes) -> int:
    """Tell the length of a local header from its first `LOCAL_BYTES` bytes.

    Raises:
        UnsafeArchiveError: The bytes begin no local header; `name` tells whose it should be.
    """
    if len(fixed) < LOCAL_BYTES or not fixed.startswith(LOCAL_SIGNATURE):
        raise refused("has no local header where the directory says", name)
    name_length, extra_length = struct.unpack_from("<2H", fixed, 26)
    return LOCAL_BYTES + int(name_length) + int(extra_length)


def parse_local(record: bytes) -> Header:
    """Parse a whole local header, as long as `local_length` tells.

    Raises:
        UnsafeArchiveError: Its extra fields can't be read.
    """
    flags, method, stamp, crc32, compressed_size, size, name_length, _ = _SHARED.unpack_from(record, _SHARED_IN_LOCAL)
    name, extra = record[LOCAL_BYTES : LOCAL_BYTES + name_length], record[LOCAL_BYTES + name_length :]
    size, compressed_size = _widened((size, compressed_size), _zip64_field(extra, name), name)
    return Header(name, flags, method, stamp, crc32, compressed_size, size)


def entry_length(fixed: bytes) -> int:
    """Tell the length of a directory entry from its first `ENTRY_BYTES` bytes.

    Raises:
        UnsafeArchiveError: The bytes begin no directory entry.
    """
    if len(fixed) < ENTRY_BYTES or not fixed.startswith(_ENTRY_SIGNATURE):
        raise refused("its directory does not hold the entries that its end record promises")
    name_length, extra_length, comment_length = struct.unpack_from("<3H", fixed, 28)
    return ENTRY_BYTES + int(name_length) + int(extra_length) + int(comment_length)


def parse_entry(record: bytes) -> Entry:
    """Parse a whole directory entry, as long as `entry_length` tells.

    Raises:
        UnsafeArchiveError: Its extra fields can't be read, or the member lies in another part of a divided archive.
    """
    flags, method, stamp, crc32, compressed_size, size, *lengths = _SHARED.unpack_from(record, _SHARED_IN_ENTRY)
    disk, _, attributes, offset = _ENTRY_ONLY.unpack_from(record, _ENTRY_ONLY_AT)
    extra_start = ENTRY_BYTES + lengths[0]
    name, extra = record[ENTRY_BYTES:extra_start], record[extra_start : extra_start + lengths[1]]
    wide = _zip64_field(extra, name)
    if len(wide) % 8 == 4 and disk in {0, _SATURATED_16}:
        wide, disk = wide[:-4], int.from_bytes(wide[-4:], "little")
    if disk:
        raise refused("is in another part of a divided archive", name)
    size, compressed_size, offset = _widened((size, compressed_size, offset), wide, name)
    return Entry(Header(name, flags, method, stamp, crc32, compressed_size, size), attributes, offset)


def descriptors(header: Header) -> frozenset[bytes]:
    """Every form that the descriptor of this member may take: with and without signature, wide and narrow."""
    forms = [struct.pack("<LQQ", header.crc32, header.compressed_size, header.size)]
    if max(header.compressed_size, header.size) <= _SATURATED_32:
        forms.append(struct.pack("<LLL", header.crc32, header.compressed_size, header.size))
    return frozenset(signature + form for form in forms for signature in (b"", _DESCRIPTOR_SIGNATURE))


def decoded_name(header: Header) -> str:
    """The name as text, for reading and comparing; it is not fit for a path.

    Many writers leave the UTF-8 flag out of UTF-8 names. What is no UTF-8 then is code page 437, where every byte is a
    character; under the flag, bytes that are no UTF-8 become escapes.
    """
    if header.flags & UTF8_FLAG:
        return header.name.decode("utf-8", "backslashreplace")
    try:
        return header.name.decode("utf-8")
    except UnicodeDecodeError:
        return header.name.decode("cp437")


def modified_time(header: Header) -> datetime | None:
    """The time stamp, even seconds in an unnamed time zone; None when it names no moment."""
    date, time = divmod(header.stamp, 1 << 16)
    try:
        return datetime(  # noqa: DTZ001 - the format has no zone
            1980 + (date >> 9), date >> 5 & 15, date & 31, time >> 11, time >> 5 & 63, (time & 31) * 2
        )
    except ValueError:
        return None


def _zip64_field(extra: bytes, name: bytes) -> bytes:
    """The zip64 field among the extra fields; empty when there is none."""
    found = [content for kind, content in _extra_fields(extra, name) if kind == _ZIP64_KIND]
    if len(found) > 1:
        raise refused("has two zip64 fields", name)
    return b"".join(found)


def _extra_fields(extra: bytes, name: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at < len(extra):
        kind, start = int.from_bytes(extra[at : at + 2], "little"), at + 4
        at = start + int.from_bytes(extra[at + 2 : start], "little")
        if at > len(extra):
            raise refused("has extra fields that are cut short", name)
        yield kind, extra[start:at]


def _widened(narrow: tuple[int, ...], wide: bytes, name: bytes) -> tuple[int, ...]:
    """Put the numbers of a zip64 field in the place of the narrow ones, in order, where those are saturated.

    Some writers, Python's zipfile before 3.11.4 among them, repeat from the first on also what would have fitted;
    then it has to be the same twice.
    """
    count, rest = divmod(len(wide), 8)
    if rest or count > len(narrow):
        raise refused(f"has a zip64 field of {len(wide)} bytes, which means nothing", name)
    saturated = [place for place, number in enumerate(narrow) if number == _SATURATED_32]
    places = saturated if count == len(saturated) else range(count)
    if not set(saturated) <= set(places):
        raise refused("lacks the zip64 field that its sizes need", name)
    numbers = list(narrow)
    for place, number in zip(places, struct.unpack(f"<{count}Q", wide), strict=True):
        if narrow[place] not in {number, _SATURATED_32}:
            raise refused(f"has a zip64 field that contradicts it, {number} against {narrow[place]}", name)
        numbers[place] = number
    return tuple(numbers)
