"""What a run learns of the server's limits: how many concurrent requests, and how many ids per request.

Nobody documents either. Decisions only: no clock, no thread.
"""

from __future__ import annotations

from attrs import define, field

# Successful requests, in multiples of the limit, before it is raised by one.
_ROUNDS_TO_CLIMB = 4


@define
class ConcurrencyLimiter:
    """Additive increase, multiplicative decrease: starts at the maximum, halves on 429, climbs slowly.

    Attributes:
        maximum: The limit is never higher than this.
        limit: How many requests may be in flight now.
    """

    maximum: int
    limit: int = field(init=False)
    _successes: int = field(default=0, init=False)

    def __attrs_post_init__(self) -> None:
        self.limit = self.maximum

    def succeeded(self) -> None:
        """Record a request that was served while none was refused."""
        self._successes += 1
        if self._successes >= _ROUNDS_TO_CLIMB * self.limit:
            self.limit = min(self.maximum, self.limit + 1)
            self._successes = 0

    def rate_limited(self, *, in_flight: int) -> None:
        """Record that the server answered 429 while so many requests were in flight."""
        # Requests sent before the last decrease may be refused after it; they must not count twice.
        if in_flight <= self.limit:
            self.limit = max(1, self.limit // 2)
        self._successes = 0


@define
class BatchSize:
    """How many ids a request may have, as far as the server has shown. Shared by the runs of one client.

    Attributes:
        limit: No larger request should be sent; None until one failed.
    """

    limit: int | None = None
    _largest_served: int = field(default=1, init=False)
    _ceiling: int | None = field(default=None, init=False)

    def is_proven(self, ids: int) -> bool:
        """Tell whether a request of so many ids was served, so that the number is not why another one fails."""
        return ids <= self._largest_served

    def served(self, ids: int) -> None:
        """Record a complete archive of so many ids: as many can't have been too many before, either."""
        self._largest_served = max(self._largest_served, ids)
        if self.limit is not None and ids >= self.limit:
            self.limit = 2 * ids if self._ceiling is None else max(ids, min(2 * ids, self._ceiling))

    def failed(self, ids: int, *, refused: bool) -> None:
        """Record a request of so many ids that failed.

        Args:
            ids: How many.
            refused: The server understood the request; otherwise an outage may be the reason, and larger requests are
                tried again as soon as smaller ones are served.
        """
        if self.is_proven(ids):
            return
        smaller = max(self._largest_served, ids // 2)
        self.limit = smaller if self.limit is None else min(self.limit, smaller)
        if refused:
            self._ceiling = self.limit
