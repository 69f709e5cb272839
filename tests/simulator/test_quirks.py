"""Each switch has its positions, refuses others, and changes what is answered."""

import io
import zipfile

import pytest
from elevenlabs_history_simulator import Quirks, item_id_of
from elevenlabs_history_simulator.quirks import about_quirks

REQUIRED = {
    "history_item_id",
    "date_unix",
    "character_count_change_from",
    "character_count_change_to",
    "content_type",
    "state",
}


@pytest.mark.parametrize("switch", about_quirks(), ids=lambda switch: switch.name)
def test_every_switch_can_be_set_to_its_default_in_words_and_to_nothing_else(switch):
    default = " " if switch.default == "a space" else switch.default
    assert Quirks.parse([f"{switch.name}={default}"]) == Quirks()
    with pytest.raises(ValueError, match=f"{switch.name} can't be"):
        Quirks(**{switch.name: ["no such position"]})


def test_words_and_values_mean_the_same():
    assert Quirks.parse(["folders", "names=id", "separator= ", "retry_after=0"]) == Quirks(
        folders=True, names="id", separator=" ", retry_after=0
    )
    assert Quirks.parse(["media_type=text/plain", "unknown_item_status=404"]) == Quirks(
        media_type="text/plain", unknown_item_status=404
    )


@pytest.mark.parametrize("bad", [{"names": "new"}, {"most_ids": 0}, {"utc_offset": 99_999}, {"folders": 1}])
def test_a_value_that_is_no_position_is_refused_with_what_is(bad):
    with pytest.raises(ValueError, match="It can be: "):
        Quirks(**bad)


def test_a_page_that_is_too_large_may_be_as_large_as_can_be(simulator, http):
    simulator.history.fill(1000)
    assert http.get("/v1/history", params={"page_size": 5000}).status_code == 422
    simulator.quirks = Quirks(oversized_pages="clamp")
    assert len(http.get("/v1/history", params={"page_size": 5000}).json()["history"]) == 1000


def test_pages_may_overlap(simulator, http):
    simulator.quirks = Quirks(overlapping_pages=True)
    first = http.get("/v1/history", params={"page_size": 5}).json()
    cursor = first["last_history_item_id"]
    second = http.get("/v1/history", params={"page_size": 5, "start_after_history_item_id": cursor}).json()
    assert second["history"][0] == first["history"][-1]
    assert len(second["history"]) == 6


def test_pages_may_never_end(simulator, http):
    simulator.quirks = Quirks(endless_pages=True)
    last = http.get("/v1/history").json()
    cursor = {"start_after_history_item_id": last["last_history_item_id"]}
    behind = http.get("/v1/history", params=cursor).json()
    assert (len(last["history"]), last["has_more"]) == (20, True)
    assert (behind["history"], behind["has_more"]) == ([], True)
    assert behind["last_history_item_id"] == last["last_history_item_id"]


@pytest.mark.parametrize("position", ["null", "absent"])
def test_what_an_item_need_not_tell_may_be_missing(simulator, http, position):
    simulator.quirks = Quirks(optional_fields=position)
    found = http.get("/v1/history", params={"search": "dragon"}).json()["history"]
    assert found
    for item in found:
        assert {name for name, value in item.items() if value is not None} == REQUIRED
        assert (len(item) == len(REQUIRED)) is (position == "absent")


def test_items_may_be_of_a_later_schema(simulator, http):
    simulator.quirks = Quirks(drifted=True)
    item = http.get("/v1/history").json()["history"][0]
    assert item["source"] == "Holograms"
    assert {"feedback", "watermark"} <= item.keys()


def test_wav_may_be_mp3(simulator, download):
    simulator.quirks = Quirks(wav_is_mp3=True)
    ids = [item.id for item in simulator.history][:2]
    assert download(ids[0], output_format="wav").content.startswith(b"\xff\xfb")
    archive = zipfile.ZipFile(io.BytesIO(download(*ids, output_format="wav").content))
    for name in archive.namelist():
        assert name.endswith(".wav")
        assert archive.read(name).startswith(b"\xff\xfb")


def test_audio_and_archives_may_come_without_a_length(simulator, download, http):
    simulator.quirks = Quirks(chunked=True)
    ids = [item.id for item in simulator.history][:2]
    answers = [download(ids[0]), download(*ids), http.get(f"/v1/history/{ids[0]}/audio")]
    for answer in answers:
        assert answer.headers["transfer-encoding"] == "chunked"
        assert "content-length" not in answer.headers
    assert item_id_of(answers[0].content) == ids[0]
    assert zipfile.ZipFile(io.BytesIO(answers[1].content)).testzip() is None


@pytest.mark.parametrize(
    "quirks",
    [
        Quirks(overlapping_pages=True),
        Quirks(endless_pages=True),
        Quirks(drifted=True),
        Quirks(optional_fields="null"),
        Quirks(optional_fields="absent"),
        Quirks(stale_cursor="restart"),
    ],
)
def test_our_own_client_lists_every_item_once_all_the_same(simulator, client, quirks):
    simulator.quirks = quirks
    found = [item.history_item_id for item in client.list()]
    assert found == [item.id for item in simulator.history]
