"""The verbs of the history API for programs with an event loop. `client` is the twin, where each verb is described."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, Unpack

from ._connection import DEFAULT_TIMEOUT, connect
from ._key import ApiKey
from .retries import DEFAULT_RETRY_POLICY

if TYPE_CHECKING:
    import os
    from asyncio import AbstractEventLoop
    from collections.abc import AsyncIterator, Callable, Iterable

    import httpx
    from elevenlabs_history_api import Client
    from elevenlabs_history_api.models import HistoryItem

    from ._connection import Region
    from ._extract import BatchResult
    from ._receive import Sink
    from .backup.options import BackupOptions
    from .backup.run import Server
    from .backup.verify import VerifyReport
    from .download import AsyncDownload
    from .listing import TimestampLike, InvalidEntry, Paginator
    from .many import Receive
    from .naming import Template
    from .report import BackupEvent, SyncPlan, SyncReport, Event, Report
    from .retries import Attempts, RetryPolicy


class AsyncHistoryClient:
    """A connection to the history of one workspace, for one event loop. `HistoryClient` is the twin.

    Use it as an async context manager, or call `close` when done.
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
        http_client: httpx.AsyncClient | None = None,
    ) -> None:
        """Make a client as `HistoryClient` is made, but with an `httpx.AsyncClient` if any. Nothing is sent yet.

        Raises:
            AuthenticationError: There is no usable key.
            InvalidArgumentError: The base URL or the region can't be used.
        """
        key = ApiKey(api_key)
        # A traceback that shows local variables would show the key.
        del api_key
        self._api, self._transport = connect(
            key, base_url=base_url, region=region, timeout=timeout, retry_policy=retries, async_http_client=http_client
        )
        self._address = str(self._transport.base_url)

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
    ) -> AsyncHistoryItems:
        """List history items as `HistoryClient.list` does, as an async iterator."""
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
        return AsyncHistoryItems(self._api, Paginator(filters, HistoryItem.from_dict, limit=limit, page_size=page_size))

    async def get(self, history_item_id: str) -> HistoryItem:
        """Fetch what the server knows of one item, as `HistoryClient.get` does."""
        from elevenlabs_history_api.api.history import get_history_item
        from elevenlabs_history_api.models import HistoryItem

        from ._requests import check_id, expect, reading

        check_id(history_item_id)
        with reading(f"GET /v1/history/{history_item_id}"):
            return expect(HistoryItem, await get_history_item.asyncio(history_item_id, client=self._api))

    async def delete(self, history_item_id: str) -> None:
        """Delete an item and its audio from the server, for good, as `HistoryClient.delete` does."""
        from elevenlabs_history_api.api.history import delete_history_item
        from elevenlabs_history_api.models import DeletedHistoryItem

        from ._requests import check_id, expect, reading

        check_id(history_item_id)
        with reading(f"DELETE /v1/history/{history_item_id}"):
            expect(DeletedHistoryItem, await delete_history_item.asyncio(history_item_id, client=self._api))

    def audio(self, item: str | HistoryItem) -> AsyncDownload:
        """Prepare the download of one item's audio as it was generated, as `HistoryClient.audio` does."""
        from ._requests import asked_items, audio_request
        from .download import AsyncDownload

        items = asked_items([item])
        return AsyncDownload(self._api, self._transport, audio_request(items[0]), items)

    def download(
        self, items: str | HistoryItem | Iterable[str | HistoryItem], *, output_format: str | None = None
    ) -> AsyncDownload:
        """Prepare the download of one or several items, as `HistoryClient.download` does."""
        from ._requests import asked_items, download_request
        from .download import AsyncDownload

        asked = asked_items(items)
        return AsyncDownload(self._api, self._transport, download_request(asked, output_format), asked)

    async def download_all(
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
        """Save many items, as `HistoryClient.download_all` does; the books are kept in a thread.

        Cancelled, it asks for nothing more, and ends when what is being fetched has come.
        """
        import asyncio

        from ._beside import run_beside_loop
        from ._plan import Plan
        from ._requests import distinct_items
        from .many import Run, Settings

        settings = Settings(output_format=output_format, workers=workers, batch_size=batch_size, on_event=on_event)
        plan = Plan.make(distinct_items(items), Path(folder), template=template, overwrite=False)
        run = Run(plan, settings, self._transport, self._receiving(output_format, asyncio.get_running_loop()))
        return await run_beside_loop(run.run, run.stop)

    async def backup(self, folder: str | os.PathLike[str], **options: Unpack[BackupOptions]) -> SyncReport:
        """Back up a whole history into a folder, as `HistoryClient.backup` does; the books are kept in a thread.

        Cancelled, it asks for nothing more, and ends when what is being fetched has come.
        """
        import asyncio

        from ._beside import run_beside_loop
        from .backup.run import BackupRun

        server = self._server(options.get("output_format"), loop=asyncio.get_running_loop())
        run = BackupRun(Path(folder), server, **options)
        return await run_beside_loop(run.run, run.stop)

    async def plan_backup(self, folder: str | os.PathLike[str], **options: Unpack[BackupOptions]) -> SyncPlan:
        """Tell what a backup with these arguments would fetch now, and write nothing."""
        import asyncio

        from ._beside import run_beside_loop
        from .backup.run import BackupRun

        server = self._server(options.get("output_format"), loop=asyncio.get_running_loop())
        run = BackupRun(Path(folder), server, **options)
        return await run_beside_loop(run.plan, run.stop)

    async def repair_backup(
        self,
        folder: str | os.PathLike[str],
        *,
        workers: int = 10,
        batch_size: int = 100,
        on_event: Callable[[BackupEvent], None] | None = None,
    ) -> VerifyReport:
        """Verify a backup, then fetch again what it has lost, as `HistoryClient.repair_backup` does."""
        import asyncio
        from functools import partial

        from ._beside import run_beside_loop
        from .backup.repair import Repair

        make_server = partial(self._server, loop=asyncio.get_running_loop())
        repair = Repair(Path(folder), make_server, workers=workers, batch_size=batch_size, on_event=on_event)
        return await run_beside_loop(repair.run, repair.stop)

    async def close(self) -> None:
        """Close the connections, unless they are those of an `http_client` that was passed in."""
        await self._api.get_async_httpx_client().aclose()

    def _receiving(self, output_format: str | None, loop: AbstractEventLoop) -> Receive:
        """Download on the loop, for the threads of a run."""
        import asyncio

        def receive(
            batch: tuple[str | HistoryItem, ...], make_receiver: Callable[[], Sink[BatchResult]], attempts: Attempts
        ) -> BatchResult:
            receiving = self.download(batch, output_format=output_format)._receive(make_receiver, attempts)  # noqa: SLF001
            return asyncio.run_coroutine_threadsafe(receiving, loop).result()

        return receive

    def _server(self, output_format: str | None, *, loop: AbstractEventLoop) -> Server:
        """Reach the server on the loop, for the thread of a run."""
        import asyncio

        from ._requests import json_of, reading
        from .backup.run import Server

        def fetch_page(request: dict[str, Any]) -> object:
            sending = self._api.get_async_httpx_client().request(**request)
            response = asyncio.run_coroutine_threadsafe(sending, loop).result()
            with reading("GET /v1/history"):
                return json_of(response)

        return Server(fetch_page=fetch_page, receive=self._receiving(output_format, loop), transport=self._transport)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self.close()

    def __repr__(self) -> str:
        return f"<AsyncHistoryClient for {self._address}>"


class AsyncHistoryItems:
    """The items of a listing, fetched page by page while you iterate.

    Attributes:
        unreadable: Entries of the pages so far that are no history items.
    """

    def __init__(self, api: Client, walk: Paginator[HistoryItem]) -> None:
        self.unreadable: list[InvalidEntry] = walk.unreadable
        self._items = _walk(api, walk)

    def __aiter__(self) -> AsyncIterator[HistoryItem]:
        return self

    async def __anext__(self) -> HistoryItem:
        return await anext(self._items)


async def _walk(api: Client, walk: Paginator[HistoryItem]) -> AsyncIterator[HistoryItem]:
    from ._requests import json_of, reading

    while (request := walk.next_request()) is not None:
        response = await api.get_async_httpx_client().request(**request)
        with reading("GET /v1/history"):
            items = walk.read(json_of(response))
        for item in items:
            yield item
