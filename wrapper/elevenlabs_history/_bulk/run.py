"""`download_all`: archives as long as they prove which file is which item, one id per request otherwise."""

import contextvars
import errno
import threading
import time
from collections import deque
from concurrent.futures import Executor, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import TypeAlias

from attrs import evolve
from elevenlabs_history_api import Client

from .. import errors
from .._download.extract import FSYNC_THREADS, BatchResult, extract_matched
from .._download.targets import Targets
from .._files.atomic import AtomicFile
from .._files.lock import staging_folder
from .._http.requests import download_request
from .._http.retry import StoppedError, is_retryable
from .._http.transport import Transport
from .._items import id_of
from ..download import Download
from ..errors import HistoryError
from ..events import (
    BytesReceived,
    Event,
    FileSaved,
    ItemFailed,
    ItemMissing,
    Report,
    RunFinished,
    RunStarted,
    SkippedFile,
)
from ..item import HistoryItem
from .limiter import BatchSize, ConcurrencyLimiter
from .planning import Batch, Settings, halves, is_fatal, plan_requests, possible_kinds

_Outcome: TypeAlias = tuple[Batch, BatchResult | HistoryError]

# What keeps every other file from being written, too.
_DISK_ERRORS = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO}
# So many failed requests in a row, with no success between them: the server fails everything. Fewer could be requests
# that were too large and had to be halved several times.
_MAX_FAILURES_IN_A_ROW = 60
_MAX_UNCLEAR_ARCHIVES = 3
# How long a run that is stopped waits for responses that are arriving.
_GRACE_SECONDS = 4.0


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
        self._running = 0
        self._outcomes: SimpleQueue[_Outcome | BaseException | None] = SimpleQueue()
        self._unclear_archives = 0
        self._failures_in_a_row = 0
        self._event_lock = threading.Lock()
        self._stopped = threading.Event()
        self._abandoned = threading.Event()
        self._grace_ends = 0.0

    def run(self) -> Report:
        """Fetch everything and report; raise if the folder is locked or not writable."""
        with staging_folder(self._targets.folder) as staging:
            existing = {id_of(item): path for item in self._targets.items if (path := self._existing(item))}
            pending = [item for item in self._targets.items if id_of(item) not in existing]
            if self._targets.names_hold_ids:
                self._report.skipped = [SkippedFile(path=path, history_item_id=each) for each, path in existing.items()]
                existing = {}
            self._emit(RunStarted(len(pending) + len(existing)))
            for history_item_id, path in existing.items():
                error = errors.TargetExistsError(
                    f"{path} exists, and its name does not tell which item it is. It was not changed.",
                    hint="Put {id} into the template, or choose another folder.",
                )
                self._fail(history_item_id, error)
            self._queue.extend(plan_requests(pending, self._settings))
            with ThreadPoolExecutor(FSYNC_THREADS, thread_name_prefix="elevenlabs-history-fsync") as executor:
                try:
                    self._fetch_all(staging, executor)
                finally:
                    self._finish()
        self._emit(RunFinished(self._report))
        return self._report

    def stop(self) -> None:
        """Send no new requests; those whose responses arrive within four seconds end. Any thread may call it."""
        if not self._stopped.is_set():
            self._grace_ends = time.monotonic() + _GRACE_SECONDS
            self._stopped.set()
            self._outcomes.put(None)

    def _existing(self, item: str | HistoryItem) -> Path | None:
        if self._targets.overwrite:
            return None
        return self._targets.existing(item, possible_kinds(item, self._settings.output_format))

    def _fetch_all(self, staging: Path, executor: Executor) -> None:
        while True:
            while self._queue and self._running < self._limiter.limit and not self._stopped.is_set():
                self._running += 1
                # Not a pool, for whose threads the interpreter would wait at its end, up to the timeout of a read.
                arguments = (contextvars.copy_context(), self._next_batch(), staging, executor)
                threading.Thread(target=self._work, args=arguments, name="elevenlabs-history", daemon=True).start()
            outcome = self._next_outcome() if self._running else None
            if outcome is None:
                return
            self._account(*outcome)

    def _finish(self) -> None:
        """Wait for workers that are left after an exception of the event handler, but not for ever."""
        self.stop()
        try:
            while self._running and self._next_outcome() is not None:
                pass
        finally:
            self._abandoned.set()

    def _next_outcome(self) -> _Outcome | None:
        """Wait for a worker; None if the run was stopped and the rest does not come in time."""
        while True:
            try:
                seconds = max(0.0, self._grace_ends - time.monotonic()) if self._stopped.is_set() else None
                outcome = self._outcomes.get(timeout=seconds)
            except Empty:
                return None
            if isinstance(outcome, BaseException):
                raise outcome
            if outcome is not None:
                self._running -= 1
                return outcome

    def _next_batch(self) -> Batch:
        batch = self._queue.popleft()
        size = len(batch) if self._unclear_archives < _MAX_UNCLEAR_ARCHIVES else 1
        if self._batch_size.limit is not None:
            size = min(size, self._batch_size.limit)
        if size < len(batch):
            self._queue.appendleft(batch[size:])
        return batch[:size]

    def _work(self, context: contextvars.Context, batch: Batch, staging: Path, executor: Executor) -> None:
        outcome: BatchResult | HistoryError
        try:
            outcome = context.run(self._fetch, batch, staging, executor)
        except HistoryError as error:
            outcome = error
        except Exception as error:  # noqa: BLE001 - one odd item must not end the run
            outcome = errors.UnexpectedResponseError(
                f"Unexpected {type(error).__name__}: {error}", hint="This is a bug of elevenlabs-history: report it."
            )
        self._outcomes.put((batch, outcome))

    def _fetch(self, batch: Batch, staging: Path, executor: Executor) -> BatchResult:
        """Request a batch and save what is proven of it; runs in a worker."""
        targets = evolve(self._targets, items=batch)
        download = Download(self._api, self._transport, download_request(batch, self._settings.output_format), batch)
        return download._receive(  # noqa: SLF001 - same package
            partial(AtomicFile, staging),
            partial(extract_matched, targets, staging, executor, self._check_abandoned),
            hashing=True,
            stopped=self._stopped,
            on_bytes=self._count,
        )

    def _check_abandoned(self) -> None:
        if self._abandoned.is_set():
            raise StoppedError("The run was stopped.")

    def _count(self, size: int) -> None:
        self._check_abandoned()
        try:
            self._emit(BytesReceived(size))
        except BaseException as error:
            self._outcomes.put(error)
            raise StoppedError("The event handler raised an exception.") from error

    def _account(self, batch: Batch, outcome: BatchResult | HistoryError) -> None:
        """Report what came of a batch, and queue again what did not come."""
        rate_limited = self._transport.rate_limited > self._rate_limited
        self._rate_limited = self._transport.rate_limited
        if rate_limited:
            self._limiter.rate_limited(in_flight=self._running + 1)
        if isinstance(outcome, HistoryError):
            self._account_failure(batch, outcome)
            return
        if not rate_limited:
            self._limiter.succeeded()
        self._failures_in_a_row = 0
        for file in outcome.files:
            self._report.saved.append(file)
            self._emit(FileSaved(file))
        for history_item_id, error in outcome.errors.items():
            self._fail(history_item_id, error)
            if isinstance(error, errors.WriteError) and error.errno in _DISK_ERRORS:
                self._abort(error)
        settled = {file.history_item_id for file in outcome.files} | outcome.errors.keys()
        unsettled = tuple(item for item in batch if id_of(item) not in settled)
        if len(batch) > 1 and outcome.received >= len(batch):
            self._batch_size.served(len(batch))
        if unsettled:
            self._retry_unmatched(batch, unsettled, outcome)
        elif len(batch) > 1:
            self._unclear_archives = 0

    def _retry_unmatched(self, batch: Batch, unsettled: Batch, result: BatchResult) -> None:
        if len(batch) == 1:
            error = errors.UnexpectedResponseError("Received an archive without the item instead of its audio.")
            self._fail(id_of(batch[0]), error)
        elif result.received < len(batch):
            self._requeue(halves(unsettled))
        else:
            # Complete archives that prove nothing in a row: the next one would not prove anything either.
            self._unclear_archives = self._unclear_archives + 1 if len(unsettled) == len(batch) else 0
            self._requeue([(item,) for item in unsettled])

    def _account_failure(self, batch: Batch, error: HistoryError) -> None:
        if isinstance(error, StoppedError):
            return
        if is_fatal(error):
            self._queue.appendleft(batch)
            self._abort(error)
            return
        if isinstance(error, errors.RateLimitError) and self._running:
            # The other requests of this run may have been too many; now there will be fewer.
            self._requeue([batch])
            return
        if is_retryable(error, idempotent=True):
            self._failures_in_a_row += 1
        else:
            self._batch_size.refused(len(batch))
        if len(batch) != 1:
            self._requeue(halves(batch))
        elif isinstance(error, errors.NotFoundError) and error.code is not None:
            self._report.missing.append(id_of(batch[0]))
            self._emit(ItemMissing(id_of(batch[0])))
        else:
            self._fail(id_of(batch[0]), error)
        if self._failures_in_a_row >= _MAX_FAILURES_IN_A_ROW:
            self._abort(error)

    def _requeue(self, batches: list[Batch]) -> None:
        """Request these next, unless the run has given up."""
        self._queue.extendleft(reversed(batches))
        if self._report.aborted_by is not None:
            self._abort(self._report.aborted_by)

    def _abort(self, error: HistoryError) -> None:
        """Give up: every further request would fail in the same way."""
        self._report.aborted_by = self._report.aborted_by or error
        while self._queue:
            for item in self._queue.popleft():
                self._fail(id_of(item), self._report.aborted_by)

    def _fail(self, history_item_id: str, error: HistoryError) -> None:
        failed = ItemFailed(history_item_id, error)
        self._report.failed.append(failed)
        self._emit(failed)

    def _emit(self, event: Event) -> None:
        if self._settings.on_event is not None:
            with self._event_lock:
                self._settings.on_event(event)
