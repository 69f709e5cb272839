"""Fetch again what a backup has lost, under the names it had."""

from __future__ import annotations

import threading
from concurrent.futures import CancelledError
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from attrs import evolve, frozen

from .._plan import Plan
from ..files import staging_folder
from ..many import Run, Settings
from ..report import SyncReport, RunStarted
from .booking import Recorder
from .catalog import ORIGINAL, Catalog
from .records import Records
from .verify import VerifyReport, verify

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from elevenlabs_history_api.models import HistoryItem

    from ..report import BackupEvent
    from .run import Server
    from .verify import VerifyIssue

_IN_MEMORY = 1000  # items


class Repair:
    """One repair of one folder: hash everything, book what has moved, fetch what is missing or changed."""

    def __init__(
        self,
        folder: Path,
        make_server: Callable[[str | None], Server],
        *,
        workers: int = 10,
        batch_size: int = 100,
        on_event: Callable[[BackupEvent], None] | None = None,
    ) -> None:
        """Prepare a repair, with the arguments of `HistoryClient.repair_backup`.

        Args:
            folder: The folder of the backup.
            make_server: Gives the ways to the server for an output format.
            workers: Most requests at a time.
            batch_size: Most ids a request.
            on_event: Called with each event, one call at a time.

        Raises:
            InvalidArgumentError: A number is below 1.
        """
        self._folder = folder
        self._make_server = make_server
        self._settings = Settings(output_format=None, workers=workers, batch_size=batch_size, on_event=None)
        self._on_event = on_event
        self._fetching: Run | None = None
        self._stopped = threading.Event()

    def run(self) -> VerifyReport:
        """Repair and return what is still not as it should be.

        Raises:
            LockedError: Another run is at work in the folder.
            CatalogError: There is no catalog, or it can't be read.
            HistoryError: Something failed that would fail every other item too.
            CancelledError: It was stopped.
        """
        with (
            Records.read(self._folder) as records,
            staging_folder(self._folder) as staging,
            Catalog.read(self._folder) as catalog,
        ):
            before = verify(self._folder, records.files(), workers=None, on_finding=lambda _: self._end_when_stopped())
            for issue in before.issues:
                if issue.moved_to is not None:
                    catalog.record_move(issue.path, issue.moved_to)
            broken = [issue for issue in before.issues if issue.status in {"missing", "changed"}]
            self._tell(RunStarted(len(broken)))
            repaired: set[tuple[str | None, str | None]] = set()
            for output_format in sorted({issue.format or ORIGINAL for issue in broken}):
                ours = [issue for issue in broken if issue.format == output_format]
                for start in range(0, len(ours), _IN_MEMORY):
                    saved = self._fetch(catalog, staging, output_format, ours[start : start + _IN_MEMORY])
                    repaired |= {(history_item_id, output_format) for history_item_id in saved}
        moved = sum(issue.status == "moved" for issue in before.issues)
        return VerifyReport(
            before.ok + moved + len(repaired),
            [
                issue
                for issue in before.issues
                if issue.status != "moved" and (issue.history_item_id, issue.format) not in repaired
            ],
        )

    def stop(self) -> None:
        """Ask for nothing more; what is being fetched comes to its end. Any thread may call it."""
        self._stopped.set()
        if self._fetching is not None:
            self._fetching.stop()

    def _fetch(self, catalog: Catalog, staging: Path, output_format: str, issues: list[VerifyIssue]) -> set[str]:
        paths = {issue.history_item_id or "": issue.path for issue in issues}
        booking = Recorder(catalog, self._folder, output_format, SyncReport(listed=len(paths)), self._tell)
        items = booking.items([catalog.entry(history_item_id) for history_item_id in paths])
        plan = Plan.make(items, self._folder, template=None, overwrite=True)
        plan = evolve(plan, template=_Booked(self._folder, paths), names={})
        server = self._make_server(None if output_format == ORIGINAL else output_format)
        settings = evolve(self._settings, on_event=booking.take)
        self._fetching = Run(plan, settings, server.transport, server.receive)
        self._end_when_stopped()
        report = self._fetching.fetch(items, staging)
        if booking.ended_by is not None:
            raise booking.ended_by
        return {clip.history_item_id for clip in report.saved if clip.history_item_id is not None}

    def _end_when_stopped(self) -> None:
        if self._stopped.is_set():
            raise CancelledError

    def _tell(self, event: BackupEvent) -> None:
        if self._on_event is not None:
            self._on_event(event)


@frozen
class _Booked:
    """Names that files had, for `Plan`."""

    folder: Path
    paths: Mapping[str, str]
    has_id: bool = True

    def path_for(self, item: HistoryItem, extension: str, *, index: int) -> PurePosixPath:
        del index
        booked = PurePosixPath(self.paths[item.history_item_id])
        path = booked.with_suffix(extension)
        # In another format than before it takes another name, which a file of the user's may have.
        while path != booked and (self.folder / path).exists():
            path = path.with_stem(f"{path.stem}_")
        return path
