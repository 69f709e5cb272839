"""Every format of the API sounds, has the size it promises, and tells whose it is."""

import io

import numpy as np
import pytest
import soundfile
from elevenlabs_history._audio import kind_of
from elevenlabs_history_simulator import item_id_of
from elevenlabs_history_simulator.audio import make_audio
from hypothesis import given, settings, strategies as st

RATES = (8000, 16000, 22050, 24000, 32000, 44100, 48000)
FORMATS = (
    [f"mp3_44100_{bit_rate}" for bit_rate in (32, 64, 96, 128, 192)]
    + ["mp3_22050_32", "mp3_24000_48"]
    + [f"opus_48000_{bit_rate}" for bit_rate in (32, 64, 96, 128, 192)]
    + [f"{codec}_{rate}" for codec in ("pcm", "wav") for rate in RATES]
    + ["ulaw_8000", "alaw_8000"]
)
RAW = {"pcm": "PCM_16", "ulaw": "ULAW", "alaw": "ALAW"}

ids = st.text("abcXYZ0189_-", min_size=1, max_size=64)
lengths = st.one_of(
    st.floats(0, 3).map(lambda seconds: {"seconds": seconds, "size": None}),
    st.integers(0, 600_000).map(lambda size: {"seconds": 1.0, "size": size}),
)


def decoded(data, output_format):
    codec, rate = output_format.split("_")[:2]
    raw = {"format": "RAW", "subtype": RAW[codec], "samplerate": int(rate), "channels": 1} if codec in RAW else {}
    sound, its_rate = soundfile.read(io.BytesIO(data), **raw)
    assert its_rate == int(rate)
    return sound


def tones(sound, rate):
    """When it begins and ends to sound, in seconds, each time; a pause is at least a twentieth of a second."""
    loud = np.flatnonzero(np.abs(sound) > 0.05) / rate
    pauses = np.flatnonzero(np.diff(loud) > 0.05)
    return list(zip(loud[np.r_[0, pauses + 1]], loud[np.r_[pauses, -1]], strict=True))


@settings(deadline=None)
@given(ids, st.sampled_from(FORMATS), lengths)
def test_audio_decodes_at_its_rate_has_its_size_and_tells_its_id(item_id, output_format, length):
    audio = make_audio(item_id, output_format, **length)
    data = b"".join(audio.pieces())
    assert len(data) == audio.size >= (length["size"] or 0)
    assert item_id_of(data) == item_id
    sound = decoded(data, output_format)
    assert 0.01 < np.abs(sound).max() < 1
    if length["size"] is None:
        assert len(sound) / int(output_format.split("_")[1]) == pytest.approx(length["seconds"], abs=1.05)


@settings(deadline=None)
@given(ids, st.sampled_from(FORMATS), st.data())
def test_any_part_of_two_blocks_tells_the_id(item_id, output_format, data):
    audio = b"".join(make_audio(item_id, output_format, seconds=3, size=None).pieces())
    most = {"mp3": 1300, "opus": 1200, "ulaw": 1800, "alaw": 1800}.get(output_format.split("_")[0], 20_000)
    start = data.draw(st.integers(0, len(audio) - most))
    assert item_id_of(audio[start : start + most]) == item_id


@pytest.mark.parametrize("output_format", FORMATS)
def test_audio_is_what_the_package_takes_it_for(output_format):
    data = b"".join(make_audio("an-id", output_format, seconds=0.5, size=None).pieces())
    assert kind_of(data[:4096], output_format).name.lower() == output_format.split("_")[0]


@pytest.mark.parametrize("output_format", ["mp3_44100_64", "opus_48000_96", "mp3_24000_48"])
def test_a_bit_rate_is_kept(output_format):
    audio = make_audio("an-id", output_format, seconds=10, size=None)
    assert audio.size * 8 / 10 == pytest.approx(int(output_format.split("_")[2]) * 1000, rel=0.05)


@pytest.mark.parametrize("output_format", ["mp3_44100_128", "opus_48000_64", "wav_44100", "ulaw_8000"])
def test_an_item_sounds_the_same_in_every_run_and_another_differs(output_format):
    def made(item_id):
        return b"".join(make_audio(item_id, output_format, seconds=1, size=None).pieces())

    assert made("one") == made("one") != made("two")


@pytest.mark.parametrize("output_format", ["mp3_44100_128", "opus_48000_64", "pcm_24000"])
def test_no_piece_of_a_gigabyte_is_large(output_format):
    audio = make_audio("an-id", output_format, seconds=1, size=1 << 30)
    pieces = audio.pieces()
    assert max(len(next(pieces)) for _ in range(50)) <= 1 << 18
    assert audio.size >= 1 << 30


def test_long_opus_has_the_time_of_all_its_pages():
    data = b"".join(make_audio("an-id", "opus_48000_32", seconds=200, size=None).pieces())
    assert soundfile.info(io.BytesIO(data)).duration == pytest.approx(200, abs=0.1)


def test_an_mp3_may_begin_with_a_large_tag_and_other_audio_has_none():
    tagged = b"".join(make_audio("an-id", "mp3_44100_128", seconds=1, size=None, id3=True).pieces())
    assert tagged.startswith(b"ID3")
    assert tagged.find(b"\xff\xfb") > 17 * 1024
    assert np.abs(decoded(tagged, "mp3_44100_128")).max() > 0.01
    for output_format in ("pcm_24000", "opus_48000_64", "wav_44100"):
        plain = make_audio("an-id", output_format, seconds=1, size=None)
        assert make_audio("an-id", output_format, seconds=1, size=None, id3=True) == plain


@pytest.mark.parametrize(
    ("output_format", "tolerance"),
    [
        ("mp3_44100_128", 0.06),
        ("mp3_22050_32", 0.06),
        *((f"{codec}_{rate}", 0.005) for codec in ("wav", "pcm") for rate in RATES),
    ],
)
def test_aligned_audio_sounds_while_a_character_is_spoken_and_is_silent_between_words(
    simulator, output_format, tolerance
):
    item = simulator.history.add(text="Hello,   you   there.", aligned=True, output_format=output_format)
    data = b"".join(item.audio().pieces())
    assert len(data) == item.audio().size
    assert item_id_of(data) == item.id
    alignment = item.metadata["alignments"]["alignment"]
    words = [(0, 6), (9, 12), (15, 21)]
    told = [
        (alignment["character_start_times_seconds"][start], alignment["character_end_times_seconds"][end - 1])
        for start, end in words
    ]
    heard = tones(decoded(data, output_format), int(output_format.split("_")[1]))
    assert np.array(heard) == pytest.approx(np.array(told), abs=tolerance)


@pytest.mark.parametrize("output_format", ["opus_48000_64", "ulaw_8000", "alaw_8000"])
def test_aligned_audio_of_other_formats_is_as_long_as_its_text(simulator, output_format):
    item = simulator.history.add(text="x" * 50, aligned=True, output_format=output_format, seconds=1)
    sound = decoded(b"".join(item.audio().pieces()), output_format)
    assert len(sound) / int(output_format.split("_")[1]) == pytest.approx(3, abs=0.4)


def test_audio_that_is_not_ours_tells_nothing():
    assert item_id_of(b"ID3 and more") is None


@pytest.mark.parametrize(
    "output_format", ["flac_44100", "mp3", "mp3_44100_77", "opus_44100_64", "pcm_7", "", "MP3_44100_128"]
)
def test_a_format_that_can_not_be_made_is_refused_when_an_item_is_added_or_changed(simulator, output_format):
    before = len(simulator.history)
    with pytest.raises(ValueError, match="only the formats of the API"):
        make_audio("an-id", output_format, seconds=1, size=None)
    if output_format:
        with pytest.raises(ValueError, match="only the formats of the API"):
            simulator.history.add(output_format=output_format)
        with pytest.raises(ValueError, match="only the formats of the API"):
            simulator.history.change(next(iter(simulator.history)).id, output_format=output_format)
    assert len(simulator.history) == before


@pytest.mark.parametrize("output_format", FORMATS)
def test_the_server_sends_what_the_item_claims(simulator, http, output_format):
    item = simulator.history.add(output_format=output_format, seconds=0.3)
    answer = http.get(f"/v1/history/{item.id}/audio")
    assert answer.headers["content-type"] == item.metadata["content_type"]
    assert item_id_of(answer.content) == item.id
    decoded(answer.content, output_format)
