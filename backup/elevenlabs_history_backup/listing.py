"""What a sync has to fetch: the filters of a run, and the part of the listing that earlier runs did not cover."""

from __future__ import annotations

import json
import time
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from attrs import asdict, frozen
from elevenlabs_history import HistoryClient, InvalidArgumentError

from .metadata import is_storable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from elevenlabs_history import HistoryItem, HistoryItems, TimestampLike

    from .metadata import Metadata


@frozen(kw_only=True)
class Filters:
    """Which items a sync fetches, as in `HistoryClient.list`."""

    voice_id: str | None
    model_id: str | None
    source: str | None
    search: str | None
    after: TimestampLike | None
    before: TimestampLike | None
    limit: int | None

    def list(self, client: HistoryClient) -> HistoryItems:
        """Begin a listing, newest first; raise if a filter is invalid."""
        if not isinstance(client, HistoryClient):
            raise InvalidArgumentError(
                f"A backup needs a HistoryClient, not {type(client).__name__}. In asyncio programs, make one in a "
                "thread: asyncio.to_thread(…). Nothing was sent."
            )
        return client.list(**asdict(self))

    @property
    def is_everything(self) -> bool:
        """Whether a complete listing is one of everything on the server."""
        return all(value is None for value in asdict(self).values())

    def scope(self, output_format: str) -> str:
        """Return the key under which a run with these filters finds the high-water mark of earlier ones."""
        text = [output_format, self.voice_id, self.model_id, self.source, self.search]
        return json.dumps([*text, _seconds(self.after), _seconds(self.before)])


class NewItems:
    """Lists the items that the catalog does not know, and stops at the high-water mark.

    Attributes:
        listed: The ids that the server listed.
        high_water_mark: Date of the newest of them, in Unix seconds. Dates in the future do not count: everything
            generated before such a date would pass for covered.
        complete: This run or an earlier one listed everything that the filters match. An invalid entry counts against
            it, or later runs would stop above that entry.
        listed_everything: This run listed everything that the filters match.
    """

    def __init__(self, items: HistoryItems, known: set[str], *, high_water_mark: int | None, full: bool) -> None:
        self.listed: set[str] = set()
        self.high_water_mark = high_water_mark
        self.complete = False
        self.listed_everything = False
        self._items = items
        self._known = known
        self._covered_until = None if full else high_water_mark
        self._unstorable = 0

    @property
    def invalid_entries(self) -> int:
        """How many entries were not history items."""
        return len(self._items.invalid_entries) + self._unstorable

    def pages(self) -> Iterator[list[Metadata]]:
        """Yield the metadata of the items that are not known, page by page."""
        for page in self._items.pages():
            items = [item for item in page if is_storable(item.history_item_id, item.date_unix)]
            self._unstorable += len(page) - len(items)
            self.listed.update(item.history_item_id for item in items)
            dates = [item.date_unix for item in items if item.date_unix <= time.time()]
            self.high_water_mark = max([*dates, self.high_water_mark or 0]) or None
            new = [item for item in items if item.history_item_id not in self._known]
            yield [item.to_dict() for item in new]
            if not new and not self._items.exhausted and self._is_covered(items):
                self.complete = not self.invalid_entries
                return
        self.complete = self.listed_everything = self._items.exhausted and not self.invalid_entries

    def _is_covered(self, items: list[HistoryItem]) -> bool:
        """Whether everything that would be listed next is older than what an earlier run has covered."""
        return bool(items) and self._covered_until is not None and items[-1].date_unix < self._covered_until


def _seconds(timestamp: Any) -> float | None:  # noqa: ANN401 - checked by the client
    if isinstance(timestamp, datetime):
        return (timestamp if timestamp.tzinfo else timestamp.replace(tzinfo=UTC)).timestamp()
    if isinstance(timestamp, date):
        return datetime(timestamp.year, timestamp.month, timestamp.day, tzinfo=UTC).timestamp()
    return None if timestamp is None else float(timestamp)
