"""The five operations, as the server answers them."""

from __future__ import annotations

import json
import secrets
from itertools import islice
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from .archive import write_archive
from .errors import Refused, invalid, refused
from .wire import Wire

if TYPE_CHECKING:
    from typing import IO

    from starlette.requests import Request
    from starlette.types import Receive, Scope, Send

    from .audio import Audio
    from .history import Item
    from .server import Simulator

_PIECE = 256 * 1024
_DEFAULT_PAGE = 100


def make_app(simulator: Simulator) -> Wire:
    """Make the ASGI app of a simulator, faults and all."""
    operations = Operations(simulator)
    routes = [
        Route("/v1/history", operations.list, methods=["GET"], name="list"),
        Route("/v1/history/download", operations.download, methods=["POST"], name="download"),
        Route("/v1/history/{history_item_id}", operations.get, methods=["GET"], name="get"),
        Route("/v1/history/{history_item_id}", operations.delete, methods=["DELETE"], name="delete"),
        Route("/v1/history/{history_item_id}/audio", operations.audio, methods=["GET"], name="audio"),
    ]
    return Wire(Starlette(routes=routes, exception_handlers={Refused: _answer_refusal}), simulator)


class Operations:
    """The operations on one history."""

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator

    async def list(self, request: Request) -> Response:
        """Answer with a page."""
        query = request.query_params
        page_size = _whole_number(query.get("page_size", str(_DEFAULT_PAGE)), "page_size") or 0
        if not 1 <= page_size <= 1000:
            raise invalid("value_error", "page_size must be from 1 to 1000", "query", "page_size", given=page_size)
        before = _whole_number(query.get("date_before_unix"), "date_before_unix")
        after = _whole_number(query.get("date_after_unix"), "date_after_unix")
        direction = query.get("sort_direction", "desc")
        if direction not in {"asc", "desc"}:
            raise invalid("enum", "Input should be 'asc' or 'desc'", "query", "sort_direction", given=direction)
        self._check_key(request)
        if "model_id" in query and "source" not in query:
            raise self._refused(400, "invalid_request", "invalid_parameters", "model_id requires source")
        items = [
            item
            for item in self._simulator.history
            if (before is None or item.date < before)
            and (after is None or item.date >= after)
            and all(
                item.metadata.get(name) == query[name] for name in ("voice_id", "model_id", "source") if name in query
            )
            and query.get("search", "").lower() in (item.metadata.get("text") or "").lower()
        ]
        if direction == "asc":
            items.reverse()
        start = _position_behind(query.get("start_after_history_item_id"), items)
        page = items[start : start + page_size]
        return JSONResponse(
            {
                "history": [item.metadata for item in page],
                "last_history_item_id": page[-1].id if page else query.get("start_after_history_item_id"),
                "has_more": start + page_size < len(items),
                "scanned_until": page[-1].date if page else None,
            }
        )

    async def get(self, request: Request) -> Response:
        """Answer with an item's metadata."""
        return JSONResponse(self._item(request).metadata)

    async def delete(self, request: Request) -> Response:
        """Remove an item."""
        self._simulator.history.remove(self._item(request).id)
        return JSONResponse({"status": "ok"})

    async def audio(self, request: Request) -> Response:
        """Answer with an item's audio."""
        return _audio_answer(self._item(request).audio(), None)

    async def download(self, request: Request) -> Response:
        """Answer with the audio of one item or the archive of several."""
        ids, output_format = await _download_body(request)
        self._check_key(request)
        quirks = self._simulator.quirks
        if output_format not in {None, "wav"}:
            raise Refused(400, {"error": "invalid_output_format", "message": "output_format must be wav or none"})
        if not ids or len(ids) > quirks.most_ids:
            raise self._refused(400, "invalid_request", "invalid_parameters", f"Name 1 to {quirks.most_ids} items")
        known = [self._simulator.history.get(history_item_id) for history_item_id in ids]
        items = [item for item in known if item is not None]
        if len(items) < len(ids) and (len(ids) == 1 or not items or quirks.missing_ids == "refuse"):
            raise self._unknown()
        if len(items) < len(ids) and quirks.missing_ids == "error":
            return Response("Internal Server Error", status_code=500, media_type="text/plain")
        if len(ids) == 1:
            return _audio_answer(items[0].audio(output_format), quirks.media_type)
        if quirks.duplicates:
            items.append(items[0])
        if quirks.intruders:
            items += islice((item for item in self._simulator.history if item.id not in ids), 1)
        file, size = await run_in_threadpool(write_archive, items, output_format, quirks)
        return _Archive(
            file,
            media_type=quirks.media_type or "application/zip",
            headers={
                "Content-Length": str(size),
                "Content-Disposition": 'attachment; filename="ElevenLabs_history.zip"',
            },
        )

    def _item(self, request: Request) -> Item:
        self._check_key(request)
        item = self._simulator.history.get(request.path_params["history_item_id"])
        if item is None:
            raise self._unknown()
        return item

    def _check_key(self, request: Request) -> None:
        key = request.headers.get("xi-api-key")
        if key is None:
            raise self._refused(
                401, "authentication_error", "needs_authorization", "Neither authorization nor key sent"
            )
        if key != self._simulator.api_key:
            raise self._refused(401, "authentication_error", "invalid_api_key", "Invalid API key")

    def _unknown(self) -> Refused:
        status = self._simulator.quirks.unknown_item_status
        return self._refused(status, "not_found", "invalid_uid", "There is no such history item")

    def _refused(self, status: int, kind: str, code: str, message: str) -> Refused:
        return refused(status, kind, code, message, trace_id=secrets.token_hex(8), quirks=self._simulator.quirks)


async def _answer_refusal(_: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)  # noqa: S101 - Starlette's signature is wider than its behaviour
    detail = error.body.get("detail")
    trace_id = detail.get("request_id") if isinstance(detail, dict) else None
    return JSONResponse(error.body, error.status, headers={"x-trace-id": trace_id or secrets.token_hex(8)})


async def _download_body(request: Request) -> tuple[list[str], Any]:
    """Check the body of a download as far as its shape goes."""
    try:
        body = json.loads(await request.body())
    except ValueError:
        raise invalid("json_invalid", "JSON decode error", "body") from None
    if not isinstance(body, dict):
        raise invalid("model_attributes_type", "Input should be an object", "body", given=body)
    ids = body.get("history_item_ids")
    if "history_item_ids" not in body:
        raise invalid("missing", "Field required", "body", "history_item_ids", given=body)
    if not isinstance(ids, list):
        raise invalid("list_type", "Input should be a list", "body", "history_item_ids", given=ids)
    for position, history_item_id in enumerate(ids):
        if not isinstance(history_item_id, str):
            where = ("body", "history_item_ids", position)
            raise invalid("string_type", "Input should be a string", *where, given=history_item_id)
    output_format = body.get("output_format")
    if output_format is not None and not isinstance(output_format, str):
        raise invalid("string_type", "Input should be a string", "body", "output_format", given=output_format)
    return ids, output_format


def _whole_number(text: str | None, name: str) -> int | None:
    if text is None:
        return None
    try:
        return int(text)
    except ValueError:
        raise invalid("int_parsing", "Input should be a valid integer", "query", name, given=text) from None


def _position_behind(cursor: str | None, items: list[Item]) -> int:
    """Find where a page starts; behind an item that is gone, at the start again."""
    if cursor is None:
        return 0
    return next((position + 1 for position, item in enumerate(items) if item.id == cursor), 0)


def _audio_answer(audio: Audio, media_type: str | None) -> Response:
    return StreamingResponse(
        audio.pieces(),
        media_type=media_type or audio.media_type,
        headers={"Content-Length": str(audio.size)},
    )


class _Archive(StreamingResponse):
    """An archive on its way; closed at the end, even when the caller is gone before the first byte."""

    def __init__(self, file: IO[bytes], *, media_type: str, headers: dict[str, str]) -> None:
        super().__init__(iter(lambda: file.read(_PIECE), b""), media_type=media_type, headers=headers)
        self._file = file

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        with self._file:
            await super().__call__(scope, receive, send)
