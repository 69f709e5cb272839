"""The class that users call: the backup in a folder or in a bucket."""

import os
from collections.abc import Callable, Iterable
from datetime import timedelta
from pathlib import Path
from typing import ClassVar

from elevenlabs_history import HistoryClient, InvalidArgumentError, Template, TimestampLike

from .alignment import fetch_alignments
from .forget import forget
from .imports import import_files
from .listing import Listing, check_client
from .page import write_page
from .prune import PruneFilters, PrunePlan, PruneReport, PruneResult, plan_prune, prune
from .reader import BackupReader
from .repair import repair
from .report import EventHandler, ImportReport, SyncPlan, SyncReport, VerifyReport
from .settings import continue_settings
from .storage import FolderStorage
from .sync import Run, check_numbers, plan, sync
from .verify import write_checksums


class Backup(BackupReader):
    """The backup in a folder or in a bucket. Searches, exports and `verify` need no server.

    Use it as a context manager, or call `close` when done. Nothing is created before the first `sync` or import.
    Methods raise `CatalogError` if the catalog can't be used: it is missing, damaged, locked, closed or of another
    version; `LockedError` if another run is writing into the folder, or has written into the bucket meanwhile;
    `BucketError` if the bucket can't be used; and `InvalidArgumentError`, before anything is sent or changed.
    """

    _read_only: ClassVar[bool] = False

    def sync(
        self,
        client: HistoryClient,
        *,
        voice: str | None = None,
        model_id: str | None = None,
        source: str | None = None,
        search: str | None = None,
        after: TimestampLike | None = None,
        before: TimestampLike | None = None,
        limit: int | None = None,
        full: bool = False,
        output_format: str | None = None,
        template: Template | str | None = None,
        remember: bool = False,
        no_filters: bool = False,
        workers: int = 10,
        batch_size: int = 100,
        on_event: EventHandler | None = None,
    ) -> SyncReport:
        """Fetch the history into the folder. Run it again to fetch what is new, or to continue after an interruption.

        The folder gets the files and a catalog of them, `history.db`. Sound effects, music, agent conversations and
        zero-retention calls are not in the history, so no backup has them.

        Filters, format and template of the first run that saves a file, or has nothing left to save, are remembered: a
        later run continues with those that it is not given, and uses others for itself only.

        Args:
            client: The client of the workspace.
            voice: Only items with this voice, as in `HistoryClient.list`, like all filters.
            model_id: Only items with this model.
            source: Only items of this product.
            search: Only items whose text matches.
            after: Only items generated at or after this time.
            before: Only items generated before this time.
            limit: Only the newest items, so many of the listing.
            full: List everything, also what an earlier run with the same filters has covered.
            output_format: `wav` for WAV files, which are kept beside those of other formats; `original` for the
                original format, which is the default.
            template: How new files are named; it needs `{id}`, and its time zone a name: UTC or a `ZoneInfo`.
            remember: Let later runs continue with the filters, format and template of this run.
            no_filters: Ignore the remembered filters in this run.
            workers: Maximum number of concurrent requests, as in `HistoryClient.download_all`.
            batch_size: Maximum number of ids per request.
            on_event: Called with each event, one call at a time. An exception that it raises ends the run.

        Raises:
            HistoryError: The listing failed, or something that would fail every other item too: a refused key, a full
                disk. What is saved stays, and the next run continues.
        """
        filters = (voice, model_id, source, search, after, before)
        settings = continue_settings(self.settings, filters, output_format, template, no_filters=no_filters)
        listing = Listing(client, settings, limit=limit, full=full)
        check_numbers(workers=workers, batch_size=batch_size)
        with self._open.locked(create=True) as catalog:
            run = Run(client, catalog, self._storage, on_event or _ignore, workers, batch_size)
            return sync(run, listing, settings, remember=remember)

    def plan(
        self,
        client: HistoryClient,
        *,
        voice: str | None = None,
        model_id: str | None = None,
        source: str | None = None,
        search: str | None = None,
        after: TimestampLike | None = None,
        before: TimestampLike | None = None,
        limit: int | None = None,
        full: bool = False,
        output_format: str | None = None,
        no_filters: bool = False,
    ) -> SyncPlan:
        """Tell what `sync` with these arguments would fetch now, and write nothing.

        Raises:
            HistoryError: The listing failed.
        """
        filters = (voice, model_id, source, search, after, before)
        settings = continue_settings(self.settings, filters, output_format, no_filters=no_filters)
        listing = Listing(client, settings, limit=limit, full=full)
        return plan(self._open.existing(), listing)

    def repair(
        self,
        client: HistoryClient,
        *,
        read: bool = False,
        on_event: EventHandler | None = None,
    ) -> VerifyReport:
        """Verify, then fetch again what is missing, changed or unreadable, and record what was moved.

        The arguments are those of `sync` and `verify`. Extra files are left alone.

        Returns:
            What is still wrong; the events have the reasons.

        Raises:
            HistoryError: Something failed that would fail every other item too, such as a refused key.
        """
        check_client(client)
        with self._open.locked() as catalog:
            return repair(Run(client, catalog, self._storage, on_event or _ignore), read=read)

    def import_files(
        self,
        client: HistoryClient | None = None,
        archives: Iterable[str | os.PathLike[str]] = (),
        *,
        on_event: EventHandler | None = None,
    ) -> ImportReport:
        """Record files that the catalog does not know: they were copied into the folder, or the catalog was lost.

        A file is recorded if its name holds the id of an item and its bytes are audio, unless another file in that
        format does, too. The id of an item that is not listed must be at the end, as in names of a backup.

        Args:
            client: Its listing tells which items there are; without one, only the catalog and the names do.
            archives: Zip archives that were downloaded by hand. Items that they are proven to hold, as for
                `elevenlabs_history.extract_archive`, are extracted unless they are saved or forgotten.
            on_event: Called with each event, one call at a time.

        Raises:
            HistoryError: The listing failed, or the disk. What is recorded stays.
        """
        self._check_folder(
            "Files are imported into a folder only. A backup into the bucket finds its own files itself."
        )
        paths = [Path(archive) for archive in archives]
        if not paths and not self.folder.is_dir():
            raise InvalidArgumentError(f"There is no folder {self.folder}: name one that has files.")
        with self._open.locked(create=True) as catalog:
            return import_files(catalog, client, paths, on_event or _ignore)

    def forget(self, history_item_ids: str | Iterable[str]) -> int:
        """Let go of the files of items after you have deleted them on purpose, and return how many.

        `sync`, `verify` and `repair` no longer count or fetch them; searches and exports still have the items.

        Raises:
            HistoryError: There is no such item, or its file exists, or nobody can look. Nothing was changed.
        """
        ids = [history_item_ids] if isinstance(history_item_ids, str) else [*history_item_ids]
        with self._open.locked() as catalog:
            return forget(catalog, self._storage, ids)

    def plan_prune(
        self,
        client: HistoryClient,
        *,
        older_than: timedelta,
        voice: str | None = None,
        model_id: str | None = None,
        source: str | None = None,
        after: TimestampLike | None = None,
        before: TimestampLike | None = None,
        copy: str | os.PathLike[str] | None = None,
    ) -> PrunePlan:
        """Choose items whose files are here, to delete them on the server. Nothing is changed, and no file is read.

        Args:
            client: The client of the workspace.
            older_than: Only items of at least this age, 24 hours or more.
            voice: Only items with this voice, as in `search`, like `after` and `before`.
            model_id: Only items with this model: its id.
            source: Only items of this product.
            after: Only items generated at or after this time.
            before: Only items generated before this time.
            copy: A folder with a copy of this one. An item is deleted only if its file there has the same bytes.

        Raises:
            PruneError: A file is missing, the listing is short, or no backup was completed.
            HistoryError: The listing failed.
        """
        filters = PruneFilters(older_than, voice, model_id, source, after, before)
        return plan_prune(self._open(), self._storage, client, filters, None if copy is None else Path(copy))

    def prune(
        self,
        client: HistoryClient,
        plan: PrunePlan,
        *,
        max_items: int = 100,
        everything_listed: bool = False,
        on_result: Callable[[PruneResult], None] | None = None,
    ) -> PruneReport:
        """Delete the items of a plan on the server, for ever. Their files stay.

        Each is deleted only if, at this moment, its file has the bytes that were saved and the server describes the
        item as the catalog does.

        Args:
            client: The client of the workspace.
            plan: What `plan_prune` returned, at most ten minutes ago.
            max_items: A larger plan is refused.
            everything_listed: Take a plan with more than half of what the server lists.
            on_result: Called with each result as it comes, from a worker thread.

        Returns:
            What became of each item, and why the run ended if it ended early.

        Raises:
            HistoryError: Something failed before the first deletion, or the key may be of another account.
        """
        plan.raise_for_size(max_items=max_items, everything_listed=everything_listed)
        with self._open.locked() as catalog:
            return prune(catalog, self._storage, client, plan, on_result or _ignore)

    def fetch_alignments(
        self,
        client: HistoryClient,
        ids: str | Iterable[str] | None = None,
        *,
        on_progress: Callable[[int, int], None] | None = None,
    ) -> int:
        """Fetch the alignments that the listing left out, for `Record.subtitles`: one request per item.

        An item is asked for once. If the server has no alignment of it, later calls skip it.

        Args:
            client: The client of the workspace.
            ids: Only this item, or these; None for all.
            on_progress: Called after each request, with the number of requests so far and of all.

        Returns:
            How many items have an alignment now that had none.

        Raises:
            LockedError: Another run is writing into the folder.
            HistoryError: A request failed. What was fetched stays.
        """
        with self._open.locked() as catalog:
            return fetch_alignments(client, catalog, [ids] if isinstance(ids, str) else ids, on_progress or _ignore)

    def write_checksums(self) -> Path:
        """Write `SHA256SUMS` into the folder, for `sha256sum --check`, and return its path.

        Raises:
            InvalidArgumentError: The backup is in a bucket, where each file has its hash as metadata.
            WriteError: The disk is full, or the folder is not writable.
        """
        self._check_folder("SHA256SUMS is for a folder only. In a bucket each file has its hash as metadata.")
        return write_checksums(self.folder, self._open().files())

    def write_page(self) -> str:
        """Write `index.html`, a page to search and play the backup in a browser, and return its path or address.

        It works from the disk, without a server and without a network. Files that would stay the same are not touched.

        Raises:
            WriteError: The folder has an `index.html` of another program, which was not changed; or the disk is full,
                or the folder is not writable.
        """
        return write_page(self._storage, self._open())

    def _check_folder(self, message: str) -> None:
        if not isinstance(self._storage, FolderStorage):
            raise InvalidArgumentError(message)


def _ignore(*_: object) -> None:
    """Take an event or a result that nobody asked for."""
