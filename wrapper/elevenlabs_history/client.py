"""The verbs of the history API for programs without an event loop. `async_client` is the twin."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, Unpack

from ._connection import DEFAULT_TIMEOUT, connect
from ._key import ApiKey
from .retries import DEFAULT_RETRY_POLICY

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable, Iterator

    import httpx
    from elevenlabs_history_api import Client
    from elevenlabs_history_api.models import HistoryItem

    from ._connection import Region
    from ._extract import BatchResult
    from ._receive import Sink
    from .backup.options import BackupOptions
    from .backup.run import Server
    from .backup.verify import VerifyReport
    from .download import Download
    from .listing import TimestampLike, InvalidEntry, Paginator
    from .many import Receive
    from .naming import Template
    from .report import BackupEvent, SyncPlan, SyncReport, Event, Report
    from .retries import Attempts, RetryPolicy


class HistoryClient:
    """A connection to the history of one workspace. Threads may share it.

    Use it as a context manager, or call `close` when done.
    """

    # Shown by a traceback of a client that could not be made.
    _address = "no server yet"

    def __init__(
        self,
        api_key: str | None = None,
        *,
        region: Region | None = None,
        base_url: str | None = None,
        timeout: httpx.Timeout | float | None = DEFAULT_TIMEOUT,
        retry_policy: RetryPolicy = DEFAULT_RETRY_POLICY,
        http_client: httpx.Client | None = None,
    ) -> None:
        """Make a client. Nothing is sent yet.

        Args:
            api_key: The key; otherwise ELEVENLABS_API_KEY or ELEVEN_API_KEY from the environment, read now.
            region: The data residency region of the workspace, if it has one.
            base_url: Another server; otherwise the region's, ELEVENLABS_BASE_URL, or the vendor's own.
            timeout: Seconds to connect, read, write and wait for a connection, each on its own; None for no limit. A
                download that keeps moving has no limit as a whole.
            retries: When and how often to try again.
            http_client: Brings its own limits, proxies, certificates, headers and hooks; it is not closed here, and its
                timeout, redirects and authentication of this API are ours. Without one, httpx's defaults hold and the
                proxy variables of the environment are obeyed.

        Raises:
            AuthenticationError: There is no usable key.
            InvalidArgumentError: The base URL or the region can't be used.
        """
        key = ApiKey(api_key)
        # A traceback that shows local variables would show the key.
        del api_key
        self._api, self._transport = connect(
            key, base_url=base_url, region=region, timeout=timeout, retry_policy=retries, http_client=http_client
        )
        self._address = str(self._transport.base_url)
        # Made now, because two threads that make it later would make two.
        self._api.get_httpx_client()

    @property
    def api(self) -> Client:
        """The generated client, for what has no verb here; it obeys the same rules and raises the same errors."""
        return self._api

    def list(
        self,
        *,
        limit: int | None = None,
        voice_id: str | None = None,
        model_id: str | None = None,
        source: str | None = None,
        search: str | None = None,
        after: TimestampLike | None = None,
        before: TimestampLike | None = None,
        newest_first: bool = True,
        page_size: int = 1000,
    ) -> HistoryItems:
        """List history items, page after page as they are needed.

        Args:
            limit: Most items; None for all.
            voice_id: Only items made with this voice.
            model_id: Only items made with this model; the server takes it only together with `source`.
            source: Only items made by this product: TTS, STS, Flows, or what the server has added.
            search: Only items whose text matches.
            after: Only items made at or after this moment: a datetime, a date or Unix seconds. What has no time zone is
                UTC.
            before: Only items made before this moment.
            newest_first: Newest items first; otherwise oldest first.
            page_size: Most items a request, 1 to 1000.

        Returns:
            An iterator. Each id comes once, whatever the server's paging does.

        Raises:
            InvalidArgumentError: A filter can't be used; nothing was sent.
            HistoryError: While iterating: a page could not be fetched.
        """
        from elevenlabs_history_api.models import HistoryItem

        from .listing import Filters, Paginator

        filters = Filters(
            voice_id=voice_id,
            model_id=model_id,
            source=source,
            search=search,
            after=after,
            before=before,
            newest_first=newest_first,
        )
        return HistoryItems(self._api, Paginator(filters, HistoryItem.from_dict, limit=limit, page_size=page_size))

    def get(self, history_item_id: str) -> HistoryItem:
        """Fetch what the server knows of one item, except its audio.

        Raises:
            InvalidArgumentError: The id can't be one; nothing was sent.
            NotFoundError: There is no such item.
            HistoryError: The call failed in another way.
        """
        from elevenlabs_history_api.api.history import get_history_item
        from elevenlabs_history_api.models import HistoryItem

        from ._requests import check_id, expect, reading

        check_id(history_item_id)
        with reading(f"GET /v1/history/{history_item_id}"):
            return expect(HistoryItem, get_history_item.sync(history_item_id, client=self._api))

    def delete(self, history_item_id: str) -> None:
        """Delete an item and its audio from the server, for good.

        It is tried again only when the request surely never arrived.

        Raises:
            InvalidArgumentError: The id can't be one; nothing was sent.
            NotFoundError: There is no such item.
            HistoryError: The call failed in another way.
        """
        from elevenlabs_history_api.api.history import delete_history_item
        from elevenlabs_history_api.models import DeletedHistoryItem

        from ._requests import check_id, expect, reading

        check_id(history_item_id)
        with reading(f"DELETE /v1/history/{history_item_id}"):
            expect(DeletedHistoryItem, delete_history_item.sync(history_item_id, client=self._api))

    def audio(self, item: str | HistoryItem) -> Download:
        """Prepare the download of one item's audio as it was generated. Nothing is sent yet.

        Raises:
            InvalidArgumentError: The id can't be one.
        """
        from ._requests import asked_items, audio_request
        from .download import Download

        items = asked_items([item])
        return Download(self._api, self._transport, audio_request(items[0]), items)

    def download(
        self, items: str | HistoryItem | Iterable[str | HistoryItem], *, output_format: str | None = None
    ) -> Download:
        """Prepare the download of one or several items. Nothing is sent yet.

        Args:
            items: Ids, or items as listed, whose metadata names the files and proves which is which.
            output_format: `wav` to convert to WAV; None for the format that each item was made in.

        Returns:
            A download: one audio file for one id, a zip archive for several. Named twice, an id is asked for once.

        Raises:
            InvalidArgumentError: There is no id, or one can't be an id.
        """
        from ._requests import asked_items, download_request
        from .download import Download

        asked = asked_items(items)
        return Download(self._api, self._transport, download_request(asked, output_format), asked)

    def download_all(
        self,
        items: str | HistoryItem | Iterable[str | HistoryItem],
        folder: str | os.PathLike[str],
        *,
        output_format: str | None = None,
        template: Template | str | None = None,
        workers: int = 10,
        batch_size: int = 100,
        on_event: Callable[[Event], None] | None = None,
    ) -> Report:
        """Save many items, each as a file that is proven to be that item. Run it again to go on where it ended.

        Items are asked for in archives as long as those prove which clip is which, else one by one; bare ids always one
        by one. One item that fails does not stop the others.

        Args:
            items: Items as listed, or ids. Named twice, an item is saved once.
            folder: Where the files go; made when it is missing. An item whose file is there is not fetched.
            output_format: As in `download`.
            template: How files are named, as in `Download.extract`. Without `{id}` in it a file that is there can't be
                told from another item's, so its item fails instead of being skipped.
            workers: Most requests at a time. A run begins with 4, makes more where that shortens the waiting, and fewer
                when the server answers 429.
            batch_size: Most ids a request; fewer once the server has refused so many and taken fewer.
            on_event: Called with each event as it happens, one call at a time, from any of the threads at work. What it
                raises ends the run.

        Returns:
            What became of each item: saved, skipped, gone or failed; see `Report.raise_for_failures`.

        Raises:
            InvalidArgumentError: An id, the folder, the template or a number can't be used; nothing was sent.
            LockedError: Another run is at work in the folder.
            WriteError: The folder may not be written to.
        """
        from ._beside import run_in_worker_thread
        from ._plan import Plan
        from ._requests import distinct_items
        from .many import Run, Settings

        settings = Settings(output_format=output_format, workers=workers, batch_size=batch_size, on_event=on_event)
        plan = Plan.make(distinct_items(items), Path(folder), template=template, overwrite=False)
        run = Run(plan, settings, self._transport, self._receiving(output_format))
        return run_in_worker_thread(run.run, run.stop)

    def backup(self, folder: str | os.PathLike[str], **options: Unpack[BackupOptions]) -> SyncReport:
        """Back up a whole history into a folder. Run it again to fetch only what is new, or to carry on after a kill.

        The folder gets the files and a catalog of them, `history.db`; `Backup` answers questions about it. Sound
        effects, music, agent conversations and zero-retention calls are not in the history, so no backup has them.

        Args:
            folder: The folder of the backup; made when it is missing.
            options: `voice_id`, `model_id`, `source`, `search`, `after` and `before` as in `list`;
                `limit`: most items of the listing (all);
                `full`: list everything; otherwise the listing ends where an earlier run with the same filters has
                covered the rest (False);
                `output_format`: `wav` for WAV files, which are kept beside those of other formats (as generated);
                `template`: how new files are named, with `{id}` in it;
                `workers`: most requests at a time (10; it begins with 4), `batch_size`: most ids a request (100);
                `on_event`: called with each event as it happens, one call at a time; what it raises ends the run.

        Returns:
            What was done.

        Raises:
            InvalidArgumentError: An argument can't be used; nothing was sent.
            LockedError: Another run is at work in the folder.
            CatalogError: The catalog is damaged, locked or of a newer version.
            HistoryError: The listing failed, or what would fail every other item too: a refused key, a full disk. What
                is saved stays, and the next run carries on.
        """
        from ._beside import run_in_worker_thread
        from .backup.run import BackupRun

        run = BackupRun(Path(folder), self._server(options.get("output_format")), **options)
        return run_in_worker_thread(run.run, run.stop)

    def plan_backup(self, folder: str | os.PathLike[str], **options: Unpack[BackupOptions]) -> SyncPlan:
        """Tell what a backup with these arguments would fetch now, and write nothing.

        Raises:
            InvalidArgumentError: An argument can't be used; nothing was sent.
            CatalogError: The catalog is damaged, locked or of a newer version.
            HistoryError: The listing failed.
        """
        from .backup.run import BackupRun

        run = BackupRun(Path(folder), self._server(options.get("output_format")), **options)
        return run.plan()

    def repair_backup(
        self,
        folder: str | os.PathLike[str],
        *,
        workers: int = 10,
        batch_size: int = 100,
        on_event: Callable[[BackupEvent], None] | None = None,
    ) -> VerifyReport:
        """Verify a backup, then fetch again what is missing or changed, and book what has moved.

        Args:
            folder: The folder of the backup.
            workers: Most requests at a time, as in `download_all`.
            batch_size: Most ids a request.
            on_event: Called with each event as it happens, one call at a time.

        Returns:
            What is still not as it should be, with the reason in the events. Extra files are left alone.

        Raises:
            InvalidArgumentError: A number can't be used.
            LockedError: Another run is at work in the folder.
            CatalogError: There is no catalog, or it can't be read.
            HistoryError: Something failed that would fail every other item too, such as a refused key.
        """
        from ._beside import run_in_worker_thread
        from .backup.repair import Repair

        repair = Repair(Path(folder), self._server, workers=workers, batch_size=batch_size, on_event=on_event)
        return run_in_worker_thread(repair.run, repair.stop)

    def close(self) -> None:
        """Close the connections, unless they are those of an `http_client` that was passed in."""
        self._api.get_httpx_client().close()

    def _receiving(self, output_format: str | None) -> Receive:
        def receive(
            batch: tuple[str | HistoryItem, ...], make_receiver: Callable[[], Sink[BatchResult]], attempts: Attempts
        ) -> BatchResult:
            return self.download(batch, output_format=output_format)._receive(make_receiver, attempts)  # noqa: SLF001

        return receive

    def _server(self, output_format: str | None) -> Server:
        from ._requests import json_of, reading
        from .backup.run import Server

        def fetch_page(request: dict[str, Any]) -> object:
            response = self._api.get_httpx_client().request(**request)
            with reading("GET /v1/history"):
                return json_of(response)

        return Server(fetch_page=fetch_page, receive=self._receiving(output_format), transport=self._transport)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<HistoryClient for {self._address}>"


class HistoryItems:
    """The items of a listing, fetched page by page while you iterate.

    Attributes:
        unreadable: Entries of the pages so far that are no history items.
    """

    def __init__(self, api: Client, walk: Paginator[HistoryItem]) -> None:
        self.unreadable: list[InvalidEntry] = walk.unreadable
        self._items = _walk(api, walk)

    def __iter__(self) -> Iterator[HistoryItem]:
        return self

    def __next__(self) -> HistoryItem:
        return next(self._items)


def _walk(api: Client, walk: Paginator[HistoryItem]) -> Iterator[HistoryItem]:
    from ._requests import json_of, reading

    while (request := walk.next_request()) is not None:
        response = api.get_httpx_client().request(**request)
        with reading("GET /v1/history"):
            items = walk.read(json_of(response))
        yield from items
