"""Audio made of nothing: a tone whose bytes tell which item it is, at any length.

Every format repeats one block. The block holds the item's id as text where decoders do not look or as samples too quiet
to hear, so a test can prove of any saved file, or of any part of one, whose audio it is.
"""

from __future__ import annotations

import hashlib
import math
import re
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Literal, cast

from attrs import frozen

from . import mp3, samples
from .opus import OpusStream
from .seeded import SECONDS_A_CHARACTER

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Codec = Literal["mp3", "wav", "pcm", "opus", "ulaw", "alaw"]

_MEDIA_TYPES: dict[Codec, str] = {
    "mp3": "audio/mpeg",
    "wav": "audio/wav",
    # Raw PCM goes for mp3 at the server, too.
    "pcm": "audio/mpeg",
    "opus": "audio/ogg",
    "ulaw": "audio/basic",
    "alaw": "audio/basic",
}
_PIECE = 256 * 1024
_ID3_BYTES = 17 * 1024
# A decoder does not believe in an mp3 of one frame.
_FEWEST_BLOCKS = 2
_FORMAT = re.compile(
    r"(mp3)_(44100)_(32|64|96|128|192)|(mp3)_(22050)_(32)|(mp3)_(24000)_(48)"
    r"|(wav|pcm)_(8000|16000|22050|24000|32000|44100|48000)"
    r"|(opus)_(48000)_(32|64|96|128|192)"
    r"|(ulaw|alaw)_(8000)"
)
_NARROW_ID = re.compile(rb"<id:([^<>]+)>")
_WIDE_ID = re.compile(rb"<\0i\0d\0:\0((?:[^<>]\0)+)>\0")


@frozen
class Repeated:
    """Audio that is the same block again and again.

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


@frozen
class Spoken:
    """Audio of a text: a tone for each of its characters, silence for white space.

    Attributes:
        header: What stands before the first block.
        tone: A block that sounds.
        silence: A block of the same length that does not.
        sounds: Whether each block sounds.
        media_type: What a server may call it.
    """

    header: bytes
    tone: bytes
    silence: bytes
    sounds: Sequence[bool]
    media_type: str

    @property
    def size(self) -> int:
        """The bytes of all of it."""
        return len(self.header) + len(self.tone) * len(self.sounds)

    def pieces(self) -> Iterator[bytes]:
        """Yield all of it in pieces of about 256 KiB."""
        yield self.header
        at_once = max(1, _PIECE // len(self.tone))
        for first in range(0, len(self.sounds), at_once):
            yield b"".join(self.tone if sound else self.silence for sound in self.sounds[first : first + at_once])


Audio = Repeated | Spoken | OpusStream
"""Audio that is never in memory as a whole: its `size`, its `media_type`, and its `pieces`."""


@frozen
class Format:
    """An output format of the API in its parts.

    Attributes:
        codec: How sound becomes bytes.
        rate: Samples a second.
        bit_rate: Thousands of bits a second; 0 where the codec leaves no choice.
    """

    codec: Codec
    rate: int
    bit_rate: int

    @property
    def media_type(self) -> str:
        """The media type that the API claims for it."""
        return _MEDIA_TYPES[self.codec]


@cache
def format_of(output_format: str) -> Format:
    """Read an output format such as `mp3_44100_128`, `pcm_24000` or `opus_48000_64`.

    Raises:
        ValueError: The simulator has no audio of this format.
    """
    known = _FORMAT.fullmatch(output_format)
    if known is None:
        raise ValueError(
            f"The simulator makes no {output_format!r}, only the formats of the API: mp3_RATE_KBITS, opus_48000_KBITS, "
            "wav_RATE, pcm_RATE, ulaw_8000 and alaw_8000."
        )
    codec, rate, *bit_rate = (part for part in known.groups() if part)
    return Format(cast("Codec", codec), int(rate), int(bit_rate[0]) if bit_rate else 0)


def make_audio(
    history_item_id: str,
    output_format: str,
    *,
    seconds: float,
    size: int | None,
    id3: bool = False,
    spoken: str | None = None,
) -> Audio:
    """Make the audio of an item.

    Args:
        history_item_id: Whose it is.
        output_format: As in the API.
        seconds: How long it sounds, about.
        size: At least this many bytes instead.
        id3: An mp3 begins with a large, empty ID3 tag, as some real ones do.
        spoken: The text that an mp3, a wav or PCM sounds for instead, each character as long as its alignment says;
            it is silent where white space is. Other formats sound for all of that time.

    Raises:
        ValueError: The simulator has no audio of this format.
    """
    wanted = format_of(output_format)
    if spoken is not None:
        seconds, size = len(spoken) * SECONDS_A_CHARACTER, None
    mark = f"<id:{history_item_id}>".encode("latin-1", errors="replace")
    pitch = hashlib.sha256(history_item_id.encode()).digest()[0] % 16
    match wanted.codec:
        case "opus":
            return OpusStream.made(mark, wanted.bit_rate, seconds=seconds, size=size)
        case "mp3":
            block = mp3.frame(mark, wanted.rate, wanted.bit_rate, pitch)
            per_second = wanted.rate / mp3.samples_a_frame(wanted.rate)
            if spoken is not None:
                silence = mp3.frame(mark, wanted.rate, wanted.bit_rate, None)
                return _spoken(wanted, block, silence, spoken, per_second, id3=id3)
        case "ulaw" | "alaw":
            block = samples.companded(mark, wanted.rate)
            per_second = wanted.rate / len(block)
        case "pcm" | "wav":
            block = samples.linear(mark, wanted.rate, pitch)
            per_second = 2 * wanted.rate / len(block)
            if spoken is not None:
                end = 2 * round(wanted.rate * SECONDS_A_CHARACTER)
                silence = samples.linear(mark, wanted.rate, None)[:end]
                return _spoken(wanted, block[:end], silence, spoken, 1 / SECONDS_A_CHARACTER)
    blocks = max(_FEWEST_BLOCKS, math.ceil(seconds * per_second if size is None else size / len(block)))
    return Repeated(_header(wanted, len(block) * blocks, id3=id3), block, blocks, wanted.media_type)


def item_id_of(audio: bytes) -> str | None:
    """Read back whose audio it is, from any format or a part of at least two blocks; None when it is not ours."""
    if narrow := _NARROW_ID.search(audio):
        return narrow[1].decode("latin-1")
    if wide := _WIDE_ID.search(audio):
        return wide[1][::2].decode("latin-1")
    return None


def _spoken(wanted: Format, tone: bytes, silence: bytes, text: str, per_second: float, *, id3: bool = False) -> Spoken:
    edges = [round(place * SECONDS_A_CHARACTER * per_second) for place in range(len(text) + 1)]
    sounds = [
        not character.isspace()
        for character, (first, end) in zip(text, pairwise(edges), strict=True)
        for _ in range(first, end)
    ]
    return Spoken(_header(wanted, len(tone) * len(sounds), id3=id3), tone, silence, sounds, wanted.media_type)


def _header(wanted: Format, data_bytes: int, *, id3: bool) -> bytes:
    if wanted.codec == "wav":
        return samples.wav_header(wanted.rate, data_bytes)
    if wanted.codec == "mp3" and id3:
        return b"ID3\x04\0\0" + bytes(_ID3_BYTES >> shift & 0x7F for shift in (21, 14, 7, 0)) + bytes(_ID3_BYTES)
    return b""
