"""Record files that the catalog does not know: in the folder, or in archives that were downloaded by hand."""

import re
import time
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path, PurePosixPath

from attrs import field, frozen
from elevenlabs_history import (
    DownloadedFile,
    FileKind,
    FileSaved,
    HistoryClient,
    HistoryItem,
    MatchMethod,
    RunStarted,
    UnsafeArchiveError,
    extract_archive,
)

from .catalog import Catalog
from .listing import Listing
from .metadata import Metadata, utf8
from .report import EventHandler, ImportReport, PageListed, UnmatchedFile
from .settings import ORIGINAL, SyncSettings
from .verify import files_below, sha256_of

_WORD = re.compile(r"[^\W_]+")
# A shorter id could be another word of a name.
_MIN_ID_LENGTH = 8
# As the server draws it: small letters, and capitals or digits that are not only its start, so that it is no word.
_ID = re.compile(r"(?=.*[a-z])(?=.+[0-9A-Z])[0-9A-Za-z]{20}")
_TIME = re.compile(r"(20\d\d-\d\d-\d\d)[T_ ](\d\d)[-_:](\d\d)[-_:](\d\d)", re.ASCII)
# What the API promises and nobody knows of an item that is not listed.
_UNKNOWN = ("character_count_change_from", "character_count_change_to", "content_type", "state")


def import_files(
    catalog: Catalog, client: HistoryClient | None, archives: Collection[Path], emit: EventHandler
) -> ImportReport:
    """Record files in the folder, then those in archives; see `Backup.import_files`."""
    known = set(catalog.paths())
    paths = [path for path in files_below(catalog.folder) if path not in known]
    words = {word for path in paths for word in _words(path)}
    listing = None if client is None else Listing(client, SyncSettings(), limit=None, full=True)
    run = _Import(catalog, emit, set() if listing is None else listing.ids)
    for item in _all_items(catalog, listing, emit):
        # Which items an archive holds is proven by those that it does not hold, so that takes all of them.
        if archives or item["history_item_id"] in words:
            run.items[item["history_item_id"]] = item
    emit(RunStarted(len(paths)))
    run.record_files(paths)
    for archive in archives:
        run.extract(archive)
    if listing is not None and listing.has_everything:
        catalog.record_listing(listing.ids)
    return run.report


def _all_items(catalog: Catalog, listing: Listing | None, emit: EventHandler) -> Iterator[Metadata]:
    yield from catalog.all_metadata()
    if listing is None:
        return
    for items, relisted in listing.new_items(catalog):
        catalog.record_relisted(relisted)
        yield from (*items, *relisted)
        emit(PageListed(len(listing.ids), 0))


@frozen
class _Import:
    """Records files; `items` are those that they may be, by id, `listed` are the ids that the server listed."""

    catalog: Catalog
    emit: EventHandler
    listed: Collection[str]
    items: dict[str, Metadata] = field(factory=dict)
    report: ImportReport = field(factory=ImportReport)

    def record_files(self, paths: Iterable[str]) -> None:
        """Record files in the folder by the ids in their names."""
        by_id: defaultdict[str, list[str]] = defaultdict(list)
        for path in paths:
            ids = self._ids_in(path)
            if utf8(path) != path:
                self._leave(path, "Its name is not UTF-8.")
            elif len(ids) == 1:
                by_id[ids.pop()].append(path)
            else:
                self._leave(path, "Its name holds several ids." if ids else "Its name holds no id of an item.")
        for history_item_id, of_item in by_id.items():
            self._record_item(history_item_id, of_item)

    def extract(self, archive: Path) -> None:
        """Extract what an archive is proven to hold, and record it."""
        try:
            found = extract_archive(
                archive,
                map(HistoryItem.from_dict, self.items.values()),
                self.catalog.folder,
                template=(self.catalog.settings() or SyncSettings()).make_template(),
                skip=self.catalog.settled_ids(),
            )
        except UnsafeArchiveError as error:
            self._leave(str(archive), str(error))
            return
        for file in found.saved:
            self._record(file)
            self.report.extracted += 1
        for name in found.unmatched:
            self._leave(name, "Nothing proves that it is the audio of an item.", archive=str(archive))

    def _ids_in(self, path: str) -> set[str]:
        """The ids in a name. One that nobody knows counts only at its end, but makes any other one doubtful."""
        words = _words(path)
        known = {word for word in words if len(word) >= _MIN_ID_LENGTH and word in self.items}
        like_ids = set(filter(_ID.fullmatch, words))
        return known | like_ids if known or PurePosixPath(path).stem.rpartition("_")[2] in like_ids else set()

    def _record_item(self, history_item_id: str, paths: Iterable[str]) -> None:
        """Record the files whose names hold the id of an item, one in each format."""
        by_format: defaultdict[str, list[DownloadedFile]] = defaultdict(list)
        for path in paths:
            try:
                file = _examine(self.catalog.folder / path, history_item_id)
                item = self.items.setdefault(history_item_id, _unlisted(file))
            except OSError as error:
                self._leave(path, f"It can't be read: {error.strerror or error}.")
                continue
            if file.kind.is_audio:
                by_format[_format_of(file.kind, item)].append(file)
            else:
                self._leave(path, "It is not audio.")
        record = self.catalog.get(history_item_id)
        for form, files in by_format.items():
            if record is not None and form in {file.format for file in record.files}:
                reason = f"Item {history_item_id} is recorded with another file."
            elif len(files) > 1:
                reason = f"Several files have the id {history_item_id} in their names."
            else:
                self._record(files[0])
                self.report.recorded += 1
                continue
            for file in files:
                self._leave(file.path.relative_to(self.catalog.folder).as_posix(), reason)

    def _record(self, file: DownloadedFile) -> None:
        item = self.items[file.history_item_id or ""]
        listed = item["history_item_id"] in self.listed
        self.catalog.record_file(item, _format_of(file.kind, item), file, on_server=listed)
        self.emit(FileSaved(file))

    def _leave(self, path: str, reason: str, *, archive: str | None = None) -> None:
        self.report.unmatched.append(UnmatchedFile(path=path, archive=archive, reason=reason))


def _words(path: str) -> set[str]:
    return set(_WORD.findall(PurePosixPath(path).stem))


def _examine(path: Path, history_item_id: str) -> DownloadedFile:
    return DownloadedFile(
        path=path,
        history_item_id=history_item_id,
        match_method=MatchMethod.ID_IN_NAME,
        sha256=sha256_of(path),
        # Audio without a header may be any bytes, so the name has to say that it is some.
        kind=FileKind.of_file(path, output_format=path.suffix.removeprefix(".") or "unknown"),
        size=path.stat().st_size,
    )


def _format_of(kind: FileKind, item: Metadata) -> str:
    """Return what a file was saved as: WAV of an item that was not generated as such was converted."""
    as_generated = str(item.get("output_format")).startswith(("pcm", "wav"))
    return "wav" if kind is FileKind.WAV and not as_generated else ORIGINAL


def _unlisted(file: DownloadedFile) -> Metadata:
    """Return what is known of an item that nobody lists: its id, and the time in the name or of the last change."""
    date = min(max(file.path.stat().st_mtime, 0), time.time())
    if match := _TIME.search(file.path.name):
        with suppress(ValueError):
            date = datetime.fromisoformat("{}T{}:{}:{}Z".format(*match.groups())).timestamp()
    return {"history_item_id": file.history_item_id, "date_unix": int(date), **dict.fromkeys(_UNKNOWN)}
