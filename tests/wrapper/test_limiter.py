"""A run starts with all workers, halves on 429, climbs slowly, and learns how many ids the server takes."""

import pytest
from elevenlabs_history import HistoryItem
from elevenlabs_history._bulk.limiter import BatchSize, ConcurrencyLimiter
from elevenlabs_history._bulk.planning import Settings, plan_requests
from hypothesis import given, strategies as st


def limiter_after(maximum, story):
    """Return a limiter after successes, `+`, and 429s while all allowed requests were in flight, `-`."""
    limiter = ConcurrencyLimiter(maximum)
    for event in story:
        if event == "+":
            limiter.succeeded()
        else:
            limiter.rate_limited(in_flight=limiter.limit)
    return limiter


@pytest.mark.parametrize(
    ("maximum", "story", "limit"),
    [
        (10, "", 10),
        (1, "", 1),
        (10, "-", 5),
        (10, "--", 2),
        (10, "---", 1),
        (10, "----", 1),
        (1, "-", 1),
        # Up by one after four rounds of successes.
        (10, "--" + 7 * "+", 2),
        (10, "--" + 8 * "+", 3),
        (10, "--" + (8 + 11) * "+", 3),
        (10, "--" + (8 + 12) * "+", 4),
        # A 429 begins the count anew.
        (10, "--" + 7 * "+" + "-" + 3 * "+", 1),
        (10, "--" + 7 * "+" + "-" + 4 * "+", 2),
        # Never above the maximum.
        (2, 100 * "+", 2),
        (2, "-" + 100 * "+", 2),
    ],
)
def test_concurrency_starts_at_the_maximum_halves_on_429_and_climbs_slowly(maximum, story, limit):
    assert limiter_after(maximum, story).limit == limit


def test_requests_that_were_sent_before_a_decrease_and_are_refused_after_it_count_once():
    limiter = ConcurrencyLimiter(10)
    for in_flight in range(10, 5, -1):
        limiter.rate_limited(in_flight=in_flight)
    assert limiter.limit == 5
    limiter.rate_limited(in_flight=5)
    assert limiter.limit == 2


@given(st.integers(1, 40), st.text("+-", max_size=200))
def test_the_limit_stays_between_one_and_the_maximum_and_every_429_halves_it(maximum, story):
    limiter = ConcurrencyLimiter(maximum)
    for event in story:
        before = limiter.limit
        if event == "+":
            limiter.succeeded()
            assert before <= limiter.limit <= min(maximum, before + 1)
        else:
            limiter.rate_limited(in_flight=before)
            assert limiter.limit == max(1, before // 2)


@pytest.mark.parametrize(
    ("story", "limit"),
    [
        # Each number is a request of so many ids; a negative one was refused.
        ([], None),
        ([100], None),
        ([-100], 50),
        ([-100, -50], 25),
        # Halving stops at what was served once: a refusal of no more than that has another reason.
        ([50, -100, -60], 50),
        ([80, -20], None),
        ([100, -2], None),
        # As many were served after all: it was something else that failed.
        ([-100, 50, 100], 100),
        ([-50, 50], 50),
    ],
)
def test_a_refused_request_halves_how_many_ids_the_next_one_has(story, limit):
    batch_size = BatchSize()
    for ids in story:
        if ids > 0:
            batch_size.served(ids)
        else:
            batch_size.refused(-ids)
    assert batch_size.limit == limit


@given(st.integers(1, 100))
def test_a_server_that_takes_few_ids_refuses_a_few_requests_only(most_ids):
    batch_size = BatchSize()
    refused = 0
    for _ in range(100):
        ids = min(100, batch_size.limit or 100)
        if ids <= most_ids:
            batch_size.served(ids)
        else:
            batch_size.refused(ids)
            refused += 1
    assert refused <= 7
    assert batch_size.limit is None or batch_size.limit > most_ids / 2 - 1


def described(count):
    # No two in the same second of a quarter of an hour: archives prove every item, whatever their time zone.
    return [
        HistoryItem.from_dict(
            {
                "history_item_id": f"item{number:016}",
                "date_unix": 1_700_000_000 + 61 * number,
                "voice_name": "Rachel",
            }
        )
        for number in range(count)
    ]


@pytest.mark.parametrize(
    ("items", "workers", "batch_size", "sizes"),
    [
        (9, 10, 100, [9]),
        (10, 10, 100, [10]),
        (25, 10, 100, [9, 8, 8]),
        (100, 10, 100, 10 * [10]),
        (300, 10, 100, 10 * [30]),
        (300, 2, 100, 3 * [100]),
        (300, 1, 40, 4 * [38] + 4 * [37]),
        (12, 10, 5, [4, 4, 4]),
        (3, 1, 1, [1, 1, 1]),
    ],
)
def test_batches_are_even_and_give_every_worker_one_of_at_least_ten_items(items, workers, batch_size, sizes):
    settings = Settings(output_format=None, workers=workers, batch_size=batch_size, on_event=None)
    requests = plan_requests(described(items), settings)
    assert sorted(map(len, requests), reverse=True) == sizes


def test_bare_ids_are_requested_one_by_one():
    settings = Settings(output_format=None, workers=2, batch_size=100, on_event=None)
    assert plan_requests(["a", "b", "c"], settings) == [("a",), ("b",), ("c",)]
