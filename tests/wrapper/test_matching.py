"""A member of an archive is matched to an item only by proof, whatever the server sends."""

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import combinations
from typing import Any

import pytest
from attrs import evolve, frozen
from elevenlabs_history import HistoryItem
from elevenlabs_history._matching import Match, MatchMethod, match_members, plan_batches
from hypothesis import assume, given, strategies as st

A = "VW7YKqPnjY4h39yTbx2L"
B = "ja9xsmfGhxYcymxGcOGB"
C = "TyjCUnx2036fnPwSllt8"
NOON = 1_700_000_000
HOUR = 3600
QUARTER = 900
ERAS = ["id", "dated id", "current", "current with folder", "dated", "numbered"]


@frozen
class File:
    name: str
    size: int = 1000
    crc32: int = 0


def make_item(history_item_id: str, date_unix: int = NOON, **known: Any) -> HistoryItem:
    return HistoryItem.from_dict({"history_item_id": history_item_id, "date_unix": date_unix, **known})


def name_of(item: HistoryItem, era: str, *, offset: int = 0, separator: str = "_", number: int = 0) -> str:
    """Name a member as the server did or does, or might."""
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=item.date_unix + offset)
    stamp = f"{moment:%Y-%m-%d}T{moment:%H}{separator}{moment:%M}{separator}{moment:%S}"
    voice = item.voice_name or ""
    return {
        "id": f"{item.history_item_id}.mp3",
        "dated id": f"{item.voice_id}/ElevenLabs_{stamp}.000Z_{voice}_{item.history_item_id}.mp3",
        "current": f"ElevenLabs_{stamp}_{voice}_pre_s50_sb75_se0_b_m2.mp3",
        "current with folder": f"{item.voice_id}/ElevenLabs_{stamp}_{voice}_gen_sp100_s50_sb75_f2-5.mp3",
        "dated": f"ElevenLabs_{stamp}.mp3",
        "numbered": f"audio_{number}.mp3",
    }[era]


def known(matches: Sequence[Match]) -> list[str | None]:
    assert all((history_item_id is None) == (method is None) for history_item_id, method in matches)
    return [history_item_id for history_item_id, _ in matches]


def methods(matches: Sequence[Match]) -> set[MatchMethod | None]:
    return {method for _, method in matches}


def current(*times: int, offset: int = 0) -> list[File]:
    return [File(name_of(make_item(A, time), "current", offset=offset), crc32=time) for time in times]


# One item, one file


@pytest.mark.parametrize(
    "name", ["audio.mp3", "", "x/y/ElevenLabs_whatever.mp3", "ElevenLabs_2023-11-14T22_13_20_x.mp3"]
)
def test_the_only_file_for_the_only_item_is_that_item(name: str) -> None:
    assert match_members([make_item(A)], [File(name)]) == ((A, MatchMethod.ONLY_ITEM),)
    assert match_members([A, A], [File(name), File(name)]) == ((A, MatchMethod.ONLY_ITEM),) * 2


def test_the_only_file_is_not_the_item_when_its_time_says_otherwise() -> None:
    assert known(match_members([make_item(A)], current(NOON + 1))) == [None]
    assert known(match_members([make_item(A)], current(NOON + 15 * HOUR))) == [None]
    assert known(match_members([make_item(A)], current(NOON - 14 * HOUR))) == [A]


def test_of_two_files_for_one_item_neither_is_known() -> None:
    assert known(match_members([A], [File("one.mp3"), File("two.mp3")])) == [None, None]
    assert known(match_members([A], [File("one.mp3", crc32=1), File("one.mp3", crc32=2)])) == [None, None]


def test_without_items_or_members_nothing_is_matched() -> None:
    assert match_members([A], []) == ()
    assert known(match_members([], [File(f"{A}.mp3")])) == [None]


# The id in the name


@pytest.mark.parametrize("era", ["id", "dated id"])
def test_an_id_at_the_end_of_the_name_is_proof_even_of_some_of_the_items(era: str) -> None:
    items = [make_item(A, voice_name="x"), make_item(B, voice_name="x"), make_item(C)]
    answer = match_members(items, [File(name_of(items[1], era)), File(name_of(items[0], era)), File("intruder.mp3")])
    assert known(answer) == [B, A, None]
    assert known(match_members([A, B, C], [File(name_of(items[2], era)), File("other.wav")])) == [C, None]
    assert MatchMethod.ID_IN_NAME in methods(answer)


@pytest.mark.parametrize(
    "name",
    [
        f"{A}/x.mp3",
        f"ElevenLabs_2023-11-14T22_13_20_{A}_pre_s50_sb75_m2.mp3",
        f"ElevenLabs_2023-11-14T22_13_20.000Z_{A}_{B}.mp3",
        f"{A}x.mp3",
        f"x{A}.mp3",
        f"{A}é.mp3",
        f"{A.swapcase()}.mp3",
        f"{A}_1.mp3",
        f"{A}).mp3",
        f"{A}/",
    ],
)
def test_an_id_elsewhere_than_at_the_end_or_beside_another_proves_nothing(name: str) -> None:
    assert known(match_members([A, B], [File(name)])) == [None]


def test_an_id_that_is_part_of_another_is_not_taken_for_it() -> None:
    longer = f"{A}{B}"
    assert known(match_members([A, longer], [File(f"{longer}.mp3"), File(f"{A}.mp3")])) == [longer, A]
    apart = f"{A}_{B}"
    assert known(match_members([B, apart], [File(f"{apart}.mp3"), File(f"x_{B}.mp3")])) == [None, B]


def test_an_id_that_could_be_a_word_of_the_name_proves_nothing() -> None:
    assert known(match_members(["m2", "s50"], [File("ElevenLabs_x_pre_s50_sb75_m2.mp3")])) == [None]
    assert known(match_members(["m2", "s50"], [File("ElevenLabs_x_pre_sb75_m2.mp3")])) == [None]


def test_an_id_in_the_name_does_not_count_against_the_time_in_it() -> None:
    items = [make_item(A, voice_name="x"), make_item(B, NOON + 7)]
    assert known(match_members(items, [File(name_of(items[0], "dated id", offset=HOUR))])) == [A]
    assert known(match_members(items, [File(name_of(items[0], "dated id", offset=HOUR + 1))])) == [None]


def test_two_different_files_with_one_id_are_both_unknown() -> None:
    files = [File(f"{A}.mp3", crc32=1), File(f"{A}.mp3", crc32=2), File(f"{B}.mp3"), File(f"{B}.mp3")]
    assert known(match_members([A, B], files)) == [None, None, B, B]


# The time in the name


@pytest.mark.parametrize("offset", [0, HOUR, -14 * HOUR, 14 * HOUR, 5 * HOUR + 45 * 60])
@pytest.mark.parametrize("separator", ["_", ":", " "])
@pytest.mark.parametrize("era", ["current", "current with folder", "dated"])
def test_times_under_one_offset_tell_the_items(era: str, separator: str, offset: int) -> None:
    items = [
        make_item(A, NOON),
        make_item(B, NOON + 1),
        make_item(C, NOON + 100 * HOUR + 3, voice_name="2020-01-01T00_00_00"),
    ]
    files = [File(name_of(item, era, offset=offset, separator=separator)) for item in items]
    files = [files[1], files[0], files[2], files[1]]
    answer = match_members(items, files)
    assert known(answer) == [B, A, C, B]
    assert methods(answer) == {MatchMethod.TIME}


@pytest.mark.parametrize(
    ("asked", "came"),
    [
        pytest.param([0, 1, 5], [0, 1], id="a missing one"),
        pytest.param([0, 1], [0, 1, 5], id="an intruder"),
        pytest.param([0, 1, 5], [0, 1, 6], id="one in place of another"),
        pytest.param([0, 1], [7, 8], id="an offset of seconds"),
        pytest.param([0, 1], [15 * HOUR, 15 * HOUR + 1], id="an offset of no zone"),
        pytest.param([0, 1], [0, HOUR + 1], id="clocks put forward"),
        pytest.param([0, 0], [0, 0], id="two of one second"),
        pytest.param([0, HOUR], [HOUR, 2 * HOUR], id="the first missing and an intruder after the last"),
        pytest.param([0, HOUR], [0, HOUR], id="two that a zone could make one"),
    ],
)
def test_times_that_can_be_read_in_two_ways_or_none_tell_nothing(asked: list[int], came: list[int]) -> None:
    items = [make_item(f"{place}{A}", NOON + time) for place, time in enumerate(asked)]
    files = [evolve(file, size=place) for place, file in enumerate(current(*(NOON + time for time in came)))]
    assert set(known(match_members(items, files))) == {None}


def test_two_items_of_one_second_leave_the_others_known() -> None:
    items = [make_item(A, NOON), make_item(B, NOON), make_item(C, NOON + 1)]
    files = [evolve(file, size=place) for place, file in enumerate(current(NOON, NOON + 1, NOON))]
    assert known(match_members(items, files)) == [None, C, None]


@pytest.mark.parametrize(
    "name",
    [
        "audio.mp3",
        "ElevenLabs_2023-13-14T22_13_20_x.mp3",
        "x_2023-11-14T22_13_20.mp3",
        "ElevenLabs_2023-11-14T22_13_200.mp3",
    ],
)
def test_one_file_without_a_time_makes_all_times_worthless(name: str) -> None:
    items = [make_item(A, NOON), make_item(B, NOON + 1)]
    assert known(match_members(items, [*current(NOON), File(name)])) == [None, None]


@pytest.mark.parametrize(
    "asked",
    [
        [A, B],
        [make_item(A), B],
        [make_item(A), make_item(A, 5), make_item(B, NOON + 1)],
    ],
)
def test_items_without_a_time_are_not_known_by_it(asked: list[HistoryItem | str]) -> None:
    assert known(match_members(asked, current(NOON, NOON + 1))) == [None, None]


# Whatever the server does


an_id = st.text("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", min_size=20, max_size=20)
ids = st.lists(
    an_id | st.sampled_from([A, B, A + B, B + A, A[:-1], A[1:], "m2", "s50", "000Z"]), unique=True, max_size=8
)
times = st.builds(
    lambda day, quarter, second: NOON + day * 24 * HOUR + quarter * QUARTER + second,
    st.integers(-1, 1),
    st.integers(-60, 60) | st.just(0),
    st.integers(0, 6),
)
voices = st.sampled_from(
    ["", "Rachel", A, B, f"{A}_{B}", "m2", f"x/{A}.mp3", "ElevenLabs_2023-11-14T22_13_20", "_b_m2"]
)
offsets = st.integers(-56, 56).map(lambda quarters: quarters * QUARTER)


@st.composite
def histories(draw: st.DrawFn) -> list[HistoryItem]:
    return [
        make_item(item_id, draw(times), voice_name=draw(voices), voice_id=draw(st.sampled_from([A, B, "21m00"])))
        for item_id in draw(ids)
    ]


@st.composite
def answers(draw: st.DrawFn) -> tuple[list[HistoryItem], list[tuple[File, HistoryItem]]]:
    """Draw what was asked, and an answer of missing, foreign and repeated files, each with the item it truly is."""
    history = draw(histories())
    asked = history[: draw(st.integers(0, len(history)))]
    came = draw(st.lists(st.sampled_from(history), unique_by=lambda item: item.history_item_id)) if history else []
    era, offset, separator = draw(st.sampled_from(ERAS)), draw(offsets), draw(st.sampled_from("_: "))
    files = [
        (File(name_of(item, era, offset=offset, separator=separator, number=number), crc32=history.index(item)), item)
        for number, item in enumerate(came)
    ]
    repeated = draw(st.lists(st.sampled_from(files), max_size=3)) if files else []
    return asked, draw(st.permutations([*files, *repeated]))


@given(answers(), st.sampled_from(["items", "ids"]))
def test_every_match_is_right(answer: tuple[list[HistoryItem], list[tuple[File, HistoryItem]]], given_as: str) -> None:
    asked, files = answer
    missing = [item for item in asked if item not in [truth for _, truth in files]]
    foreign = [truth for _, truth in files if truth not in asked]
    assume(len(asked) != 1 or not missing)
    assume(not any((one.date_unix - other.date_unix) % QUARTER == 0 for one in missing for other in foreign))
    matches = match_members(
        asked if given_as == "items" else [item.history_item_id for item in asked], [file for file, _ in files]
    )
    for told, (_, truth) in zip(known(matches), files, strict=True):
        assert told in {None, truth.history_item_id}


@given(
    histories(), st.integers(1, 5), offsets, st.randoms(use_true_random=False), st.sampled_from(["current", "dated"])
)
def test_a_complete_archive_of_a_planned_batch_is_matched(
    history: list[HistoryItem], size: int, offset: int, chance: random.Random, era: str
) -> None:
    for batch in plan_batches(history, size):
        answer = [(File(name_of(item, era, offset=offset)), item.history_item_id) for item in batch]
        chance.shuffle(answer)
        assert known(match_members(batch, [file for file, _ in answer])) == [item_id for _, item_id in answer]


@given(histories(), st.integers(1, 5))
def test_batches_are_as_few_as_the_times_allow(history: list[HistoryItem], size: int) -> None:
    batches = plan_batches(history, size)
    assert sorted(item.history_item_id for batch in batches for item in batch) == sorted(
        item.history_item_id for item in history
    )
    together = max((sum(clash(one, other) for other in history) for one in history), default=0)
    assert len(batches) >= -(-len(history) // size)
    assert len(batches) <= max(-(-len(history) // size), together)
    for batch in batches:
        assert 0 < len(batch) <= size
        assert not any(clash(one, other) for one, other in combinations(batch, 2))
        assert [history.index(item) for item in batch] == sorted(history.index(item) for item in batch)
    firsts = [history.index(batch[0]) for batch in batches]
    assert firsts == sorted(firsts)


def clash(one: HistoryItem, other: HistoryItem) -> bool:
    apart = abs(one.date_unix - other.date_unix)
    return apart % QUARTER == 0 and apart <= 28 * HOUR


def test_batches_are_full_where_nothing_clashes() -> None:
    batches = plan_batches([make_item(f"{place:020}", NOON + 7 * place) for place in range(500)], 50)
    assert [len(batch) for batch in batches] == [50] * 10


def test_a_burst_is_spread_over_the_batches_of_the_rest() -> None:
    quiet = [make_item(f"{place:020}", NOON + 901 * place) for place in range(970)]
    burst = [make_item(f"burst{place:015}", NOON - 1) for place in range(30)]
    assert len(plan_batches([*quiet, *burst], 50)) == 30


def test_items_a_day_apart_or_more_share_a_batch_even_at_the_same_time_of_day() -> None:
    assert len(plan_batches([make_item(f"{place:020}", NOON + 48 * HOUR * place) for place in range(50)], 50)) == 1
