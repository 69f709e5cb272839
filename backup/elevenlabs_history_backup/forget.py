"""Let go of files that the user has deleted on purpose."""

from collections.abc import Collection

from elevenlabs_history import InvalidArgumentError

from .catalog import Catalog
from .storage import Storage
from .verify import is_inside


def forget(catalog: Catalog, storage: Storage, history_item_ids: Collection[str]) -> int:
    """Record that the files of items are not missed; see `Backup.forget`."""
    for history_item_id in history_item_ids:
        record = catalog.get(history_item_id)
        if record is None:
            raise InvalidArgumentError(
                f"The backup in {catalog.name} has no item {history_item_id!r}. Nothing was changed.",
                hint="Take the id from a search of the backup.",
            )
        for file in record.files:
            if is_inside(file.path) and storage.exists(file.path):
                location = storage.location(file.path)
                raise InvalidArgumentError(
                    f"Item {history_item_id} can't be forgotten while {location} exists. Nothing was changed.",
                    hint="Delete the file first.",
                )
    return catalog.record_forgotten(history_item_ids)
