"""Whatever the fields of an item hold, a backup saves the others, and says which it could not save."""

import pytest
from elevenlabs_history_backup import Backup
from support.backups import sync

VALUES = [
    None,
    True,
    0,
    -1,
    10**30,
    1.5,
    "",
    "x" * 5000,
    "../../x\0\x1b[2J",
    "\ud800",
    [],
    [1, None, {}],
    {},
    {"a": [1]},
]
FIELDS = [
    "date_unix",
    "character_count_change_from",
    "character_count_change_to",
    "content_type",
    "state",
    "request_id",
    "voice_id",
    "model_id",
    "voice_name",
    "voice_category",
    "text",
    "settings",
    "share_link_id",
    "source",
    "alignments",
    "dialogue",
    "output_format",
    "some_new_field",
    "history_item_id",
]


@pytest.mark.parametrize("value", VALUES, ids=lambda value: ascii(value)[:20])
def test_an_item_with_an_odd_field_costs_no_other_item(client, simulator, tmp_path, value):
    items = list(simulator.history)
    for field, item in zip(FIELDS, items, strict=False):
        item.metadata[field] = value
    report = sync(client, tmp_path)
    assert report.saved + len(report.failed) + len(report.missing) + report.invalid_entries == len(items)
    assert report.saved >= len(items) - 6
    with Backup(tmp_path) as backup:
        assert backup.verify().issues == []
        assert len(list(backup)) == report.saved + len(report.failed) + len(report.missing)
        assert len(list(backup.search("a"))) <= len(items)
