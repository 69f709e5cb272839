"""What can be said about a backup; both clients take it, and so does the plan of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..listing import Moment
    from ..naming import Template
    from ..report import BackupEvent


class FilterOptions(TypedDict, total=False):
    """Which items a backup is to hold, as in `HistoryClient.list`."""

    voice_id: str | None
    model_id: str | None
    source: str | None
    search: str | None
    after: Moment | None
    before: Moment | None


class BackupOptions(FilterOptions, total=False):
    """The keyword arguments of `HistoryClient.backup`, which explains them."""

    limit: int | None
    full: bool
    output_format: str | None
    template: Template | str | None
    workers: int
    batch_size: int
    on_event: Callable[[BackupEvent], None] | None
