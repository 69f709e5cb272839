"""The history API for asyncio. `client` has the same methods for synchronous programs and documents each of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Self

from elevenlabs_history_api.api.history import delete_history_item, get_history_item
from elevenlabs_history_api.models import DeletedHistoryItem, HistoryItem

from ._http.api_key import ApiKey
from ._http.requests import (
    audio_request,
    check_id,
    distinct_items,
    download_request,
    expect,
    parse_errors,
    parse_json,
    requested_items,
)
from ._http.retry import DEFAULT_RETRY_POLICY
from ._http.settings import DEFAULT_TIMEOUT, connect
from ._listing import Filters, Paginator
from .download import AsyncDownload

if TYPE_CHECKING:
    import os
    from collections.abc import AsyncIterator, Callable, Iterable

    import httpx
    from elevenlabs_history_api import Client

    from ._bulk.limiter import BatchSize
    from ._download.targets import PathTemplate
    from ._http.retry import RetryPolicy
    from ._http.settings import Region
    from ._listing import InvalidEntry, TimestampLike
    from .events import Event, Report


class AsyncHistoryClient:
    """A client for the history of one workspace, for one event loop. `HistoryClient` is its synchronous counterpart.

    Use it as an async context manager, or call `close` when done.
    """

    # Shown in the repr of a client whose constructor failed.
    _base_url = "no server"

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
        self._api, self._transport = connect(
            key,
            base_url=base_url,
            region=region,
            timeout=timeout,
            retry_policy=retry_policy,
            async_http_client=http_client,
        )
        self._base_url = str(self._transport.base_url)
        self._batch_size: BatchSize | None = None

    @property
    def api(self) -> Client:
        """The generated client, for what this class does not cover; it retries and raises in the same way."""
        return self._api

    @property
    def base_url(self) -> str:
        """The address of the server."""
        return self._base_url

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
        filters = Filters(
            voice_id=voice_id,
            model_id=model_id,
            source=source,
            search=search,
            after=after,
            before=before,
            newest_first=newest_first,
        )
        return AsyncHistoryItems(self._api, Paginator(filters, limit=limit, page_size=page_size))

    async def get(self, history_item_id: str) -> HistoryItem:
        """Fetch the metadata of one item, as `HistoryClient.get` does."""
        check_id(history_item_id)
        with parse_errors(f"GET /v1/history/{history_item_id}"):
            return expect(HistoryItem, await get_history_item.asyncio(history_item_id, client=self._api))

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
        items: str | HistoryItem | Iterable[str | HistoryItem],
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

        When cancelled, it sends no new requests and ends after those in flight.

        If this client was made with an `httpx.AsyncClient`, the threads need an `httpx.Client` as `http_client`:
        proxies and certificates can't be shared.
        """
        from ._bulk.limiter import BatchSize
        from ._bulk.planning import Settings
        from ._bulk.run import Run
        from ._bulk.worker_thread import run_in_worker_thread_async
        from ._download.targets import Targets

        self._transport.use_sync_client(http_client)
        # Made now, because two threads that make it later would make two.
        self._api.get_httpx_client()
        settings = Settings(output_format=output_format, workers=workers, batch_size=batch_size, on_event=on_event)
        targets = Targets.plan(distinct_items(items), Path(folder), template=template, overwrite=overwrite)
        self._batch_size = self._batch_size or BatchSize()
        run = Run(self._api, self._transport, targets, settings, self._batch_size)
        return await run_in_worker_thread_async(run.run, run.stop)

    async def close(self) -> None:
        """Close the connections, except those of an `http_client` that was passed in."""
        await self._api.get_async_httpx_client().aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self.close()

    def __repr__(self) -> str:
        return f"<AsyncHistoryClient for {self._base_url}>"


class AsyncHistoryItems:
    """The items of a listing; pages are fetched while you iterate.

    Attributes:
        invalid_entries: Entries of the pages so far that are not history items.
    """

    def __init__(self, api: Client, paginator: Paginator) -> None:
        self._api = api
        self._paginator = paginator
        self.invalid_entries: list[InvalidEntry] = paginator.invalid_entries
        self._items = self._iterate()

    @property
    def exhausted(self) -> bool:
        """Whether the listing came to its end: the server said, credibly, that nothing follows."""
        return self._paginator.exhausted

    async def pages(self) -> AsyncIterator[list[HistoryItem]]:
        """Iterate over the remaining pages instead of single items."""
        while (request := self._paginator.next_request()) is not None:
            response = await self._api.get_async_httpx_client().request(**request)
            with parse_errors("GET /v1/history"):
                page = self._paginator.parse(parse_json(response))
            yield page

    def __aiter__(self) -> AsyncIterator[HistoryItem]:
        return self

    async def __anext__(self) -> HistoryItem:
        return await anext(self._items)

    async def _iterate(self) -> AsyncIterator[HistoryItem]:
        async for page in self.pages():
            for item in page:
                yield item
