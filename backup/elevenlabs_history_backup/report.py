"""The public data types: items and files, events, and what sync, plan and verify return."""

from collections.abc import Callable, Sized
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from attrs import asdict, field, frozen, mutable
from elevenlabs_history import DownloadedFile, Event, ItemFailed

from .metadata import Metadata, iso_format

if TYPE_CHECKING:
    from .cues import Cue

State: TypeAlias = Literal["saved", "missing", "failed", "forgotten"]
Status: TypeAlias = Literal["ok", "missing", "changed", "unreadable", "moved", "extra"]


@frozen(kw_only=True)
class BackupFile:
    """A file of a backup.

    Attributes:
        history_item_id: The item that it is proven to be.
        format: `original`, or the format it was converted to.
        path: Where it is, relative to the folder of the backup, with forward slashes.
        kind: What its bytes are, such as `mp3`.
        size: Size in bytes.
        seconds: How long it sounds, by its headers; None if they do not tell.
        sha256: SHA-256 of the bytes, in hexadecimal.
        match_method: How the item is known.
        saved_at: When it was saved, by the clock of this machine: ISO 8601, UTC.
    """

    history_item_id: str
    format: str
    path: str
    kind: str
    size: int
    seconds: float | None
    sha256: str
    match_method: str
    saved_at: str


@frozen(kw_only=True)
class StoredFile(DownloadedFile):
    """A file that was put into a bucket; `path` is where a copy of the bucket in the folder of the catalog has it.

    Attributes:
        seconds: How long it sounds; None if that is not known.
    """

    seconds: float | None


@frozen(kw_only=True)
class Record:
    """An item of a backup.

    Attributes:
        history_item_id: The item.
        date: When it was generated, in UTC.
        voice: Who speaks; of a dialogue, everyone.
        text: What is said; of a dialogue, one line per part.
        state: `saved`, `failed`, `forgotten` by `Backup.forget`, or `missing`: the server had lost it before it was
            saved.
        reason: Why a file of it is not saved; None if all are.
        on_server: Whether the last complete listing still had it.
        files: Its files.
        metadata: The JSON of the API, complete.
    """

    history_item_id: str
    date: datetime
    voice: str
    text: str
    state: State
    reason: str | None
    on_server: bool
    files: tuple[BackupFile, ...]
    metadata: Metadata

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON has it, with the date in ISO 8601."""
        # Not recursive, because the metadata may be nested deeper than Python calls.
        files = [asdict(file) for file in self.files]
        return {**asdict(self, recurse=False), "date": iso_format(self.date), "files": files}

    def subtitles(self) -> list["Cue"]:
        """Return the subtitles of the item, made from the alignment of its text as it was written.

        A cue has at most two lines of 42 characters and lasts from 1 to 7 seconds; it ends with a sentence or a phrase,
        and may be read at up to 20 characters a second, where the speech allows it. A dialogue names its speakers.

        Raises:
            NoAlignmentError: Nothing is known of when its words are spoken; see `Backup.fetch_alignments`.
            SubtitleError: The times run backwards, overlap or exceed the audio, or the text contradicts the dialogue.
        """
        from .alignment import alignment_of
        from .cues import make_cues

        return make_cues(alignment_of(self))

    def words(self) -> list["Cue"]:
        """Return each word as a cue of its own, with the times at which it is spoken.

        In scripts without spaces a word is a character. Raises what `subtitles` raises.
        """
        from .alignment import alignment_of
        from .cues import make_word_cues

        return make_word_cues(alignment_of(self))


@frozen
class PageListed:
    """One more page was listed.

    Attributes:
        items: How many items the server listed so far.
        pending: How many items will be fetched, as far as known; a sync adds those that failed before at the end.
    """

    items: int
    pending: int


BackupEvent: TypeAlias = Event | PageListed
EventHandler: TypeAlias = Callable[[BackupEvent], None]


def count(entries: Sized) -> str:
    """Show how many entries there are, in a `repr`."""
    return f"<{len(entries)}>"


@mutable(kw_only=True)
class SyncReport:
    """What a sync did.

    Attributes:
        listed: How many items the server listed; earlier runs may have covered the rest.
        saved: How many files were saved.
        size: Their size in bytes.
        missing: Ids of items that the server no longer has and that were never saved.
        failed: Items that could not be saved, with the reason; the next run retries them.
        deleted: How many saved items the server no longer has, apart from pruned ones; None if not everything was
            listed.
        invalid_entries: How many entries of the listing were not history items.
        complete: Everything that the filters match was listed and requested.
        lost: How many files are not where they were saved; `Backup.repair` finds what was moved and fetches the rest.
    """

    listed: int
    saved: int = 0
    size: int = 0
    missing: list[str] = field(factory=list, repr=count)
    failed: list[ItemFailed] = field(factory=list, repr=count)
    deleted: int | None = None
    invalid_entries: int = 0
    complete: bool = False
    lost: int = 0


@mutable(kw_only=True)
class SyncPlan:
    """What a sync would fetch. Its size is unknown, because the API tells no sizes.

    Attributes:
        items: How many items.
        listed: How many items the server listed.
        failed_before: How many of the items failed in an earlier run.
        characters: What they cost, in characters.
        oldest: When the oldest was generated; None if there is nothing to fetch.
        newest: When the newest was generated.
        voices: How many items each voice has.
    """

    items: int = 0
    listed: int = 0
    failed_before: int = 0
    characters: int = 0
    oldest: datetime | None = None
    newest: datetime | None = None
    voices: dict[str, int] = field(factory=dict, repr=count)


@frozen(kw_only=True)
class VerifyIssue:
    """What is wrong with one file.

    Attributes:
        status: `missing`; `changed`: its bytes are not those that were saved; `unreadable`: it can't be read, is not
            a regular file, or the catalog has a path outside of the folder; `moved`: it has another path now; `extra`:
            the catalog does not know it. `ok` is passed to `on_issue` only.
        path: Its path in the catalog, or the path of an extra file, relative to the folder.
        history_item_id: Its item; None for an extra file.
        format: `original`, or the format it was converted to; None for an extra file.
        moved_to: Where a moved file is.
        on_server: Whether the server should still have the item. If not, `Backup.repair` can't fetch it again: it was
            pruned, or the last complete listing lacked it.
    """

    status: Status
    path: str
    history_item_id: str | None = None
    format: str | None = None
    moved_to: str | None = None
    on_server: bool = True


@mutable
class VerifyReport:
    """The result of `Backup.verify`.

    Attributes:
        ok_count: How many files are as they were saved.
        issues: What is wrong with the others.
        failed: How many items could not be saved so far; the next sync tries again.
        completed: Whether a sync has ever ended by itself. If not, there may be items that the catalog does not know.
    """

    ok_count: int = 0
    issues: list[VerifyIssue] = field(factory=list, repr=count)
    failed: int = 0
    completed: bool = True

    @property
    def ok(self) -> bool:
        """Whether no item failed, and every file is there with its own bytes, wherever; extra files do no harm."""
        return not self.failed and all(issue.status in {"moved", "extra"} for issue in self.issues)


@frozen(kw_only=True)
class UnmatchedFile:
    """A file that an import could not record.

    Attributes:
        path: Its path in the folder of the backup, or its name in the archive.
        archive: The archive; None for a file in the folder.
        reason: Why it was not recorded.
    """

    path: str
    archive: str | None = None
    reason: str


@mutable(kw_only=True)
class ImportReport:
    """What an import did.

    Attributes:
        recorded: How many files in the folder were recorded.
        extracted: How many files were extracted from archives and recorded.
        unmatched: The files that were left as they are, with the reason.
    """

    recorded: int = 0
    extracted: int = 0
    unmatched: list[UnmatchedFile] = field(factory=list, repr=count)
