"""Many items, each file proven to be its item: archives where they can be proven, one id a request where not."""

from __future__ import annotations

import os
import threading
from collections import deque
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from attrs import evolve, frozen
from elevenlabs_history_api.models import HistoryItem

from ._extract import BatchResult, Proven
from ._plan import AUDIO_KINDS, Plan
from ._requests import id_of, known_format
from ._sealing import disk_threads
from .audio import FileKind
from .errors import (
    AuthenticationError,
    WriteError,
    APIConnectionError,
    HistoryError,
    InvalidArgumentError,
    NotFoundError,
    PermissionDeniedError,
    QuotaExceededError,
    RateLimitError,
    TargetExistsError,
    UnexpectedResponseError,
    WrongRegionError,
)
from .files import files_below, staging_folder
from .identity import plan_batches
from .pace import Limiter
from .report import Event, ItemFailed, RunFinished, ItemMissing, BytesReceived, Report, FileSaved, SkippedFile, RunStarted
from .retries import may_retry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from ._transport import Transport
    from .retries import Attempts

T = TypeVar("T")
Batch: TypeAlias = "tuple[str | HistoryItem, ...]"
Receive: TypeAlias = "Callable[[Batch, Callable[[], Proven], Attempts], BatchResult]"

_HOPELESS = (AuthenticationError, WriteError, PermissionDeniedError, QuotaExceededError, WrongRegionError)
_WRONG_FORMAT = "invalid_output_format"


@frozen(kw_only=True)
class Settings:
    """How a run goes about it.

    Attributes:
        output_format: As in `HistoryClient.download`.
        workers: Most requests at a time.
        batch_size: Most ids a request.
        on_event: Called with each event, one call at a time, from whichever thread it happens in.

    Raises:
        InvalidArgumentError: A number is below 1.
    """

    output_format: str | None
    workers: int
    batch_size: int
    on_event: Callable[[Event], None] | None

    def __attrs_post_init__(self) -> None:
        for name, number in (("workers", self.workers), ("batch_size", self.batch_size)):
            if number < 1:
                raise InvalidArgumentError(f"{name}={number}: give a number of at least 1. Nothing was sent.")


class Run:
    """One run. The calling thread decides what is asked for next and keeps the books; the workers only fetch."""

    def __init__(
        self, plan: Plan, settings: Settings, transport: Transport, receive: Receive, pace: Limiter | None = None
    ) -> None:
        """Prepare a run.

        Args:
            plan: All items and where their files go.
            settings: How to go about it.
            transport: Counts the attempts, and tells how often the server has answered 429.
            receive: Performs one download into what the callable makes; called in the workers.
            pace: What earlier runs have learned of the server.
        """
        self._plan = plan
        self._settings = settings
        self._transport = transport
        self._receive = receive
        self._report = Report()
        self._queue: deque[Batch] = deque()
        self._running: dict[Future[BatchResult], Batch] = {}
        self._alone: Future[BatchResult] | None = None
        self._archives = True
        self._pace = pace or Limiter(settings.workers)
        self._rate_limited = transport.rate_limited
        self._telling = threading.Lock()
        self._stopped = threading.Event()

    def run(self) -> Report:
        """Fetch everything and report.

        Raises:
            LockedError: Another run is at work in the folder.
            WriteError: The folder may not be written to.
        """
        with staging_folder(self._plan.folder) as staging:
            wanted = self._wanted()
            self._tell(RunStarted(len(wanted)))
            self.fetch(wanted, staging)
        self._tell(RunFinished(self._report))
        return self._report

    def fetch(self, wanted: Iterable[str | HistoryItem], staging: Path) -> Report:
        """Fetch items of the plan, in a folder that is this run's alone, and report."""
        self._queue.extend(_batches(wanted, self._settings.batch_size))
        with (
            disk_threads() as disk,
            ThreadPoolExecutor(self._settings.workers, thread_name_prefix="elevenlabs-history") as pool,
        ):
            while self._running or (self._queue and not self._stopped.is_set()):
                while self._queue and len(self._running) < self._pace.at_once and not self._stopped.is_set():
                    alone = not self._running and self._pace.at_once == 1
                    batch = self._next_batch()
                    patient = alone or not (self._running or self._queue)
                    attempts = self._transport.attempts(repeatable=True, patient=patient)
                    future = pool.submit(self._fetch, batch, staging, disk, attempts)
                    self._running[future] = batch
                    self._alone = future if alone else None
                for future in wait(self._running, return_when=FIRST_COMPLETED).done:
                    self._account(self._running.pop(future), future)
        return self._report

    def stop(self) -> None:
        """Ask for nothing more; what is being fetched comes to its end. Any thread may call it."""
        self._stopped.set()

    def _wanted(self) -> list[str | HistoryItem]:
        """Leave out the items whose files are there, and those whose place is taken by what may be another item."""
        # Where case makes no difference to the system, it makes none here.
        there = {os.path.normcase(path) for path in files_below(self._plan.folder)}
        wanted: list[str | HistoryItem] = []
        for item in self._plan.items:
            name = self._plan.names[id_of(item)]
            kinds = _possible_kinds(item, self._settings.output_format)
            kind = next((kind for kind in kinds if os.path.normcase(name + kind.extension) in there), None)
            if kind is None:
                wanted.append(item)
            elif self._plan.template.has_id or isinstance(item, str):
                self._report.skipped.append(SkippedFile(id_of(item), self._plan.target(item, kind)))
            else:
                self._fail(id_of(item), _unclear(self._plan.target(item, kind)))
        return wanted

    def _next_batch(self) -> Batch:
        batch = self._queue.popleft()
        share = 1
        if self._archives:
            share = self._pace.share(len(batch), waiting=len(self._queue) + 1, running=len(self._running))
        if share < len(batch):
            self._ask_next([batch[share:]])
        return batch[:share]

    def _fetch(self, batch: Batch, staging: Path, disk: ThreadPoolExecutor, attempts: Attempts) -> BatchResult:
        """Ask for a batch and save what is proven of it; runs in a worker."""
        plan = evolve(self._plan, items=batch)
        counted = self._settings.on_event is not None
        return self._receive(
            batch,
            lambda: _Counted(plan, staging, disk, self._tell) if counted else Proven(plan, staging, disk),
            attempts,
        )

    def _account(self, batch: Batch, future: Future[BatchResult]) -> None:
        """Book what came of a batch, and queue again what did not come."""
        try:
            harvest = future.result()
        except HistoryError as error:
            self._heed_refusals()
            self._account_failure(batch, error, alone=future is self._alone)
            return
        if not self._heed_refusals():
            self._pace.answered(harvest.waiting)
        if len(batch) > 1:
            self._pace.received(len(batch)) if harvest.members >= len(batch) else self._pace.failed(len(batch))
        for clip in harvest.clips:
            self._report.saved.append(clip)
            self._tell(FileSaved(clip))
        for history_item_id, failure in harvest.failures.items():
            self._fail(history_item_id, failure)
        settled = {clip.history_item_id for clip in harvest.clips} | harvest.failures.keys()
        missing = tuple(item for item in batch if id_of(item) not in settled)
        if not missing:
            return
        if len(batch) == 1:
            self._fail(id_of(batch[0]), UnexpectedResponseError("An archive without the item came instead of its audio."))
        elif harvest.members < len(batch):
            self._ask_next(_halves(missing))
        else:
            # The archive was complete and still proved nothing, so the next one would not either.
            self._archives = False
            self._ask_next((item,) for item in missing)

    def _account_failure(self, batch: Batch, error: HistoryError, *, alone: bool) -> None:
        if ends_a_run(error):
            for item in (*batch, *(item for queued in self._queue for item in queued)):
                self._fail(id_of(item), error)
            self._queue.clear()
        elif isinstance(error, RateLimitError) and not alone:
            # The others of this run may have been too many; there will be fewer of them.
            self._ask_next([batch])
        elif len(batch) != 1:
            if not may_retry(error, repeatable=True):
                self._pace.failed(len(batch))
            self._ask_next(_halves(batch))
        elif isinstance(error, NotFoundError) and error.code is not None:
            self._report.gone.append(id_of(batch[0]))
            self._tell(ItemMissing(id_of(batch[0])))
        else:
            self._fail(id_of(batch[0]), error)

    def _ask_next(self, batches: Iterable[Batch]) -> None:
        self._queue.extendleft(reversed([*batches]))

    def _heed_refusals(self) -> bool:
        """Have fewer requests in flight when the server has refused some, and tell whether it has."""
        times = self._transport.rate_limited - self._rate_limited
        if times:
            self._rate_limited += times
            self._pace.refused(times, running=len(self._running))
        return times > 0

    def _fail(self, history_item_id: str, error: HistoryError) -> None:
        failed = ItemFailed(history_item_id, error)
        self._report.failed.append(failed)
        self._tell(failed)

    def _tell(self, event: Event) -> None:
        if self._settings.on_event is not None:
            with self._telling:
                self._settings.on_event(event)


class _Counted(Proven):
    """Tells how many bytes have come."""

    def __init__(self, plan: Plan, staging: Path, disk: ThreadPoolExecutor, tell: Callable[[Event], None]) -> None:
        super().__init__(plan, staging, disk)
        self._tell = tell

    def _take(self, data: bytes) -> None:
        super()._take(data)
        self._tell(BytesReceived(len(data)))


def ends_a_run(error: HistoryError) -> bool:
    """Tell whether every other request would end in the same way."""
    if isinstance(error, APIConnectionError):
        return error.never_sent
    return isinstance(error, _HOPELESS) or error.code == _WRONG_FORMAT


def _batches(items: Iterable[str | HistoryItem], size: int) -> list[Batch]:
    """Plan what is asked for together: items whose answer can be read only one way; bare ids prove nothing together."""
    described = [item for item in items if isinstance(item, HistoryItem)]
    return [
        *(tuple(batch) for batch in plan_batches(described, size)),
        *((item,) for item in items if not isinstance(item, HistoryItem)),
    ]


def _unclear(path: Path) -> TargetExistsError:
    return TargetExistsError(
        f"{path} exists, and nothing in its name tells which item it is. It was left as it is.",
        hint="Put {id} into the template or choose another folder.",
    )


def _halves(batch: Batch) -> list[Batch]:
    middle = (len(batch) + 1) // 2
    return [half for half in (batch[:middle], batch[middle:]) if half]


def _possible_kinds(item: str | HistoryItem, output_format: str | None) -> tuple[FileKind, ...]:
    """Tell what a file of the item may be in this format, so that another format beside it is not taken for it."""
    if output_format is not None:
        return tuple(kind for kind in AUDIO_KINDS if kind == output_format)
    made_in = (known_format((item,)) or "").partition("_")[0]
    return AUDIO_KINDS if made_in in {"", "wav", "pcm"} else tuple(kind for kind in AUDIO_KINDS if kind is not FileKind.WAV)
