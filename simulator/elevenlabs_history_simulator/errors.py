"""What the server says when it refuses, in the shapes it has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import frozen

if TYPE_CHECKING:
    from .quirks import Quirks


@frozen
class Refused(Exception):
    """A refusal on its way to the caller."""

    status: int
    body: dict[str, Any]


def refused(status: int, kind: str, code: str, message: str, *, trace_id: str, quirks: Quirks) -> Refused:
    """Refuse with the vendor's own error, in the shape that is switched on."""
    if quirks.error_shape == "older":
        return Refused(status, {"detail": {"status": code, "message": message}})
    detail = {"type": kind, "code": code, "message": message, "status": code, "request_id": trace_id, "param": None}
    return Refused(status, {"detail": detail})


def invalid(kind: str, message: str, *where: str | int, given: object = None) -> Refused:
    """Refuse a request of the wrong shape, as the framework under the server does it before anything else."""
    return Refused(422, {"detail": [{"type": kind, "loc": list(where), "msg": message, "input": given}]})
