"""A dlt source: the items of a workspace as rows, and the files of a backup.

import dlt
from elevenlabs_history_backup.dlt_source import history_source

pipeline = dlt.pipeline("elevenlabs_history", destination="duckdb", dataset_name="elevenlabs")
pipeline.run(history_source())  # run it again to load only what is new
"""

import time
from collections.abc import Iterable, Iterator
from typing import Any

from attrs import asdict
from elevenlabs_history import HistoryClient, HistoryItem, InvalidArgumentError, Region

from .reader import BackupReader

try:
    import dlt
except ModuleNotFoundError:
    raise InvalidArgumentError("The dlt source needs dlt.", hint="Run: pip install 'elevenlabs-history[dlt]'") from None

_ALIGNMENT = ("characters", "character_start_times_seconds", "character_end_times_seconds")
_COLUMNS: Any = {
    "history_item_id": {"data_type": "text", "nullable": False},
    "date_unix": {"data_type": "bigint", "nullable": False},
    "date": {"data_type": "timestamp", "nullable": False},
    "characters": {"data_type": "bigint", "nullable": False},
    # Columns that are empty in the first load, too.
    "text": {"data_type": "text"},
    "voice_name": {"data_type": "text"},
    "voice_id": {"data_type": "text"},
    "share_link_id": {"data_type": "text"},
    # Its numbers may be whole in one item and not in the next.
    "settings": {"data_type": "json"},
}


@dlt.source(name="elevenlabs_history", section="elevenlabs_history")
def history_source(
    api_key: dlt.TSecretStrValue | None = None,
    *,
    region: Region | None = None,
    base_url: str | None = None,
    folder: str | None = None,
    dialogue: bool = False,
    alignments: bool = False,
    full: bool = False,
) -> Any:  # noqa: ANN401 - the decorator makes a DltSource of it
    """Load the items of a workspace, and the files of its backup.

    `items` has a row per item: what the API tells of it, its `date`, its `characters`, and of a dialogue the text and
    the voices of its lines. A load begins at the newest date of the one before. Rows are merged on `history_item_id`;
    those of items that were deleted on the server stay.

    `files` has a row per file of a backup, with the path relative to its folder. Each load replaces it.

    Args:
        api_key: The key; without one in dlt's configuration, ELEVENLABS_API_KEY is read.
        region: The data residency region of the workspace.
        base_url: Another server.
        folder: The folder of a backup; without one there is no `files`.
        dialogue: Load the lines of dialogues, as the child table `items__dialogue`.
        alignments: Load the characters of each text with their times in seconds, as the child table
            `items__alignments`. A listing may leave them out.
        full: List everything, and so update rows of items that have changed.
    """

    def items(after: int | None) -> Iterator[list[dict[str, Any]]]:
        with HistoryClient(api_key, region=region, base_url=base_url) as client:
            for page in client.list(after=after, newest_first=False).pages():
                yield [_row(item, dialogue=dialogue, alignments=alignments) for item in page]

    def new_items(dates: Any = dlt.sources.incremental("date_unix", last_value_func=_newest)) -> Any:  # noqa: ANN401, B008 - as dlt has it
        yield from items(dates.last_value)

    yield dlt.resource(
        items(None) if full else new_items,
        name="items",
        primary_key="history_item_id",
        write_disposition="merge",
        columns=_COLUMNS,
        # Whatever the API adds stays one column.
        max_table_nesting=int(dialogue or alignments),
    )
    if folder is not None:
        yield dlt.resource(_files(folder), name="files", primary_key="path", write_disposition="replace")


def _newest(dates: Iterable[int]) -> int:
    # From a date in the future on, later loads would miss what is generated before it.
    return min(max(dates), int(time.time()))


def _row(item: HistoryItem, *, dialogue: bool, alignments: bool) -> dict[str, Any]:
    row = item.to_dict() | {
        "date": item.date,
        "characters": item.characters,
        "text": item.text,
        "voice_name": item.voice_name,
        "dialogue": [asdict(line) for line in item.dialogue] if dialogue else None,
        "alignments": _characters(item) if alignments else None,
    }
    return {name: value for name, value in row.items() if value is not None}


def _characters(item: HistoryItem) -> list[dict[str, Any]]:
    """Return the characters of the text as it was written; none if they and their times don't belong together."""
    alignment = (item.alignments or {}).get("alignment")
    lists = [alignment.get(name) for name in _ALIGNMENT] if isinstance(alignment, dict) else []
    try:
        return [
            {"character": str(character), "start_seconds": float(start), "end_seconds": float(end)}
            for character, start, end in zip(*lists, strict=True)
        ]
    except (TypeError, ValueError):
        return []


def _files(folder: str) -> Iterator[dict[str, Any]]:
    with BackupReader(folder) as backup:
        for record in backup:
            yield from (asdict(file) for file in record.files)
