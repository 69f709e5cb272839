"""Fetch again what a backup has lost, under the names that it had."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from attrs import frozen
from elevenlabs_history import RunStarted, Template

from .catalog import ORIGINAL
from .report import SyncReport
from .sync import SLICE, Recorder
from .verify import VerifyReport, is_inside, verify

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from elevenlabs_history import HistoryClient, HistoryItem

    from .catalog import Catalog
    from .report import BackupEvent
    from .verify import VerifyIssue

_FETCHED = {"missing", "changed", "unreadable"}


def repair(
    client: HistoryClient, catalog: Catalog, *, workers: int, batch_size: int, emit: Callable[[BackupEvent], None]
) -> VerifyReport:
    """Record what was moved, and fetch what is missing, changed or unreadable; see `Backup.repair`."""
    before = verify(catalog.folder, catalog.files(), workers=None, on_issue=None)
    for issue in before.issues:
        if issue.moved_to is not None:
            catalog.record_move(issue.path, issue.moved_to)
    broken = [issue for issue in before.issues if issue.status in _FETCHED]
    emit(RunStarted(len(broken)))
    repaired: set[tuple[str | None, str | None]] = set()
    for form in sorted({issue.format or ORIGINAL for issue in broken}):
        ours = [issue for issue in broken if issue.format == form]
        for start in range(0, len(ours), SLICE):
            issues = ours[start : start + SLICE]
            repaired |= _fetch(client, catalog, form, issues, workers=workers, batch_size=batch_size, emit=emit)
    moved = sum(issue.status == "moved" for issue in before.issues)
    return VerifyReport(
        before.ok_count + moved + len(repaired),
        [
            issue
            for issue in before.issues
            if issue.status != "moved" and (issue.history_item_id, issue.format) not in repaired
        ],
    )


def _fetch(
    client: HistoryClient,
    catalog: Catalog,
    form: str,
    issues: list[VerifyIssue],
    *,
    workers: int,
    batch_size: int,
    emit: Callable[[BackupEvent], None],
) -> set[tuple[str | None, str | None]]:
    paths = {issue.history_item_id or "": issue.path for issue in issues}
    items = [catalog.metadata(history_item_id) for history_item_id in paths]
    report = SyncReport(listed=len(items))
    Recorder(catalog, form, items, report, emit).fetch(
        client,
        output_format=None if form == ORIGINAL else form,
        template=_RecordedPaths(catalog, paths),
        workers=workers,
        batch_size=batch_size,
    )
    failed = {failed.history_item_id for failed in report.failed} | set(report.missing)
    return {(history_item_id, form) for history_item_id in paths.keys() - failed}


@frozen
class _RecordedPaths:
    """Names files by the paths that they had."""

    catalog: Catalog
    paths: Mapping[str, str]

    def __call__(self, item: HistoryItem, extension: str) -> PurePosixPath:
        recorded = PurePosixPath(self.paths[item.history_item_id])
        if not is_inside(Path(recorded)):
            return Template().path_for(item, extension)
        path = recorded.with_suffix(extension)
        # In another format than before it has another name, which may be that of a file of the user, or of this item
        # in that format. A folder can't be replaced by a file, even under the recorded name.
        while (self.catalog.folder / path).is_dir() or (path != recorded and self._is_taken(path)):
            path = path.with_stem(f"{path.stem}_")
        return path

    def _is_taken(self, path: PurePosixPath) -> bool:
        return (self.catalog.folder / path).exists() or self.catalog.has_path(path.as_posix())
