"""What becomes of a member of an archive while it comes: its content in a part, and its packed bytes nowhere."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Self

from attrs import frozen

from .audio import SNIFF_BYTES

if TYPE_CHECKING:
    from .files import Part

_MOST_HELD_BACK = 2 * 1024 * 1024


class Unreadable(Exception):
    """The rest of the archive can't be read forward."""


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


class Content:
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

    def unpacked(self) -> Unpacked:
        return Unpacked(self.part, self.head, self.size, self.crc32)


class HeldBack:
    """The packed bytes of the member that is being unpacked, which the archive needs only if that fails.

    Those of a long one are written all the same, for they would need too much memory.
    """

    def __init__(self, archive: Part) -> None:
        self._archive = archive
        self._pieces: list[bytes] = []
        self._size = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *exception: object) -> None:
        if kind is None:
            self._archive.skip(self._size)
        elif issubclass(kind, Unreadable | zlib.error):
            self._write()

    def add(self, piece: bytes) -> None:
        self._pieces.append(piece)
        self._size += len(piece)
        if self._size > _MOST_HELD_BACK:
            self._write()

    def _write(self) -> None:
        for piece in self._pieces:
            self._archive.write(piece)
        self._pieces = []
        self._size = 0
