"""A page of the history."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from .errors import refused

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .history import History
    from .items import Item, Place
    from .quirks import Quirks
    from .validation import ListQuery

_REQUIRED = frozenset(
    {
        "history_item_id",
        "date_unix",
        "character_count_change_from",
        "character_count_change_to",
        "content_type",
        "state",
    }
)
_DRIFTED = {
    "source": "Holograms",
    "voice_category": "imagined",
    "state": "archived",
    "feedback": {"thumbs_up": True, "feedback": ""},
    "watermark": {"kind": "inaudible"},
}


def shown(item: Item, quirks: Quirks) -> dict[str, Any]:
    """Return what the server tells of an item."""
    told = item.as_told()
    if quirks.optional_fields == "null":
        told = {name: value if name in _REQUIRED else None for name, value in told.items()}
    if quirks.optional_fields == "absent":
        told = {name: value for name, value in told.items() if name in _REQUIRED}
    if quirks.drifted:
        told = told | _DRIFTED
    return told | {"state": None} if quirks.null_state else told


def page(history: History, query: ListQuery, quirks: Quirks) -> dict[str, Any]:
    """Answer a listing.

    Raises:
        RefusedError: The page is to begin behind an item that is gone, and the quirks call that an error.
    """
    behind: Place | None = None
    if query.cursor is not None:
        item = history.get(query.cursor)
        if item is not None:
            behind = item.place
        elif quirks.stale_cursor == "echo":
            return {"history": [], "last_history_item_id": query.cursor, "has_more": False, "scanned_until": None}
        elif quirks.stale_cursor == "refuse":
            message = f"There is no history item {query.cursor!r} to start after"
            raise refused(400, quirks.unknown_item_code, message, quirks=quirks, param="start_after_history_item_id")
    everything = _from(behind, history, query)
    counted = everything if quirks.empty_filtered_pages else (each for each in everything if _fits(each, query))
    # One more than the page holds tells whether there is another page.
    items = list(islice(counted, query.page_size + 1))
    has_more = len(items) > query.page_size
    del items[query.page_size :]
    shared = history.get(query.cursor) if quirks.overlapping_pages and query.cursor is not None else None
    on_page = items if shared is None else [shared, *items]
    hidden = {"alignments": None} if quirks.unlisted_alignments else {}
    return {
        "history": [shown(item, quirks) | hidden for item in on_page if _fits(item, query)],
        "last_history_item_id": items[-1].id if items else query.cursor,
        "has_more": has_more or quirks.endless_pages,
        "scanned_until": items[-1].date if items else None,
    }


def _from(behind: Place | None, history: History, query: ListQuery) -> Iterator[Item]:
    """Yield all items of the asked time, a page at a time, because somebody may change the history meanwhile."""
    most = query.page_size + 1
    while section := history.section(
        behind, newest_first=query.newest_first, since=query.since, before=query.before, most=most
    ):
        yield from section
        behind = section[-1].place


def _fits(item: Item, query: ListQuery) -> bool:
    if not query.filtered:
        return True
    told = item.as_told()
    return (
        all(told.get(name) == wanted for name, wanted in query.fields.items())
        and query.search in (told.get("text") or "").lower()
    )
