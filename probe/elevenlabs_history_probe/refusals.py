"""What the server says when it refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .findings import Finding, NotSettledError, assumption, confirmed, is_refused, refuted
from .session import MALFORMED_ID

if TYPE_CHECKING:
    from .session import Response, Session

_ITEM_CODES = {"invalid_uid", "invalid_id"}
_BUSY_CODES = {"too_many_concurrent_requests", "concurrent_limit_exceeded", "rate_limit_exceeded", "system_busy"}
# Other codes are not written into a report, because a server may put anything there.
_CODES = {
    *_ITEM_CODES,
    *_BUSY_CODES,
    "invalid_output_format",
    "invalid_parameters",
    "history_item_not_found",
    "not_found",
    "validation_error",
    "invalid_api_key",
    "missing_permissions",
    "needs_authorization",
    "quota_exceeded",
}


def shape_of(response: Response) -> str:
    """Name the shape of a refusal."""
    body = response.json
    detail = body.get("detail") if isinstance(body, dict) else None
    match detail:
        case {"code": _, "type": _}:
            return "current"
        case {"status": _, "message": _}:
            return "older"
        case [{"loc": _, "msg": _}, *_]:
            return "list of mistakes"
        case str():
            return "text"
    return "error and message" if isinstance(body, dict) and {"error", "message"} <= body.keys() else "unknown"


def code_of(response: Response) -> str:
    """Return the code of a refusal if it is a known one."""
    body = response.json
    detail = body.get("detail", body) if isinstance(body, dict) else None
    if isinstance(detail, dict):
        for name in ("code", "status", "error"):
            if isinstance(detail.get(name), str):
                return detail[name] if detail[name] in _CODES else "(an unknown code)"
    return "(no code)"


@assumption(
    "Which shape has a refusal?",
    assumed="The current one: `type`, `code`, `message`, `status`, `request_id`, `param`.",
    handling="Five shapes are parsed; of anything else the text is kept.",
    quirks=("error_shape",),
)
def error_shape(session: Session) -> Finding:
    """Request an item that does not exist."""
    shape = shape_of(_unknown(session))
    quirks = {"error_shape": shape} if shape in {"current", "older"} else {}
    return Finding(shape == "current", shape, quirks)


@assumption(
    "Is an unknown item 400 or 404?",
    assumed="400.",
    handling="Both are `NotFoundError` if the response names the reason.",
    quirks=("unknown_item_status",),
)
def unknown_item_status(session: Session) -> Finding:
    """Request one."""
    status = _unknown(session).status
    quirks = {"unknown_item_status": status} if status in {400, 404} else {}
    return Finding(status == 400, str(status), quirks)


@assumption(
    "Which code has the refusal of an unknown item?",
    assumed="`invalid_uid`.",
    handling="Several codes are known; with 404 none is needed.",
    quirks=("unknown_item_code",),
)
def unknown_item_code(session: Session) -> Finding:
    """Request one."""
    code = code_of(_unknown(session))
    return Finding(code == "invalid_uid", code, {"unknown_item_code": code} if code in _ITEM_CODES else {})


@assumption(
    "Is a malformed id refused?",
    assumed="Yes, with 400 and `invalid_uid`.",
    handling="Malformed ids are refused before anything is sent.",
)
def malformed_id(session: Session) -> Finding:
    """Request an item of one."""
    response = session.get(MALFORMED_ID)
    if not is_refused(response):
        return refuted("200")
    code = code_of(response)
    return Finding((response.status, code) == (400, "invalid_uid"), f"refused with {response.status} {code}")


@assumption(
    "Do history reads count against the concurrency of the plan, and with which code?",
    assumed="Maybe; `too_many_concurrent_requests`.",
    handling="On a 429 `download_all` halves its number of concurrent requests.",
    needs="Asked only with `--burst`.",
    quirks=("busy_code",),
)
def busy_code(session: Session) -> Finding:
    """Send concurrent requests."""
    busy, number = _busy(session)
    code = code_of(busy[0])
    quirks = {"busy_code": code} if code in _BUSY_CODES else {}
    fact = f"{len(busy)} of {number} were refused with 429 {code}"
    return Finding(code == "too_many_concurrent_requests", fact, quirks)


@assumption(
    "Does `Retry-After` come with a 429?",
    assumed="No.",
    handling="Honored if present, up to a minute, by all calls of a client; not needed.",
    needs="Asked only with `--burst`.",
    quirks=("retry_after",),
)
def retry_after(session: Session) -> Finding:
    """Look at the refusals of concurrent requests."""
    text = _busy(session)[0][0].headers.get("retry-after")
    if text is None:
        return confirmed("no", {"retry_after": None})
    if not (text.isascii() and text.isdecimal() and len(text) <= 6):
        return refuted("yes, but not as a number of seconds")
    return refuted(f"{int(text)} s", {"retry_after": int(text)})


def _unknown(session: Session) -> Response:
    response = session.get(session.unknown_id)
    if not is_refused(response):
        raise NotSettledError("the server has an item of an id that was made up")
    return response


def _busy(session: Session) -> tuple[list[Response], int]:
    if not session.limits.burst:
        raise NotSettledError("not asked without --burst")
    responses = session.burst()
    busy = [response for response in responses if response.status == 429]
    if not busy:
        raise NotSettledError(f"{len(responses)} concurrent requests were answered, none with 429")
    return busy, len(responses)
