"""The commands for a backup: backup, verify, search, export."""

from __future__ import annotations

import io
import shlex
import sys
from typing import TYPE_CHECKING

from elevenlabs_history import Backup, HistoryClient

from .items import FILTERS
from .lines import coloured, count, minute, print_json, printable, record_lines, size_in_words
from .progress import watcher
from .running import DIFFERENCES, DONE, FAILED, say

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from elevenlabs_history import SyncPlan, SyncReport, VerifyIssue, VerifyReport
    from elevenlabs_history_backup.options import BackupOptions

_COLOURS = {"missing": "red", "changed": "red", "moved": "yellow", "extra": "yellow", "ok": "green"}
_MOST_VOICES = 10


def backup(chosen: argparse.Namespace) -> int:
    """Run a backup, or tell what it would do."""
    options: BackupOptions = {
        "limit": chosen.limit,
        "full": chosen.full,
        "output_format": chosen.output_format,
        "template": chosen.template,
        "workers": chosen.workers,
        "batch_size": chosen.batch_size,
    }
    for name in FILTERS:
        options[name] = getattr(chosen, name)  # type: ignore[literal-required]
    with HistoryClient(region=chosen.region) as client:
        if chosen.dry_run:
            _tell_plan(client.plan_backup(chosen.folder, **options), chosen)
            return DONE
        with watcher(chosen) as watching:
            options["on_event"] = watching.take
            report = client.backup(chosen.folder, **options)
    if chosen.as_json:
        print_json({"event": "finished", **_report_json(report)})
    else:
        for line in _report_lines(report, limited=chosen.limit is not None):
            print(line)
    return FAILED if report.failed or report.unreadable else DONE


def verify(chosen: argparse.Namespace) -> int:
    """Compare the files of a backup with what was saved, and mend them when asked to."""
    verification = _repaired(chosen) if chosen.repair else _verified(chosen)
    with Backup(chosen.folder) as opened:
        if chosen.checksums:
            path = opened.write_checksums()
            if not chosen.as_json and not chosen.quiet:
                say(f"{path} is for: sha256sum --check")
    _tell_verification(verification, chosen)
    return DONE if verification.ok else DIFFERENCES


def search(chosen: argparse.Namespace) -> int:
    """Print the items of a backup that have these words."""
    from elevenlabs_history_backup.export import as_json

    found = 0
    with Backup(chosen.folder) as opened:
        for record in opened.search(" ".join(chosen.words)):
            found += 1
            if chosen.as_json:
                print_json(as_json(record))
                continue
            for line in record_lines([record]):
                print(line)
    if not found and not chosen.quiet:
        say(f"{chosen.folder} has no item with: {' '.join(chosen.words)}")
    return DONE


def export(chosen: argparse.Namespace) -> int:
    """Print a backup in the form of another program."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A file of this form is UTF-8 with its own line ends, whatever the terminal has.
        sys.stdout.reconfigure(encoding="utf-8", errors="replace", newline="")
    with Backup(chosen.folder) as opened:
        if chosen.form == "csv":
            opened.export_csv(sys.stdout)
        elif chosen.form == "jsonl":
            opened.export_jsonl(sys.stdout)
        else:
            opened.export_m3u(sys.stdout)
    return DONE


def _verified(chosen: argparse.Namespace) -> VerifyReport:
    with Backup(chosen.folder) as opened:
        return opened.verify(on_finding=lambda issue: _tell_finding(issue, chosen))


def _repaired(chosen: argparse.Namespace) -> VerifyReport:
    with HistoryClient(region=chosen.region) as client, watcher(chosen) as watching:
        verification = client.repair_backup(chosen.folder, on_event=watching.take)
    for issue in verification.issues:
        _tell_finding(issue, chosen)
    return verification


def _tell_plan(plan: SyncPlan, chosen: argparse.Namespace) -> None:
    if chosen.as_json:
        print_json(
            {
                "event": "planned",
                "items": plan.items,
                "listed": plan.listed,
                "failed_before": plan.failed_before,
                "characters": plan.characters,
                "oldest": None if plan.oldest is None else plan.oldest.isoformat(),
                "newest": None if plan.newest is None else plan.newest.isoformat(),
                "voices": plan.voices,
            }
        )
        return
    for line in _plan_lines(plan):
        print(line)


def _plan_lines(plan: SyncPlan) -> Iterator[str]:
    yield f"{count(plan.items, 'item')} would be fetched; {plan.listed:,} listed."
    yield "Sizes are unknown: the API tells none."
    if plan.failed_before:
        yield f"{count(plan.failed_before, 'item')} of them failed before."
    if plan.oldest is not None and plan.newest is not None:
        yield f"Made from {minute(plan.oldest)} to {minute(plan.newest)} UTC, {count(plan.characters, 'character')}."
    voices = sorted(plan.voices.items(), key=lambda voice: (-voice[1], voice[0]))
    for name, items in voices[:_MOST_VOICES]:
        yield f"{items:>9,}  {printable(name) or '(no voice)'}"
    if len(voices) > _MOST_VOICES:
        yield f"{sum(items for _, items in voices[_MOST_VOICES:]):>9,}  of {len(voices) - _MOST_VOICES} other voices"


def _report_lines(report: SyncReport, *, limited: bool) -> Iterator[str]:
    yield f"{count(report.saved, 'file')} saved, {size_in_words(report.size)}; {count(report.listed, 'item')} listed."
    if report.deleted:
        yield f"{count(report.deleted, 'saved item')} no longer on the server; their files stay."
    if report.gone:
        yield f"{count(len(report.gone), 'item')} gone from the server before they could be saved."
    if report.unreadable:
        yield coloured(f"{report.unreadable:,} of the history's entries could not be read.", "red")
    if report.failed:
        yield coloured(f"{count(len(report.failed), 'item')} failed; the next run tries them again.", "red")
    elif report.complete:
        yield coloured("Everything that was asked for is in the folder.", "green")
    elif not limited and not report.unreadable:
        yield coloured("The server broke the listing off; what it did not list is not here. Run it again.", "yellow")


def _report_json(report: SyncReport) -> dict[str, object]:
    return {
        "listed": report.listed,
        "saved": report.saved,
        "size": report.size,
        "gone": len(report.gone),
        "failed": len(report.failed),
        "deleted": report.deleted,
        "unreadable": report.unreadable,
        "complete": report.complete,
    }


def _tell_finding(issue: VerifyIssue, chosen: argparse.Namespace) -> None:
    if issue.status == "ok" and not chosen.verbose:
        return
    if chosen.as_json:
        print_json(
            {
                "status": issue.status,
                "path": issue.path,
                "history_item_id": issue.history_item_id,
                "format": issue.format,
                "moved_to": issue.moved_to,
            }
        )
        return
    where = f" -> {issue.moved_to}" if issue.moved_to else ""
    item = f"  (item {issue.history_item_id})" if issue.history_item_id else ""
    status = coloured(f"{issue.status:8}", _COLOURS[issue.status])
    print(status + printable(f"{issue.path}{where}{item}", keep_spaces=True))


def _tell_verification(verification: VerifyReport, chosen: argparse.Namespace) -> None:
    numbers = {"ok": verification.ok} | dict.fromkeys(("missing", "changed", "moved", "extra"), 0)
    for issue in verification.issues:
        numbers[issue.status] += 1
    if chosen.as_json:
        print_json({"event": "finished", **numbers, "whole": verification.ok})
        return
    others = "".join(f", {number:,} {status}" for status, number in numbers.items() if number and status != "ok")
    print(f"{verification.ok:,} ok{others}.")
    if not verification.ok and not chosen.repair and not chosen.quiet:
        say(f"To fetch what is broken again: elevenlabs-history verify {shlex.quote(chosen.folder)} --repair")
