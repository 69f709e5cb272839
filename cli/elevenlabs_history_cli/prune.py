"""The command prune: plan a deletion on the server, print the plan, and delete only what is confirmed by its number."""

from __future__ import annotations

import sys
from itertools import count
from typing import TYPE_CHECKING, Any

import attrs
from elevenlabs_history import HistoryError, HistoryItem, InvalidArgumentError
from elevenlabs_history_backup import Backup, PrunePlan, PruneReport, PruneResult

from .filters import DEFAULT_COLUMNS
from .items import item_row
from .keys import connect
from .output import echo, format_time, name_options, pluralize, print_json, write
from .parser import ExitCode
from .table import print_table

if TYPE_CHECKING:
    import argparse

_LINE_INTERVAL = 100  # items between two lines of progress
_STATUSES = ("deleted", "gone", "settled", "skipped", "unclear")


def prune(args: argparse.Namespace) -> ExitCode:
    """Print what would be deleted; with --delete, ask for the number of items and delete them."""
    if args.yes_delete is not None and not args.delete:
        raise InvalidArgumentError("--yes-delete confirms --delete, which is missing. Nothing was deleted.")
    if args.delete and args.yes_delete is None and not sys.stdin.isatty():
        raise InvalidArgumentError(
            "There is no terminal to ask for the number of items. Nothing was deleted: confirm it with --yes-delete N."
        )
    names = ("older_than", "voice", "model_id", "source", "after", "before", "copy")
    limits = {"max_items": args.max, "everything_listed": args.everything_listed}
    with connect(args) as client, Backup(args.folder) as opened:
        plan = opened.plan_prune(client, **{name: getattr(args, name) for name in names})
        if not args.delete:
            _print_items(plan, opened, args)
            _print_plan(plan, args)
            if not args.quiet:
                _print_refusal(plan, limits)
            return ExitCode.DONE
        if args.as_json or not args.quiet:
            _print_plan(plan, args)
        plan.raise_for_size(**limits)
        _confirm(len(plan.ids), args.yes_delete)
        numbers = count(1)
        report = opened.prune(
            client, plan, **limits, on_result=lambda result: _print_result(result, next(numbers), len(plan.ids), args)
        )
    _print_report(report, args)
    if report.aborted_by is not None:
        raise report.aborted_by
    return ExitCode.FAILED if report.count("skipped") + report.count("unclear") else ExitCode.DONE


def _confirm(number: int, confirmed: int | None) -> None:
    if confirmed is None and number:
        echo(f"Type {number} to delete {pluralize(number, 'item')} from the server. There is no undo.")
        answer = sys.stdin.readline().strip()
    else:
        answer = str(number if confirmed is None else confirmed)
    if answer != str(number):
        raise InvalidArgumentError(f"The plan has {pluralize(number, 'item')}, not {answer!r}. Nothing was deleted.")


def _print_items(plan: PrunePlan, backup: Backup, args: argparse.Namespace) -> None:
    records = (record for history_item_id in plan.ids if (record := backup.get(history_item_id)))
    if args.as_json:
        for record in records:
            print_json({"event": "candidate", "history_item_id": record.history_item_id, "date": record.date})
    elif args.verbose:
        print_table(DEFAULT_COLUMNS, (item_row(HistoryItem(record.metadata), DEFAULT_COLUMNS) for record in records))


def _print_plan(plan: PrunePlan, args: argparse.Namespace) -> None:
    items = len(plan.ids)
    if args.as_json:
        print_json(
            {"event": "planned", "items": items, **attrs.asdict(plan, filter=lambda each, _: each.name != "ids")}
        )
        return
    write(
        f"{pluralize(items, 'item')} would be deleted from the server, which lists {plan.listed:,}. There is no undo."
    )
    if plan.oldest is not None and plan.newest is not None:
        write(f"Generated from {format_time(plan.oldest)} to {format_time(plan.newest)}.")
    for reason, number in sorted(plan.skipped.items()):
        write(f"{number:>9,} not deleted: {reason}")
    if plan.copy is None:
        write("This folder will hold the only copy. With --copy TARGET a second one is required.", color="yellow")


def _print_refusal(plan: PrunePlan, limits: dict[str, Any]) -> None:
    try:
        plan.raise_for_size(**limits)
    except HistoryError as error:
        echo(f"--delete would be refused: {name_options(error)}")


def _print_result(result: PruneResult, number: int, items: int, args: argparse.Namespace) -> None:
    error = None if result.error is None else str(result.error)
    if args.as_json:
        print_json({"event": result.status, "history_item_id": result.history_item_id, "error": error})
    elif error or args.verbose:
        write(f"{result.status:8}{result.history_item_id}" + (f": {error}" if error else ""))
    if number % _LINE_INTERVAL == 0 and not args.as_json and not args.quiet:
        echo(f"{number:,} of {pluralize(items, 'item')}")


def _print_report(report: PruneReport, args: argparse.Namespace) -> None:
    counts = {status: report.count(status) for status in _STATUSES}
    if args.as_json:
        print_json({"event": "finished", **counts})
        return
    if args.quiet and not counts["skipped"] + counts["unclear"]:
        return
    others = "".join(f", {number:,} {status}" for status, number in counts.items() if number and status != "deleted")
    write(f"{counts['deleted']:,} deleted{others}.")
    if counts["unclear"]:
        write("What is unclear may be deleted; the next prune asks the server. Its files stay.")
