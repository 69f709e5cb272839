"""What a run learns of the server's limits: how many concurrent requests, and how many ids per request.

Nobody documents either. Decisions only: no clock, no thread.
"""

# Successful requests, in multiples of the limit, before it is raised by one.
_ROUNDS_TO_CLIMB = 4


class ConcurrencyLimiter:
    """How many requests may be in flight (AIMD): starts at the maximum, halves on 429, climbs slowly."""

    def __init__(self, maximum: int) -> None:
        self.limit = self._maximum = maximum
        self._successes = 0

    def succeeded(self) -> None:
        """Record a request that was served while none was refused."""
        self._successes += 1
        if self._successes >= _ROUNDS_TO_CLIMB * self.limit:
            self.limit = min(self._maximum, self.limit + 1)
            self._successes = 0

    def rate_limited(self, *, in_flight: int) -> None:
        """Record that the server answered 429 while so many requests were in flight."""
        # Requests sent before the last decrease may be refused after it; they must not count twice.
        if in_flight <= self.limit:
            self.limit = max(1, self.limit // 2)
        self._successes = 0


class BatchSize:
    """How many ids a request may have, as far as the server has shown. Shared by the runs of one client."""

    def __init__(self) -> None:
        self.limit: int | None = None
        self._largest_served = 1

    def served(self, ids: int) -> None:
        """Record a complete archive of so many ids: as many can't have been too many before, either."""
        self._largest_served = max(self._largest_served, ids)
        if self.limit is not None:
            self.limit = max(self.limit, self._largest_served)

    def refused(self, ids: int) -> None:
        """Record a refused request of so many ids. One that is no larger than what was served has another reason."""
        if ids == 1:
            # Its item explains why the batches that it was in were refused.
            self.limit = None
        elif ids > self._largest_served:
            self.limit = max(self._largest_served, min(ids // 2, self.limit or ids))
