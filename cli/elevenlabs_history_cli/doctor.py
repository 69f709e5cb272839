"""The command doctor: look for what would make a backup fail before it does, and print a hint for each problem."""

import argparse
import contextlib
import os
import platform
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from importlib.metadata import version
from pathlib import Path
from typing import Literal

import attrs
import httpx
from elevenlabs_history import AtomicFile, FolderLock, HistoryClient, HistoryError, RetryPolicy
from elevenlabs_history_backup import CATALOG_NAME, Backup
from elevenlabs_history_backup.keys import Key

from .keys import find_key
from .options import is_address
from .output import name_options, print_json, write
from .parser import ExitCode
from .settings import FOLDER_VARIABLE, Settings, fill, load_settings, settings_file

_TIMEOUT = 20.0  # seconds
_MAX_CLOCK_DIFFERENCE = timedelta(minutes=1)
_COLORS = {"ok": "green", "warning": "yellow", "problem": "red"}


@attrs.frozen
class Check:
    """The result of one check: its name, what was found, and what to do about it if it is not ok."""

    name: str
    status: Literal["ok", "warning", "problem"]
    message: str
    hint: str = ""


class _MinorError(HistoryError):
    """What makes no backup fail: a warning."""


def doctor(args: argparse.Namespace) -> ExitCode:
    """Print a line per check, and a hint under each that is not ok."""
    failed = False
    for check in run_checks(args):
        failed = failed or check.status == "problem"
        if args.as_json:
            print_json(attrs.asdict(check))
        elif not args.quiet or check.status != "ok":
            write(f"{check.name:10}{check.message}", label=f"{check.status:8}", color=_COLORS[check.status])
            for line in check.hint.splitlines():
                write(f"{'':18}{line}")
    return ExitCode.FAILED if failed else ExitCode.DONE


def run_checks(args: argparse.Namespace, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> Iterator[Check]:
    """Yield each check as soon as it is made. The folder need not exist; `now` is the clock, with a time zone."""
    versions = f"elevenlabs-history {version('elevenlabs-history')}, httpx {version('httpx')}"
    yield Check("version", "ok", f"{versions}, Python {platform.python_version()} on {sys.platform}")
    settings, check = _settings()
    yield check
    # Only what no option says has a source that is worth a word.
    source = FOLDER_VARIABLE if os.environ.get(FOLDER_VARIABLE) else "settings"
    folder_source = "" if args.folder else f", from {source}"
    region_source = "" if args.region else " from settings"
    fill(args, settings)
    keys: list[Key] = []
    key = _check("key", lambda: _key(args, keys))
    server = _check("server", lambda: _server(args, region_source))
    yield key
    yield server
    if keys and server.status != "problem":
        responses: list[httpx.Response] = []
        yield _check("history", lambda: _history(args, keys[0], responses))
        for response in responses:
            yield from check_clock(response.headers.get("date", ""), now)
    if args.folder is not None and is_address(args.folder):
        yield _check("bucket", lambda: _bucket(args.folder) + folder_source)
    elif args.folder is not None:
        folder = Path(args.folder)
        check = _check("folder", lambda: _writable(folder) + folder_source)
        yield check
        if check.status == "ok":
            yield _check("space", lambda: _space(folder))
            if (folder / CATALOG_NAME).exists():
                yield _check("catalog", lambda: _catalog(folder))


def _check(name: str, find: Callable[[], str]) -> Check:
    """Make a check of what a function returns, or of the error that it raises."""
    try:
        return Check(name, "ok", find())
    except HistoryError as error:
        return _failed(name, error)
    except OSError as error:
        return Check(
            name, "problem", f"Can't use {error.filename}: {error.strerror}.", "Check the path and its permissions."
        )


def _failed(name: str, error: HistoryError) -> Check:
    hint, error.hint = name_options(error).hint, ""
    return Check(name, "warning" if isinstance(error, _MinorError) else "problem", str(error), hint)


def _settings() -> tuple[Settings, Check]:
    try:
        settings = load_settings()
    except HistoryError as error:
        return Settings(file=settings_file()), _failed("settings", error)
    return settings, Check("settings", "ok", f"{', '.join(settings.keys) or 'none'} in {settings.file}")


def _key(args: argparse.Namespace, keys: list[Key]) -> str:
    """Describe the key, and append it to `keys`: a command that prints it may ask for a password, so it runs once."""
    key = find_key(args)
    keys.append(key)
    if key.warning:
        raise _MinorError(key.warning, hint=key.hint)
    other = os.environ.get("ELEVEN_API_KEY", "").strip()
    if other and other != key.value:
        hint = f"Remove the wrong one. {key.source} comes first."
        raise _MinorError(f"{key.source} is used, but ELEVEN_API_KEY holds a different key.", hint=hint)
    return f"from {key.source}"


def _server(args: argparse.Namespace, region_source: str) -> str:
    # A missing key is not a problem of the server. Nothing is sent.
    with HistoryClient("key", region=args.region, base_url=args.base_url) as client:
        base_url = client.base_url
    if args.region is not None:
        return f"{base_url}, region {args.region}{region_source}"
    if args.base_url is not None:
        return f"{base_url}, from settings"
    return f"{base_url}, from ELEVENLABS_BASE_URL" if os.environ.get("ELEVENLABS_BASE_URL") else base_url


def _history(args: argparse.Namespace, key: Key, responses: list[httpx.Response]) -> str:
    with HistoryClient(
        key.value,
        region=args.region,
        base_url=args.base_url,
        timeout=_TIMEOUT,
        retry_policy=RetryPolicy(max_attempts=1),
    ) as client:
        # The headers, which a listing does not return.
        client.api.get_httpx_client().event_hooks["response"].append(responses.append)
        start = time.perf_counter()
        items = client.list(page_size=1)
        page = next(items.pages(), [])
        milliseconds = (time.perf_counter() - start) * 1000
    if page:
        newest = f"the newest item is of {page[0].date:%Y-%m-%d}"
    else:
        newest = "the newest entry is not a history item" if items.invalid_entries else "no items"
    return f"answered in {milliseconds:,.0f} ms; the key may list the history (scope speech_history_read); {newest}"


def check_clock(date: str, now: Callable[[], datetime]) -> Iterator[Check]:
    """Compare this machine's clock with the `Date` header of a response; yield nothing if the header is invalid."""
    try:
        server_time = parsedate_to_datetime(date)
        # "-0000", a time without a zone, means UTC.
        ahead = now() - (server_time if server_time.tzinfo else server_time.replace(tzinfo=UTC))
    except (TypeError, ValueError, OverflowError):
        return
    if abs(ahead) <= _MAX_CLOCK_DIFFERENCE:
        yield Check("clock", "ok", "agrees with the server's clock")
        return
    difference = f"{abs(ahead).total_seconds():,.0f} s {'ahead of' if ahead > timedelta() else 'behind'}"
    message = f"The clock of this machine is {difference} the server's."
    hint = "Set the clock. Backups work without it, but the times in their catalogs will be wrong."
    yield Check("clock", "warning", message, hint)


def _bucket(address: str) -> str:
    with Backup(address) as backup:
        if backup.settings is None:
            return f"{address} can be read and has no backup yet"
        return f"{address} has a backup with {len(backup):,} items"


def _nearest(folder: Path) -> Path:
    return next(path for path in (folder, *folder.absolute().parents) if path.exists())


def _writable(folder: Path) -> str:
    nearest = _nearest(folder)
    with contextlib.ExitStack() as locks:
        # In the order of a backup, which takes the second one only later. A lock file that does not exist is not
        # created, because nothing should be left in a folder that may not be a backup.
        for lock in (folder / ".elevenlabs-history" / name for name in ("backup.lock", "lock")):
            if lock.exists():
                locks.enter_context(FolderLock(lock))
        with AtomicFile(nearest) as file:
            file.write(b"deleted at once")
    return f"{folder} is writable" if nearest == folder else f"{folder} does not exist; the first backup creates it"


def _space(folder: Path) -> str:
    gibibytes = shutil.disk_usage(_nearest(folder)).free / 1024**3
    if gibibytes < 1:
        hint = "Free some space. A backup stops when the disk is full; saved files stay."
        raise _MinorError(f"{gibibytes:,.1f} GiB free.", hint=hint)
    return f"{gibibytes:,.1f} GiB free"


def _catalog(folder: Path) -> str:
    with Backup(folder) as backup:
        total = backup.stats()
    return f"{total.items:,} items, {total.saved:,} of them saved"
