"""What could go wrong, looked for before it does: key, server, clock, folder; each with its hint."""

from __future__ import annotations

import os
import platform
import shutil
import sys
import time
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

import httpx
from attrs import frozen

from ._connection import BASE_URL_VARIABLE, REGIONS, resolve_base_url
from ._key import VARIABLES, ApiKey
from ._requests import reading
from ._version import __version__
from .backup.entries import moment_of
from .client import HistoryClient
from .errors import HistoryError
from .files import AtomicFile, check_folder, staging_folder
from .listing import Filters, Paginator
from .retries import RetryPolicy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ._connection import Region

Verdict: TypeAlias = Literal["ok", "warning", "problem"]

_WRONG_CLOCK = 60.0  # seconds
_LITTLE_SPACE = 1024**3  # bytes


@frozen(kw_only=True)
class Check:
    """What was looked at, and how it is.

    Attributes:
        name: `version`, `key`, `server`, `history`, `clock`, `folder`, `space` or `catalog`.
        status: `ok`, `warning`, or `problem` where something will fail.
        issue: What was found.
        hint: What to do about it; empty where it is ok.
    """

    name: str
    status: Verdict
    issue: str
    hint: str = ""


def diagnose(
    api_key: str | None = None,
    *,
    region: Region | None = None,
    base_url: str | None = None,
    folder: str | os.PathLike[str] | None = None,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Iterator[Check]:
    """Look at everything that a backup needs. The server is asked for one item; nothing is changed.

    Args:
        api_key: As in `HistoryClient`.
        region: As in `HistoryClient`.
        base_url: As in `HistoryClient`.
        folder: The folder of a backup, or where one is to be; None to look at none.
        now: The clock of this machine, with a time zone.

    Yields:
        One check after the other, each as soon as it is made. Nothing is raised for what is found.
    """
    yield Check(
        name="version",
        status="ok",
        issue=f"elevenlabs-history {__version__}, httpx {httpx.__version__}, Python {platform.python_version()} "
        f"on {sys.platform}",
    )
    key = ApiKey(api_key)
    checked = _key(key)
    yield checked
    try:
        url = resolve_base_url(base_url, region)
    except HistoryError as error:
        yield _problem("server", error)
    else:
        chosen = "" if base_url or region or not os.environ.get(BASE_URL_VARIABLE) else f", from {BASE_URL_VARIABLE}"
        yield Check(name="server", status="ok", issue=f"{url}{chosen}{_region_of(url)}")
        if checked.status != "problem":
            yield from _history(api_key, region, base_url, now)
    if folder is not None:
        yield from _folder(Path(folder))


def _region_of(url: httpx.URL) -> str:
    name = next((name for name, address in REGIONS.items() if httpx.URL(address).host == url.host), None)
    return "" if name is None else f", region {name}"


def _key(key: ApiKey) -> Check:
    try:
        key.check()
    except HistoryError as error:
        return _problem("key", error)
    others = [name for name in VARIABLES if name != key.source and os.environ.get(name)]
    if key.source in VARIABLES and others and os.environ[others[0]].strip() != key.reveal():
        return Check(
            name="key",
            status="warning",
            issue=f"{key.source} is used, and {others[0]} has another key.",
            hint=f"Remove the wrong one; {VARIABLES[0]} comes first.",
        )
    return Check(name="key", status="ok", issue=f"from {key.source}")


def _history(
    api_key: str | None, region: Region | None, base_url: str | None, now: Callable[[], datetime]
) -> Iterator[Check]:
    try:
        with HistoryClient(
            api_key, region=region, base_url=base_url, timeout=20, retry_policy=RetryPolicy(attempts=1)
        ) as client:
            walk = Paginator(Filters(), moment_of, limit=1, page_size=1)
            began = time.perf_counter()
            response = client.api.get_httpx_client().request(**(walk.next_request() or {}))
            seconds = time.perf_counter() - began
            with reading("GET /v1/history"):
                dates = walk.read(response.json())
    except HistoryError as error:
        yield _problem("history", error)
        return
    took = f"answered in {seconds * 1000:,.0f} ms"
    what = "empty"
    if dates:
        what = f"the newest item is of {dates[0]:%Y-%m-%d}"
    elif walk.unreadable:
        what = "the newest entry is no item that can be read"
    yield Check(name="history", status="ok", issue=f"{took}; the key may read it (speech_history_read); {what}")
    yield from _clock(response.headers.get("date"), now)


def _clock(told: str | None, now: Callable[[], datetime]) -> Iterator[Check]:
    try:
        moment = parsedate_to_datetime(told or "")
    except ValueError:
        return
    # What names no zone, as "-0000", is UTC.
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    ahead = (now() - moment).total_seconds()
    if abs(ahead) <= _WRONG_CLOCK:
        yield Check(name="clock", status="ok", issue="agrees with the server's")
        return
    yield Check(
        name="clock",
        status="warning",
        issue=f"This machine's clock is {abs(ahead):,.0f} s {'ahead of' if ahead > 0 else 'behind'} the server's.",
        hint="Set the clock. Backups do not depend on it, but the times of saving that they book will be wrong.",
    )


def _folder(folder: Path) -> Iterator[Check]:
    try:
        check_folder(folder)
        if folder.exists():
            with staging_folder(folder) as staging, AtomicFile(staging) as part:
                part.write(b"can be written")
                part.seal()
            yield Check(name="folder", status="ok", issue=f"{folder} can be written to")
        else:
            yield from _parent(folder)
    except HistoryError as error:
        yield _problem("folder", error)
    nearest = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    free = shutil.disk_usage(nearest).free
    space = f"{free / 1024**3:,.1f} GiB free"
    if free < _LITTLE_SPACE:
        yield Check(
            name="space",
            status="warning",
            issue=f"{space}.",
            hint="Make room; a backup on a full disk stops, unharmed.",
        )
    else:
        yield Check(name="space", status="ok", issue=space)
    yield from _catalogue(folder)


def _parent(folder: Path) -> Iterator[Check]:
    nearest = next(path for path in folder.absolute().parents if path.exists())
    if os.access(nearest, os.W_OK):
        yield Check(name="folder", status="ok", issue=f"{folder} will be made")
    else:
        yield Check(
            name="folder",
            status="problem",
            issue=f"{folder} can't be made, because {nearest} may not be written to.",
            hint="Choose another folder, or ask its owner.",
        )


def _catalogue(folder: Path) -> Iterator[Check]:
    from .backup._database import NAME
    from .backup.folder import Backup

    if not (folder / NAME).exists():
        return
    try:
        with Backup(folder) as backup:
            yield Check(name="catalog", status="ok", issue=f"{len(backup):,} items")
    except HistoryError as error:
        yield _problem("catalog", error)


def _problem(name: str, error: HistoryError) -> Check:
    issue = str(error) if not error.hint else str(error).replace(f" {error.hint}", "", 1)
    return Check(name=name, status="problem", issue=issue, hint=error.hint)
