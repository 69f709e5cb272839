"""The rules of `Backup.prune`, in the order in which they are applied. Each raises an error that says why not.

Every other tool that offered to clear a history has lost somebody's data once: it took a folder that was not mounted, a
listing cut short or another account's key for a reason to delete. Here nothing is concluded from absence.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from elevenlabs_history import (
    APIConnectionError,
    APITimeoutError,
    FileKind,
    HistoryClient,
    HistoryError,
    HistoryItem,
    InvalidArgumentError,
    MatchMethod,
    NotFoundError,
)

from .catalog import Catalog
from .errors import PruneError
from .listing import check_client
from .metadata import Metadata
from .report import BackupFile, Record
from .settings import ORIGINAL
from .storage import Storage
from .verify import is_inside, sha256_of

STRONG_METHODS: Final = frozenset({MatchMethod.ONLY_ITEM, MatchMethod.TIME})
"""How an item must be known to be deleted: as the only file that came for its id alone, or by a time in an archive of
the server that fits no other item. An id in a name is not enough, because an import also finds it in names on the disk,
which prove nothing about the bytes."""

_MIN_AGE = timedelta(hours=24)
_PLAN_LIFETIME = timedelta(minutes=10)
_PROBES = 20
_MAX_SURPRISES = 3


class DiffersError(PruneError):
    """The server describes an item in another way than the catalog: it is skipped, which is no reason to stop."""


def check_filters(older_than: timedelta, *texts: str | None) -> None:
    """An age is given, of at least a day, and no filter is empty, as one from an unset variable is."""
    if older_than < _MIN_AGE:
        raise InvalidArgumentError("Items younger than 24 hours are never deleted: choose a higher age.")
    if any(text is not None and not text.strip() for text in texts):
        raise InvalidArgumentError(
            "A filter is empty. Nothing was deleted: leave it out, or write what it should match."
        )


def check_copy_folder(folder: Path, copy: Path) -> None:
    """The folder of the second copy exists and is not the first one."""
    if not copy.is_dir() or copy.samefile(folder):
        raise InvalidArgumentError(f"{copy} is not a folder with a copy of {folder}. Nothing was deleted.")


def check_catalog(catalog: Catalog) -> None:
    """A run into the catalog has completed: one that is new, or was made anew, proves nothing."""
    if not catalog.has_completed_run():
        raise PruneError(
            f"No backup into {catalog.name} has been completed. Nothing was deleted.", hint="Run a backup first."
        )


def list_everything(client: HistoryClient) -> set[str]:
    """List to the end and without filters, to know how much the server has."""
    check_client(client)
    items = client.list()
    listed = {item.history_item_id for item in items}
    if not items.exhausted:
        raise PruneError("The listing ended early. Nothing was deleted.", hint="Try again later.")
    return listed


def check_listing(listed: set[str], expected: set[str]) -> None:
    """The listing is plausible: it is not empty and has at least half of what the server should have."""
    missing = len(expected - listed)
    if not listed or 2 * missing > len(expected):
        raise PruneError(
            f"The server lists {len(listed):,} items, and {missing:,} of the {len(expected):,} that it should have are "
            "not among them. The listing may be cut short, or the key may be of another account. Nothing was deleted.",
            hint="If you deleted them yourself, run a full backup, which records that.",
        )


def check_files_exist(storage: Storage, paths: Iterable[str], *, hint: str) -> None:
    """No file is missing: if one is, the folder may be another one, or not be mounted."""
    missing = storage.missing(paths)
    if missing:
        raise PruneError(
            f"{len(missing):,} of the files are not in {storage.name}, such as {missing[0]}. Nothing was deleted.",
            hint=hint,
        )


def check_lifetime(made_at: datetime) -> None:
    """What was confirmed a moment ago is what is deleted."""
    if not timedelta() <= datetime.now(UTC) - made_at <= _PLAN_LIFETIME:
        raise InvalidArgumentError("The plan is older than ten minutes. Nothing was deleted: make a new plan.")


def check_account(client: HistoryClient, ids: tuple[str, ...]) -> None:
    """The server knows most of the first items; otherwise the key may be of another account."""
    probes = ids[:_PROBES]
    unknown = sum(is_gone(client, history_item_id) for history_item_id in probes)
    if 2 * unknown > len(probes):
        raise PruneError(
            f"The server does not know {unknown} of the first {len(probes)} items: the key may be of another account. "
            "Nothing was deleted, and nothing was recorded as gone.",
            hint="Use the key with which the backup was made.",
        )


def recorded(catalog: Catalog, history_item_id: str) -> Record:
    """The item is in the catalog."""
    record = catalog.get(history_item_id)
    if record is None:
        raise PruneError("The backup does not have it.")
    return record


def original_file(record: Record) -> BackupFile:
    """The file as generated is saved (a conversion to WAV does not count) and strongly proven to be the item."""
    file = next((file for file in record.files if file.format == ORIGINAL), None)
    if file is None:
        raise PruneError("The backup has no file of it in the original format.")
    if file.match_method not in STRONG_METHODS:
        raise PruneError("The proof that the file is this item is not strong.")
    return file


def check_bytes(storage: Storage, file: BackupFile, output_format: str | None) -> None:
    """The bytes, read now, are those that were saved, and begin as audio: an error page has a hash, too."""
    location = storage.location(file.path)
    changed = PruneError(f"{location} is not as it was saved.", hint="Repair the backup.")
    if not is_inside(file.path):
        raise changed
    try:
        with storage.on_disk(file.path) as path:
            if sha256_of(path) != file.sha256:
                raise changed
            kind = FileKind.of_file(path, output_format=output_format)
    except OSError as error:
        raise PruneError(f"Can't read {location}: {error.strerror or error}.", hint="Repair the backup.") from error
    if not kind.is_audio or kind != file.kind:
        raise PruneError(f"{location} does not begin as {file.kind} audio.")


def check_metadata(client: HistoryClient, recorded: Metadata) -> Metadata:
    """The server agrees, now, in what the item is. Returns the metadata, with what only `get` tells, for the catalog.

    A listing has no alignments, and after the deletion nobody can ask for them.
    """
    try:
        told = client.get(recorded["history_item_id"])
    except NotFoundError as error:
        raise PruneError("The server lists the item, but does not have it.") from error
    before, now = _identity(HistoryItem(recorded)), _identity(told)
    if before != now:
        differing = ", ".join(name for name in before if before[name] != now[name])
        raise DiffersError(f"The server and the catalog differ in its {differing}.")
    return recorded | {name: value for name, value in told.to_dict().items() if recorded.get(name) is None}


def check_copy(copy: Storage, storage: Storage, file: BackupFile, output_format: str | None) -> None:
    """The second copy has the same bytes, read now, and is a file of its own, not a link to the first one."""
    check_bytes(copy, file, output_format)
    with copy.on_disk(file.path) as copied, storage.on_disk(file.path) as path:
        if copied.samefile(path):
            raise PruneError(f"{copied} is no copy: it is the same file.")


def check_gone(client: HistoryClient, history_item_id: str) -> None:
    """The server does what it says: it does not have the item any more."""
    if not is_gone(client, history_item_id):
        raise PruneError("The server answered that it deleted the item, and still has it.")


def is_gone(client: HistoryClient, history_item_id: str) -> bool:
    """Tell whether the server says that it has no such item. A 404 without its code may be a proxy's: it is raised."""
    try:
        client.get(history_item_id)
    except NotFoundError as error:
        if error.code is None:
            raise
        return True
    return False


def is_surprise(error: HistoryError | None) -> bool:
    """Tell whether a result speaks against going on, as three do; raise what would fail every other item, too."""
    if error is None or isinstance(error, DiffersError):
        return False
    if isinstance(error, PruneError | APIConnectionError | APITimeoutError):
        return True
    raise error


def check_surprises(number: int) -> None:
    """There were fewer than three surprises."""
    if number >= _MAX_SURPRISES:
        raise PruneError("The run ended after three surprises.", hint="Look at their reasons before the next run.")


def _identity(item: HistoryItem) -> dict[str, object]:
    json = item.to_dict()
    return {
        "date": item.date_unix,
        "voice": (item.voice_id, item.voice_name),
        "text": item.text,
        "characters": (json.get("character_count_change_from"), json.get("character_count_change_to")),
    }
