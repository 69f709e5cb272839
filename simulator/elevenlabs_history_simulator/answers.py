"""Answers that are more than a little JSON: audio, whole or in part, and archives."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from starlette.responses import Response, StreamingResponse

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from typing import IO

    from starlette.requests import Request
    from starlette.types import Receive, Scope, Send

    from .audio import Audio
    from .errors import RefusedError
    from .quirks import Quirks

_PIECE = 256 * 1024
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


def told(body: dict[str, Any]) -> Response:
    """Answer with JSON."""
    return Response(json.dumps(body, separators=(",", ":")), media_type="application/json")


def refusal_answer(refused: RefusedError) -> Response:
    """Answer with a refusal."""
    return Response(
        json.dumps(refused.body),
        refused.status,
        headers={"x-trace-id": refused.trace_id},
        media_type="application/json",
    )


def audio_answer(request: Request, audio: Audio, quirks: Quirks, headers: dict[str, str]) -> Response:
    """Answer with audio, or with the part of it that is asked for."""
    if quirks.ranges:
        headers = headers | {"Accept-Ranges": "bytes"}
    # There is nothing to compare an If-Range with, and what does not match is sent as a whole.
    wanted = request.headers.get("range") if quirks.ranges and "if-range" not in request.headers else None
    part = _part(wanted, audio.size)
    if part is None:
        return _audio(200, audio, range(audio.size), headers, chunked=quirks.chunked)
    if not part:
        return Response(status_code=416, headers={"Content-Range": f"bytes */{audio.size}"})
    content_range = f"bytes {part[0]}-{part[-1]}/{audio.size}"
    return _audio(206, audio, part, headers | {"Content-Range": content_range}, chunked=quirks.chunked)


class ArchiveAnswer(StreamingResponse):
    """An archive on its way; closed at the end, even when the caller is gone before the first byte."""

    def __init__(self, file: IO[bytes], size: int | None, headers: dict[str, str]) -> None:
        if size is not None:
            headers = headers | {"Content-Length": str(size)}
        super().__init__(_without_threads(iter(lambda: file.read(_PIECE), b"")), headers=headers)
        self._file = file

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        with self._file:
            await super().__call__(scope, receive, send)


def _audio(status: int, audio: Audio, part: range, headers: dict[str, str], *, chunked: bool) -> Response:
    body = _cut(audio.pieces(), part)
    if chunked:
        return StreamingResponse(_without_threads(body), status, headers)
    if len(part) <= _PIECE:
        return Response(b"".join(body), status, headers)
    return StreamingResponse(_without_threads(body), status, {"Content-Length": str(len(part))} | headers)


def _part(wanted: str | None, size: int) -> range | None:
    """Return which bytes a `Range` means: None for all, because it means no single part; none when there are none."""
    asked = _RANGE.fullmatch(wanted or "")
    if asked is None or asked[0] == "bytes=-":
        return None
    first, last = asked.groups()
    if not first:
        return range(max(0, size - int(last)), size)
    if last and int(last) < int(first):
        return None
    return range(int(first), min(size, int(last) + 1) if last else size)


def _cut(pieces: Iterator[bytes], part: range) -> Iterator[bytes]:
    """Yield a part of what the pieces are together."""
    start = 0
    for piece in pieces:
        if start >= part.stop:
            return
        if cut := piece[max(0, part.start - start) : part.stop - start]:
            yield cut
        start += len(piece)


async def _without_threads(pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    """Yield pieces that take no time to make, for which Starlette would ask a thread one by one."""
    for piece in pieces:
        yield piece
