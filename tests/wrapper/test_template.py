"""Names of files stay in their folder, are valid on every system and differ from each other, whatever items say."""

import re
import unicodedata
from datetime import timedelta, timezone
from pathlib import Path, PurePosixPath
from typing import Any
from zoneinfo import ZoneInfo

import pathvalidate
import pytest
from elevenlabs_history._download.targets import Targets
from elevenlabs_history._files import portable
from elevenlabs_history._files.template import DEFAULT_TEMPLATE, Template
from elevenlabs_history.errors import HistoryError, InvalidArgumentError
from elevenlabs_history.item import HistoryItem, is_valid_id
from hypothesis import assume, example, given, settings, strategies as st

AN_ID = "VW7YKqPnjY4h39yTbx2L"
LAST_DATE = 253_370_764_799
ALL_FIELDS = "{source}/{model}/{voice_id}/{format}/{date} {voice} {text} {id}{ext}"
TEMPLATES = [Template(), Template(ALL_FIELDS), Template("{text}{id}/{voice}.{id}{ext}"), Template("{id}{ext}")]

RESERVED = re.compile(r"(?:con|prn|aux|nul|conin\$|conout\$|clock\$|(?:com|lpt)[0-9¹²³])\s*(?:\.|$)", re.IGNORECASE)
NASTY = [
    *("", " ", ".", "..", "../../etc/passwd", "/etc/passwd", "C:\\Windows", "a/b\\c", "con", "NUL.tar", "LPT¹", "a\0b"),
    *(
        "x" * 300,
        "é" * 300,
        "👨‍👩‍👧" * 60,
        "e\u0301",
        "\u0301",
        "\u202egpj.exe",
        "a\u200bb",
        "\ufeff",
        "❤️",
        "\ud800",
        "name. ",
    ),
    *(
        "CON .x",
        "conin$",
        "~",
        "a~0123456789abcdef",
        "%s{id}{0}",
        "-rf",
        ':*?<>|"',
        "\n\r\t",
        "ﬁ",
        "İ",
        "ß",
        "\u1112\u1161",
        "COM1:",
    ),
]


def plan(items: list[HistoryItem] | list[HistoryItem | str], template: Template | None) -> None:
    """Check the names of the files of a run."""
    Targets.plan(tuple(items), Path("clips"), template=template, overwrite=False)


def make_item(history_item_id: str = AN_ID, date_unix: int = 1_700_000_000, **known: Any) -> HistoryItem:
    return HistoryItem.from_dict({"history_item_id": history_item_id, "date_unix": date_unix, **known})


def path_of(template: Template, item: HistoryItem, extension: str = ".mp3") -> str:
    return str(template.path_for(item, extension))


def as_one_file(path: object) -> str:
    """The path as a file system sees it that ignores case and decomposes characters."""
    return unicodedata.normalize("NFD", unicodedata.normalize("NFD", str(path)).casefold())


hostile = st.sampled_from(NASTY) | st.text() | st.text(alphabet="./\\ ~-_conCON\u0301\u200d:👍", max_size=12)
hostile_ids = (
    hostile | st.from_regex(r"[0-9A-Za-z]{20}", fullmatch=True) | st.from_regex(r"[0-9a-z_-]{1,50}", fullmatch=True)
).filter(is_valid_id)
hostile_items = st.builds(
    make_item,
    hostile_ids,
    st.integers(0, LAST_DATE),
    voice_name=hostile | st.none() | st.integers(),
    voice_id=hostile,
    model_id=hostile,
    source=hostile,
    text=hostile,
    output_format=hostile,
)


def test_the_default_names_a_file_by_its_date_voice_and_id() -> None:
    item = make_item(voice_name="Rachel")
    assert path_of(Template(), item) == f"2023/11/2023-11-14_22-13-20_Rachel_{AN_ID}.mp3"
    assert Template().text == DEFAULT_TEMPLATE


def test_every_field_shows_what_the_item_has() -> None:
    item = make_item(
        voice_name="Rachel",
        voice_id="21m00",
        model_id="eleven_v3",
        source="TTS",
        text="One two\nthree",
        output_format="mp3_44100_128",
    )
    assert path_of(Template(ALL_FIELDS), item) == (
        f"TTS/eleven_v3/21m00/mp3_44100_128/2023-11-14_22-13-20 Rachel One two three {AN_ID}.mp3"
    )


def test_what_an_item_lacks_is_unknown() -> None:
    assert path_of(Template("{voice}/{text}_{model}_{id}{ext}"), make_item(text=None)) == (
        f"unknown/unknown_unknown_{AN_ID}.mp3"
    )


def test_a_dialogue_is_named_by_its_voices_and_its_words() -> None:
    lines = [
        {"text": "Hi Bob.", "voice_name": "Ann"},
        {"text": "Hi.", "voice_name": "Bob"},
        {"text": "!", "voice_name": "Ann"},
    ]
    item = make_item(text="", voice_name=None, dialogue=lines)
    assert path_of(Template("{voice}: {text}{ext}".replace(":", " -")), item) == "Ann & Bob - Hi Bob. Hi. !.mp3"


def test_text_is_cut_between_words_where_there_are_any() -> None:
    template = Template("{text}{ext}")
    assert path_of(template, make_item(text="word " * 20)) == "word word word word word word word word.mp3"
    assert path_of(template, make_item(text="語" * 50)) == "語" * 40 + ".mp3"


def test_the_date_is_utc_or_of_the_zone_that_was_given() -> None:
    item = make_item(date_unix=1_704_067_199)
    assert path_of(Template("{date:%Y-%j %H}{ext}"), item) == "2023-365 23.mp3"
    assert path_of(Template("{date:%Y-%j %H}{ext}", zone=ZoneInfo("Asia/Tokyo")), item) == "2024-001 08.mp3"


@pytest.mark.parametrize(
    ("hours", "first", "last"), [(-23, "1969-12-31_01", "9998-12-31_00"), (23, "1970-01-01_23", "9999-01-01_22")]
)
def test_the_first_and_the_last_date_have_names_in_every_zone(hours: int, first: str, last: str) -> None:
    template = Template("{date:%Y-%m-%d_%H}{ext}", zone=timezone(timedelta(hours=hours)))
    assert path_of(template, make_item(date_unix=0)) == f"{first}.mp3"
    assert path_of(template, make_item(date_unix=LAST_DATE)) == f"{last}.mp3"


@pytest.mark.parametrize("extension", ["", ".mp3", ".7z"])
def test_the_extension_comes_last(extension: str) -> None:
    assert path_of(Template("{id}{ext}"), make_item(), extension) == AN_ID + extension


@pytest.mark.parametrize("extension", ["mp3", ".", ".MP3", "./x", ".tar.gz", ".abcdefghijklmnop", ".mp3\n"])
def test_an_invalid_extension_is_refused(extension: str) -> None:
    with pytest.raises(ValueError, match="Invalid file name extension"):
        path_of(Template(), make_item(), extension)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        *(
            (text, "end in {ext}")
            for text in (
                "",
                "{id}",
                "{ext}{id}",
                "{id}{ext}{ext}",
                "{ext}/{id}{ext}",
                "{id}{ext}.bak",
                "{id}{ext}{",
                "{id}{ext:>9}",
            )
        ),
        *(
            (text, "unknown field")
            for text in ("{name}{ext}", "{}{ext}", "{0}{ext}", "{id.__class__}{ext}", "{id[0]}{ext}")
        ),
        *(
            (text, "invalid format")
            for text in ("{id!r}{ext}", "{id:>200}{ext}", "{voice:{id}}{ext}", "{voice:04}{ext}")
        ),
        *((text, "invalid format") for text in ("{date:%B}{ext}", "{date:%}{ext}", "{date:{id}}{ext}")),
        *(
            (text, "empty or only dots")
            for text in ("/{id}{ext}", "//{id}{ext}", "../{id}{ext}", "a/./{id}{ext}", "a/{ext}")
        ),
        *(
            (text, "every system")
            for text in ("C:/{id}{ext}", "a\\{id}{ext}", "{id}?{ext}", "{date:%Y|%m}{ext}", "a\0{ext}")
        ),
        *((text, "every system") for text in ("{date:%H:%M}{ext}", "x" * 300 + "{ext}", "\ud800{ext}")),
        *((text, "tilde or an invisible") for text in ("~/{id}{ext}", "{id}\u202e{ext}", "{date:~%Y}{ext}")),
        *((text, "bytes") for text in ("{id}" * 4 + "{ext}", "é" * 100 + "{date}{ext}")),
        *((text, "can't be parsed") for text in ("{id{ext}", "}{ext}", "{date:%Y/%m}{ext}")),
    ],
)
def test_a_template_that_can_go_wrong_is_refused_at_once(text: str, reason: str) -> None:
    with pytest.raises(InvalidArgumentError, match=re.escape(reason)) as refused:
        Template(text)
    assert isinstance(refused.value, HistoryError)
    assert isinstance(refused.value, ValueError)
    assert "\n" not in str(refused.value)
    assert refused.value.hint


@settings(max_examples=500)  # most are refused
@given(st.text(alphabet="{}idexvoc:%Ym/.\\~ !\0é", max_size=30).map(lambda text: text + "{ext}"), hostile_items)
def test_a_template_is_refused_or_keeps_every_item_inside_the_folder(text: str, item: HistoryItem) -> None:
    try:
        template = Template(text)
    except InvalidArgumentError:
        return
    assert_fit_for_every_system(template.path_for(item, ".mp3"))


def assert_fit_for_every_system(path: PurePosixPath) -> None:
    assert not path.is_absolute()
    for name in path.parts:
        assert name not in {"", ".", ".."}
        assert not RESERVED.match(name), name
        assert not re.search(r'[<>:"/\\|?*\x00-\x1f\x7f]', name)
        assert name.isprintable()
        assert name == name.strip(" ").rstrip(".")
        assert name == unicodedata.normalize("NFC", name)
        assert len(name.encode()) <= 240
        assert len(name.encode("utf-16-le")) <= 2 * 240


@given(hostile_items, st.sampled_from(TEMPLATES), st.sampled_from([".mp3", ".abcdefghijklmno", ""]))
def test_whatever_an_item_says_its_path_is_inside_the_folder_and_legal(
    item: HistoryItem, template: Template, extension: str
) -> None:
    path = template.path_for(item, extension)
    assert_fit_for_every_system(path)
    assert path.name.endswith(extension)
    assert len(path.parts) == template.text.count("/") + 1
    assert path == Template(template.text).path_for(item, extension)


@pytest.mark.parametrize("nasty", NASTY)
def test_every_nasty_name_can_be_made_on_this_disk(tmp_path: Path, nasty: str) -> None:
    item = make_item(
        nasty if is_valid_id(nasty) else AN_ID,
        voice_name=nasty,
        text=nasty,
        model_id=nasty,
        source=nasty,
        voice_id=nasty,
        output_format=nasty,
    )
    for template in TEMPLATES:
        path = tmp_path / template.path_for(item, ".mp3")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.with_name(path.name + ".part").touch()
        path.touch()
        assert [found.relative_to(tmp_path) for found in tmp_path.rglob("*.mp3")] == [path.relative_to(tmp_path)]
        assert path.resolve().is_relative_to(tmp_path)
        for made in sorted(tmp_path.rglob("*"), reverse=True):
            made.rmdir() if made.is_dir() else made.unlink()


@given(st.from_regex(portable._VALID_EVERYWHERE, fullmatch=True).map(lambda name: name[: portable.NAME_BYTES]))
def test_a_name_of_plain_letters_needs_no_changing_on_any_system(name: str) -> None:
    assume(not name.endswith(" "))
    assert portable._make_valid(name) == name == pathvalidate.sanitize_filename(name, "-", fs_encoding="utf-8")


@given(hostile_ids, hostile_ids, st.sampled_from([*NASTY, "Rachel"]), st.sampled_from(TEMPLATES))
@example("abc", "ABC", "", TEMPLATES[0])
@example("../x", "..\\x", "", TEMPLATES[0])
@example("é", "e\u0301", "", TEMPLATES[0])
@example("con", "con_", "", TEMPLATES[3])
@example("x" * 100, "x" * 101, "", TEMPLATES[0])
@example("a~0123456789abcdef", "a", "", TEMPLATES[3])
def test_different_ids_never_share_a_file(one: str, other: str, voice: str, template: Template) -> None:
    assume(one != other)
    assume(not (len(one) == 20 and one.isascii() and one.isalnum() and one.lower() == other.lower()))
    paths = [template.path_for(make_item(item_id, voice_name=voice[:50]), ".mp3") for item_id in (one, other)]
    assert as_one_file(paths[0]) != as_one_file(paths[1])


@given(
    st.lists(hostile_items, max_size=5),
    st.sampled_from([*TEMPLATES, Template("{voice}{ext}"), Template("{date}{ext}")]),
)
def test_items_that_pass_the_check_have_a_file_each(items: list[HistoryItem], template: Template) -> None:
    try:
        plan(items, template)
    except InvalidArgumentError:
        assume(False)  # noqa: FBT003  (hypothesis has it so)
    paths = {as_one_file(template.path_for(item, ".mp3")) for item in items}
    assert len(paths) >= len({item.history_item_id for item in items})


def test_an_id_as_the_server_gives_it_stands_in_the_name_unchanged() -> None:
    for item_id in (AN_ID, "hist_01jz7k2m", "0b5a-11"):
        assert path_of(Template("{id}{ext}"), make_item(item_id)) == item_id + ".mp3"


def test_an_id_that_can_not_stand_in_a_name_is_spelled_and_hashed() -> None:
    assert re.fullmatch(r"etc-passwd~[0-9a-f]{16}\.mp3", path_of(Template("{id}{ext}"), make_item("../../etc/passwd")))


@pytest.mark.parametrize(("one", "other"), [("Anna", "ANNA"), ("é", "e\u0301"), ("❤️", "❤"), ("a?", "a*"), ("①", "1")])
def test_names_that_some_file_system_takes_for_one_do_not_pass_the_check(one: str, other: str) -> None:
    items = [make_item("one", voice_name=one), make_item("other", voice_name=other)]
    with pytest.raises(InvalidArgumentError, match=r"'one' and 'other' have one path .* Put \{id\} into the"):
        plan(items, Template("{voice}{ext}"))
    plan(items, Template())


@pytest.mark.parametrize("items", [[make_item(AN_ID), make_item(AN_ID.upper())], [AN_ID, AN_ID.upper()]])
def test_ids_that_differ_by_case_alone_do_not_pass_the_check(items: list[HistoryItem | str]) -> None:
    with pytest.raises(InvalidArgumentError, match="Their ids may differ by case alone"):
        plan(items, None)


def test_a_template_knows_whether_its_names_tell_the_item() -> None:
    assert Template().has_id
    assert not Template("{voice_id}{ext}").has_id


def test_a_long_name_is_cut_where_it_hurts_least() -> None:
    item = make_item(voice_name="v" * 300, model_id="short", text="語" * 60)
    name = path_of(Template("{voice}_{model}_{text}_{date}_{id}{ext}"), item)
    voice, model, text, *_ = name.split("_")
    assert name.endswith(f"_2023-11-14_22-13-20_{AN_ID}.mp3")
    assert model == "short"
    assert set(voice) == {"v"}
    assert set(text) == {"語"}
    assert 0 <= len(voice) - len(text.encode()) < 3
    assert 220 < len(name.removesuffix(".mp3").encode()) <= 224


@pytest.mark.parametrize(
    ("text", "voice", "name"),
    [
        ("{voice}", "a~b", "a-b"),
        ("{voice}", "a\n\u200bb", "a b"),
        ("{voice}", "conin$", "conin$~"),
        ("{voice}", " .x. ", "x"),
        ("{voice}", ". .", "unknown"),
        ("{voice}", "a/b\\c:d", "a-b-c-d"),
        ("{voice}.", "con", "con~"),
        (" {voice} .x", "nul", "nul~.x"),
        ("{id}{voice}", "\u0301x", f"{AN_ID}x"),
        ("\u1112{voice}", "\u1161", "하"),
        ("{voice}", "v" * 224, "v" * 224),
        ("{voice}", "v" * 225, "v" * 224),
        ("{voice}", unicodedata.normalize("NFD", "한" * 60), "한" * 60),
        ("{voice}_", "v" * 222 + " v", "v" * 222 + "_"),
        ("." * 224 + "{voice}", "v", "_"),
    ],
)
def test_what_can_not_stand_in_a_name_is_changed_and_the_rest_is_kept(text: str, voice: str, name: str) -> None:
    assert path_of(Template(text + "{ext}"), make_item(voice_name=voice), "") == name


def test_a_brace_may_stand_in_a_name() -> None:
    assert path_of(Template("{{{id}}}{ext}"), make_item()) == f"{{{AN_ID}}}.mp3"
