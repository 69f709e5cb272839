"""How long audio sounds, compared with what a decoder finds."""

import io
import struct

import numpy as np
import pytest
import soundfile
from elevenlabs_history import audio_seconds
from elevenlabs_history._audio import wav_header
from elevenlabs_history_simulator.audio import make_audio
from hypothesis import HealthCheck, given, settings, strategies as st

FORMATS = ("mp3_44100_128", "mp3_44100_32", "mp3_22050_32", "mp3_24000_48", "opus_48000_64", "wav_24000", "wav_8000")
RAW = ("pcm_8000", "pcm_44100", "ulaw_8000", "alaw_8000")


def audio(output_format, seconds):
    return b"".join(make_audio("an-item", output_format, seconds=seconds, size=None).pieces())


def encoded(container, subtype=None, seconds=3.0, rate=24_000):
    file = io.BytesIO()
    noise = 0.3 * np.random.default_rng(1).standard_normal(int(seconds * rate))
    soundfile.write(file, noise, rate, format=container, subtype=subtype)
    return file.getvalue()


def seconds_of(folder, data, output_format=None):
    path = folder / "clip"
    path.write_bytes(data)
    return audio_seconds(path, output_format=output_format)


@pytest.mark.parametrize("seconds", [0.5, 7.3])
@pytest.mark.parametrize("output_format", FORMATS)
def test_a_file_sounds_as_long_as_a_decoder_finds(tmp_path, output_format, seconds):
    data = audio(output_format, seconds)
    assert seconds_of(tmp_path, data) == pytest.approx(soundfile.info(io.BytesIO(data)).duration, abs=0.06)


def test_what_opus_needs_to_start_is_not_counted(tmp_path):
    data = audio("opus_48000_64", 1.0)
    assert seconds_of(tmp_path, data) == pytest.approx(soundfile.info(io.BytesIO(data)).duration, abs=0.001)


@pytest.mark.parametrize("output_format", RAW)
def test_audio_without_a_header_sounds_as_long_as_its_size_and_its_format_say(tmp_path, output_format):
    codec, rate = output_format.split("_")
    data = audio(output_format, 2.0)
    samples = len(data) // (2 if codec == "pcm" else 1)
    assert seconds_of(tmp_path, data, output_format) == samples / int(rate)


def test_an_mp3_of_a_variable_bit_rate_is_as_long_as_its_frames(tmp_path):
    silence_then_noise = np.r_[np.zeros(200_000), 0.3 * np.random.default_rng(1).standard_normal(40_000)]
    file = io.BytesIO()
    with soundfile.SoundFile(
        file, "w", 24_000, 1, format="MP3", compression_level=0.5, bitrate_mode="VARIABLE"
    ) as sound:
        sound.write(silence_then_noise)
    assert seconds_of(tmp_path, file.getvalue()) == pytest.approx(10, abs=0.15)


def test_a_tag_before_an_mp3_is_not_audio(tmp_path):
    tag = b"ID3\x04\x00\x00\x00\x02\x10\x05" + bytes(2 << 14 | 0x10 << 7 | 5)
    data = audio("mp3_44100_128", 2.0)
    assert seconds_of(tmp_path, tag + data) == seconds_of(tmp_path, data)


@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24", "FLOAT", "ULAW"])
def test_a_wav_of_any_encoding_has_a_length(tmp_path, subtype):
    assert seconds_of(tmp_path, encoded("WAV", subtype)) == pytest.approx(3.0)


def test_chunks_before_the_audio_of_a_wav_are_skipped(tmp_path):
    data = audio("wav_24000", 1.0)
    odd_list = b"LIST" + struct.pack("<I", 5) + b"abcde\0"
    assert seconds_of(tmp_path, data[:12] + odd_list + data[12:]) == seconds_of(tmp_path, data)


def test_a_wav_that_was_cut_or_streamed_is_as_long_as_its_bytes(tmp_path):
    streamed = wav_header(24_000, 2**33) + bytes(48_000)
    assert seconds_of(tmp_path, streamed) == 1.0


@pytest.mark.parametrize(
    "data",
    [
        b"",
        encoded("FLAC"),
        b"<html>an error page</html>",
        b"RIFF\0\0\0\0WAVE" + bytes(8 * 200),
        b"ID3\x04" + bytes(6),
        b"OggS".ljust(28, b"\0") + b"OpusHead" + bytes(70_000),
    ],
)
def test_other_files_have_no_length(tmp_path, data):
    assert seconds_of(tmp_path, data) is None


def test_audio_without_a_header_has_no_length_without_a_rate(tmp_path):
    data = audio("pcm_24000", 1.0)
    assert seconds_of(tmp_path, data) is None
    assert seconds_of(tmp_path, data, "pcm") is None


def test_a_file_that_is_gone_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        audio_seconds(tmp_path / "nothing.mp3")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.sampled_from([audio(each, 0.3) for each in FORMATS]), st.data())
def test_damage_gives_no_length_or_a_plausible_one(tmp_path, data, draw):
    cut = draw.draw(st.integers(0, len(data)))
    place = draw.draw(st.integers(0, 100))
    damaged = bytearray(data[:cut])
    damaged[place : place + 4] = draw.draw(st.binary(min_size=4, max_size=4))
    seconds = seconds_of(tmp_path, bytes(damaged))
    assert seconds is None or seconds >= 0


def test_an_opus_file_whose_last_page_tells_no_time_has_no_length(tmp_path):
    data = bytearray(audio("opus_48000_64", 1.0))
    place = data.rindex(b"OggS") + 6
    data[place : place + 8] = b"\xff" * 8
    assert seconds_of(tmp_path, bytes(data)) is None
