"""Downloads end as whole files or as typed errors, sync and async, whatever the network does."""

import hashlib
import io
import os
import stat
import zipfile
from pathlib import Path

import pytest
import soundfile
from elevenlabs_history import (
    APIConnectionError,
    APITimeoutError,
    FileKind,
    InvalidArgumentError,
    InvalidRequestError,
    MatchMethod,
    NotFoundError,
    RetryPolicy,
    ServerError,
    TargetExistsError,
    UnexpectedResponseError,
    UnsafeArchiveError,
    WriteError,
)
from elevenlabs_history_simulator import Fault, Quirks, item_id_of

ONCE = RetryPolicy(max_attempts=1)


def files(folder):
    return sorted(str(path.relative_to(folder)) for path in Path(folder).rglob("*") if path.is_file())


@pytest.fixture
def items(client):
    return list(client.list())


@pytest.mark.parametrize("method", ["download", "audio"])
def test_one_item_is_saved_as_received(client, simulator, items, tmp_path, method):
    target = tmp_path / "new" / "one.mp3"
    assert getattr(client, method)(items[0]).save(target) == target
    data = target.read_bytes()
    assert item_id_of(data) == items[0].history_item_id
    assert data == b"".join(simulator.history.get(items[0].history_item_id).audio().pieces())
    assert soundfile.info(io.BytesIO(data)).duration > 0.9
    assert files(tmp_path) == ["new/one.mp3"]


def test_files_of_an_archive_are_returned_in_the_order_of_the_items(client, items, tmp_path):
    requested = [items[number] for number in (5, 0, 9, 2, 7)]
    saved = client.download(requested).extract(tmp_path)
    assert [file.history_item_id for file in saved] == [item.history_item_id for item in requested]


@pytest.mark.parametrize("name", ["three.mp3", "three", "zip"])
def test_an_archive_is_not_saved_under_the_name_of_something_else(client, simulator, items, tmp_path, name):
    simulator.requests.clear()
    with pytest.raises(InvalidArgumentError, match=r"must end in \.zip; `extract` saves"):
        client.download(items[:3]).save(tmp_path / name)
    assert simulator.requests == []
    assert client.download(items[:3]).save(tmp_path / "three.ZIP").exists()


def test_several_items_are_saved_as_the_archive_received(client, items, tmp_path):
    target = client.download(items[:3]).save(tmp_path / "three.zip")
    with zipfile.ZipFile(target) as archive:
        assert {item_id_of(archive.read(name)) for name in archive.namelist()} == {
            item.history_item_id for item in items[:3]
        }


def test_read_and_iter_bytes_give_the_same_bytes(client, items):
    data = client.download(items[0]).read()
    assert b"".join(client.download(items[0]).iter_bytes()) == data
    assert item_id_of(data) == items[0].history_item_id


def test_a_download_sends_nothing_before_a_method_is_called_and_a_request_for_each_call(client, simulator, items):
    simulator.requests.clear()
    download = client.download(items[0])
    assert simulator.requests == []
    assert download.read() == download.read()
    assert len(simulator.requests) == 2


def test_the_format_is_sent_only_if_one_is_given(client, simulator, items):
    ids = [items[0].history_item_id]
    client.download(items[0]).read()
    assert simulator.requests[-1].json == {"history_item_ids": ids}
    data = client.download(items[0], output_format="wav").read()
    assert simulator.requests[-1].json == {"history_item_ids": ids, "output_format": "wav"}
    assert data.startswith(b"RIFF")


def test_an_id_that_is_given_twice_is_requested_once(client, simulator, items):
    client.download([items[0], items[0].history_item_id, items[0]]).read()
    assert simulator.requests[-1].json["history_item_ids"] == [items[0].history_item_id]


def test_a_string_is_one_id_and_not_many_letters(client, simulator, items):
    client.download(items[0].history_item_id).read()
    assert simulator.requests[-1].json["history_item_ids"] == [items[0].history_item_id]


def test_audio_is_requested_uncompressed(client, simulator, items):
    client.download(items[0]).read()
    assert simulator.requests[-1].headers["accept-encoding"] == "identity"


# What is refused before anything is sent.


def test_nothing_to_download_is_refused(client, simulator):
    with pytest.raises(InvalidArgumentError, match="empty"):
        client.download([])
    assert simulator.requests == []


def test_an_existing_file_is_kept_unless_it_may_be_overwritten(client, simulator, items, tmp_path):
    target = tmp_path / "a.mp3"
    target.write_bytes(b"mine")
    simulator.requests.clear()
    with pytest.raises(TargetExistsError, match="Allow overwriting"):
        client.download(items[0]).save(target)
    assert simulator.requests == []
    assert target.read_bytes() == b"mine"
    client.download(items[0]).save(target, overwrite=True)
    assert item_id_of(target.read_bytes()) == items[0].history_item_id


def test_a_file_that_appears_meanwhile_is_kept_too(simulator, items, tmp_path, client):
    target = tmp_path / "a.mp3"
    simulator.faults.add(Fault.meanwhile(lambda _: target.write_bytes(b"theirs")))
    with pytest.raises(TargetExistsError):
        client.download(items[0]).save(target)
    assert target.read_bytes() == b"theirs"
    assert files(tmp_path) == ["a.mp3"]


def test_a_folder_that_is_a_file_is_refused(client, simulator, items, tmp_path):
    (tmp_path / "file").write_text("x")
    simulator.requests.clear()
    download = client.download(items[0])
    with pytest.raises(InvalidArgumentError, match="is a folder"):
        download.save(tmp_path)
    with pytest.raises(InvalidArgumentError, match="is a folder"):
        download.save(f"{tmp_path}/clips/")
    for path in (tmp_path / "file" / "a.mp3", tmp_path / "file" / "deeper" / "a.mp3"):
        with pytest.raises(InvalidArgumentError, match="is a file, not a folder"):
            download.save(path)
        with pytest.raises(InvalidArgumentError, match="is a file, not a folder"):
            download.extract(path.parent)
    assert simulator.requests == []


def test_names_that_can_not_work_are_refused(client, simulator, items, tmp_path):
    simulator.requests.clear()
    with pytest.raises(InvalidArgumentError):
        client.download(items[:2]).extract(tmp_path, template="{nonsense}{ext}")
    with pytest.raises(InvalidArgumentError):
        client.download(items[:2]).extract(tmp_path, template="same{ext}")
    with pytest.raises(InvalidArgumentError, match="pass items as listed"):
        client.download(items[0].history_item_id).extract(tmp_path, template="{voice}_{id}{ext}")
    assert simulator.requests == []


def test_existing_files_are_found_before_anything_is_sent(client, simulator, items, tmp_path):
    (clip,) = client.download(items[0]).extract(tmp_path)
    before = clip.path.read_bytes()
    simulator.requests.clear()
    with pytest.raises(TargetExistsError):
        client.download(items[:2]).extract(tmp_path)
    assert simulator.requests == []
    client.download(items[0]).extract(tmp_path, overwrite=True)
    assert clip.path.read_bytes() == before


# Extracted files.


def test_one_item_becomes_a_file_that_is_matched_to_it(client, items, tmp_path):
    (clip,) = client.download(items[0]).extract(tmp_path)
    assert (clip.history_item_id, clip.match_method, clip.kind) == (
        items[0].history_item_id,
        MatchMethod.ONLY_ITEM,
        FileKind.MP3,
    )
    assert clip.size == clip.path.stat().st_size
    assert clip.path.name.endswith(f"{items[0].history_item_id}.mp3")
    assert files(tmp_path) == [str(clip.path.relative_to(tmp_path))]


def test_a_bare_id_names_its_file(client, items, tmp_path):
    (clip,) = client.download(items[0].history_item_id).extract(tmp_path)
    assert clip.path == tmp_path / f"{items[0].history_item_id}.mp3"


@pytest.mark.parametrize(
    "quirks", [Quirks(), Quirks(folders=True, separator=":"), Quirks(utc_offset=7200, deflated=True)]
)
def test_the_files_of_an_archive_are_matched_by_time(client, simulator, items, tmp_path, quirks):
    simulator.quirks = quirks
    clips = client.download(items[:6]).extract(tmp_path)
    assert {clip.history_item_id for clip in clips} == {item.history_item_id for item in items[:6]}
    for clip in clips:
        assert clip.match_method is MatchMethod.TIME
        assert item_id_of(clip.path.read_bytes()) == clip.history_item_id


def test_the_files_of_an_old_archive_are_matched_by_the_ids_in_their_names(client, simulator, items, tmp_path):
    simulator.quirks = Quirks(names="id")
    clips = client.download([item.history_item_id for item in items[:6]]).extract(tmp_path)
    assert len(clips) == 6
    for clip in clips:
        assert clip.match_method is MatchMethod.ID_IN_NAME
        assert item_id_of(clip.path.read_bytes()) == clip.history_item_id


def test_files_that_nothing_proves_have_no_id(client, items, tmp_path):
    clips = client.download([item.history_item_id for item in items[:3]]).extract(tmp_path)
    assert [clip.history_item_id for clip in clips] == [None] * 3
    assert files(tmp_path) == ["unidentified_1.mp3", "unidentified_2.mp3", "unidentified_3.mp3"]


def test_raw_pcm_becomes_wav_when_its_rate_is_known(client, simulator, tmp_path):
    simulator.history.add(output_format="pcm_24000", date=100)
    simulator.history.add(output_format="pcm_16000", date=50)
    items = list(client.list(before=101))
    (alone,) = client.download(items[0]).extract(tmp_path / "alone")
    together = client.download(items).extract(tmp_path / "together")
    for clip in (alone, *together):
        assert clip.kind is FileKind.WAV
        assert clip.path.suffix == ".wav"
        assert clip.size == clip.path.stat().st_size
        assert item_id_of(clip.path.read_bytes()) == clip.history_item_id
    assert soundfile.info(alone.path).samplerate == 24_000
    assert soundfile.info(alone.path).duration == pytest.approx(1.0, abs=0.2)


@pytest.mark.parametrize("deflated", [False, True])
def test_the_sha256_of_each_file_is_that_of_its_bytes(client, simulator, tmp_path, deflated):
    simulator.history.add(output_format="pcm_24000", date=100)
    simulator.history.add(date=50)
    simulator.quirks = Quirks(deflated=deflated)
    items = list(client.list(before=101))
    saved = client.download(items).extract(tmp_path / "archive")
    for item in items:
        saved += client.download(item).extract(tmp_path / "single")
    assert [file.kind for file in saved].count(FileKind.WAV) == 2
    assert [file.kind for file in saved].count(FileKind.MP3) == 2
    for file in saved:
        assert file.sha256 == hashlib.sha256(file.path.read_bytes()).hexdigest()


def test_raw_pcm_of_unknown_rate_stays_raw_and_says_so(client, simulator, tmp_path):
    item = simulator.history.add(output_format="pcm_24000")
    (clip,) = client.download(item.id).extract(tmp_path)
    assert (clip.kind, clip.path.suffix) == (FileKind.PCM, ".pcm")


# Failures.


@pytest.mark.parametrize("tenth", range(10))
def test_a_body_cut_short_is_requested_again(client, simulator, items, tmp_path, tenth):
    whole = client.download(items[0]).read()
    simulator.requests.clear()
    simulator.faults.add(Fault.truncate(len(whole) * tenth // 10), on="download")
    assert client.download(items[0]).save(tmp_path / "a.mp3").read_bytes() == whole
    assert len(simulator.requests) == 2


@pytest.mark.parametrize(
    "fault",
    [
        Fault.reset_before_headers(),
        Fault.reset_after_headers(),
        Fault.answer(408),
        Fault.answer(429),
        Fault.answer(429, retry_after="0"),
        Fault.answer(429, retry_after="nonsense"),
        Fault.answer(500),
        Fault.answer(502, b"<html>Bad Gateway</html>"),
        Fault.answer(503),
        Fault.answer(504),
    ],
    ids=lambda fault: f"{fault.kind}-{fault.status}",
)
def test_a_temporary_failure_is_retried(client, simulator, items, fault):
    simulator.faults.add(fault, on="download", times=2)
    simulator.faults.add(fault, on="audio", times=2)
    assert item_id_of(client.download(items[0]).read()) == items[0].history_item_id
    assert item_id_of(client.audio(items[0]).read()) == items[0].history_item_id


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault.reset_before_headers(), APIConnectionError),
        (Fault.reset_after_headers(), APIConnectionError),
        (Fault.truncate(5000), APIConnectionError),
        (Fault.answer(500), ServerError),
        (Fault.no_length(), UnexpectedResponseError),
        (Fault.gzip(), UnexpectedResponseError),
        (Fault.answer(200, b'{"detail": {"status": "x", "message": "no audio today"}}'), UnexpectedResponseError),
        (Fault.answer(200, b"<!DOCTYPE html><title>no audio today</title>"), UnexpectedResponseError),
        (Fault.answer(200, b""), UnexpectedResponseError),
        (Fault.answer(302, location="https://example.com/audio"), UnexpectedResponseError),
        (Fault.hang(), APITimeoutError),
    ],
    ids=lambda value: getattr(value, "kind", None) and f"{value.kind}-{value.status}-{len(value.body)}",
)
def test_a_lasting_failure_is_an_error_and_leaves_no_file(make_client, simulator, items, tmp_path, fault, error):
    client = make_client(retry_policy=ONCE, timeout=0.2 if fault.kind == "hang" else 5)
    for call in (
        lambda download: download.save(tmp_path / "a.mp3"),
        lambda download: download.extract(tmp_path),
        lambda download: download.read(),
        lambda download: list(download.iter_bytes()),
    ):
        simulator.faults.add(fault, on="download")
        with pytest.raises(error) as caught:
            call(client.download(items[0]))
        assert "\n" not in str(caught.value)
    assert files(tmp_path) == []


def test_the_message_of_a_page_that_came_as_audio_is_shown(client, simulator, items):
    simulator.faults.add(Fault.answer(200, b'{"detail": {"status": "x", "message": "no audio today"}}'), on="audio")
    with pytest.raises(UnexpectedResponseError, match=f"item {items[0].history_item_id}: no audio today"):
        client.audio(items[0]).read()


def test_a_refused_format_is_an_invalid_request(client, items):
    with pytest.raises(InvalidRequestError, match="must be wav") as caught:
        client.download(items[0], output_format="mp4").read()
    assert caught.value.code == "invalid_output_format"


def test_an_item_that_is_gone_is_not_found(client, simulator, items):
    simulator.history.remove(items[0].history_item_id)
    with pytest.raises(NotFoundError):
        client.download(items[0]).read()


def test_iter_bytes_ends_with_the_error_when_bytes_were_handed_out(client, simulator, items):
    simulator.history.add(size=1_000_000, date=10)
    (large,) = client.list(before=11)
    simulator.faults.add(Fault.truncate(500_000), on="download")
    with pytest.raises(APIConnectionError):
        list(client.download(large).iter_bytes())
    assert len(simulator.requests) == 3


def test_an_archive_that_is_damaged_leaves_nothing(client, simulator, items, tmp_path):
    archive = bytearray(client.download(items[:2]).read())
    archive[5000] ^= 1
    simulator.faults.add(Fault.answer(200, bytes(archive)), on="download")
    with pytest.raises(UnsafeArchiveError, match=items[1].history_item_id):
        client.download(items[:2]).extract(tmp_path)
    assert files(tmp_path) == []


def test_an_empty_archive_is_refused(client, simulator, items, tmp_path):
    simulator.faults.add(Fault.answer(200, b"PK\x05\x06" + bytes(18)), on="download")
    with pytest.raises(UnsafeArchiveError, match="empty"):
        client.download(items[:2]).extract(tmp_path)
    assert files(tmp_path) == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written_to_is_named(client, items, tmp_path):
    tmp_path.chmod(stat.S_IRUSR | stat.S_IXUSR)
    with pytest.raises(WriteError, match=str(tmp_path)):
        client.download(items[0]).save(tmp_path / "a.mp3")


def test_a_path_that_can_not_be_written_is_an_error_with_a_hint(client, items):
    with pytest.raises(WriteError, match="Check the path"):
        client.download(items[0]).save("/proc/cannot/be/made.mp3")


def test_a_slow_body_that_keeps_moving_has_no_limit(make_client, simulator, items):
    client = make_client(retry_policy=ONCE, timeout=0.3)
    simulator.faults.add(Fault.drip(0.05), on="download")
    assert item_id_of(client.download(items[0]).read()) == items[0].history_item_id


@pytest.mark.parametrize("name", ["x" * 300, "a\0b"], ids=["too long", "NUL"])
def test_a_name_that_no_file_can_have_is_refused_before_anything_is_sent(client, simulator, items, tmp_path, name):
    simulator.requests.clear()
    with pytest.raises(InvalidArgumentError, match="Invalid path"):
        client.download(items[0]).save(tmp_path / name)
    for call in (client.download(items[0]).extract, lambda folder: client.download_all(items[:1], folder)):
        with pytest.raises(InvalidArgumentError, match="Invalid path"):
            call(tmp_path / name)
    assert simulator.requests == []


def test_a_name_that_can_not_be_encoded_is_a_write_error(client, simulator, items, tmp_path):
    folder = tmp_path / "\ud800"
    simulator.requests.clear()
    for call in (
        client.download(items[0]).extract,
        lambda folder: client.download(items[0]).save(folder / "a.mp3"),
        lambda folder: client.download_all(items[:1], folder),
    ):
        with pytest.raises(WriteError, match="file names have the encoding"):
            call(folder)
    assert simulator.requests == []
