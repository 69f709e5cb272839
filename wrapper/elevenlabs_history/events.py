"""What `download_all` tells: events while it runs and a report at its end."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from attrs import Factory, frozen, mutable

from .errors import BulkDownloadError, HistoryError

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from ._extract import DownloadedFile


@frozen
class RunStarted:
    """The run knows what there is to do.

    Attributes:
        items: How many items will be fetched; those that are on the disk already are not among them.
    """

    items: int


@frozen
class BytesReceived:
    """Bytes have come.

    Attributes:
        size: How many, since the last such event.
    """

    size: int


@frozen
class FileSaved:
    """A file is in place.

    Attributes:
        clip: Where, and which item it is.
    """

    clip: DownloadedFile


@frozen
class ItemMissing:
    """The server no longer has an item.

    Attributes:
        history_item_id: The item.
    """

    history_item_id: str


@frozen
class ItemFailed:
    """An item could not be saved, and no more is tried for it in this run.

    Attributes:
        history_item_id: The item.
        error: Why.
    """

    history_item_id: str
    error: HistoryError


@frozen
class RunFinished:
    """The run is over.

    Attributes:
        report: All of it.
    """

    report: Report


Event: TypeAlias = RunStarted | BytesReceived | FileSaved | ItemMissing | ItemFailed | RunFinished


@frozen
class PageListed:
    """A backup has listed one more page.

    Attributes:
        items: How many items the server has listed so far.
        wanted: How many of them are to be fetched, with those that failed before.
    """

    items: int
    wanted: int


BackupEvent: TypeAlias = Event | PageListed


@frozen
class SkippedFile:
    """An item whose file was there before the run.

    Attributes:
        history_item_id: The item.
        path: The file.
    """

    history_item_id: str
    path: Path


@mutable
class Report:
    """What became of each item; every item is in exactly one list.

    Attributes:
        saved: Clips, each proven to be its item.
        skipped: Items whose files were there.
        gone: Items that the server no longer has, by id.
        failed: Items that could not be saved, with the reason.
    """

    saved: list[DownloadedFile] = Factory(list)
    skipped: list[SkippedFile] = Factory(list)
    gone: list[str] = Factory(list)
    failed: list[ItemFailed] = Factory(list)

    def raise_for_failures(self) -> None:
        """Raise when an item could not be saved; a gone one is no failure.

        Raises:
            BulkDownloadError: Says how many failed and why the first did.
        """
        if not self.failed:
            return
        first = self.failed[0]
        total = len(self.saved) + len(self.skipped) + len(self.gone) + len(self.failed)
        raise BulkDownloadError(
            f"{len(self.failed)} of {total} items were not saved; the first is {first.history_item_id}: {first.error}",
            hint="Run it again: what is saved is not fetched twice.",
        )


@mutable(kw_only=True)
class SyncReport:
    """What a run of a backup did.

    Attributes:
        listed: How many items the server listed; fewer than it has where earlier runs had covered the rest.
        saved: How many files were saved.
        size: Their bytes.
        gone: Items that the server no longer has and that were never saved, by id.
        failed: Items that could not be saved, with the reason; the next run tries them again.
        deleted: How many saved items the server no longer has; None when not everything was listed.
        unreadable: How many entries of the listing were no items.
        complete: Everything the run was to hold was listed and asked for.
    """

    listed: int
    saved: int = 0
    size: int = 0
    gone: list[str] = Factory(list)
    failed: list[ItemFailed] = Factory(list)
    deleted: int | None = None
    unreadable: int = 0
    complete: bool = False


@mutable(kw_only=True)
class SyncPlan:
    """What a run of a backup would fetch. How large it is can't be known: the API tells no sizes.

    Attributes:
        items: How many items.
        listed: How many items the server listed.
        failed_before: How many of them failed in an earlier run.
        characters: What they have cost, in characters.
        oldest: When the oldest was generated; None when there is nothing to fetch.
        newest: When the newest was generated.
        voices: How many items each voice speaks.
    """

    items: int = 0
    listed: int = 0
    failed_before: int = 0
    characters: int = 0
    oldest: datetime | None = None
    newest: datetime | None = None
    voices: dict[str, int] = Factory(dict)
