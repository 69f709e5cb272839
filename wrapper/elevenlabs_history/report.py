"""What `download_all` tells: events while it runs and a report at its end."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from attrs import Factory, frozen, mutable

from .errors import DownloadsFailed, HistoryError

if TYPE_CHECKING:
    from pathlib import Path

    from ._extract import Clip


@frozen
class Started:
    """The run knows what there is to do.

    Attributes:
        items: How many items will be fetched; those that are on the disk already are not among them.
    """

    items: int


@frozen
class Received:
    """Bytes have come.

    Attributes:
        size: How many, since the last such event.
    """

    size: int


@frozen
class Saved:
    """A file is in place.

    Attributes:
        clip: Where, and which item it is.
    """

    clip: Clip


@frozen
class Gone:
    """The server no longer has an item.

    Attributes:
        history_item_id: The item.
    """

    history_item_id: str


@frozen
class Failed:
    """An item could not be saved, and no more is tried for it in this run.

    Attributes:
        history_item_id: The item.
        error: Why.
    """

    history_item_id: str
    error: HistoryError


@frozen
class Finished:
    """The run is over.

    Attributes:
        report: All of it.
    """

    report: Report


Event: TypeAlias = Started | Received | Saved | Gone | Failed | Finished


@frozen
class Skipped:
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

    saved: list[Clip] = Factory(list)
    skipped: list[Skipped] = Factory(list)
    gone: list[str] = Factory(list)
    failed: list[Failed] = Factory(list)

    def raise_for_failures(self) -> None:
        """Raise when an item could not be saved; a gone one is no failure.

        Raises:
            DownloadsFailed: Says how many failed and why the first did.
        """
        if not self.failed:
            return
        first = self.failed[0]
        total = len(self.saved) + len(self.skipped) + len(self.gone) + len(self.failed)
        raise DownloadsFailed(
            f"{len(self.failed)} of {total} items were not saved; the first is {first.history_item_id}: {first.error}",
            cure="Run it again: what is saved is not fetched twice.",
        )
