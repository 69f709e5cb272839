"""When to retry, after how long, and what the calls of one client share so that retries do not make an outage worse.

The decision is pure: an error, the number of the attempt and the time spent waiting give a delay or None.
"""

import logging
import random
import threading
import time
from collections.abc import Callable
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Self

from attrs import field, frozen
from attrs.validators import ge

from ..errors import APIConnectionError, APITimeoutError, HistoryError, QuotaExceededError
from .api_key import ApiKey

log = logging.getLogger("elevenlabs_history")

RETRIED_STATUSES = frozenset({408, 429, 500, 502, 503, 504})

# As many as the retry quota of botocore allows.
MAX_RETRIES_IN_A_ROW = 35


@frozen(kw_only=True)
class RetryPolicy:
    """How often and for how long a call is retried.

    Attributes:
        max_attempts: Maximum number of attempts, including the first; 1 turns retries off.
        timeout: Maximum seconds spent waiting between the attempts; the requests themselves are not counted.
        wait_initial: The first wait is random, up to this many seconds; the limit doubles with each further wait.
        wait_max: Maximum seconds of one wait.
        retry_after_max: A longer `Retry-After` is cut to this many seconds.
    """

    max_attempts: int = field(default=6, validator=ge(1))
    timeout: float = field(default=180.0, validator=ge(0))
    wait_initial: float = field(default=0.5, validator=ge(0))
    wait_max: float = field(default=30.0, validator=ge(0))
    retry_after_max: float = field(default=60.0, validator=ge(0))

    def delay(
        self,
        error: HistoryError,
        *,
        attempt: int,
        waited: float,
        idempotent: bool,
        jitter: Callable[[], float] = random.random,
    ) -> float | None:
        """Return the seconds to wait after attempt number `attempt` failed, or None to give up.

        `waited` is the seconds of all waits so far; `jitter` returns a random number from 0 to 1.
        """
        if attempt >= self.max_attempts or not is_retryable(error, idempotent=idempotent):
            return None
        if error.retry_after is not None:
            # All clients were told the same time; the jitter keeps them from returning at once.
            delay = min(error.retry_after, self.retry_after_max) + jitter() * self.wait_initial
        else:
            delay = jitter() * min(self.wait_max, self.wait_initial * 2.0 ** min(attempt - 1, 30))
        return delay if waited + delay <= self.timeout else None


DEFAULT_RETRY_POLICY = RetryPolicy()


def is_retryable(error: HistoryError, *, idempotent: bool) -> bool:
    """Tell whether another attempt may succeed and does no harm."""
    if isinstance(error, APIConnectionError | APITimeoutError) and (error.never_sent or idempotent):
        return True
    return idempotent and error.status_code in RETRIED_STATUSES and not isinstance(error, QuotaExceededError)


def parse_retry_after(value: str | None, now: datetime) -> float | None:
    """Return the seconds of a `Retry-After` header, which holds seconds or an HTTP date; None if absent or invalid."""
    if value is None:
        return None
    value = value.strip()
    if value.isascii() and value.isdigit():
        return float(value[:12])
    try:
        return max(0.0, (parsedate_to_datetime(value) - now).total_seconds())
    except (TypeError, ValueError, OverflowError):
        return None


class RetryBudget:
    """What all calls of one client share: how many retries in a row, and a cooldown if the server asked for one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._retries = 0
        self._cooldown_until = 0.0
        self.rate_limited: int = 0
        """How many responses were 429 so far."""

    def acquire(self) -> bool:
        """Take one retry; False if there were too many since the last success, so that the server gets a rest."""
        with self._lock:
            self._retries += 1
            return self._retries <= MAX_RETRIES_IN_A_ROW

    def release(self) -> None:
        """Record a success, after which retries make sense again."""
        with self._lock:
            self._retries = 0

    def record_rate_limit(self, cooldown: float) -> None:
        """Count a 429 and keep every call from starting for some seconds."""
        with self._lock:
            self.rate_limited += 1
            self._cooldown_until = max(self._cooldown_until, time.monotonic() + cooldown)

    def cooldown(self) -> float:
        """Return for how many more seconds nothing should be sent."""
        with self._lock:
            return max(0.0, self._cooldown_until - time.monotonic())


class StoppedError(HistoryError):
    """The run that a call belongs to was stopped while the call waited for its next attempt."""


class Attempts:
    """The attempts of one call, for a loop that works in both worlds.

    for attempt in attempts:        # or: async for; waits before each further attempt
        with attempt:               # swallows an error that is worth a retry
            return send()
    raise attempts.exhausted
    """

    exhausted: Exception = AssertionError("the last attempt raises")

    def __init__(
        self,
        policy: RetryPolicy,
        budget: RetryBudget,
        key: ApiKey,
        *,
        idempotent: bool,
        stopped: threading.Event | None = None,
    ) -> None:
        self.number: int = 1
        self.may_retry = True
        """Whether a failure may still be retried; the caller ends that once it has passed on a part of the result."""
        self._policy = policy
        self._budget = budget
        self._key = key
        self._idempotent = idempotent
        self._stopped = stopped
        self._delay = 0.0
        self._waited = 0.0

    # Not generators: an async generator that a `return` leaves behind is closed by the garbage collector.
    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Self:
        if self._stopped is None:
            time.sleep(self._next_wait())
        elif self._stopped.wait(self._next_wait()):
            raise StoppedError("The run was stopped.")
        return self

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Self:
        import asyncio

        await asyncio.sleep(self._next_wait())
        return self

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: object) -> bool:
        if error is None:
            self._budget.release()
        if not isinstance(error, HistoryError):
            return False
        self._key.redact(error)
        delay = self.delay_after(error) if self.may_retry else None
        self._delay = delay or 0.0
        return delay is not None

    def delay_after(self, error: HistoryError) -> float | None:
        """Return the seconds to wait before the next attempt, or None if the error is final."""
        delay = self._policy.delay(error, attempt=self.number, waited=self._waited, idempotent=self._idempotent)
        if error.status_code == 429:
            # Only what the server asked for holds up the other calls.
            self._budget.record_rate_limit(delay if delay is not None and error.retry_after is not None else 0.0)
        if delay is None or not self._budget.acquire():
            return None
        status = f"[{error.status_code}] " if error.status_code else ""
        log.warning("Attempt %d failed; retrying in %.1f s: %s%s", self.number, delay, status, error.message)
        self.number += 1
        return delay

    def _next_wait(self) -> float:
        wait = max(self._delay, self._budget.cooldown())
        self._waited += wait
        return wait
