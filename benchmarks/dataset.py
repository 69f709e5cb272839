"""What the server of the benchmarks serves: items whose bytes follow from their number, so that nobody keeps them."""

from __future__ import annotations

import hashlib
import random
import struct
import zlib
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

from attrs import define, field, frozen
from elevenlabs_history_simulator.archive import member_name
from elevenlabs_history_simulator.history import History
from elevenlabs_history_simulator.quirks import Quirks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from elevenlabs_history_simulator import Item

Piece = bytes | memoryview

_NOISE = 8 * 1024 * 1024
_MP3 = b"\xff\xfb\x90\x64"
_STORED, _DEFLATED = 0, 8


@frozen(kw_only=True)
class Shape:
    """What a server serves and how it behaves; it travels to the server's process as JSON.

    Attributes:
        items: How many items.
        size: Bytes of each item's audio.
        deflated: Archives are compressed.
        aligned: Characters of text whose alignment each item carries; 0 for none.
        latency: Seconds before each answer.
        per_item: Seconds more for each item of an archive.
        limit: Most requests at a time, others are refused with 429; 0 for no limit.
        bandwidth: Bytes a second, for all connections together; 0 for no limit.
    """

    items: int
    size: int
    deflated: bool = False
    aligned: int = 0
    latency: float = 0.0
    per_item: float = 0.0
    limit: int = 0
    bandwidth: int = 0


@define(eq=False)
class Served:
    """One item as it is served."""

    item: Item
    name: bytes
    pieces: tuple[Piece, ...]
    size: int
    deflated: bool
    _packed: tuple[Piece, ...] | None = field(default=None, init=False)

    @cached_property
    def crc32(self) -> int:
        """The checksum in the archive."""
        checksum = 0
        for piece in self.pieces:
            checksum = zlib.crc32(piece, checksum)
        return checksum

    def member(self) -> tuple[Piece, ...]:
        """Return its bytes as they stand in an archive."""
        if not self.deflated:
            return self.pieces
        if self._packed is None:
            packer = zlib.compressobj(1, zlib.DEFLATED, -15)
            self._packed = (b"".join([packer.compress(piece) for piece in self.pieces] + [packer.flush()]),)
        return self._packed

    def sha256(self) -> str:
        """Return the digest of its audio, in hexadecimal."""
        digest = hashlib.sha256()
        for piece in self.pieces:
            digest.update(piece)
        return digest.hexdigest()


class Dataset:
    """All items of a shape, newest first."""

    def __init__(self, shape: Shape) -> None:
        """Make the items; their bytes are made when they are asked for."""
        history = History(1)
        text: dict[str, Any] = (
            {"text": ("The dragon slept on. " * shape.aligned)[: shape.aligned]} if shape.aligned else {}
        )
        for _ in range(shape.items):
            history.add(aligned=bool(shape.aligned), **text)
        quirks = Quirks()
        self.served = {
            item.id: Served(
                item=item,
                name=member_name(item, None, quirks).encode(),
                pieces=_audio(item.id, item.number, shape.size),
                size=shape.size,
                deflated=shape.deflated,
            )
            for item in history
        }

    @cached_property
    def ids(self) -> list[str]:
        """The ids, newest first."""
        return list(self.served)

    def digests(self) -> dict[str, str]:
        """Return the SHA-256 of each item's audio by its id."""
        return {each: served.sha256() for each, served in self.served.items()}

    def page(self, behind: str | None, most: int) -> dict[str, Any]:
        """Return a page of the listing as the API tells it."""
        start = 0 if behind is None else self._places[behind] + 1
        ids = self.ids[start : start + most]
        return {
            "history": [self.served[each].item.as_told() for each in ids],
            "last_history_item_id": ids[-1] if ids else None,
            "has_more": start + most < len(self.ids),
            "scanned_until": None,
        }

    @cached_property
    def _places(self) -> dict[str, int]:
        return {each: place for place, each in enumerate(self.ids)}


def archive(items: Sequence[Served]) -> tuple[list[Piece], int]:
    """Return the pieces of a zip archive of some items, and its size. Nothing of the audio is copied."""
    pieces: list[Piece] = []
    directory = b""
    offset = 0
    for served in items:
        packed = served.member()
        method = _DEFLATED if served.deflated else _STORED
        flags = 0 if served.name.isascii() else 0x800
        size = sum(map(len, packed))
        # Version, flags, method, time, date, checksum, both sizes, lengths of the name and of nothing.
        facts = struct.pack("<5H3I2H", 20, flags, method, 0, 0x21, served.crc32, size, served.size, len(served.name), 0)
        local = b"PK\x03\x04" + facts + served.name
        directory += b"PK\x01\x02" + struct.pack("<H", 20) + facts + struct.pack("<3H2I", 0, 0, 0, 0, offset)
        directory += served.name
        pieces += [local, *packed]
        offset += len(local) + size
    count = len(items)
    end = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, count, count, len(directory), offset, 0)
    pieces.append(directory + end)
    return pieces, offset + len(directory) + len(end)


def _audio(history_item_id: str, number: int, size: int) -> tuple[Piece, ...]:
    """Return what begins as an mp3 does, names its item, and is of another noise than its neighbours."""
    head = (_MP3 + history_item_id.encode() + bytes(40))[:size]
    noise = _noise()
    pieces: list[Piece] = [head]
    left = size - len(head)
    start = number * 4099 % _NOISE
    while left > 0:
        pieces.append(noise[start : start + left])
        left -= len(pieces[-1])
        start = 0
    return tuple(pieces)


@cache
def _noise() -> memoryview:
    """Return bytes of which, as of an mp3, a tenth can be saved by compression."""
    source = random.Random(1)
    block = b"".join(source.randbytes(922) + bytes(102) for _ in range(_NOISE // 1024))
    return memoryview(block)
