"""What the server says when it refuses, in the shapes it has."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from attrs import field, frozen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .quirks import Quirks

_TYPES = {
    400: "invalid_request",
    401: "authentication_error",
    402: "payment_required",
    403: "authorization_error",
    404: "not_found",
    429: "rate_limit_error",
}


@frozen
class RefusedError(Exception):
    """A refusal on its way to the caller.

    Attributes:
        status: The HTTP status.
        body: The JSON.
        trace_id: What the `x-trace-id` header says.
    """

    status: int
    body: dict[str, Any]
    trace_id: str = field(factory=lambda: secrets.token_hex(8))


@frozen
class Mistake:
    """One thing that is wrong with the shape of a request, in the words of the framework under the server.

    Attributes:
        type: The kind of mistake.
        where: Where it is, from the outside in.
        message: What is wrong.
        given: What was there instead.
        context: What the message speaks of, such as the limit that was passed.
    """

    type: str
    where: tuple[str | int, ...]
    message: str
    given: object
    context: dict[str, Any] | None = None


def refused(status: int, code: str, message: str, *, quirks: Quirks, param: str | None = None) -> RefusedError:
    """Refuse with the vendor's own error, in the shape that is switched on."""
    if quirks.error_shape == "older":
        return RefusedError(status, {"detail": {"status": code, "message": message}})
    trace_id = secrets.token_hex(8)
    detail = {
        "type": _TYPES.get(status, "server_error" if status >= 500 else "invalid_request"),
        "code": code,
        "message": message,
        "status": code,
        "request_id": trace_id,
        "param": param,
    }
    return RefusedError(status, {"detail": detail}, trace_id)


def invalid_output_format(expected: str) -> RefusedError:
    """Refuse the format of a download, which has an error shape of its own."""
    return RefusedError(400, {"error": "invalid_output_format", "message": f"output_format must be {expected}"})


def invalid(mistakes: Sequence[Mistake]) -> RefusedError:
    """Refuse a request of the wrong shape, as the framework under the server does it before anything else."""
    return RefusedError(422, {"detail": [_told(mistake) for mistake in mistakes]})


def _told(mistake: Mistake) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "type": mistake.type,
        "loc": list(mistake.where),
        "msg": mistake.message,
        "input": mistake.given,
    }
    return entry if mistake.context is None else entry | {"ctx": mistake.context}
