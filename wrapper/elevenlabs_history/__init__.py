"""Download an ElevenLabs generation history: every clip, whole, and known for the item that it is.

The generated client beside this package knows the paths and the models of the API. What a generator can't know is here:
that a download may be one audio file or an archive, that an archive may be broken or hostile and names no ids, that a
body may be cut short, that bytes belong on the disk and not into memory, and which failure wants which hint.

    from elevenlabs_history import HistoryClient

    with HistoryClient() as client:                      # the key is in ELEVENLABS_API_KEY
        items = list(client.list(search="dragon", limit=10))
        for clip in client.download(items).extract("clips"):
            print(clip.path, clip.history_item_id)
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from ._version import __version__

if TYPE_CHECKING:
    from elevenlabs_history_api.models import HistoryItem

    from ._connection import DEFAULT_TIMEOUT, Region
    from ._extract import DownloadedFile
    from .async_client import AsyncHistoryClient, AsyncHistoryItems
    from .audio import FileKind
    from .backup.catalog import BackupFile
    from .backup.folder import Backup
    from .backup.records import Record
    from .backup.verify import VerifyIssue, VerifyReport
    from .client import HistoryClient, HistoryItems
    from .doctor import Check, diagnose
    from .download import AsyncDownload, Download
    from .errors import (
        UnsafeArchiveError,
        AuthenticationError,
        ReadError,
        WriteError,
        CatalogError,
        APIConnectionError,
        BulkDownloadError,
        LockedError,
        HistoryError,
        InvalidArgumentError,
        InvalidRequestError,
        InvalidArgumentError,
        NotFoundError,
        PermissionDeniedError,
        QuotaExceededError,
        RateLimitError,
        ServerError,
        TargetExistsError,
        Timeout,
        UnexpectedResponseError,
        WrongRegionError,
    )
    from .identity import MatchMethod
    from .listing import TimestampLike, InvalidEntry
    from .naming import DEFAULT_TEMPLATE, Template
    from .report import (
        BackupEvent,
        SyncPlan,
        SyncReport,
        Event,
        ItemFailed,
        RunFinished,
        ItemMissing,
        PageListed,
        BytesReceived,
        Report,
        FileSaved,
        SkippedFile,
        RunStarted,
    )
    from .retries import RetryPolicy

# Most of the package is of no use to a program that only lists, and reading it all would take as long as httpx does.
_MODULES = {
    "HistoryItem": "elevenlabs_history_api.models",
    "UnsafeArchiveError": ".errors",
    "AsyncDownload": ".download",
    "AsyncHistoryClient": ".async_client",
    "AsyncHistoryItems": ".async_client",
    "AuthenticationError": ".errors",
    "Backup": ".backup.folder",
    "BackupEvent": ".report",
    "SyncPlan": ".report",
    "SyncReport": ".report",
    "ReadError": ".errors",
    "WriteError": ".errors",
    "CatalogError": ".errors",
    "Check": ".doctor",
    "DownloadedFile": "._extract",
    "APIConnectionError": ".errors",
    "DEFAULT_TEMPLATE": ".naming",
    "DEFAULT_TIMEOUT": "._connection",
    "Download": ".download",
    "BulkDownloadError": ".errors",
    "Event": ".report",
    "ItemFailed": ".report",
    "VerifyIssue": ".backup.verify",
    "RunFinished": ".report",
    "LockedError": ".errors",
    "ItemMissing": ".report",
    "HistoryClient": ".client",
    "HistoryError": ".errors",
    "HistoryItems": ".client",
    "InvalidArgumentError": ".errors",
    "InvalidRequestError": ".errors",
    "InvalidArgumentError": ".errors",
    "FileKind": ".audio",
    "PageListed": ".report",
    "TimestampLike": ".listing",
    "NotFoundError": ".errors",
    "PermissionDeniedError": ".errors",
    "MatchMethod": ".identity",
    "QuotaExceededError": ".errors",
    "RateLimitError": ".errors",
    "BytesReceived": ".report",
    "Record": ".backup.records",
    "Region": "._connection",
    "Report": ".report",
    "RetryPolicy": ".retries",
    "FileSaved": ".report",
    "BackupFile": ".backup.catalog",
    "ServerError": ".errors",
    "SkippedFile": ".report",
    "RunStarted": ".report",
    "TargetExistsError": ".errors",
    "Template": ".naming",
    "Timeout": ".errors",
    "UnexpectedResponseError": ".errors",
    "InvalidEntry": ".listing",
    "VerifyReport": ".backup.verify",
    "WrongRegionError": ".errors",
    "diagnose": ".doctor",
}

__all__ = [
    "DEFAULT_TEMPLATE",
    "DEFAULT_TIMEOUT",
    "UnsafeArchiveError",
    "AsyncDownload",
    "AsyncHistoryClient",
    "AsyncHistoryItems",
    "AuthenticationError",
    "Backup",
    "BackupEvent",
    "SyncPlan",
    "SyncReport",
    "ReadError",
    "WriteError",
    "CatalogError",
    "Check",
    "DownloadedFile",
    "APIConnectionError",
    "Download",
    "BulkDownloadError",
    "Event",
    "ItemFailed",
    "VerifyIssue",
    "RunFinished",
    "LockedError",
    "ItemMissing",
    "HistoryClient",
    "HistoryError",
    "HistoryItem",
    "HistoryItems",
    "InvalidArgumentError",
    "InvalidRequestError",
    "InvalidArgumentError",
    "FileKind",
    "PageListed",
    "TimestampLike",
    "NotFoundError",
    "PermissionDeniedError",
    "MatchMethod",
    "QuotaExceededError",
    "RateLimitError",
    "BytesReceived",
    "Record",
    "Region",
    "Report",
    "RetryPolicy",
    "FileSaved",
    "BackupFile",
    "ServerError",
    "SkippedFile",
    "RunStarted",
    "TargetExistsError",
    "Template",
    "Timeout",
    "UnexpectedResponseError",
    "InvalidEntry",
    "VerifyReport",
    "WrongRegionError",
    "__version__",
    "diagnose",
]


def __getattr__(name: str) -> object:
    """Import a public name when it is first asked for."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(_MODULES[name], __name__), name)
    return value


def __dir__() -> list[str]:
    """List what the package offers, imported or not."""
    return sorted(__all__)
