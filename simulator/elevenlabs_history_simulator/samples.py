"""Audio that is one sample after another: linear PCM, bare or in a wav file, and the two telephone laws."""

from __future__ import annotations

import math
import struct
from functools import cache

_LARGEST_RIFF = 0xFFFFFFFF
_WAV_HEADER_BEHIND_SIZE = 36


def linear(mark: bytes, rate: int, pitch: int | None) -> bytes:
    """Make a tenth of a second of signed 16-bit samples: the mark, too quiet to hear, and a tone, or silence."""
    return struct.pack(f"<{len(mark)}h", *mark) + (bytes(rate // 10 * 2) if pitch is None else _tone(rate, pitch))


def companded(mark: bytes, rate: int) -> bytes:
    """Make a tenth of a second of 8-bit samples, in values that both laws know: the mark as a click, and a tone."""
    return mark + bytes(0xA0 if position * 400 // rate % 2 else 0xE0 for position in range(rate // 10))


def wav_header(rate: int, data_bytes: int) -> bytes:
    """Return what stands before 16-bit mono samples in a wav file; of more than 4 GiB it says as much as fits."""
    layout = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, rate, 2 * rate, 2, 16)
    size = min(_WAV_HEADER_BEHIND_SIZE + data_bytes, _LARGEST_RIFF)
    data = struct.pack("<4sI", b"data", size - _WAV_HEADER_BEHIND_SIZE)
    return struct.pack("<4sI4s", b"RIFF", size, b"WAVE") + layout + data


@cache
def _tone(rate: int, pitch: int) -> bytes:
    frequency = 220 * 2 ** (pitch / 12)
    values = (round(8_000 * math.sin(2 * math.pi * frequency * position / rate)) for position in range(rate // 10))
    return struct.pack(f"<{rate // 10}h", *values)
