"""Many items become files that are proven to be those items, whatever the server does; sync and async."""

import asyncio
import contextvars
import hashlib
import io
import os
import signal
import subprocess
import sys
import threading
import time
import zipfile
from pathlib import PurePosixPath

import httpx
import pytest
from elevenlabs_history import (
    AsyncHistoryClient,
    AuthenticationError,
    BulkDownloadError,
    BytesReceived,
    FileKind,
    FileSaved,
    HistoryClient,
    InvalidArgumentError,
    ItemFailed,
    ItemMissing,
    LockedError,
    NotFoundError,
    RateLimitError,
    RetryPolicy,
    RunFinished,
    RunStarted,
    ServerError,
    TargetExistsError,
    Template,
    UnexpectedResponseError,
)
from elevenlabs_history_simulator import Fault, Quirks, Simulator, item_id_of

FAST = RetryPolicy(wait_initial=0.01, wait_max=0.05)
HALF_HOUR = 1800


def whole(simulator, item_id):
    return b"".join(simulator.history.get(item_id).audio().pieces())


def check_files(simulator, report):
    """Each file holds all of the audio of the item that the report says it is."""
    for file in report.saved:
        saved = file.path.read_bytes()
        assert item_id_of(saved) == file.history_item_id
        # What came as raw PCM has got a header.
        assert saved.endswith(whole(simulator, file.history_item_id))
    assert len({file.path for file in report.saved}) == len(report.saved)


def visible_files(folder):
    return [path for path in folder.rglob("*") if path.is_file() and ".elevenlabs-history" not in path.parts]


def mixed_history(simulator, count):
    """Several items a second, voices of all kinds, dialogues without one, and raw PCM."""
    voices = ["Rachel", "😀" * 75, "ElevenLabs_2024-01-01T00_00_00", "a/b\\c:d", "", "CON"]
    for place in range(count):
        fields = {"voice_name": voices[place % len(voices)]}
        if place % 7 == 0:
            lines = [{"text": "Hello.", "voice_id": "v1", "voice_name": "Ann"}]
            fields |= {"dialogue": lines, "voice_name": None, "voice_id": None, "text": None}
        if place % 5 == 0:
            fields["output_format"] = "pcm_24000"
        simulator.history.add(date=1_700_000_000 + place // 3, seconds=0.05, **fields)


@pytest.fixture
def items(client):
    return list(client.list())


@pytest.mark.parametrize(
    "quirks",
    [
        Quirks(),
        Quirks(names="id"),
        Quirks(names="dated", separator=":", deflated=True),
        Quirks(folders=True, utc_offset=-5 * 3600, separator=" "),
        Quirks(utc_offset=5 * 3600 + HALF_HOUR, most_ids=20),
    ],
    ids=["current", "id", "dated", "folders", "few ids"],
)
def test_every_file_is_the_item_that_the_report_says(client, simulator, tmp_path, quirks):
    mixed_history(simulator, 60)
    simulator.quirks = quirks
    items = list(client.list())
    simulator.requests.clear()
    report = client.download_all(items, tmp_path)
    assert {file.history_item_id for file in report.saved} == {item.history_item_id for item in items}
    assert (report.failed, report.missing, report.skipped) == ([], [], [])
    check_files(simulator, report)
    assert len(simulator.requests) < len(items) / 4
    report.raise_for_failures()


@pytest.mark.parametrize(
    ("quirks", "requests"),
    [
        (Quirks(utc_offset=7200), 100),
        (Quirks(names="dated", separator=" "), 100),
        (Quirks(names="id", folders=True), 100),
        (Quirks(names="id", intruders=True, duplicates=True), 200),
        # What is not proven is requested item by item.
        (Quirks(intruders=True), 2100),
        (Quirks(duplicates=True, utc_offset=-3600), 2100),
        (Quirks(missing_ids="skip"), 1000),
    ],
    ids=["current", "dated", "id", "id and more", "intruders", "duplicates", "missing"],
)
def test_every_file_of_a_long_history_is_the_item_that_the_report_says(quirks, requests, tmp_path):
    with Simulator(items=0, quirks=quirks, concurrency=4) as simulator:
        mixed_history(simulator, 2000)
        for place in range(10):
            simulator.faults.add(Fault.truncate(1000 * place), on="download")
        with HistoryClient(simulator.api_key, base_url=simulator.base_url, retry_policy=FAST) as client:
            items = list(client.list())
            missing = [item.history_item_id for item in items[::400]] if quirks.missing_ids == "skip" else []
            for item_id in missing:
                simulator.history.remove(item_id)
            simulator.requests.clear()
            report = client.download_all(items, tmp_path, workers=6)
        assert sorted(report.missing) == sorted(missing)
        assert len(report.saved) == 2000 - len(missing)
        check_files(simulator, report)
        assert len(simulator.requests) <= requests


def test_bare_ids_are_requested_one_by_one_because_nothing_proves_them_together(client, simulator, items, tmp_path):
    ids = [item.history_item_id for item in items[:3]]
    simulator.requests.clear()
    report = client.download_all([*ids, ids[0]], tmp_path)
    assert {file.path.name for file in report.saved} == {f"{each}.mp3" for each in ids}
    check_files(simulator, report)
    assert len(simulator.requests) == 3


def test_the_repr_of_a_report_is_short(client, items, tmp_path):
    report = client.download_all(items, tmp_path)
    assert repr(report) == "Report(saved=<20>, skipped=<0>, missing=<0>, failed=<0>, aborted_by=None)"


def test_a_second_run_fetches_nothing(client, simulator, items, tmp_path):
    first = client.download_all(items, tmp_path)
    simulator.requests.clear()
    second = client.download_all(items, tmp_path)
    assert {(each.history_item_id, each.path) for each in second.skipped} == {
        (file.history_item_id, file.path) for file in first.saved
    }
    assert second.saved == []
    assert simulator.requests == []


def test_a_second_run_in_another_format_puts_its_files_beside(client, items, tmp_path):
    first = client.download_all(items[:4], tmp_path)
    second = client.download_all(items[:4], tmp_path, output_format="wav")
    assert {file.kind for file in second.saved} == {FileKind.WAV}
    assert {file.path.with_suffix(".mp3") for file in second.saved} == {file.path for file in first.saved}


def test_raw_pcm_that_became_wav_is_not_fetched_again(client, simulator, tmp_path):
    simulator.history.add(output_format="pcm_24000", date=100)
    items = list(client.list(before=101))
    assert client.download_all(items, tmp_path).saved[0].path.suffix == ".wav"
    assert len(client.download_all(items, tmp_path).skipped) == 1


def test_nothing_to_do_is_a_report_of_nothing(client, simulator, tmp_path):
    report = client.download_all([], tmp_path)
    assert (report.saved, report.skipped, report.missing, report.failed) == ([], [], [], [])
    assert simulator.requests == []


@pytest.mark.parametrize("missing_ids", ["refuse", "skip", "error"])
def test_a_missing_item_is_reported_and_stops_no_other(make_client, simulator, tmp_path, missing_ids):
    client = make_client(retry_policy=RetryPolicy(max_attempts=1))
    items = list(client.list())
    simulator.quirks = Quirks(missing_ids=missing_ids)
    simulator.history.remove(items[5].history_item_id)
    events = []
    report = client.download_all(items, tmp_path, on_event=events.append)
    assert report.missing == [items[5].history_item_id]
    assert ItemMissing(items[5].history_item_id) in events
    assert len(report.saved) == len(items) - 1
    check_files(simulator, report)
    report.raise_for_failures()


def test_one_bad_item_stops_no_other_and_is_named(make_client, simulator, tmp_path):
    client = make_client(retry_policy=RetryPolicy(max_attempts=1))
    items = list(client.list())
    bad = items[3].history_item_id
    # The archive of four, then of the two halves and at last of the item alone.
    for _ in range(3):
        simulator.faults.add(Fault.answer(500, b"{}"), on="download")
    report = client.download_all(items[3:7], tmp_path, workers=1, batch_size=4)
    assert [failed.history_item_id for failed in report.failed] == [bad]
    assert isinstance(report.failed[0].error, ServerError)
    assert len(report.saved) == 3
    check_files(simulator, report)
    with pytest.raises(BulkDownloadError, match=f"1 of 4 items were not saved. The first is {bad}"):
        report.raise_for_failures()


def test_a_wrong_key_ends_the_run_at_once(make_client, simulator, items, tmp_path):
    report = make_client("wrong").download_all(items, tmp_path, workers=1, batch_size=2)
    assert {failed.history_item_id for failed in report.failed} == {item.history_item_id for item in items}
    assert all(isinstance(failed.error, AuthenticationError) for failed in report.failed)
    assert sum(request.operation == "download" for request in simulator.requests) == 1


def archive_of(*members):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in members:
            archive.writestr(name, data)
    return file.getvalue()


def test_three_archives_in_a_row_that_prove_nothing_end_archives(client, simulator, items, tmp_path):
    for start in range(0, 15, 5):
        members = (
            (f"{place}.mp3", whole(simulator, items[place].history_item_id)) for place in range(start, start + 5)
        )
        simulator.faults.add(Fault.answer(200, archive_of(*members)), on="download")
        # The items of the archive, one at a time, before the next batch.
        simulator.faults.add(Fault.meanwhile(lambda _: None), on="download", times=5)
    simulator.requests.clear()
    report = client.download_all(items, tmp_path, workers=1, batch_size=5)
    assert len(report.saved) == len(items)
    check_files(simulator, report)
    # The last five are not requested together any more.
    assert len(simulator.requests) == 3 + len(items)


def test_one_archive_that_proves_nothing_does_not_end_archives(client, simulator, items, tmp_path):
    unclear = archive_of(*((f"{place}.mp3", whole(simulator, items[place].history_item_id)) for place in range(5)))
    simulator.faults.add(Fault.answer(200, unclear), on="download")
    simulator.requests.clear()
    report = client.download_all(items, tmp_path, workers=1, batch_size=5)
    assert len(report.saved) == len(items)
    check_files(simulator, report)
    assert len(simulator.requests) == 1 + 5 + 3


@pytest.mark.parametrize(
    "more", [{}, {"intruders": True, "duplicates": True, "missing_ids": "skip"}], ids=["", "mixed"]
)
def test_voice_ids_with_slashes_cost_requests_but_no_item(client, simulator, tmp_path, more):
    simulator.quirks = Quirks(folders=True, **more)
    for place in range(380):
        fields = {"voice_id": f"a/b{place % 7}/c"} if place % 6 == 0 else {}
        simulator.history.add(date=1_700_000_000 + 37 * place, seconds=0.05, **fields)
    items = list(client.list())
    if more:
        for item in items[::90]:
            simulator.history.remove(item.history_item_id)
    report = client.download_all(items, tmp_path, workers=4, batch_size=10)
    assert len(report.saved) + len(report.missing) == 400
    check_files(simulator, report)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_member_that_comes_twice_counts_once(client, simulator, items, tmp_path):
    two = [(f"{item.history_item_id}.mp3", whole(simulator, item.history_item_id)) for item in items[:2]]
    simulator.faults.add(Fault.answer(200, archive_of(*two, *two)), on="download")
    simulator.requests.clear()
    report = client.download_all(items[:2], tmp_path)
    assert len(report.saved) == 2
    check_files(simulator, report)
    assert len(simulator.requests) == 1


def test_a_file_that_was_not_requested_is_not_kept(client, simulator, items, tmp_path):
    members = [(f"{item.history_item_id}.mp3", whole(simulator, item.history_item_id)) for item in items[:3]]
    simulator.faults.add(Fault.answer(200, archive_of(*members)), on="download")
    report = client.download_all(items[:2], tmp_path)
    assert {file.history_item_id for file in report.saved} == {item.history_item_id for item in items[:2]}
    assert len(visible_files(tmp_path)) == 2
    check_files(simulator, report)


def test_an_archive_instead_of_one_audio_file_is_an_error(make_client, simulator, items, tmp_path):
    simulator.faults.add(Fault.answer(200, archive_of()), on="download", times=9)
    report = make_client(retry_policy=RetryPolicy(max_attempts=1)).download_all(items[:1], tmp_path)
    assert isinstance(report.failed[0].error, UnexpectedResponseError)
    assert visible_files(tmp_path) == []


def test_a_server_with_a_low_limit_still_gives_everything(make_client, simulator, items, tmp_path):
    client = make_client(retry_policy=RetryPolicy(max_attempts=2, wait_initial=0.01, wait_max=0.02))
    simulator.concurrency = 1
    simulator.latency = 0.01
    try:
        report = client.download_all(items, tmp_path, workers=8, batch_size=1)
    finally:
        simulator.concurrency = None
        simulator.latency = 0.0
    assert len(report.saved) == len(items)
    check_files(simulator, report)


def test_a_low_limit_of_the_server_slows_a_run_and_fails_nothing(make_client, simulator, tmp_path):
    simulator.history.fill(100)
    client = make_client()
    items = list(client.list())
    simulator.requests.clear()
    simulator.concurrency = 3
    simulator.latency = 0.02
    try:
        report = client.download_all(items, tmp_path, batch_size=2)
    finally:
        simulator.concurrency = None
        simulator.latency = 0.0
    assert len(report.saved) == len(items)
    check_files(simulator, report)
    refused = len(simulator.requests) - len(items) // 2
    assert 1 <= refused <= 60


def test_a_server_that_takes_few_ids_is_sent_few(client, simulator, tmp_path):
    simulator.history.fill(300)
    items = list(client.list())
    simulator.requests.clear()
    simulator.quirks = Quirks(most_ids=30)
    report = client.download_all(items, tmp_path, workers=1)
    assert len(report.saved) == len(items)
    check_files(simulator, report)
    asked = [len(request.json["history_item_ids"]) for request in simulator.requests]
    assert sum(count > 30 for count in asked) <= 6
    assert len(asked) < 25


def test_a_missing_item_does_not_make_later_archives_smaller(client, simulator, tmp_path):
    simulator.history.fill(380)
    items = list(client.list())
    for item in items[:3]:
        simulator.history.remove(item.history_item_id)
    simulator.requests.clear()
    report = client.download_all(items, tmp_path / "first", workers=1)
    assert (len(report.missing), len(report.saved)) == (3, 397)
    assert len(simulator.requests) < 40
    simulator.requests.clear()
    client.download_all(items[3:], tmp_path / "second", workers=1)
    assert len(simulator.requests) == 4


def test_a_client_remembers_how_many_ids_the_server_takes(client, simulator, tmp_path):
    simulator.history.fill(80)
    items = list(client.list())
    simulator.quirks = Quirks(most_ids=30)
    client.download_all(items, tmp_path / "first", workers=1)
    simulator.requests.clear()
    client.download_all(items, tmp_path / "second", workers=1)
    assert max(len(request.json["history_item_ids"]) for request in simulator.requests) <= 30


def test_a_server_that_was_out_of_order_for_a_while_is_asked_for_as_much_as_before(make_client, simulator, tmp_path):
    simulator.history.fill(400)
    client = make_client(retry_policy=RetryPolicy(max_attempts=1))
    items = list(client.list())
    simulator.requests.clear()
    simulator.faults.add(Fault.answer(503, b"{}"), on="download", times=4)
    report = client.download_all(items, tmp_path, workers=1)
    assert len(report.saved) == len(items)
    assert len(simulator.requests) < 15


def test_a_link_that_leads_to_itself_hides_no_file(client, simulator, items, tmp_path):
    client.download_all(items, tmp_path)
    for folder in (tmp_path, *(path for path in tmp_path.rglob("*") if path.is_dir())):
        for name in "0az":
            (folder / name).symlink_to(name)
    assert len(client.download_all(items, tmp_path).skipped) == len(items)


def test_forty_items_are_requested_in_four_archives(client, simulator, tmp_path):
    simulator.history.fill(40)
    items = list(client.list())
    simulator.requests.clear()
    report = client.download_all(items[:40], tmp_path)
    assert len(report.saved) == 40
    assert len(simulator.requests) == 4
    check_files(simulator, report)


def test_a_server_that_only_ever_says_too_many_ends_the_run(make_client, simulator, items, tmp_path):
    simulator.faults.add(Fault.answer(429, b"{}"), on="download", times=1000)
    report = make_client(retry_policy=RetryPolicy(max_attempts=1)).download_all(items, tmp_path, batch_size=4)
    assert {failed.history_item_id for failed in report.failed} == {item.history_item_id for item in items}
    assert all(isinstance(failed.error, RateLimitError) for failed in report.failed)
    assert len(simulator.requests) < 100


def test_events_and_report_agree(client, simulator, items, tmp_path):
    client.download_all(items[:2], tmp_path)
    simulator.history.remove(items[2].history_item_id)
    events = []
    report = client.download_all(items, tmp_path, batch_size=4, on_event=events.append)
    assert events[0] == RunStarted(len(items) - 2)
    assert events[-1] == RunFinished(report)
    assert [event.file for event in events if isinstance(event, FileSaved)] == report.saved
    assert [event.history_item_id for event in events if isinstance(event, ItemMissing)] == report.missing
    assert sum(event.size for event in events if isinstance(event, BytesReceived)) >= sum(
        file.size for file in report.saved
    )
    assert len(report.skipped) == 2


def test_an_exception_of_on_event_ends_the_run_and_leaves_whole_files(client, simulator, items, tmp_path):
    def listen(event):
        if isinstance(event, FileSaved):
            raise KeyError("enough")

    with pytest.raises(KeyError, match="enough"):
        client.download_all(items, tmp_path, workers=2, batch_size=3, on_event=listen)
    files = visible_files(tmp_path)
    assert 1 <= len(files) < len(items)
    for path in files:
        assert whole(simulator, item_id_of(path.read_bytes())) == path.read_bytes()
    assert len(client.download_all(items, tmp_path).failed) == 0


@pytest.mark.parametrize("kind", [RunStarted, BytesReceived, FileSaved, ItemMissing, ItemFailed, RunFinished])
def test_an_exception_of_on_event_reaches_the_caller_whatever_the_event(make_client, simulator, tmp_path, kind):
    client = make_client(retry_policy=RetryPolicy(max_attempts=1))
    items = list(client.list())
    simulator.history.remove(items[0].history_item_id)
    simulator.faults.add(Fault.answer(500, b"{}"), on="download", skip=1)

    def listen(event):
        if isinstance(event, kind):
            raise KeyError("enough")

    with pytest.raises(KeyError, match="enough"):
        client.download_all(items[:4], tmp_path, workers=1, batch_size=1, on_event=listen)
    assert not list(tmp_path.rglob("*.part"))


def test_events_are_complete_until_on_event_raises(client, items, tmp_path):
    saved = []

    def listen(event):
        if isinstance(event, FileSaved):
            saved.append(event.file.path)
            if len(saved) == 3:
                raise KeyError("enough")

    with pytest.raises(KeyError, match="enough"):
        client.download_all(items, tmp_path, workers=1, batch_size=1, on_event=listen)
    assert sorted(saved) == sorted(visible_files(tmp_path))


@pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="sends a signal to the main thread")
def test_an_interrupt_stops_the_run_and_every_file_in_place_had_its_event(simulator, tmp_path):
    simulator.history.fill(40)
    events = []

    def listen(event):
        events.append(event)
        if isinstance(event, FileSaved) and sum(isinstance(each, FileSaved) for each in events) == 3:
            signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)

    # A job in the background of a shell has Ctrl-C ignored.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    simulator.latency = 0.02
    try:
        with HistoryClient(simulator.api_key, base_url=simulator.base_url) as client:
            items = list(client.list())
            with pytest.raises(KeyboardInterrupt):
                client.download_all(items, tmp_path, workers=4, batch_size=1, on_event=listen)
    finally:
        signal.signal(signal.SIGINT, before)
        simulator.latency = 0.0
    saved = [event.file.path for event in events if isinstance(event, FileSaved)]
    assert sorted(saved) == sorted(visible_files(tmp_path))
    assert 3 <= len(saved) < len(items)
    assert isinstance(events[-1], RunFinished)


def test_a_template_names_the_files(client, simulator, items, tmp_path):
    report = client.download_all(items, tmp_path, template="{voice}/{text}_{id}{ext}")
    check_files(simulator, report)
    for file in report.saved:
        item = next(item for item in items if item.history_item_id == file.history_item_id)
        assert file.path == tmp_path / Template("{voice}/{text}_{id}{ext}").path_for(item, file.kind.extension)


def test_a_file_that_may_be_another_item_is_not_taken_for_this_one(client, simulator, items, tmp_path):
    taken, free = (tmp_path / Template("{date}{ext}").path_for(item, ".mp3") for item in items[:2])
    taken.write_bytes(b"somebody's")
    report = client.download_all(items[:2], tmp_path, template="{date}{ext}")
    assert [failed.history_item_id for failed in report.failed] == [items[0].history_item_id]
    assert isinstance(report.failed[0].error, TargetExistsError)
    assert taken.read_bytes() == b"somebody's"
    assert [file.path for file in report.saved] == [free]


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"workers": 0}, InvalidArgumentError),
        ({"batch_size": 0}, InvalidArgumentError),
        ({"template": "{nonsense}{ext}"}, InvalidArgumentError),
        ({"template": "{source}{ext}"}, InvalidArgumentError),
    ],
)
def test_what_can_not_work_is_refused_before_anything_is_sent(client, simulator, items, tmp_path, arguments, error):
    simulator.requests.clear()
    with pytest.raises(error):
        client.download_all(items, tmp_path / "new", **arguments)
    assert simulator.requests == []
    assert not (tmp_path / "new").exists()


def test_what_fails_because_its_file_exists_fails_after_the_run_has_started_and_is_counted(client, items, tmp_path):
    client.download_all(items[:2], tmp_path, template="{date}{ext}")
    events = []
    report = client.download_all(items, tmp_path, template="{date}{ext}", on_event=events.append)
    assert events[0] == RunStarted(len(items))
    assert [event for event in events if isinstance(event, ItemFailed)] == report.failed
    assert len(report.failed) == 2


def test_a_template_for_bare_ids_is_refused(client, tmp_path):
    with pytest.raises(InvalidArgumentError, match="pass items as listed"):
        client.download_all(["abc"], tmp_path, template="{id}{ext}")


def test_a_second_run_in_a_busy_folder_is_refused(client, make_client, simulator, items, tmp_path):
    other = HistoryClient(simulator.api_key, base_url=simulator.base_url)
    refusals = []

    def listen(event):
        if isinstance(event, RunStarted):
            try:
                other.download_all(items, tmp_path)
            except LockedError as error:
                refusals.append(str(error))

    with other:
        report = client.download_all(items, tmp_path, on_event=listen)
    assert len(report.saved) == len(items)
    (refusal,) = refusals
    assert str(tmp_path) in refusal


def test_temporary_files_of_a_killed_run_are_deleted(client, items, tmp_path):
    left = tmp_path / ".elevenlabs-history" / ".0123456789abcdef.part"
    left.parent.mkdir()
    left.write_bytes(b"half of something")
    client.download_all(items[:1], tmp_path)
    assert not left.exists()


def test_a_folder_that_is_a_file_is_refused(client, items, tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(InvalidArgumentError, match="is a file, not a folder"):
        client.download_all(items, tmp_path / "file")


def test_an_unknown_item_fails_without_code_when_a_proxy_says_so(make_client, simulator, items, tmp_path):
    simulator.faults.add(Fault.answer(404, b"<html>nothing here</html>", content_type="text/html"), on="download")
    report = make_client(retry_policy=RetryPolicy(max_attempts=1)).download_all(items[:1], tmp_path)
    assert report.missing == []
    assert isinstance(report.failed[0], ItemFailed)
    assert isinstance(report.failed[0].error, NotFoundError)


def test_a_cancelled_run_finishes_the_requests_in_flight(simulator, tmp_path):
    async def cancel_after_the_first_file():
        saved = threading.Event()

        def listen(event):
            if isinstance(event, FileSaved):
                saved.set()

        async with AsyncHistoryClient(simulator.api_key, base_url=simulator.base_url) as client:
            items = [item async for item in client.list()]
            run = asyncio.ensure_future(client.download_all(items, tmp_path, batch_size=1, workers=2, on_event=listen))
            await asyncio.to_thread(saved.wait)
            run.cancel()
            with pytest.raises(asyncio.CancelledError):
                await run
            kept = visible_files(tmp_path)
            assert 1 <= len(kept) < len(items)
            assert len((await client.download_all(items, tmp_path)).skipped) == len(kept)

    simulator.latency = 0.02
    try:
        asyncio.run(cancel_after_the_first_file())
    finally:
        simulator.latency = 0.0


KILLED_RUNS = """
import os, random, signal, sys, tempfile, time
from elevenlabs_history import HistoryClient
import elevenlabs_history._bulk.run, elevenlabs_history._archive, filelock, pathvalidate
key, url, folder, times = sys.argv[1:]
with HistoryClient(key, base_url=url) as client:
    items = list(client.list())
unused = HistoryClient(key, base_url=url)  # without a connection yet that the children would share

def start(folder):
    child = os.fork()
    if not child:
        unused.download_all(random.sample(items, 40), folder, batch_size=3)
        os._exit(0)
    return child

with tempfile.TemporaryDirectory() as other:
    begin = time.perf_counter()
    os.waitpid(start(other), 0)
    duration = time.perf_counter() - begin
for _ in range(int(times)):
    child = start(folder)
    time.sleep(random.uniform(0.1, 1) * duration)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_two_hundred_kills_leave_whole_files_only_and_the_next_run_completes_them(tmp_path):
    with Simulator(items=1000, latency=0.005) as simulator:
        arguments = [simulator.api_key, simulator.base_url, str(tmp_path), "200"]
        subprocess.run([sys.executable, "-c", KILLED_RUNS, *arguments], check=True)
        kept = visible_files(tmp_path)
        assert kept
        for path in kept:
            saved = path.read_bytes()
            assert saved == whole(simulator, item_id_of(saved))
            assert path.stem.endswith(item_id_of(saved))
        with HistoryClient(simulator.api_key, base_url=simulator.base_url) as client:
            report = client.download_all(list(client.list()), tmp_path)
        assert not report.failed
        assert len(report.skipped) == len(kept)
        assert len(report.skipped) + len(report.saved) == 1000
        check_files(simulator, report)
        assert not list(tmp_path.rglob("*.part"))


@pytest.mark.parametrize("fault", [Fault.answer(500, b"{}"), Fault.reset_before_headers()], ids=["500", "reset"])
def test_a_server_that_fails_everything_ends_the_run_after_a_bounded_number_of_requests(
    make_client, simulator, tmp_path, fault
):
    simulator.history.fill(300)
    client = make_client()
    items = list(client.list())
    simulator.requests.clear()
    simulator.faults.add(fault, on="download", times=10_000)
    report = client.download_all(items, tmp_path)
    assert report.aborted_by is not None
    assert len(simulator.requests) < 150
    assert (report.saved, report.skipped, report.missing) == ([], [], [])
    assert {failed.history_item_id for failed in report.failed} == {item.history_item_id for item in items}
    assert len(report.failed) == len(items)


def test_existing_files_are_replaced_when_asked_for(client, items, tmp_path):
    (path,) = [file.path for file in client.download_all(items[:1], tmp_path).saved]
    path.write_bytes(b"something else")
    assert client.download_all(items[:1], tmp_path).saved == []
    (file,) = client.download_all(items[:1], tmp_path, overwrite=True).saved
    assert file.path == path
    assert hashlib.sha256(path.read_bytes()).hexdigest() == file.sha256


def test_a_function_names_the_files(client, items, tmp_path):
    report = client.download_all(
        items[:3], tmp_path, template=lambda item, extension: PurePosixPath("mine", item.history_item_id + extension)
    )
    assert {file.path.relative_to(tmp_path).as_posix() for file in report.saved} == {
        f"mine/{item.history_item_id}.mp3" for item in items[:3]
    }


HOSTILE_PATHS = [
    "/etc/passwd",
    "..",
    "../outside.mp3",
    "a/../../outside.mp3",
    "a/../inside.mp3",
    "",
    ".",
    "nul\0.mp3",
    "surrogate\ud800.mp3",
    ".elevenlabs-history/lock",
]


@pytest.mark.parametrize("overwrite", [False, True])
@pytest.mark.parametrize("path", HOSTILE_PATHS)
def test_a_function_that_leaves_the_folder_is_refused_before_anything_is_sent(
    client, simulator, items, tmp_path, path, overwrite
):
    folder = tmp_path / "clips"
    simulator.requests.clear()
    arguments = {"template": lambda _item, _extension: PurePosixPath(path), "overwrite": overwrite}
    with pytest.raises(InvalidArgumentError, match="not one of a file below the folder"):
        client.download_all(items[:2], folder, **arguments)
    with pytest.raises(InvalidArgumentError, match="not one of a file below the folder"):
        client.download(items[:2]).extract(folder, **arguments)
    assert simulator.requests == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("names", [("same", "same"), ("Case", "cASE"), ("caf\u00e9", "cafe\u0301")])
def test_a_function_that_gives_two_items_one_path_is_refused(client, simulator, items, tmp_path, names):
    simulator.requests.clear()
    name_of = dict(zip([item.history_item_id for item in items[:2]], names, strict=True))
    with pytest.raises(InvalidArgumentError, match=r"have one path .* Let the template give each item"):
        client.download_all(
            items[:2],
            tmp_path,
            template=lambda item, extension: PurePosixPath(name_of[item.history_item_id] + extension),
            overwrite=True,
        )
    assert simulator.requests == []


def test_a_path_that_only_turns_out_to_be_hostile_fails_its_item(client, simulator, tmp_path):
    simulator.history.add(output_format="pcm_24000", date=100)
    simulator.history.add(date=50)
    items = list(client.list(before=101))
    report = client.download_all(
        items,
        tmp_path / "clips",
        template=lambda item, extension: PurePosixPath("../" * (extension == ".wav") + item.history_item_id),
        overwrite=True,
    )
    assert [failed.history_item_id for failed in report.failed] == [items[0].history_item_id]
    assert isinstance(report.failed[0].error, InvalidArgumentError)
    assert [file.history_item_id for file in report.saved] == [items[1].history_item_id]
    assert list(tmp_path.iterdir()) == [tmp_path / "clips"]


def test_the_sha256_in_the_report_is_that_of_each_file(client, simulator, tmp_path):
    mixed_history(simulator, 30)
    report = client.download_all(list(client.list()), tmp_path)
    assert {file.kind for file in report.saved} >= {FileKind.MP3, FileKind.WAV}
    for file in report.saved:
        assert hashlib.sha256(file.path.read_bytes()).hexdigest() == file.sha256


def test_events_are_delivered_one_at_a_time(client, simulator, tmp_path):
    simulator.history.fill(100)
    inside = threading.Semaphore(1)
    overlaps = []

    def slow(_event):
        if not inside.acquire(blocking=False):
            overlaps.append(1)
            return
        time.sleep(0.002)
        inside.release()

    client.download_all(list(client.list()), tmp_path, batch_size=5, on_event=slow)
    assert not overlaps


def test_an_async_client_with_its_own_httpx_client_needs_a_synchronous_one_for_the_threads(simulator, loop, tmp_path):
    async def run():
        async with httpx.AsyncClient() as brought:
            client = AsyncHistoryClient(simulator.api_key, base_url=simulator.base_url, http_client=brought)
            with pytest.raises(InvalidArgumentError, match=r"http_client=httpx\.Client"):
                await client.download_all(["a"], tmp_path)
            items = [item async for item in client.list()]
            with httpx.Client() as synchronous:
                report = await client.download_all(items, tmp_path, http_client=synchronous)
                assert not synchronous.is_closed
            assert len(report.saved) == len(items)

    loop.run_until_complete(run())


def test_the_variables_of_the_callers_context_reach_every_event(simulator, tmp_path):
    caller = contextvars.ContextVar("caller", default="nobody")
    seen = set()

    def listen(event):
        seen.add((type(event).__name__, caller.get()))

    caller.set("me")
    with HistoryClient(simulator.api_key, base_url=simulator.base_url) as client:
        items = list(client.list())
        client.download_all(items, tmp_path / "sync", workers=2, on_event=listen)

    async def run():
        caller.set("my task")
        async with AsyncHistoryClient(simulator.api_key, base_url=simulator.base_url) as client:
            await client.download_all(items, tmp_path / "async", workers=2, on_event=listen)

    asyncio.run(run())
    assert {name for name, _ in seen} == {"RunStarted", "BytesReceived", "FileSaved", "RunFinished"}
    assert {value for _, value in seen} == {"me", "my task"}
