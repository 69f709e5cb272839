"""Every exception that this package raises. `str(error)` is one line: what happened, to what, and what to do next."""


class HistoryError(Exception):
    """Base of every error that this package raises.

    Attributes:
        message: What happened, to what.
        hint: What to do next; may be empty.
        status_code: The HTTP status; None if no response arrived.
        code: The server's name for the failure, such as `invalid_api_key`.
        request_id: The id of the request, which the vendor's support asks for.
        retry_after: Seconds that the server asked to wait.
        never_sent: The request certainly did not reach the server.
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
        self.never_sent = False

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
    """There is no key, or the server rejects it."""


class PermissionDeniedError(HistoryError):
    """The key is valid but not allowed to do this: a scope is missing, or the IP address is not allowed."""


class QuotaExceededError(HistoryError):
    """The quota of the workspace is used up, or a payment is missing."""


class WrongRegionError(HistoryError):
    """The key belongs to a workspace in another region."""


class NotFoundError(HistoryError):
    """The server has no such item: it was deleted or never existed."""


class InvalidRequestError(HistoryError):
    """The server rejects the request as invalid."""


class RateLimitError(HistoryError):
    """Too many concurrent requests, or too many in a short time."""


class ServerError(HistoryError):
    """The server failed."""


class APIConnectionError(HistoryError, ConnectionError):
    """No connection was made, or it broke before the response was complete."""


class APITimeoutError(HistoryError, TimeoutError):
    """The server took longer than allowed."""


class UnexpectedResponseError(HistoryError):
    """The response is not one of the history API: a page of a proxy, a redirect, a body that contradicts its header."""


class InvalidArgumentError(HistoryError, ValueError):
    """An argument is invalid; nothing was sent and nothing was written."""


class TargetExistsError(HistoryError, FileExistsError):
    """A file exists where one should be written; it was not changed."""


class WriteError(HistoryError, OSError):
    """The disk is full, the folder is not writable, or the like; no partial file was left. `errno` may tell which."""


class LockedError(HistoryError):
    """Another run is writing into the folder."""


class BulkDownloadError(HistoryError):
    """Some items of a run were not saved; the others were."""


class UnsafeArchiveError(HistoryError):
    """A zip archive was not extracted because it can't be trusted; nothing of it was kept."""
