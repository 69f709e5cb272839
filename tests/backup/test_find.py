"""A text that was generated before is found, and no other one."""

import unicodedata

import pytest
from elevenlabs_history import HistoryClient, InvalidArgumentError
from elevenlabs_history_backup import Backup, CatalogError, find
from elevenlabs_history_simulator import Simulator
from hypothesis import assume, given, settings, strategies as st
from support.backups import sync

NOON = 1_700_000_000
TEXTS = [
    "Who is there?",
    "Crème brûlée",
    "a  b\tc\n",
    "half a pair \ud83d",
    "🐉",
    "\0",
    "'; DROP TABLE items; --",
    "x" * 9000,
]
DIALOGUE = [
    {"text": "Who goes there?", "voice_id": "a", "voice_name": "Guard"},
    {"text": "A cook.", "voice_id": "b", "voice_name": "Cook"},
]


@pytest.fixture(scope="module")
def backup(tmp_path_factory):
    folder = tmp_path_factory.mktemp("backup")
    with Simulator(items=0) as simulator, HistoryClient(simulator.api_key, base_url=simulator.base_url) as client:
        add = simulator.history.add
        for number, text in enumerate(TEXTS):
            add(text=text, date=NOON + number)
        for number, (voice, model) in enumerate([("Ann", "one"), ("Bob", "one"), ("Ann", "two")]):
            add(text="Again.", voice_name=voice, voice_id=voice[0] * 20, model_id=model, date=NOON + 100 + number)
        add(text="", voice_id="", voice_name="", dialogue=DIALOGUE, date=NOON - 1)
        add(text="", date=NOON - 2)
        sync(client, folder)
    with Backup(folder) as opened:
        yield opened


def found(backup, text, **options):
    return [each.text for each in backup.find(text, **options)]


@pytest.mark.parametrize("text", [text for text in TEXTS if "\ud83d" not in text and text != "\0"])
def test_a_text_is_found_as_it_was_sent(backup, text):
    assert found(backup, text) == found(backup, text, exact=True) == [text]


@pytest.mark.parametrize(
    ("text", "as_generated"),
    [
        (" Who is\n there? ", "Who is there?"),
        (unicodedata.normalize("NFD", "Crème brûlée"), "Crème brûlée"),
        ("a b c", "a  b\tc\n"),
        ("Who goes there? A cook.", "Who goes there?\nA cook."),
    ],
)
def test_white_space_and_the_form_of_unicode_make_no_difference_unless_asked_for(backup, text, as_generated):
    assert found(backup, text) == [as_generated]
    assert found(backup, text, exact=True) == []


@pytest.mark.parametrize("text", ["who is there?", "Who is there", "Whois there?", "Creme brulee", "x" * 8999, "🐲"])
def test_another_text_is_not_found(backup, text):
    assert found(backup, text) == []


@pytest.mark.parametrize("text", ["", " \n\t"])
def test_an_empty_text_is_refused(backup, text):
    with pytest.raises(InvalidArgumentError, match="is empty"):
        backup.find(text)


def test_the_newest_comes_first_and_has_its_file_its_voice_and_its_settings(backup):
    records = backup.find("Again.")
    assert [(each.voice, each.metadata["model_id"]) for each in records] == [
        ("Ann", "two"),
        ("Bob", "one"),
        ("Ann", "one"),
    ]
    for each in records:
        assert (backup.folder / each.files[0].path).is_file()
        assert each.metadata["settings"]


@pytest.mark.parametrize(
    ("filters", "models"),
    [
        ({"voice": "ann"}, ["two", "one"]),
        ({"voice": "A" * 20}, ["two", "one"]),
        ({"model_id": "one"}, ["one", "one"]),
        ({"voice": "Bob", "model_id": "two"}, []),
        ({"voice": "Bo"}, []),
    ],
)
def test_a_voice_and_a_model_narrow_it(backup, filters, models):
    assert [each.metadata["model_id"] for each in backup.find("Again.", **filters)] == models


def test_texts_with_the_same_hash_are_told_apart(backup, monkeypatch):
    value = backup._open().value("SELECT text_hash FROM items WHERE text = 'Again.' LIMIT 1")
    monkeypatch.setattr(find, "text_hash", lambda _: value)
    assert found(backup, "Who is there?") == []
    assert len(found(backup, "Again.")) == 3


def test_an_item_without_a_file_is_not_found(client, simulator, tmp_path):
    for number in range(2):
        simulator.history.add(text="Deleted on purpose", date=NOON + number)
    sync(client, tmp_path)
    with Backup(tmp_path) as backup:
        newest, oldest = backup.find("Deleted on purpose")
        (tmp_path / newest.files[0].path).unlink()
        backup.forget(newest.history_item_id)
        assert backup.find("Deleted on purpose") == [oldest]


def test_an_index_answers(backup):
    query, parameters = find.find_query("Again.", voice=None, model_id=None)
    plan = [row[-1] for row in backup._open().rows(f"EXPLAIN QUERY PLAN {query}", **parameters)]
    assert "items_by_text" in plan[0]
    assert not any("SCAN" in step for step in plan), plan


def test_a_file_that_is_fetched_again_is_found_by_the_text_that_the_server_has_now(client, simulator, tmp_path):
    item = simulator.history.add(text="Before", date=NOON)
    sync(client, tmp_path)
    simulator.history.change(item.id, text="After")
    sync(client, tmp_path, full=True, output_format="wav")
    with Backup(tmp_path) as backup:
        assert (found(backup, "Before"), found(backup, "After")) == ([], ["After"])


def test_a_folder_that_is_no_backup_is_refused_and_stays_empty(tmp_path):
    with Backup(tmp_path) as backup, pytest.raises(CatalogError, match="is not a backup"):
        backup.find("text")
    assert list(tmp_path.iterdir()) == []


@settings(deadline=None)
@given(st.text(st.characters()), st.text(st.characters()))
def test_texts_are_the_same_if_and_only_if_their_words_are(text, other):
    assert find.same_text(text, text, exact=False)
    assert (find.text_hash(text) is None) == (not text.split())
    assume(unicodedata.normalize("NFC", text).split() != unicodedata.normalize("NFC", other).split())
    assume(not any("\ud800" <= each <= "\udfff" or each == "?" for each in text + other))
    assert not find.same_text(text, other, exact=False)
    assert find.text_hash(text) != find.text_hash(other)
