"""What was asked, as it came."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

from attrs import frozen
from starlette.requests import Request

if TYPE_CHECKING:
    from starlette.types import Receive, Scope


@frozen(kw_only=True)
class ReceivedRequest:
    """A request as it came.

    Attributes:
        operation: `list`, `get`, `delete`, `audio` or `download`; empty for any other path.
        method: The method.
        path: The path.
        query: The parameters.
        headers: The headers, by lower-case names.
        body: The body.
        time: When it came, in seconds of the monotonic clock.
    """

    operation: str
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes
    time: float

    @property
    def json(self) -> Any:  # noqa: ANN401 - JSON is anything
        """The body as JSON."""
        return json.loads(self.body)


async def read_request(scope: Scope, receive: Receive) -> ReceivedRequest:
    """Read a request to its end."""
    request = Request(scope, receive)
    path = scope["path"].removeprefix(scope.get("root_path", ""))
    return ReceivedRequest(
        operation=_operation(request.method, path),
        method=request.method,
        path=path,
        query=dict(request.query_params),
        headers=dict(request.headers),
        body=await request.body(),
        time=time.monotonic(),
    )


def _operation(method: str, path: str) -> str:
    match method, path.strip("/").split("/"):
        case "GET", ["v1", "history"]:
            return "list"
        case "POST", ["v1", "history", "download"]:
            return "download"
        case (("GET" | "DELETE"), ["v1", "history", _]):
            return "get" if method == "GET" else "delete"
        case "GET", ["v1", "history", _, "audio"]:
            return "audio"
        case _:
            return ""
