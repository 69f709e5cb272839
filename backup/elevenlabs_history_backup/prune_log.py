"""The log of `Backup.prune` in the catalog: a row is written before an item is deleted, and completed afterwards.

A row without `pruned_at` is a deletion whose outcome is not known: a run was killed, or an answer was lost.
"""

from .catalog import Catalog
from .metadata import Metadata

_NOW = "strftime('%Y-%m-%dT%H:%M:%SZ')"


def record_intent(catalog: Catalog, item: Metadata) -> None:
    """Write that an item is about to be deleted, and its metadata. Both are on the disk when this returns."""
    catalog.record_alignment(item["history_item_id"], item)
    with catalog.durable_transaction() as connection:
        insert = f"INSERT OR REPLACE INTO prunes (history_item_id, intended_at) VALUES (?, {_NOW})"  # noqa: S608
        connection.execute(insert, (item["history_item_id"],))


def record_pruned(catalog: Catalog, history_item_id: str) -> None:
    """Write that the server has deleted an item."""
    with catalog.transaction() as connection:
        update = f"UPDATE prunes SET pruned_at = {_NOW} WHERE history_item_id = ?"  # noqa: S608
        connection.execute(update, (history_item_id,))
        connection.execute("UPDATE items SET on_server = 0 WHERE history_item_id = ?", (history_item_id,))


def record_not_pruned(catalog: Catalog, history_item_id: str) -> None:
    """Write that the server still has an item that was to be deleted."""
    with catalog.transaction() as connection:
        connection.execute("DELETE FROM prunes WHERE history_item_id = ?", (history_item_id,))


def unsettled_ids(catalog: Catalog) -> list[str]:
    """Return the items of which it is not known whether the server has deleted them."""
    query = "SELECT history_item_id FROM prunes WHERE pruned_at IS NULL ORDER BY intended_at"
    return [row[0] for row in catalog.rows(query)]


def expected_ids(catalog: Catalog) -> set[str]:
    """Return the items that the server should have: no listing lacked them, and no run tried to delete them."""
    query = "SELECT history_item_id FROM items WHERE on_server EXCEPT SELECT history_item_id FROM prunes"
    return {row[0] for row in catalog.rows(query)}
