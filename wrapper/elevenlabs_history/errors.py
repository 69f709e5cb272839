"""Every exception that this package raises on purpose, and how an answer of the server becomes one.

`str(error)` is one line: what happened, to what, and what to do next. The server is not consistent in how it reports a
failure (five body shapes, one status for five reasons), so the body decides before the status does.
"""

from __future__ import annotations

import html
import json
import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

LONGEST_MESSAGE = 500


class HistoryError(Exception):
    """Base of every error that this package raises on purpose.

    Attributes:
        message: What happened, to what.
        hint: What to do next; may be empty.
        status_code: The HTTP status, or None when no answer arrived.
        code: The server's name for the failure, such as `invalid_api_key`.
        request_id: What the vendor's support asks for.
        retry_after: For how many seconds the server asked to be left alone.
    """

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        status_code: int | None = None,
        code: str | None = None,
        request_id: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.status_code = status_code
        self.code = code
        self.request_id = request_id
        self.retry_after = retry_after

    def __str__(self) -> str:
        label = " ".join(str(part) for part in (self.status_code, self.code) if part is not None)
        parts = [
            f"[{label}]" if label else "",
            self.message if self.message.endswith((".", "!", "?", "…")) else f"{self.message}.",
            self.hint,
            f"(request_id: {self.request_id})" if self.request_id else "",
        ]
        return " ".join(part for part in parts if part)


class AuthenticationError(HistoryError):
    """There is no key, or the server does not know it."""


class PermissionDeniedError(HistoryError):
    """The key is known but may not do this, because a scope is missing or the address is not allowed."""


class QuotaExceededError(HistoryError):
    """The workspace has used up what its plan allows, or has not paid."""


class WrongRegionError(HistoryError):
    """The key belongs to a workspace that lives in another region."""


class NotFoundError(HistoryError):
    """The server has no such item; it was deleted or never existed."""


class InvalidRequestError(HistoryError):
    """The server understood the request and refuses it as wrong."""


class RateLimitError(HistoryError):
    """Too many requests at once or in too short a time."""


class ServerError(HistoryError):
    """The server failed."""


class APIConnectionError(HistoryError, ConnectionError):
    """No connection came about, or it broke before the answer was whole.

    Attributes:
        never_sent: The request surely did not reach the server.
    """

    def __init__(self, message: str, *, hint: str = "", never_sent: bool = False) -> None:
        super().__init__(message, hint=hint)
        self.never_sent = never_sent


class Timeout(HistoryError, TimeoutError):
    """The server took longer than allowed.

    Attributes:
        never_sent: The request surely did not reach the server.
    """

    def __init__(
        self, message: str, *, hint: str = "", never_sent: bool = False, status_code: int | None = None
    ) -> None:
        super().__init__(message, hint=hint, status_code=status_code)
        self.never_sent = never_sent


class UnexpectedResponseError(HistoryError):
    """The answer is none that the history API gives: a page of a proxy, a redirect, a body that is not what it says."""


class InvalidArgumentError(HistoryError, ValueError):
    """An argument can't be used; nothing was sent and nothing was written."""


class InvalidArgumentError(InvalidArgumentError):
    """A name template can't be used, or would give two items one name; nothing was sent and nothing was written."""


class TargetExistsError(HistoryError, FileExistsError):
    """A file is already where one should be written; it was left as it is."""


class WriteError(HistoryError, OSError):
    """The disk is full, the folder may not be written to, or the like; nothing half-written was left."""


class LockedError(HistoryError):
    """Another run is writing into the folder."""


class ReadError(HistoryError):
    """A file that is there can't be read."""


class CatalogError(HistoryError):
    """The catalog of a backup is missing, damaged, in use, or of a newer version of this package."""


class BulkDownloadError(HistoryError):
    """Some items of a run were not saved; the others were."""


class UnsafeArchiveError(HistoryError):
    """A zip archive was not taken apart because it can't be trusted; nothing of it was kept."""


class Failure(NamedTuple):
    """What the body of a failed answer says, whichever shape it has.

    Attributes:
        code: The server's name for the failure.
        message: The reason in words, on one line.
        request_id: What the vendor's support asks for.
    """

    code: str | None
    message: str
    request_id: str | None


class _Kind(NamedTuple):
    type: type[HistoryError]
    hint: str


_KEY = _Kind(AuthenticationError, "Check the key: pass api_key=… or set ELEVENLABS_API_KEY.")
_SCOPE = _Kind(PermissionDeniedError, "Give the key the scope in the workspace settings, or use another key.")
_QUOTA = _Kind(QuotaExceededError, "Raise the quota or wait until it is renewed.")
_REGION = _Kind(WrongRegionError, 'Pass the region of the workspace: region="us", "eu", "in" or "sg".')
_GONE = _Kind(NotFoundError, "The item was deleted or belongs to another workspace; list the history again.")
_ELSEWHERE = _Kind(NotFoundError, "The answer names no item: check the base URL.")
_REQUEST = _Kind(InvalidRequestError, "Correct the request; sending it again will not help.")
_BUSY = _Kind(RateLimitError, "Send fewer requests at once, or wait and try again.")
_SERVER = _Kind(ServerError, "Try again later.")

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
    403: _Kind(PermissionDeniedError, "Check the scopes of the key and the addresses it may be used from."),
    404: _ELSEWHERE,
    410: _GONE,
    429: _BUSY,
}


def error_from_response(status_code: int, headers: Mapping[str, str], body: bytes, *, request: str) -> HistoryError:
    """Turn a failed answer into the exception that tells what to do.

    Args:
        status_code: The HTTP status, not 2xx.
        headers: The headers of the answer, looked up by lower-case names.
        body: The start of the body; a few kilobytes are enough.
        request: What was asked, such as `GET /v1/history`, for the message.

    Returns:
        The exception, not raised. The five body shapes of the vendor are understood; of anything else the text is kept.
    """
    failure = read_failure(body)
    message = f"{request}: {failure.message or 'the server gave no reason'}"
    if status_code == 408:
        return Timeout(message, hint=_SERVER.hint, status_code=status_code)
    if 300 <= status_code < 400:
        return UnexpectedResponseError(
            f"{request}: the server redirects to {one_line(headers.get('location', 'nowhere'))}. "
            "Redirects are not followed, because the key would go along.",
            hint="If that address is right, pass it as base_url.",
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


def read_failure(body: bytes) -> Failure:
    """Read what went wrong out of a body: the vendor's JSON in its five shapes, or the text of a page.

    Args:
        body: The body or its start.

    Returns:
        The code, message and request id; what is not there is None, a missing message is empty.
    """
    text = body.decode("utf-8", errors="replace")
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return Failure(None, _page_text(text), None)
    if not isinstance(document, dict):
        return Failure(None, one_line(text), None)
    detail = document.get("detail")
    if isinstance(detail, dict):
        code = detail.get("code") or detail.get("status") or detail.get("type")
        return Failure(_word(code), one_line(detail.get("message") or ""), _word(detail.get("request_id")))
    if isinstance(detail, list):
        return Failure(_word(_get(detail, "type")), one_line("; ".join(map(_mistake, detail))), None)
    if isinstance(detail, str):
        return Failure(None, one_line(detail), None)
    return Failure(_word(document.get("error")), one_line(document.get("message") or ""), None)


def one_line(text: object) -> str:
    """Make text from outside fit for an error message: one line, printable, of bounded length."""
    line = " ".join(str(text)[: 4 * LONGEST_MESSAGE].split())
    line = "".join(character for character in line if character.isprintable())
    return line if len(line) <= LONGEST_MESSAGE else line[: LONGEST_MESSAGE - 1] + "…"


def _kind(status_code: int, failure: Failure) -> _Kind:
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
    """Say one entry of a 422 in words: where, what."""
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
    """Take the title of an HTML page, or all its text."""
    title = re.search(r"<title[^>]*>(.*?)</title>", text, re.IGNORECASE | re.DOTALL)
    without_code = re.sub(r"<(script|style)\b.*?(</\1>|$)", " ", text, flags=re.IGNORECASE | re.DOTALL)
    return one_line(html.unescape(re.sub(r"<[^>]*>", " ", title.group(1) if title else without_code)))
