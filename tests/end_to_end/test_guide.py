"""What the documentation shows runs as it stands there: Python section by section, commands page by page."""

import asyncio
import os
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import certifi
import pytest

DOCS = Path(__file__).parents[2] / "docs"
# These have tests of their own.
ELSEWHERE = {"buckets.md", "pipelines.md", "scheduling.md", "simulator.md", "workspaces.md"}
PAGES = [page for page in sorted(DOCS.rglob("*.md")) if page.name not in ELSEWHERE or page.parent != DOCS]
BLOCK = re.compile(r"^```python\n(.*?)^```", re.DOTALL | re.MULTILINE)
COMMANDS = re.compile(r"^```sh\n(.*?)^```", re.DOTALL | re.MULTILINE)
# What a section may take for granted; the section on clients makes them.
GIVEN = """
from elevenlabs_history import HistoryClient
from elevenlabs_history_backup import Backup
client = HistoryClient()
items = list(client.list(limit=5))
item = items[0]
client.download(items).save("downloaded-by-hand.zip")
"""


def programs():
    for page in PAGES:
        for section in page.read_text(encoding="utf-8").split("\n## "):
            if blocks := BLOCK.findall(section):
                yield pytest.param("\n".join(blocks), id=section.partition("\n")[0].removeprefix("# "))


@pytest.fixture
def _environment(simulator, monkeypatch, tmp_path):
    for name, value in simulator.environment.items():
        monkeypatch.setenv(name, value)
    # There is a backup, as after its section.
    monkeypatch.chdir(tmp_path)
    exec(BLOCK.search((DOCS / "guide" / "backup.md").read_text(encoding="utf-8"))[1], {})


@pytest.fixture
def vendor(simulator, monkeypatch):
    """The vendor's SDK, as far as the guide uses it; what it generates is in the history."""

    class TextToSpeech:
        def __init__(self):
            self.texts = []

        def convert(self, voice_id, *, text, model_id):
            self.texts.append(text)
            simulator.history.add(text=text, voice_id=voice_id, model_id=model_id, date=2_000_000_000)
            yield from (b"some ", b"audio")

    class ElevenLabs:
        text_to_speech = TextToSpeech()

    module = ModuleType("elevenlabs")
    module.ElevenLabs = ElevenLabs
    monkeypatch.setitem(sys.modules, "elevenlabs", module)
    return ElevenLabs.text_to_speech


@pytest.mark.usefixtures("_environment", "vendor")
@pytest.mark.parametrize("program", list(programs()))
def test_the_examples_of_a_section_run(program):
    program = program.replace("/etc/ssl/company.pem", certifi.where()).replace("sk_…", "sk_0")
    names = {}
    exec(GIVEN, names)
    with names["client"]:
        exec(compile(program, "guide", "exec"), names)
        if "main" in names:
            asyncio.run(names["main"]())


@pytest.mark.usefixtures("_environment")
def test_a_sentence_is_generated_once(vendor):
    (program,) = (each.values[0] for each in programs() if each.id == "Generate a sentence once")
    names = {}
    exec(GIVEN, names)
    with names["client"]:
        exec(program, names)
        first, second = (names["speak"]("Who is there?", "v" * 20) for _ in range(2))
    assert vendor.texts == ["Who is there?"]
    assert first == b"some audio"
    assert len(second) > len(first)


# What is not here, or would never end.
STAND_INS = """
set -eo pipefail
pip() { :; }
ffplay() { cat > ffplay.mp3; }
elevenlabs-history-simulator() {
  command elevenlabs-history-simulator --port 0 "$@" & sleep 3
  kill $!  # it fails if there is none any more
}
"""


@pytest.mark.skipif(os.name == "nt", reason="runs commands for a POSIX shell")
@pytest.mark.parametrize(
    "page", [page for page in PAGES if COMMANDS.search(page.read_text("utf-8"))], ids=lambda p: p.name
)
def test_the_commands_of_a_page_run(page, simulator, tmp_path):
    old = len(simulator.history)
    for date in range(2_000_000_000, 2_000_000_000 + 2 * old):
        simulator.history.add(text="Who is there?", voice_name="Rachel", date=date, aligned=True)
    first, second, *_ = (item.id for item in simulator.history)
    environment = {
        **(os.environ | simulator.environment),
        "HOME": str(tmp_path),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }

    def bash(script):
        command = ["bash", "-c", STAND_INS + script]
        done = subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, encoding="utf-8", check=False
        )
        assert (done.returncode, "elevenlabs-history: " in done.stderr) == (0, False), done.stderr

    bash("elevenlabs-history backup ~/elevenlabs; echo 'Who is there?' > line.txt")
    script = "\n".join(COMMANDS.findall(page.read_text("utf-8")))
    for shown, there in {"ID1": first, "ID2": second, "ja9xsmfGhxYcymxGcOGB": first}.items():
        script = script.replace(shown, there)
    # There is no terminal that could be asked.
    script = script.replace(" --delete", f" --delete --yes-delete {old}")
    bash(script.replace("export ELEVENLABS_API_KEY=…\n", ""))
    assert len(simulator.history) == (2 * old if page.name == "prune.md" else 3 * old)


@pytest.mark.parametrize("page", [*DOCS.rglob("*.md"), *DOCS.parent.glob("*.md")], ids=lambda page: page.name)
def test_every_link_leads_somewhere(page):
    links = re.findall(r"\]\(([^)#\s]+)", page.read_text(encoding="utf-8"))
    assert [link for link in links if "://" not in link and not (page.parent / link).exists()] == []
