"""What a backup is to hold, and what of it earlier runs have covered."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any, TypeAlias

from attrs import frozen

from ..errors import InvalidArgumentError
from ..listing import LARGEST_PAGE, Filters, Paginator, unix_seconds
from .entries import read_entry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ..naming import Template
    from .entries import Entry

FetchPage: TypeAlias = "Callable[[dict[str, Any]], object]"
"""Performs one request of a listing and returns the JSON of the answer."""


@frozen(kw_only=True)
class Scope:
    """What a backup is to hold.

    Attributes:
        filters: Which items, newest first.
        limit: Most items of the listing; None for all.
        full: List everything, also what earlier runs have covered.
        template: How files are named.

    Raises:
        InvalidArgumentError: The template lacks `{id}`, so one file could take another's place.
    """

    filters: Filters
    limit: int | None
    full: bool
    template: Template

    def __attrs_post_init__(self) -> None:
        if not self.template.has_id:
            raise InvalidArgumentError(
                f"Template {self.template.text!r} does not name the item, so one file could take another's place.",
                hint="Put {id} into it. Nothing was sent.",
            )

    @property
    def is_everything(self) -> bool:
        """Whether a listing to its end is a listing of all that the server has."""
        return self.limit is None and self.filters == Filters()

    def name(self, output_format: str) -> str:
        """Name what is covered, so that a later run of the same scope can build on it."""
        filters = self.filters
        moments = (unix_seconds(filters.after, "after"), unix_seconds(filters.before, "before"))
        return json.dumps([output_format, filters.voice_id, filters.model_id, filters.source, filters.search, *moments])

    def walk(self) -> Paginator[Entry]:
        """Begin a listing."""
        return Paginator(self.filters, read_entry, limit=self.limit, page_size=LARGEST_PAGE)


class NewItems:
    """A listing that leaves out what is known and ends on known ground.

    Attributes:
        listed: The ids that the server has listed.
        newest: The date of the newest of them, in Unix seconds; None when there was none. One dated in the future does
            not count: everything made before that date would pass for covered.
        complete: Everything that the scope has was listed and read, by this run or by an earlier one. An entry that
            could not be read counts against it, or later runs would end their listing above it.
        listed_all: It was all listed and read by this run.
        unreadable: How many entries were no items.
    """

    def __init__(self, scope: Scope, known: set[str], *, covered_until: int | None) -> None:
        """Prepare a listing.

        Args:
            scope: What is wanted.
            known: What needs no fetching.
            covered_until: Up to which moment, in Unix seconds, an earlier run of the scope has listed everything.
        """
        self.listed: set[str] = set()
        self.newest: int | None = covered_until
        self.complete = False
        self.listed_all = False
        self.unreadable = 0
        self._walk = scope.walk()
        self._known = known
        self._covered_until = None if scope.full else covered_until

    def pages(self, fetch_page: FetchPage) -> Iterator[list[Entry]]:
        """Yield what is not known, page by page.

        Raises:
            HistoryError: A page could not be fetched.
        """
        while (request := self._walk.next_request()) is not None:
            entries = self._walk.read(fetch_page(request))
            self.listed.update(entry["history_item_id"] for entry in entries)
            dates: list[int] = [entry["date_unix"] for entry in entries if entry["date_unix"] <= time.time()]
            self.newest = max(dates if self.newest is None else [*dates, self.newest], default=None)
            new = [entry for entry in entries if entry["history_item_id"] not in self._known]
            self.unreadable = len(self._walk.unreadable)
            yield new
            if not new and not self._walk.exhausted and self._is_covered(entries):
                self.complete = not self.unreadable
                return
        self.complete = self.listed_all = self._walk.exhausted and not self.unreadable

    def _is_covered(self, entries: list[Entry]) -> bool:
        """Whether everything that would be listed after these is older than what an earlier run has reached."""
        return bool(entries) and self._covered_until is not None and entries[-1]["date_unix"] < self._covered_until
