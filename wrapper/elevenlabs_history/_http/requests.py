"""Arguments of the verbs to requests of the generated client, and its answers to models; the same for both clients."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, TypeVar

import httpx
from elevenlabs_history_api.api.history import download_history_items, get_history_item_audio
from elevenlabs_history_api.models import DownloadRequest, HistoryItem
from elevenlabs_history_api.types import UNSET

from .errors import HistoryError, InvalidArgumentError, UnexpectedResponseError

if TYPE_CHECKING:
    from collections.abc import Iterator

T = TypeVar("T")

_NAMED = 5


def asked_items(items: str | HistoryItem | Iterable[str | HistoryItem]) -> tuple[str | HistoryItem, ...]:
    """Check what is to be downloaded in one request, and drop what is named twice: the server would send it twice.

    Raises:
        InvalidArgumentError: There is nothing, or something that is no id and no item.
    """
    asked = distinct_items(items)
    if not asked:
        raise InvalidArgumentError("There is nothing to download: the list of ids is empty. Nothing was sent.")
    return asked


def distinct_items(items: str | HistoryItem | Iterable[str | HistoryItem]) -> tuple[str | HistoryItem, ...]:
    """Check ids and items, and drop what is named twice.

    Raises:
        InvalidArgumentError: One is no id and no item.
    """
    if isinstance(items, str | HistoryItem):
        items = [items]
    if not isinstance(items, Iterable):
        raise InvalidArgumentError(f"{items!r} is no history item and no list of them. Nothing was sent.")
    return tuple({check_id(id_of(item)): item for item in items}.values())


def id_of(item: str | HistoryItem) -> str:
    """Return the id of an item, or the id itself."""
    return item.history_item_id if isinstance(item, HistoryItem) else item


def check_id(history_item_id: object) -> str:
    """Refuse what can't be the id of a history item.

    Raises:
        InvalidArgumentError: It is no text, empty, not printable, or would change the address that it becomes part of.
    """
    if (
        not isinstance(history_item_id, str)
        or not history_item_id.strip(".")
        or not history_item_id.isprintable()
        or " " in history_item_id
    ):
        raise InvalidArgumentError(
            f"{history_item_id!r} is no history item id: take one from a listing, such as item.history_item_id. "
            "Nothing was sent."
        )
    return history_item_id


def subject_of(items: tuple[str | HistoryItem, ...]) -> str:
    """Name what was asked for in a message; of many ids the first few."""
    ids = [id_of(item) for item in items]
    more = f" and {len(ids) - _NAMED} more" if len(ids) > _NAMED else ""
    return f"{'item' if len(ids) == 1 else 'items'} {', '.join(ids[:_NAMED])}{more}"


def known_format(items: tuple[str | HistoryItem, ...]) -> str | None:
    """Return the output format that the server claims for a single item; None where it claims none."""
    item = items[0]
    return (item.output_format or None) if len(items) == 1 and isinstance(item, HistoryItem) else None


def download_request(items: tuple[str | HistoryItem, ...], output_format: str | None) -> dict[str, Any]:
    """Build the request for one audio file or one zip, as arguments of an httpx request."""
    body = DownloadRequest(
        history_item_ids=[id_of(item) for item in items],
        # Left out and not null: the vendor's texts disagree on what they call the original format.
        output_format=UNSET if output_format is None else output_format,
    )
    return download_history_items._get_kwargs(body=body)  # noqa: SLF001 - the request builder has no public name


def audio_request(item: str | HistoryItem) -> dict[str, Any]:
    """Build the request for one item's audio, as arguments of an httpx request."""
    return get_history_item_audio._get_kwargs(id_of(item))  # noqa: SLF001 - as above


@contextlib.contextmanager
def reading(what: str) -> Iterator[None]:
    """Run the generated parser, whose failures on an unexpected body are of many types, as one error of ours.

    Raises:
        UnexpectedResponseError: The body is not what the API documents.
    """
    try:
        yield
    except HistoryError:
        raise
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise UnexpectedResponseError(
            f"{what}: the answer is not what the API documents: {type(error).__name__} {error}",
            hint="Check the base URL and the proxy settings.",
        ) from error


def json_of(response: httpx.Response) -> object:
    """Parse the JSON of an answer, which is not to be used any more.

    Raises:
        ValueError: It is no JSON.
    """
    parsed: object = json.loads(response.content)
    # It and its stream refer to each other, so each page of a listing would stay until the garbage collector comes by.
    response.stream = httpx.ByteStream(b"")
    return parsed


def expect(model: type[T], answer: object) -> T:
    """Return an answer that is of the expected model.

    Raises:
        TypeError: It is something else that the API documents, under a status that it does not.
    """
    if not isinstance(answer, model):
        raise TypeError(f"{type(answer).__name__} instead of {model.__name__}")
    return answer
