"""What a sync has to fetch: the part of the listing that earlier runs did not cover."""

import json
import time
from collections.abc import Iterator

from elevenlabs_history import HistoryClient, InvalidArgumentError

from .catalog import Catalog
from .metadata import Metadata
from .settings import ORIGINAL, SyncSettings


class Listing:
    """Lists the items that the catalog does not know, newest first, and stops at the high-water mark.

    Attributes:
        output_format: `original`, or the format to convert to.
        scope: The key of the high-water mark: format and filters; not the limit, as a run that ends there sets none.
        ids: What the server listed.
        high_water_mark: Date of the newest of them, in Unix seconds. Dates in the future do not count: everything
            generated before such a date would pass for covered.
        invalid_entries: How many entries were not history items.
        complete: This run or an earlier one listed everything that the filters match. An invalid entry counts against
            it, or later runs would stop above that entry.
        has_everything: This run listed everything on the server.
    """

    def __init__(self, client: HistoryClient, settings: SyncSettings, *, limit: int | None, full: bool) -> None:
        check_client(client)
        filters = settings.filters()
        self.output_format: str = settings.output_format or ORIGINAL
        self.scope: str = json.dumps([self.output_format, *filters.values()])
        self._full = full
        self._limited = limit is not None or any(value is not None for value in filters.values())
        self._items = client.list(**filters, limit=limit)
        self.ids: set[str] = set()
        self.high_water_mark: int | None = None
        self.invalid_entries: int = 0
        self.complete: bool = False
        self.has_everything: bool = False

    def new_items(self, catalog: Catalog | None) -> Iterator[tuple[list[Metadata], list[Metadata]]]:
        """Yield of each page the items that the catalog does not know, and those that it has as not on the server."""
        known = set() if catalog is None else catalog.known_ids(self.output_format)
        not_on_server = set() if catalog is None else catalog.ids_not_on_server()
        mark = self.high_water_mark = None if catalog is None else catalog.high_water_mark(self.scope)
        covered = False
        for items in self._items.pages():
            self.invalid_entries = len(self._items.invalid_entries)
            self.ids.update(item.history_item_id for item in items)
            dates = [item.date_unix for item in items if item.date_unix <= time.time()]
            self.high_water_mark = max([*dates, self.high_water_mark or 0]) or None
            new = [item for item in items if item.history_item_id not in known]
            relisted = [item for item in items if item.history_item_id in not_on_server]
            yield [item.to_dict() for item in new], [item.to_dict() for item in relisted]
            # Whatever would be listed next is older than what an earlier run has covered.
            covered = bool(mark and items and not new and not self._full and items[-1].date_unix < mark)
            if covered:
                break
        self.complete = (covered or self._items.exhausted) and not self.invalid_entries
        self.has_everything = self._items.exhausted and self.complete and not self._limited


def check_client(client: object) -> None:
    """Raise `InvalidArgumentError` if a backup can't use a client."""
    if not isinstance(client, HistoryClient):
        raise InvalidArgumentError(
            f"A backup needs a HistoryClient, not {type(client).__name__}. In asyncio programs, make one in a "
            "thread: asyncio.to_thread(…). Nothing was sent."
        )
