"""The command probe: which assumptions about the server are true."""

import argparse
import contextlib
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from elevenlabs_history import AtomicFile, InvalidArgumentError, TargetExistsError
from elevenlabs_history_probe import ASSUMPTIONS, Limits, Session, ask_all, make_report

from .keys import connect
from .output import echo, pluralize, print_json, write
from .parser import ExitCode
from .parser_probe import BURST
from .table import Row, print_table

_MAX_IDS = 10_000  # more are too large a request to be harmless


def probe(args: argparse.Namespace) -> ExitCode:
    """Print a line per assumption, and write the report."""
    limits = Limits(ids=args.most_ids, burst=BURST if args.burst else 0)
    if args.most_ids > _MAX_IDS:
        raise InvalidArgumentError(f"--most-ids is at most {_MAX_IDS:,}.")
    if args.dry_run:
        return _print_plan(args, limits)
    with connect(args) as client:
        base_url = client.base_url
    with _report_file(args) as file, Session(base_url, args.key.value, limits) as session:
        if not args.quiet:
            echo(f"Asking {base_url}: {_bounds(limits)}")
        results = list(ask_all(session))
        report = make_report(results, session)
        if file is not None:
            file.write(json.dumps(report, indent=2).encode() + b"\n")
            file.commit(Path(args.output), overwrite=args.overwrite)
    if args.as_json:
        print_json(report)
    else:
        rows = [Row([result.status, result.id, result.fact]) for result in results]
        print_table(["result", "assumption", "observed"], rows)
    if not args.quiet:
        counts = Counter(result.status for result in results)
        found = ", ".join(f"{counts[status]} {status}" for status in ("confirmed", "refuted", "not settled"))
        echo(f"{found}; {pluralize(session.requests, 'request')}, {pluralize(session.clips, 'clip')}.")
    if file is not None and not args.quiet:
        echo(f"Wrote {args.output}.")
    if all(result.status == "not settled" for result in results):
        echo("elevenlabs-history: Nothing could be settled. Find out why with: elevenlabs-history doctor")
        return ExitCode.FAILED
    return ExitCode.DONE


def _bounds(limits: Limits) -> str:
    return (
        f"at most {limits.requests} requests that only read, {limits.clips} clips and {limits.seconds:.0f} s. "
        "Nothing is changed."
    )


def _print_plan(args: argparse.Namespace, limits: Limits) -> ExitCode:
    if args.as_json:
        for each in ASSUMPTIONS:
            print_json({"id": each.id, "question": each.question, "how": each.how, "not_settled_if": each.why_not})
        return ExitCode.DONE
    for each in ASSUMPTIONS:
        write(f"{each.question} {each.how or f'Not asked. {each.why_not}'}", label=f"{each.id:26}")
    if not args.quiet:
        echo(f"Would ask the server: {_bounds(limits)}")
    return ExitCode.DONE


@contextlib.contextmanager
def _report_file(args: argparse.Namespace) -> Iterator[AtomicFile | None]:
    """Prepare the file of the report, so that one that can't be written is known before anything is asked."""
    if args.output is None:
        yield None
        return
    target = Path(args.output)
    if target.is_dir():
        raise InvalidArgumentError(f"{target} is a folder. Nothing was sent.", hint="Name a file with --output.")
    if target.exists() and not args.overwrite:
        hint = "Use --overwrite, or choose another name."
        raise TargetExistsError(f"{target} exists and was not changed. Nothing was sent.", hint=hint)
    with AtomicFile(target.parent) as file:
        yield file
