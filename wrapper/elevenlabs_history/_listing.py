"""What a listing asks for next and what a page of the answer holds, as plain logic for both clients."""

from __future__ import annotations

import logging
import math
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, Generic, TypeAlias, TypeVar

from attrs import frozen
from elevenlabs_history_api.api.history import list_history_items
from elevenlabs_history_api.types import UNSET, Unset

from ._ids import Ids
from .errors import InvalidArgumentError, UnexpectedResponseError

if TYPE_CHECKING:
    from collections.abc import Callable

log = logging.getLogger("elevenlabs_history")

LARGEST_PAGE = 1000
T = TypeVar("T")
TimestampLike: TypeAlias = datetime | date | float


@frozen(kw_only=True)
class Filters:
    """Which items a listing wants; None is no limit. The API's own filters, with moments as people write them."""

    voice_id: str | None = None
    model_id: str | None = None
    source: str | None = None
    search: str | None = None
    after: TimestampLike | None = None
    before: TimestampLike | None = None
    newest_first: bool = True

    def __attrs_post_init__(self) -> None:
        for name in ("voice_id", "model_id", "source", "search"):
            value = getattr(self, name)
            if value is not None and not (isinstance(value, str) and value):
                raise InvalidArgumentError(f"{name} is {value!r}; it takes text or None. Nothing was sent.")
            if value is not None and not _is_utf8(value):
                raise InvalidArgumentError(f"{name} is {value!r}, which is no text in UTF-8. Nothing was sent.")
        if self.model_id is not None and self.source is None:
            raise InvalidArgumentError(
                'The server takes model_id only together with source: add source="TTS". Nothing was sent.'
            )
        unix_seconds(self.after, "after")
        unix_seconds(self.before, "before")


@frozen
class InvalidEntry:
    """An entry of a listing that is no history item.

    Attributes:
        entry: The JSON as it came.
        reason: What is missing or wrong.
    """

    entry: object
    reason: str


class Paginator(Generic[T]):
    """A walk over the pages of a listing: gives one request after the other and takes the answers.

    Attributes:
        unreadable: Entries of the pages so far that are no history items.
        exhausted: The server has said, and nothing speaks against it, that no more follows.
    """

    def __init__(
        self, filters: Filters, read_entry: Callable[[dict[str, Any]], T], *, limit: int | None, page_size: int
    ) -> None:
        """Prepare a walk.

        Args:
            filters: What is asked for.
            read_entry: Makes an item of an entry's JSON; raises what a model raises when it is none.
            limit: Most items; None for all.
            page_size: Most items a request.

        Raises:
            InvalidArgumentError: A number is out of range.
        """
        if limit is not None and limit < 0:
            raise InvalidArgumentError(f"limit is {limit}; it takes 0 or more, or None for all. Nothing was sent.")
        if not 1 <= page_size <= LARGEST_PAGE:
            raise InvalidArgumentError(f"page_size is {page_size}; the server takes 1 to {LARGEST_PAGE}. Nothing was sent.")
        self.unreadable: list[InvalidEntry] = []
        self._filters = filters
        self._read_entry = read_entry
        self._left = limit
        self._page_size = page_size
        self._cursor: str | None = None
        self._seen_ids = Ids()
        self._seen_cursors: set[str] = set()
        self._ended = limit == 0
        self.exhausted = False

    def next_request(self) -> dict[str, Any] | None:
        """Return what to ask for next, as arguments of an httpx request; None when the walk has ended."""
        if self._ended:
            return None
        filters = self._filters
        after, before = unix_seconds(filters.after, "after"), unix_seconds(filters.before, "before")
        return list_history_items._get_kwargs(  # noqa: SLF001 - the generated request builder has no public name
            page_size=self._page_size if self._left is None else min(self._page_size, self._left),
            start_after_history_item_id=_set(self._cursor),
            voice_id=_set(filters.voice_id),
            model_id=_set(filters.model_id),
            source=_set(filters.source),
            search=_set(filters.search),
            date_after_unix=_set(after),
            date_before_unix=_set(before),
            sort_direction="desc" if filters.newest_first else "asc",
        )

    def read(self, page: object) -> list[T]:
        """Take the JSON of the page that was asked for last.

        Returns:
            The items that are new. An entry that is no item goes to `unreadable` and loses nothing else of the page.

        Raises:
            UnexpectedResponseError: It is no page of a history.
        """
        if not isinstance(page, dict) or not isinstance(page.get("history"), list):
            self._ended = True
            raise UnexpectedResponseError(
                "GET /v1/history: the answer is no page of a history.",
                hint="Check the base URL and the proxy settings.",
            )
        items = self._new_items(page["history"])
        self._turn(page)
        if self._left is not None:
            items = items[: self._left]
            self._left -= len(items)
            self._ended = self._ended or self._left == 0
        return items

    def _new_items(self, entries: list[object]) -> list[T]:
        items: list[T] = []
        for entry in entries:
            history_item_id = entry.get("history_item_id") if isinstance(entry, dict) else None
            if not isinstance(entry, dict):
                self._leave_out(entry, "it is no JSON object")
            elif not isinstance(history_item_id, str) or not history_item_id:
                self._leave_out(entry, "it has no history_item_id")
            else:
                try:
                    item = self._read_entry(entry)
                except (AttributeError, KeyError, TypeError, ValueError) as error:
                    if history_item_id not in self._seen_ids:
                        self._leave_out(entry, f"item {history_item_id}: {type(error).__name__} {error}")
                else:
                    if self._seen_ids.add(history_item_id):
                        items.append(item)
        return items

    def _leave_out(self, entry: object, reason: str) -> None:
        log.warning("GET /v1/history: an entry is no history item and was left out: %s", reason)
        self.unreadable.append(InvalidEntry(entry, reason))

    def _turn(self, page: dict[str, Any]) -> None:
        """Find where the next page starts, or that there is none."""
        cursor = page.get("last_history_item_id")
        if not page.get("has_more"):
            self._ended = True
            # After a cursor whose item was deleted the server may send nothing, and the cursor back.
            self.exhausted = bool(page["history"]) or self._cursor is None
        elif not isinstance(cursor, str) or cursor in self._seen_cursors:
            # Asking again would give the same page for ever.
            log.warning("GET /v1/history: the server says that more follows, but not where; the listing ends here.")
            self._ended = True
        else:
            self._seen_cursors.add(cursor)
            self._cursor = cursor


def unix_seconds(moment: TimestampLike | None, name: str) -> int | None:
    """Turn a moment into the whole Unix seconds that the API compares with.

    Args:
        moment: A datetime, a date (its first moment) or Unix seconds. What has no time zone is UTC.
        name: The argument it was given for, for the message.

    Raises:
        InvalidArgumentError: It is none of these, or out of range.
    """
    if moment is None:
        return None
    try:
        if isinstance(moment, datetime):
            seconds = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
        elif isinstance(moment, date):
            seconds = datetime(moment.year, moment.month, moment.day, tzinfo=UTC).timestamp()
        else:
            seconds = moment
        # Upwards, for both ends: no item of a whole second lies between a fraction and the next second.
        return math.ceil(seconds)
    except (TypeError, ValueError, OverflowError):
        raise InvalidArgumentError(
            f"{name} is {moment!r}; it takes a datetime, a date or Unix seconds. Nothing was sent."
        ) from None


def _is_utf8(text: str) -> bool:
    """Whether a text can be sent; the bytes of an argument that is not UTF-8 become halves of surrogate pairs."""
    return not any("\ud800" <= character <= "\udfff" for character in text)


def _set(value: T | None) -> T | Unset:
    return UNSET if value is None else value
