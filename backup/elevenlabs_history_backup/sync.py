"""A sync: list what the catalog lacks, fetch it, and record each file as soon as it is in place."""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from itertools import chain, islice
from pathlib import PurePosixPath

from attrs import evolve, frozen
from elevenlabs_history import (
    BytesReceived,
    FileSaved,
    HistoryClient,
    HistoryItem,
    InvalidArgumentError,
    ItemMissing,
    RunStarted,
    Template,
)

from .catalog import Catalog
from .listing import Listing
from .metadata import Metadata
from .report import BackupEvent, EventHandler, PageListed, SyncPlan, SyncReport
from .settings import ORIGINAL, SyncSettings
from .storage import Storage

_SLICE = 1000
"""How many items are in memory at once."""


@frozen
class Run:
    """Fetches items into a backup and records what becomes of each."""

    client: HistoryClient
    catalog: Catalog
    storage: Storage
    emit: EventHandler
    workers: int = 10
    batch_size: int = 100
    settings: SyncSettings | None = None
    """What later runs continue with, stored with the first file."""

    def fetch(
        self,
        items: Iterable[Metadata],
        output_format: str,
        template: Template | Callable[[HistoryItem, str], PurePosixPath],
        report: SyncReport,
    ) -> None:
        """Fetch items and add what becomes of them to the report; raise what ended the run early."""
        rest = iter(items)
        while part := {item["history_item_id"]: item for item in islice(rest, _SLICE)}:
            record = partial(self._record, part, output_format, report)
            to_fetch = dict(part)
            for file in self.storage.found(self.catalog, part, output_format):
                record(FileSaved(file))
                del to_fetch[file.history_item_id]
            with self.storage.receiving(self.catalog, part, output_format, record) as on_event:
                fetched = self.client.download_all(
                    [HistoryItem.from_dict(item) for item in to_fetch.values()],
                    self.storage.download_folder,
                    output_format=None if output_format == ORIGINAL else output_format,
                    template=template,
                    overwrite=True,
                    workers=self.workers,
                    batch_size=self.batch_size,
                    on_event=on_event,
                )
            for failed in fetched.failed:
                # What ended the run says nothing about the items that were left.
                if failed.error is not fetched.aborted_by:
                    item = part[failed.history_item_id]
                    self.catalog.record_failure(item, output_format, "failed", str(failed.error))
                    report.failed.append(failed)
                    self.emit(failed)
            if fetched.aborted_by is not None:
                raise fetched.aborted_by

    def _record(
        self, items: Mapping[str | None, Metadata], output_format: str, report: SyncReport, event: BackupEvent
    ) -> None:
        if isinstance(event, FileSaved):
            if self.settings is not None and not report.saved:
                self.catalog.store_settings(self.settings)
            self.catalog.record_file(items[event.file.history_item_id], output_format, event.file)
            report.saved += 1
            report.size += event.file.size
        elif isinstance(event, ItemMissing):
            item = items[event.history_item_id]
            self.catalog.record_failure(item, output_format, "missing", "The server no longer has it.")
            report.missing.append(event.history_item_id)
        elif not isinstance(event, BytesReceived):
            return
        self.emit(event)


def check_numbers(*, workers: int, batch_size: int) -> None:
    """Raise `InvalidArgumentError` if a number can't be used."""
    for name, number in (("workers", workers), ("batch_size", batch_size)):
        if number < 1:
            raise InvalidArgumentError(f"Invalid {name}: {number}. It must be at least 1. Nothing was sent.")


def sync(run: Run, listing: Listing, settings: SyncSettings, *, remember: bool) -> SyncReport:
    """Fetch what is new and what failed before; see `Backup.sync`."""
    template, catalog = settings.make_template(), run.catalog
    to_remember = settings if remember or catalog.settings() is None else None
    number = catalog.begin_run(listing.scope)
    pending = 0
    for items, relisted in listing.new_items(catalog):
        catalog.enqueue(items)
        catalog.record_relisted(relisted)
        pending += len(items)
        run.emit(PageListed(len(listing.ids), pending))
    # Last: if the server fails them again and ends the run, new items have had their turn.
    failed = catalog.failed(listing.output_format)
    catalog.enqueue(failed)
    run.emit(RunStarted(pending + len(failed)))
    report = SyncReport(listed=len(listing.ids), invalid_entries=listing.invalid_entries)
    # Settings are stored with the first file, so that the next run continues this one even if it is killed, and not
    # before: neither a format that the server refuses nor a mistyped filter may bind later runs.
    evolve(run, settings=to_remember).fetch(catalog.pending(), listing.output_format, template, report)
    # Reached only if nothing was aborted or interrupted: what a run did not request, the next one must list again.
    report.complete = listing.complete
    if listing.has_everything:
        report.deleted = catalog.record_listing(listing.ids)
    report.lost = len(run.storage.missing(catalog.paths()))
    if to_remember is not None and (report.listed or remember):
        catalog.store_settings(to_remember)
    catalog.end_run(number, high_water_mark=listing.high_water_mark if listing.complete else None)
    return report


def plan(catalog: Catalog | None, listing: Listing) -> SyncPlan:
    """Tell what a sync would fetch; see `Backup.plan`."""
    failed = [] if catalog is None else catalog.failed(listing.output_format)
    planned = SyncPlan(failed_before=len(failed))
    new = chain.from_iterable(items for items, _ in listing.new_items(catalog))
    for item in map(HistoryItem, chain(failed, new)):
        voice = item.voice_name or ""
        planned.items += 1
        planned.characters += item.characters
        planned.oldest = min(item.date, planned.oldest or item.date)
        planned.newest = max(item.date, planned.newest or item.date)
        planned.voices[voice] = planned.voices.get(voice, 0) + 1
    planned.listed = len(listing.ids)
    return planned
