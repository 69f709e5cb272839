"""The simulator answers as openapi.yaml says, whatever it is asked."""

import subprocess
import sys
from pathlib import Path

import pytest
from elevenlabs_history_simulator import Quirks

ROOT = Path(__file__).parents[2]
CONFIG = Path(__file__).with_name("schemathesis.toml")


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    "quirks", [Quirks(), Quirks(unknown_item_status=404, error_shape="older")], ids=["current", "older"]
)
def test_schemathesis_finds_no_disagreement(simulator, quirks, tmp_path):
    simulator.quirks = quirks
    done = subprocess.run(
        [
            *(Path(sys.executable).with_name("st"), "--config-file", CONFIG, "run", ROOT / "openapi.yaml"),
            *("--url", simulator.base_url, "--header", f"xi-api-key: {simulator.api_key}", "--checks", "all"),
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert "Tested: 5\n" in done.stdout
