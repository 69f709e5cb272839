"""A backup remembers what its first run was made with; what a later run is given holds for that run alone."""

import contextlib
import sqlite3
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from elevenlabs_history import AuthenticationError, FileSaved, InvalidArgumentError, InvalidRequestError, Template
from elevenlabs_history_backup import Backup, CatalogError, SyncSettings
from elevenlabs_history_simulator import Fault
from support.backups import import_files, plan, sync

RECENT = 2_000_000_000


def settings_of(folder):
    with Backup(folder) as backup:
        return backup.settings


@pytest.fixture
def voice(simulator):
    """The id of a voice that some items have and others have not."""
    for number in range(3):
        simulator.history.add(voice_id="V" * 20, voice_name="Vera", date=RECENT + number)
    return "V" * 20


def test_a_later_run_continues_with_the_filters_format_and_template_of_the_first(client, simulator, tmp_path, voice):
    assert sync(client, tmp_path, voice=voice, output_format="wav", template="{voice}/{id}{ext}").saved == 3
    item = simulator.history.add(voice_id=voice, voice_name="Vera", date=RECENT + 9)
    simulator.history.add(date=RECENT + 10)
    assert plan(client, tmp_path).items == 1
    assert sync(client, tmp_path).saved == 1
    assert (tmp_path / "Vera" / f"{item.id}.wav").is_file()
    assert len(list(tmp_path.rglob("*.wav"))) == 4
    assert settings_of(tmp_path) == SyncSettings(template="{voice}/{id}{ext}", output_format="wav", voice=voice)


def test_every_filter_is_remembered(client, simulator, tmp_path, voice):
    filters = {"model_id": "eleven_v3", "source": "TTS", "search": "dragon"}
    simulator.history.add(voice_id=voice, model_id="eleven_v3", source="TTS", text="A dragon.", date=RECENT)
    assert sync(client, tmp_path, voice=voice, **filters, after=RECENT, before=RECENT + 2).saved == 1
    simulator.requests.clear()
    sync(client, tmp_path)
    plan(client, tmp_path)
    for request in simulator.requests:
        assert {name: request.query[name] for name in filters} == filters
        assert (request.query["date_after_unix"], request.query["date_before_unix"]) == (str(RECENT), str(RECENT + 2))
    assert len(simulator.requests) == 2


def test_a_filter_of_one_run_never_narrows_the_next(client, simulator, tmp_path):
    assert sync(client, tmp_path).saved == 20
    simulator.history.add(date=RECENT)
    simulator.history.add(date=1_000_000_000)
    assert plan(client, tmp_path, after=RECENT).items == 1
    assert sync(client, tmp_path, after=RECENT, output_format="wav", template="{id}{ext}").saved == 1
    assert settings_of(tmp_path) == SyncSettings()
    assert sync(client, tmp_path, full=True).saved == 2
    assert len(list(tmp_path.rglob("*.wav"))) == 1


def test_a_run_may_be_told_to_be_continued(client, tmp_path, voice):
    sync(client, tmp_path, limit=1)
    sync(client, tmp_path, voice=voice, remember=True)
    assert settings_of(tmp_path) == SyncSettings(voice=voice)
    sync(client, tmp_path, source="TTS", output_format="wav", remember=True)
    assert settings_of(tmp_path) == SyncSettings(voice=voice, source="TTS", output_format="wav")
    sync(client, tmp_path, output_format="original", no_filters=True, remember=True)
    assert settings_of(tmp_path) == SyncSettings()


def test_a_run_without_filters_keeps_the_template_and_leaves_the_filters_remembered(client, tmp_path, voice):
    sync(client, tmp_path, voice=voice, template="{id}{ext}")
    assert plan(client, tmp_path, no_filters=True).items == 20
    report = sync(client, tmp_path, no_filters=True)
    assert (report.saved, report.deleted) == (20, 0)
    assert len(list(tmp_path.glob("*.mp3"))) == 23
    assert settings_of(tmp_path) == SyncSettings(voice=voice, template="{id}{ext}")


def test_the_original_format_can_be_asked_for_in_a_backup_of_wav_files(client, tmp_path):
    sync(client, tmp_path, output_format="wav", limit=2)
    assert sync(client, tmp_path, output_format="original", limit=2).saved == 2
    assert sorted(path.suffix for path in tmp_path.rglob("*_*.*")) == [".mp3", ".mp3", ".wav", ".wav"]
    assert sync(client, tmp_path, limit=3).saved == 1
    assert len(list(tmp_path.rglob("*.wav"))) == 3


def test_a_first_run_that_finds_nothing_does_not_bind_the_next(client, tmp_path):
    assert sync(client, tmp_path, voice="Rachell", output_format="wav").listed == 0
    assert settings_of(tmp_path) is None
    assert sync(client, tmp_path).saved == 20
    assert len(list(tmp_path.rglob("*.mp3"))) == 20


@pytest.mark.parametrize("operation", ["list", "download"])
def test_a_first_run_that_fails_does_not_bind_the_next(client, simulator, tmp_path, operation):
    simulator.faults.add(Fault.answer(401, b'{"detail": {"status": "invalid_api_key"}}'), on=operation)
    with pytest.raises(AuthenticationError):
        sync(client, tmp_path, source="TTS", output_format="flac", workers=1)
    assert settings_of(tmp_path) is None
    assert sync(client, tmp_path).saved == 20


def test_a_first_run_that_had_nothing_to_fetch_is_remembered(client, tmp_path):
    client.download(list(client.list())).extract(tmp_path, template="{id}{ext}")
    assert import_files(client, tmp_path).recorded == 20
    assert sync(client, tmp_path, source="TTS").saved == 0
    assert settings_of(tmp_path) == SyncSettings(source="TTS")


def test_a_run_that_finds_nothing_may_be_told_to_be_continued(client, simulator, tmp_path):
    assert sync(client, tmp_path, voice="Rosalind", remember=True).listed == 0
    assert sync(client, tmp_path).listed == 0
    assert sync(client, tmp_path, voice="Nobody").listed == 0
    simulator.history.add(voice_name="Rosalind")
    assert sync(client, tmp_path).saved == 1


@pytest.mark.parametrize("imported", [0, 3])
def test_a_format_that_the_server_refuses_does_not_bind_the_next_run(client, tmp_path, imported):
    if imported:
        client.download(list(client.list(limit=imported))).extract(tmp_path, template="{id}{ext}")
        assert import_files(client, tmp_path).recorded == imported
    with pytest.raises(InvalidRequestError):
        sync(client, tmp_path, output_format="flac", remember=True)
    assert sync(client, tmp_path).saved == 20 - imported


def test_limit_and_full_are_never_remembered(client, tmp_path):
    assert sync(client, tmp_path, limit=3, full=True).saved == 3
    assert sync(client, tmp_path).saved == 17


def test_a_first_run_that_is_killed_is_continued_as_it_began(client, tmp_path, voice):
    def kill(event):
        if isinstance(event, FileSaved):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sync(client, tmp_path, voice=voice, output_format="wav", on_event=kill, batch_size=1, workers=1)
    assert 1 <= len(list(tmp_path.rglob("*.wav"))) < 3
    assert sync(client, tmp_path).complete
    assert len(list(tmp_path.rglob("*.wav"))) == 3


def test_a_first_run_that_the_server_refuses_binds_nobody(client, tmp_path):
    with pytest.raises(InvalidRequestError):
        sync(client, tmp_path, output_format="ogg", workers=1)
    assert sync(client, tmp_path, output_format="wav").saved == 20
    assert settings_of(tmp_path) == SyncSettings(output_format="wav")


def test_a_first_run_whose_filter_matches_nothing_binds_nobody(client, tmp_path, voice):
    assert sync(client, tmp_path, voice="v" * 20).saved == 0
    assert sync(client, tmp_path, voice=voice).saved == 3
    assert settings_of(tmp_path) == SyncSettings(voice=voice)


def test_there_are_no_settings_before_the_first_run(client, tmp_path):
    assert settings_of(tmp_path) is None
    plan(client, tmp_path, source="TTS")
    assert settings_of(tmp_path) is None
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "after",
    [datetime(2025, 10, 31, 12, tzinfo=timezone(timedelta(hours=2))), "2025-10-31T10:00:00", 1_761_904_800 - 0.5],
    ids=["datetime", "text", "seconds"],
)
def test_times_are_remembered_as_exact_moments(client, simulator, tmp_path, after):
    sync(client, tmp_path, after=after, before="2100-01-01", limit=1)
    assert settings_of(tmp_path) == SyncSettings(after="2025-10-31T10:00:00Z", before="2100-01-01T00:00:00Z")
    simulator.requests.clear()
    sync(client, tmp_path)
    assert int(simulator.requests[0].query["date_after_unix"]) == 1_761_904_800


def test_a_time_given_in_another_way_is_the_same_time(client, simulator, tmp_path):
    simulator.history.fill(1500)
    sync(client, tmp_path, after=1_000_000_000)
    simulator.requests.clear()
    sync(client, tmp_path, after=datetime.fromtimestamp(1_000_000_000, UTC))
    assert [request.operation for request in simulator.requests] == ["list"]


@pytest.mark.parametrize("zone", [UTC, ZoneInfo("Asia/Tokyo")])
def test_the_time_zone_of_names_is_remembered(client, simulator, tmp_path, zone):
    sync(client, tmp_path, template=Template("{date:%H-%M}_{id}{ext}", zone=zone), limit=1)
    item = simulator.history.add(date=RECENT)
    sync(client, tmp_path, limit=1)
    assert (tmp_path / f"{datetime.fromtimestamp(RECENT, zone):%H-%M}_{item.id}.mp3").is_file()
    assert settings_of(tmp_path).zone == str(zone)


def test_a_template_whose_time_zone_has_no_name_is_refused(client, simulator, tmp_path):
    with pytest.raises(InvalidArgumentError, match=r"has no name that a backup could remember\. Use UTC or zoneinfo"):
        sync(client, tmp_path / "new", template=Template(zone=timezone(timedelta(hours=1))))
    assert (simulator.requests, list(tmp_path.iterdir())) == ([], [])


def test_a_time_zone_that_this_machine_does_not_know_is_named(client, simulator, tmp_path):
    sync(client, tmp_path, template=Template(zone=ZoneInfo("Asia/Tokyo")), limit=1)
    with contextlib.closing(sqlite3.connect(tmp_path / "history.db")) as catalog, catalog:
        catalog.execute("UPDATE settings SET value = 'Asia/Atlantis' WHERE name = 'zone'")
    simulator.requests.clear()
    with pytest.raises(InvalidArgumentError, match=r"Asia/Atlantis, .* does not know\. Run: pip install tzdata"):
        sync(client, tmp_path, source="STS", remember=True)
    assert (simulator.requests, settings_of(tmp_path).source) == ([], None)
    assert sync(client, tmp_path, template="{id}{ext}").saved == 19


def test_settings_are_a_table_that_any_tool_can_read(client, tmp_path):
    sync(client, tmp_path, source="TTS")
    with contextlib.closing(sqlite3.connect(tmp_path / "history.db")) as catalog:
        stored = dict(catalog.execute("SELECT name, value FROM settings WHERE value IS NOT NULL"))
    assert stored == {"source": "TTS", "zone": "UTC"}


def test_a_closed_backup_tells_no_settings(client, tmp_path):
    sync(client, tmp_path, limit=1)
    backup = Backup(tmp_path)
    backup.close()
    with pytest.raises(CatalogError, match="is closed"):
        _ = backup.settings


def test_a_run_that_fails_to_list_leaves_what_is_remembered(client, simulator, tmp_path):
    sync(client, tmp_path, limit=1)
    simulator.faults.add(Fault.answer(400, b'{"detail": "no"}'), on="list")
    with pytest.raises(Exception, match="no"):
        sync(client, tmp_path, source="TTS")
    assert settings_of(tmp_path) == SyncSettings()
