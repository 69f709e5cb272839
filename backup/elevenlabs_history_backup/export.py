"""A backup for other programs: CSV, JSON lines, M3U."""

import csv
from collections.abc import Iterable
from typing import TextIO

from attrs import asdict
from elevenlabs_history import HistoryItem

from .metadata import to_json, utf8
from .report import Record
from .verify import is_inside

COLUMNS = (
    *("history_item_id", "date", "voice", "voice_id", "model_id", "source", "text", "characters", "state", "reason"),
    *("path", "format", "size", "seconds", "sha256", "match_method"),
)
# Spreadsheets take a cell that begins like this for a formula, and anyone may have written the texts.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def write_csv(records: Iterable[Record], stream: TextIO) -> None:
    """Write one row per file, and one per item without a file; the first row names the columns."""
    writer = csv.DictWriter(stream, COLUMNS, extrasaction="ignore")
    writer.writeheader()
    for record in records:
        item = HistoryItem(record.metadata)
        more = {name: getattr(item, name) for name in ("voice_id", "model_id", "source", "characters")}
        row = {**record.to_dict(), **more}
        for file in record.files or [None]:
            cells = {**row, **asdict(file)} if file else row
            writer.writerow({name: _cell(value) for name, value in cells.items()})


def write_jsonl(records: Iterable[Record], stream: TextIO) -> None:
    """Write one line of JSON per item: its complete metadata, and its files."""
    for record in records:
        stream.write(to_json(record.to_dict()) + "\n")


def write_m3u(records: Iterable[Record], stream: TextIO) -> None:
    """Write a playlist of the files, with paths relative to the folder of the backup."""
    stream.write("#EXTM3U\n")
    for record in records:
        title = " ".join(f"{record.voice} - {record.text}".split())
        for file in record.files:
            seconds = -1 if file.seconds is None else round(file.seconds)
            # Another program may have written the path, and a line end would make two of it.
            if not is_inside(file.path) or not {"\n", "\r"}.isdisjoint(file.path):
                continue
            # A line that begins with a number sign is a comment.
            path = f"./{file.path}" if file.path.startswith("#") else file.path
            stream.write(f"#EXTINF:{seconds},{title}\n{path}\n")


def _cell(value: object) -> object:
    return utf8(f"'{value}" if value.startswith(_FORMULA) else value) if isinstance(value, str) else value
