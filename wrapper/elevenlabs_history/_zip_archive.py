"""A zip on disk → checked members → streams.

The archive is hostile until proven otherwise. `plan` looks at its records alone and refuses it unless every byte of the
file has one meaning; `read` then unpacks one member in pieces and refuses it unless it is what the records promised.
Nothing here writes, and no member's name becomes a path.
"""

from __future__ import annotations

import os
import zlib
from typing import IO, TYPE_CHECKING

from attrs import frozen

from ._zip_checks import check_entry, check_local
from ._zip_end import TAIL_BYTES, parse_end
from ._zip_records import (
    DEFLATED,
    DESCRIPTOR_BYTES,
    ENTRY_BYTES,
    LOCAL_BYTES,
    LOCAL_SIGNATURE,
    decoded_name,
    descriptors,
    entry_length,
    local_length,
    modified_time,
    parse_entry,
    parse_local,
    refused,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from ._zip_end import End
    from ._zip_records import Entry, Header
    from .errors import UnsafeArchiveError

_PIECE = 256 * 1024
_SMALL = 64 * 1024 * 1024


@frozen
class Limits:
    """How much an archive may hold before it is refused unread.

    Attributes:
        members: Most files in it: how many clips were asked for, as one answer holds no more. Each may bring along one
            folder, which is not counted as a file.
        total_bytes: Most bytes of all files together, unpacked.
        ratio: Most bytes unpacked for each byte of the archive; not asked of archives that unpack to 64 MiB or less.
            MP3 packs at 1 to 1, speech as PCM at 2, digital silence at 1000 like any bomb. The archive is judged as a
            whole, so that one clip with sound in it is enough for many silent ones to pass.
    """

    members: int
    total_bytes: int = 64 * 1024**3
    ratio: int = 200


@frozen
class Member:
    """A file in an archive, with all that `read` needs.

    Attributes:
        name: As text that may hold anything, even a line break: a hint at what this is, never a path.
        size: Bytes when unpacked.
        compressed_size: Bytes as they lie in the archive.
        crc32: Checksum of the unpacked bytes.
        modified: Its time stamp, even seconds in a time zone that the archive does not tell; None if it has none.
        deflated: Whether it is compressed; else it lies in the archive as it is.
        start: Where in the archive its bytes begin.
    """

    name: str
    size: int
    compressed_size: int
    crc32: int
    modified: datetime | None
    deflated: bool
    start: int


def plan(file: IO[bytes], limits: Limits) -> tuple[Member, ...]:
    """Check a whole archive by its records, and tell what is in it.

    It has to be members, directory and end, back to back from the first byte of the file to the last, with each local
    header saying what the directory says; so every reader sees the same files in it. Memory is bounded by
    `limits.members`, whatever the archive claims to hold.

    Args:
        file: The archive, seekable, open for reading; it may be at any position and is left at any.
        limits: How much it may hold.

    Returns:
        The files in it, folders left out, in the order in which they lie in the archive. Names may repeat.

    Raises:
        UnsafeArchiveError: It is no zip, is damaged, is made to mislead, or holds more than the limits allow.
        OSError: The file can't be read.
    """
    file_size = file.seek(0, os.SEEK_END)
    tail_start = max(0, file_size - TAIL_BYTES)
    file.seek(tail_start)
    end = parse_end(file.read(TAIL_BYTES), tail_start)
    if end.entries > 2 * limits.members:
        raise _too_many(end.entries, limits)
    entries = sorted(_directory(file, end), key=lambda entry: entry.offset)
    _check_limits([entry.header for entry in entries], file_size, limits)
    starts = [entry.offset for entry in entries] + [end.directory_start]
    if starts[0]:
        raise refused(f"{starts[0]} bytes stand before its first member")
    located = [
        (entry.header, _data_start(file, entry, until)) for entry, until in zip(entries, starts[1:], strict=True)
    ]
    return tuple(_member(header, start) for header, start in located if not header.is_folder)


def read(file: IO[bytes], member: Member) -> Iterator[bytes]:
    """Unpack one member, a piece at a time, so that a huge one needs no more memory than a small one.

    Several members may be read by turns. What has been read is good only once the iterator has ended by itself: a
    checksum comes last.

    Args:
        file: The archive that `plan` was given.
        member: One of its members.

    Yields:
        Pieces of at most 256 KiB, never more of them in all than `member.size` bytes.

    Raises:
        UnsafeArchiveError: The bytes are not what the records say of them; throw away what has been read of this member.
        OSError: The file can't be read.
    """
    size = crc32 = 0
    for piece in _inflated(file, member) if member.deflated else _stored(file, member):
        if size == 0:
            check_head(member, piece)
        size += len(piece)
        if size > member.size:
            raise refused(f"unpacks to more than the {member.size} bytes that it claims", member.name)
        crc32 = zlib.crc32(piece, crc32)
        yield piece
    check_content(member, size, crc32)


def check_head(member: Member, head: bytes) -> None:
    """Refuse a member by its first bytes.

    Raises:
        UnsafeArchiveError: It is no clip.
    """
    if head.startswith(LOCAL_SIGNATURE):
        raise refused("is an archive itself, and no clip", member.name)


def check_content(member: Member, size: int, crc32: int) -> None:
    """Refuse a member that does not unpack to what the records say.

    Raises:
        UnsafeArchiveError: Its size or its checksum is another.
    """
    if size != member.size:
        raise refused(f"unpacks to {size} bytes, not to the {member.size} that it claims", member.name)
    if crc32 != member.crc32:
        raise refused(f"has checksum {crc32:08x}, not the {member.crc32:08x} that it claims: damaged", member.name)


def within_ratio(size: int, archive_size: int, limits: Limits) -> bool:
    """Tell whether so many bytes of an archive may unpack to so many."""
    return size <= max(_SMALL, limits.ratio * archive_size)


def _directory(file: IO[bytes], end: End) -> Iterator[Entry]:
    """The checked entries of the directory, which has to end where the end records begin."""
    at = file.seek(end.directory_start)
    for _ in range(end.entries):
        fixed = file.read(ENTRY_BYTES)
        record = fixed + file.read(entry_length(fixed) - ENTRY_BYTES)
        at += len(record)
        entry = parse_entry(record)
        check_entry(entry)
        if entry.offset + LOCAL_BYTES > end.directory_start:
            raise refused(f"should begin at {entry.offset}, where no member has room", entry.header.name)
        yield entry
    if at != end.directory_end:
        raise refused(f"its directory of {end.entries} entries ends at {at}, but should end at {end.directory_end}")


def _check_limits(headers: list[Header], archive_size: int, limits: Limits) -> None:
    files = sum(not header.is_folder for header in headers)
    if files > limits.members:
        raise _too_many(files, limits)
    total = sum(header.size for header in headers)
    if total > limits.total_bytes:
        raise refused(
            f"it unpacks to {total} bytes, more than the {limits.total_bytes} that are allowed",
            hint="Allow more, or ask for fewer clips at a time.",
        )
    if not within_ratio(total, archive_size, limits):
        raise refused(f"it unpacks to {total} bytes from {archive_size}, more than {limits.ratio} to 1")


def _too_many(entries: int, limits: Limits) -> UnsafeArchiveError:
    return refused(f"it holds {entries} members where {limits.members} were asked for")


def _data_start(file: IO[bytes], entry: Entry, until: int) -> int:
    """Where the bytes of a member begin; it has to fill the archive up to `until`, where the next record begins."""
    header = entry.header
    file.seek(entry.offset)
    fixed = file.read(LOCAL_BYTES)
    record = fixed + file.read(local_length(fixed, header.name) - LOCAL_BYTES)
    check_local(parse_local(record), header)
    start = entry.offset + len(record)
    gap = until - start - header.compressed_size
    if gap < 0:
        raise refused(f"overlaps what begins at {until}", header.name)
    if header.has_descriptor:
        file.seek(until - gap)
        if gap > DESCRIPTOR_BYTES or file.read(gap) not in descriptors(header):
            raise refused("is not followed by its own checksum and sizes alone", header.name)
    elif gap:
        raise refused(f"is followed by {gap} bytes that belong to no member", header.name)
    return start


def _member(header: Header, start: int) -> Member:
    return Member(
        name=decoded_name(header),
        size=header.size,
        compressed_size=header.compressed_size,
        crc32=header.crc32,
        modified=modified_time(header),
        deflated=header.method == DEFLATED,
        start=start,
    )


def _stored(file: IO[bytes], member: Member) -> Iterator[bytes]:
    """The bytes of a member as they lie in the archive."""
    at, end = member.start, member.start + member.compressed_size
    while at < end:
        file.seek(at)
        piece = file.read(min(_PIECE, end - at))
        if not piece:
            raise refused("is cut short: the archive has shrunk since it was checked", member.name)
        at += len(piece)
        yield piece


def _inflated(file: IO[bytes], member: Member) -> Iterator[bytes]:
    """The bytes of a deflated member, whose stream has to end exactly where its room in the archive ends."""
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        for compressed in _stored(file, member):
            rest = compressed
            while piece := inflater.decompress(rest, _PIECE):
                yield piece
                rest = inflater.unconsumed_tail
            if inflater.unused_data:
                raise refused("has bytes hidden behind its compressed stream", member.name)
    except zlib.error:
        raise refused("has a damaged compressed stream", member.name) from None
    if not inflater.eof:
        raise refused("has a compressed stream without end", member.name)
