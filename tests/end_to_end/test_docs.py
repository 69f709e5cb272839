"""The reference has every public name, and every column of the catalog; its queries run."""

import inspect
import re
import sqlite3
from pathlib import Path

import elevenlabs_history
import elevenlabs_history_backup
import elevenlabs_history_probe
import elevenlabs_history_simulator
import pytest
from elevenlabs_history import HistoryClient, errors
from support.backups import sync

REFERENCE = Path(__file__).parents[2] / "docs" / "reference"
DIRECTIVE = re.compile(r"^\.\. auto(?:class|data|exception|function):: (\w+)$", re.MULTILINE)


@pytest.mark.parametrize(
    "package",
    [elevenlabs_history, elevenlabs_history_backup, elevenlabs_history_probe, elevenlabs_history_simulator],
    ids=lambda each: each.__name__,
)
def test_every_public_name_is_in_the_reference(package):
    documented = {
        name for page in REFERENCE.glob("*.md") for name in DIRECTIVE.findall(page.read_text(encoding="utf-8"))
    }
    # The simulator loads each name when it is used.
    names = getattr(package, "__all__", vars(package))
    public = {name for name in names if not name.startswith("_") and not inspect.ismodule(getattr(package, name))}
    assert public - documented - set(vars(errors)) == set()


@pytest.fixture
def catalog(simulator, tmp_path):
    simulator.history.add(text="Dragons!", settings={"stability": 0.5}, date=2_000_000_000)
    with HistoryClient(simulator.api_key, base_url=simulator.base_url) as client:
        sync(client, tmp_path)
    connection = sqlite3.connect(tmp_path / "history.db")
    yield connection
    connection.close()


def test_every_table_and_every_column_is_described(catalog):
    page = (REFERENCE / "catalog.md").read_text(encoding="utf-8")
    names = [name for (name,) in catalog.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
    tables = {name for name in names if not name.startswith(("words_", "sqlite_"))}
    columns = {row[1] for table in tables for row in catalog.execute(f"PRAGMA table_info({table})")}
    described = set(re.findall(r"`(\w+)`", page)) | set(re.findall(r"^## (\w+):", page, re.MULTILINE))
    assert tables | columns <= described


def test_the_queries_run(catalog):
    (block,) = re.findall(r"```sql\n(.*?)```", (REFERENCE / "catalog.md").read_text(encoding="utf-8"), re.DOTALL)
    counts = [len(catalog.execute(query).fetchall()) for query in block.split(";") if query.strip()]
    assert counts == [10, counts[1], 0, 20, counts[4]]
    assert counts[1] > 0
    assert counts[4] > 0
