"""`download_all`: archives as long as they prove which file is which item, one id per request otherwise."""

from __future__ import annotations

import threading
from collections import deque
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING

from attrs import evolve

from .._download.extract import FSYNC_THREADS, BatchResult, MatchedFilesSink
from .._files.lock import staging_folder
from .._http.requests import download_request, id_of
from .._http.retry import is_retryable
from ..download import Download
from ..errors import (
    APIConnectionError,
    AuthenticationError,
    HistoryError,
    NotFoundError,
    PermissionDeniedError,
    QuotaExceededError,
    RateLimitError,
    UnexpectedResponseError,
    WriteError,
    WrongRegionError,
)
from ..events import (
    BytesReceived,
    Event,
    FileSaved,
    ItemFailed,
    ItemMissing,
    Report,
    RunFinished,
    RunStarted,
)
from .limiter import ConcurrencyLimiter
from .planning import plan_requests, plan_run

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from elevenlabs_history_api import Client

    from .._download.targets import Targets
    from .._http.transport import Transport
    from .limiter import BatchSize
    from .planning import Batch, Settings

_FATAL = (AuthenticationError, PermissionDeniedError, QuotaExceededError, WriteError, WrongRegionError)
_WRONG_FORMAT = "invalid_output_format"
# So many failed requests in a row, with no success between them: the server fails everything. Fewer could be requests
# that were too large and had to be halved several times.
_MAX_FAILURES_IN_A_ROW = 60


class Run:
    """One run. The thread that calls `run` decides what is requested next and keeps the report; workers only fetch."""

    def __init__(
        self, api: Client, transport: Transport, targets: Targets, settings: Settings, batch_size: BatchSize
    ) -> None:
        self._api = api
        self._transport = transport
        self._targets = targets
        self._settings = settings
        self._batch_size = batch_size
        self._limiter = ConcurrencyLimiter(settings.workers)
        self._rate_limited = transport.rate_limited
        self._report = Report()
        self._queue: deque[Batch] = deque()
        self._running: dict[Future[BatchResult], Batch] = {}
        self._archives_prove_items = True
        self._failures_in_a_row = 0
        self._event_lock = threading.Lock()
        self._stopped = threading.Event()

    def run(self) -> Report:
        """Fetch everything and report; raise if the folder is locked or not writable."""
        with staging_folder(self._targets.folder) as staging:
            pending = self._targets.items
            if not self._targets.overwrite:
                plan = plan_run(self._targets, self._settings.output_format)
                pending = plan.pending
                self._report.skipped.extend(plan.skipped)
                for failed in plan.failed:
                    self._report.failed.append(failed)
                    self._emit(failed)
            self._emit(RunStarted(len(pending)))
            self._queue.extend(plan_requests(pending, self._settings))
            self._fetch_all(staging)
        self._emit(RunFinished(self._report))
        return self._report

    def stop(self) -> None:
        """Send no new requests; those in flight end. Any thread may call it."""
        self._stopped.set()

    def _fetch_all(self, staging: Path) -> None:
        with (
            ThreadPoolExecutor(FSYNC_THREADS, thread_name_prefix="elevenlabs-history-fsync") as fsync,
            ThreadPoolExecutor(self._settings.workers, thread_name_prefix="elevenlabs-history") as workers,
        ):
            try:
                while self._running or (self._queue and not self._stopped.is_set()):
                    while self._queue and len(self._running) < self._limiter.limit and not self._stopped.is_set():
                        batch = self._next_batch()
                        self._running[workers.submit(self._fetch, batch, staging, fsync)] = batch
                    for future in wait(self._running, return_when=FIRST_COMPLETED).done:
                        self._account(self._running.pop(future), future)
            except BaseException:
                # An exception of the event handler ends the run; the pools wait for what is in flight.
                self.stop()
                raise

    def _next_batch(self) -> Batch:
        batch = self._queue.popleft()
        size = len(batch) if self._archives_prove_items else 1
        if self._batch_size.limit is not None:
            size = min(size, self._batch_size.limit)
        if size < len(batch):
            self._queue.appendleft(batch[size:])
        return batch[:size]

    def _fetch(self, batch: Batch, staging: Path, fsync: ThreadPoolExecutor) -> BatchResult:
        """Request a batch and save what is proven of it; runs in a worker."""
        targets = evolve(self._targets, items=batch)
        download = Download(self._api, self._transport, download_request(batch, self._settings.output_format), batch)
        return download._receive(lambda: _CountingSink(targets, staging, fsync, self._emit))  # noqa: SLF001 - same package

    def _account(self, batch: Batch, future: Future[BatchResult]) -> None:
        """Report what came of a batch, and queue again what did not come."""
        rate_limited = self._transport.rate_limited > self._rate_limited
        self._rate_limited = self._transport.rate_limited
        if rate_limited:
            self._limiter.rate_limited(in_flight=len(self._running) + 1)
        try:
            result = future.result()
        except HistoryError as error:
            self._account_failure(batch, error)
            return
        if not rate_limited:
            self._limiter.succeeded()
        self._failures_in_a_row = 0
        for file in result.files:
            self._report.saved.append(file)
            self._emit(FileSaved(file))
        for history_item_id, item_error in result.errors.items():
            self._account_item_error(history_item_id, item_error)
        settled = {file.history_item_id for file in result.files} | result.errors.keys()
        unsettled = tuple(item for item in batch if id_of(item) not in settled)
        if len(batch) > 1 and result.received >= len(batch):
            self._batch_size.served(len(batch))
        if unsettled:
            self._retry_unmatched(batch, unsettled, result)

    def _retry_unmatched(self, batch: Batch, unsettled: Batch, result: BatchResult) -> None:
        if len(batch) == 1:
            error = UnexpectedResponseError("Received an archive without the item instead of its audio.")
            self._fail(id_of(batch[0]), error)
        elif result.received < len(batch):
            self._requeue(_halves(unsettled))
        else:
            # The archive was complete and still proved nothing, so the next one would not either.
            self._archives_prove_items = False
            self._requeue([(item,) for item in unsettled])

    def _account_failure(self, batch: Batch, error: HistoryError) -> None:
        if is_fatal(error):
            self._abort(batch, error)
        elif isinstance(error, RateLimitError) and self._running:
            # The other requests of this run may have been too many; now there will be fewer.
            self._requeue([batch])
        else:
            if is_retryable(error, idempotent=True):
                self._failures_in_a_row += 1
            else:
                self._batch_size.refused(len(batch))
            if len(batch) != 1:
                self._requeue(_halves(batch))
            elif isinstance(error, NotFoundError) and error.code is not None:
                self._report.missing.append(id_of(batch[0]))
                self._emit(ItemMissing(id_of(batch[0])))
            else:
                self._fail(id_of(batch[0]), error)
            if self._failures_in_a_row >= _MAX_FAILURES_IN_A_ROW:
                self._abort((), error)

    def _requeue(self, batches: list[Batch]) -> None:
        """Request these next, unless the run has given up."""
        if self._report.aborted_by is None:
            self._queue.extendleft(reversed(batches))
        else:
            self._abort(tuple(item for batch in batches for item in batch), self._report.aborted_by)

    def _account_item_error(self, history_item_id: str, error: HistoryError) -> None:
        self._fail(history_item_id, error)
        if is_fatal(error):
            self._abort((), error)

    def _abort(self, batch: Batch, error: HistoryError) -> None:
        """Give up: every further request would fail in the same way."""
        if self._report.aborted_by is None:
            self._report.aborted_by = error
        queued = [item for batch in self._queue for item in batch]
        self._queue.clear()
        for item in (*batch, *queued):
            self._fail(id_of(item), self._report.aborted_by)

    def _fail(self, history_item_id: str, error: HistoryError) -> None:
        failed = ItemFailed(history_item_id, error)
        self._report.failed.append(failed)
        self._emit(failed)

    def _emit(self, event: Event) -> None:
        if self._settings.on_event is not None:
            with self._event_lock:
                self._settings.on_event(event)


class _CountingSink(MatchedFilesSink):
    """Emits how many bytes arrived."""

    def __init__(
        self, targets: Targets, staging: Path, executor: ThreadPoolExecutor, emit: Callable[[Event], None]
    ) -> None:
        super().__init__(targets, staging, executor)
        self._emit = emit

    def _take(self, data: bytes) -> None:
        super()._take(data)
        self._emit(BytesReceived(len(data)))


def is_fatal(error: HistoryError) -> bool:
    """Tell whether every other request would fail in the same way."""
    if isinstance(error, APIConnectionError):
        return error.never_sent
    return isinstance(error, _FATAL) or error.code == _WRONG_FORMAT


def _halves(batch: Batch) -> list[Batch]:
    middle = (len(batch) + 1) // 2
    return [half for half in (batch[:middle], batch[middle:]) if half]
