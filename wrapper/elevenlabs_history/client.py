"""The history API for synchronous programs. `async_client` has the same methods for asyncio."""

import os
from collections.abc import Callable, Iterable, Iterator
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
from .download import Download
from .events import Event, Report
from .item import HistoryItem


class HistoryClient(BaseClient):
    """A client for the history of one workspace. Threads may share it.

    Use it as a context manager, or call `close` when done.
    """

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
            api_key: The key; if None, ELEVENLABS_API_KEY or ELEVEN_API_KEY is read from the environment now.
            region: The data residency region of the workspace, if it has one.
            base_url: Another server; if None, the region's, ELEVENLABS_BASE_URL, or the vendor's default.
            timeout: Seconds to connect, read, write and wait for a connection, each on its own; None for no limit.
                A whole download has no limit as long as bytes arrive.
            retry_policy: When and how often to retry.
            http_client: An httpx client with your own limits, proxies, certificates, headers and hooks. It is not
                closed by this client; timeout, redirects and authentication are always set here. If None, httpx's
                defaults apply, including the proxy variables of the environment.

        Raises:
            AuthenticationError: There is no usable key.
            InvalidArgumentError: The base URL or the region is invalid.
        """
        key = ApiKey(api_key)
        # Tracebacks that show local variables would show the key.
        del api_key
        super().__init__(*connect(key, base_url, region, timeout, retry_policy, http_client=http_client))

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
    ) -> "HistoryItems":
        """List history items; pages are fetched as they are needed.

        The server compares everything but names of voices, and models without a `source`. Those are compared here, so
        that all pages are fetched, or as many as `limit` takes.

        Args:
            limit: Maximum number of items; None for all.
            voice: Only items with this voice: its id (20 letters and digits), or its name in any case, which also finds
                dialogues with such a line.
            model_id: Only items with this model, such as `eleven_multilingual_v2` or `Eleven Multilingual v2`.
            source: Only items of this product: TTS, STS, Flows, or what the server has added since.
            search: Only items whose text matches.
            after: Only items generated at or after this time: a datetime, a date, text such as `2026-01-31`, or Unix
                seconds. Without a time zone it is UTC.
            before: Only items generated before this time.
            newest_first: Newest items first; otherwise oldest first.
            page_size: Maximum number of items per request, 1 to 1000.

        Returns:
            An iterator. Each id is yielded once, even if the server repeats it.

        Raises:
            InvalidArgumentError: A filter is invalid; nothing was sent.
            HistoryError: While iterating: a page could not be fetched.
        """
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
        return HistoryItems(self._api, paginator)

    def get(self, history_item_id: str) -> HistoryItem:
        """Fetch the metadata of one item.

        Raises:
            InvalidArgumentError: The id is invalid; nothing was sent.
            NotFoundError: There is no such item.
            HistoryError: The call failed in another way.
        """
        check_id(history_item_id)
        with parse_errors(f"GET /v1/history/{history_item_id}"):
            response = self._api.get_httpx_client().request(**item_request(history_item_id))
            return parse_item(response, history_item_id)

    def delete(self, history_item_id: str) -> None:
        """Delete an item and its audio from the server, permanently.

        It is retried only if the request certainly never reached the server.

        Raises:
            InvalidArgumentError: The id is invalid; nothing was sent.
            NotFoundError: There is no such item.
            HistoryError: The call failed in another way.
        """
        check_id(history_item_id)
        with parse_errors(f"DELETE /v1/history/{history_item_id}"):
            expect(DeletedHistoryItem, delete_history_item.sync(history_item_id, client=self._api))

    def audio(self, item: str | HistoryItem) -> Download:
        """Prepare the download of one item's audio in its original format. Nothing is sent yet.

        Raises:
            InvalidArgumentError: The id is invalid.
        """
        items = requested_items([item])
        return Download(self._api, self._transport, audio_request(items[0]), items)

    def download(
        self, items: str | HistoryItem | Iterable[str | HistoryItem], *, output_format: str | None = None
    ) -> Download:
        """Prepare the download of one or several items. Nothing is sent yet.

        Args:
            items: Ids, or items as listed, whose metadata names the files and proves which file is which item.
            output_format: `wav` to convert to WAV; None for the original format of each item.

        Returns:
            A download, of an audio file for one id and of a zip archive for several. Repeated ids are requested once.

        Raises:
            InvalidArgumentError: There is no id, or one is invalid.
        """
        items = requested_items(items)
        return Download(self._api, self._transport, download_request(items, output_format), items)

    def download_all(
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
    ) -> Report:
        """Save many items, each as a file that is proven to be that item. Run it again to continue after an interrupt.

        Items are requested in archives as long as those prove which file is which item, otherwise one by one; bare ids
        always one by one. One failed item does not stop the others.

        Args:
            items: Items as listed, or ids. Repeated items are saved once.
            folder: Where the files go; created if missing. An item whose file exists is skipped.
            output_format: As in `download`.
            template: How files are named, as in `Download.extract`. Without `{id}` in it an existing file may belong to
                another item, so its item fails instead of being skipped.
            overwrite: Fetch every item and replace existing files instead of skipping them.
            workers: Maximum number of concurrent requests. Halved when the server answers 429, then climbs slowly.
            batch_size: Maximum number of ids per request; smaller once the server has refused so many.
            on_event: Called with each event as it happens, one call at a time, from any worker thread. An exception
                that it raises ends the run.

        Returns:
            Which items were saved, skipped, missing or failed; see `Report.raise_for_failures`.

        Raises:
            InvalidArgumentError: An id, the folder, the template or a number is invalid; nothing was sent.
            LockedError: Another run is writing into the folder.
            WriteError: The folder is not writable.
        """
        from ._download.threads import run_in_worker_thread

        settings = Settings(output_format=output_format, workers=workers, batch_size=batch_size, on_event=on_event)
        run = self._prepare_run(items, folder, template, settings, overwrite=overwrite)
        return run_in_worker_thread(run.run, run.stop)

    def close(self) -> None:
        """Close the connections, except those of an `http_client` that was passed in."""
        self._transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


class HistoryItems(BaseItems):
    """The items of a listing; pages are fetched while you iterate.

    Attributes:
        invalid_entries: Entries of the pages so far that are not history items.
    """

    def __init__(self, api: Client, paginator: Paginator) -> None:
        super().__init__(api, paginator)
        self._items = (item for page in self.pages() for item in page)

    def pages(self) -> Iterator[list[HistoryItem]]:
        """Iterate over the remaining pages instead of single items.

        Raises:
            HistoryError: A page could not be fetched.
        """
        while (request := self._paginator.next_request()) is not None:
            with parse_errors("GET /v1/history"):
                page = self._paginator.parse(parse_json(self._api.get_httpx_client().request(**request)))
            yield page

    def __iter__(self) -> Iterator[HistoryItem]:
        return self

    def __next__(self) -> HistoryItem:
        return next(self._items)
