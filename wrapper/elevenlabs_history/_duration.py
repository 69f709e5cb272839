"""How long audio sounds, from its headers: nothing is decoded."""

import os
import re
import struct
from pathlib import Path
from typing import BinaryIO

from ._audio import SNIFF_BYTES, FileKind, mp3_frame

_BYTES_PER_SAMPLE = {FileKind.PCM: 2, FileKind.ULAW: 1, FileKind.ALAW: 1}
_SAMPLE_RATE = re.compile(r"_([0-9]{4,6})")
# Written by encoders into the first frame. The first flag says that the number of frames follows.
_FRAME_COUNT = re.compile(rb"(?:Xing|Info)\0\0\0[\x01\x03\x05\x07\x09\x0b\x0d\x0f](.{4})", re.DOTALL)
_MAX_CHUNKS = 100  # in front of the audio
_MAX_OGG_PAGE = 65_307
_OPUS_RATE = 48_000  # of its times, whatever the sample rate was


def audio_seconds(path: str | os.PathLike[str], *, output_format: str | None = None) -> float | None:
    """Return how many seconds a file sounds, as far as its headers and its size tell.

    An MP3 file that does not say how many frames it has is taken to have one bit rate.

    Args:
        path: The file: MP3, WAV or Opus; or PCM, ulaw or alaw, whose length only `output_format` tells.
        output_format: That of its item, such as `pcm_44100`.

    Returns:
        Seconds; None if the file is of another kind or damaged.

    Raises:
        OSError: The file can't be read.
    """
    kind = FileKind.of_file(path, output_format=output_format)
    with Path(path).open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(0)
        if kind in _BYTES_PER_SAMPLE:
            rate = _SAMPLE_RATE.search(output_format or "")
            return _divide(size, int(rate[1]) * _BYTES_PER_SAMPLE[kind]) if rate else None
        try:
            match kind:
                case FileKind.MP3:
                    return _mp3_seconds(file, size)
                case FileKind.WAV:
                    return _wav_seconds(file, size)
                case FileKind.OPUS:
                    return _opus_seconds(file, size)
                case _:
                    return None
        except (struct.error, ValueError):  # a header is cut off or missing
            return None


def _mp3_seconds(file: BinaryIO, size: int) -> float | None:
    start = 0
    tag = file.read(10)
    if tag.startswith(b"ID3"):
        # Seven bits in each byte of the size.
        start = len(tag) + sum(byte << shift for byte, shift in zip(tag[6:], (21, 14, 7, 0), strict=True))
    file.seek(start)
    data = file.read(SNIFF_BYTES)
    frame = mp3_frame(data)
    if frame is None:
        return None
    if found := _FRAME_COUNT.search(data, 4, frame.length):
        return int.from_bytes(found[1], "big") * frame.samples / frame.sample_rate
    return (size - start) * 8 / frame.bit_rate


def _wav_seconds(file: BinaryIO, size: int) -> float | None:
    file.seek(12)
    bytes_per_second = 0
    length: int
    for _ in range(_MAX_CHUNKS):
        name, length = struct.unpack("<4sI", file.read(8))
        begin = file.tell()
        if name == b"fmt ":
            bytes_per_second = struct.unpack("<8xI", file.read(12))[0]
        elif name == b"data":
            # A stream of unknown length has the largest one.
            return _divide(min(length, size - begin), bytes_per_second)
        file.seek(begin + length + length % 2)
    return None


def _opus_seconds(file: BinaryIO, size: int) -> float | None:
    # The header is the only packet of the first page. What the decoder needs to start is not heard.
    pre_skip: int = struct.unpack("<38xH", file.read(40))[0]
    file.seek(max(0, size - _MAX_OGG_PAGE))
    end = file.read()
    position: int = struct.unpack_from("<q", end, end.rindex(b"OggS") + 6)[0]
    # -1: no packet ends on the last page.
    return max(0, position - pre_skip) / _OPUS_RATE if position >= 0 else None


def _divide(size: int, bytes_per_second: int) -> float | None:
    return size / bytes_per_second if bytes_per_second else None
