"""A search finds any part of a text, a voice or an id, in any script, and what users mean when they type it."""

import contextlib
import sqlite3
import unicodedata
from datetime import UTC, date, datetime

import pytest
from elevenlabs_history import HistoryClient, InvalidArgumentError
from elevenlabs_history_backup import Backup
from elevenlabs_history_backup.search import fold, search_query
from elevenlabs_history_simulator import Simulator
from hypothesis import given, settings, strategies as st
from support.backups import sync

TEXTS = [
    "今天天气很好。",
    "夜",
    "A 🐉 that says \ufb01le.",
    "Crème brûlée, ÉCOLE, straße.",
    "ガラス と はひふ",
    "مُحَمَّد",
    "दुनिया",
    'O\'Neil said "AND OR NOT NEAR(a b)*" twice',
    "half a pair \ud83d and a \0 within",
    "한국어 음성",
]
NOON = 1_700_000_000
DIALOGUE = [
    {"text": "Who goes there?", "voice_id": "a", "voice_name": "Guard"},
    {"text": "A cook.", "voice_id": "b", "voice_name": "Ärmel"},
]


@pytest.fixture(scope="module")
def backup(tmp_path_factory):
    folder = tmp_path_factory.mktemp("backup")
    with Simulator(items=0) as simulator, HistoryClient(simulator.api_key, base_url=simulator.base_url) as client:
        for number, text in enumerate(TEXTS):
            simulator.history.add(text=text, date=NOON + number)
        simulator.history.add(text="", voice_id="", voice_name="", dialogue=DIALOGUE, date=NOON - 1)
        simulator.history.add(text="Tab\tand\nline", voice_name="Tom & Jerry", voice_id="AbC" * 7, date=NOON - 2)
        sync(client, folder)
    with Backup(folder) as opened:
        yield opened


def texts(records):
    return [record.text for record in records]


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ("天气", TEXTS[0]),
        ("气", TEXTS[0]),
        ("夜", TEXTS[1]),
        ("🐉", TEXTS[2]),
        ("file", TEXTS[2]),
        ("\ufb01", TEXTS[2]),
        ("creme BRULEE", TEXTS[3]),
        ("école STRASSE", TEXTS[3]),
        ("rûl", TEXTS[3]),
        ("カ\u3099ラ", TEXTS[4]),
        ("ｶﾞﾗｽ", TEXTS[4]),
        ("محمد", TEXTS[5]),
        ("निया", TEXTS[6]),
        ("o'neil said", TEXTS[7]),
        ('"AND OR', TEXTS[7]),
        ("near(a b)*", TEXTS[7]),
        ("within a", TEXTS[8]),
        ("국어 음", TEXTS[9]),
        ("guard cook", "Who goes there?\nA cook."),
        ("armel", "Who goes there?\nA cook."),
        ("AND TAB LINE JERRY", "Tab\tand\nline"),
    ],
)
def test_any_part_in_any_script_is_found(backup, words, text):
    found = texts(backup.search(words))
    assert found[0] == text.encode(errors="replace").decode()
    assert len(found) == 1


@pytest.mark.parametrize("words", ["カラス", "カ", "はば", "气天", "dragon", "guardcook", "there?a"])
def test_what_is_not_there_is_not_found(backup, words):
    assert texts(backup.search(words)) == []


def test_an_item_is_found_by_its_id_and_by_a_part_of_it(backup):
    record = next(iter(backup))
    for words in (record.history_item_id, record.history_item_id[3:15].lower()):
        assert list(backup.search(words)) == [record]


def test_what_is_found_comes_newest_first(backup):
    every = list(backup)
    assert [record.date for record in every] == sorted((record.date for record in every), reverse=True)
    assert list(backup.search("")) == every
    assert texts(backup.search("a")) == [each.text for each in every if "a" in "".join(contents(each))]
    assert list(backup.search("a", limit=2)) == list(backup.search("a"))[:2]
    assert list(backup.search("tha", limit=1)) == list(backup.search("tha"))[:1]
    assert list(backup.search("", limit=0)) == []
    with pytest.raises(InvalidArgumentError, match="Invalid limit: -1"):
        backup.search("", limit=-1)


def test_filters_narrow_a_search(backup):
    assert texts(backup.search("", after=NOON + 1, before=datetime.fromtimestamp(NOON + 3, UTC))) == [
        TEXTS[2],
        TEXTS[1],
    ]
    assert texts(backup.search("sai", after=NOON + 7)) == [TEXTS[7]]
    assert texts(backup.search("sai", before=NOON + 7)) == []
    assert texts(backup.search("", before=date(2023, 11, 14))) == []
    for times in ({"after": "yesterday"}, {"before": 10**20}):
        with pytest.raises(InvalidArgumentError, match="Invalid"):
            backup.search("", **times)


@pytest.mark.parametrize("voice", ["tom & jerry", "TOM", " Jerry ", "abc" * 7])
def test_a_voice_is_a_name_or_an_id_in_any_case(backup, voice):
    assert texts(backup.search("", voice=voice)) == ["Tab\tand\nline"]
    assert texts(backup.search("tab", voice=voice)) == ["Tab\tand\nline"]
    assert texts(backup.search("cook", voice=voice)) == []


def test_a_voice_is_a_whole_name(backup):
    assert texts(backup.search("", voice="armel")) == ["Who goes there?\nA cook."]
    assert texts(backup.search("", voice="arm")) == []
    assert texts(backup.search("", voice="Who goes there? A cook.")) == []


def contents(record):
    return fold(record.text), fold(record.voice), fold(record.history_item_id)


parts = st.sampled_from([*TEXTS, "Guard & Ärmel", "Tom & Jerry", "words*", 'a"b', "(", "\0", "^a", "text:"]).flatmap(
    lambda text: st.tuples(st.integers(0, len(text)), st.integers(1, 6)).map(lambda at: text[at[0] :][: at[1]])
)


@settings(deadline=None, max_examples=300)
@given(st.lists(st.text(st.characters(), max_size=4) | parts, max_size=4))
def test_a_search_finds_what_contains_every_word_and_nothing_else(backup, pieces):
    words = " ".join(pieces)
    expected = [
        record
        for record in backup
        if all(any(word in part for part in contents(record)) for word in fold(words).split())
    ]
    assert list(backup.search(words)) == expected


@given(st.text(st.characters()), st.text(st.characters()))
def test_folding_is_the_same_however_a_text_is_written(one, other):
    text = one.encode(errors="replace").decode()
    assert fold(unicodedata.normalize("NFD", text)) == fold(unicodedata.normalize("NFC", text)) == fold(text)
    assert "\n" not in fold(one)
    assert fold(f"{one} {other}").split() == [*fold(one).split(), *fold(other).split()]


def test_a_paragraph_and_a_word_of_any_length_are_searched_for(backup):
    assert texts(backup.search(" ".join(f"{number}x" for number in range(5000)))) == []
    assert texts(backup.search("ab" * 100_000)) == []
    assert texts(backup.search(TEXTS[3] + " brûlée" * 2000)) == [TEXTS[3]]
    assert texts(backup.search(TEXTS[0][:-1] * 200)) == []
    # With all of them, the index would take gigabytes of memory.
    for words in ("ab" * 500_000, " ".join(f"{number}word" for number in range(5000))):
        _, parameters = search_query(words, voice=None, after=None, before=None, limit=None)
        assert len(parameters["indexed"]) < 500


def test_other_programs_may_change_the_catalog_and_search_it(client, simulator, tmp_path):
    """sqlite-utils and datasette look for this spelling in the schema; `MATCH` folds ASCII itself."""
    item = simulator.history.add(text="Dragons like syzygies")
    sync(client, tmp_path)
    query = "SELECT name FROM sqlite_master WHERE sql LIKE '%VIRTUAL TABLE%USING FTS%content=\"items\"%'"
    match = "SELECT history_item_id FROM items JOIN words ON words.rowid = number WHERE words MATCH ?"
    with contextlib.closing(sqlite3.connect(tmp_path / "history.db")) as catalog, catalog:
        assert catalog.execute(query).fetchall() == [("words",)]
        assert catalog.execute(match, ("Syzyg",)).fetchall() == [(item.id,)]
        catalog.execute("UPDATE items SET folded = 'an aardvark' WHERE history_item_id = ?", (item.id,))
        assert catalog.execute(match, ("Syzyg",)).fetchall() == []
        assert catalog.execute(match, ("aardvark",)).fetchall() == [(item.id,)]
        catalog.execute("DELETE FROM files WHERE history_item_id = ?", (item.id,))
        catalog.execute("DELETE FROM items WHERE history_item_id = ?", (item.id,))
        assert catalog.execute(match, ("aardvark",)).fetchall() == []
        catalog.execute("INSERT INTO words (words, rank) VALUES ('integrity-check', 1)")
    with Backup(tmp_path) as backup:
        assert (len(backup), list(backup.search("aardvark"))) == (20, [])


def test_a_python_with_an_old_sqlite_says_so(client, tmp_path, monkeypatch):
    from elevenlabs_history_backup import CatalogError, schema

    monkeypatch.setattr(schema, "_SCHEMA", schema._SCHEMA.replace("trigram", "unheard_of"))
    with pytest.raises(CatalogError, match=r"needs SQLite 3\.34 or newer; this Python has"):
        sync(client, tmp_path)
