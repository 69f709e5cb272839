"""What is installed from the wheel is all there, typed, and works in an environment that has nothing else."""

import re
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TOOLS = Path(sys.executable).parent
PACKAGES = (
    "elevenlabs_history_api",
    "elevenlabs_history",
    "elevenlabs_history_backup",
    "elevenlabs_history_cli",
    "elevenlabs_history_probe",
    "elevenlabs_history_simulator",
)
PROGRAM = """
from pathlib import Path

from elevenlabs_history import DownloadedFile, HistoryClient, HistoryError, HistoryItem
from elevenlabs_history_api.api.history import get_history_item
from elevenlabs_history_backup import Backup
from elevenlabs_history_simulator import Simulator


def newest(client: HistoryClient) -> HistoryItem:
    return next(iter(client.list(limit=1)))


def saved(client: HistoryClient, folder: Path) -> list[DownloadedFile]:
    try:
        return client.download(newest(client)).extract(folder)
    except HistoryError as error:
        code: str | None = error.code
        raise SystemExit(code) from error


with Simulator(items=3) as simulator, HistoryClient(simulator.api_key, base_url=simulator.base_url) as client:
    item = get_history_item.sync(newest(client).history_item_id, client=client.api)
    for file in saved(client, Path("clips")):
        print(file.path.stat().st_size, file.history_item_id == getattr(item, "history_item_id", None))
    with Backup("backup") as backup:
        print(backup.sync(client).saved)
"""
WRONG = """
from elevenlabs_history import HistoryClient
from elevenlabs_history_api.models import HistoryItem
from elevenlabs_history_backup import Backup
from elevenlabs_history_simulator import Simulator

HistoryClient(api_key=3)
HistoryItem(history_item_id=3)
Simulator(items="x")
Backup(folder=3)
"""

pytestmark = [pytest.mark.packaging, pytest.mark.timeout(600)]


def run(*command, cwd):
    return subprocess.run([str(part) for part in command], cwd=cwd, capture_output=True, encoding="utf-8", check=False)


@pytest.fixture(scope="module")
def dist(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dist")
    built = run(sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, ROOT, cwd=folder)
    assert built.returncode == 0, built.stdout + built.stderr
    return folder


@pytest.fixture(scope="module", params=["wheel", "editable"])
def python(request, dist, tmp_path_factory):
    folder = tmp_path_factory.mktemp(request.param)
    venv.create(folder, with_pip=True)
    (wheel,) = dist.glob("*.whl")
    what = [f"{wheel}[simulator]"] if request.param == "wheel" else ["--editable", f"{ROOT}[simulator]"]
    installed = run(folder / "bin" / "python", "-m", "pip", "install", "--quiet", *what, cwd=folder)
    assert installed.returncode == 0, installed.stderr
    return folder / "bin" / "python"


def test_the_wheel_and_the_sdist_hold_all_packages_and_their_type_marks(dist):
    (wheel,) = dist.glob("*.whl")
    (sdist,) = dist.glob("*.tar.gz")
    names = zipfile.ZipFile(wheel).namelist()
    for package in PACKAGES:
        assert f"{package}/__init__.py" in names
        assert f"{package}/py.typed" in names
    assert any(name.endswith("share/man/man1/elevenlabs-history.1") for name in names)
    assert "elevenlabs_history_backup/page_assets/index.html" in names
    assert sdist.stat().st_size < 2_000_000


def test_the_index_shows_no_link_that_leads_nowhere(dist):
    (wheel,) = dist.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (each for each in archive.namelist() if each.endswith(".dist-info/METADATA"))
        description = archive.read(name).decode()
    assert "## Use it" in description
    assert re.findall(r"\]\((?!https?:)[^)]*\)", description) == []


def test_a_program_outside_the_repository_runs(python, tmp_path):
    (tmp_path / "program.py").write_text(PROGRAM)
    completed = run(python, "program.py", cwd=tmp_path)
    assert completed.stderr == ""
    assert completed.stdout == "16263 True\n3\n"


@pytest.mark.parametrize("checker", ["mypy", "basedpyright"])
def test_a_type_checker_sees_the_types_of_all_packages(python, tmp_path, checker):
    (tmp_path / "program.py").write_text(PROGRAM)
    (tmp_path / "wrong.py").write_text(WRONG)
    command = {
        "mypy": [TOOLS / "mypy", "--strict", "--cache-dir", tmp_path / "cache", "--python-executable", python],
        "basedpyright": [TOOLS / "basedpyright", "--level", "error", "--pythonpath", python],
    }[checker]
    right = run(*command, "program.py", cwd=tmp_path)
    assert right.returncode == 0, right.stdout
    wrong = run(*command, "wrong.py", cwd=tmp_path)
    assert wrong.returncode == 1
    for line in (7, 8, 9, 10):
        assert f"wrong.py:{line}:" in wrong.stdout
