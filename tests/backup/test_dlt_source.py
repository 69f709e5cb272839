"""The dlt source, loaded into DuckDB: what is new is added, what changed is replaced, nothing is lost or doubled."""

import contextlib
import re
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from elevenlabs_history import HistoryClient
from elevenlabs_history_simulator import Fault
from support.backups import sync

dlt = pytest.importorskip("dlt")
duckdb = pytest.importorskip("duckdb")

from dlt.pipeline.exceptions import PipelineStepFailed  # noqa: E402
from elevenlabs_history_backup.dlt_source import history_source  # noqa: E402

PAGE = (Path(__file__).parents[2] / "docs" / "pipelines.md").read_text(encoding="utf-8")


class Warehouse:
    """A pipeline into a database of its own."""

    def __init__(self, folder):
        destination = dlt.destinations.duckdb(str(folder / "warehouse.duckdb"))
        self.pipeline = dlt.pipeline(
            "history", destination=destination, dataset_name="elevenlabs", pipelines_dir=str(folder / "pipelines")
        )

    def load(self, refresh=None, **options):
        """Load, and return how many rows each table got."""
        self.pipeline.run(history_source(**options), refresh=refresh)
        counts = self.pipeline.last_trace.last_normalize_info.row_counts
        return {name: count for name, count in counts.items() if not name.startswith("_dlt")}

    def rows(self, query):
        with self.pipeline.sql_client() as client:
            return client.execute_sql(query)


@pytest.fixture
def warehouse(simulator, tmp_path, monkeypatch):
    for name, value in simulator.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("DLT_DATA_DIR", str(tmp_path / "dlt"))
    monkeypatch.setenv("RUNTIME__DLTHUB_TELEMETRY", "false")
    monkeypatch.chdir(tmp_path)
    return Warehouse(tmp_path)


def loaded_ids(warehouse):
    return sorted(row[0] for row in warehouse.rows("SELECT history_item_id FROM items"))


def ids_of(simulator):
    return sorted(item.id for item in simulator.history)


def test_the_first_load_has_every_item_and_a_second_one_what_is_new(warehouse, simulator):
    assert warehouse.load() == {"items": 20}
    assert loaded_ids(warehouse) == ids_of(simulator)
    newest = max(item.date for item in simulator.history)
    new = simulator.history.add(date=newest + 60)
    assert warehouse.load() == {"items": 1}
    assert [request.query.get("date_after_unix") for request in simulator.requests] == [None, str(newest)]
    assert loaded_ids(warehouse) == ids_of(simulator)
    assert warehouse.load() == {}
    query = f"SELECT text, voice_name, date_unix, epoch(date), characters FROM items WHERE history_item_id = '{new.id}'"
    with HistoryClient() as client:
        item = client.get(new.id)
    assert warehouse.rows(query) == [(item.text, item.voice_name, item.date_unix, item.date_unix, item.characters)]


def test_an_item_of_the_same_second_as_the_last_one_is_not_missed(warehouse, simulator):
    warehouse.load()
    simulator.history.add(date=max(item.date for item in simulator.history))
    assert warehouse.load() == {"items": 1}
    assert loaded_ids(warehouse) == ids_of(simulator)


def test_a_date_in_the_future_hides_nothing_that_is_older(warehouse, simulator):
    now = int(time.time())
    simulator.history.add(date=now + 86_400)
    warehouse.load()
    simulator.history.add(date=now + 3600)
    warehouse.load()
    assert loaded_ids(warehouse) == ids_of(simulator)


def test_an_item_that_changed_replaces_its_row(warehouse, simulator):
    dialogue = simulator.history.add_dialogue([("Rachel", "One."), ("Domi", "Two.")])
    warehouse.load(dialogue=True)
    (item, *_) = simulator.history
    simulator.history.change(item.id, text="Corrected.")
    simulator.history.change(dialogue.id, dialogue=[{"text": "Three.", "voice_id": "v", "voice_name": "Rachel"}])
    assert warehouse.load(dialogue=True) == {}
    assert warehouse.load(dialogue=True, full=True)["items"] == 21
    assert warehouse.rows(f"SELECT text FROM items WHERE history_item_id = '{item.id}'") == [("Corrected.",)]
    assert warehouse.rows("SELECT text FROM items__dialogue") == [("Three.",)]
    assert loaded_ids(warehouse) == ids_of(simulator)


def test_the_row_of_a_deleted_item_stays_until_everything_is_loaded_anew(warehouse, simulator):
    warehouse.load()
    everything = ids_of(simulator)
    simulator.history.remove(everything[0])
    warehouse.load(full=True)
    assert loaded_ids(warehouse) == everything
    assert warehouse.load(refresh="drop_resources") == {"items": 19}
    assert loaded_ids(warehouse) == everything[1:]


def test_a_load_that_is_cut_off_is_made_up_for_by_the_next(warehouse, simulator):
    simulator.history.fill(1500)
    simulator.faults.add(Fault.refusal(403, "missing_permissions"), on="list", skip=1)
    with pytest.raises(PipelineStepFailed, match="missing_permissions"):
        warehouse.load()
    assert warehouse.load() == {"items": 1520}
    assert loaded_ids(warehouse) == ids_of(simulator)


def test_dialogues_and_alignments_are_child_tables_on_request(warehouse, simulator):
    aligned = simulator.history.add(text="Hi!", aligned=True, date=1_762_000_000)
    simulator.history.add_dialogue([("Rachel", "One."), ("Domi", "Two.")], date=1_762_000_001)
    assert warehouse.load(full=True) == {"items": 22}
    assert warehouse.rows("SELECT text, voice_name FROM items ORDER BY date DESC LIMIT 1") == [
        ("One.\nTwo.", "Rachel & Domi")
    ]
    counts = warehouse.load(full=True, dialogue=True, alignments=True)
    assert counts == {"items": 22, "items__dialogue": 2, "items__alignments": 3}
    lines = "SELECT voice_name, text FROM items__dialogue ORDER BY _dlt_list_idx"
    assert warehouse.rows(lines) == [("Rachel", "One."), ("Domi", "Two.")]
    characters = (
        "SELECT character, start_seconds, end_seconds FROM items__alignments"
        " JOIN items ON items._dlt_id = items__alignments._dlt_parent_id"
        f" WHERE history_item_id = '{aligned.id}' ORDER BY _dlt_list_idx"
    )
    assert warehouse.rows(characters) == [("H", 0.0, 0.06), ("i", 0.06, 0.12), ("!", 0.12, 0.18)]


@pytest.mark.parametrize(
    "alignment",
    [
        None,
        [],
        {"characters": "a"},
        {
            "characters": ["a"],
            "character_start_times_seconds": [0, 1],
            "character_end_times_seconds": [1],
        },
        {
            "characters": ["a"],
            "character_start_times_seconds": [{}],
            "character_end_times_seconds": ["soon"],
        },
    ],
)
def test_alignments_that_make_no_sense_are_left_out(warehouse, simulator, alignment):
    simulator.history.add(alignments={"alignment": alignment})
    assert warehouse.load(alignments=True) == {"items": 21}


def test_numbers_that_change_their_kind_stay_one_column(warehouse, simulator):
    simulator.history.add(settings={"stability": 1}, date=1_762_000_000)
    simulator.history.add(settings={"stability": 0.5, "new": [1, {"a": 2}]}, date=1_762_000_001)
    warehouse.load(dialogue=True)
    rows = warehouse.rows("SELECT settings->>'stability' FROM items ORDER BY date DESC LIMIT 2")
    assert rows == [("0.5",), ("1",)]
    columns = [row[0] for row in warehouse.rows("SELECT column_name FROM information_schema.columns")]
    assert not [name for name in columns if name.startswith("settings_")]


def test_files_of_a_backup_are_loaded_and_follow_it(warehouse, simulator, tmp_path):
    folder = tmp_path / "backup"
    with HistoryClient() as client:
        sync(client, folder)
        assert warehouse.load(folder=str(folder)) == {"items": 20, "files": 20}
        simulator.history.add(date=1_762_000_000)
        sync(client, folder)
    assert warehouse.load(folder=str(folder)) == {"items": 1, "files": 21}
    joined = warehouse.rows("SELECT path, size FROM items JOIN files USING (history_item_id)")
    assert {(folder / path).stat().st_size == size for path, size in joined} == {True}
    assert len(joined) == 21


def test_the_key_may_come_from_dlt_and_is_not_in_an_error(warehouse, simulator, monkeypatch):
    monkeypatch.delenv("ELEVENLABS_API_KEY")
    monkeypatch.setenv("SOURCES__ELEVENLABS_HISTORY__API_KEY", simulator.api_key)
    assert warehouse.load() == {"items": 20}
    monkeypatch.setenv("SOURCES__ELEVENLABS_HISTORY__API_KEY", "sk_refused")
    with pytest.raises(PipelineStepFailed) as raised:
        warehouse.load()
    assert "invalid_api_key" in str(raised.value)
    assert "sk_refused" not in str(raised.value)


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


@pytest.fixture
def everything(warehouse, simulator, tmp_path):
    """The backup of the page."""
    simulator.history.add(text="Twice.", voice_name="Rachel", voice_id="v", date=1_762_000_000)
    simulator.history.add(text="Twice.", voice_name="Rachel", voice_id="v", date=1_759_000_000)
    with HistoryClient() as client:
        sync(client, tmp_path / "everything")
    return tmp_path / "everything"


@pytest.mark.usefixtures("everything")
def test_the_program_of_the_page_loads_items_and_files(simulator, capsys):
    (program,) = blocks("python")
    exec(program, {})
    assert "no failed jobs" in (printed := capsys.readouterr().out)
    voices = {item.as_told()["voice_name"] for item in simulator.history}
    assert sum(line.startswith(tuple(voices)) for line in printed.splitlines()) == len(voices)


def test_the_queries_of_the_page_read_the_catalog(everything, tmp_path):
    attach, monthly, repeated = blocks("sql")[0].strip().split(";\n\n")
    offline = {"autoinstall_known_extensions": "false"}
    with (
        duckdb.connect(config=offline) as database,
        contextlib.closing(sqlite3.connect(everything / "history.db")) as catalog,
    ):
        try:
            database.execute(attach)
        except duckdb.IOException:
            # The extension for SQLite comes from the network, and is not installed: copy what the queries read.
            database.execute("ATTACH ':memory:' AS history")
            for table in ("items", "files"):
                rows = catalog.execute(f"SELECT * FROM {table}")
                types = dict(catalog.execute(f"SELECT name, type FROM pragma_table_info('{table}')").fetchall())
                columns = [column[0] for column in rows.description]
                declared = ", ".join(f"{name} {types[name]}".replace("INTEGER", "BIGINT") for name in columns)
                database.execute(f"CREATE TABLE history.{table} ({declared})")
                database.executemany(
                    f"INSERT INTO history.{table} VALUES ({', '.join('?' * len(columns))})", rows.fetchall()
                )
        months = database.execute(monthly).fetchall()
        assert sum(clips for _, _, clips, _, _ in months) == 22
        assert {month for month, *_ in months} == {"2025-09", "2025-11"}
        assert ("Rachel", "Twice.", 2, 6) in database.execute(repeated).fetchall()


def test_without_dlt_the_extra_is_named():
    program = "import sys; sys.modules['dlt'] = None; import elevenlabs_history_backup.dlt_source"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, encoding="utf-8", check=False)
    assert done.stderr.splitlines()[-1].endswith(
        "InvalidArgumentError: The dlt source needs dlt. Run: pip install 'elevenlabs-history[dlt]'"
    )
