"""Several ids are answered with an archive, in every shape that the real one may have."""

import io
import re
import struct
import subprocess
import sys
import zipfile

import pytest
from elevenlabs_history_simulator import Quirks, item_id_of

DATE = 1_700_000_000  # 2023-11-14 22:13:20 UTC


def opened(answer):
    assert answer.status_code == 200, answer.text
    return zipfile.ZipFile(io.BytesIO(answer.content))


def names_of(archive):
    return {item_id_of(archive.read(info)): info.filename for info in archive.infolist()}


@pytest.fixture
def some(simulator):
    return [item.id for item in simulator.history][:5]


@pytest.mark.parametrize("output_format", [None, "wav"])
def test_an_archive_holds_the_audio_of_every_item_that_was_asked_for(simulator, download, some, output_format):
    answer = download(*some, output_format=output_format)
    assert answer.headers["content-type"] == "application/zip"
    assert int(answer.headers["content-length"]) == len(answer.content)
    archive = opened(answer)
    assert archive.testzip() is None
    held = {item_id_of(archive.read(info)): archive.read(info) for info in archive.infolist()}
    assert held == {item_id: b"".join(simulator.history.get(item_id).audio(output_format).pieces()) for item_id in some}


def test_the_order_of_an_archive_tells_nothing_and_is_always_the_same(download, some):
    names = [opened(download(*order)).namelist() for order in (some, some[::-1])]
    assert names[0] == names[1]


@pytest.mark.parametrize(
    ("quirks", "name"),
    [
        (Quirks(), "ElevenLabs_2023-11-14T22_13_20_Rachel_pre_s50_sb75_se0_b_m2.mp3"),
        (Quirks(separator=":"), "ElevenLabs_2023-11-14T22:13:20_Rachel_pre_s50_sb75_se0_b_m2.mp3"),
        (Quirks(utc_offset=7200), "ElevenLabs_2023-11-15T00_13_20_Rachel_pre_s50_sb75_se0_b_m2.mp3"),
        (Quirks(folders=True), "v1/ElevenLabs_2023-11-14T22_13_20_Rachel_pre_s50_sb75_se0_b_m2.mp3"),
        (Quirks(names="dated", separator=" "), "ElevenLabs_2023-11-14T22 13 20.mp3"),
        (Quirks(names="id"), "{id}.mp3"),
        (Quirks(names="id", folders=True), "v1/{id}.mp3"),
    ],
)
def test_a_member_is_called_as_the_quirks_say(simulator, download, some, quirks, name):
    simulator.quirks = quirks
    item = simulator.history.add(
        date=DATE, voice_id="v1", voice_name="Rachel", voice_category="premade", model_id="eleven_multilingual_v2"
    )
    assert names_of(opened(download(item.id, some[0])))[item.id] == name.format(id=item.id)


@pytest.mark.parametrize(
    ("fields", "end"),
    [
        ({"voice_name": "A/b: c", "voice_category": "cloned"}, "A_b_ c_ivc_s50_sb75_se0_b_m2.mp3"),
        ({"voice_name": "Å", "voice_category": "professional"}, "Å_pvc_s50_sb75_se0_b_m2.mp3"),
        ({"voice_category": "generated", "model_id": "eleven_v3"}, "R_gen_s50_sb75_se0_b_v3.mp3"),
        ({"settings": {"speed": 1.0, "stability": 0.3, "similarity_boost": 0.9}}, "R_pre_sp100_s30_sb90_m2.mp3"),
        ({"settings": None}, "R_pre_s50_sb75_m2.mp3"),
        ({"output_format": "pcm_24000"}, "R_pre_s50_sb75_se0_b_m2.mp3"),
        ({"voice_name": None, "voice_category": None}, "_pre_s50_sb75_se0_b_m2.mp3"),
    ],
)
def test_a_name_tells_voice_kind_settings_and_model(simulator, download, some, fields, end):
    plain = {"voice_name": "R", "voice_category": "premade", "model_id": "eleven_multilingual_v2"}
    item = simulator.history.add(date=DATE, **(plain | fields))
    assert names_of(opened(download(item.id, some[0])))[item.id] == f"ElevenLabs_2023-11-14T22_13_20_{end}"


@pytest.mark.parametrize("repeated", [False, True])
def test_items_of_one_second_and_voice_share_a_name_or_are_numbered(simulator, download, repeated):
    simulator.quirks = Quirks(names="dated", repeated_names=repeated)
    ids = {simulator.history.add(date=DATE).id for _ in range(3)}
    archive = opened(download(*ids))
    stem = "ElevenLabs_2023-11-14T22_13_20"
    numbered = [f"{stem}.mp3", f"{stem}_1.mp3", f"{stem}_2.mp3"]
    assert archive.namelist() == ([f"{stem}.mp3"] * 3 if repeated else numbered)
    assert {item_id_of(archive.read(info)) for info in archive.infolist()} == ids


def test_an_id_that_is_sent_twice_is_in_the_archive_twice(download, some):
    archive = opened(download(some[0], some[0]))
    assert [item_id_of(archive.read(name)) for name in archive.namelist()] == [some[0]] * 2


def test_an_archive_may_have_one_item_twice(simulator, download, some):
    simulator.quirks = Quirks(duplicates=True)
    assert len(opened(download(*some)).namelist()) == 6


def test_an_archive_may_have_an_item_that_nobody_asked_for(simulator, download, some):
    simulator.quirks = Quirks(intruders=True)
    assert len(names_of(opened(download(*some))).keys() - set(some)) == 1


@pytest.mark.parametrize("deflated", [False, True])
@pytest.mark.parametrize("data_descriptors", [False, True])
@pytest.mark.parametrize("zip64", [False, True])
def test_members_are_written_as_the_quirks_say(simulator, download, some, deflated, data_descriptors, zip64):
    simulator.quirks = Quirks(deflated=deflated, data_descriptors=data_descriptors, zip64=zip64)
    answer = download(*some)
    archive = opened(answer)
    assert archive.testzip() is None
    assert names_of(archive).keys() == set(some)
    for info in archive.infolist():
        header = answer.content[info.header_offset :]
        _, flags, method, crc, packed, size = struct.unpack("<4xHHH4xIII", header[:26])
        assert bool(flags & 8) is data_descriptors
        assert method == (zipfile.ZIP_DEFLATED if deflated else zipfile.ZIP_STORED)
        assert (info.compress_size < info.file_size) is deflated
        sizes = {True: (0xFFFFFFFF, 0xFFFFFFFF), False: (info.compress_size, info.file_size)}[zip64]
        assert (packed, size) == ((0, 0) if data_descriptors and not zip64 else sizes)
        assert (crc == info.CRC) is not data_descriptors


def test_a_programme_that_is_not_ours_reads_a_streamed_archive(simulator, download, some, tmp_path):
    simulator.quirks = Quirks(data_descriptors=True, names="id")
    (tmp_path / "a.zip").write_bytes(download(*some).content)
    subprocess.run([sys.executable, "-m", "zipfile", "-e", "a.zip", "out"], cwd=tmp_path, check=True)
    assert {path.stem for path in (tmp_path / "out").iterdir()} == set(some)


# Ids that have no audio


@pytest.fixture(params=["unknown", "deleted", "processing"])
def silent(request, simulator):
    return "nobody" if request.param == "unknown" else simulator.history.add(state=request.param).id


def test_one_id_without_audio_refuses_all_of_them(download, some, silent):
    answer = download(*some, silent)
    assert answer.status_code == 400
    assert silent in answer.json()["detail"]["message"]


def test_ids_without_audio_may_be_skipped(simulator, download, some, silent):
    simulator.quirks = Quirks(missing_ids="skip")
    assert names_of(opened(download(silent, *some, silent))).keys() == set(some)
    assert download(silent, silent).status_code == 400
    assert download(silent).status_code == 400


def test_an_archive_that_skipped_all_but_one_is_an_archive(simulator, download, some, silent):
    simulator.quirks = Quirks(missing_ids="skip")
    assert opened(download(some[0], silent)).testzip() is None


def test_an_id_without_audio_may_break_the_server(simulator, download, some, silent):
    simulator.quirks = Quirks(missing_ids="error")
    answer = download(*some, silent)
    assert (answer.status_code, answer.json()) == (500, {"detail": "Internal Server Error"})
    assert download(silent).status_code == 400


def test_too_many_ids_and_none_are_refused(simulator, download, some):
    simulator.quirks = Quirks(most_ids=3)
    assert download(*some[:3]).status_code == 200
    for ids in (some[:4], []):
        answer = download(*ids)
        assert (answer.status_code, answer.json()["detail"]["code"]) == (400, "invalid_parameters")
        assert re.search("1 to 3", answer.json()["detail"]["message"])
