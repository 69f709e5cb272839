"""A member of an archive that nobody requested is matched to an item of a long listing only by proof."""

from datetime import UTC, datetime, timedelta

import pytest
from attrs import frozen
from elevenlabs_history import HistoryItem
from elevenlabs_history._matching import MatchMethod, match_listed
from hypothesis import assume, given, strategies as st

NOON = 1_700_000_000
HOUR = 3600
QUARTER = 900


@frozen
class File:
    name: str
    size: int = 1000
    crc32: int = 0


def item_at(date_unix: int, number: int = 0) -> HistoryItem:
    metadata = {"history_item_id": f"{number:04}Ab{date_unix:014}", "date_unix": date_unix}
    fields = ("character_count_change_from", "character_count_change_to", "content_type", "state")
    return HistoryItem.from_dict(metadata | dict.fromkeys(fields))


def items_at(*dates: int) -> list[HistoryItem]:
    return [item_at(NOON + date, number) for number, date in enumerate(dates)]


def member_of(item: HistoryItem, *, offset: int = 0, with_id: bool = False) -> File:
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=item.date_unix + offset)
    more = f"_{item.history_item_id}" if with_id else "_Rachel_pre_s50_sb75_m2"
    return File(f"ElevenLabs_{moment:%Y-%m-%dT%H_%M_%S}{more}.mp3", crc32=hash(item.history_item_id) % 2**32)


def told(listed: list[HistoryItem], files: list[File]) -> list[str | None]:
    return [history_item_id for history_item_id, _ in match_listed(listed, files)]


def ids(items: list[HistoryItem]) -> list[str]:
    return [item.history_item_id for item in items]


@pytest.mark.parametrize("offset", [0, -14 * HOUR, 5 * HOUR + 45 * 60])
def test_a_part_of_a_listing_is_matched_by_its_times(offset: int) -> None:
    listed = items_at(*range(0, 7000 * 300, 7001))
    part = listed[40:60]
    matches = match_listed(listed, [member_of(item, offset=offset) for item in reversed(part)])
    assert list(matches) == [(each, MatchMethod.TIME) for each in ids(part[::-1])]


def test_a_single_file_and_two_prove_nothing_by_their_times() -> None:
    listed = items_at(0, 1, 2, 3)
    for count in (1, 2):
        assert told(listed, [member_of(item) for item in listed[:count]]) == [None] * count
        assert told(listed[:count], [member_of(item) for item in listed[:count]]) == [None] * count
    assert told(listed, [member_of(item) for item in listed[:3]]) == ids(listed[:3])


@pytest.mark.parametrize(
    ("dates", "came"),
    [
        pytest.param([0, 1, 2, 3], [0, 1, 2, 7], id="one that is not listed"),
        pytest.param([0, 1, 2, 3], [7, 8, 9], id="an offset of seconds"),
        pytest.param([0, 1, 2, 3], [15 * HOUR, 15 * HOUR + 1, 15 * HOUR + 2], id="an offset of no zone"),
        pytest.param([0, 1, 2, 3], [0, 1, HOUR + 2], id="clocks put forward"),
        pytest.param([0, 0, 1, 1, 2, 2], [0, 1, 2], id="two of each second"),
        pytest.param([*range(0, 6 * QUARTER, QUARTER)], [0, QUARTER, 2 * QUARTER], id="items a quarter apart"),
    ],
)
def test_times_that_can_be_read_in_two_ways_or_none_prove_nothing(dates: list[int], came: list[int]) -> None:
    assert set(told(items_at(*dates), [member_of(item) for item in items_at(*came)])) == {None}


def test_an_item_that_could_be_another_one_leaves_the_others_known() -> None:
    listed = items_at(0, 1, 2, 3, HOUR + 3, 4, 4)
    assert told(listed, [member_of(item) for item in listed[:4]]) == [*ids(listed[:3]), None]
    assert told(listed, [member_of(item) for item in [*listed[:3], listed[5]]]) == [*ids(listed[:3]), None]


def test_one_file_without_a_time_makes_all_times_worthless() -> None:
    listed = items_at(0, 1, 2)
    assert told(listed, [*(member_of(item) for item in listed), File("readme.mp3")]) == [None] * 4


def test_two_files_of_one_second_are_both_unknown() -> None:
    listed = items_at(0, 1, 2, 3)
    files = [member_of(item) for item in listed]
    assert told(listed, [*files, File(files[0].name, crc32=5)]) == [None, *ids(listed[1:]), None]
    assert told(listed, [*files, files[0]]) == [*ids(listed), listed[0].history_item_id]
    # Three files, but of two items only.
    assert told(listed, [*files[:2], File(files[0].name, crc32=5)]) == [None] * 3


def test_an_id_in_the_name_is_proof_alone_and_beside_foreign_files() -> None:
    listed = items_at(0, 1)
    foreign = item_at(NOON, 99)
    files = [member_of(listed[1], with_id=True, offset=HOUR), member_of(foreign, with_id=True), File("x.mp3")]
    matches = match_listed(listed, files)
    assert matches == ((listed[1].history_item_id, MatchMethod.ID_IN_NAME), (None, None), (None, None))


def test_the_only_file_is_not_the_only_item() -> None:
    assert told(items_at(0), [File("audio.mp3")]) == [None]
    assert told([], [File("audio.mp3")]) == [None]
    assert told(items_at(0), []) == []


dates = st.builds(
    lambda day, quarter, second: NOON + day * 24 * HOUR + quarter * QUARTER + second,
    st.integers(-1, 1),
    st.integers(-60, 60) | st.just(0),
    st.integers(0, 12),
)
histories = st.lists(dates, max_size=12).map(lambda each: [item_at(date, number) for number, date in enumerate(each)])
offsets = st.integers(-56, 56).map(lambda quarters: quarters * QUARTER)


def clash(one: HistoryItem, other: HistoryItem) -> bool:
    apart = abs(one.date_unix - other.date_unix)
    return apart % QUARTER == 0 and apart <= 28 * HOUR


@given(histories, st.data(), offsets)
def test_every_match_of_a_listed_item_is_right(history: list[HistoryItem], data: st.DataObject, offset: int) -> None:
    came = data.draw(st.lists(st.sampled_from(history), unique_by=lambda item: item.history_item_id)) if history else []
    found = told(history, [member_of(item, offset=offset, with_id=data.draw(st.booleans())) for item in came])
    assert all(each in {None, item.history_item_id} for each, item in zip(found, came, strict=True))


@given(histories, histories, st.data(), offsets)
def test_no_match_of_an_item_that_is_not_listed_is_made(
    listed: list[HistoryItem], others: list[HistoryItem], data: st.DataObject, offset: int
) -> None:
    foreign = [item_at(item.date_unix, 1000 + number) for number, item in enumerate(others)]
    assume(not any(clash(one, other) for one in foreign for other in listed))
    came = data.draw(st.permutations([*listed[: data.draw(st.integers(0, len(listed)))], *foreign]))
    found = told(listed, [member_of(item, offset=offset) for item in came])
    assert all(each in {None, item.history_item_id} for each, item in zip(found, came, strict=True))
    if foreign:
        assert set(found) == {None}


@given(histories, offsets)
def test_items_that_nothing_clashes_with_are_all_matched(history: list[HistoryItem], offset: int) -> None:
    clear = [item for item in history if not any(clash(item, other) for other in history if other is not item)]
    assume(len(clear) >= 3)
    assert told(history, [member_of(item, offset=offset) for item in clear]) == ids(clear)
