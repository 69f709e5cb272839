"""The number of requests in flight follows from answers and refusals alone."""

import pytest
from elevenlabs_history.pace import Pace, parted
from hypothesis import given
from hypothesis import strategies as st


def paced(most, story):
    """A pace after a story: `+` is a good answer, a digit so many refusals while all the others were in flight."""
    pace = Pace(most)
    for event in story:
        if event == "+":
            pace.answered()
        else:
            pace.refused(int(event), running=pace.at_once - 1)
    return pace


@pytest.mark.parametrize(
    ("most", "story", "at_once"),
    [
        (10, "", 4),
        (2, "", 2),
        (10, "+", 6),
        (10, "+++", 10),
        (10, "++++++", 10),
        (3, "++++++", 3),
        # Down to what was served, not to half of it.
        (10, "1", 3),
        (10, "11", 2),
        (10, "2", 2),
        (10, "+++1", 9),
        # Never to nothing.
        (10, "4", 1),
        (10, "9999", 1),
        (1, "1", 1),
        # Up again by one, after two rounds of good answers.
        (10, "2+++", 2),
        (10, "2++++", 3),
        (10, "2+++++++++", 3),
        (10, "2++++++++++", 4),
        (2, "1++++++++", 2),
        # One more was refused again: twice as many answers before the next try.
        (10, "2++++1+++++++", 2),
        (10, "2++++1++++++++", 3),
        (10, "2++++1++++++++1" + "+" * 15, 2),
        (10, "2++++1++++++++1" + "+" * 16, 3),
        # One more held: the next try comes as soon as the first one.
        (10, "2++++1++++++++" + "+" * 12 + "+" * 8, 5),
    ],
)
def test_it_grows_until_the_server_refuses_and_then_stays_near_what_it_serves(most, story, at_once):
    assert paced(most, story).at_once == at_once


def test_a_refusal_near_the_end_tells_that_the_few_left_are_what_the_server_serves():
    pace = paced(10, "+++")
    pace.refused(1, running=2)
    assert pace.at_once == 2


def test_a_server_that_never_takes_more_is_hardly_ever_asked_to():
    pace = paced(10, "2")
    refusals = 0
    for _ in range(1000):
        pace.answered()
        if pace.at_once > 2:
            pace.refused(1, running=2)
            refusals += 1
    assert 20 <= refusals <= 40


@given(st.integers(1, 20), st.lists(st.one_of(st.none(), st.tuples(st.integers(1, 20), st.integers(0, 20)))))
def test_it_stays_between_one_and_most_and_every_refusal_lowers_it(most, story):
    pace = Pace(most)
    for event in story:
        before = pace.at_once
        if event is None:
            pace.answered()
            assert before <= pace.at_once <= most
        else:
            pace.refused(event[0], running=event[1])
            assert pace.at_once == 1 or 1 < pace.at_once < before


@pytest.mark.parametrize(
    ("story", "items", "waiting", "running", "parts"),
    [
        # The first batch is asked for in as many parts as are in flight, of ten items at least.
        ("", 50, 20, 0, 4),
        ("", 200, 20, 0, 4),
        ("", 25, 20, 0, 2),
        ("", 9, 1, 0, 1),
        ("", 13, 23, 1, 1),
        ("", 50, 20, 3, 1),
        # In between, as planned; at the end, parts for everyone who is free.
        ("+++", 50, 10, 0, 1),
        ("+++", 50, 5, 0, 2),
        ("+++", 50, 3, 0, 4),
        ("+++", 50, 1, 0, 5),
        ("+++", 50, 1, 7, 3),
        ("+++", 50, 1, 9, 1),
        ("+++", 19, 1, 0, 1),
        ("4", 50, 1, 0, 1),
    ],
)
def test_batches_are_parted_where_places_in_flight_would_stay_empty(story, items, waiting, running, parts):
    assert paced(10, story).parts(items, waiting=waiting, running=running) == parts


@given(st.lists(st.integers(), max_size=60), st.integers(1, 70))
def test_the_parts_are_the_batch_in_order_and_even(batch, parts):
    parted_batch = parted(tuple(batch), parts)
    assert [item for part in parted_batch for item in part] == batch
    assert len(parted_batch) == min(parts, len(batch))
    assert {len(part) for part in parted_batch} <= {len(batch) // parts, -(-len(batch) // parts)}
