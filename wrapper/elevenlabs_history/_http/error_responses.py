"""How a failed response becomes an exception.

The server reports failures inconsistently (five body shapes, one status for five reasons), so the body decides before
the status does.
"""

import html
import json
import re
from collections.abc import Mapping
from typing import NamedTuple

from .. import errors
from ..errors import HistoryError

MAX_MESSAGE_CHARACTERS = 500
_MAX_PARSED_CHARACTERS = 64 * 1024


class ErrorBody(NamedTuple):
    """What the body of a failed response says, whatever its shape; an absent message is empty."""

    code: str | None
    message: str
    request_id: str | None


class _Kind(NamedTuple):
    type: type[HistoryError]
    hint: str


_KEY = _Kind(errors.AuthenticationError, "Check the key, or make a new one in the workspace settings.")
_SCOPE = _Kind(errors.PermissionDeniedError, "Give the key the scope in the workspace settings, or use another key.")
_QUOTA = _Kind(errors.QuotaExceededError, "Raise the quota or wait until it is renewed.")
_REGION = _Kind(errors.WrongRegionError, "Choose the region of the workspace: us, eu, in or sg.")
_GONE = _Kind(errors.NotFoundError, "The item was deleted or belongs to another workspace; list the history again.")
_ELSEWHERE = _Kind(errors.NotFoundError, "The response names no item: check the base URL.")
_REQUEST = _Kind(errors.InvalidRequestError, "Correct the request; sending it again will not help.")
_BUSY = _Kind(errors.RateLimitError, "Send fewer requests at once, or wait and try again.")
_SERVER = _Kind(errors.ServerError, "Try again later.")

_BY_CODE = {
    "invalid_api_key": _KEY,
    "needs_authorization": _KEY,
    "missing_permissions": _SCOPE,
    "quota_exceeded": _QUOTA,
    "invalid_id": _GONE,
    "invalid_uid": _GONE,
}
_BY_STATUS = {
    401: _KEY,
    402: _QUOTA,
    403: _Kind(errors.PermissionDeniedError, "Check the scopes of the key and the addresses it may be used from."),
    404: _ELSEWHERE,
    408: _Kind(errors.APITimeoutError, _SERVER.hint),
    410: _GONE,
    429: _BUSY,
}


def error_from_response(status_code: int, headers: Mapping[str, str], body: bytes, *, request: str) -> HistoryError:
    """Turn a failed response into an exception with a hint; `request` names it, such as `GET /v1/history`."""
    failure = parse_error_body(body)
    message = f"{request}: {failure.message or 'no reason was received'}"
    if 300 <= status_code < 400:
        return errors.UnexpectedResponseError(
            f"{request}: the server redirects to {one_line(headers.get('location', 'nowhere'))}. "
            "Redirects are not followed, because the key would go along.",
            hint="If that address is right, make it the base URL.",
            status_code=status_code,
        )
    kind = _kind(status_code, failure)
    return kind.type(
        message,
        hint=kind.hint,
        status_code=status_code,
        code=failure.code,
        request_id=failure.request_id or headers.get("x-trace-id"),
    )


def parse_error_body(body: bytes) -> ErrorBody:
    """Parse the body of a failed response: the vendor's JSON in its five shapes, or the text of a web page."""
    text = body[:_MAX_PARSED_CHARACTERS].decode("utf-8", errors="replace")
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return ErrorBody(None, _page_text(text), None)
    if not isinstance(document, dict):
        return ErrorBody(None, one_line(text), None)
    detail = document.get("detail")
    if isinstance(detail, dict):
        code = detail.get("code") or detail.get("status") or detail.get("type")
        return ErrorBody(_word(code), one_line(detail.get("message") or ""), _word(detail.get("request_id")))
    if isinstance(detail, list):
        return ErrorBody(_word(_get(detail, "type")), one_line("; ".join(map(_mistake, detail))), None)
    if isinstance(detail, str):
        return ErrorBody(None, one_line(detail), None)
    return ErrorBody(_word(document.get("error")), one_line(document.get("message") or ""), None)


def one_line(text: object) -> str:
    """Make untrusted text fit for an error message: one line, printable, of bounded length."""
    line = " ".join(str(text)[: 4 * MAX_MESSAGE_CHARACTERS].split())
    line = "".join(character for character in line if character.isprintable())
    return line if len(line) <= MAX_MESSAGE_CHARACTERS else line[: MAX_MESSAGE_CHARACTERS - 1] + "…"


def _kind(status_code: int, failure: ErrorBody) -> _Kind:
    if status_code >= 500:
        return _SERVER
    if status_code in {401, 403} and "residency" in failure.message.lower():
        return _REGION
    if kind := _BY_CODE.get(failure.code or ""):
        return kind
    if status_code == 404 and failure.code:
        return _GONE
    return _BY_STATUS.get(status_code, _REQUEST)


def _mistake(entry: object) -> str:
    """Format one entry of a 422: where, what."""
    if not isinstance(entry, dict):
        return str(entry)
    location = entry.get("loc")
    where = ".".join(map(str, location)) if isinstance(location, list) else ""
    return f"{where}: {entry.get('msg')}" if where else str(entry.get("msg"))


def _get(entries: list[object], key: str) -> object:
    return entries[0].get(key) if entries and isinstance(entries[0], dict) else None


def _word(value: object) -> str | None:
    return one_line(value) if isinstance(value, str) and value else None


def _page_text(text: str) -> str:
    """Return the title of an HTML page, or all its text."""
    opening = re.search(r"<title[^<>]*>", text, re.IGNORECASE)
    if opening:
        title = text[opening.end() :]
        return one_line(html.unescape(title[: title.find("<")] if "<" in title else title))
    # Neither pattern can match twice from one place, so that a page of nothing but "<" takes linear time.
    without_code = re.sub(r"<(script|style)\b.*?(</\1>|$)", " ", text, flags=re.IGNORECASE | re.DOTALL)
    return one_line(html.unescape(re.sub(r"<[^<>]*>", " ", without_code)))
