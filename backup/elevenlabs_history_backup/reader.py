"""What can be done with a backup without changing it."""

import os
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, ClassVar, Self, TextIO, get_args

from elevenlabs_history import InvalidArgumentError, TimestampLike

from .export import write_csv, write_jsonl, write_m3u
from .opening import Opening
from .report import Record, VerifyIssue, VerifyReport
from .settings import SyncSettings
from .stats import BackupStats, Grouping
from .storage import open_storage
from .verify import verify

if TYPE_CHECKING:
    from pathlib import Path


class BackupReader:
    """The backup in a folder or a bucket, for programs that only read it. `Backup` does the same and more.

    Use it as a context manager, or call `close` when done. Methods raise `CatalogError` if the catalog can't be used:
    it is missing, damaged, closed or of another version; and `BucketError` if the bucket can't be used.

    Attributes:
        name: The folder or the address, as a text.
        folder: The folder of the catalog; of a bucket, where its catalog is cached.
    """

    _read_only: ClassVar[bool] = True

    def __init__(self, folder: str | os.PathLike[str], *, cache: str | os.PathLike[str] | None = None) -> None:
        """Prepare a backup. Nothing is read yet.

        Args:
            folder: Its folder, or the address of a bucket: `s3://bucket/prefix`, `gs://…` or `az://…`. The key of the
                bucket's store comes from the environment; the extra is `elevenlabs-history[cloud]`.
            cache: Where the catalogs of buckets are cached: each in a folder of its own. By default in the user's
                folder for caches, or where `ELEVENLABS_HISTORY_CACHE` says.

        Raises:
            InvalidArgumentError: The address is not valid, or the extra is not installed.
        """
        self._storage = open_storage(folder, cache)
        self.name: str = self._storage.name
        self.folder: Path = self._storage.folder
        self._open = Opening(self._storage, read_only=self._read_only)

    @property
    def settings(self) -> SyncSettings | None:
        """What `sync` continues with; None until a run has saved a file."""
        catalog = self._open.existing()
        return None if catalog is None else catalog.settings()

    def __len__(self) -> int:
        return self._open().count()

    def __iter__(self) -> Iterator[Record]:
        """Yield every item, newest first."""
        return self._open().all()

    def get(self, history_item_id: str) -> Record | None:
        """Return an item, or None if the backup does not have it."""
        return self._open().get(history_item_id)

    def search(
        self,
        words: str,
        *,
        voice: str | None = None,
        after: TimestampLike | None = None,
        before: TimestampLike | None = None,
        limit: int | None = None,
    ) -> Iterator[Record]:
        """Yield the items that contain all words, newest first; without words all that the filters let through.

        Args:
            words: Parts of a text, of a voice's name or of an id, in any script. Case and accents are ignored.
            voice: Only items with this voice: a name or an id.
            after: Only items generated at or after this time, as in `HistoryClient.list`.
            before: Only items generated before this time.
            limit: Only so many items.
        """
        return self._open().search(words, voice=voice, after=after, before=before, limit=limit)

    def find(
        self, text: str, *, voice: str | None = None, model_id: str | None = None, exact: bool = False
    ) -> list[Record]:
        """Return the items that have a file and exactly this text, newest first: what need not be generated again.

        Texts are compared in Unicode's form NFC, with a space for white space of any length and none at the ends. The
        text of a dialogue is its lines. Whether a file is still in its place is what `verify` tells.

        Args:
            text: The whole text.
            voice: Only items with this voice: a name or an id.
            model_id: Only items with this model: its id.
            exact: Compare texts to the byte.
        """
        return self._open().find(text, voice=voice, model_id=model_id, exact=exact)

    def stats(self) -> BackupStats:
        """Count the items, what they cost and how long they sound."""
        return self._open().stats(None).get("", BackupStats())

    def stats_by(self, grouping: Grouping) -> dict[str | None, BackupStats]:
        """Count the items of each month (UTC), `voice`, `model` or `source`; None stands for those without one.

        Months are in their order; of the others the one that cost most comes first.
        """
        if grouping not in get_args(Grouping):
            raise InvalidArgumentError(f"Invalid grouping: {grouping!r}. Valid are: {', '.join(get_args(Grouping))}.")
        return self._open().stats(grouping)

    def voices(self) -> dict[str, int]:
        """Return how many items each voice has, the most used first; the voice of a dialogue is everyone's in it."""
        return self._open().voices()

    def verify(
        self,
        *,
        read: bool = False,
        on_issue: Callable[[VerifyIssue], None] | None = None,
    ) -> VerifyReport:
        """Compare every file with what was saved. Nothing is changed.

        Args:
            read: Read the bytes of files in a bucket, too, not only the size and the hash that the store keeps. Those
                in a folder are always read.
            on_issue: Called with each result as it comes, including the files that are ok.
        """
        catalog = self._open()
        catalog.check()
        return verify(catalog, self._storage, read=read, on_issue=on_issue)

    def export_csv(self, stream: TextIO) -> None:
        """Write a table: one row per file, and one per item without a file. Open the stream with `newline=""`.

        A cell that a spreadsheet would take for a formula begins with `'`.
        """
        write_csv(self, stream)

    def export_jsonl(self, stream: TextIO) -> None:
        """Write one line of JSON per item: its complete metadata, and its files."""
        write_jsonl(self, stream)

    def export_m3u(self, stream: TextIO) -> None:
        """Write a playlist of the files, with paths relative to the folder."""
        write_m3u(self, stream)

    def close(self) -> None:
        """Close the catalog. The backup can't be used after that."""
        self._open.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self.name}>"

    def __bool__(self) -> bool:
        return True  # even if it is empty
