"""A page that shows and plays a backup in a browser, opened from the disk: `index.html` and the folder `page`.

A page on the disk may load scripts, but it can't fetch files or import modules. So its data are scripts, too: shards of
items in the order of their dates. New items change the last shard only, and a tool that copies what changed copies
little.
"""

import json
import re
from collections.abc import Iterable, Iterator
from importlib.resources import files
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

from elevenlabs_history import HistoryItem, WriteError

from .catalog import Catalog
from .metadata import utf8
from .storage import Storage
from .verify import is_inside, is_page_file

_SHARD_ITEMS = 5000
_SHARD_CHARACTERS = 2_000_000  # fewer items if the texts are long, so that no script keeps the browser busy
_INDEX = "index.html"
_MARK = b'<meta name="generator" content="elevenlabs-history">'
# page/player.js has the same pattern. Writing systems that begin here, such as Chinese, have no blanks between words.
_WORD = re.compile("[^ \t\r\n\u2e80-\U0010ffff]+|[\u2e80-\U0010ffff]")
# An item may have a file in each of several formats; its first row is the one to play. JSON is parsed where it is
# needed only.
_ROWS = """
SELECT history_item_id, date_unix, voice, coalesce(model_id, ''), coalesce(source, ''), characters, text,
    path, coalesce(round(seconds, 2), 0), coalesce(reason, 'It was deleted on purpose.'),
    CASE WHEN instr(json, '"dialogue":[{') OR instr(json, '"alignments":{') THEN json END
FROM items CROSS JOIN files USING (history_item_id)
ORDER BY date_unix, history_item_id, state <> 'saved', format
"""


class _Item(NamedTuple):
    """What the page has of an item: without a file to play, the path is empty and the note says why."""

    id: str
    date: int
    voice: str
    model: str
    source: str
    characters: int
    text: str
    path: str
    seconds: float
    note: str
    timings: list[int]


def write_page(storage: Storage, catalog: Catalog) -> str:
    """Write the page of a backup and return where it is; see `Backup.write_page`."""
    if storage.exists(_INDEX) and _MARK not in (storage.read(_INDEX) or b""):
        raise WriteError(
            f"{storage.location(_INDEX)} exists and is not a page of this program. It was not changed.",
            hint="Move or rename it, then run it again.",
        )
    written = set()

    def write(path: str, data: bytes) -> None:
        written.add(path)
        storage.write(path, data)

    # Names are in the order in which they are first used, so that new ones change no number of old ones.
    names: dict[str, dict[str, int]] = {"voice": {}, "model": {}, "source": {}}
    shards = []
    for number, items in enumerate(_shards(_items(storage, catalog))):
        timings = [(item.id, item.timings) for item in items if item.timings]
        shards.append((len(items), items[0].date, items[-1].date, bool(timings)))
        write(f"page/data/{number:04}.js", _call("shard", number, _columns(items, names)))
        if timings:
            write(f"page/timings/{number:04}.js", _call("timings", timings))
    lists = {name: list(numbers) for name, numbers in names.items()}
    write("page/data/index.js", _call("index", {"names": lists, "shards": shards}))
    for asset in files("elevenlabs_history_backup").joinpath("page_assets").iterdir():
        write(asset.name if asset.name == _INDEX else f"page/{asset.name}", asset.read_bytes())
    for path in list(storage.paths_below("page")):
        if path.endswith(".js") and path not in written and is_page_file(path):
            storage.delete(path)
    return storage.location(_INDEX)


def _items(storage: Storage, catalog: Catalog) -> Iterator[_Item]:
    """Yield what the page has of each item, in the order of dates."""
    missing = set(storage.missing(catalog.paths()))
    for _, (row, *_) in groupby(catalog.rows(_ROWS), key=itemgetter(0)):
        history_item_id, date, voice, model, source, characters, text, path, seconds, reason, entry = row
        timings: list[int] = []
        note = ""
        if entry:
            item = catalog.parse_item(entry)
            text = _dialogue(item) or text
            timings = _timings(item, text)
        if path is None or path in missing or not is_inside(path):
            note = f"No file: {reason}" if path is None else f"The file is not in the folder: {path}"
            path, seconds = "", 0.0
        yield _Item(history_item_id, date, voice, model, source, characters, text, path, seconds, note, timings)


def _shards(items: Iterable[_Item]) -> Iterator[list[_Item]]:
    """Divide the items."""
    shard: list[_Item] = []
    characters = 0
    for item in items:
        shard.append(item)
        characters += len(item.text)
        if len(shard) == _SHARD_ITEMS or characters >= _SHARD_CHARACTERS:
            yield shard
            shard, characters = [], 0
    if shard:
        yield shard


def _columns(items: list[_Item], names: dict[str, dict[str, int]]) -> dict[str, list[object]]:
    """Return a shard as columns, which take less space than objects; page/archive.js reads them."""
    # The last field, the timings, has scripts of its own.
    columns = {name: list(values) for name, values in zip(_Item._fields[:-1], zip(*items, strict=True), strict=False)}
    for name, numbers in names.items():
        columns[name] = [numbers.setdefault(value, len(numbers)) for value in columns[name]]
    return columns


def _dialogue(item: HistoryItem) -> str:
    """Return who says what, a line each; empty if it is not a dialogue."""
    return utf8("\n".join(f"{line.voice_name or '?'}: {line.text}" for line in item.dialogue if line.text))


def _timings(item: HistoryItem, text: str) -> list[int]:
    """Return when each word begins, in hundredths of a second; empty unless these are the words that are shown."""
    try:
        alignment = (item.alignments or {})["alignment"]
        characters, times = alignment["characters"], alignment["character_start_times_seconds"]
        starts = [round(time * 100) for entry, time in zip(characters, times, strict=True) for _ in entry]
        words = list(_WORD.finditer("".join(characters)))
    except (KeyError, TypeError, ValueError, OverflowError):
        return []
    same = [word.group() for word in words] == _WORD.findall(text)
    return [starts[word.start()] for word in words] if same else []


def _call(name: str, *arguments: object) -> bytes:
    """Return a script that hands values to the page. JSON is part of JavaScript since ECMAScript 2019."""
    values = (json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode() for value in arguments)
    return b"HISTORY.%s(%s)\n" % (name.encode(), b",".join(values))
