"""The commands for a backup: backup, verify, import, page."""

import argparse
import contextlib
import shlex
from datetime import UTC, datetime

import attrs
from elevenlabs_history_backup import (
    Backup,
    ImportReport,
    SyncPlan,
    SyncReport,
    SyncSettings,
    VerifyIssue,
    VerifyReport,
)

from .filters import FILTERS
from .items import filter_options
from .keys import connect
from .options import is_address
from .output import echo, format_size, format_time, pluralize, print_json, write
from .parser import ExitCode
from .progress import progress
from .workspaces import backup_workspaces

_STATUS_COLORS = {"ok": "green", "moved": "yellow", "extra": "yellow"}
_MAX_VOICES = 10
_ORIGINAL = {"output_format": "original"}


def backup(args: argparse.Namespace) -> ExitCode:
    """Fetch what a backup lacks, or print what would be fetched."""
    if args.workspaces is not None:
        return backup_workspaces(args)
    with connect(args) as client, Backup(args.folder) as opened:
        settings = opened.settings
        if settings is None:
            # Those of the settings file are for new backups: one that exists remembers its own.
            args.output_format = args.output_format or args.settings.format
            args.template = args.template or args.settings.template
        elif not args.quiet and not args.as_json:
            _echo_settings(settings, args)
        scope = {name: getattr(args, name) for name in (*FILTERS, "limit", "full", "output_format", "no_filters")}
        if args.dry_run:
            plan = opened.plan(client, **scope)
            if args.as_json:
                print_json({"event": "planned", **attrs.asdict(plan)})
            else:
                _print_plan(plan)
            return ExitCode.DONE
        with progress(args, "Listing") as show:
            report = opened.sync(
                client,
                **scope,
                template=args.template,
                remember=args.remember,
                workers=args.workers,
                batch_size=args.batch_size,
                on_event=show,
            )
    if args.as_json:
        counts = {"missing": len(report.missing), "failed": len(report.failed)}
        print_json({"event": "finished", **attrs.asdict(report), **counts})
    else:
        _print_report(report, args, settings)
    if args.page:
        page(args)
    return ExitCode.FAILED if report.failed or report.invalid_entries else ExitCode.DONE


def verify(args: argparse.Namespace) -> ExitCode:
    """Compare the files of a backup with its catalog, and repair them if asked to."""
    with Backup(args.folder) as opened:
        if args.forget:
            forgotten = opened.forget(args.forget)
            if not args.quiet:
                echo(f"{pluralize(forgotten, 'file')} forgotten.")
        if args.repair:
            with connect(args) as client, progress(args, "Verifying") as show:
                report = opened.repair(client, read=args.read, on_event=show)
            for issue in report.issues:
                _print_issue(issue, args)
        else:
            report = opened.verify(read=args.read, on_issue=lambda issue: _print_issue(issue, args))
        if args.checksums:
            path = opened.write_checksums()
            if not args.as_json and not args.quiet:
                folder = shlex.quote(str(path.parent))
                echo(f"Wrote {path}. Check it with: (cd {folder} && sha256sum --check {path.name})")
    _print_verify_report(report, args)
    return ExitCode.DONE if report.ok else ExitCode.DIFFERENCES


def import_files(args: argparse.Namespace) -> ExitCode:
    """Record files that the catalog does not know, and those in archives."""
    with contextlib.ExitStack() as stack:
        client = None if args.offline else stack.enter_context(connect(args))
        opened = stack.enter_context(Backup(args.folder))
        show = stack.enter_context(progress(args, "Listing"))
        report = opened.import_files(client, args.archives, on_event=show)
    if args.as_json:
        print_json({"event": "finished", **attrs.asdict(report)})
    else:
        _print_import(report, args)
    failed = any(each.archive or each.path in args.archives for each in report.unmatched)
    return ExitCode.FAILED if failed else ExitCode.DONE


def page(args: argparse.Namespace) -> ExitCode:
    """Write the page of a backup."""
    with Backup(args.folder) as opened:
        path = opened.write_page()
    if not args.quiet:
        echo(f"Wrote {path}." if is_address(args.folder) else f"Wrote {path}. Open it in a browser.")
    return ExitCode.DONE


def _echo_settings(remembered: SyncSettings, args: argparse.Namespace) -> None:
    """Say what a run continues with, and what it does for itself only."""
    kept, own = [], []
    options = {name: f"--{name.removesuffix('_id')}" for name in FILTERS}
    for name, option in (options | {"output_format": "--format", "template": "--template"}).items():
        given, before = getattr(args, name), getattr(remembered, name)
        if isinstance(given, datetime):
            given = given.astimezone(UTC).isoformat().replace("+00:00", "Z")
        if given is None and before is not None and not (args.no_filters and name in FILTERS):
            kept.append(f"{option} {shlex.quote(before)}")
        elif given is not None and given != (before or _ORIGINAL.get(name)):
            own.append(option)
    if kept:
        echo(f"As remembered: {' '.join(kept)}")
    if (own or (args.no_filters and any(remembered.filters().values()))) and not args.remember:
        echo(
            f"For this run only: {' '.join([*own, *(['--no-filters'] if args.no_filters else [])])} "
            "(to make it that of later runs: --remember)"
        )


def _print_import(report: ImportReport, args: argparse.Namespace) -> None:
    for each in report.unmatched:
        place = f"{each.archive}: {each.path}" if each.archive else each.path
        write(f"{place}: {each.reason}", label="left  ", color="yellow")
    if not args.quiet:
        write(f"{pluralize(report.recorded, 'file')} recorded, {report.extracted:,} extracted from archives.")


def _print_plan(plan: SyncPlan) -> None:
    write(f"{pluralize(plan.items, 'item')} would be fetched; {plan.listed:,} listed.")
    write("The sizes are unknown, because the API does not list them.")
    if plan.failed_before:
        write(f"{plan.failed_before:,} of them failed before.")
    if plan.oldest is not None and plan.newest is not None:
        dates = f"from {format_time(plan.oldest)} to {format_time(plan.newest)}"
        write(f"Generated {dates}, {pluralize(plan.characters, 'character')}.")
    voices = sorted(plan.voices.items(), key=lambda voice: (-voice[1], voice[0]))
    for name, items in voices[:_MAX_VOICES]:
        write(f"{items:>9,}  {name or '(no voice)'}")
    if others := voices[_MAX_VOICES:]:
        write(f"{sum(items for _, items in others):>9,}  with {pluralize(len(others), 'other voice')}")


def _nothing_listed(args: argparse.Namespace, before: SyncSettings | None) -> str:
    """Return what to say if a run has listed nothing, which may be due to a mistyped filter."""
    filters = filter_options(args)
    matched = [filters] if filters else []
    if before is not None and not args.no_filters:
        kept = [value for name, value in before.filters().items() if getattr(args, name) is None]
        matched += ["the remembered filters"] if any(kept) else []
    return f"No item matches {' and '.join(matched)}." if matched else "The history is empty."


def _print_report(report: SyncReport, args: argparse.Namespace, before: SyncSettings | None) -> None:
    if not args.quiet:
        _print_counts(report)
    if report.invalid_entries:
        write(f"{pluralize(report.invalid_entries, 'entry')} of the listing could not be parsed.", color="red")
    if report.lost:
        command = f"elevenlabs-history verify {shlex.quote(args.folder)} --repair"
        write(f"Not where they were saved: {pluralize(report.lost, 'file')}. Run: {command}", color="yellow")
    if report.failed:
        write(f"{pluralize(len(report.failed), 'item')} failed; the next run tries again.", color="red")
    elif report.complete:
        if args.quiet or report.lost:
            pass
        elif not report.listed:
            write(_nothing_listed(args, before), color="yellow")
        else:
            filters = filter_options(args)
            everything = f"Everything {'else ' if report.missing else ''}that "
            everything += f"matches {filters}" if filters else "was asked for"
            place = "bucket" if is_address(args.folder) else "folder"
            write(f"{everything} is in the {place}.", color="green")
    elif args.limit is None and not report.invalid_entries:
        write("The listing ended early; some items may be missing. Run the backup again.", color="yellow")


def _print_counts(report: SyncReport) -> None:
    saved = f"{pluralize(report.saved, 'file')} saved, {format_size(report.size)}"
    write(f"{saved}; {pluralize(report.listed, 'item')} listed.")
    if report.deleted:
        files = "the file stays" if report.deleted == 1 else "their files stay"
        write(f"{pluralize(report.deleted, 'saved item')} no longer on the server; {files}.")
        if 0 < report.listed == report.saved + len(report.missing) + len(report.failed):
            question = "is the key that of another account?"
            write(f"All that the server lists is new to this backup: {question}", color="yellow")
    if report.missing:
        write(f"The server has no audio of {pluralize(len(report.missing), 'item')}.")


def _print_issue(issue: VerifyIssue, args: argparse.Namespace) -> None:
    if issue.status == "ok" and not args.verbose:
        return
    if args.as_json:
        print_json(attrs.asdict(issue))
        return
    if args.quiet and issue.status in {"moved", "extra"}:
        return
    target = f" -> {issue.moved_to}" if issue.moved_to else ""
    gone = "" if issue.on_server else "; the server no longer has it"
    item = f"  (item {issue.history_item_id}{gone})" if issue.history_item_id else ""
    color = _STATUS_COLORS.get(issue.status, "red")
    write(f"{issue.path}{target}{item}", label=f"{issue.status:11}", color=color)


def _print_verify_report(report: VerifyReport, args: argparse.Namespace) -> None:
    statuses = [issue.status for issue in report.issues]
    counts = {status: statuses.count(status) for status in ("missing", "changed", "moved", "extra", "unreadable")}
    if args.as_json:
        more = {"failed": report.failed, "completed": report.completed}
        print_json({"event": "finished", "ok": report.ok, "ok_count": report.ok_count, **counts, **more})
        return
    if report.ok and args.quiet:
        return
    others = "".join(f", {number:,} {status}" for status, number in counts.items() if number)
    write(f"{report.ok_count:,} ok{others}.")
    if report.failed:
        write(f"Not saved, because it failed: {pluralize(report.failed, 'item')}.", color="red")
    elif not report.completed:
        write("No backup into it has been completed: items may be missing.", color="yellow")
    if args.quiet:
        return
    folder = shlex.quote(args.folder)
    lost = [issue for issue in report.issues if issue.status not in {"moved", "extra"}]
    if any(issue.on_server for issue in lost) and not args.repair:
        echo(f"To fetch missing and changed files again: elevenlabs-history verify {folder} --repair")
    if any(issue.status == "missing" and not issue.on_server for issue in lost):
        echo(f"To let go of files that nobody can fetch: elevenlabs-history verify {folder} --forget ID")
    if report.failed or not report.completed:
        echo(f"To fetch what is not saved: elevenlabs-history backup {folder}")
