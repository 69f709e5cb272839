"""What is asked for: items as listed, or bare ids."""

from collections.abc import AsyncIterable, Iterable

from elevenlabs_history_api import models

from .errors import InvalidArgumentError
from .item import HistoryItem, is_valid_id

_IDS_IN_MESSAGES = 5


def requested_items(items: str | HistoryItem | Iterable[str | HistoryItem]) -> tuple[str | HistoryItem, ...]:
    """Validate the items of one download and drop duplicates, which the server would send twice."""
    requested = distinct_items(items)
    if not requested:
        raise InvalidArgumentError("Nothing to download: the list of ids is empty. Nothing was sent.")
    return requested


def distinct_items(items: str | HistoryItem | Iterable[str | HistoryItem]) -> tuple[str | HistoryItem, ...]:
    """Validate ids and items and drop duplicates."""
    if isinstance(items, str | HistoryItem | models.HistoryItem):
        items = [items]
    if not isinstance(items, Iterable):
        raise InvalidArgumentError(
            f"Neither a history item nor a list of them: {items!r}. Nothing was sent.",
            hint="Pass [item async for item in …]." if isinstance(items, AsyncIterable) else "",
        )
    return tuple({check_id(id_of(item)): item for item in items}.values())


def id_of(item: str | HistoryItem) -> str:
    """Return the id of an item, or the id itself."""
    return item.history_item_id if isinstance(item, HistoryItem) else item


def check_id(history_item_id: object) -> str:
    """Return a valid id; raise of anything else."""
    if isinstance(history_item_id, models.HistoryItem):
        raise InvalidArgumentError(
            f"Item {history_item_id.history_item_id!r} is a model of the generated client. Nothing was sent.",
            hint="Pass HistoryItem(model).",
        )
    if not isinstance(history_item_id, str) or not is_valid_id(history_item_id):
        raise InvalidArgumentError(
            f"Invalid history item id: {history_item_id!r}. Take it from a listing. Nothing was sent."
        )
    return history_item_id


def describe(items: tuple[str | HistoryItem, ...]) -> str:
    """Name the requested items in a message; of many ids the first few."""
    ids = [id_of(item) for item in items]
    more = f" and {len(ids) - _IDS_IN_MESSAGES} more" if len(ids) > _IDS_IN_MESSAGES else ""
    return f"{'item' if len(ids) == 1 else 'items'} {', '.join(ids[:_IDS_IN_MESSAGES])}{more}"


def output_format_of(item: str | HistoryItem | None) -> str | None:
    """Return the output format that the server claims for an item; None if it claims none."""
    return item.output_format if isinstance(item, HistoryItem) else None
