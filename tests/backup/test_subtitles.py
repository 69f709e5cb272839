"""Subtitles from alignments: the rules of subtitling, for any text and any times that can be true."""

import json
import unicodedata
from itertools import pairwise

import pytest
from elevenlabs_history import UnexpectedResponseError, WriteError
from elevenlabs_history_backup import Backup, BackupReader, NoAlignmentError, SubtitleError, format_cues
from elevenlabs_history_backup.alignment import Alignment, Character
from elevenlabs_history_backup.cues import make_cues, make_word_cues
from elevenlabs_history_simulator import Fault, Quirks
from hypothesis import given, settings, strategies as st
from support.backups import sync

# Latin, Cyrillic, Chinese, Japanese, Korean, Thai, Arabic, Hindi; marks, joiners, emoji, controls, and half a pair.
LETTERS = "aaaeeeiMé1Я中国ーっ한글ไทยที่שלمرहि\u0301\u200d\u200f👩🏽🇩\x1b\x00\ud83d"
MARKS = ".,!?;:…—-“”'()[]。、！？「」<>&{}"
letters = st.sampled_from([*LETTERS, *MARKS, *(" " * 12), "\n", "\u3000", "", "ab", "a b"])
milliseconds = st.sampled_from([0, 0, 1, 30, 60, 60, 60, 60, 250, 900, 3000, 8000])


@st.composite
def alignments(draw, *, speakers=(None,)):
    characters, now, speaker = [], 0, draw(st.sampled_from(speakers))
    size = draw(st.sampled_from([1, 5, 20, 100, 200]))
    for text in draw(st.lists(letters, min_size=size, max_size=size)):
        if draw(st.integers(0, 30)) == 0:
            now += draw(milliseconds)
            speaker = draw(st.sampled_from(speakers))
        characters.append(Character(text, now, now := now + draw(milliseconds), speaker))
    return Alignment("an-id", tuple(characters), now + draw(milliseconds))


def spoken(text, *, each=60, pauses=None, speakers=None, tail=0):
    """An alignment in which each character takes as long; pauses are milliseconds before a position."""
    characters, now = [], 0
    for position, letter in enumerate(text):
        now += (pauses or {}).get(position, 0)
        speaker = None if speakers is None else speakers[position]
        characters.append(Character(letter, now, now := now + each, speaker))
    return Alignment("an-id", tuple(characters), now + tail)


def shown(text):
    """What of a text is visible, without white space."""
    visible = (
        letter for letter in text if not letter.isspace() and unicodedata.category(letter) not in {"Cc", "Cf", "Mn"}
    )
    return "".join(visible)


def cells(text):
    return sum(
        0 if unicodedata.category(letter) in {"Mn", "Me", "Cf"} else 1 + (unicodedata.east_asian_width(letter) in "WF")
        for letter in text
    )


def check(cues, alignment):
    starts = {character.start for character in alignment.characters}
    for cue in cues:
        assert 1 <= len(cue.lines) <= 2
        assert all(0 < cells(line) <= 42 for line in cue.lines)
        assert shown(cue.text) or cells(cue.text)
        assert 0 < cue.end - cue.start <= 7.0001
        assert round(cue.start * 1000) in starts
    assert all(cue.end <= later.start for cue, later in pairwise(cues))
    assert not cues or cues[-1].end <= alignment.audio_end / 1000


@settings(max_examples=300, deadline=None)
@given(alignments())
def test_cues_follow_the_rules_whatever_is_said(alignment):
    try:
        cues = make_cues(alignment)
    except SubtitleError:
        return
    check(cues, alignment)
    assert shown("".join(cue.text for cue in cues)) == shown("".join(each.text for each in alignment.characters))
    for cue, following in pairwise([*cues, None]):
        room = alignment.audio_end / 1000 if following is None else following.start
        milliseconds = round((cue.end - cue.start) * 1000)
        if milliseconds < 1000 or (cells(cue.text) * 50 > milliseconds and milliseconds < 7000):
            assert cue.end == room


@settings(max_examples=150, deadline=None)
@given(alignments(speakers=("Rachel", "Adam", "a very long name that no line of any cue could ever hold", "長" * 50)))
def test_a_cue_has_one_speaker_who_is_named_at_each_change(alignment):
    try:
        cues = make_cues(alignment)
    except SubtitleError:
        return
    check(cues, alignment)
    before = None
    for cue in cues:
        assert cue.text.replace("\n", "").startswith(cue.speaker[:10]) or cue.speaker == before
        before = cue.speaker


@settings(max_examples=150, deadline=None)
@given(alignments(speakers=(None, "Rachel")))
def test_word_cues_have_the_times_of_their_words(alignment):
    try:
        cues = make_word_cues(alignment)
    except SubtitleError:
        return
    known = {time for character in alignment.characters for time in (character.start, character.end)}
    assert all({round(cue.start * 1000), round(cue.end * 1000)} <= known for cue in cues)
    assert shown("".join(cue.text for cue in cues)) == shown("".join(each.text for each in alignment.characters))
    assert all(cue.start < cue.end <= later.start for cue, later in pairwise(cues))


def texts(cues):
    return [cue.text for cue in cues]


def test_cues_end_with_sentences_and_long_ones_with_phrases():
    text = (
        "The dragon slept on a hill of unread mail. Nobody dared to wake it, because every letter was a bill, and the "
        "dragon could not pay. “Please hold the line; all our owls are busy,” said Mr. Smith to J. Doe.\n"
        "Chapter Two begins here"
    )
    assert texts(make_cues(spoken(text))) == [
        "The dragon slept on a hill of unread mail.",
        "Nobody dared to wake it,\nbecause every letter was a bill,",
        "and the dragon could not pay.",
        "“Please hold the line; all our owls\nare busy,” said Mr. Smith to J. Doe.",
        "Chapter Two begins here",
    ]


def test_a_line_of_the_text_is_a_sentence():
    assert texts(make_cues(spoken("Chapter Two of the book\nIt rained all day long"))) == [
        "Chapter Two of the book",
        "It rained all day long",
    ]


def test_a_cue_that_would_be_short_joins_another_one_or_stays_into_the_silence():
    assert texts(make_cues(spoken("No. Yes. I do not know what you mean."))) == [
        "No. Yes. I do not know what you mean."
    ]
    first, second = make_cues(spoken("No. Yes, indeed it is.", pauses={4: 3000}))
    assert (first.text, first.start, first.end) == ("No.", 0, 1)
    assert (second.start, second.end) == (3.24, 4.32)


def test_a_cue_that_is_spoken_fast_stays_into_the_silence_to_be_read():
    (cue,) = make_cues(spoken("This was spoken very fast, was it not?", each=20, tail=5000))
    assert cue.end == pytest.approx(38 / 20)


def test_no_cue_is_longer_than_seven_seconds():
    cues = make_cues(spoken("one two three four five six seven", each=500))
    assert len(cues) == 3
    (slow,) = make_cues(spoken("Hm", each=5000))
    assert (slow.text, slow.end) == ("Hm", 7)


def test_scripts_without_spaces_break_between_characters_but_not_before_punctuation():
    text = (
        "今天天气很好，我们去公园吧。公园里有很多人，他们在唱歌、跳舞、打太极拳，"
        "孩子们在草地上跑来跑去，老人们坐在长椅上聊天。「真的吗？」她问。"
    )
    assert texts(make_cues(spoken(text, each=200))) == [
        "今天天气很好，我们去公园吧。",
        "公园里有很多人，\n他们在唱歌、跳舞、打太极拳，",
        "孩子们在草地上跑来跑去，\n老人们坐在长椅上聊天。",
        "「真的吗？」她问。",
    ]
    assert texts(make_word_cues(spoken("很好，我 한국어 👩🏽‍💻"))) == ["很", "好，", "我", "한국어", "👩🏽‍💻"]


def test_a_word_longer_than_a_line_is_broken():
    assert texts(make_cues(spoken("x" * 100))) == ["x" * 42, f"{'x' * 42}\n{'x' * 16}"]


def test_words_that_take_no_time_join_others_until_there_are_too_many():
    few = Alignment(
        "an-id", (*spoken("Hello ").characters, Character("— you", 360, 360), Character(" there", 360, 700)), 700
    )
    assert texts(make_cues(few)) == ["Hello — you there"]
    assert texts(make_word_cues(few)) == ["Hello — you", "there"]
    many = Alignment("an-id", (*spoken("Hello ").characters, Character("you " * 50, 360, 360)), 360)
    for make in (make_cues, make_word_cues):
        with pytest.raises(
            SubtitleError, match=r"^No subtitles for item an-id: 'you you you .*…' at 0.360 s takes no time\.$"
        ):
            make(many)


def test_short_cues_are_better_than_one_without_time():
    words = Character("z" * 30 + " ", 0, 0), *spoken(f"{'a' * 30} {'b' * 30}", each=20).characters
    assert texts(make_cues(Alignment("an-id", words, 1220))) == [f"{'z' * 30}\n{'a' * 30}", "b" * 30]


def test_a_long_name_is_cut_so_that_every_word_fits_beside_it():
    (cue,) = make_cues(spoken("x" * 42, speakers=["長" * 50] * 42))
    assert cue.lines == (f"{'長' * 20}:", "x" * 42)


def test_nothing_but_white_space_and_invisible_characters_is_no_text():
    with pytest.raises(SubtitleError, match="its alignment has no text"):
        make_cues(spoken(" \n\u200d\x1b"))


def test_the_formats_escape_what_would_be_markup():
    cues = make_cues(spoken("<b> & --> </b>", each=250, speakers=["<Ann> & Co"] * 14))
    assert format_cues(cues, "vtt") == (
        "WEBVTT\n\n00:00:00.000 --> 00:00:03.500\n"
        "<v &lt;Ann&gt; &amp; Co>&lt;Ann&gt; &amp; Co: &lt;b&gt; &amp; --&gt; &lt;/b&gt;\n"
    )
    assert format_cues(cues, "srt") == "1\n00:00:00,000 --> 00:00:03,500\n<Ann> & Co: <b> & → </b>\n"
    assert format_cues(make_cues(spoken("a b", each=4_000_000)), "srt").startswith("1\n00:00:00,000 --> 00:00:07,000\n")


# From records


def times(*pairs, text=None):
    return {
        "alignment": {
            "characters": list(text or "x" * len(pairs)),
            "character_start_times_seconds": [start for start, _ in pairs],
            "character_end_times_seconds": [end for _, end in pairs],
        }
    }


@pytest.mark.parametrize(
    ("alignments", "reason"),
    [
        (times((0, 1), (2, 1.5)), "run backwards at 2.000 s"),
        (times((1, 2), (0.5, 3)), "run backwards at 1.000 s"),
        (times((0, 1), (1.8, 1.5), (1.8, 2)), "run backwards at 1.800 s"),
        (times((0, 1), (0.9, 2)), "overlap at 0.900 s"),
        (times((0, 1), (1, 3)), "end at 3.000 s, but its audio at 2.0"),
        (times((0, 1), (1, float("nan"))), "not a list of characters"),
        (times((0, 1), (1, float("inf"))), "not a list of characters"),
        (times((0, 1), (1, 10**30)), "not a list of characters"),
        (times((-1, 1)), "not a list of characters"),
        (times((0, True)), "not a list of characters"),
        (times((0, "1")), "not a list of characters"),
        (times((0, 1), text=[None]), "not a list of characters"),
        (times((0, 1), text="xx"), "not a list of characters"),
        (times(), "not a list of characters"),
        ({"alignment": {}}, "not a list of characters"),
        (times((0, 1), text=" "), "no text"),
    ],
)
def test_an_alignment_that_can_not_be_true_is_refused_with_the_reason(client, simulator, tmp_path, alignments, reason):
    simulator.history.add(date=2_000_000_000, seconds=2, alignments=alignments)
    sync(client, tmp_path, limit=1)
    with Backup(tmp_path) as backup:
        (record,) = backup
        for make in (record.subtitles, record.words):
            with pytest.raises(SubtitleError, match=reason) as refused:
                make()
            assert str(refused.value).startswith(f"No subtitles for item {record.history_item_id}: ")


@pytest.mark.parametrize(
    "alignments", [None, {}, [], "x", {"alignment": None}, {"normalized_alignment": times((0, 1))["alignment"]}]
)
def test_without_the_alignment_of_the_text_as_written_there_are_no_subtitles(client, simulator, tmp_path, alignments):
    simulator.history.add(date=2_000_000_000, alignments=alignments)
    sync(client, tmp_path, limit=1)
    with Backup(tmp_path) as backup, pytest.raises(NoAlignmentError, match="fetch_alignments"):
        next(iter(backup)).subtitles()


def test_the_text_is_shown_as_written_not_as_spoken(client, simulator, tmp_path):
    written = times((0, 0.5), (0.5, 1), text="7%")
    spoken_as = times((0, 1), text=["seven percent"])["alignment"]
    simulator.history.add(date=2_000_000_000, alignments=written | {"normalized_alignment": spoken_as})
    sync(client, tmp_path, limit=1)
    with Backup(tmp_path) as backup:
        assert texts(next(iter(backup)).subtitles()) == ["7%"]


@pytest.mark.parametrize(
    "output_format",
    ["mp3_44100_128", "mp3_22050_32", "pcm_24000", "wav_44100", "ulaw_8000", "alaw_8000", "opus_48000_64"],
)
def test_times_that_exceed_the_audio_are_refused(client, simulator, tmp_path, output_format):
    for seconds, second in ((3, 1), (5, 2)):
        alignments = times((0, 3.1))
        simulator.history.add(
            seconds=seconds, date=2_000_000_000 + second, alignments=alignments, output_format=output_format
        )
    simulator.history.add(seconds=2, date=2_000_000_000, alignments=times((0, 3.1)), output_format=output_format)
    sync(client, tmp_path, limit=3)
    with Backup(tmp_path) as backup:
        *long_enough, short = backup
        assert all(record.subtitles() for record in long_enough)
        with pytest.raises(SubtitleError, match=r"end at 3\.100 s, but its audio at (2\.|1\.9)"):
            short.subtitles()


def test_a_dialogue_names_its_speakers(client, simulator, tmp_path):
    lines = [("Rachel", "Who is there?"), ("Adam", "Me."), ("Adam", "And a dragon."), ("Rachel", "Come in, both.")]
    simulator.history.add_dialogue(lines, aligned=True, date=2_000_000_000)
    sync(client, tmp_path, limit=1)
    with Backup(tmp_path) as backup:
        (record,) = backup
        assert [(cue.speaker, cue.text) for cue in record.subtitles()] == [
            ("Rachel", "Rachel: Who is there?"),
            ("Adam", "Adam: Me. And a dragon."),
            ("Rachel", "Rachel: Come in, both."),
        ]
        assert [(cue.speaker, cue.text) for cue in record.words()][2:5] == [
            ("Rachel", "there?"),
            ("Adam", "Me."),
            ("Adam", "And"),
        ]


@pytest.mark.parametrize("said", ["Who is here? Me.", "Who is there?", "Who is there? Me. Too."])
def test_a_dialogue_whose_alignment_has_another_text_is_refused(client, simulator, tmp_path, said):
    alignments = times(*((n / 10, n / 10 + 0.1) for n in range(len(said))), text=said)
    lines = [("Rachel", "Who is there?"), ("Adam", "Me.")]
    simulator.history.add_dialogue(lines, alignments=alignments, date=2_000_000_000, seconds=3)
    sync(client, tmp_path, limit=1)
    with Backup(tmp_path) as backup, pytest.raises(SubtitleError, match="not of the lines of its dialogue"):
        next(iter(backup)).subtitles()


# Fetched alignments


def gets(simulator):
    return [request.path for request in simulator.requests if request.operation == "get"]


def test_alignments_that_a_listing_leaves_out_are_fetched_once_and_kept(client, simulator, tmp_path):
    simulator.quirks = Quirks(unlisted_alignments=True)
    aligned = simulator.history.add(text="Hello.", aligned=True)
    sync(client, tmp_path)
    progress = []
    with Backup(tmp_path) as backup:
        with pytest.raises(NoAlignmentError):
            backup.get(aligned.id).subtitles()
        assert backup.fetch_alignments(client, on_progress=lambda *numbers: progress.append(numbers)) == 1
        assert len(gets(simulator)) == 21
        assert progress == [(done, 21) for done in range(1, 22)]
        assert texts(backup.get(aligned.id).subtitles()) == ["Hello."]
        assert backup.get(aligned.id).metadata == aligned.metadata
        assert backup.fetch_alignments(client) == 0
        assert len(gets(simulator)) == 21
        # A run that lists the item again does not lose what only the single answer had.
        backup.sync(client, output_format="wav")
        assert texts(backup.get(aligned.id).subtitles()) == ["Hello."]


def test_alignments_of_some_items_are_fetched_alone(client, simulator, tmp_path):
    simulator.quirks = Quirks(unlisted_alignments=True)
    one, other, gone = (simulator.history.add(aligned=True) for _ in range(3))
    sync(client, tmp_path)
    simulator.history.remove(gone.id)
    with Backup(tmp_path) as backup:
        assert backup.fetch_alignments(client, [one.id, gone.id, "nobody"]) == 1
        assert sorted(gets(simulator)) == sorted(f"/v1/history/{each.id}" for each in (one, gone))
        assert backup.get(one.id).subtitles()
        for record in (backup.get(other.id), backup.get(gone.id)):
            with pytest.raises(NoAlignmentError):
                record.subtitles()


def test_alignments_that_the_listing_has_are_not_fetched(client, simulator, tmp_path):
    item = simulator.history.add(aligned=True)
    sync(client, tmp_path)
    with Backup(tmp_path) as backup:
        assert backup.fetch_alignments(client, [item.id]) == 0
    assert gets(simulator) == []


def test_the_answer_for_another_item_is_not_kept(client, simulator, tmp_path):
    simulator.quirks = Quirks(unlisted_alignments=True)
    one, other = (simulator.history.add(aligned=True) for _ in range(2))
    sync(client, tmp_path)
    simulator.faults.add(
        Fault.answer(200, json.dumps(other.metadata).encode(), content_type="application/json"), on="get"
    )
    with Backup(tmp_path) as backup:
        with pytest.raises(UnexpectedResponseError, match="the server answered with item"):
            backup.fetch_alignments(client, one.id)
        with pytest.raises(NoAlignmentError):
            backup.get(one.id).subtitles()


def test_a_reader_changes_nothing(client, tmp_path):
    sync(client, tmp_path, limit=1)
    with BackupReader(tmp_path) as backup:
        assert len(backup) == 1
        # By the word of SQLite, too.
        with pytest.raises(WriteError, match="readonly"):
            backup._open().begin_run("any")
