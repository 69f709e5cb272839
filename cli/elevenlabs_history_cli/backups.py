"""The commands for a backup: backup, verify, search, export."""

from __future__ import annotations

import io
import shlex
import sys
from typing import TYPE_CHECKING

from elevenlabs_history import HistoryClient
from elevenlabs_history_backup import Backup

from .exit_codes import ExitCode
from .output import (
    colorize,
    echo,
    format_size,
    format_time,
    pluralize,
    print_json,
    record_lines,
    sanitize,
    to_json,
)
from .parser import FILTERS
from .progress import progress

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from elevenlabs_history_backup import SyncPlan, SyncReport, VerifyIssue, VerifyReport

_STATUS_COLORS = {"ok": "green", "moved": "yellow", "extra": "yellow"}
_MAX_VOICES = 10


def backup(args: argparse.Namespace) -> ExitCode:
    """Fetch what a backup lacks, or print what would be fetched."""
    with HistoryClient(region=args.region) as client, Backup(args.folder) as opened:
        scope = {name: getattr(args, name) for name in (*FILTERS, "limit", "full", "output_format")}
        if args.dry_run:
            _print_plan(opened.plan(client, **scope), args)
            return ExitCode.DONE
        with progress(args) as show:
            report = opened.sync(
                client,
                **scope,
                template=args.template,
                workers=args.workers,
                batch_size=args.batch_size,
                on_event=show,
            )
    if args.as_json:
        print_json({"event": "finished", **_report_json(report)})
    else:
        for line in _report_lines(report, limited=args.limit is not None):
            print(line)
    return ExitCode.FAILED if report.failed or report.invalid_entries else ExitCode.DONE


def verify(args: argparse.Namespace) -> ExitCode:
    """Compare the files of a backup with its catalog, and repair them if asked to."""
    with Backup(args.folder) as opened:
        if args.repair:
            with HistoryClient(region=args.region) as client, progress(args) as show:
                report = opened.repair(client, on_event=show)
            for issue in report.issues:
                _print_issue(issue, args)
        else:
            report = opened.verify(on_issue=lambda issue: _print_issue(issue, args))
        if args.checksums:
            path = opened.write_checksums()
            if not args.as_json and not args.quiet:
                folder = shlex.quote(str(path.parent))
                echo(f"Wrote {path}. Check it with: (cd {folder} && sha256sum --check {path.name})")
    _print_verify_report(report, args)
    return ExitCode.DONE if report.ok else ExitCode.DIFFERENCES


def search(args: argparse.Namespace) -> ExitCode:
    """Print the items of a backup that contain the words."""
    found = False
    with Backup(args.folder) as opened:
        for record in opened.search(" ".join(args.words)):
            found = True
            if args.as_json:
                print_json(to_json(record))
                continue
            for line in record_lines(record):
                print(line)
    if not found and not args.quiet:
        echo(f"{args.folder} has no item that contains: {' '.join(args.words)}")
    return ExitCode.DONE


def export(args: argparse.Namespace) -> ExitCode:
    """Print a backup as CSV, JSON lines or a playlist."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        # These formats are UTF-8 and bring their own line ends, whatever the terminal uses.
        sys.stdout.reconfigure(encoding="utf-8", errors="replace", newline="")
    with Backup(args.folder) as opened:
        # The exports write their headings first; without a backup nothing should be printed.
        opened.get("")
        match args.export_format:
            case "csv":
                opened.export_csv(sys.stdout)
            case "jsonl":
                opened.export_jsonl(sys.stdout)
            case _:
                opened.export_m3u(sys.stdout)
    return ExitCode.DONE


def _print_plan(plan: SyncPlan, args: argparse.Namespace) -> None:
    if args.as_json:
        print_json({"event": "planned", **to_json(plan)})
        return
    for line in _plan_lines(plan):
        print(line)


def _plan_lines(plan: SyncPlan) -> Iterator[str]:
    yield f"{pluralize(plan.items, 'item')} would be fetched; {plan.listed:,} listed."
    yield "The sizes are unknown, because the API does not list them."
    if plan.failed_before:
        yield f"{plan.failed_before:,} of them failed before."
    if plan.oldest is not None and plan.newest is not None:
        dates = f"from {format_time(plan.oldest)} to {format_time(plan.newest)} UTC"
        yield f"Generated {dates}, {pluralize(plan.characters, 'character')}."
    voices = sorted(plan.voices.items(), key=lambda voice: (-voice[1], voice[0]))
    for name, items in voices[:_MAX_VOICES]:
        yield f"{items:>9,}  {sanitize(name) or '(no voice)'}"
    if others := voices[_MAX_VOICES:]:
        yield f"{sum(items for _, items in others):>9,}  with {pluralize(len(others), 'other voice')}"


def _report_lines(report: SyncReport, *, limited: bool) -> Iterator[str]:
    saved = f"{pluralize(report.saved, 'file')} saved, {format_size(report.size)}"
    yield f"{saved}; {pluralize(report.listed, 'item')} listed."
    if report.deleted:
        files = "the file stays" if report.deleted == 1 else "their files stay"
        yield f"{pluralize(report.deleted, 'saved item')} no longer on the server; {files}."
    if report.missing:
        subject = "it" if len(report.missing) == 1 else "they"
        yield f"{pluralize(len(report.missing), 'item')} deleted from the server before {subject} could be saved."
    if report.invalid_entries:
        entries = "1 entry" if report.invalid_entries == 1 else f"{report.invalid_entries:,} entries"
        yield colorize(f"{entries} of the listing could not be parsed.", "red")
    if report.failed:
        yield colorize(f"{pluralize(len(report.failed), 'item')} failed; the next run tries again.", "red")
    elif report.complete:
        yield colorize("Everything that was asked for is in the folder.", "green")
    elif not limited and not report.invalid_entries:
        yield colorize("The listing ended early; some items may be missing. Run the backup again.", "yellow")


def _report_json(report: SyncReport) -> dict[str, object]:
    return {
        "listed": report.listed,
        "saved": report.saved,
        "size": report.size,
        "missing": len(report.missing),
        "failed": len(report.failed),
        "deleted": report.deleted,
        "invalid_entries": report.invalid_entries,
        "complete": report.complete,
    }


def _print_issue(issue: VerifyIssue, args: argparse.Namespace) -> None:
    if issue.status == "ok" and not args.verbose:
        return
    if args.as_json:
        print_json(to_json(issue))
        return
    target = f" -> {issue.moved_to}" if issue.moved_to else ""
    item = f"  (item {issue.history_item_id})" if issue.history_item_id else ""
    status = colorize(f"{issue.status:11}", _STATUS_COLORS.get(issue.status, "red"))
    print(status + sanitize(f"{issue.path}{target}{item}", keep_spaces=True))


def _print_verify_report(report: VerifyReport, args: argparse.Namespace) -> None:
    counts: dict[str, int] = dict.fromkeys(("missing", "changed", "moved", "extra", "unreadable"), 0)
    for issue in report.issues:
        counts[issue.status] += 1
    if args.as_json:
        print_json({"event": "finished", "ok": report.ok, "ok_count": report.ok_count, **counts})
        return
    others = "".join(f", {number:,} {status}" for status, number in counts.items() if number)
    print(f"{report.ok_count:,} ok{others}.")
    if not report.ok and not args.repair and not args.quiet:
        command = f"elevenlabs-history verify {shlex.quote(args.folder)} --repair"
        echo(f"To fetch missing and changed files again: {command}")
