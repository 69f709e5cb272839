"""The paginator is plain logic: requests out, pages in."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from elevenlabs_history._listing import Paginator, unix_seconds
from elevenlabs_history.errors import InvalidArgumentError, UnexpectedResponseError
from hypothesis import given, strategies as st

VOICE_ID = "21m00Tcm4TlvDq8ikWAM"


def entry(history_item_id, **fields):
    return {
        "history_item_id": history_item_id,
        "date_unix": 1_700_000_000,
        "character_count_change_from": 0,
        "character_count_change_to": 5,
        "content_type": "audio/mpeg",
        "state": "created",
    } | fields


def page(*entries, cursor=None, has_more=False):
    return {"history": list(entries), "last_history_item_id": cursor, "has_more": has_more}


def paginator(*, limit=None, page_size=1000, **filters):
    none = dict.fromkeys(("voice", "model_id", "source", "search", "after", "before"))
    return Paginator(**{**none, "newest_first": True, **filters}, limit=limit, page_size=page_size)


def ids(items):
    return [item.history_item_id for item in items]


def test_the_next_page_starts_behind_the_last_item():
    pages = paginator()
    assert "start_after_history_item_id" not in pages.next_request()["params"]
    pages.parse(page(entry("a"), cursor="a", has_more=True))
    assert pages.next_request()["params"]["start_after_history_item_id"] == "a"
    pages.parse(page(entry("b")))
    assert pages.next_request() is None


def test_a_repeated_cursor_ends_the_listing():
    pages = paginator()
    pages.parse(page(entry("a"), cursor="a", has_more=True))
    assert ids(pages.parse(page(entry("a"), cursor="a", has_more=True))) == []
    assert pages.next_request() is None


def test_more_to_come_without_a_cursor_ends_the_listing():
    pages = paginator()
    pages.parse(page(entry("a"), cursor=None, has_more=True))
    assert pages.next_request() is None


def test_an_empty_page_with_more_to_come_does_not_end_the_listing():
    pages = paginator(search="x")
    assert pages.parse(page(cursor="c1", has_more=True)) == []
    assert pages.next_request()["params"]["start_after_history_item_id"] == "c1"
    assert ids(pages.parse(page(entry("a")))) == ["a"]


def test_a_duplicate_comes_once():
    pages = paginator()
    assert ids(pages.parse(page(entry("a"), entry("a"), entry("b"), cursor="b", has_more=True))) == ["a", "b"]
    assert ids(pages.parse(page(entry("b"), entry("c")))) == ["c"]


def test_the_limit_ends_the_listing_and_asks_for_no_more_than_needed():
    pages = paginator(limit=3, page_size=2)
    assert pages.next_request()["params"]["page_size"] == 2
    pages.parse(page(entry("a"), entry("b"), cursor="b", has_more=True))
    assert pages.next_request()["params"]["page_size"] == 1
    assert ids(pages.parse(page(entry("c"), entry("d"), cursor="d", has_more=True))) == ["c"]
    assert pages.next_request() is None


def test_a_limit_of_zero_requests_nothing():
    assert paginator(limit=0).next_request() is None


@pytest.mark.parametrize("broken", [7, "text", None, {}, {"history_item_id": 3}, {"history_item_id": ""}, {"x": []}])
def test_an_invalid_entry_does_not_lose_the_page(broken):
    pages = paginator()
    assert ids(pages.parse(page(entry("a"), broken, entry("b")))) == ["a", "b"]
    assert [invalid.entry for invalid in pages.invalid_entries] == [broken]


def test_an_entry_that_lacks_a_required_field_is_named():
    pages = paginator()
    short = entry("lost")
    del short["date_unix"]
    assert pages.parse(page(short)) == []
    assert pages.invalid_entries[0].reason == "item lost: date_unix is not a date: None"


def test_an_invalid_entry_does_not_hide_a_valid_one_of_the_same_id():
    pages = paginator()
    short = entry("a")
    del short["date_unix"]
    assert ids(pages.parse(page(short, entry("a")))) == ["a"]
    assert len(pages.invalid_entries) == 1


@pytest.mark.parametrize(
    ("answers", "exhausted"),
    [
        pytest.param([page(entry("a"))], True, id="the last page"),
        pytest.param([page()], True, id="an empty history"),
        pytest.param([page(entry("a"), cursor="a", has_more=True), page(entry("b"))], True, id="a second page"),
        pytest.param([page(entry("a"), cursor="a", has_more=True)], False, id="a page that has a next one"),
        pytest.param(
            [page(entry("a"), cursor="a", has_more=True), page(cursor="a")], False, id="nothing after a deleted cursor"
        ),
        pytest.param([page(entry("a"), cursor="a", has_more=True)] * 2, False, id="a cursor that does not move"),
        pytest.param([page(entry("a"), has_more=True)], False, id="no cursor"),
    ],
)
def test_a_listing_is_exhausted_only_when_the_server_says_so_credibly(answers, exhausted):
    pages = paginator()
    assert not pages.exhausted
    for answer in answers:
        pages.parse(answer)
    assert pages.exhausted is exhausted


def test_a_listing_that_its_limit_ended_is_not_exhausted():
    pages = paginator(limit=1)
    pages.parse(page(entry("a"), cursor="a", has_more=True))
    assert pages.next_request() is None
    assert not pages.exhausted


def test_a_listing_that_broke_off_is_not_exhausted():
    pages = paginator()
    with pytest.raises(UnexpectedResponseError):
        pages.parse({})
    assert not pages.exhausted


def test_unknown_fields_and_values_are_kept():
    odd = entry(
        "a", source="Holograms", state=None, voice_category="alien", mood={"x": 1}, dialogue=None, settings=None
    )
    (item,) = paginator().parse(page(odd))
    assert (item.source, item.state, item.voice_category) == ("Holograms", None, "alien")
    assert item.to_dict() == odd


@pytest.mark.parametrize("document", [None, [], "x", {}, {"history": None}, {"history": {}}, {"detail": "no"}])
def test_what_is_not_a_page_is_an_error(document):
    pages = paginator()
    with pytest.raises(UnexpectedResponseError, match="not a page of a history"):
        pages.parse(document)
    assert pages.next_request() is None


def test_filters_become_the_parameters_of_the_api():
    params = paginator(
        voice=VOICE_ID,
        model_id="m",
        source="TTS",
        search="dragon",
        after=datetime(2026, 1, 1, tzinfo=UTC),
        before=date(2026, 2, 1),
        newest_first=False,
        page_size=50,
    ).next_request()["params"]
    assert params == {
        "page_size": 50,
        "voice_id": VOICE_ID,
        "model_id": "m",
        "source": "TTS",
        "search": "dragon",
        "date_after_unix": 1767225600,
        "date_before_unix": 1769904000,
        "sort_direction": "asc",
    }


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"voice": ""}, "voice"),
        ({"voice": " "}, "voice"),
        ({"search": 7}, "search"),
        ({"search": "\udcff"}, "search"),
        ({"after": "yesterday"}, "after"),
        ({"before": float("nan")}, "before"),
        ({"before": float("inf")}, "before"),
        ({"limit": -1}, "limit"),
        ({"page_size": 0}, "page_size"),
        ({"page_size": 1001}, "page_size"),
    ],
)
def test_a_filter_that_can_not_be_used_is_refused_at_once(arguments, message):
    with pytest.raises(InvalidArgumentError, match=message):
        paginator(**arguments)


@pytest.mark.parametrize(
    ("timestamp", "seconds"),
    [
        (None, None),
        (1_700_000_000, 1_700_000_000),
        (1_700_000_000.5, 1_700_000_001),
        (date(1970, 1, 2), 86_400),
        (datetime(1970, 1, 2), 86_400),
        (datetime(1970, 1, 2, tzinfo=timezone(timedelta(hours=2))), 79_200),
        (datetime(1970, 1, 1, 0, 0, 0, 1), 1),
    ],
)
def test_a_timestamp_becomes_whole_unix_seconds_in_utc(timestamp, seconds):
    assert unix_seconds(timestamp, "after") == seconds


def lists_of_answers(cursors, has_more):
    history = st.lists(st.sampled_from("abcdefgh"), max_size=4)
    return st.lists(st.tuples(history, cursors, has_more), min_size=1)


@given(
    st.one_of(
        lists_of_answers(st.one_of(st.none(), st.sampled_from("abcdefgh"), st.just(7)), st.booleans()),
        lists_of_answers(st.sampled_from("ab"), st.just(value=True)),
    ),
    st.one_of(st.none(), st.integers(0, 6)),
)
def test_whatever_pages_come_the_listing_ends_and_no_item_comes_twice(answers, limit):
    pages, seen, requests = paginator(limit=limit), [], 0
    while pages.next_request() is not None:
        history, cursor, has_more = answers[requests % len(answers)]
        seen += ids(pages.parse(page(*map(entry, history), cursor=cursor, has_more=has_more)))
        requests += 1
        assert requests <= 9 * 100  # a hundred idle pages at the start and after each of eight ids
    assert len(seen) == len(set(seen))
    assert limit is None or len(seen) <= limit


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2026-01-01", 1_767_225_600),
        ("2026-01-01T12:00:00.5+01:00", 1_767_265_201),
        ("2026-01-01T12:00Z", 1_767_268_800),
    ],
)
def test_a_time_may_be_text(text, seconds):
    assert unix_seconds(text, "after") == seconds


@pytest.mark.parametrize("text", ["", "yesterday", "2026-13-01"])
def test_text_that_is_no_time_is_refused(text):
    with pytest.raises(InvalidArgumentError, match="text such as 2026-01-31"):
        unix_seconds(text, "after")
