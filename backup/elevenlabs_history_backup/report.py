"""What a sync reports: an event more than the library has, a report at its end, a plan before it."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from attrs import Factory, frozen, mutable
from elevenlabs_history import Event, ItemFailed

if TYPE_CHECKING:
    from datetime import datetime


@frozen
class PageListed:
    """One more page was listed.

    Attributes:
        items: How many items the server listed so far.
        pending: How many items will be fetched, as far as known; a sync adds those that failed before at the end.
    """

    items: int
    pending: int


BackupEvent: TypeAlias = Event | PageListed


@mutable(kw_only=True)
class SyncReport:
    """What a sync did.

    Attributes:
        listed: How many items the server listed; earlier runs may have covered the rest.
        saved: How many files were saved.
        size: Their size in bytes.
        missing: Ids of items that the server no longer has and that were never saved.
        failed: Items that could not be saved, with the reason; the next run retries them.
        deleted: How many saved items the server no longer has; None if not everything was listed.
        invalid_entries: How many entries of the listing were not history items.
        complete: Everything that the filters match was listed and requested.
    """

    listed: int
    saved: int = 0
    size: int = 0
    missing: list[str] = Factory(list)
    failed: list[ItemFailed] = Factory(list)
    deleted: int | None = None
    invalid_entries: int = 0
    complete: bool = False


@mutable(kw_only=True)
class SyncPlan:
    """What a sync would fetch. Its size is unknown, because the API tells no sizes.

    Attributes:
        items: How many items.
        listed: How many items the server listed.
        failed_before: How many of the items failed in an earlier run.
        characters: What they cost, in characters.
        oldest: When the oldest was generated; None if there is nothing to fetch.
        newest: When the newest was generated.
        voices: How many items each voice has.
    """

    items: int = 0
    listed: int = 0
    failed_before: int = 0
    characters: int = 0
    oldest: datetime | None = None
    newest: datetime | None = None
    voices: dict[str, int] = Factory(dict)
