"""Let go of files that the user has deleted on purpose."""

import os
from collections.abc import Collection
from pathlib import Path

from elevenlabs_history import InvalidArgumentError

from .catalog import Catalog
from .verify import is_inside


def forget(catalog: Catalog, history_item_ids: Collection[str]) -> int:
    """Record that the files of items are not missed; see `Backup.forget`."""
    for history_item_id in history_item_ids:
        record = catalog.get(history_item_id)
        if record is None:
            raise InvalidArgumentError(
                f"The backup in {catalog.folder} has no item {history_item_id!r}. Nothing was changed.",
                hint="Take the id from a search of the backup.",
            )
        for file in record.files:
            path = catalog.folder / file.path
            if is_inside(Path(file.path)) and os.path.lexists(path):
                raise InvalidArgumentError(
                    f"Item {history_item_id} can't be forgotten while {path} exists. Nothing was changed.",
                    hint="Delete the file first.",
                )
    return catalog.record_forgotten(history_item_ids)
