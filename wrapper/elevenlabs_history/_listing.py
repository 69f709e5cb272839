"""Filters and pages of a listing, as logic without I/O, for both clients."""

import logging
import math
from datetime import UTC, date, datetime
from typing import Any, TypeAlias

from attrs import frozen
from elevenlabs_history_api.api.history import list_history_items
from elevenlabs_history_api.models import HistoryItem
from elevenlabs_history_api.types import UNSET

from ._items import check_dialogue, is_valid_id
from .errors import InvalidArgumentError, UnexpectedResponseError

log = logging.getLogger("elevenlabs_history")

MAX_PAGE_SIZE = 1000
TimestampLike: TypeAlias = datetime | date | float | str
"""A datetime, a date (its first moment), either as ISO 8601 text, or Unix seconds. Without a time zone it is UTC."""


@frozen
class InvalidEntry:
    """An entry of a listing that is not a history item.

    Attributes:
        entry: The JSON as received.
        reason: What is missing or wrong.
    """

    entry: object
    reason: str


def listing_filters(
    *,
    voice_id: str | None,
    model_id: str | None,
    source: str | None,
    search: str | None,
    after: TimestampLike | None,
    before: TimestampLike | None,
    newest_first: bool,
) -> dict[str, Any]:
    """Check the filters of `HistoryClient.list` and return them as arguments of the generated function."""
    texts = {"voice_id": voice_id, "model_id": model_id, "source": source, "search": search}
    for name, value in texts.items():
        if value is not None and not (isinstance(value, str) and value and _is_utf8(value)):
            raise InvalidArgumentError(f"Invalid {name}: {value!r}. It must be text or None. Nothing was sent.")
    if model_id is not None and source is None:
        raise InvalidArgumentError(
            'The server accepts model_id only together with source: add source="TTS". Nothing was sent.'
        )
    times = {"date_after_unix": unix_seconds(after, "after"), "date_before_unix": unix_seconds(before, "before")}
    filters = {name: value for name, value in (texts | times).items() if value is not None}
    return filters | {"sort_direction": "desc" if newest_first else "asc"}


class Paginator:
    """Gives one request after the other and takes the pages."""

    def __init__(self, filters: dict[str, Any], *, limit: int | None, page_size: int) -> None:
        if limit is not None and limit < 0:
            raise InvalidArgumentError(f"Invalid limit: {limit}. It must be 0 or more, or None. Nothing was sent.")
        if not 1 <= page_size <= MAX_PAGE_SIZE:
            raise InvalidArgumentError(
                f"Invalid page_size: {page_size}. It must be from 1 to {MAX_PAGE_SIZE}. Nothing was sent."
            )
        self.invalid_entries: list[InvalidEntry] = []
        self.exhausted = False
        self._filters = filters
        self._remaining = limit
        self._page_size = page_size
        self._cursor: str | None = None
        self._seen_ids: set[str] = set()
        self._seen_cursors: set[str] = set()
        self._ended = limit == 0

    def next_request(self) -> dict[str, Any] | None:
        """Return the next request as arguments of an httpx request; None at the end."""
        if self._ended:
            return None
        return list_history_items._get_kwargs(  # noqa: SLF001 - the request builder has no public name
            page_size=self._page_size if self._remaining is None else min(self._page_size, self._remaining),
            start_after_history_item_id=UNSET if self._cursor is None else self._cursor,
            **self._filters,
        )

    def parse(self, page: object) -> list[HistoryItem]:
        """Take the JSON of the page that was requested last and return the items that are new."""
        if not isinstance(page, dict) or not isinstance(page.get("history"), list):
            self._ended = True
            raise UnexpectedResponseError(
                "GET /v1/history: the response is not a page of a history.",
                hint="Check the base URL and the proxy settings.",
            )
        items = [item for entry in page["history"] if (item := self._parse_entry(entry)) is not None]
        self._advance(page)
        if self._remaining is not None:
            items = items[: self._remaining]
            self._remaining -= len(items)
            self._ended = self._ended or self._remaining == 0
        return items

    def _parse_entry(self, entry: object) -> HistoryItem | None:
        """Return the item of an entry; None if it was listed before or is invalid."""
        if not isinstance(entry, dict):
            self._reject(entry, "it is not a JSON object")
            return None
        history_item_id = entry.get("history_item_id")
        if not isinstance(history_item_id, str) or not is_valid_id(history_item_id):
            self._reject(entry, "it has no valid history_item_id")
            return None
        if history_item_id in self._seen_ids:
            return None
        try:
            item = HistoryItem.from_dict(entry)
            check_dialogue(item)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            self._reject(entry, f"item {history_item_id}: {type(error).__name__} {error}")
            return None
        self._seen_ids.add(history_item_id)
        return item

    def _reject(self, entry: object, reason: str) -> None:
        log.warning("GET /v1/history: skipped an entry that is not a history item: %s", reason)
        self.invalid_entries.append(InvalidEntry(entry, reason))

    def _advance(self, page: dict[str, Any]) -> None:
        """Find the cursor of the next page, or that there is none."""
        cursor = page.get("last_history_item_id")
        if not page.get("has_more"):
            self._ended = True
            # After a cursor whose item was deleted the server may return nothing, and the cursor itself.
            self.exhausted = bool(page["history"]) or self._cursor is None
        elif not isinstance(cursor, str) or cursor in self._seen_cursors:
            # The same request would return the same page for ever.
            log.warning("GET /v1/history: has_more is true but the cursor did not move; the listing ends here.")
            self._ended = True
        else:
            self._seen_cursors.add(cursor)
            self._cursor = cursor


def unix_seconds(timestamp: TimestampLike | None, name: str) -> int | None:
    """Convert a timestamp to whole Unix seconds, rounded up; `name` is the argument it was passed as."""
    if timestamp is None:
        return None
    try:
        if isinstance(timestamp, str):
            timestamp = datetime.fromisoformat(timestamp)
        if isinstance(timestamp, datetime):
            seconds = (timestamp if timestamp.tzinfo else timestamp.replace(tzinfo=UTC)).timestamp()
        elif isinstance(timestamp, date):
            seconds = datetime(timestamp.year, timestamp.month, timestamp.day, tzinfo=UTC).timestamp()
        else:
            seconds = timestamp
        # Up, for both ends: no item of a whole second lies between a fraction and the next second.
        return math.ceil(seconds)
    except (TypeError, ValueError, OverflowError):
        raise InvalidArgumentError(
            f"Invalid {name}: {timestamp!r}. It must be a datetime, a date, text such as 2026-01-31, or Unix seconds. "
            "Nothing was sent."
        ) from None


def _is_utf8(text: str) -> bool:
    """Tell whether a text can be sent; bytes of an argument that are not UTF-8 become surrogates."""
    return not any("\ud800" <= character <= "\udfff" for character in text)
