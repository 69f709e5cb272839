"""openapi.yaml serves other languages and generators, too."""

import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SPEC = ROOT / "openapi.yaml"
TYPESCRIPT = "openapi-typescript@7.13.0"

pytestmark = [pytest.mark.packaging, pytest.mark.timeout(600)]


def test_pydantic_models_are_made_of_it(tmp_path):
    venv.create(tmp_path / "venv")
    folder = tmp_path / "venv" / ("Scripts" if sys.platform == "win32" else "bin")
    install = [sys.executable, "-m", "pip", "--python", folder / "python", "install", "--quiet"]
    subprocess.run([*install, "--group", f"{ROOT / 'pyproject.toml'}:other-generators"], check=True)
    models = tmp_path / "models.py"
    options = [
        "--input-file-type",
        "openapi",
        "--output-model-type",
        "pydantic_v2.BaseModel",
        "--formatters",
        "builtin",
    ]
    subprocess.run([folder / "datamodel-codegen", "--input", SPEC, "--output", models, *options], check=True)
    script = (
        "from models import HistoryItem, HistoryPage, DownloadRequest\n"
        "assert DownloadRequest(history_item_ids=['a']).output_format is None\n"
        "assert HistoryPage(history=[], has_more=False).history == []\n"
    )
    subprocess.run([folder / "python", "-c", script], cwd=tmp_path, check=True)


@pytest.mark.skipif(shutil.which("npx") is None, reason="needs Node.js")
def test_typescript_types_are_made_of_it(tmp_path):
    types = tmp_path / "history.d.ts"
    command = [shutil.which("npx"), "--yes", TYPESCRIPT]
    if subprocess.run([*command, "--version"], cwd=tmp_path, check=False).returncode:
        pytest.skip("openapi-typescript can't be installed here")
    subprocess.run([*command, SPEC, "-o", types], check=True, cwd=tmp_path)
    text = types.read_text(encoding="utf-8")
    for name in ("HistoryItem", "HistoryPage", "DownloadRequest", "ErrorBody"):
        assert f"        {name}: {{" in text
    for operation in ("list_history_items", "get_history_item", "download_history_items"):
        assert f"    {operation}: {{" in text
