"""The members of an archive are unpacked while it is still arriving, as a head start that nothing depends on.

What is unpacked here proves nothing. Once the archive is whole, `archive.plan` judges it as if nothing had been
unpacked, and a part stands in for what `archive.read` would give only where both take the same bytes of the archive
for the same content. Whatever can't be read forward is left to `read`.

A stored member is the same bytes in the archive and in its part, so they are written once: the archive on the disk has
a hole there, and gets them back before anybody looks into it.
"""

from __future__ import annotations

import zlib
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING

from attrs import frozen

from ._zip_records import (
    DEFLATED,
    DESCRIPTOR_BYTES,
    LOCAL_BYTES,
    LOCAL_SIGNATURE,
    STORED,
    Header,
    descriptors,
    local_length,
    parse_local,
)
from .archive import plan, within_ratio
from .audio import SNIFF_BYTES
from .errors import ArchiveRefused
from .files import Part

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from ._sealing import Sealing
    from .archive import Limits, Member

_PIECE = 256 * 1024


class _Unreadable(Exception):
    """The rest of the archive can't be read forward."""


@frozen
class _Room:
    """Where in the archive the bytes of a member lie, and how they are packed."""

    start: int
    compressed_size: int
    deflated: bool


@frozen
class Unpacked:
    """A member that was unpacked.

    Attributes:
        part: Has its bytes.
        head: The first `SNIFF_BYTES` of them.
        size: How many they are.
        crc32: Their checksum.
    """

    part: Part
    head: bytes
    size: int
    crc32: int


class Forward:
    """Unpacks members into parts as the bytes of an archive come, within the limits that the archive has to keep."""

    def __init__(self, archive: Part, staging: Path, sealing: Sealing, limits: Limits) -> None:
        """Prepare for the first byte.

        Args:
            archive: Gets the archive.
            staging: Where the parts lie.
            sealing: Brings them to the disk.
            limits: How much the archive may hold; no more is unpacked.
        """
        self._archive = archive
        self._staging = staging
        self._sealing = sealing
        self._limits = limits
        self._parts = ExitStack()
        self._unpacked: dict[_Room, Unpacked] = {}
        self._holes: dict[_Room, Part] = {}
        self._buffer = b""
        self._received = 0
        self._size = 0
        self._reading: Generator[None, bytes] | None = self._read()
        next(self._reading)

    def take(self, data: bytes) -> None:
        """Take the next bytes of the archive.

        Raises:
            CannotWrite: The disk is full and the like.
        """
        self._received += len(data)
        if self._reading is None:
            self._archive.write(data)
            return
        try:
            self._reading.send(data)
        except (_Unreadable, ArchiveRefused, zlib.error):
            self._give_up()

    def plan(self) -> tuple[Member, ...]:
        """Take the end of the archive, check it, and tell what is in it, all as `archive.plan` does.

        Raises:
            ArchiveRefused: It can't be trusted.
            CannotWrite: The disk is full and the like.
        """
        if self._reading is not None:
            with suppress(_Unreadable):
                self._reading.throw(_Unreadable)
            self._give_up()
        try:
            members = plan(self._archive.file, self._limits)
        except ArchiveRefused:
            if not self._holes:
                raise
            members = ()
        if self._holes.keys() <= {_room_of(member) for member in members}:
            return members
        # Not each hole is the data of a member, so one may be where there are records.
        self._fill_holes()
        return plan(self._archive.file, self._limits)

    def take_out(self, member: Member) -> Unpacked | None:
        """Return what `read` would give of a member, or None where it was not unpacked.

        All parts have to be sealed by then. After a None the archive has no holes, so `read` finds what it looks for.

        Raises:
            CannotWrite: The disk is full and the like.
        """
        unpacked = self._unpacked.get(_room_of(member))
        if (
            unpacked is not None
            and (unpacked.size, unpacked.crc32) == (member.size, member.crc32)
            and not unpacked.head.startswith(LOCAL_SIGNATURE)
        ):
            return unpacked
        self._fill_holes()
        return None

    def close(self) -> None:
        """Stop, and throw away the parts that were not kept."""
        if self._reading is not None:
            self._reading.close()
            self._reading = None
        self._parts.close()

    def _give_up(self) -> None:
        """Read no further; the rest of the archive is kept as it comes."""
        self._reading = None
        self._archive.write(self._buffer)
        self._buffer = b""

    def _read(self) -> Generator[None, bytes]:
        while True:
            at = yield from self._local_start()
            fixed = yield from self._next(LOCAL_BYTES)
            rest = yield from self._next(local_length(fixed, b"") - LOCAL_BYTES)
            header = parse_local(fixed + rest)
            if header.is_folder and not header.has_descriptor and not header.compressed_size:
                continue
            yield from self._member(header, at + LOCAL_BYTES + len(rest))

    def _local_start(self) -> Generator[None, bytes, int]:
        """Where the next local header begins; the reading ends where there is none."""
        yield from self._fill(len(LOCAL_SIGNATURE))
        if not self._buffer.startswith(LOCAL_SIGNATURE):
            raise _Unreadable
        return self._received - len(self._buffer)

    def _member(self, header: Header, start: int) -> Generator[None, bytes]:
        if header.method not in {STORED, DEFLATED} or len(self._unpacked) >= self._limits.members:
            raise _Unreadable
        if header.method == STORED and (header.has_descriptor or header.size != header.compressed_size):
            raise _Unreadable
        content = _Content(self._parts.enter_context(Part(self._staging)))
        try:
            if header.method == STORED:
                yield from self._stored(content, header.size)
            else:
                yield from self._deflated(content, None if header.has_descriptor else header.compressed_size)
            room = _Room(start, self._received - len(self._buffer) - start, header.method == DEFLATED)
            if header.has_descriptor:
                yield from self._descriptor(content, room)
        except BaseException:
            content.part.__exit__()
            raise
        self._unpacked[room] = Unpacked(content.part, content.head, content.size, content.crc32)
        if header.method == STORED:
            self._holes[room] = content.part
        self._sealing.seal(content.part)

    def _stored(self, content: _Content, size: int) -> Generator[None, bytes]:
        left = size
        try:
            while left:
                yield from self._fill(1)
                piece = self._buffer[:left]
                self._write(content, piece)
                self._buffer = self._buffer[left:]
                left -= len(piece)
        except _Unreadable:
            self._copy(content.part)
            raise
        self._archive.skip(size)

    def _deflated(self, content: _Content, compressed_size: int | None) -> Generator[None, bytes]:
        """Inflate up to the end of the stream, which has to be where the header says if it says that."""
        inflater = zlib.decompressobj(-zlib.MAX_WBITS)
        left = compressed_size
        while not inflater.eof:
            if left == 0:
                raise _Unreadable
            yield from self._fill(1)
            packed = self._buffer[:left]
            while piece := inflater.decompress(packed, _PIECE):
                self._write(content, piece)
                packed = inflater.unconsumed_tail
            used = len(self._buffer[:left]) - len(inflater.unused_data)
            self._take_out(used)
            if left is not None:
                left -= used
        if left:
            raise _Unreadable

    def _descriptor(self, content: _Content, room: _Room) -> Generator[None, bytes]:
        """Skip the checksum and sizes behind the data, in the form that a record follows; `plan` checks them again."""
        # The directory and the end are longer than what is looked at, so it comes.
        yield from self._fill(DESCRIPTOR_BYTES + 4)
        header = Header(b"", 0, DEFLATED, 0, content.crc32, room.compressed_size, content.size)
        for form in descriptors(header):
            if self._buffer.startswith(form) and self._buffer.startswith(b"PK", len(form)):
                self._take_out(len(form))
                return
        raise _Unreadable

    def _write(self, content: _Content, piece: bytes) -> None:
        self._size += len(piece)
        if self._size > self._limits.total_bytes or not within_ratio(self._size, self._received, self._limits):
            raise _Unreadable
        content.write(piece)

    def _fill(self, size: int) -> Generator[None, bytes]:
        while len(self._buffer) < size:
            data = yield
            self._buffer = self._buffer + data if self._buffer else data

    def _next(self, size: int) -> Generator[None, bytes, bytes]:
        yield from self._fill(size)
        return self._take_out(size)

    def _take_out(self, size: int) -> bytes:
        """Take bytes out of the buffer into the archive."""
        piece, self._buffer = self._buffer[:size], self._buffer[size:]
        self._archive.write(piece)
        return piece

    def _copy(self, part: Part) -> None:
        for piece in part.pieces():
            self._archive.write(piece)

    def _fill_holes(self) -> None:
        self._sealing.wait()
        while self._holes:
            room, part = self._holes.popitem()
            self._archive.file.seek(room.start)
            self._copy(part)


def _room_of(member: Member) -> _Room:
    return _Room(member.start, member.compressed_size, member.deflated)


class _Content:
    """What has been unpacked of a member."""

    def __init__(self, part: Part) -> None:
        self.part = part
        self.head = b""
        self.size = 0
        self.crc32 = 0

    def write(self, piece: bytes) -> None:
        self.part.write(piece)
        if len(self.head) < SNIFF_BYTES:
            self.head += piece[: SNIFF_BYTES - len(self.head)]
        self.size += len(piece)
        self.crc32 = zlib.crc32(piece, self.crc32)
