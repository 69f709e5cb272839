"""Filters and pages of a listing, as logic without I/O, for both clients."""

import logging
import math
import re
from datetime import UTC, date, datetime
from typing import Any, TypeAlias

from attrs import frozen
from elevenlabs_history_api.api.history import list_history_items
from elevenlabs_history_api.types import UNSET

from .errors import InvalidArgumentError, UnexpectedResponseError
from .item import DialogueLine, HistoryItem

log = logging.getLogger("elevenlabs_history")

MAX_PAGE_SIZE = 1000
_MAX_IDLE_PAGES = 100  # in a row, without an item that was not listed before
_VOICE_ID = re.compile(r"[0-9A-Za-z]{20}")
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


class Paginator:
    """Gives one request after the other and takes the pages; the arguments are those of `HistoryClient.list`."""

    def __init__(
        self,
        *,
        limit: int | None,
        voice: str | None,
        model_id: str | None,
        source: str | None,
        search: str | None,
        after: TimestampLike | None,
        before: TimestampLike | None,
        newest_first: bool,
        page_size: int,
    ) -> None:
        if limit is not None and limit < 0:
            raise InvalidArgumentError(f"Invalid limit: {limit}. It must be 0 or more, or None. Nothing was sent.")
        if not 1 <= page_size <= MAX_PAGE_SIZE:
            raise InvalidArgumentError(
                f"Invalid page_size: {page_size}. It must be from 1 to {MAX_PAGE_SIZE}. Nothing was sent."
            )
        texts = {"voice": voice, "model_id": model_id, "source": source, "search": search}
        for name, value in texts.items():
            if not (value is None or _is_text(value)):
                raise InvalidArgumentError(f"Invalid {name}: {value!r}. It must be text or None. Nothing was sent.")
        # The server knows no names, and refuses a model without a source. What it can't compare is compared here.
        self._voice = _fold(voice) if voice and not _VOICE_ID.fullmatch(voice) else None
        self._model = _fold_model(model_id) if model_id and not (source and _fold_model(model_id) == model_id) else None
        filters = {
            "voice_id": voice if self._voice is None else None,
            "model_id": model_id if self._model is None else None,
            "source": source,
            "search": search,
            "date_after_unix": unix_seconds(after, "after"),
            "date_before_unix": unix_seconds(before, "before"),
            "sort_direction": "desc" if newest_first else "asc",
        }
        self._filters: dict[str, Any] = {name: value for name, value in filters.items() if value is not None}
        self.invalid_entries: list[InvalidEntry] = []
        self.exhausted: bool = False
        self._remaining = limit
        self._page_size = page_size
        self._cursor: str | None = None
        self._seen_ids: set[str] = set()
        self._idle_pages = 0
        self._ended = limit == 0

    def next_request(self) -> dict[str, Any] | None:
        """Return the next request as arguments of an httpx request; None at the end."""
        if self._ended:
            return None
        page_size = self._page_size
        # After a page that brought nothing, whole ones: the next item may be far away.
        if self._remaining is not None and self._voice is None and self._model is None and not self._idle_pages:
            page_size = min(page_size, self._remaining)
        return list_history_items._get_kwargs(  # noqa: SLF001 - the request builder has no public name
            page_size=page_size,
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
        seen = len(self._seen_ids)
        items = [item for entry in page["history"] if (item := self._parse_entry(entry)) and self._matches(item)]
        self._idle_pages = 0 if len(self._seen_ids) > seen else self._idle_pages + 1
        self._advance(page)
        if self._remaining is not None:
            items = items[: self._remaining]
            self._remaining -= len(items)
            self._ended = self._ended or self._remaining == 0
        return items

    def _parse_entry(self, entry: Any) -> HistoryItem | None:  # noqa: ANN401 - JSON is anything
        """Return the item of an entry; None if it was listed before or is invalid."""
        try:
            item = HistoryItem.from_dict(entry)
        except ValueError as error:
            log.warning("GET /v1/history: skipped an entry that is not a history item: %s", error)
            self.invalid_entries.append(InvalidEntry(entry, str(error)))
            return None
        if item.history_item_id in self._seen_ids:
            return None
        self._seen_ids.add(item.history_item_id)
        return item

    def _matches(self, item: HistoryItem) -> bool:
        """Compare what the server was not asked to compare."""
        if self._model is not None and _fold_model(item.model_id or "") != self._model:
            return False
        if self._voice is None:
            return True
        speakers: tuple[HistoryItem | DialogueLine, ...] = (item, *item.dialogue)
        return any(self._voice in {_fold(each.voice_name or ""), _fold(each.voice_id or "")} for each in speakers)

    def _advance(self, page: dict[str, Any]) -> None:
        """Find the cursor of the next page, or that there is none."""
        cursor = page.get("last_history_item_id")
        if not page.get("has_more"):
            self._ended = True
            # After a cursor whose item was deleted the server may return nothing, and the cursor itself.
            self.exhausted = bool(page["history"]) or self._cursor is None
        elif not isinstance(cursor, str) or cursor == self._cursor or self._idle_pages == _MAX_IDLE_PAGES:
            # It might go on for ever.
            log.warning("GET /v1/history: has_more is true but nothing new comes; the listing ends here.")
            self._ended = True
        else:
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


def _is_text(value: object) -> bool:
    """Tell whether a value is a text that can be sent; bytes of an argument that are not UTF-8 become surrogates."""
    return (
        isinstance(value, str)
        and value.strip() != ""
        and not any("\ud800" <= character <= "\udfff" for character in value)
    )


def _fold(text: str) -> str:
    return text.strip().casefold()


def _fold_model(text: str) -> str:
    """Write a model as its id: `Eleven Flash v2.5` is eleven_flash_v2_5."""
    return re.sub(r"[ .-]", "_", _fold(text))
