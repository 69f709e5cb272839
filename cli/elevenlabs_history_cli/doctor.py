"""The command doctor: look for what would make a backup fail before it does, and print a hint for each problem."""

from __future__ import annotations

import contextlib
import os
import platform
import shutil
import sys
import time
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from attrs import frozen
from elevenlabs_history import (
    AtomicFile,
    AuthenticationError,
    FolderLock,
    HistoryClient,
    HistoryError,
    InvalidArgumentError,
    RetryPolicy,
)
from elevenlabs_history_backup import Backup

from .exit_codes import ExitCode
from .output import colorize, print_json, sanitize, to_json, with_options

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator

    import httpx
    from elevenlabs_history import HistoryItem, HistoryItems, Region

KEY_VARIABLES = ("ELEVENLABS_API_KEY", "ELEVEN_API_KEY")  # the library takes the first one that is set
BASE_URL_VARIABLE = "ELEVENLABS_BASE_URL"
_HIDDEN_FOLDER = ".elevenlabs-history"
_CATALOG = "history.db"
_TIMEOUT = 20.0  # seconds
_MAX_CLOCK_DIFFERENCE = 60.0  # seconds
_LOW_SPACE = 1024**3  # bytes
_COLORS = {"ok": "green", "warning": "yellow", "problem": "red"}
# Stand-ins, so that the key and the base URL are each checked even if the other is invalid. Nothing is sent to them.
_ANY_KEY = "key"
_ANY_SERVER = "https://localhost"


@frozen(kw_only=True)
class Check:
    """The result of one check.

    Attributes:
        name: `version`, `key`, `server`, `history`, `clock`, `folder`, `space` or `catalog`.
        status: `ok`, `warning`, or `problem` if something will fail.
        message: What was found.
        hint: What to do about it; empty if it is ok.
    """

    name: str
    status: Literal["ok", "warning", "problem"]
    message: str
    hint: str = ""


def doctor(args: argparse.Namespace) -> ExitCode:
    """Print a line per check, and a hint under each that is not ok."""
    failed = False
    for check in run_checks(region=args.region, folder=args.folder):
        failed = failed or check.status == "problem"
        if args.as_json:
            print_json(to_json(check))
        elif not args.quiet or check.status != "ok":
            print(f"{colorize(f'{check.status:8}', _COLORS[check.status])}{check.name:10}{sanitize(check.message)}")
            if check.hint:
                print(f"{'':18}{sanitize(check.hint)}")
    return ExitCode.FAILED if failed else ExitCode.DONE


def run_checks(
    *,
    region: Region | None = None,
    folder: str | None = None,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Iterator[Check]:
    """Check what a backup needs. One history item is requested; nothing is changed.

    Args:
        region: As in `HistoryClient`.
        folder: The folder of a backup, existing or not; None to check none.
        now: The clock of this machine, with a time zone.

    Yields:
        Each check as soon as it is made. What is found never raises.
    """
    yield _ok(
        "version",
        f"elevenlabs-history {version('elevenlabs-history')}, httpx {version('httpx')}, "
        f"Python {platform.python_version()} on {sys.platform}",
    )
    key, server = _check_key(), _check_server(region)
    yield key
    yield server
    if "problem" not in {key.status, server.status}:
        yield from _check_history(region, now)
    if folder is not None:
        yield from _check_folder(Path(folder))


def _check_key() -> Check:
    try:
        HistoryClient(base_url=_ANY_SERVER).close()
    except AuthenticationError as error:
        return _problem("key", error)
    used, *others = [name for name in KEY_VARIABLES if os.environ.get(name)]
    for other in others:
        if os.environ[other].strip() != os.environ[used].strip():
            return Check(
                name="key",
                status="warning",
                message=f"{used} is used, but {other} holds a different key.",
                hint=f"Remove the wrong one. {KEY_VARIABLES[0]} comes first.",
            )
    return _ok("key", f"from {used}")


def _check_server(region: Region | None) -> Check:
    try:
        with HistoryClient(_ANY_KEY, region=region) as client:
            base_url = client.base_url
    except InvalidArgumentError as error:
        return _problem("server", error)
    if region is not None:
        return _ok("server", f"{base_url}, region {region}")
    return _ok("server", base_url + (f", from {BASE_URL_VARIABLE}" if os.environ.get(BASE_URL_VARIABLE) else ""))


def _check_history(region: Region | None, now: Callable[[], datetime]) -> Iterator[Check]:
    responses: list[httpx.Response] = []
    try:
        with HistoryClient(region=region, timeout=_TIMEOUT, retry_policy=RetryPolicy(max_attempts=1)) as client:
            # The headers, which a listing does not return.
            client.api.get_httpx_client().event_hooks["response"].append(responses.append)
            start = time.perf_counter()
            items = client.list(page_size=1)
            page = next(items.pages(), [])
            milliseconds = (time.perf_counter() - start) * 1000
    except HistoryError as error:
        yield _problem("history", error)
    else:
        message = f"answered in {milliseconds:,.0f} ms; the key may list the history (scope speech_history_read)"
        yield _ok("history", f"{message}; {_newest(page, items)}")
    for response in responses:
        yield from check_clock(response.headers.get("date", ""), now)


def _newest(page: list[HistoryItem], items: HistoryItems) -> str:
    if not page:
        return "the newest entry is not a history item" if items.invalid_entries else "no items"
    try:
        return f"the newest item is of {datetime.fromtimestamp(page[0].date_unix, UTC):%Y-%m-%d}"
    except (TypeError, ValueError, OverflowError, OSError):
        return "the newest item has no valid date"


def check_clock(date: str, now: Callable[[], datetime]) -> Iterator[Check]:
    """Compare this machine's clock with the `Date` header of a response; yield nothing if the header is invalid."""
    try:
        server_time = parsedate_to_datetime(date)
    except (TypeError, ValueError, OverflowError):
        return
    # "-0000", a time without a zone, means UTC.
    server_time = server_time if server_time.tzinfo else server_time.replace(tzinfo=UTC)
    ahead = (now() - server_time).total_seconds()
    if abs(ahead) <= _MAX_CLOCK_DIFFERENCE:
        yield _ok("clock", "agrees with the server's clock")
        return
    difference = f"{abs(ahead):,.0f} s {'ahead of' if ahead > 0 else 'behind'}"
    yield Check(
        name="clock",
        status="warning",
        message=f"The clock of this machine is {difference} the server's.",
        hint="Set the clock. Backups work without it, but the times in their catalogs will be wrong.",
    )


def _check_folder(folder: Path) -> Iterator[Check]:
    try:
        nearest = next(path for path in (folder, *folder.absolute().parents) if path.exists())
        yield _check_writable(folder, nearest)
        yield _check_space(nearest)
        if (folder / _CATALOG).exists():
            yield _check_catalog(folder)
    except OSError as error:
        yield Check(
            name="folder",
            status="problem",
            message=f"Can't use {folder}: {error.strerror or error}.",
            hint="Check the path and its permissions, or choose another folder.",
        )


def _check_writable(folder: Path, nearest: Path) -> Check:
    if not nearest.is_dir():
        return Check(
            name="folder", status="problem", message=f"{nearest} is not a folder.", hint="Choose another folder."
        )
    if nearest != folder:
        if os.access(nearest, os.W_OK):
            return _ok("folder", f"{folder} will be created")
        return Check(
            name="folder",
            status="problem",
            message=f"{folder} can't be created, because {nearest} is not writable.",
            hint="Choose another folder, or ask the owner of that one.",
        )
    try:
        with contextlib.ExitStack() as locks:
            # In the order of a backup, which takes the second one only later. A lock file that does not exist is not
            # created, because nothing should be left in a folder that may not be a backup.
            for lock in (folder / _HIDDEN_FOLDER / name for name in ("backup.lock", "lock")):
                if lock.exists():
                    locks.enter_context(FolderLock(lock))
            with AtomicFile(folder) as file:
                file.write(b"deleted at once")
    except HistoryError as error:
        return _problem("folder", error)
    return _ok("folder", f"{folder} is writable")


def _check_space(folder: Path) -> Check:
    free = shutil.disk_usage(folder).free
    if free >= _LOW_SPACE:
        return _ok("space", f"{free / 1024**3:,.1f} GiB free")
    return Check(
        name="space",
        status="warning",
        message=f"{free / 1024**3:,.1f} GiB free.",
        hint="Free some space. A backup stops when the disk is full; saved files stay.",
    )


def _check_catalog(folder: Path) -> Check:
    try:
        with Backup(folder) as backup:
            return _ok("catalog", f"{len(backup):,} items")
    except HistoryError as error:
        return _problem("catalog", error)


def _ok(name: str, message: str) -> Check:
    return Check(name=name, status="ok", message=message)


def _problem(name: str, error: HistoryError) -> Check:
    hint, error.hint = error.hint, ""
    return Check(name=name, status="problem", message=with_options(str(error)), hint=with_options(hint))
