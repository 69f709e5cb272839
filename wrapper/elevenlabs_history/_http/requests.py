"""Arguments → requests of the generated client, responses → its models; the same for both clients."""

import contextlib
import json
from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

import httpx
from elevenlabs_history_api.api.history import download_history_items, get_history_item_audio
from elevenlabs_history_api.models import DownloadRequest, HistoryItem
from elevenlabs_history_api.types import UNSET

from ..errors import HistoryError, InvalidArgumentError, UnexpectedResponseError

T = TypeVar("T")

_IDS_IN_MESSAGES = 5


def requested_items(items: str | HistoryItem | Iterable[str | HistoryItem]) -> tuple[str | HistoryItem, ...]:
    """Validate the items of one download and drop duplicates, which the server would send twice."""
    requested = distinct_items(items)
    if not requested:
        raise InvalidArgumentError("Nothing to download: the list of ids is empty. Nothing was sent.")
    return requested


def distinct_items(items: str | HistoryItem | Iterable[str | HistoryItem]) -> tuple[str | HistoryItem, ...]:
    """Validate ids and items and drop duplicates."""
    if isinstance(items, str | HistoryItem):
        items = [items]
    if not isinstance(items, Iterable):
        raise InvalidArgumentError(f"Neither a history item nor a list of them: {items!r}. Nothing was sent.")
    return tuple({check_id(id_of(item)): item for item in items}.values())


def id_of(item: str | HistoryItem) -> str:
    """Return the id of an item, or the id itself."""
    return item.history_item_id if isinstance(item, HistoryItem) else item


def check_id(history_item_id: object) -> str:
    """Reject what is not text, empty, not printable, or would change the URL that it becomes part of."""
    if (
        not isinstance(history_item_id, str)
        or not history_item_id.strip(".")
        or not history_item_id.isprintable()
        or " " in history_item_id
    ):
        raise InvalidArgumentError(
            f"Invalid history item id: {history_item_id!r}. Take it from a listing, such as item.history_item_id. "
            "Nothing was sent."
        )
    return history_item_id


def describe(items: tuple[str | HistoryItem, ...]) -> str:
    """Name the requested items in a message; of many ids the first few."""
    ids = [id_of(item) for item in items]
    more = f" and {len(ids) - _IDS_IN_MESSAGES} more" if len(ids) > _IDS_IN_MESSAGES else ""
    return f"{'item' if len(ids) == 1 else 'items'} {', '.join(ids[:_IDS_IN_MESSAGES])}{more}"


def output_format_of(item: str | HistoryItem | None) -> str | None:
    """Return the output format that the server claims for an item; None if it claims none."""
    claimed: object = item.output_format if isinstance(item, HistoryItem) else None
    return claimed if isinstance(claimed, str) and claimed else None


def download_request(items: tuple[str | HistoryItem, ...], output_format: str | None) -> dict[str, Any]:
    """Build the request for one audio file or one zip archive, as arguments of an httpx request."""
    body = DownloadRequest(
        history_item_ids=[id_of(item) for item in items],
        # Omitted instead of null: the vendor's texts disagree on the name of the original format.
        output_format=UNSET if output_format is None else output_format,
    )
    return download_history_items._get_kwargs(body=body)  # noqa: SLF001 - the request builder has no public name


def audio_request(item: str | HistoryItem) -> dict[str, Any]:
    """Build the request for one item's audio, as arguments of an httpx request."""
    return get_history_item_audio._get_kwargs(id_of(item))  # noqa: SLF001 - as above


@contextlib.contextmanager
def parse_errors(request: str) -> Iterator[None]:
    """Turn the failures of the generated parser on an unexpected body, which are of many types, into one of ours."""
    try:
        yield
    except HistoryError:
        raise
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise UnexpectedResponseError(
            f"{request}: the response is not what the API documents: {type(error).__name__} {error}",
            hint="Check the base URL and the proxy settings.",
        ) from error


def parse_json(response: httpx.Response) -> object:
    """Parse the JSON of a response, which must not be used afterwards."""
    parsed: object = json.loads(response.content)
    # Response and stream refer to each other, so each page would stay in memory until the next garbage collection.
    response.stream = httpx.ByteStream(b"")
    return parsed


def expect(model: type[T], parsed: object) -> T:
    """Return a parsed response if it is of the expected model, not of another status that the API documents."""
    if not isinstance(parsed, model):
        raise TypeError(f"{type(parsed).__name__} instead of {model.__name__}")
    return parsed
