"""A run of a backup: list what the catalog lacks, fetch it, and book each file when it is in place."""

from __future__ import annotations

import threading
from collections import Counter
from typing import TYPE_CHECKING

from attrs import evolve, frozen

from .._plan import Plan
from ..files import check_folder, staging_folder
from ..listing import Filters
from ..many import Run, Settings
from ..naming import Template
from ..pace import Limiter
from ..report import SyncPlan, SyncReport, PageListed, RunStarted
from ._database import NAME
from .booking import Recorder
from .catalog import ORIGINAL, Catalog
from .entries import characters_of, moment_of, voice_of
from .scope import NewItems, Scope

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime
    from pathlib import Path
    from typing import Unpack

    from .._transport import Transport
    from ..many import Receive
    from ..report import BackupEvent
    from .entries import Entry
    from .options import FilterOptions
    from .scope import FetchPage

_IN_MEMORY = 1000  # items


@frozen(kw_only=True)
class Server:
    """The ways to the server that a run needs, of either client.

    Attributes:
        fetch_page: Performs one request of a listing.
        receive: Performs one download in the format of the run, in the workers.
        transport: Counts the attempts, and tells how often the server has answered 429.
    """

    fetch_page: FetchPage
    receive: Receive
    transport: Transport


class BackupRun:
    """One run into one folder. The calling thread lists, decides and books; the workers fetch."""

    def __init__(
        self,
        folder: Path,
        server: Server,
        *,
        limit: int | None = None,
        full: bool = False,
        output_format: str | None = None,
        template: Template | str | None = None,
        workers: int = 10,
        batch_size: int = 100,
        on_event: Callable[[BackupEvent], None] | None = None,
        **filters: Unpack[FilterOptions],
    ) -> None:
        """Prepare a run, with the arguments of `HistoryClient.backup`.

        Raises:
            InvalidArgumentError: One of them can't be used.
        """
        check_folder(folder)
        chosen = template if isinstance(template, Template) else Template(template) if template else Template()
        self._folder = folder
        self._server = server
        self._scope = Scope(filters=Filters(**filters), limit=limit, full=full, template=chosen)
        self._scope.walk()
        self._settings = Settings(output_format=output_format, workers=workers, batch_size=batch_size, on_event=None)
        self._pace = Limiter(workers)
        self._on_event = on_event
        self._format = output_format or ORIGINAL
        self._stopped = threading.Event()
        self._fetching: Run | None = None

    def run(self) -> SyncReport:
        """Fetch what is new and what failed before, and report.

        Raises:
            LockedError: Another run is at work in the folder.
            CatalogError: The catalog can't be read.
            HistoryError: The listing failed, or something did that would fail every other item too, such as a refused
                key or a full disk. What is booked stays, and the next run carries on.
        """
        with staging_folder(self._folder) as staging, Catalog.create(self._folder) as catalog:
            number = catalog.begin_run(self._scope.name(self._format))
            new_items = self._new_items(catalog)
            catalog.want(catalog.failed_entries(self._format))
            for entries in self._pages(new_items):
                catalog.want(entries)
                self._tell(PageListed(len(new_items.listed), catalog.wanted_count()))
            self._tell(RunStarted(catalog.wanted_count()))
            report = SyncReport(listed=len(new_items.listed), unreadable=new_items.unreadable)
            booking = Recorder(catalog, self._folder, self._format, report, self._tell)
            for entries in catalog.wanted(_IN_MEMORY):
                self._fetch(entries, staging, booking)
            report.complete = new_items.complete and not self._stopped.is_set()
            if self._scope.is_everything and new_items.listed_all and not self._stopped.is_set():
                report.deleted = catalog.record_listing(new_items.listed)
            catalog.end_run(number, covered_until=new_items.newest if report.complete else None)
        return report

    def plan(self) -> SyncPlan:
        """List what a run would fetch, and write nothing.

        Raises:
            CatalogError: The catalog can't be read.
            HistoryError: The listing failed.
        """
        if not (self._folder / NAME).exists():
            return self._planned(NewItems(self._scope, set(), covered_until=None), [])
        with Catalog.read(self._folder) as catalog:
            return self._planned(self._new_items(catalog), catalog.failed_entries(self._format))

    def stop(self) -> None:
        """Ask for nothing more; what is being fetched comes to its end. Any thread may call it."""
        self._stopped.set()
        fetching = self._fetching
        if fetching is not None:
            fetching.stop()

    def _new_items(self, catalog: Catalog) -> NewItems:
        covered_until = catalog.covered_until(self._scope.name(self._format))
        return NewItems(self._scope, catalog.known_ids(self._format), covered_until=covered_until)

    def _pages(self, new_items: NewItems) -> Iterator[list[Entry]]:
        for entries in new_items.pages(self._server.fetch_page):
            if self._stopped.is_set():
                return
            yield entries

    def _planned(self, new_items: NewItems, failed: list[Entry]) -> SyncPlan:
        plan = SyncPlan(failed_before=len(failed))
        counted = {entry["history_item_id"] for entry in failed}
        _add_to_plan(plan, failed)
        for entries in self._pages(new_items):
            _add_to_plan(plan, [entry for entry in entries if entry["history_item_id"] not in counted])
            self._tell(PageListed(len(new_items.listed), plan.items))
        plan.listed = len(new_items.listed)
        return plan

    def _fetch(self, entries: list[Entry], staging: Path, booking: Recorder) -> None:
        items = booking.items(entries)
        plan = Plan.make(items, self._folder, template=self._scope.template, overwrite=True)
        settings = evolve(self._settings, on_event=booking.take)
        self._fetching = Run(plan, settings, self._server.transport, self._server.receive, self._pace)
        # Only now: whoever stops this run from here on finds what to stop.
        if self._stopped.is_set():
            return
        self._fetching.fetch(items, staging)
        # What it knows of its items would stay in memory beside the next ones.
        self._fetching = None
        if booking.ended_by is not None:
            raise booking.ended_by

    def _tell(self, event: BackupEvent) -> None:
        if self._on_event is not None:
            self._on_event(event)


def _add_to_plan(plan: SyncPlan, entries: list[Entry]) -> None:
    dates: list[datetime] = [date for date in (plan.oldest, plan.newest) if date is not None]
    dates += [moment_of(entry) for entry in entries]
    plan.oldest, plan.newest = min(dates, default=None), max(dates, default=None)
    plan.items += len(entries)
    plan.characters += sum(characters_of(entry) for entry in entries)
    voices = Counter(plan.voices)
    voices.update(voice_of(entry) for entry in entries)
    plan.voices = dict(voices)
