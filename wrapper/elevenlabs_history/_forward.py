"""The members of an archive are unpacked while it is still arriving, as a head start that nothing depends on.

What is unpacked here proves nothing. Once the archive is whole, `archive.plan` judges it as if nothing had been
unpacked, and a part stands in for what `archive.read` would give only where both take the same bytes of the archive
for the same content. Whatever can't be read forward is left to `read`.

The archive on the disk has holes where members lie that were unpacked, so that they are not written twice. Its records,
and every member that could not be read forward, are there as they came.
"""

from __future__ import annotations

import zlib
from collections import deque
from contextlib import ExitStack, closing, suppress
from typing import IO, TYPE_CHECKING

from attrs import frozen

from ._unpacked import Content, HeldBack, Unpacked, Unreadable
from ._zip_end import TAIL_BYTES, parse_end
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
    refused,
)
from .archive import check_content, check_head, plan, within_ratio
from .errors import ArchiveRefused
from .files import Part

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from ._sealing import Sealing
    from .archive import Limits, Member

_PIECE = 256 * 1024


@frozen
class _Room:
    """Where in the archive the bytes of a member lie, and how they are packed."""

    start: int
    compressed_size: int
    deflated: bool


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
        self._buffer = b""
        self._tail: deque[bytes] = deque()
        self._tail_size = 0
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
        self._tail.append(data)
        self._tail_size += len(data)
        while self._tail_size - len(self._tail[0]) >= TAIL_BYTES:
            self._tail_size -= len(self._tail.popleft())
        if self._reading is None:
            self._archive.write(data)
            return
        try:
            self._reading.send(data)
        except (Unreadable, ArchiveRefused, zlib.error):
            self._give_up()

    def end(self) -> None:
        """Take the end of the archive, so that `plan` finds all of it that it looks at.

        Raises:
            CannotWrite: The disk is full and the like.
        """
        if self._reading is not None:
            with suppress(Unreadable):
                self._reading.throw(Unreadable)
            self._give_up()

    def plan(self, file: IO[bytes]) -> tuple[Member, ...]:
        """Check the archive, and tell what is in it, as `archive.plan` does.

        Args:
            file: The archive as it lies on the disk, opened when it had ended.

        Raises:
            ArchiveRefused: It can't be trusted.
        """
        # The end is the one thing that is searched for, and members may lie where it is searched.
        parse_end(b"".join(self._tail)[-TAIL_BYTES:], max(0, self._received - TAIL_BYTES))
        members = plan(file, self._limits)
        # Members lie apart from each other and from all other records, so no record was read from a hole.
        if not self._unpacked.keys() <= {_room_of(member) for member in members}:
            raise refused("its members are not where its directory says")
        return members

    def take_out(self, member: Member) -> Unpacked | None:
        """Return what `read` would give of a member; None where it was not unpacked, so that `read` finds all of it.

        Raises:
            ArchiveRefused: `read` would refuse it.
        """
        unpacked = self._unpacked.get(_room_of(member))
        if unpacked is not None:
            check_head(member, unpacked.head)
            check_content(member, unpacked.size, unpacked.crc32)
        return unpacked

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
            if header.is_folder:
                if header.has_descriptor or header.compressed_size:
                    raise Unreadable
                continue
            yield from self._member(header, at + LOCAL_BYTES + len(rest))

    def _local_start(self) -> Generator[None, bytes, int]:
        """Where the next local header begins; the reading ends where there is none."""
        yield from self._fill(len(LOCAL_SIGNATURE))
        if not self._buffer.startswith(LOCAL_SIGNATURE):
            raise Unreadable
        return self._received - len(self._buffer)

    def _member(self, header: Header, start: int) -> Generator[None, bytes]:
        if header.method not in {STORED, DEFLATED} or len(self._unpacked) >= self._limits.members:
            raise Unreadable
        if header.method == STORED and (header.has_descriptor or header.size != header.compressed_size):
            raise Unreadable
        content = Content(self._parts.enter_context(Part(self._staging)))
        try:
            if header.method == STORED:
                yield from self._stored(content, header.size)
                compressed_size = header.size
            else:
                compressed_size = yield from self._deflated(content, header)
        except BaseException:
            content.part.__exit__()
            raise
        room = _Room(start, compressed_size, header.method == DEFLATED)
        self._unpacked[room] = content.unpacked()
        self._sealing.seal(content.part)

    def _stored(self, content: Content, size: int) -> Generator[None, bytes]:
        left = size
        try:
            while left:
                if not self._buffer:
                    self._buffer = yield
                piece = self._buffer[:left]
                self._write(content, piece)
                self._buffer = self._buffer[left:]
                left -= len(piece)
        except Unreadable:
            with closing(content.part.pieces()) as pieces:
                for piece in pieces:
                    self._archive.write(piece)
            raise
        self._archive.skip(size)

    def _deflated(self, content: Content, header: Header) -> Generator[None, bytes, int]:
        """Inflate up to the end of the stream, which has to be where the header says if it says that."""
        inflater = zlib.decompressobj(-zlib.MAX_WBITS)
        compressed_size = descriptor_size = 0
        left = None if header.has_descriptor else header.compressed_size
        with HeldBack(self._archive) as held:
            while not inflater.eof:
                if left == 0:
                    raise Unreadable
                if not self._buffer:
                    self._buffer = yield
                packed = self._buffer[:left]
                used = len(packed)
                full = True
                while full:
                    piece = inflater.decompress(packed, _PIECE)
                    self._write(content, piece)
                    packed = inflater.unconsumed_tail
                    # After its end it would note once more what stands behind.
                    full = len(piece) == _PIECE and not inflater.eof
                used -= len(inflater.unused_data)
                held.add(self._buffer[:used])
                self._buffer = self._buffer[used:]
                compressed_size += used
                if left is not None:
                    left -= used
            if left:
                raise Unreadable
            if header.has_descriptor:
                descriptor_size = yield from self._descriptor(content, compressed_size)
        self._next_bytes(descriptor_size)
        return compressed_size

    def _descriptor(self, content: Content, compressed_size: int) -> Generator[None, bytes, int]:
        """Tell how long the checksum and sizes behind the data are, in the form that a record follows.

        `archive.plan` checks them again.
        """
        # The directory and the end are longer than what is looked at, so it comes.
        yield from self._fill(DESCRIPTOR_BYTES + 4)
        header = Header(b"", 0, DEFLATED, 0, content.crc32, compressed_size, content.size)
        for form in descriptors(header):
            if self._buffer.startswith(form) and self._buffer.startswith(b"PK", len(form)):
                return len(form)
        raise Unreadable

    def _write(self, content: Content, piece: bytes) -> None:
        self._size += len(piece)
        if self._size > self._limits.total_bytes or not within_ratio(self._size, self._received, self._limits):
            raise Unreadable
        content.write(piece)

    def _fill(self, size: int) -> Generator[None, bytes]:
        while len(self._buffer) < size:
            data = yield
            self._buffer = self._buffer + data if self._buffer else data

    def _next(self, size: int) -> Generator[None, bytes, bytes]:
        yield from self._fill(size)
        return self._next_bytes(size)

    def _next_bytes(self, size: int) -> bytes:
        """Take bytes of a record, which the archive keeps, out of the buffer."""
        piece, self._buffer = self._buffer[:size], self._buffer[size:]
        self._archive.write(piece)
        return piece


def _room_of(member: Member) -> _Room:
    return _Room(member.start, member.compressed_size, member.deflated)
