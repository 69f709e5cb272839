"""When to try again, after how long, and what the workers of one client share so that they do not make it worse.

The decision is pure: an error, the attempt it ended and the time spent so far give a delay or None. The loops that
sleep and send are in the rooms that send.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from attrs import field, frozen
from attrs.validators import ge

from .errors import APIConnectionError, HistoryError, QuotaExceededError, Timeout

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

log = logging.getLogger("elevenlabs_history")

RETRIED_STATUSES = frozenset({408, 429, 500, 502, 503, 504})

# botocore's quota, which has proven itself: about 35 retries in a row empty it, three good answers earn one back.
BUDGET = 500
RETRY_COST = 14
SUCCESS_REFUND = 5


@frozen(kw_only=True)
class RetryPolicy:
    """How often and how long a call is tried again.

    Attributes:
        attempts: Most times that one call is sent, the first included; 1 switches retries off.
        seconds: Most seconds from the first attempt to the start of the last one.
        wait_initial: The first wait is a random time up to this many seconds, each later one up to twice the one before.
        wait_max: No wait of our own is longer, in seconds.
        retry_after_max: A longer `Retry-After` is cut to this many seconds.
    """

    attempts: int = field(default=6, validator=ge(1))
    seconds: float = field(default=180.0, validator=ge(0))
    wait_initial: float = field(default=0.5, validator=ge(0))
    wait_max: float = field(default=30.0, validator=ge(0))
    retry_after_max: float = field(default=60.0, validator=ge(0))

    def delay(
        self,
        error: HistoryError,
        *,
        attempt: int,
        elapsed: float,
        repeatable: bool,
        fraction: Callable[[], float] = random.random,
    ) -> float | None:
        """Decide what follows a failed attempt.

        Args:
            error: How the attempt ended.
            attempt: Its number, from 1.
            elapsed: Seconds since the first attempt began.
            repeatable: Sending the request twice does no harm.
            fraction: Gives a random number from 0 to 1, for the jitter.

        Returns:
            Seconds to wait before the next attempt, or None to give up.
        """
        if attempt >= self.attempts or not may_retry(error, repeatable=repeatable):
            return None
        if error.retry_after is not None:
            # Everyone was told the same moment; a little more keeps them from coming back at once.
            delay = min(error.retry_after, self.retry_after_max) + fraction() * self.wait_initial
        else:
            delay = fraction() * min(self.wait_max, self.wait_initial * 2.0 ** min(attempt - 1, 30))
        return delay if elapsed + delay <= self.seconds else None


DEFAULT_RETRY_POLICY = RetryPolicy()


def may_retry(error: HistoryError, *, repeatable: bool) -> bool:
    """Tell whether another attempt could end better and does no harm."""
    if isinstance(error, APIConnectionError | Timeout) and (error.never_sent or repeatable):
        return True
    return repeatable and error.status_code in RETRIED_STATUSES and not isinstance(error, QuotaExceededError)


def parse_retry_after(value: str | None, now: datetime) -> float | None:
    """Read a `Retry-After` header.

    Args:
        value: Seconds or an HTTP date, or None when the header is absent.
        now: The present moment, with a time zone.

    Returns:
        Seconds from now, at least 0; None for nonsense, which is no reason to fail.
    """
    if value is None:
        return None
    value = value.strip()
    if value.isascii() and value.isdigit():
        return float(value[:12])
    try:
        moment = parsedate_to_datetime(value)
        return max(0.0, (moment - now).total_seconds())
    except (TypeError, ValueError, OverflowError):
        return None


class RetryBudget:
    """What all calls of one client share: a budget of retries, and a pause after the server asked for one.

    Safe to use from several threads.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._budget = BUDGET
        self.rate_limited = 0
        self._paused_until = 0.0

    def spend(self) -> bool:
        """Take the price of one retry; False when the budget is used up, and nothing should be tried again."""
        with self._lock:
            if self._budget < RETRY_COST:
                return False
            self._budget -= RETRY_COST
            return True

    def refund(self) -> None:
        """Give a little back for a good answer."""
        with self._lock:
            self._budget = min(BUDGET, self._budget + SUCCESS_REFUND)

    def note_rate_limit(self) -> None:
        """Count a 429."""
        with self._lock:
            self.rate_limited += 1

    def pause(self, seconds: float) -> None:
        """Keep every call from starting for some seconds."""
        with self._lock:
            self._paused_until = max(self._paused_until, self._clock() + seconds)

    def remaining_pause(self) -> float:
        """Return for how many more seconds nothing should be sent."""
        with self._lock:
            return max(0.0, self._paused_until - self._clock())


class Attempts:
    """The attempts of one call: counts them and says after each failure what follows.

    A call that is not `patient` ends with a 429 that names no time to come back: its caller has others in flight and
    repeats it when one of those has ended, so nobody has to guess how long to wait.
    """

    def __init__(
        self,
        retry_policy: RetryPolicy,
        shared: RetryBudget,
        *,
        repeatable: bool,
        patient: bool = True,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.number = 1
        self._retry_policy = retries
        self._shared = shared
        self._repeatable = repeatable
        self._patient = patient
        self._clock = clock
        self._start = clock()

    def pause(self) -> float:
        """Return for how many seconds the next attempt has to wait, because the server has asked another call to."""
        return self._shared.remaining_pause()

    def succeeded(self) -> None:
        """Note that the attempt ended well."""
        self._shared.refund()

    def delay_after(self, error: HistoryError) -> float | None:
        """Decide what follows a failed attempt.

        Returns:
            Seconds to wait before the next attempt, or None when the error is final.
        """
        if error.status_code == 429:
            self._shared.note_rate_limit()
            if not self._patient and error.retry_after is None:
                return None
        delay = self._retry_policy.delay(
            error, attempt=self.number, elapsed=self._clock() - self._start, repeatable=self._repeatable
        )
        if delay is None or not self._shared.spend():
            return None
        if error.status_code == 429:
            self._shared.pause(delay)
        log.warning("Attempt %d failed and is repeated in %.1f s: %s", self.number, delay, error.message)
        self.number += 1
        return delay
