"""What callers do wrong, in words for whoever wrote the caller."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .errors import RefusedError
from .validation import download_body, is_id, list_query

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .quirks import Quirks
    from .requests import ReceivedRequest

_LIST_PARAMETERS = (
    "page_size",
    "start_after_history_item_id",
    "voice_id",
    "model_id",
    "date_before_unix",
    "date_after_unix",
    "sort_direction",
    "search",
    "source",
)
_DOWNLOAD_FIELDS = ("history_item_ids", "output_format")
_OPERATIONS = "GET /v1/history, GET or DELETE /v1/history/ID, GET /v1/history/ID/audio and POST /v1/history/download"


class CallerMistakesError(AssertionError):
    """Callers asked for what the API does not have, or in a way that it refuses.

    Attributes:
        mistakes: What they did, oldest first.
    """

    def __init__(self, mistakes: Sequence[str]) -> None:
        self.mistakes: tuple[str, ...] = tuple(mistakes)
        lines = "".join(f"\n- {mistake}" for mistake in mistakes)
        super().__init__(f"The simulator is strict, and its callers made mistakes ({len(mistakes)}):{lines}")


def mistakes_of(request: ReceivedRequest, api_key: str, quirks: Quirks) -> list[str]:
    """Return what is wrong with a request. An item that is not there is no mistake: it may just be gone."""
    place = f"{request.method} {request.path}"
    if not request.operation:
        return [f"{place}: no operation of the history API, which has {_OPERATIONS}."]
    found = [*_key(request, api_key), *_query(request)]
    if request.operation == "download":
        found += _download(request, quirks)
    elif request.operation != "list":
        history_item_id = request.path.split("/")[3]
        if not is_id(history_item_id):
            found.append(_bad_id(history_item_id))
    return [f"{place}: {mistake}" for mistake in found]


def _key(request: ReceivedRequest, api_key: str) -> Iterator[str]:
    key = request.headers.get("xi-api-key")
    if key is None:
        bearer = "; the API does not read Authorization" if "authorization" in request.headers else ""
        yield f"no key. Send the simulator's api_key in the header xi-api-key{bearer}."
    elif key != api_key:
        # It may be a real one, so it is not shown.
        yield "the header xi-api-key holds another key than the simulator's api_key."


def _query(request: ReceivedRequest) -> Iterator[str]:
    known = _LIST_PARAMETERS if request.operation == "list" else ()
    for name in request.query:
        if name not in known:
            yield f"the parameter {name!r} is unknown. Known here: {', '.join(known) or 'none'}."
    if request.operation != "list":
        return
    try:
        query = list_query(request.query)
    except RefusedError as refused:
        yield from _wrong_shape(refused)
        return
    if "model_id" in query.fields and "source" not in query.fields:
        yield "model_id needs source beside it."


def _download(request: ReceivedRequest, quirks: Quirks) -> Iterator[str]:
    try:
        body = download_body(request.body, request.headers.get("content-type"))
    except RefusedError as refused:
        yield from _wrong_shape(refused)
        return
    for name in request.json:
        if name not in _DOWNLOAD_FIELDS:
            yield f"the field {name!r} of the body is unknown. Known: {', '.join(_DOWNLOAD_FIELDS)}."
    ids = body.history_item_ids
    if not 1 <= len(ids) <= quirks.most_ids:
        yield f"{len(ids)} ids in history_item_ids. One download takes 1 to {quirks.most_ids}."
    if len(set(ids)) < len(ids):
        yield "history_item_ids names an id twice."
    yield from (_bad_id(history_item_id) for history_item_id in ids if not is_id(history_item_id))
    if body.output_format not in quirks.output_formats:
        yield f"the output_format {body.output_format!r} is unknown. Send 'wav', or leave it out."


def _wrong_shape(refused: RefusedError) -> Iterator[str]:
    for each in refused.body["detail"]:
        yield f"{'.'.join(map(str, each['loc']))}: {each['msg']}, not {str(each['input'])[:80]!r}."


def _bad_id(history_item_id: str) -> str:
    return f"{history_item_id[:80]!r} can't be an id; ids are up to 64 letters, digits, - and _."
