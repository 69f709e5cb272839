"""What the README shows works as it stands there."""

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def run(command, simulator, folder):
    environment = os.environ | simulator.environment | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, encoding="utf-8", check=False)


def test_the_program_runs(simulator, tmp_path):
    (program,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    done = run([sys.executable, "-X", "utf8", "-c", program], simulator, tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "newest.mp3").stat().st_size > 0
    assert len(list((tmp_path / "everything").rglob("*.mp3"))) == 20
    assert done.stdout.count(".mp3") >= 1


def test_the_commands_run(simulator, tmp_path):
    (commands,) = re.findall(r"```sh\nexport ELEVENLABS_API_KEY=…\n(.*?)```", README, re.DOTALL)
    script = "set -e\n" + commands.replace("~/", f"{tmp_path}/")
    done = run(["bash", "-c", script], simulator, tmp_path)
    assert done.returncode == 0, done.stderr
    assert "20 files saved" in done.stdout
    assert "20 ok." in done.stdout


def test_what_it_links_to_is_there():
    links = re.findall(r"\]\(([^)#]+)", README)
    assert [link for link in links if "://" not in link and not (ROOT / link).exists()] == []
    assert "docs/backup.svg" in links
