"""What the two clients share: a server, how arguments become requests, and what a listing knows of its progress."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from elevenlabs_history_api import Client

from ._bulk.limiter import BatchSize
from ._bulk.planning import Settings
from ._download.targets import PathTemplate, Targets
from ._http.transport import Transport
from ._items import distinct_items
from ._listing import InvalidEntry, Paginator
from .item import HistoryItem

if TYPE_CHECKING:
    from ._bulk.run import Run


class BaseClient:
    """A generated client, the transport under it, and what was learned of the server's limits."""

    # Shown in the repr of a client whose constructor failed.
    _base_url = "no server"

    def __init__(self, api: Client, transport: Transport) -> None:
        self._api = api
        self._transport = transport
        self._base_url = str(transport.base_url)
        self._batch_size = BatchSize()
        # Made now, because two threads that make it later would make two.
        api.get_httpx_client()

    @property
    def api(self) -> Client:
        """The generated client, for what this class does not cover; it retries and raises in the same way."""
        return self._api

    @property
    def base_url(self) -> str:
        """The address of the server."""
        return self._base_url

    def __repr__(self) -> str:
        return f"<{type(self).__name__} for {self._base_url}>"

    def _prepare_run(
        self,
        items: str | HistoryItem | Iterable[str | HistoryItem],
        folder: str | os.PathLike[str],
        template: PathTemplate | None,
        settings: Settings,
        *,
        overwrite: bool,
    ) -> "Run":
        from ._bulk.run import Run

        self._transport.prepare()
        targets = Targets.plan(distinct_items(items), Path(folder), template=template, overwrite=overwrite)
        return Run(self._api, self._transport, targets, settings, self._batch_size)


class BaseItems:
    """The progress of a listing."""

    def __init__(self, api: Client, paginator: Paginator) -> None:
        self._api = api
        self._paginator = paginator
        self.invalid_entries: list[InvalidEntry] = paginator.invalid_entries

    @property
    def exhausted(self) -> bool:
        """Whether the listing came to its end, as the server said credibly."""
        return self._paginator.exhausted
