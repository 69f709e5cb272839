"""The history is the same in every run, may change while the server answers from it, and may be long."""

import io
import threading
import time
import tracemalloc
from collections import Counter

import pytest
import soundfile
from elevenlabs_history_simulator import History, Quirks, Simulator, item_id_of


def pages(http, **parameters):
    """Yield page after page until the server says that it is done."""
    cursor = {}
    while True:
        answer = http.get("/v1/history", params=parameters | cursor)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        yield page
        if not page["has_more"]:
            return
        cursor = {"start_after_history_item_id": page["last_history_item_id"]}


def listed(http, **parameters):
    return [item["history_item_id"] for page in pages(http, **parameters) for item in page["history"]]


# What it holds


@pytest.fixture(params=["fill", "fill_mixed"])
def filled(request):
    def fill(seed, count):
        history = History(seed)
        getattr(history, request.param)(count)
        return history

    return fill


def test_a_seed_gives_the_same_items_and_another_seed_others(filled):
    one, same, other = ([item.metadata for item in filled(seed, 50)] for seed in (1, 1, 2))
    assert one == same
    assert not {item["history_item_id"] for item in one} & {item["history_item_id"] for item in other}


def test_what_an_item_is_does_not_depend_on_how_many_follow(filled):
    assert [item.metadata for item in filled(1, 5)] == [item.metadata for item in filled(1, 50)][:5]


def test_a_plain_history_is_playable_mp3_of_several_voices_and_models(simulator):
    items = [item.metadata for item in simulator.history]
    assert {(item["output_format"], item["state"]) for item in items} == {("mp3_44100_128", "created")}
    assert len({item["voice_id"] for item in items}) > 3
    assert len({item["model_id"] for item in items}) > 2
    assert len({item["text"] for item in items}) > 3


def test_a_mixed_history_has_everything_that_a_real_one_has():
    history = History(1)
    history.fill_mixed(1000)
    items = [item.metadata for item in history]
    assert {item["state"] for item in items} == {"created", "deleted", "processing", None}
    formats = Counter((item["output_format"] or "none").split("_")[0] for item in items)
    assert formats.keys() == {"mp3", "pcm", "wav", "opus", "ulaw", "alaw", "none"}
    assert formats["mp3"] > 500
    assert len({item["source"] for item in items}) > 5
    assert any(item["dialogue"] for item in items)
    assert all((item["text"] is None) is bool(item["dialogue"]) for item in items)


def test_every_item_of_a_mixed_history_is_listed_and_sounds_unless_it_has_no_audio(simulator, http):
    simulator.history.fill_mixed(60)
    for item in [each for page in pages(http, page_size=7) for each in page["history"]]:
        answer = http.get(f"/v1/history/{item['history_item_id']}/audio")
        assert answer.is_success is (item["state"] not in {"deleted", "processing"})
        if answer.is_success:
            assert item_id_of(answer.content) == item["history_item_id"]
            assert answer.headers["content-type"] == item["content_type"]
            if not (item["output_format"] or "mp3").startswith(("pcm", "ulaw", "alaw")):
                assert soundfile.info(io.BytesIO(answer.content)).duration > 0.9


def test_a_dialogue_tells_text_and_voices_in_its_lines_alone(simulator, http):
    item = simulator.history.add_dialogue([("Rachel", "Hello."), ("Somebody", "Hi."), ("Somebody", "Bye.")], date=5)
    told = http.get(f"/v1/history/{item.id}").json()
    assert (told["text"], told["voice_id"], told["voice_name"], told["date_unix"]) == (None, None, None, 5)
    assert [(line["voice_name"], line["text"]) for line in told["dialogue"]] == [
        ("Rachel", "Hello."),
        ("Somebody", "Hi."),
        ("Somebody", "Bye."),
    ]
    voices = [line["voice_id"] for line in told["dialogue"]]
    assert voices[0] != voices[1] == voices[2]
    assert told["character_count_change_to"] - told["character_count_change_from"] == len("Hello.Hi.Bye.")


def test_any_field_may_differ_even_one_that_the_api_does_not_have_yet(simulator, http):
    item = simulator.history.add(text="Hm?", mood="cheerful", history_item_id="mine", content_type="audio/x")
    told = http.get("/v1/history/mine").json()
    assert item.id == "mine"
    assert (told["text"], told["mood"], told["content_type"]) == ("Hm?", "cheerful", "audio/x")
    assert told["character_count_change_to"] - told["character_count_change_from"] == 3


@pytest.mark.parametrize("text", ["Hé! 👴", "word " * 20_000])
def test_alignments_come_on_request_however_long(simulator, http, text):
    item = simulator.history.add(text=text, aligned=True)
    alignments = http.get(f"/v1/history/{item.id}").json()["alignments"]
    for alignment in (alignments["alignment"], alignments["normalized_alignment"]):
        starts, ends = alignment["character_start_times_seconds"], alignment["character_end_times_seconds"]
        assert "".join(alignment["characters"]) == text
        assert len(starts) == len(ends) == len(text)
        assert starts[1:] == ends[:-1] == sorted(starts[1:])


def test_an_item_of_an_id_that_is_there_takes_its_place(simulator):
    simulator.history.add(history_item_id="mine", text="old")
    simulator.history.add(history_item_id="mine", text="new")
    assert [item.metadata["text"] for item in simulator.history if item.id == "mine"] == ["new"]
    assert len(simulator.history) == len(list(simulator.history)) == 21


# Pages


@pytest.mark.parametrize("direction", ["asc", "desc"])
@pytest.mark.parametrize("page_size", [1, 7, 20, 1000])
def test_pages_give_every_item_once_in_order_of_time(simulator, http, page_size, direction):
    for date in (0, 1_761_000_000, 1_761_000_000, 1_799_999_999):
        simulator.history.add(date=date)
    newest_first = sorted(simulator.history, key=lambda item: -item.date)
    wanted = [item.id for item in newest_first]
    assert listed(http, page_size=page_size, sort_direction=direction) == wanted[:: 1 if direction == "desc" else -1]


def test_a_page_says_how_far_it_has_come(simulator, http):
    items = list(simulator.history)
    first = http.get("/v1/history", params={"page_size": 7}).json()
    assert (first["last_history_item_id"], first["scanned_until"]) == (items[6].id, items[6].date)
    assert first["has_more"] is True
    last = http.get("/v1/history", params={"start_after_history_item_id": items[18].id}).json()
    assert ([item["history_item_id"] for item in last["history"]], last["has_more"]) == ([items[19].id], False)


def test_an_empty_history_is_an_empty_page(http, simulator):
    for item in simulator.history:
        simulator.history.remove(item.id)
    assert http.get("/v1/history").json() == {
        "history": [],
        "last_history_item_id": None,
        "has_more": False,
        "scanned_until": None,
    }


@pytest.mark.parametrize("direction", ["asc", "desc"])
def test_dates_include_their_beginning_and_exclude_their_end(simulator, http, direction):
    ids = [simulator.history.add(date=date).id for date in (100, 101, 102, 103)]
    found = listed(http, date_after_unix=101, date_before_unix=103, sort_direction=direction, page_size=1)
    assert sorted(found) == sorted(ids[1:3])
    assert listed(http, date_after_unix=10**30) == []
    assert listed(http, date_before_unix=-(10**30)) == []
    assert listed(http, date_after_unix=103, date_before_unix=100) == []


@pytest.mark.parametrize("quirks", [Quirks(), Quirks(empty_filtered_pages=True)])
@pytest.mark.parametrize("direction", ["asc", "desc"])
@pytest.mark.parametrize(
    "filters",
    [
        {"voice_id": "21m00Tcm4TlvDq8ikWAM"},
        {"source": "STS"},
        {"model_id": "eleven_v3", "source": "TTS"},
        {"search": "DRAGON"},
        {"search": "no such text"},
    ],
)
def test_a_filter_gives_what_fits_and_nothing_else(simulator, http, quirks, direction, filters):
    simulator.quirks = quirks
    simulator.history.fill_mixed(40)
    wanted = [
        item.id
        for item in simulator.history
        if all(
            value.lower() in (item.metadata["text"] or "").lower() if name == "search" else item.metadata[name] == value
            for name, value in filters.items()
        )
    ]
    found = listed(http, page_size=3, sort_direction=direction, **filters)
    assert found == wanted[:: 1 if direction == "desc" else -1]


def test_a_filtered_page_may_be_empty_while_more_follow(simulator, http):
    simulator.quirks = Quirks(empty_filtered_pages=True)
    simulator.history.add(text="A needle.")
    found = list(pages(http, page_size=7, search="needle"))
    assert [len(page["history"]) for page in found] == [0, 0, 1]
    assert [page["has_more"] for page in found] == [True, True, False]
    assert len({page["last_history_item_id"] for page in found}) == 3
    assert all(page["scanned_until"] for page in found)
    assert len(http.get("/v1/history", params={"page_size": 7}).json()["history"]) == 7


def test_a_model_needs_a_source(http):
    answer = http.get("/v1/history", params={"model_id": "eleven_v3"})
    assert (answer.status_code, answer.json()["detail"]["code"]) == (400, "invalid_parameters")


# What goes and what changes


def behind_a_removed_item(simulator, http):
    items = list(simulator.history)
    simulator.history.remove(items[5].id)
    return items, http.get("/v1/history", params={"start_after_history_item_id": items[5].id, "page_size": 3})


def test_a_stale_cursor_is_echoed(simulator, http):
    items, answer = behind_a_removed_item(simulator, http)
    page = answer.json()
    assert (page["history"], page["has_more"], page["last_history_item_id"]) == ([], False, items[5].id)


def test_a_stale_cursor_may_begin_again(simulator, http):
    simulator.quirks = Quirks(stale_cursor="restart")
    items, answer = behind_a_removed_item(simulator, http)
    assert [item["history_item_id"] for item in answer.json()["history"]] == [item.id for item in items[:3]]


def test_a_stale_cursor_may_be_refused(simulator, http):
    simulator.quirks = Quirks(stale_cursor="refuse")
    _, answer = behind_a_removed_item(simulator, http)
    assert (answer.status_code, answer.json()["detail"]["param"]) == (400, "start_after_history_item_id")


def test_an_item_that_gets_another_date_gets_another_place(simulator, http):
    item = list(simulator.history)[3]
    simulator.history.change(item.id, date=1, text="Moved.")
    assert listed(http)[-1] == item.id
    told = http.get(f"/v1/history/{item.id}").json()
    assert (told["date_unix"], told["text"]) == (1, "Moved.")
    simulator.history.remove(item.id)
    assert item.id not in listed(http)
    assert [each.date for each in simulator.history] == sorted((each.date for each in simulator.history), reverse=True)


def test_what_is_not_there_can_be_neither_changed_nor_removed(simulator):
    with pytest.raises(KeyError, match="nobody"):
        simulator.history.change("nobody", text="x")
    assert simulator.history.remove("nobody") is False


def test_a_history_may_change_from_other_threads_while_it_is_listed(simulator, http):
    kept = [item.id for item in simulator.history]
    done = threading.Event()

    def change(seed):
        while not done.is_set():
            added = simulator.history.add(date=1_700_000_000 + seed, text="New.")
            simulator.history.change(added.id, text="Newer.", date=1_799_000_000 - seed)
            simulator.history.remove(added.id)

    threads = [threading.Thread(target=change, args=[seed]) for seed in range(3)]
    for thread in threads:
        thread.start()
    simulator.quirks = Quirks(stale_cursor="restart")
    # A cursor that is gone meanwhile begins again, so an item may come twice, but none is missing.
    rounds = [set(listed(http, page_size=6)) for _ in range(5)]
    done.set()
    for thread in threads:
        thread.join()
    assert all(found.issuperset(kept) for found in rounds)
    assert [item.id for item in simulator.history] == kept


# A long one


def test_an_item_of_a_long_history_takes_little_memory():
    tracemalloc.start()
    history = History(1)
    history.fill(10_000)
    for item in history:
        item.as_told()
    taken = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert taken < 10_000 * 800


def test_a_hundred_thousand_items_are_made_and_listed_in_seconds():
    # Processor time, because the other tests run at the same time.
    started = time.process_time()
    with Simulator(items=100_000) as simulator:
        made = time.process_time() - started
        import httpx

        with httpx.Client(base_url=simulator.base_url, headers={"xi-api-key": simulator.api_key}) as http:
            durations, found = [], 0
            begun = time.process_time()
            for page in pages(http, page_size=1000):
                found += len(page["history"])
                durations.append(time.process_time() - begun)
                begun = time.process_time()
    assert found == 100_000
    assert made < 4
    assert sum(durations[-20:]) < 3 * sum(durations[:20])
