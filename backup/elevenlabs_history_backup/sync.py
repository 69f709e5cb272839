"""A sync: list what the catalog lacks, fetch it, and record each file as soon as it is in place."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from elevenlabs_history import FileSaved, HistoryItem, ItemFailed, ItemMissing, RunFinished, RunStarted

from .catalog import ORIGINAL, now
from .listing import NewItems
from .metadata import characters_of, date_of, voice_of
from .records import BackupFile
from .report import PageListed, SyncPlan, SyncReport

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path
    from typing import Any

    from elevenlabs_history import DownloadedFile, Event, HistoryClient, Template

    from .catalog import Catalog
    from .listing import Filters
    from .metadata import Metadata
    from .report import BackupEvent

SLICE = 1000
"""How many items are in memory at once."""
_MISSING = "The server no longer has it."


def sync(
    client: HistoryClient,
    catalog: Catalog,
    filters: Filters,
    *,
    full: bool,
    output_format: str | None,
    template: Template,
    workers: int,
    batch_size: int,
    emit: Callable[[BackupEvent], None],
) -> SyncReport:
    """Fetch what is new and what failed before; see `Backup.sync`."""
    form = output_format or ORIGINAL
    scope = filters.scope(form)
    catalog.clear_pending()
    number = catalog.begin_run(scope)
    new_items = _new_items(client, catalog, filters, form, full=full)
    for items in new_items.pages():
        catalog.enqueue(items)
        emit(PageListed(len(new_items.listed), catalog.pending_count()))
    # Last: if the server fails them again and ends the run, new items have had their turn.
    catalog.enqueue(catalog.failed(form))
    report = SyncReport(listed=len(new_items.listed), invalid_entries=new_items.invalid_entries)
    emit(RunStarted(catalog.pending_count()))
    for items in catalog.pending(SLICE):
        recorder = Recorder(catalog, form, items, report, emit)
        recorder.fetch(
            client,
            output_format=output_format,
            template=template,
            workers=workers,
            batch_size=batch_size,
        )
    # Reached only if nothing was aborted or interrupted: what a run did not request, the next one must list again.
    report.complete = new_items.complete
    if filters.is_everything and new_items.listed_everything:
        report.deleted = catalog.record_listing(new_items.listed)
    catalog.end_run(number, high_water_mark=new_items.high_water_mark if report.complete else None)
    return report


def plan(
    client: HistoryClient,
    catalog: Catalog | None,
    filters: Filters,
    *,
    full: bool,
    output_format: str | None,
    emit: Callable[[BackupEvent], None],
) -> SyncPlan:
    """Tell what a sync would fetch; see `Backup.plan`."""
    form = output_format or ORIGINAL
    failed = catalog.failed(form) if catalog is not None else []
    new_items = _new_items(client, catalog, filters, form, full=full)
    planned = SyncPlan(failed_before=len(failed))
    _add_to_plan(planned, failed)
    for items in new_items.pages():
        _add_to_plan(planned, items)
        emit(PageListed(len(new_items.listed), planned.items))
    planned.listed = len(new_items.listed)
    return planned


class Recorder:
    """Fetches a slice of items and records what becomes of each."""

    def __init__(
        self,
        catalog: Catalog,
        form: str,
        items: Iterable[Metadata],
        report: SyncReport,
        emit: Callable[[BackupEvent], None],
    ) -> None:
        self._catalog = catalog
        self._format = form
        self._items = {item["history_item_id"]: item for item in items}
        self._report = report
        self._emit = emit

    def fetch(self, client: HistoryClient, **options: Any) -> None:  # noqa: ANN401 - those of download_all
        """Fetch the slice; raise what ended the run early."""
        items = [HistoryItem.from_dict(item) for item in self._items.values()]
        report = client.download_all(items, self._folder, overwrite=True, on_event=self._on_event, **options)
        for failed in report.failed:
            # What ended the run says nothing about the items that were left.
            if failed.error is not report.aborted_by:
                item = self._items[failed.history_item_id]
                self._catalog.record_failure(item, self._format, "failed", str(failed.error))
                self._report.failed.append(failed)
                self._emit(failed)
        if report.aborted_by is not None:
            raise report.aborted_by

    @property
    def _folder(self) -> Path:
        return self._catalog.folder

    def _on_event(self, event: Event) -> None:
        match event:
            case FileSaved(file=file):
                assert file.history_item_id is not None  # noqa: S101 - download_all saves only what is proven
                record = self._backup_file(file, file.history_item_id)
                self._catalog.record_file(self._items[file.history_item_id], record)
                self._report.saved += 1
                self._report.size += file.size
            case ItemMissing(history_item_id=history_item_id):
                self._catalog.record_failure(self._items[history_item_id], self._format, "missing", _MISSING)
                self._report.missing.append(history_item_id)
            case RunStarted() | RunFinished() | ItemFailed():
                return
            case _:
                pass
        self._emit(event)

    def _backup_file(self, file: DownloadedFile, history_item_id: str) -> BackupFile:
        return BackupFile(
            history_item_id=history_item_id,
            format=self._format,
            path=file.path.relative_to(self._folder).as_posix(),
            kind=file.kind.value,
            size=file.size,
            sha256=file.sha256,
            match_method=str(file.match_method),
            saved_at=now(),
        )


def _new_items(client: HistoryClient, catalog: Catalog | None, filters: Filters, form: str, *, full: bool) -> NewItems:
    listing = filters.list(client)
    if catalog is None:
        return NewItems(listing, set(), high_water_mark=None, full=full)
    mark = catalog.high_water_mark(filters.scope(form))
    return NewItems(listing, catalog.known_ids(form), high_water_mark=mark, full=full)


def _add_to_plan(planned: SyncPlan, items: list[Metadata]) -> None:
    dates = [each for each in (planned.oldest, planned.newest) if each is not None]
    dates += [date_of(item) for item in items]
    planned.oldest, planned.newest = min(dates, default=None), max(dates, default=None)
    planned.items += len(items)
    planned.characters += sum(characters_of(item) for item in items)
    voices = Counter(planned.voices)
    voices.update(voice_of(item) for item in items)
    planned.voices = dict(voices)
