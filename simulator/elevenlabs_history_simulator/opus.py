"""Opus in Ogg, written page by page: each page has a time, a number and a checksum of its own."""

from __future__ import annotations

import math
import struct
import zlib
from typing import TYPE_CHECKING, Self

from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

_PIECE = 256 * 1024
_SERIAL = 1
_FIRST, _LAST = 2, 4
_PACKET_SECONDS = 0.02
_PACKET_SAMPLES = 960
_PRE_SKIP = 312
_PACKETS_A_PAGE = 50

# A packet is one SILK frame, medium band, 20 ms, mono, and padding behind it. This frame again and again sounds as a
# quiet tone of about 1,500 Hz, which was found by trial.
_TO_PADDING = bytes((5 << 3 | 3, 0x41))
_FRAME = bytes.fromhex("aff6bd3394d6")
_LONGEST_RUN = 254
_BITS_REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


@frozen
class OpusStream:
    """A file of Opus in Ogg, of equal pages.

    Attributes:
        start: The pages before the audio.
        packets: What each page holds.
        pages: How many there are.
    """

    start: bytes
    packets: Sequence[bytes]
    pages: int

    @classmethod
    def made(cls, mark: bytes, bit_rate: int, *, seconds: float, size: int | None) -> Self:
        """Make a tone.

        Args:
            mark: What every packet is to hold besides.
            bit_rate: Thousands of bits a second.
            seconds: How long it sounds, about.
            size: At least this many bytes instead.
        """
        head = b"OpusHead" + struct.pack("<BBHIhB", 1, 1, _PRE_SKIP, 48_000, 0, 0)
        tags = b"OpusTags" + _counted(b"simulator") + struct.pack("<I", 1) + _counted(b"ITEM=" + mark)
        start = _pager([head])(_FIRST, 0, 0) + _pager([tags])(0, 0, 1)
        packet = _packet(mark, round(bit_rate * 1000 / 8 * _PACKET_SECONDS))
        if size is not None:
            page = [packet] * _PACKETS_A_PAGE
            pages = math.ceil((size - len(start)) / len(_pager(page)(0, 0, 0)))
        else:
            packets = max(1, math.ceil(seconds / _PACKET_SECONDS))
            page = [packet] * min(packets, _PACKETS_A_PAGE)
            pages = math.ceil(packets / _PACKETS_A_PAGE)
        return cls(start, page, max(1, pages))

    @property
    def media_type(self) -> str:
        """What a server may call it."""
        return "audio/ogg"

    @property
    def size(self) -> int:
        """The bytes of all of it."""
        return len(self.start) + self.pages * len(_pager(self.packets)(0, 0, 0))

    def pieces(self) -> Iterator[bytes]:
        """Yield all of it in pieces of about 256 KiB."""
        yield self.start
        page = _pager(self.packets)
        samples = _PACKET_SAMPLES * len(self.packets)
        at_once = max(1, _PIECE // len(page(0, 0, 0)))
        for first in range(0, self.pages, at_once):
            numbers = range(first, min(first + at_once, self.pages))
            yield b"".join(
                page(_LAST if number + 1 == self.pages else 0, samples * (number + 1), number + 2) for number in numbers
            )


def _pager(packets: Sequence[bytes]) -> Callable[[int, int, int], bytes]:
    """Return what makes pages of these packets, given the flags, the time in samples, and the number of a page."""
    lengths = b"".join(b"\xff" * (len(packet) // 255) + bytes((len(packet) % 255,)) for packet in packets)
    rest = bytes((len(lengths),)) + lengths + b"".join(packets)
    mirrored = rest.translate(_BITS_REVERSED)

    def page(flags: int, time: int, number: int) -> bytes:
        header = struct.pack("<4sBBqII", b"OggS", 0, flags, time, _SERIAL, number)
        # Ogg's checksum is zlib's of the mirrored bits, but for what it begins and ends with.
        before = zlib.crc32((header + bytes(4)).translate(_BITS_REVERSED), 0xFFFFFFFF)
        checksum = (zlib.crc32(mirrored, before) ^ 0xFFFFFFFF).to_bytes(4, "big").translate(_BITS_REVERSED)
        return header + checksum + rest

    return page


def _packet(mark: bytes, size: int) -> bytes:
    """Make a packet of a size, or of the smallest that has room; decoders have to ignore what its padding holds."""
    padding = max(len(mark), size - len(_TO_PADDING) - 1 - len(_FRAME))
    runs = padding // _LONGEST_RUN
    if padding > len(mark):
        # The length of the padding takes a byte more for every run, which the padding gives up.
        padding = max(len(mark), padding - runs)
        runs = padding // _LONGEST_RUN
    length = b"\xff" * runs + bytes((padding - runs * _LONGEST_RUN,))
    return _TO_PADDING + length + _FRAME + mark.ljust(padding, b"\0")


def _counted(text: bytes) -> bytes:
    return struct.pack("<I", len(text)) + text
