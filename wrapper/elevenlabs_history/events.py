"""What `download_all` and `extract_archive` report: events while a run goes on, a report at its end."""

from collections.abc import Sized
from pathlib import Path
from typing import TypeAlias

from attrs import field, frozen, mutable

from ._audio import FileKind
from ._matching import MatchMethod
from .errors import BulkDownloadError, HistoryError


@frozen(kw_only=True)
class DownloadedFile:
    """A file that was saved.

    Attributes:
        path: Where the file is.
        history_item_id: The item that the file is proven to be; None if nothing proves it.
        match_method: How the item is known; None if it is not.
        kind: What the bytes are. PCM with a known sample rate was saved as WAV; other PCM stays raw.
        size: Size in bytes.
        sha256: SHA-256 of the bytes, in hexadecimal.
    """

    path: Path
    history_item_id: str | None
    match_method: MatchMethod | None
    kind: FileKind
    size: int
    sha256: str


@frozen(kw_only=True)
class SkippedFile:
    """A file that existed before the run, so that its item was not fetched."""

    path: Path
    history_item_id: str


@frozen
class RunStarted:
    """The run knows how many items it will settle; those that it skips, because their files exist, are not counted."""

    items: int


@frozen
class BytesReceived:
    """So many bytes of a response body arrived since the last such event."""

    size: int


@frozen
class FileSaved:
    """A file is in place, proven to be its item."""

    file: DownloadedFile


@frozen
class ItemMissing:
    """The server no longer has an item."""

    history_item_id: str


@frozen
class ItemFailed:
    """An item could not be saved and is not tried again in this run."""

    history_item_id: str
    error: HistoryError


@frozen
class RunFinished:
    """The run is over; `download_all` returns the same report."""

    report: "Report"


Event: TypeAlias = RunStarted | BytesReceived | FileSaved | ItemMissing | ItemFailed | RunFinished
"""What happens in a run: started, then these as they come, finished."""


def _count(entries: Sized) -> str:
    return f"<{len(entries)}>"


@mutable
class Report:
    """The result of `download_all`. Every item is in exactly one of the four lists, unless the run was stopped.

    Attributes:
        saved: Files, each proven to be its item, in the order in which they were saved.
        skipped: Items whose files existed.
        missing: Ids of items that the server no longer has.
        failed: Items that could not be saved, with the reason.
        aborted_by: The error that ended the run early, because every further request would have failed too: a refused
            key, a full disk, a server that fails everything. Items that were not settled by then are in `failed` with
            this error. None if the run came to its end.
    """

    saved: list[DownloadedFile] = field(factory=list, repr=_count)
    skipped: list[SkippedFile] = field(factory=list, repr=_count)
    missing: list[str] = field(factory=list, repr=_count)
    failed: list[ItemFailed] = field(factory=list, repr=_count)
    aborted_by: HistoryError | None = None

    def raise_for_failures(self) -> None:
        """Raise if an item could not be saved. A missing item is not a failure.

        Raises:
            BulkDownloadError: Says how many items failed and why the first one did.
        """
        if not self.failed:
            return
        first = self.failed[0]
        total = len(self.saved) + len(self.skipped) + len(self.missing) + len(self.failed)
        raise BulkDownloadError(
            f"{len(self.failed)} of {total} items were not saved. The first is {first.history_item_id}: {first.error}",
            hint="Run it again: saved files are not fetched twice.",
        )


@mutable(kw_only=True)
class ArchiveReport:
    """The result of `extract_archive`. Every file of the archive is in exactly one of the three lists.

    Attributes:
        saved: Files, each proven to be its item.
        skipped: Ids of items that were left out, because their files exist or because the caller asked for it.
        unmatched: Names, as the archive has them, of files that are not proven to be one of the items.
    """

    saved: list[DownloadedFile] = field(factory=list, repr=_count)
    skipped: list[str] = field(factory=list, repr=_count)
    unmatched: list[str] = field(factory=list, repr=_count)
