"""MPEG audio layer III, as little of it as sounds."""

from __future__ import annotations

_RATES = {44_100: 0, 22_050: 0, 24_000: 1}
_BIT_RATES_1 = {32: 1, 64: 5, 96: 7, 128: 9, 192: 11}
_BIT_RATES_2 = {32: 4, 48: 6}
_LOWEST_OF_VERSION_1 = 32_000


def samples_a_frame(rate: int) -> int:
    """Return how many samples a frame holds."""
    return 1152 if rate >= _LOWEST_OF_VERSION_1 else 576


def frame(mark: bytes, rate: int, bit_rate: int, pitch: int | None) -> bytes:
    """Make one frame, mono, that stands alone.

    The only coefficient that is not zero makes the tone. Huffman table 1 writes a pair of zeros as `1` and the pair
    (1, 0) as `01` and a sign. What is left of the frame belongs to nobody, and takes the mark.

    Args:
        mark: What the frame is to hold besides.
        rate: Samples a second; below 32,000 the frame is of MPEG-2, which has half the samples and another side info.
        bit_rate: Thousands of bits a second.
        pitch: From 0 to 15; None for silence.
    """
    first_version = rate >= _LOWEST_OF_VERSION_1
    pairs = 0 if pitch is None else 6 + pitch
    spectrum = "1" * (pairs - 1) + "01" + "0" if pairs else ""
    granule = (
        f"{len(spectrum):012b}{pairs:09b}{195:08b}"  # length, pairs, gain
        + "0" * (4 if first_version else 9) + "0"  # no scale factors, a long block
        + "00001" * 3  # Huffman table 1 everywhere
        + "0000" + "000"  # region boundaries, which one table for all makes irrelevant
        + "0" * (3 if first_version else 2)  # flags
    )  # fmt: skip
    granules = 2 if first_version else 1
    bits = "0" * (9 + 5 + 4 if first_version else 8 + 1) + granule * granules + spectrum * granules
    body = int(bits.ljust(-(-len(bits) // 8) * 8, "0"), 2).to_bytes(-(-len(bits) // 8), "big")
    bit_rate_index = (_BIT_RATES_1 if first_version else _BIT_RATES_2)[bit_rate]
    header = bytes((0xFF, 0xFB if first_version else 0xF3, bit_rate_index << 4 | _RATES[rate] << 2, 0xC0))
    size = samples_a_frame(rate) // 8 * bit_rate * 1000 // rate
    return (header + body + mark).ljust(size, b"\0")[:size]
