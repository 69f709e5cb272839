"""Arguments → requests of the generated client, responses → its models; the same for both clients."""

import contextlib
import json
from collections.abc import Iterator
from typing import Any

from elevenlabs_history_api.api.history import download_history_items, get_history_item, get_history_item_audio
from elevenlabs_history_api.models import DownloadRequest
from elevenlabs_history_api.types import UNSET

from .._items import id_of
from ..errors import HistoryError, InvalidArgumentError, UnexpectedResponseError
from ..item import HistoryItem
from .library import httpx


def download_request(items: tuple[str | HistoryItem, ...], output_format: str | None) -> dict[str, Any]:
    """Build the request for one audio file or one zip archive, as arguments of an httpx request."""
    body = DownloadRequest(
        history_item_ids=[id_of(item) for item in items],
        # Omitted instead of null: the vendor's texts disagree on the name of the original format.
        output_format=UNSET if output_format is None else output_format,
    )
    return download_history_items._get_kwargs(body=body)  # noqa: SLF001 - the request builder has no public name


def item_request(history_item_id: str) -> dict[str, Any]:
    """Build the request for one item's metadata, as arguments of an httpx request."""
    return get_history_item._get_kwargs(history_item_id)  # noqa: SLF001 - as above


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
    except httpx.InvalidURL as error:
        raise InvalidArgumentError(f"{request}: {error}. Nothing was sent.", hint="Shorten the filters.") from error
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise UnexpectedResponseError(
            f"{request}: the response is not what the API documents: {type(error).__name__} {error}",
            hint="Check the base URL and the proxy settings.",
        ) from error


def parse_json(response: httpx.Response) -> Any:  # noqa: ANN401 - JSON is anything
    """Parse the JSON of a response, which must not be used afterwards."""
    parsed = json.loads(response.content)
    # Response and stream refer to each other, so each page would stay in memory until the next garbage collection.
    response.stream = httpx.ByteStream(b"")
    return parsed


def parse_item(response: httpx.Response, history_item_id: str) -> HistoryItem:
    """Parse the item that was asked for, and no other one."""
    item = HistoryItem.from_dict(parse_json(response))
    if item.history_item_id != history_item_id:
        raise UnexpectedResponseError(
            f"GET /v1/history/{history_item_id}: the server answered with item {item.history_item_id}.",
            hint="Check the base URL and the proxy settings.",
        )
    return item


def expect(model: type, parsed: object) -> None:
    """Raise if a parsed response is not of the expected model but of another status that the API documents."""
    if not isinstance(parsed, model):
        raise TypeError(f"{type(parsed).__name__} instead of {model.__name__}")
