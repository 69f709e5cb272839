"""How many requests of a run are in flight, and how much of a batch one asks for, as the server's answers show.

Nobody documents whether the plan's limit counts here, nor how many ids one request may have, so both are found out.
Decisions only: no clock, no thread.
"""

from __future__ import annotations

from attrs import define, field

_FIRST = 4
_GROWTH = 3
_MOSTLY = 2 / 3
_CALM_ROUNDS = 2
_CALMEST_ROUNDS = 16
# Shorter archives would cost more in requests than they save in waiting.
_FEWEST_ITEMS = 10


@define
class Limiter:
    """Grows fast while that shortens the waiting; falls to what the server serves when it refuses, then tries one more.

    Each time that one more is refused again, twice as many good answers have to come before the next try.

    Attributes:
        most: Never more requests in flight than these.
        at_once: Most requests in flight now.
    """

    most: int
    at_once: int = field(init=False)
    _answers: int = field(default=0, init=False)
    _refused: bool = field(default=False, init=False)
    _calm_rounds: int = field(default=_CALM_ROUNDS, init=False)
    _trying: bool = field(default=False, init=False)
    _largest_received: int = field(default=1, init=False)
    _failed: set[int] = field(factory=set, init=False)

    def __attrs_post_init__(self) -> None:
        self.at_once = min(_FIRST, self.most)

    def answered(self, waiting: float) -> None:
        """Note a good answer while the server refused nothing.

        Args:
            waiting: The part of its time, from 0 to 1, that had passed when its first byte came. More requests in
                flight shorten the waiting; they would only get in each other's way while bytes come.
        """
        self._answers += 1
        if not self._refused:
            if waiting > _MOSTLY:
                self.at_once = min(self.most, self.at_once * _GROWTH)
        elif self._answers >= self._calm_rounds * self.at_once:
            if self._trying:
                self._calm_rounds = _CALM_ROUNDS
            self.at_once = min(self.most, self.at_once + 1)
            self._answers = 0
            self._trying = True

    def refused(self, times: int, *, running: int) -> None:
        """Note that the server has refused requests because there were too many.

        Args:
            times: How many it has refused since the last note.
            running: How many others are in flight, those refused whose end is not noted yet included.
        """
        if self._trying:
            self._calm_rounds = min(_CALMEST_ROUNDS, 2 * self._calm_rounds)
        self._refused = True
        self._trying = False
        self._answers = 0
        self.at_once = max(1, min(self.at_once, running + 1) - times)

    def received(self, items: int) -> None:
        """Note that an archive of so many items has come: as many can't have been too many before, either."""
        self._largest_received = max(self._largest_received, items)
        self._failed = {failed for failed in self._failed if failed > items}

    def failed(self, items: int) -> None:
        """Note that one was refused or lacked some of them; they may have been too many."""
        self._failed.add(items)

    def share(self, items: int, *, waiting: int, running: int) -> int:
        """Tell how many items of a batch the next request asks for.

        The very first asks for few, so that its answer soon tells whether more requests help; the last ones share what
        is left, so that no place in flight stays empty beside a long archive.

        Args:
            items: How many items the batch has.
            waiting: How many batches are still to be asked for, this one included.
            running: How many requests are in flight.
        """
        if self._failed:
            most = max(self._largest_received, min(self._failed) // 2)
            items = -(-items // -(-items // most))
        if items < 2 * _FEWEST_ITEMS:
            return items
        if running == 0 and self._answers == 0 and not self._refused:
            return _FEWEST_ITEMS
        # Who is still at work when the last batch is parted will be free soon, too.
        wanted = self.at_once if waiting == 1 else -(-(self.at_once - running) // waiting)
        return -(-items // min(wanted, items // _FEWEST_ITEMS))
