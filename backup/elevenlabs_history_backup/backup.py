"""A backup on the disk, as a thing to ask."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Self

from .export import write_csv, write_jsonl, write_m3u
from .records import Records
from .verify import verify, write_checksums

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterator
    from typing import TextIO

    from .records import Record
    from .verify import VerifyIssue, VerifyReport


class Backup:
    """The backup in a folder. It needs no key and no server. Use it as a context manager, or call `close` when done."""

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        """Open a backup that `HistoryClient.backup` has made.

        Raises:
            CatalogError: There is none, or its catalog is damaged, locked or of a newer version.
        """
        self.folder = Path(folder)
        self._records = Records.read(self.folder)

    def __len__(self) -> int:
        return self._records.count()

    def __iter__(self) -> Iterator[Record]:
        """Yield every item, newest first."""
        return self._records.all()

    def get(self, history_item_id: str) -> Record | None:
        """Return an item, or None when the backup does not know it."""
        return self._records.get(history_item_id)

    def search(self, words: str) -> Iterator[Record]:
        """Yield the items whose text or voice has all these words, best first.

        Case and accents make no difference, and a last word may be the beginning of one.
        """
        return self._records.search(words)

    def verify(
        self, *, workers: int | None = None, on_finding: Callable[[VerifyIssue], None] | None = None
    ) -> VerifyReport:
        """Read every file and compare it with what was saved. Nothing is changed.

        Args:
            workers: Files read at once; None for one a processor.
            on_finding: Called with each issue as it comes.

        Raises:
            ReadError: A file is there and can't be read.
        """
        return verify(self.folder, self._records.files(), workers=workers, on_finding=on_finding)

    def write_checksums(self) -> Path:
        """Write `SHA256SUMS` into the folder, for `sha256sum --check`, and return its path.

        Raises:
            WriteError: The disk is full, or the folder may not be written to.
        """
        return write_checksums(self.folder, self._records.files())

    def export_csv(self, stream: TextIO) -> None:
        """Write a table: a row for each file, and one for each item without a file.

        Args:
            stream: Opened with `newline=""`. A cell that a spreadsheet would take for a formula begins with `'`.
        """
        write_csv(self, stream)

    def export_jsonl(self, stream: TextIO) -> None:
        """Write a line of JSON for each item: all that the API told of it, and its files."""
        write_jsonl(self, stream)

    def export_m3u(self, stream: TextIO) -> None:
        """Write a playlist of the files, with paths below the folder."""
        write_m3u(self, stream)

    def close(self) -> None:
        """Close the catalog."""
        self._records.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Backup in {self.folder}>"
