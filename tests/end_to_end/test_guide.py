"""What the guide shows runs as it stands there, section by section."""

import asyncio
import re
import sys
from pathlib import Path
from types import ModuleType

import certifi
import pytest

DOCS = Path(__file__).parents[2] / "docs"
PAGES = sorted((DOCS / "guide").glob("*.md"))
BLOCK = re.compile(r"^```python\n(.*?)^```", re.DOTALL | re.MULTILINE)
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


@pytest.mark.parametrize("page", [*DOCS.rglob("*.md"), *DOCS.parent.glob("*.md")], ids=lambda page: page.name)
def test_every_link_leads_somewhere(page):
    links = re.findall(r"\]\(([^)#\s]+)", page.read_text(encoding="utf-8"))
    assert [link for link in links if "://" not in link and not (page.parent / link).exists()] == []
