"""A backup for other programs: CSV, JSON lines, M3U."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING, TextIO

from attrs import asdict

from .metadata import characters_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .records import Record

COLUMNS = (
    *("history_item_id", "date", "voice", "voice_id", "model_id", "source", "text", "characters", "state", "reason"),
    *("path", "format", "size", "sha256", "match_method"),
)
# Spreadsheets take a cell that begins like this for a formula, and anyone may have written the texts.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def write_csv(records: Iterable[Record], stream: TextIO) -> None:
    """Write one row per file, and one per item without a file; the first row names the columns.

    Args:
        records: The items.
        stream: Opened with `newline=""`.
    """
    writer = csv.writer(stream)
    writer.writerow(COLUMNS)
    for record in records:
        row = _row(record)
        for file in record.files or [None]:
            file_cells = () if file is None else (file.path, file.format, file.size, file.sha256, file.match_method)
            writer.writerow([_cell(value) for value in (*row, *file_cells)])


def write_jsonl(records: Iterable[Record], stream: TextIO) -> None:
    """Write one line of JSON per item: its complete metadata, and its files."""
    for record in records:
        stream.write(json.dumps(as_json(record), ensure_ascii=False) + "\n")


def write_m3u(records: Iterable[Record], stream: TextIO) -> None:
    """Write a playlist of the files, with paths relative to the folder of the backup."""
    stream.write("#EXTM3U\n")
    for record in records:
        title = " ".join(f"{record.voice} - {record.text}".split())
        for file in record.files:
            stream.write(f"#EXTINF:-1,{title}\n{file.path}\n")


def as_json(record: Record) -> dict[str, object]:
    """Return an item as a JSON object."""
    return {
        "history_item_id": record.history_item_id,
        "date": record.date.isoformat().replace("+00:00", "Z"),
        "voice": record.voice,
        "text": record.text,
        "state": record.state,
        "reason": record.reason,
        "on_server": record.on_server,
        "files": [asdict(file) for file in record.files],
        "metadata": record.metadata,
    }


def _row(record: Record) -> tuple[object, ...]:
    metadata = record.metadata
    ids = (metadata.get("voice_id"), metadata.get("model_id"), metadata.get("source"))
    date = record.date.isoformat().replace("+00:00", "Z")
    characters = characters_of(metadata)
    return (record.history_item_id, date, record.voice, *ids, record.text, characters, record.state, record.reason)


def _cell(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
