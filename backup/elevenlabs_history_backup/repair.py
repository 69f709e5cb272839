"""Fetch again what a backup has lost, under the names that it had."""

from collections.abc import Mapping
from functools import partial
from pathlib import PurePosixPath

from attrs import evolve
from elevenlabs_history import HistoryItem, RunStarted, Template

from .report import SyncReport, VerifyReport
from .sync import Run
from .verify import is_inside, verify


def repair(run: Run, *, read: bool) -> VerifyReport:
    """Record what was moved, and fetch what is missing, changed or unreadable; see `Backup.repair`."""
    catalog = run.catalog
    before = verify(catalog, run.storage, read=read, on_issue=None)
    # By format, because one request has one format.
    broken: dict[str, dict[str, str]] = {}
    for issue in before.issues:
        if issue.moved_to is not None:
            catalog.record_move(issue.path, issue.moved_to)
        elif issue.history_item_id is not None and issue.format is not None:
            broken.setdefault(issue.format, {})[issue.history_item_id] = issue.path
    run.emit(RunStarted(sum(len(paths) for paths in broken.values())))
    lost: set[tuple[str | None, str | None]] = set()
    for form, paths in sorted(broken.items()):
        report = SyncReport(listed=len(paths))
        run.fetch(map(catalog.metadata, paths), form, partial(_recorded_path, run, paths), report)
        lost.update((history_item_id, form) for history_item_id in report.missing)
        lost.update((failed.history_item_id, form) for failed in report.failed)
    remaining = [
        issue for issue in before.issues if issue.status == "extra" or (issue.history_item_id, issue.format) in lost
    ]
    return evolve(before, ok_count=before.ok_count + len(before.issues) - len(remaining), issues=remaining)


def _recorded_path(run: Run, paths: Mapping[str, str], item: HistoryItem, extension: str) -> PurePosixPath:
    recorded = PurePosixPath(paths[item.history_item_id])
    if not is_inside(str(recorded)):
        return Template().path_for(item, extension)
    path = recorded.with_suffix(extension)
    # In another format than before it has another name, which may be that of a file of the user, or of this item in
    # that format.
    while path != recorded and (run.storage.exists(path.as_posix()) or run.catalog.has_path(path.as_posix())):
        path = path.with_stem(f"{path.stem}_")
    return path
