"""From what a run tells to rows of the catalog."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from elevenlabs_history_api.models import HistoryItem

from ..errors import UnexpectedResponseError
from ..many import ends_a_run
from ..report import ItemFailed, ItemMissing, FileSaved
from .catalog import BackupFile, now

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from .._extract import DownloadedFile
    from ..errors import HistoryError
    from ..report import BackupEvent, SyncReport, Event
    from .catalog import Catalog
    from .entries import Entry

_GONE = "The server no longer has it."


class Recorder:
    """Books what the workers have fetched, and passes on what they tell.

    Attributes:
        ended_by: What would fail every other item too.
    """

    def __init__(
        self,
        catalog: Catalog,
        folder: Path,
        output_format: str,
        report: SyncReport,
        tell: Callable[[BackupEvent], None],
    ) -> None:
        self.ended_by: HistoryError | None = None
        self._catalogue = catalog
        self._folder = folder
        self._format = output_format
        self._report = report
        self._tell = tell
        self._entries: dict[str, Entry] = {}

    def items(self, entries: list[Entry]) -> tuple[HistoryItem, ...]:
        """Make items of entries; what is none is booked as failed."""
        self._entries = {entry["history_item_id"]: entry for entry in entries}
        items = []
        for history_item_id, entry in self._entries.items():
            try:
                items.append(HistoryItem.from_dict(entry))
            except (AttributeError, KeyError, TypeError, ValueError) as error:
                reason = UnexpectedResponseError(f"Its metadata is not as documented: {type(error).__name__} {error}.")
                self.take(ItemFailed(history_item_id, reason))
        return tuple(items)

    def take(self, event: Event) -> None:
        """Book an event and pass it on."""
        match event:
            case FileSaved(clip):
                assert clip.history_item_id is not None  # noqa: S101 - a run saves only what is proven
                self._catalogue.record_file(self._entries[clip.history_item_id], self._file(clip, clip.history_item_id))
                self._report.saved += 1
                self._report.size += clip.size
            case ItemMissing(history_item_id):
                self._catalogue.record_failure(self._entries[history_item_id], self._format, "gone", _GONE)
                self._report.gone.append(history_item_id)
            case ItemFailed(history_item_id, error) if ends_a_run(error):
                # It says nothing of this item, which stays unbooked and is listed again.
                self.ended_by = error
                return
            case ItemFailed(history_item_id, error):
                self._catalogue.record_failure(self._entries[history_item_id], self._format, "failed", str(error))
                self._report.failed.append(event)
            case _:
                pass
        self._tell(event)

    def _file(self, clip: DownloadedFile, history_item_id: str) -> BackupFile:
        with clip.path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256")
        return BackupFile(
            history_item_id=history_item_id,
            format=self._format,
            path=clip.path.relative_to(self._folder).as_posix(),
            kind=clip.kind.value,
            size=clip.size,
            sha256=digest.hexdigest(),
            match_method=str(clip.match_method),
            saved_at=now(),
        )
