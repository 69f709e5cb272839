"""From what a run tells to rows of the catalogue."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from elevenlabs_history_api.models import HistoryItem

from ..errors import UnexpectedResponse
from ..many import ends_a_run
from ..report import Failed, Gone, Saved
from .catalogue import SavedFile, now

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from .._extract import Clip
    from ..errors import HistoryError
    from ..report import BackupEvent, BackupReport, Event
    from .catalogue import Catalogue
    from .entries import Entry

_GONE = "The server no longer has it."


class Booking:
    """Books what the workers have fetched, and passes on what they tell.

    Attributes:
        ended_by: What would fail every other item too.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        folder: Path,
        output_format: str,
        report: BackupReport,
        tell: Callable[[BackupEvent], None],
    ) -> None:
        self.ended_by: HistoryError | None = None
        self._catalogue = catalogue
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
                reason = UnexpectedResponse(f"Its metadata is not as documented: {type(error).__name__} {error}.")
                self.take(Failed(history_item_id, reason))
        return tuple(items)

    def take(self, event: Event) -> None:
        """Book an event and pass it on."""
        match event:
            case Saved(clip):
                assert clip.history_item_id is not None  # noqa: S101 - a run saves only what is proven
                self._catalogue.book_file(self._entries[clip.history_item_id], self._file(clip, clip.history_item_id))
                self._report.saved += 1
                self._report.size += clip.size
            case Gone(history_item_id):
                self._catalogue.book_failure(self._entries[history_item_id], self._format, "gone", _GONE)
                self._report.gone.append(history_item_id)
            case Failed(history_item_id, error) if ends_a_run(error):
                # It says nothing of this item, which stays unbooked and is listed again.
                self.ended_by = error
                return
            case Failed(history_item_id, error):
                self._catalogue.book_failure(self._entries[history_item_id], self._format, "failed", str(error))
                self._report.failed.append(event)
            case _:
                pass
        self._tell(event)

    def _file(self, clip: Clip, history_item_id: str) -> SavedFile:
        with clip.path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256")
        return SavedFile(
            history_item_id=history_item_id,
            format=self._format,
            path=clip.path.relative_to(self._folder).as_posix(),
            kind=clip.kind.value,
            size=clip.size,
            sha256=digest.hexdigest(),
            proof=str(clip.proof),
            saved_at=now(),
        )
