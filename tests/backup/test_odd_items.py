"""Whatever the fields of an item hold, a backup saves the others, and says which it could not save."""

import pytest
from elevenlabs_history_backup import Backup
from support.backups import sync
from support.odd_items import FIELDS, VALUES


@pytest.mark.parametrize("value", VALUES, ids=lambda value: ascii(value)[:20])
def test_an_item_with_an_odd_field_costs_no_other_item(client, simulator, tmp_path, value):
    items = list(simulator.history)
    for field, item in zip([*FIELDS, "history_item_id"], items, strict=False):
        item.metadata[field] = value
    report = sync(client, tmp_path)
    assert report.saved + len(report.failed) + len(report.missing) + report.invalid_entries == len(items)
    assert report.saved >= len(items) - 6
    with Backup(tmp_path) as backup:
        assert backup.verify().issues == []
        assert len(list(backup)) == report.saved + len(report.failed) + len(report.missing)
        assert len(list(backup.search("a"))) <= len(items)
