"""Delete on the server what was read back from the folder and hashed a moment ago. There is no undo.

`prune_rules` has the rules; here is when they are applied, and what is written before and after each deletion.
"""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import UTC, datetime, timedelta
from itertools import chain
from pathlib import Path
from typing import Literal, TypeAlias

from attrs import field, frozen, mutable
from elevenlabs_history import HistoryClient, HistoryError, InvalidArgumentError, NotFoundError, TimestampLike

from . import prune_log as log, prune_rules as rules
from .catalog import Catalog
from .errors import PruneError
from .report import count
from .storage import FolderStorage, Storage

PruneStatus: TypeAlias = Literal["deleted", "gone", "settled", "skipped", "unclear"]

_INTERVAL = 0.25  # seconds between two items, so that the server gets few requests at a time
_WAIT_SECONDS = 0.2  # on Windows before Python 3.14 waiting without a timeout can't be interrupted


@frozen(kw_only=True)
class PrunePlan:
    """What `Backup.prune` would delete on the server.

    Attributes:
        ids: The items, oldest first.
        oldest: When the oldest was generated; None if there is none.
        newest: When the newest was generated.
        skipped: How many items that the filters match stay on the server, by the reason.
        listed: How many items the server lists.
        copy: The folder with the second copy; None if the files of this backup will be the only ones.
        made_at: When the plan was made; it expires after ten minutes.
    """

    ids: tuple[str, ...] = field(repr=count)
    oldest: datetime | None
    newest: datetime | None
    skipped: dict[str, int]
    listed: int
    copy: Path | None
    made_at: datetime

    def raise_for_size(self, *, max_items: int, everything_listed: bool) -> None:
        """Raise if the plan has more items than this, or more than half of what the server lists.

        Args:
            max_items: The maximum.
            everything_listed: Allow any part of what the server lists.

        Raises:
            InvalidArgumentError: The plan is too large.
        """
        items = len(self.ids)
        if items > max_items:
            raise InvalidArgumentError(
                f"The plan has {items:,} items, more than {max_items:,}. Nothing was deleted.",
                hint="Allow more items, or choose fewer with filters.",
            )
        if 2 * items > self.listed and not everything_listed:
            raise InvalidArgumentError(
                f"The plan has {items:,} of the {self.listed:,} items that the server lists, more than half. "
                "Nothing was deleted.",
                hint="If that is what you want, allow to delete everything that is listed.",
            )


@frozen
class PruneResult:
    """What became of one item.

    Attributes:
        history_item_id: The item.
        status: `deleted`; `gone`: somebody else deleted it first; `settled`: an earlier run deleted it, as is known
            only now; `skipped`: it was not deleted; `unclear`: it may be deleted, and the next run will ask.
        error: Why it was skipped or is unclear; otherwise None.
    """

    history_item_id: str
    status: PruneStatus
    error: HistoryError | None = None


@mutable
class PruneReport:
    """What `Backup.prune` did.

    Attributes:
        results: What became of each item, as far as the run came.
        aborted_by: The error that ended the run early; None if it came to its end.
    """

    results: list[PruneResult] = field(factory=list, repr=count)
    aborted_by: HistoryError | None = None

    def count(self, status: str) -> int:
        """Return how many items have this status."""
        return sum(result.status == status for result in self.results)


@frozen
class PruneFilters:
    """Which items may go; None stands for any."""

    older_than: timedelta
    voice: str | None
    model_id: str | None
    source: str | None
    after: TimestampLike | None
    before: TimestampLike | None


def plan_prune(
    catalog: Catalog, storage: Storage, client: HistoryClient, filters: PruneFilters, copy: Path | None
) -> PrunePlan:
    """Choose the items; see `Backup.plan_prune`. Files are read only when their items are deleted."""
    rules.check_filters(filters.older_than, filters.voice, filters.model_id, filters.source)
    if copy is not None:
        rules.check_copy_folder(catalog.folder, copy)
    rules.check_catalog(catalog)
    listed = rules.list_everything(client)
    rules.check_listing(listed, log.expected_ids(catalog))
    made_at = datetime.now(UTC)
    # Not whole records, because a history may be long.
    chosen: list[tuple[datetime, str, str]] = []
    skipped: Counter[str] = Counter()
    # Not by the server's filters: if it ignored one, it would list, and lose, everything.
    for record in catalog.search("", voice=filters.voice, after=filters.after, before=filters.before, limit=None):
        of_product = all(
            value in {None, record.metadata.get(name)}
            for name, value in (("model_id", filters.model_id), ("source", filters.source))
        )
        if of_product and record.history_item_id in listed and record.date < made_at - filters.older_than:
            try:
                chosen.append((record.date, record.history_item_id, rules.original_file(record).path))
            except PruneError as error:
                skipped[error.message] += 1
    chosen.reverse()
    rules.check_files_exist(storage, [path for *_, path in chosen], hint="Repair the backup first.")
    if copy is not None:
        hint = "Copy the folder of the backup again first."
        rules.check_files_exist(FolderStorage(copy), [path for *_, path in chosen], hint=hint)
    return PrunePlan(
        ids=tuple(history_item_id for _, history_item_id, _ in chosen),
        oldest=chosen[0][0] if chosen else None,
        newest=chosen[-1][0] if chosen else None,
        skipped=dict(skipped),
        listed=len(listed),
        copy=copy,
        made_at=made_at,
    )


def prune(
    catalog: Catalog,
    storage: Storage,
    client: HistoryClient,
    plan: PrunePlan,
    emit: Callable[[PruneResult], None],
) -> PruneReport:
    """Delete the items of a plan, one at a time; see `Backup.prune`."""
    rules.check_lifetime(plan.made_at)
    run = _Run(catalog, storage, client, plan, emit)
    if plan.ids:
        rules.check_account(client, plan.ids)
        storage.copy_catalog(catalog)
        # In a thread, because Ctrl-C reaches the main thread at any instruction: the item in hand is finished.
        with ThreadPoolExecutor(1, thread_name_prefix="elevenlabs-history-prune") as pool:
            work = pool.submit(run.run)
            try:
                while not wait([work], _WAIT_SECONDS).done:
                    pass
            finally:
                run.stopped.set()
        work.result()
    return run.report


@frozen
class _Run:
    catalog: Catalog
    storage: Storage
    client: HistoryClient
    plan: PrunePlan
    emit: Callable[[PruneResult], None]
    report: PruneReport = field(factory=PruneReport)
    stopped: threading.Event = field(factory=threading.Event)

    def run(self) -> None:
        surprises = 0
        try:
            for result in chain(self._settle(), map(self._prune, self.plan.ids)):
                self.report.results.append(result)
                self.emit(result)
                surprises += rules.is_surprise(result.error)
                rules.check_surprises(surprises)
                if self.stopped.wait(_INTERVAL):
                    break
        except HistoryError as error:
            self.report.aborted_by = error

    def _settle(self) -> Iterator[PruneResult]:
        """Ask what became of deletions whose answer was lost, before anything is deleted. None is repeated blindly."""
        for history_item_id in log.unsettled_ids(self.catalog):
            if rules.is_gone(self.client, history_item_id):
                log.record_pruned(self.catalog, history_item_id)
                yield PruneResult(history_item_id, "settled")
            else:
                log.record_not_pruned(self.catalog, history_item_id)

    def _prune(self, history_item_id: str) -> PruneResult:
        """Check everything now, record the intent, delete, and ask the server whether the item is gone."""
        copy = None if self.plan.copy is None else FolderStorage(self.plan.copy)
        try:
            record = rules.recorded(self.catalog, history_item_id)
            file = rules.original_file(record)
            output_format = record.metadata.get("output_format")
            rules.check_bytes(self.storage, file, output_format)
            metadata = rules.check_metadata(self.client, record.metadata)
            if copy is not None:
                rules.check_copy(copy, self.storage, file, output_format)
        except PruneError as error:
            return PruneResult(history_item_id, "skipped", error)
        log.record_intent(self.catalog, metadata)
        status: PruneStatus = "deleted"
        try:
            try:
                self.client.delete(history_item_id)
            except NotFoundError:
                status = "gone"
            rules.check_gone(self.client, history_item_id)
        except HistoryError as error:
            return PruneResult(history_item_id, "unclear", error)
        log.record_pruned(self.catalog, history_item_id)
        return PruneResult(history_item_id, status)
