"""The five operations, as the server answers them."""

from __future__ import annotations

from functools import partial
from itertools import islice
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from .answers import ArchiveAnswer, audio_answer, refusal_answer, told
from .archive import write_archive
from .errors import RefusedError, invalid_output_format, refused
from .listing import page, shown
from .validation import download_body, is_id, list_query
from .wire import LAST_PAGE, WRONG_CRC, Wire

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.requests import Request

    from .items import Item
    from .server import Simulator


def make_app(simulator: Simulator) -> Wire:
    """Make the ASGI app of a simulator, faults and all."""
    operations = Operations(simulator)
    routes = [
        Route("/v1/history", operations.list, methods=["GET"]),
        Route("/v1/history/download", operations.download, methods=["POST"]),
        # One route for both, so that the refusal of other methods names both.
        Route("/v1/history/{history_item_id}", operations.get_or_delete, methods=["GET", "DELETE"]),
        Route("/v1/history/{history_item_id}/audio", operations.audio, methods=["GET"]),
    ]
    handlers = {RefusedError: _answer_refusal, HTTPException: _answer_in_text}
    return Wire(Starlette(routes=routes, exception_handlers=handlers), simulator)


class Operations:
    """The operations on one history."""

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator

    async def list(self, request: Request) -> Response:
        """Answer with a page."""
        query = list_query(request.query_params, clamp=self._simulator.quirks.oversized_pages == "clamp")
        self._check_key(request)
        if "model_id" in query.fields and "source" not in query.fields:
            raise self._refused(400, "invalid_parameters", "model_id requires source")
        answer = page(self._simulator.history, query, self._simulator.quirks)
        return told(answer | {"has_more": False} if LAST_PAGE in request.scope else answer)

    async def get_or_delete(self, request: Request) -> Response:
        """Answer with an item's metadata, or remove the item."""
        self._check_key(request)
        item = self._item(request.path_params["history_item_id"])
        if request.method == "DELETE":
            self._simulator.history.remove(item.id)
            return told({"status": "ok"})
        return told(shown(item, self._simulator.quirks))

    async def audio(self, request: Request) -> Response:
        """Answer with an item's audio."""
        self._check_key(request)
        audio = self._with_audio(request.path_params["history_item_id"]).audio()
        return audio_answer(request, audio, self._simulator.quirks, {"Content-Type": audio.media_type})

    async def download(self, request: Request) -> Response:
        """Answer with the audio of one item or the archive of several."""
        asked = download_body(await request.body(), request.headers.get("content-type"))
        self._check_key(request)
        quirks = self._simulator.quirks
        if asked.output_format not in quirks.output_formats:
            raise invalid_output_format("wav or default" if quirks.takes_default else "wav or none")
        ids = asked.history_item_ids
        if not 1 <= len(ids) <= quirks.most_ids:
            raise self._refused(400, "invalid_parameters", f"Name 1 to {quirks.most_ids} items, not {len(ids)}")
        items = [*self._items(ids)]
        headers = {"Content-Disposition": quirks.content_disposition} if quirks.content_disposition else {}
        if len(ids) == 1:
            audio = items[0].audio(asked.output_format, wav_is_mp3=quirks.wav_is_mp3)
            headers["Content-Type"] = quirks.media_type or audio.media_type
            return audio_answer(request, audio, quirks, headers)
        if quirks.duplicates:
            items.append(items[0])
        if quirks.intruders:
            items += islice((item for item in self._simulator.history if item.id not in ids and item.has_audio), 1)
        file, size = await run_in_threadpool(
            partial(write_archive, items, asked.output_format, quirks, wrong_crc=WRONG_CRC in request.scope)
        )
        headers["Content-Type"] = quirks.media_type or "application/zip"
        return ArchiveAnswer(file, None if quirks.chunked else size, headers)

    def _items(self, ids: Sequence[str]) -> Sequence[Item]:
        """Return the items to send, as the quirks deal with those that have no audio."""
        items, refusals = [], []
        for history_item_id in ids:
            try:
                items.append(self._with_audio(history_item_id))
            except RefusedError as refusal:
                refusals.append(refusal)
        missing_ids = self._simulator.quirks.missing_ids
        if refusals and missing_ids == "error" and len(ids) > 1:
            raise HTTPException(500, "Internal Server Error")
        if refusals and (missing_ids == "refuse" or not items):
            raise refusals[0]
        return items

    def _with_audio(self, history_item_id: str) -> Item:
        item = self._item(history_item_id)
        if item.has_audio:
            return item
        # How the vendor words this is not known. A deleted item can only be gone, one in the making is not yet there.
        if item.as_told().get("state") == "deleted":
            raise self._unknown(history_item_id)
        raise self._refused(400, "processing", f"The history item {history_item_id!r} is still processing")

    def _item(self, history_item_id: str) -> Item:
        item = self._simulator.history.get(history_item_id)
        if item is None:
            raise self._unknown(history_item_id)
        return item

    def _unknown(self, history_item_id: str) -> RefusedError:
        if not is_id(history_item_id):
            return self._refused(400, "invalid_uid", f"{history_item_id!r} is not an id", param="history_item_id")
        quirks = self._simulator.quirks
        message = f"There is no history item {history_item_id!r}"
        return self._refused(quirks.unknown_item_status, quirks.unknown_item_code, message, param="history_item_id")

    def _check_key(self, request: Request) -> None:
        key = request.headers.get("xi-api-key")
        if key is None:
            raise self._refused(401, "needs_authorization", "Neither authorization nor key sent")
        if key != self._simulator.api_key:
            raise self._refused(401, "invalid_api_key", "Invalid API key")
        scope = "speech_history_write" if request.method == "DELETE" else "speech_history_read"
        if scope not in self._simulator.scopes:
            message = f"The API key you used is missing the permission {scope} to execute this operation."
            raise self._refused(401, "missing_permissions", message)

    def _refused(self, status: int, code: str, message: str, param: str | None = None) -> RefusedError:
        return refused(status, code, message, quirks=self._simulator.quirks, param=param)


async def _answer_refusal(_: Request, error: Exception) -> Response:
    assert isinstance(error, RefusedError)  # noqa: S101 - Starlette's signature is wider than its behaviour
    return refusal_answer(error)


async def _answer_in_text(_: Request, error: Exception) -> Response:
    """Answer as the framework under the server does on its own: unknown paths, wrong methods, breakdowns."""
    assert isinstance(error, HTTPException)  # noqa: S101 - Starlette's signature is wider than its behaviour
    return JSONResponse({"detail": error.detail}, error.status_code, headers=error.headers)
