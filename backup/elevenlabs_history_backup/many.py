"""Back up many workspaces, each as a task, on whatever runs tasks.

A task may run twice: what is saved is not fetched again.
"""

import logging
import os
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import BrokenExecutor, Executor, Future, ThreadPoolExecutor, as_completed
from contextlib import nullcontext
from functools import partial
from typing import Final
from uuid import uuid4

from attrs import frozen
from elevenlabs_history import HistoryClient, HistoryError

from .backup import Backup
from .keys import check_key, expand_user, read_key_command, read_key_file
from .report import EventHandler, SyncReport
from .workspaces import Workspace, check_distinct

_log = logging.getLogger("elevenlabs_history_backup")

MAX_THREADS: Final = 8
"""How many workspaces `sync_many` backs up at a time without an executor; each has its own concurrent requests."""


@frozen(kw_only=True)
class WorkspaceReport:
    """What became of a workspace.

    Attributes:
        name: Its name.
        target: Where its backup is.
        error: Why its run ended early, or else why the first of the items that failed did, in one line; None if
            nothing failed.
        listed: How many items the server listed.
        saved: How many files were saved.
        size: Their size in bytes.
        missing: How many items the server no longer has, and that were never saved.
        failed: How many items could not be saved.
        deleted: How many saved items the server no longer has; None if not everything was listed.
        invalid_entries: How many entries of the listing were not history items.
        complete: Everything that the filters match was listed and requested.
        lost: How many files are not where they were saved.
    """

    name: str
    target: str
    error: str | None = None
    listed: int = 0
    saved: int = 0
    size: int = 0
    missing: int = 0
    failed: int = 0
    deleted: int | None = None
    invalid_entries: int = 0
    complete: bool = False
    lost: int = 0

    @property
    def ok(self) -> bool:
        """Whether nothing failed. What failed is tried again by the next run."""
        return self.error is None and not self.invalid_entries


def sync_many(
    workspaces: Iterable[Workspace],
    *,
    executor: Executor | None = None,
    on_report: Callable[[WorkspaceReport], None] | None = None,
) -> list[WorkspaceReport]:
    """Back up many workspaces, each as a task of its own. One that fails stops no other.

    An interrupt cancels the tasks that have not begun. In threads those that have begun end with the next event; on
    other executors they run on.

    Args:
        workspaces: The workspaces; no two may have the same name or target.
        executor: What runs the tasks, such as a process pool or `Client.get_executor()` of Dask; it is not shut
            down. If None, eight threads of this process.
        on_report: Called with each report as it comes, by the thread that called this.

    Returns:
        A report for each workspace, in their order.

    Raises:
        InvalidArgumentError: Two workspaces have the same name or target. Nothing was sent.
    """
    workspaces = list(workspaces)
    check_distinct(workspaces)
    stopped = threading.Event()
    futures: dict[Future[WorkspaceReport], Workspace] = {}
    reports: dict[str, WorkspaceReport] = {}
    with ThreadPoolExecutor(MAX_THREADS) if executor is None else nullcontext(executor) as pool:
        # An event of this process reaches its own threads only.
        on_event = partial(_stop, stopped) if isinstance(pool, ThreadPoolExecutor) else None
        run = uuid4().hex
        try:
            for workspace in workspaces:
                futures[_submit(pool, workspace, run, on_event)] = workspace
            for future in as_completed(futures):
                report = _result(futures[future], future)
                reports[report.name] = report
                if on_report is not None:
                    on_report(report)
        except BaseException:
            stopped.set()
            for future in futures:
                future.cancel()
            raise
    return [reports[workspace.name] for workspace in workspaces]


def sync_workspace(workspace: Workspace, *, on_event: EventHandler | None = None) -> WorkspaceReport:
    """Back up one workspace. Nothing is raised: the report has the error.

    Its filters are those of this run and of later ones, whatever the backup was made with. Format and template of
    a backup that exists stay if the workspace has none.
    """
    try:
        with _connect(workspace) as client, Backup(expand_user(workspace.target)) as backup:
            report = backup.sync(
                client,
                voice=workspace.voice,
                model_id=workspace.model,
                source=workspace.source,
                search=workspace.search,
                after=workspace.after,
                before=workspace.before,
                full=workspace.full,
                output_format=workspace.format,
                template=workspace.template,
                remember=True,
                no_filters=True,
                workers=workspace.workers,
                batch_size=workspace.batch_size,
                on_event=on_event,
            )
    except Exception as error:  # noqa: BLE001 - one workspace stops no other
        return _failed(workspace, error)
    return _report(workspace, report)


def _submit(pool: Executor, workspace: Workspace, run: str, on_event: EventHandler | None) -> Future[WorkspaceReport]:
    try:
        return pool.submit(_task, workspace, run, on_event)
    except BrokenExecutor as error:
        # What it has run already has a report.
        future: Future[WorkspaceReport] = Future()
        future.set_exception(error)
        return future


def _task(workspace: Workspace, run: str, on_event: EventHandler | None) -> WorkspaceReport:
    # By default Dask answers a task with the result of an earlier one with the same arguments.
    del run
    return sync_workspace(workspace, on_event=on_event)


def _connect(workspace: Workspace) -> HistoryClient:
    if workspace.key_file is not None:
        key = read_key_file(workspace.key_file, "key_file")
    elif workspace.key_command is not None:
        key = read_key_command(workspace.key_command, "key_command")
    else:
        # The message does not name the variable: somebody may have put the key itself there.
        key = check_key(os.environ.get(workspace.key_env or "", ""), "the variable that key_env names")
    if key.warning:
        _log.warning("%s %s", key.warning, key.hint)
    return HistoryClient(key.value, region=workspace.region, base_url=workspace.base_url)


def _report(workspace: Workspace, report: SyncReport) -> WorkspaceReport:
    counts = {name: getattr(report, name) for name in ("listed", "saved", "size", "deleted", "complete", "lost")}
    return WorkspaceReport(
        name=workspace.name,
        target=workspace.target,
        error=_line(report.failed[0].error) if report.failed else None,
        missing=len(report.missing),
        failed=len(report.failed),
        invalid_entries=report.invalid_entries,
        **counts,
    )


def _failed(workspace: Workspace, error: Exception) -> WorkspaceReport:
    return WorkspaceReport(name=workspace.name, target=workspace.target, error=_line(error))


def _line(error: Exception) -> str:
    text = str(error) if isinstance(error, HistoryError) else f"{type(error).__name__}: {error}"
    return " ".join(text.split())


def _result(workspace: Workspace, future: Future[WorkspaceReport]) -> WorkspaceReport:
    try:
        return future.result()
    except Exception as error:  # noqa: BLE001 - of the executor, such as a worker that died with every attempt
        return _failed(workspace, error)


class _StoppedError(Exception):
    """Ends a run. An error of the system could be taken for one of a file."""


def _stop(stopped: threading.Event, _: object) -> None:
    if stopped.is_set():
        raise _StoppedError
