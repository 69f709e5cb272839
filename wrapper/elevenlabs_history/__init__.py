"""Download an ElevenLabs generation history: every clip, whole, and known for the item that it is.

The generated client beside this package knows the paths and the models of the API. What a generator can't know is here:
that a download may be one audio file or an archive, that an archive may be broken or hostile and names no ids, that a
body may be cut short, that bytes belong on the disk and not into memory, and which failure wants which cure.

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
    from ._extract import Clip
    from .async_client import AsyncHistoryClient, AsyncHistoryItems
    from .audio import Kind
    from .backup.catalogue import SavedFile
    from .backup.folder import Backup
    from .backup.records import Record
    from .backup.verify import Finding, Verification
    from .client import HistoryClient, HistoryItems
    from .doctor import Check, diagnose
    from .download import AsyncDownload, Download
    from .errors import (
        ArchiveRefused,
        AuthenticationError,
        CannotRead,
        CannotWrite,
        CatalogueUnusable,
        ConnectionFailed,
        DownloadsFailed,
        FolderBusy,
        HistoryError,
        InvalidArgument,
        InvalidRequest,
        InvalidTemplate,
        NotFound,
        PermissionDenied,
        QuotaExceeded,
        RateLimited,
        ServerError,
        TargetExists,
        Timeout,
        UnexpectedResponse,
        WrongRegion,
    )
    from .identity import Proof
    from .listing import Moment, Unreadable
    from .naming import DEFAULT_TEMPLATE, Template
    from .report import (
        BackupEvent,
        BackupPlan,
        BackupReport,
        Event,
        Failed,
        Finished,
        Gone,
        Listed,
        Received,
        Report,
        Saved,
        Skipped,
        Started,
    )
    from .retries import Retries

# Most of the package is of no use to a program that only lists, and reading it all would take as long as httpx does.
_MODULES = {
    "HistoryItem": "elevenlabs_history_api.models",
    "ArchiveRefused": ".errors",
    "AsyncDownload": ".download",
    "AsyncHistoryClient": ".async_client",
    "AsyncHistoryItems": ".async_client",
    "AuthenticationError": ".errors",
    "Backup": ".backup.folder",
    "BackupEvent": ".report",
    "BackupPlan": ".report",
    "BackupReport": ".report",
    "CannotRead": ".errors",
    "CannotWrite": ".errors",
    "CatalogueUnusable": ".errors",
    "Check": ".doctor",
    "Clip": "._extract",
    "ConnectionFailed": ".errors",
    "DEFAULT_TEMPLATE": ".naming",
    "DEFAULT_TIMEOUT": "._connection",
    "Download": ".download",
    "DownloadsFailed": ".errors",
    "Event": ".report",
    "Failed": ".report",
    "Finding": ".backup.verify",
    "Finished": ".report",
    "FolderBusy": ".errors",
    "Gone": ".report",
    "HistoryClient": ".client",
    "HistoryError": ".errors",
    "HistoryItems": ".client",
    "InvalidArgument": ".errors",
    "InvalidRequest": ".errors",
    "InvalidTemplate": ".errors",
    "Kind": ".audio",
    "Listed": ".report",
    "Moment": ".listing",
    "NotFound": ".errors",
    "PermissionDenied": ".errors",
    "Proof": ".identity",
    "QuotaExceeded": ".errors",
    "RateLimited": ".errors",
    "Received": ".report",
    "Record": ".backup.records",
    "Region": "._connection",
    "Report": ".report",
    "Retries": ".retries",
    "Saved": ".report",
    "SavedFile": ".backup.catalogue",
    "ServerError": ".errors",
    "Skipped": ".report",
    "Started": ".report",
    "TargetExists": ".errors",
    "Template": ".naming",
    "Timeout": ".errors",
    "UnexpectedResponse": ".errors",
    "Unreadable": ".listing",
    "Verification": ".backup.verify",
    "WrongRegion": ".errors",
    "diagnose": ".doctor",
}

__all__ = [
    "DEFAULT_TEMPLATE",
    "DEFAULT_TIMEOUT",
    "ArchiveRefused",
    "AsyncDownload",
    "AsyncHistoryClient",
    "AsyncHistoryItems",
    "AuthenticationError",
    "Backup",
    "BackupEvent",
    "BackupPlan",
    "BackupReport",
    "CannotRead",
    "CannotWrite",
    "CatalogueUnusable",
    "Check",
    "Clip",
    "ConnectionFailed",
    "Download",
    "DownloadsFailed",
    "Event",
    "Failed",
    "Finding",
    "Finished",
    "FolderBusy",
    "Gone",
    "HistoryClient",
    "HistoryError",
    "HistoryItem",
    "HistoryItems",
    "InvalidArgument",
    "InvalidRequest",
    "InvalidTemplate",
    "Kind",
    "Listed",
    "Moment",
    "NotFound",
    "PermissionDenied",
    "Proof",
    "QuotaExceeded",
    "RateLimited",
    "Received",
    "Record",
    "Region",
    "Report",
    "Retries",
    "Saved",
    "SavedFile",
    "ServerError",
    "Skipped",
    "Started",
    "TargetExists",
    "Template",
    "Timeout",
    "UnexpectedResponse",
    "Unreadable",
    "Verification",
    "WrongRegion",
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
