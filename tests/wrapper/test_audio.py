"""What bytes are is told by the bytes; what the server claims decides only where they prove nothing."""

import io
import json
import math
import random
import struct

import numpy as np
import pytest
import soundfile
from elevenlabs_history._audio import SNIFF_BYTES, FileKind, kind_of, pcm_sample_rate, sniff, wav_header
from hypothesis import given, strategies as st

HEADERLESS = {"pcm_24000": FileKind.PCM, "ulaw_8000": FileKind.ULAW, "alaw_8000": FileKind.ALAW}
JSON_PAGE = b'{"detail":{"status":"quota_exceeded","message":"You have 0 credits left."}}'
HTML_PAGE = "<!DOCTYPE html><html><head><title>502 Bad Gateway</title></head><body>€</body></html>".encode()
PAGES = [
    JSON_PAGE,
    HTML_PAGE,
    b"\xef\xbb\xbf \r\n" + JSON_PAGE,
    b'\n<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>',
    b"<html><body>d\xe9sol\xe9</body></html>",
    b'[{"loc": ["body"], "msg": "field required"}]',
    b"{}",
    b"upstream connect error or disconnect/reset before headers",
    b"Forbidden",
    JSON_PAGE + b" " * (SNIFF_BYTES - len(JSON_PAGE)),
    ("<p>" + "€ " * SNIFF_BYTES).encode()[:SNIFF_BYTES],
]


def tone(seconds: float = 0.5, rate: int = 24_000) -> np.ndarray:
    return 0.4 * np.sin(2 * math.pi * 220 * np.arange(int(seconds * rate)) / rate)


def encoded(container: str, subtype: str | None = None) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, tone(), 24_000, format=container, subtype=subtype)
    return file.getvalue()[:SNIFF_BYTES]


@pytest.mark.parametrize(
    ("container", "subtype", "kind"),
    [
        ("MP3", None, FileKind.MP3),
        ("WAV", None, FileKind.WAV),
        ("RF64", None, FileKind.WAV),
        ("FLAC", None, FileKind.FLAC),
        ("OGG", "OPUS", FileKind.OPUS),
        ("OGG", "VORBIS", FileKind.OGG),
    ],
)
@pytest.mark.parametrize("output_format", [None, "mp3_44100_128", "wav_44100", "pcm_24000", "ulaw_8000", "brand_new"])
def test_what_an_encoder_wrote_is_known_whatever_the_item_claims(
    container: str, subtype: str | None, kind: FileKind, output_format: str | None
) -> None:
    assert kind_of(encoded(container, subtype), output_format) is kind


def test_an_mp3_may_begin_with_an_id3_tag_longer_than_the_window() -> None:
    tag = b"ID3\x04\x00\x00\x00\x01\x08\x64" + b"\x00" * 17_000
    assert kind_of(tag[:SNIFF_BYTES], "pcm_24000") is FileKind.MP3


@pytest.mark.parametrize(
    "header",
    ["ffeb9044", "fffd9044", "ffff9044", "fff99044", "fffbf044", "fffb0044", "fffb9c44", "fffb9042", "fffb90"],
)
def test_a_frame_header_with_a_reserved_or_foreign_value_means_no_mp3(header: str) -> None:
    assert sniff(bytes.fromhex(header)) is FileKind.UNKNOWN


@pytest.mark.parametrize(("header", "length"), [("fffb9064", 417), ("fff384c4", 192), ("ffe318c4", 72)])
def test_two_frames_at_the_right_distance_prove_an_mp3_even_for_a_headerless_item(header: str, length: int) -> None:
    frame = bytes.fromhex(header).ljust(length, b"\0")
    assert kind_of(frame + frame, "pcm_24000") is FileKind.MP3
    assert kind_of(frame + b"\0" + frame, "pcm_24000") is FileKind.PCM
    assert kind_of(frame, "pcm_24000") is FileKind.PCM
    assert kind_of(frame, None) is FileKind.MP3


def test_an_empty_body_and_a_zip_are_no_audio() -> None:
    for output_format in (None, "mp3_44100_128", "pcm_24000"):
        assert kind_of(b"", output_format) is FileKind.EMPTY
        assert kind_of(b"PK\x03\x04rest", output_format) is FileKind.ZIP
        assert kind_of(b"PK\x05\x06" + bytes(18), output_format) is FileKind.ZIP
    assert not FileKind.EMPTY.is_audio
    assert not FileKind.ZIP.is_audio
    assert not FileKind.UNKNOWN.is_audio
    assert not FileKind.ERROR_PAGE.is_audio


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("output_format", [None, "mp3_44100_128", *HEADERLESS])
def test_an_error_page_is_never_audio_whatever_was_requested(page: bytes, output_format: str | None) -> None:
    assert kind_of(page, output_format) is FileKind.ERROR_PAGE


@given(st.recursive(st.text() | st.integers() | st.none(), lambda inner: st.dictionaries(st.text(), inner)))
def test_any_json_object_is_an_error_page(value: object) -> None:
    body = json.dumps({"detail": value}, ensure_ascii=False).encode()
    assert kind_of(body[:SNIFF_BYTES], "pcm_24000") is FileKind.ERROR_PAGE


@pytest.mark.parametrize("output_format", HEADERLESS)
@pytest.mark.parametrize(
    "opening", [b"{\x09", b"<\x20", b"[{", b'{"', b"\xff\xfb\x90\x64", b"\xff\xf3\x84\xc4", b"  {", b"PK"]
)
def test_headerless_audio_may_begin_with_anything(opening: bytes, output_format: str) -> None:
    loud = opening + random.Random(0).randbytes(SNIFF_BYTES - len(opening))
    silent = opening + bytes(SNIFF_BYTES - len(opening))
    assert kind_of(loud, output_format) is HEADERLESS[output_format]
    assert kind_of(silent, output_format) is HEADERLESS[output_format]


@given(st.binary(min_size=64, max_size=300))
def test_noise_is_never_taken_for_an_error_page(noise: bytes) -> None:
    recording = noise + b"\x00\x00"
    assert kind_of(recording, "pcm_24000") in {FileKind.PCM, FileKind.ZIP, FileKind.OGG, FileKind.FLAC, FileKind.WAV}


@pytest.mark.parametrize(("output_format", "byte"), [("ulaw_8000", b"~"), ("alaw_8000", b"U"), ("alaw_8000", b"\xd5")])
def test_digital_silence_in_eight_bits_is_audio_though_it_reads_as_letters(output_format: str, byte: bytes) -> None:
    assert kind_of(byte * SNIFF_BYTES, output_format) is HEADERLESS[output_format]


def test_bytes_that_prove_nothing_are_pcm_only_when_the_item_tells_no_other_format() -> None:
    silence = bytes(SNIFF_BYTES)
    assert kind_of(silence, None) is FileKind.PCM
    assert kind_of(silence, "pcm_oddity") is FileKind.PCM
    assert kind_of(silence, "mp3_44100_128") is FileKind.UNKNOWN


def test_each_kind_has_its_extension() -> None:
    assert [kind.extension for kind in FileKind] == [
        *(".mp3", ".wav", ".opus", ".ogg", ".flac", ".pcm", ".ulaw", ".alaw", ".zip"),
        *(".bin", ".bin", ".bin"),
    ]


@pytest.mark.parametrize(
    ("output_format", "rate"),
    [
        *(("pcm_8000", 8000), ("pcm_44100", 44_100)),
        *((name, None) for name in ("pcm_", "pcm_0000", "pcm_24000_stereo", "pcm_٤٤١٠٠", "mp3_44100_128", "", None)),
    ],
)
def test_only_a_pcm_format_with_a_plain_rate_tells_a_sample_rate(output_format: str | None, rate: int | None) -> None:
    assert pcm_sample_rate(output_format) == rate


def test_pcm_after_the_header_plays_as_the_same_samples() -> None:
    samples = (tone() * 32_767).astype("<i2")
    read, rate = soundfile.read(io.BytesIO(wav_header(24_000, samples.nbytes) + samples.tobytes()), dtype="int16")
    assert rate == 24_000
    assert read.ndim == 1
    assert (read == samples).all()


def test_half_a_sample_at_the_end_is_not_counted_in() -> None:
    assert wav_header(24_000, 7) == wav_header(24_000, 6)


def test_a_file_of_4_gib_or_more_gets_the_largest_size_that_a_header_can_hold() -> None:
    header = wav_header(48_000, 5 * 1024**3)
    assert struct.unpack("<I", header[4:8])[0] == 0xFFFFFFFF
    assert struct.unpack("<I", header[40:44])[0] == 0xFFFFFFFF - 36
