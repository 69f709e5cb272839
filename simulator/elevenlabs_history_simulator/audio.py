"""Real audio without an encoder: a tone whose pitch and bytes tell which item it is, at any length.

Every format is a header and one block, repeated. The block holds the item's id as text where decoders do not look or as
samples too quiet to hear, so a test can prove of any saved file whose audio it is.
"""

from __future__ import annotations

import hashlib
import math
import re
import struct
from typing import TYPE_CHECKING

from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Iterator

_MEDIA_TYPES = {
    "mp3": "audio/mpeg",
    "pcm": "audio/mpeg",
    "wav": "audio/wav",
    "opus": "audio/ogg",
    "ulaw": "audio/basic",
    "alaw": "audio/basic",
}
_PIECE = 256 * 1024
_MP3_RATE = 44_100
_MP3_FRAME_BYTES = 417
_MP3_FRAME_SECONDS = 1152 / _MP3_RATE
_ID3_BYTES = 17 * 1024
_NARROW_ID = re.compile(rb"<id:([^<>]+)>")
_WIDE_ID = re.compile(rb"<\0i\0d\0:\0((?:[^<>]\0)+)>\0")


@frozen
class Audio:
    """Audio that is never in memory as a whole.

    Attributes:
        header: What stands before the first block.
        block: What is repeated.
        blocks: How often.
        media_type: What a server may call it.
    """

    header: bytes
    block: bytes
    blocks: int
    media_type: str

    @property
    def size(self) -> int:
        """The bytes of all of it."""
        return len(self.header) + len(self.block) * self.blocks

    def pieces(self) -> Iterator[bytes]:
        """Yield all of it in pieces of about 256 KiB."""
        if self.header:
            yield self.header
        at_once = max(1, _PIECE // len(self.block))
        full, rest = divmod(self.blocks, at_once)
        piece = self.block * min(at_once, self.blocks)
        for _ in range(full):
            yield piece
        if rest:
            yield self.block * rest


def media_type(output_format: str) -> str:
    """Return the media type that the API claims for a format; raw PCM goes for mp3, too."""
    return _MEDIA_TYPES[output_format.partition("_")[0]]


def make_audio(history_item_id: str, output_format: str, *, seconds: float, size: int | None) -> Audio:
    """Make the audio of an item.

    Args:
        history_item_id: Whose it is.
        output_format: As in the API, such as `mp3_44100_128`, `wav_44100`, `pcm_24000`, `ulaw_8000`, `alaw_8000`.
        seconds: How long it sounds, about.
        size: At least this many bytes instead.

    Raises:
        ValueError: The format is none of these.
    """
    codec, _, parameters = output_format.partition("_")
    rate = int(parameters.partition("_")[0] or _MP3_RATE)
    if codec == "mp3":
        frame = _mp3_frame(history_item_id)
        return Audio(b"", frame, _count(seconds / _MP3_FRAME_SECONDS, size, frame), "audio/mpeg")
    if codec in {"ulaw", "alaw"}:
        block = _mark(history_item_id) + bytes(0x80 | _step(position, rate) for position in range(rate // 10))
        return Audio(b"", block, _count(seconds * 10, size, block), "audio/basic")
    if codec in {"pcm", "wav"}:
        block = _samples(history_item_id, rate)
        blocks = _count(seconds * rate * 2 / len(block), size, block)
        header = _wav_header(rate, len(block) * blocks) if codec == "wav" else b""
        return Audio(header, block, blocks, "audio/wav" if codec == "wav" else "audio/mpeg")
    raise ValueError(f"The simulator makes no {output_format!r}: use mp3_…, wav_…, pcm_…, ulaw_… or alaw_….")


def with_id3_tag(audio: Audio) -> Audio:
    """Put a large, empty ID3 tag in front of an mp3, as some real items have one."""
    size = bytes(_ID3_BYTES >> shift & 0x7F for shift in (21, 14, 7, 0))
    return Audio(b"ID3\x04\0\0" + size + bytes(_ID3_BYTES), audio.block, audio.blocks, audio.media_type)


def item_id_of(audio: bytes) -> str | None:
    """Read back whose audio it is, from any format or a part of at least one block; None when it is not ours."""
    if narrow := _NARROW_ID.search(audio):
        return narrow[1].decode("latin-1")
    if wide := _WIDE_ID.search(audio):
        return wide[1][::2].decode("latin-1")
    return None


def _count(wanted: float, size: int | None, block: bytes) -> int:
    return max(1, math.ceil(wanted) if size is None else math.ceil(size / len(block)))


def _mark(history_item_id: str) -> bytes:
    return f"<id:{history_item_id}>".encode("latin-1", errors="replace")


def _pitch(history_item_id: str) -> int:
    """A number from 0 to 15 that stays the same for an id."""
    return hashlib.sha256(history_item_id.encode()).digest()[0] % 16


def _mp3_frame(history_item_id: str) -> bytes:
    """Make one frame of MPEG-1 Layer III, 44.1 kHz, 128 kbit/s, mono, that stands alone.

    The only coefficient that is not zero makes the tone. Huffman table 1 writes a pair of zeros as `1` and the pair
    (1, 0) as `01` and a sign. What is left of the frame belongs to nobody, and takes the id.
    """
    pairs = 6 + _pitch(history_item_id)
    spectrum = "1" * (pairs - 1) + "01" + "0"
    granule = (
        f"{len(spectrum):012b}{pairs:09b}{195:08b}"  # length, pairs, gain
         "0000" + "0"  # no scale factors, a long block
        + "00001" * 3  # Huffman table 1 everywhere
        + "0000" + "000" + "000"  # region boundaries, which one table for all makes irrelevant; flags
    )  # fmt: skip
    bits = "0" * (9 + 5 + 4) + granule * 2 + spectrum * 2
    body = int(bits.ljust(-(-len(bits) // 8) * 8, "0"), 2).to_bytes(-(-len(bits) // 8), "big")
    return (b"\xff\xfb\x90\xc0" + body + _mark(history_item_id)).ljust(_MP3_FRAME_BYTES, b"\0")[:_MP3_FRAME_BYTES]


def _samples(history_item_id: str, rate: int) -> bytes:
    """Make a tenth of a second of 16-bit PCM: the id as samples that are too quiet to hear, then a tone."""
    mark = _mark(history_item_id)
    pitch = 220 * 2 ** (_pitch(history_item_id) / 12)
    tone = (round(8_000 * math.sin(2 * math.pi * pitch * position / rate)) for position in range(rate // 10))
    return struct.pack(f"<{len(mark)}h", *mark) + struct.pack(f"<{rate // 10}h", *tone)


def _step(position: int, rate: int) -> int:
    """A square wave of 200 Hz, in values that both laws know."""
    return 0x20 if position * 400 // rate % 2 else 0x60


def _wav_header(rate: int, data_bytes: int) -> bytes:
    layout = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, rate, 2 * rate, 2, 16)
    size = min(36 + data_bytes, 0xFFFFFFFF)
    return struct.pack("<4sI4s", b"RIFF", size, b"WAVE") + layout + struct.pack("<4sI", b"data", size - 36)
