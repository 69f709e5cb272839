"""The command `backup --workspaces`: a backup of every workspace that a file names."""

import argparse

import attrs
from elevenlabs_history import InvalidArgumentError
from elevenlabs_history_backup import WorkspaceReport, read_workspaces, sync_many

from .output import echo, format_size, pluralize, print_json, write
from .parser import ExitCode, make_parser
from .table import Row, print_table

_OPTIONS = {"workspaces", "full", "as_json", "quiet", "verbose"}
_COLUMNS = ("workspace", "state", "listed", "saved", "size", "failed")


def backup_workspaces(args: argparse.Namespace) -> ExitCode:
    """Back up every workspace, and print a row for each."""
    defaults = vars(make_parser().parse_args(["backup"]))
    if any(value != defaults[name] for name, value in vars(args).items() if name not in _OPTIONS):
        raise InvalidArgumentError(
            "--workspaces takes no FOLDER and no other options than --full, --json, --quiet and --verbose.",
            hint=f"What is backed up, and where, stands in {args.workspaces}.",
        )
    workspaces = read_workspaces(args.workspaces)
    if args.full:
        workspaces = [attrs.evolve(each, full=True) for each in workspaces]
    ended = 0

    def show(report: WorkspaceReport) -> None:
        nonlocal ended
        ended += 1
        if args.as_json:
            print_json({"event": "workspace", "ok": report.ok, **attrs.asdict(report)})
        elif not args.quiet:
            echo(f"{ended:,} of {pluralize(len(workspaces), 'workspace')}: {report.name} {_state(report)}")

    reports = sync_many(workspaces, on_report=show)
    failed = [report for report in reports if not report.ok]
    if args.as_json:
        print_json({"event": "finished", "workspaces": len(reports), "failed": len(failed)})
    else:
        print_table(_COLUMNS, map(_row, failed if args.quiet else reports))
        if failed:
            write(f"{pluralize(len(failed), 'workspace')} failed; the next run tries again.", color="red")
    return ExitCode.FAILED if failed else ExitCode.DONE


def _row(report: WorkspaceReport) -> Row:
    counts = f"{report.listed:,}", f"{report.saved:,}", format_size(report.size), f"{report.failed:,}"
    return Row((report.name, _state(report), *counts), [f"  {note}" for note in _notes(report)])


def _state(report: WorkspaceReport) -> str:
    return "ok" if report.ok else "failed"


def _notes(report: WorkspaceReport) -> list[str]:
    """Say what a row has no column for."""
    notes = {
        report.error or "": report.error is not None,
        f"{pluralize(report.invalid_entries, 'entry')} of the listing could not be parsed.": report.invalid_entries,
        f"{pluralize(report.lost, 'saved file')} not where they were saved.": report.lost,
        f"{pluralize(report.deleted or 0, 'saved item')} no longer on the server; the files stay.": report.deleted,
        "The listing ended early; some items may be missing.": report.ok and not report.complete,
    }
    return [note for note, is_shown in notes.items() if is_shown]
