"""How many requests are in flight, and how many ids each has, follows from answers and refusals alone."""

import pytest
from elevenlabs_history.pace import Pace
from hypothesis import given
from hypothesis import strategies as st


def paced(most, story):
    """A pace after a story.

    `+` is a good answer that was mostly waited for, `-` one whose bytes took most of its time, and a digit so many
    refusals while all the others were in flight.
    """
    pace = Pace(most)
    for event in story:
        if event in "+-":
            pace.answered(0.9 if event == "+" else 0.6)
        else:
            pace.refused(int(event), running=pace.at_once - 1)
    return pace


@pytest.mark.parametrize(
    ("most", "story", "at_once"),
    [
        (10, "", 4),
        (2, "", 2),
        (10, "+", 10),
        (40, "+", 12),
        (40, "++", 36),
        (10, "+++", 10),
        (10, "++++++", 10),
        (3, "++++++", 3),
        # More requests would not come faster where the bytes take the time.
        (10, "---", 4),
        (10, "--+-", 10),
        (10, "2----", 3),
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
        pace.answered(0.9)
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
            pace.answered(0.9)
            assert before <= pace.at_once <= most
        else:
            pace.refused(event[0], running=event[1])
            assert pace.at_once == 1 or 1 < pace.at_once < before


@pytest.mark.parametrize(
    ("story", "items", "waiting", "running", "share"),
    [
        # The very first asks for few.
        ("", 50, 20, 0, 10),
        ("", 200, 20, 0, 10),
        ("", 20, 1, 0, 10),
        ("", 19, 1, 0, 19),
        ("", 1, 1, 0, 1),
        ("", 40, 20, 1, 40),
        ("", 50, 19, 3, 50),
        # In between, whole batches; at the end, something for everyone who is free, but never just a few items.
        ("+++", 50, 10, 0, 50),
        ("+++", 50, 5, 0, 25),
        ("+++", 50, 3, 0, 13),
        ("+++", 50, 1, 0, 10),
        ("+++", 50, 2, 5, 17),
        ("+++", 50, 2, 9, 50),
        # The last one is for those who will be free soon, too.
        ("+++", 50, 1, 9, 10),
        ("2+++", 50, 1, 1, 25),
        ("+++", 19, 1, 0, 19),
        ("4", 50, 1, 0, 50),
    ],
)
def test_batches_are_shared_where_places_in_flight_would_stay_empty(story, items, waiting, running, share):
    assert paced(10, story).share(items, waiting=waiting, running=running) == share


@given(st.text("+124", max_size=9), st.integers(1, 300), st.integers(1, 30), st.integers(0, 9))
def test_a_share_is_never_nothing_and_never_more_than_the_batch(story, items, waiting, running):
    pace = paced(10, story)
    share = pace.share(items, waiting=waiting, running=min(running, pace.at_once - 1))
    assert min(items, 10) <= share <= items


def taken(pace):
    """The most ids that a request has in the middle of a run."""
    return pace.share(100, waiting=100, running=9)


@pytest.mark.parametrize(
    ("story", "share"),
    [
        # Each is an archive of so many: one that came, or with a minus one that did not.
        ([], 100),
        ([-100], 50),
        ([-100, -50], 25),
        # A short one that came says nothing of longer ones.
        ([-100, -50, 50], 50),
        ([10, -100, 50], 50),
        ([10, -100, 50, 50, 50], 50),
        # What has come before is not too much, whatever fails now.
        ([50, -100, -60], 50),
        # In even parts.
        ([80, -20], 50),
        # As many have come after all: it was something else that failed.
        ([10, -100, 50, 100], 100),
        ([-50, 50], 100),
        # A short one that fails, because an item of it is gone, takes nothing from the others.
        ([100, -2], 100),
    ],
)
def test_a_request_has_no_more_ids_than_the_server_has_shown_to_take(story, share):
    pace = paced(10, "+++")
    for items in story:
        if items > 0:
            pace.received(items)
        else:
            pace.failed(-items)
    assert taken(pace) == share


@given(st.integers(1, 100))
def test_a_server_that_takes_fewer_ids_is_asked_for_too_many_a_few_times_only(most_ids):
    pace = paced(10, "+++")
    failures = 0
    for _ in range(100):
        asked = taken(pace)
        if asked <= most_ids:
            pace.received(asked)
        else:
            pace.failed(asked)
            failures += 1
    assert failures <= 7
    assert taken(pace) > most_ids / 2 - 1
