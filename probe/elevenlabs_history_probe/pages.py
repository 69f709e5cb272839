"""Pages and items, of which nothing is believed before it is seen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import frozen
from elevenlabs_history import HistoryItem

from .findings import NotSettledError, check_served

if TYPE_CHECKING:
    from .session import Response


@frozen
class Page:
    """A page of the history.

    Attributes:
        items: Its items.
        cursor: What the next page begins after; empty if it says nothing of that.
        has_more: Whether it says that more follow.
    """

    items: list[dict[str, Any]]
    cursor: str
    has_more: bool

    @property
    def ids(self) -> list[str]:
        """The ids of its items."""
        return [item["history_item_id"] for item in self.items]


def read_page(response: Response) -> Page:
    """Read a page.

    Raises:
        NotSettledError: The response is none.
    """
    check_served(response)
    page = response.json
    if not isinstance(page, dict) or not isinstance(page.get("history"), list):
        raise NotSettledError("the response is not a page of a history")
    items = [_checked(item) for item in page["history"]]
    cursor = page.get("last_history_item_id")
    return Page(items, cursor if isinstance(cursor, str) else "", page.get("has_more") is True)


def read_item(response: Response) -> dict[str, Any]:
    """Read one item.

    Raises:
        NotSettledError: The response is none.
    """
    check_served(response)
    return _checked(response.json)


def _checked(item: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON is anything
    try:
        return HistoryItem.from_dict(item).to_dict()
    except ValueError:
        raise NotSettledError("the response holds something that is not a history item") from None
