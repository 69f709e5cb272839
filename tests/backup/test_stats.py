"""The numbers of a backup are those that its items and files have."""

import pytest
from elevenlabs_history import HistoryItem, InvalidArgumentError
from elevenlabs_history_backup import Backup, BackupStats, CatalogError
from support.backups import sync

JANUARY, MARCH = 1_704_067_200, 1_709_251_200  # the first seconds of these months of 2024, UTC


def add(simulator, text, *, date, seconds=1.0, **fields):
    return simulator.history.add(text=text, date=date, seconds=seconds, **fields)


@pytest.fixture
def backup(client, simulator, tmp_path):
    simulator.reset(items=0)
    add(simulator, "Again", date=JANUARY, voice_name="Ann", voice_id="a", model_id="one", source="TTS", seconds=2)
    add(simulator, "Again", date=MARCH - 1, voice_name="Bob", voice_id="b", model_id="one", source="TTS")
    add(simulator, " Again ", date=MARCH, voice_name="Ann", voice_id="a", model_id="one", source=None, seconds=3)
    add(simulator, "Again", date=MARCH + 1, voice_name="Ann", voice_id="a", model_id="two", source="STS")
    for number in range(2):
        add(simulator, "", date=MARCH + 2 + number, voice_name=None, voice_id=None, model_id=None, source="STS")
    sync(client, tmp_path)
    with Backup(tmp_path) as opened:
        yield opened


def test_the_totals_are_those_of_the_items_and_of_their_files(backup):
    total = backup.stats()
    assert (total.items, total.saved) == (6, 6)
    assert total.characters == sum(HistoryItem(each.metadata).characters for each in backup) > 0
    files = [file for each in backup for file in each.files]
    assert total.size == sum((backup.folder / file.path).stat().st_size for file in files)
    assert total.seconds == pytest.approx(sum(file.seconds for file in files))
    assert total.seconds == pytest.approx(9, abs=0.5)
    assert (total.repeated, total.repeated_characters) == (1, len(" Again "))


@pytest.mark.parametrize(
    ("by", "items"),
    [
        ("month", [("2024-01", 1), ("2024-02", 1), ("2024-03", 4)]),
        ("voice", [("Ann", 3), ("Bob", 1), (None, 2)]),
        ("model", [("one", 3), ("two", 1), (None, 2)]),
        ("source", [("TTS", 2), (None, 1), ("STS", 3)]),
    ],
)
def test_each_group_has_its_own_and_all_groups_have_everything(backup, by, items):
    groups = backup.stats_by(by)
    assert [(name, each.items) for name, each in groups.items()] == items
    total = backup.stats()
    for name in ("items", "saved", "characters", "size", "repeated", "repeated_characters"):
        assert sum(getattr(each, name) for each in groups.values()) == getattr(total, name)
    assert sum(each.seconds for each in groups.values()) == pytest.approx(total.seconds)


def test_files_in_two_formats_sound_once_and_take_space_twice(client, backup):
    before = backup.stats()
    backup.sync(client, output_format="wav", full=True)
    after = backup.stats()
    assert (after.items, after.saved, after.characters) == (before.items, before.saved, before.characters)
    assert after.seconds == pytest.approx(before.seconds, abs=0.5)
    assert after.size > 2 * before.size


def test_what_is_not_saved_counts_as_an_item_only(client, simulator, backup):
    before = backup.stats()
    record = backup.find("Again", model_id="two")[0]
    (backup.folder / record.files[0].path).unlink()
    backup.forget(record.history_item_id)
    after = backup.stats()
    assert (after.items, after.saved) == (before.items, before.saved - 1)
    assert after.seconds < before.seconds
    assert after.size < before.size


def test_an_unknown_grouping_is_refused(backup):
    with pytest.raises(InvalidArgumentError, match="Valid are: month, voice, model, source"):
        backup.stats_by("key")


def test_a_backup_without_items_has_zeros(client, simulator, tmp_path):
    simulator.reset(items=0)
    sync(client, tmp_path)
    with Backup(tmp_path) as backup:
        assert backup.stats() == BackupStats()
        assert backup.stats_by("month") == {}


def test_a_folder_that_is_no_backup_is_refused_and_stays_empty(tmp_path):
    with Backup(tmp_path) as backup, pytest.raises(CatalogError, match="is not a backup"):
        backup.stats()
    assert list(tmp_path.iterdir()) == []
