"""The history API for asyncio. `client` has the same methods for synchronous programs and documents each of them."""

import os
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable
from typing import Self

from elevenlabs_history_api import Client
from elevenlabs_history_api.api.history import delete_history_item
from elevenlabs_history_api.models import DeletedHistoryItem

from ._base_client import BaseClient, BaseItems
from ._bulk.planning import Settings
from ._download.targets import PathTemplate
from ._http.api_key import ApiKey
from ._http.library import httpx
from ._http.requests import audio_request, download_request, expect, item_request, parse_errors, parse_item, parse_json
from ._http.retry import DEFAULT_RETRY_POLICY, RetryPolicy
from ._http.settings import DEFAULT_TIMEOUT, Region, connect
from ._items import check_id, requested_items
from ._listing import Paginator, TimestampLike
from .download import AsyncDownload
from .events import Event, Report
from .item import HistoryItem


class AsyncHistoryClient(BaseClient):
    """A client for the history of one workspace, for one event loop. `HistoryClient` is its synchronous counterpart.

    Use it as an async context manager, or call `close` when done.
    """

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
        """Make a client with the arguments of `HistoryClient`; `http_client` is an `httpx.AsyncClient`.

        Raises:
            AuthenticationError: There is no usable key.
            InvalidArgumentError: The base URL or the region is invalid.
        """
        key = ApiKey(api_key)
        # Tracebacks that show local variables would show the key.
        del api_key
        super().__init__(*connect(key, base_url, region, timeout, retry_policy, async_http_client=http_client))

    def list(
        self,
        *,
        limit: int | None = None,
        voice: str | None = None,
        model_id: str | None = None,
        source: str | None = None,
        search: str | None = None,
        after: TimestampLike | None = None,
        before: TimestampLike | None = None,
        newest_first: bool = True,
        page_size: int = 1000,
    ) -> "AsyncHistoryItems":
        """List history items as `HistoryClient.list` does, as an async iterator."""
        paginator = Paginator(
            limit=limit,
            voice=voice,
            model_id=model_id,
            source=source,
            search=search,
            after=after,
            before=before,
            newest_first=newest_first,
            page_size=page_size,
        )
        return AsyncHistoryItems(self._api, paginator)

    async def get(self, history_item_id: str) -> HistoryItem:
        """Fetch the metadata of one item, as `HistoryClient.get` does."""
        check_id(history_item_id)
        with parse_errors(f"GET /v1/history/{history_item_id}"):
            response = await self._api.get_async_httpx_client().request(**item_request(history_item_id))
            return parse_item(response, history_item_id)

    async def delete(self, history_item_id: str) -> None:
        """Delete an item and its audio from the server, permanently, as `HistoryClient.delete` does."""
        check_id(history_item_id)
        with parse_errors(f"DELETE /v1/history/{history_item_id}"):
            expect(DeletedHistoryItem, await delete_history_item.asyncio(history_item_id, client=self._api))

    def audio(self, item: str | HistoryItem) -> AsyncDownload:
        """Prepare the download of one item's audio in its original format, as `HistoryClient.audio` does."""
        items = requested_items([item])
        return AsyncDownload(self._api, self._transport, audio_request(items[0]), items)

    def download(
        self, items: str | HistoryItem | Iterable[str | HistoryItem], *, output_format: str | None = None
    ) -> AsyncDownload:
        """Prepare the download of one or several items, as `HistoryClient.download` does."""
        items = requested_items(items)
        return AsyncDownload(self._api, self._transport, download_request(items, output_format), items)

    async def download_all(
        self,
        items: str | HistoryItem | Iterable[str | HistoryItem] | AsyncIterable[str | HistoryItem],
        folder: str | os.PathLike[str],
        *,
        output_format: str | None = None,
        template: PathTemplate | None = None,
        overwrite: bool = False,
        workers: int = 10,
        batch_size: int = 100,
        on_event: Callable[[Event], None] | None = None,
        http_client: httpx.Client | None = None,
    ) -> Report:
        """Save many items, as `HistoryClient.download_all` does, in worker threads; the event loop is never blocked.

        Items may be a listing of this client. When cancelled, it sends no new requests and ends after those in flight.

        If this client was made with an `httpx.AsyncClient`, the threads need an `httpx.Client` as `http_client`:
        proxies and certificates can't be shared.
        """
        from ._download.threads import run_in_worker_thread_async

        self._transport.use_sync_client(http_client)
        settings = Settings(output_format=output_format, workers=workers, batch_size=batch_size, on_event=on_event)
        if isinstance(items, AsyncIterable):
            items = [item async for item in items]
        run = self._prepare_run(items, folder, template, settings, overwrite=overwrite)
        return await run_in_worker_thread_async(run.run, run.stop)

    async def close(self) -> None:
        """Close the connections, except those of an `http_client` that was passed in."""
        await self._transport.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self.close()


class AsyncHistoryItems(BaseItems):
    """The items of a listing; pages are fetched while you iterate.

    Attributes:
        invalid_entries: Entries of the pages so far that are not history items.
    """

    def __init__(self, api: Client, paginator: Paginator) -> None:
        super().__init__(api, paginator)
        self._items = (item async for page in self.pages() for item in page)

    async def pages(self) -> AsyncIterator[list[HistoryItem]]:
        """Iterate over the remaining pages instead of single items."""
        while (request := self._paginator.next_request()) is not None:
            with parse_errors("GET /v1/history"):
                page = self._paginator.parse(parse_json(await self._api.get_async_httpx_client().request(**request)))
            yield page

    def __aiter__(self) -> AsyncIterator[HistoryItem]:
        return self

    async def __anext__(self) -> HistoryItem:
        return await anext(self._items)
