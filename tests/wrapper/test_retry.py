"""The decision to try again is pure: an error, an attempt and a time give a delay or an end."""

from datetime import UTC, datetime

import pytest
from elevenlabs_history import errors
from elevenlabs_history._http.api_key import ApiKey
from elevenlabs_history._http.retry import (
    MAX_RETRIES_IN_A_ROW,
    Attempts,
    RetryBudget,
    RetryPolicy,
    is_retryable,
    parse_retry_after,
)
from hypothesis import given, strategies as st

NOW = datetime(2026, 11, 1, 12, 0, 0, tzinfo=UTC)
BUSY = errors.RateLimitError("busy", status_code=429)


def attempts(policy, budget, *, idempotent):
    return Attempts(policy, budget, ApiKey("key"), idempotent=idempotent)


def delay(error, policy=RetryPolicy(), *, attempt=1, waited=0.0, idempotent=True, jitter=1.0):  # noqa: B008 - frozen
    return policy.delay(error, attempt=attempt, waited=waited, idempotent=idempotent, jitter=lambda: jitter)


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_a_temporary_failure_of_a_read_is_retried(status):
    assert is_retryable(errors.ServerError("x", status_code=status), idempotent=True)


@pytest.mark.parametrize(
    "error",
    [
        errors.AuthenticationError("x", status_code=401),
        errors.NotFoundError("x", status_code=404),
        errors.InvalidRequestError("x", status_code=422),
        errors.ServerError("x", status_code=501),
        errors.QuotaExceededError("x", status_code=429),
        errors.UnexpectedResponseError("x", status_code=200),
        errors.WriteError("x"),
        errors.UnsafeArchiveError("x"),
    ],
)
def test_a_permanent_failure_is_not_retried(error):
    assert not is_retryable(error, idempotent=True)


def test_what_is_not_idempotent_is_retried_only_if_it_was_certainly_never_sent():
    for error in (errors.APIConnectionError("refused"), errors.APITimeoutError("connect")):
        assert not is_retryable(error, idempotent=False)
        error.never_sent = True
        assert is_retryable(error, idempotent=False)
    assert not is_retryable(errors.APIConnectionError("reset"), idempotent=False)
    assert not is_retryable(errors.APITimeoutError("read"), idempotent=False)
    assert not is_retryable(BUSY, idempotent=False)


def test_the_waits_double_up_to_the_maximum():
    retries = RetryPolicy(max_attempts=99, timeout=1e9, wait_initial=1, wait_max=5)
    assert [delay(BUSY, retries, attempt=n) for n in (1, 2, 3, 4, 90)] == [1, 2, 4, 5, 5]


def test_the_jitter_is_full():
    assert delay(BUSY, RetryPolicy(wait_initial=1), attempt=3, jitter=0.0) == 0
    assert delay(BUSY, RetryPolicy(wait_initial=1), attempt=3, jitter=0.25) == 1


def test_the_last_attempt_is_the_last():
    assert delay(BUSY, RetryPolicy(max_attempts=3), attempt=2) is not None
    assert delay(BUSY, RetryPolicy(max_attempts=3), attempt=3) is None
    assert delay(BUSY, RetryPolicy(max_attempts=1), attempt=1) is None


def test_no_attempt_starts_after_the_time_for_waiting_is_up():
    assert delay(BUSY, RetryPolicy(timeout=10, wait_initial=1), waited=9.0) == 1
    assert delay(BUSY, RetryPolicy(timeout=10, wait_initial=1), waited=9.1) is None


def test_retry_after_is_obeyed_up_to_its_maximum():
    def asked(seconds):
        return errors.RateLimitError("busy", status_code=429, retry_after=seconds)

    retries = RetryPolicy(retry_after_max=60, wait_initial=0.5)
    assert delay(asked(7.0), retries, jitter=0.0) == 7
    assert delay(asked(7.0), retries, jitter=1.0) == 7.5
    assert delay(asked(86_400.0), retries, jitter=0.0) == 60
    assert delay(asked(0.0), retries, jitter=0.0) == 0


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("0", 0.0),
        ("17", 17.0),
        (" 17 ", 17.0),
        ("Sun, 01 Nov 2026 12:00:30 GMT", 30.0),
        ("Sun, 01 Nov 2026 11:00:00 GMT", 0.0),
        (None, None),
        ("", None),
        ("-5", None),
        ("soon", None),
        ("1.5", None),
        ("٣", None),
        ("nan", None),
        ("Sun, 99 Nov 2026 12:00:30 GMT", None),
        ("Sun, 01 Nov 2026 12:00:30", None),
    ],
)
def test_retry_after_is_parsed_as_seconds_and_as_a_date_and_nonsense_is_ignored(header, seconds):
    assert parse_retry_after(header, NOW) == seconds


@given(st.text(max_size=60))
def test_no_retry_after_breaks_the_parser(header):
    seconds = parse_retry_after(header, NOW)
    assert seconds is None or seconds >= 0


@given(
    st.builds(
        RetryPolicy,
        max_attempts=st.integers(1, 10),
        timeout=st.floats(0, 1e3),
        wait_initial=st.floats(0, 10),
        wait_max=st.floats(0, 60),
    ),
    st.lists(st.tuples(st.floats(0, 1), st.one_of(st.none(), st.floats(0, 1e9))), min_size=12),
)
def test_whatever_happens_the_attempts_end_within_their_count_and_time(policy, history):
    waited = 0.0
    for number, (jitter, retry_after) in enumerate(history, start=1):
        error = errors.RateLimitError("busy", status_code=429, retry_after=retry_after)
        wait = delay(error, policy, attempt=number, waited=waited, jitter=jitter)
        if wait is None:
            break
        waited += wait
        assert waited <= policy.timeout
    assert number <= policy.max_attempts


def test_a_budget_shared_by_all_calls_bounds_their_retries():
    budget = RetryBudget()
    spent = sum(
        attempts(RetryPolicy(max_attempts=2), budget, idempotent=True).delay_after(BUSY) is not None for _ in range(100)
    )
    assert spent == MAX_RETRIES_IN_A_ROW


def test_successes_fill_the_budget_again():
    budget = RetryBudget()
    while budget.acquire():
        pass
    budget.release()
    assert [budget.acquire() for _ in range(MAX_RETRIES_IN_A_ROW + 1)] == [True] * MAX_RETRIES_IN_A_ROW + [False]


def test_retry_after_makes_every_call_of_the_client_wait(monkeypatch):
    now = [1000.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    budget = RetryBudget()
    told = attempts(RetryPolicy(), budget, idempotent=True)
    assert budget.cooldown() == 0
    told.delay_after(errors.RateLimitError("busy", status_code=429, retry_after=8.0))
    assert 8 <= budget.cooldown() <= 8.5
    now[0] += 9
    assert budget.cooldown() == 0


def test_a_429_without_retry_after_makes_only_its_own_call_wait():
    budget = RetryBudget()
    assert attempts(RetryPolicy(), budget, idempotent=True).delay_after(BUSY) is not None
    assert (budget.rate_limited, budget.cooldown()) == (1, 0)


def test_nothing_is_retried_once_a_part_of_the_result_was_passed_on():
    calls = attempts(RetryPolicy(wait_initial=0), RetryBudget(), idempotent=True)
    seen = []

    def call():
        for attempt in calls:
            with attempt:
                seen.append(calls.number)
                calls.may_retry = len(seen) < 3
                raise errors.ServerError("down", status_code=503)

    with pytest.raises(errors.ServerError):
        call()
    assert seen == [1, 2, 3]


@pytest.mark.parametrize(
    "arguments",
    [{"max_attempts": 0}, {"timeout": -1}, {"wait_initial": -0.1}, {"wait_max": -1}, {"retry_after_max": -1}],
)
def test_a_policy_with_an_impossible_number_is_refused(arguments):
    with pytest.raises(ValueError, match=next(iter(arguments))):
        RetryPolicy(**arguments)


def test_a_success_of_a_call_is_returned_to_the_budget():
    budget = RetryBudget()
    while budget.acquire():
        pass
    with attempts(RetryPolicy(), budget, idempotent=True):
        pass
    assert budget.acquire()


def test_a_failed_connection_makes_only_its_own_call_wait():
    budget = RetryBudget()
    attempts(RetryPolicy(), budget, idempotent=True).delay_after(errors.APIConnectionError("reset"))
    assert budget.cooldown() == 0
