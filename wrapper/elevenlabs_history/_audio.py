"""What bytes are: names and media types are hints, the first bytes are proof; and the WAV header that raw PCM lacks."""

import codecs
import os
import re
import struct
from enum import StrEnum
from pathlib import Path

from attrs import frozen

SNIFF_BYTES = 4096
"""How many first bytes of a body to examine; fewer only if the body is shorter."""

_MIN_AUDIO_BYTES = 64

# How messages of an API or a proxy begin. Each fixes about four bytes, so that audio does not begin so by chance.
_PAGE_OPENING = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*"
    rb'(?:\{\s*"[^"\x00-\x1f]*"\s*:|\[\s*\{\s*"|<(?:!doctype|!--|\?xml|html|head|body|title|h[1-6]>|center|pre|error))',
    re.IGNORECASE,
)
_NOT_TEXT = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f]")
_PCM = re.compile(r"pcm_([0-9]{4,6})")

# MPEG audio layer III, kbit/s by the header's bit rate index; 0 (free) and 15 (bad) are no bit rates.
_BIT_RATES_MPEG_1 = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 0)
_BIT_RATES_MPEG_2 = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160, 0)
_SAMPLE_RATES = {0b11: (44_100, 48_000, 32_000), 0b10: (22_050, 24_000, 16_000), 0b00: (11_025, 12_000, 8_000)}


class FileKind(StrEnum):
    """What the bytes of a file are."""

    MP3 = "mp3"
    WAV = "wav"
    OPUS = "opus"
    OGG = "ogg"
    FLAC = "flac"
    PCM = "pcm"
    ULAW = "ulaw"
    ALAW = "alaw"
    ZIP = "zip"
    ERROR_PAGE = "error page"
    EMPTY = "empty"
    UNKNOWN = "unknown"

    @property
    def is_audio(self) -> bool:
        """Whether it is audio."""
        return self not in {FileKind.ZIP, FileKind.ERROR_PAGE, FileKind.EMPTY, FileKind.UNKNOWN}

    @property
    def extension(self) -> str:
        """The file name extension, with its dot; `.bin` for what is neither audio nor a zip archive."""
        return f".{self.value}" if self.is_audio or self is FileKind.ZIP else ".bin"

    @classmethod
    def of_file(cls, path: str | os.PathLike[str], *, output_format: str | None = None) -> "FileKind":
        """Detect what a file is by its first bytes.

        Args:
            path: The file.
            output_format: That of its item, which decides where the bytes prove nothing: PCM, ulaw and alaw have no
                header. Without one, such bytes are PCM.

        Raises:
            OSError: The file can't be read.
        """
        with Path(path).open("rb") as file:
            return cls.of_bytes(file.read(SNIFF_BYTES), output_format=output_format)

    @classmethod
    def of_bytes(cls, first_bytes: bytes, *, output_format: str | None = None) -> "FileKind":
        """Detect what a file is by its first bytes, 4096 of them if it has so many; see `of_file`."""
        return kind_of(first_bytes[:SNIFF_BYTES], output_format)


_SIGNATURES = {
    FileKind.ZIP: re.compile(rb"PK(?:\x03\x04|\x05\x06)"),
    FileKind.WAV: re.compile(rb"(?:RIFF|RF64).{4}WAVE", re.DOTALL),
    FileKind.OPUS: re.compile(rb"OggS.{24}OpusHead", re.DOTALL),
    FileKind.OGG: re.compile(rb"OggS"),
    FileKind.FLAC: re.compile(rb"fLaC"),
    FileKind.MP3: re.compile(rb"ID3[\x02-\x04]..[\x00-\x7f]{4}", re.DOTALL),
    FileKind.ERROR_PAGE: _PAGE_OPENING,
}


@frozen(kw_only=True)
class Mp3Frame:
    """What the header of an MPEG audio layer III frame says.

    Attributes:
        length: Bytes of the frame.
        samples: Samples that it holds.
        sample_rate: In Hz.
        bit_rate: In bits a second.
    """

    length: int
    samples: int
    sample_rate: int
    bit_rate: int


def sniff(first_bytes: bytes) -> FileKind:
    """Detect the kind of a body from its first `SNIFF_BYTES`; never a headerless one (PCM, ulaw, alaw), see `kind_of`.

    An error page begins like JSON or HTML, or is text: UTF-8 without control characters in all of `first_bytes`, with a
    space in it or too short for audio. Audio practically never looks like that: its 16-bit samples would all have to be
    louder than 2,000, its 8-bit ones all of one sign and one of them very loud.
    """
    if not first_bytes:
        return FileKind.EMPTY
    for kind, signature in _SIGNATURES.items():
        if signature.match(first_bytes):
            return kind
    if mp3_frame(first_bytes):
        return FileKind.MP3
    return FileKind.ERROR_PAGE if _is_text(first_bytes) else FileKind.UNKNOWN


def kind_of(first_bytes: bytes, output_format: str | None) -> FileKind:
    """Detect the kind of one item's body; its output format decides where the bytes prove nothing.

    Bytes win wherever they prove something: a `wav_44100` item may hold mp3, and an error page stays one whatever was
    requested. The format decides only for headerless audio, which may begin with any bytes: there one mp3 frame header
    proves nothing, since samples can look like it, but two in a row at the right distance do. Unrecognised bytes of an
    item without a format, as old items are, are PCM, the only kind known to be sent like that.
    """
    kind = sniff(first_bytes)
    declared = _headerless(output_format)
    if kind is FileKind.MP3 and declared and not (first_bytes.startswith(b"ID3") or _two_frames(first_bytes)):
        return declared
    if kind is not FileKind.UNKNOWN:
        return kind
    return declared or (FileKind.UNKNOWN if output_format else FileKind.PCM)


def pcm_sample_rate(output_format: str | None) -> int | None:
    """Return the sample rate in Hz of a PCM item from its `output_format`; None if that is not PCM or has no rate."""
    match = _PCM.fullmatch(output_format or "")
    return int(match[1]) or None if match else None


def wav_header(sample_rate: int, data_bytes: int) -> bytes:
    """Return the header that makes raw PCM a WAV file: signed 16-bit little-endian mono, as the API sends it."""
    data_bytes -= data_bytes % 2  # half a sample at the end
    layout = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, sample_rate, 2 * sample_rate, 2, 16)
    # A file of 4 GiB or more says so with the largest size, which players take for "to the end".
    size = min(data_bytes, 0xFFFFFFFF - 36)
    return struct.pack("<4sI4s", b"RIFF", 36 + size, b"WAVE") + layout + struct.pack("<4sI", b"data", size)


def _headerless(output_format: str | None) -> FileKind | None:
    codec = (output_format or "").partition("_")[0]
    return FileKind(codec) if codec in {FileKind.PCM, FileKind.ULAW, FileKind.ALAW} else None


def mp3_frame(data: bytes) -> Mp3Frame | None:
    """Parse the header of the layer III frame that `data` begins with; None if it begins with none."""
    if len(data) < 4:
        return None
    header = int.from_bytes(data[:4], "big")
    version, layer = header >> 19 & 0b11, header >> 17 & 0b11
    bit_rate, sample_rate, padding = header >> 12 & 0b1111, header >> 10 & 0b11, header >> 9 & 1
    emphasis = header & 0b11
    if (
        header >> 21 != 0x7FF
        or version not in _SAMPLE_RATES
        or layer != 0b01
        or sample_rate == 0b11
        or emphasis == 0b10
    ):
        return None
    kilobits = (_BIT_RATES_MPEG_1 if version == 0b11 else _BIT_RATES_MPEG_2)[bit_rate]
    if not kilobits:
        return None
    rate, samples = _SAMPLE_RATES[version][sample_rate], 1152 if version == 0b11 else 576
    length = samples // 8 * 1000 * kilobits // rate + padding
    return Mp3Frame(length=length, samples=samples, sample_rate=rate, bit_rate=1000 * kilobits)


def _two_frames(first_bytes: bytes) -> bool:
    first = mp3_frame(first_bytes)
    second = first_bytes[first.length :] if first else b""
    same_stream = second[:2] == first_bytes[:2] and mp3_frame(second) is not None
    return same_stream and (second[2] & 0b1100) == (first_bytes[2] & 0b1100)


def _is_text(first_bytes: bytes) -> bool:
    try:
        text = codecs.getincrementaldecoder("utf-8")().decode(first_bytes)
    except UnicodeDecodeError:
        return False
    # Quiet ulaw and alaw may look like letters for long, but never contain the loud byte that is a space.
    return not _NOT_TEXT.search(text) and (" " in text or "\n" in text or len(first_bytes) < _MIN_AUDIO_BYTES)
