"""What listings do."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from .findings import Finding, NotSettledError, assumption, confirmed, is_refused, refuted
from .pages import read_page

if TYPE_CHECKING:
    from .session import Session

_NOBODY_SAYS = "f7c2b9e04d"  # a text that no item has


@assumption(
    "Is a page of more than 1000 items refused?",
    assumed="Yes.",
    handling="Requests pages of at most 1000 items.",
    quirks=("oversized_pages",),
)
def large_pages(session: Session) -> Finding:
    """Request one of a time without items, so that it is small in any case."""
    response = session.listing({"page_size": 1001, "date_before_unix": 1})
    if is_refused(response):
        return confirmed(f"refused with {response.status}", {"oversized_pages": "refuse"})
    read_page(response)
    return refuted("accepted", {"oversized_pages": "clamp"})


@assumption(
    "What is the page behind an item that the account does not have?",
    assumed="Empty, with the same cursor again.",
    handling="Goes on while the cursor moves, and stops when it repeats.",
    needs="Of an item that was deleted a moment ago it may be another one; reading can't tell.",
    quirks=("stale_cursor",),
)
def stale_cursor(session: Session) -> Finding:
    """Begin behind an id that is made up."""
    newest = session.items()[0]["history_item_id"]
    response = session.listing({"page_size": 1, "start_after_history_item_id": session.unknown_id})
    if is_refused(response):
        return refuted(f"refused with {response.status}", {"stale_cursor": "refuse"})
    page = read_page(response)
    if page.ids == [newest]:
        return refuted("the first page again", {"stale_cursor": "restart"})
    if page.items or page.cursor not in {"", session.unknown_id}:
        raise NotSettledError("the page holds other items than the first one, or another cursor")
    return confirmed("an empty page", {"stale_cursor": "echo"})


@assumption(
    "Does a filter leave pages short or empty while more items follow?",
    assumed="No.",
    handling="Goes on while the cursor moves, however short a page is.",
    quirks=("empty_filtered_pages",),
)
def filtered_pages(session: Session) -> Finding:
    """Search for what no item says."""
    session.items()
    page = session.page(page_size=1, search=_NOBODY_SAYS)
    if page.items:
        raise NotSettledError("a search for a text that no item has found items")
    is_empty = bool(page.cursor)
    fact = "an empty page with a cursor to go on" if is_empty else "an empty page without a cursor"
    return Finding(not is_empty, fact, {"empty_filtered_pages": is_empty})


@assumption(
    "Does a page repeat the last item of the one before?",
    assumed="No.",
    handling="Drops duplicates by id.",
    quirks=("overlapping_pages",),
)
def overlapping_pages(session: Session) -> Finding:
    """Request the page behind the newest item."""
    newest, second = session.items(2)[:2]
    page = session.page(page_size=1, start_after_history_item_id=newest["history_item_id"])
    if page.ids in ([newest["history_item_id"]], [newest["history_item_id"], second["history_item_id"]]):
        return refuted("it begins with the item of the cursor", {"overlapping_pages": True})
    if page.ids != [second["history_item_id"]]:
        raise NotSettledError("the page behind the newest item is not of the next one")
    return confirmed("it begins with the next item", {"overlapping_pages": False})


@assumption(
    "Does the last page say that nothing follows?",
    assumed="Yes.",
    handling="Stops when the cursor repeats, whatever a page says.",
    quirks=("endless_pages",),
)
def last_page(session: Session) -> Finding:
    """Request the items of the newest item's second and later."""
    newest = session.items()[0]
    page = session.page(page_size=100, date_after_unix=newest["date_unix"])
    if len(page.items) >= 100:
        raise NotSettledError("needs fewer than 100 items in the newest second")
    fact = "a page of fewer items than requested says that more follow" if page.has_more else "it says so"
    return Finding(not page.has_more, fact, {"endless_pages": page.has_more})


@assumption(
    "Are date filters as documented: after inclusive, before exclusive?",
    assumed="Yes.",
    handling="Passes them on as documented.",
)
def date_filters(session: Session) -> Finding:
    """Use the date of the newest item at both ends."""
    date = session.items()[0]["date_unix"]
    after = {item["date_unix"] for item in session.page(page_size=100, date_after_unix=date).items}
    before = {item["date_unix"] for item in session.page(page_size=1, date_before_unix=date).items}
    if any(each < date for each in after) or any(each > date for each in before):
        raise NotSettledError("a date filter returned items outside its range")
    ends = ["after is " + ("inclusive" if date in after else "exclusive")]
    ends.append("before is " + ("inclusive" if date in before else "exclusive"))
    return Finding(date in after and date not in before, ", ".join(ends))


@assumption(
    "Is the order of items of one second that of the listing, reversed in ascending order?",
    assumed="Yes.",
    handling="The order of equal dates proves nothing.",
    needs="Needs two items of one second among the newest 100.",
)
def equal_dates(session: Session) -> Finding:
    """List one second in both orders."""
    dates = [item["date_unix"] for item in session.items()]
    date = next((one for one, other in pairwise(dates) if one == other), None)
    if date is None:
        raise NotSettledError("needs two items of one second among the newest 100")
    second = {"date_after_unix": date, "date_before_unix": date + 1}
    down = session.page(page_size=100, **second).ids
    up = session.page(page_size=100, sort_direction="asc", **second).ids
    if sorted(down) != sorted(up) or len(down) < 2:
        raise NotSettledError("the two orders list different items")
    return Finding(up == down[::-1], "reversed" if up == down[::-1] else "the same or another order")


@assumption(
    "Is a listing compressed if the client accepts gzip?",
    assumed="Maybe.",
    handling="Accepts gzip for JSON and checks it; requests audio uncompressed.",
)
def compression(session: Session) -> Finding:
    """Accept gzip."""
    session.page(page_size=100)
    response = session.listing({"page_size": 100}, encoding="gzip")
    is_refused(response)
    is_compressed = response.headers.get("content-encoding", "").lower() == "gzip" and response.body[:2] == b"\x1f\x8b"
    return confirmed("compressed with gzip" if is_compressed else "not compressed")
