"""An item has the types that it promises, whatever the server sent."""

import copy
import json
import pickle
from datetime import UTC, datetime

import attrs
import pytest
from elevenlabs_history import DialogueLine, HistoryItem, InvalidArgumentError
from elevenlabs_history_api import models
from hypothesis import given, strategies as st
from support.odd_items import FIELDS, VALUES

ITEM = {"history_item_id": "ja9xsmfGhxYcymxGcOGB", "date_unix": 1_700_000_000}
DOCUMENTED = {
    "character_count_change_from": 10,
    "character_count_change_to": 17,
    "content_type": "audio/mpeg",
    "state": "created",
    "request_id": "r1",
    "voice_id": "v1",
    "model_id": "eleven_v3",
    "voice_name": "Rachel",
    "voice_category": "premade",
    "text": "Dragons",
    "settings": {"stability": 0.5},
    "share_link_id": "s1",
    "source": "TTS",
    "alignments": {"alignment": None},
    "dialogue": None,
    "output_format": "mp3_44100_128",
}
TEXTS = (
    *("content_type", "state", "request_id", "voice_id", "model_id", "voice_name", "voice_category", "text"),
    *("share_link_id", "source", "output_format"),
)

values = st.sampled_from(VALUES) | st.text("aB \n\x1b\u202eé", max_size=9)
lines = st.dictionaries(st.sampled_from(["text", "voice_id", "voice_name"]), values)
anything = values | st.lists(values | lines, max_size=3)


def item(**fields):
    return HistoryItem.from_dict(ITEM | fields)


def test_an_item_has_what_the_server_sent():
    got = item(**DOCUMENTED)
    assert {name: getattr(got, name) for name in TEXTS} == {name: DOCUMENTED[name] for name in TEXTS}
    assert (got.history_item_id, got.date_unix) == tuple(ITEM.values())
    assert got.date == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
    assert (got.settings, got.alignments) == ({"stability": 0.5}, {"alignment": None})
    assert (got.characters, got.dialogue) == (7, ())


@given(st.dictionaries(st.sampled_from([*FIELDS[1:], "new"]), anything, max_size=6))
def test_whatever_a_field_holds_its_property_has_the_type_that_is_documented(fields):
    got = item(**fields)
    for name in TEXTS:
        value = getattr(got, name)
        assert value is None or (isinstance(value, str) and value)
    for name in ("settings", "alignments"):
        assert getattr(got, name) is None or isinstance(getattr(got, name), dict)
    for line in got.dialogue:
        assert isinstance(line.text, str)
        assert all(value is None or (isinstance(value, str) and value) for value in (line.voice_id, line.voice_name))
    assert isinstance(got.characters, int)
    assert abs(got.characters) < 2**63
    assert len(repr(got)) < 500
    assert repr(got).isprintable()
    assert got.to_dict() == ITEM | fields


def test_what_is_absent_is_none():
    assert {getattr(item(), name) for name in (*TEXTS, "settings", "alignments")} == {None}
    assert (item().characters, item().dialogue) == (0, ())
    assert json.dumps(item().to_dict()) == json.dumps(ITEM)


@pytest.mark.parametrize("odd", [10**30, -(10**30), None, "17", 1.5])
def test_a_cost_that_is_no_count_is_0(odd):
    assert item(character_count_change_from=0, character_count_change_to=odd).characters == 0


def test_a_dialogue_has_the_text_of_its_lines_and_each_speaker_once():
    lines = [
        {"text": "Hi Bob.", "voice_id": "a", "voice_name": "Ann"},
        {"text": "", "voice_name": None},
        {"text": "Hi.", "voice_name": "Bob"},
        "no line",
        {"text": "!", "voice_name": "Ann"},
    ]
    got = item(text="", voice_name=None, dialogue=lines)
    assert (got.text, got.voice_name, got.voice_id) == ("Hi Bob.\nHi.\n!", "Ann & Bob", None)
    assert got.dialogue[:2] == (DialogueLine("Hi Bob.", "a", "Ann"), DialogueLine("", None, None))
    assert len(got.dialogue) == 4


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        *((entry, "not a JSON object") for entry in (None, 7, "text", [])),
        *(
            (ITEM | {"history_item_id": odd}, "no valid history_item_id")
            for odd in (None, 3, "", "..", "a b", "\ud800")
        ),
        *(
            (ITEM | {"date_unix": odd}, "item ja9xsmfGhxYcymxGcOGB: date_unix is not a date")
            for odd in (None, True, -1, 1.5, 10**30, 253_370_764_800, "1700000000", ["x" * 1000])
        ),
        ({}, "no valid history_item_id"),
    ],
)
def test_an_entry_without_an_id_and_a_date_is_no_item(entry, reason):
    with pytest.raises(ValueError, match=reason) as refused:
        HistoryItem.from_dict(entry)
    assert len(str(refused.value)) < 120


def test_items_are_equal_if_their_json_is_and_can_be_in_a_set():
    assert item(text="x") == item(text="x")
    assert item(text="x") != item(text="y")
    assert item(text=None) != item()
    assert {item(text="x"), item(text="x"), item(text="y")} == {item(text="x"), item(text="y")}


def test_an_item_can_be_copied_and_sent_to_another_process():
    got = item(**DOCUMENTED)
    assert pickle.loads(pickle.dumps(got)) == copy.deepcopy(got) == got


def test_an_item_does_not_change():
    source = dict(ITEM)
    got = HistoryItem.from_dict(source)
    source["text"] = got.to_dict()["text"] = "other"
    assert got.text is None
    with pytest.raises(AttributeError):
        got.text = "other"


def test_an_item_is_also_a_model_of_the_generated_client():
    got = item(**DOCUMENTED, mood="happy")
    assert isinstance(got.raw, models.HistoryItem)
    assert (got.raw.text, got.raw["mood"]) == ("Dragons", "happy")
    assert HistoryItem(got.raw) == got


def test_the_repr_is_short_and_says_which_item_it_is():
    got = item(voice_name="Rachel", text="Once upon a time\x1b[2J " * 100_000)
    assert repr(got) == (
        "<HistoryItem ja9xsmfGhxYcymxGcOGB 2023-11-14 22:13:20 "
        "'Rachel': 'Once upon a time\\x1b[2J Once upon a time\\x1b[…'>"
    )


@pytest.mark.parametrize("listed", [False, True])
@pytest.mark.parametrize("method", ["audio", "download", "download_all"])
def test_a_model_of_the_generated_client_is_refused_with_a_hint(client, simulator, tmp_path, method, listed):
    model = item(**DOCUMENTED).raw
    call = getattr(client, method)
    folder = [tmp_path] if method == "download_all" else []
    with pytest.raises(InvalidArgumentError, match=r"Pass HistoryItem\(model\)\.") as refused:
        call([model] if listed and method != "audio" else model, *folder)
    assert "Dragons" not in str(refused.value)
    assert simulator.requests == []


def test_every_property_is_a_field_of_the_api():
    properties = {name for name, value in vars(HistoryItem).items() if isinstance(value, property)}
    documented = {field.name for field in attrs.fields(models.HistoryItem)}
    assert properties - {"raw", "date", "characters"} <= documented
