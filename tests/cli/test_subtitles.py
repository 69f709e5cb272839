"""The command subtitles: its files against a parser that others wrote, and its times against what is heard."""

import json
import random

import numpy as np
import pysubs2
import pytest
import soundfile
from elevenlabs_history_backup import Backup
from elevenlabs_history_simulator import Quirks
from elevenlabs_history_simulator.seeded import TEXTS, VOICES

NAMES = [name for _, name, _ in VOICES if "<" not in name]  # SubRip has no way to write one that is not markup
TOLERANCE = 0.06  # seconds: an mp3 sounds a little longer than its frames


@pytest.fixture
def folder(simulator, tmp_path):
    return tmp_path / "history"


@pytest.fixture
def back_up(run, folder):
    def back_up():
        assert run("backup", folder, "--quiet").exit_code == 0

    return back_up


@pytest.fixture
def aligned(simulator, back_up):
    item = simulator.history.add(text="Hello, you. Who is there?", aligned=True, date=2_000_000_000)
    back_up()
    return item


def tones(path):
    """When a file begins and ends to sound, in seconds, each time: one tone for each word."""
    sound, rate = soundfile.read(path)
    loud = np.flatnonzero(np.abs(sound) > 0.05) / rate
    pauses = np.flatnonzero(np.diff(loud) > 0.025)
    return list(zip(loud[np.r_[0, pauses + 1]], loud[np.r_[pauses, -1]], strict=True))


@pytest.fixture
def two_hundred(simulator, back_up):
    draw = random.Random(7)
    for _ in range(200):
        texts = draw.choices(TEXTS, k=draw.randint(1, 5))
        output_format = draw.choice(["mp3_44100_128", "wav_44100", "pcm_24000"])
        if draw.random() < 0.2:
            lines = [(draw.choice(NAMES), text) for text in texts]
            simulator.history.add_dialogue(lines, aligned=True, output_format=output_format)
        else:
            simulator.history.add(text=" ".join(texts), aligned=True, output_format=output_format)
    back_up()


def without_name(event, speakers):
    """The words of a cue without the name of the speaker."""
    text = event.plaintext.replace("\n", " ")
    return next((text.removeprefix(f"{name}: ") for name in speakers if text.startswith(f"{name}: ")), text).split()


@pytest.mark.parametrize("form", ["srt", "vtt"])
def test_another_parser_reads_the_subtitles_of_two_hundred_items_and_their_times_are_heard(
    run, two_hundred, folder, tmp_path, form
):
    result = run("subtitles", folder, "-o", tmp_path / "out", "--form", form)
    assert (result.exit_code, result.lines) == (0, [f"200 files written to {tmp_path / 'out'}."])
    assert result.stderr.startswith("20 items left out, without an alignment of words and times.")
    with Backup(folder) as backup:
        records = [record for record in backup if record.metadata["alignments"]]
    for record in records:
        (file,) = record.files
        subtitles = pysubs2.load(str(tmp_path / "out" / file.path).rpartition(".")[0] + f".{form}")
        heard = tones(folder / file.path)
        speakers = {line["voice_name"] for line in record.metadata["dialogue"] or ()}
        words = [word for event in subtitles for word in without_name(event, speakers)]
        assert words == (record.text or "").split()
        for event in subtitles:
            word_count = len(without_name(event, speakers))
            during = [
                (start, end)
                for start, end in heard
                if event.start / 1000 - TOLERANCE < start < event.end / 1000 - TOLERANCE
            ]
            assert len(during) == word_count
            assert event.start / 1000 == pytest.approx(during[0][0], abs=TOLERANCE)
            assert event.end / 1000 > during[-1][1] - TOLERANCE
            if speakers and event is subtitles[0]:
                assert event.plaintext.replace("\n", " ").startswith(tuple(f"{name}: " for name in speakers))


def test_words_have_the_times_at_which_they_are_heard(run, two_hundred, folder, tmp_path):
    run("subtitles", folder, "-o", tmp_path, "--form", "json")
    run("subtitles", folder, "-o", tmp_path, "--words")
    with Backup(folder) as backup:
        records = [record for record in backup if record.metadata["alignments"]][:50]
    for record in records:
        path = tmp_path / record.files[0].path
        words = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        assert [word["text"] for word in words] == record.text.split()
        heard = np.array(tones(folder / record.files[0].path))
        assert np.array([(word["start"], word["end"]) for word in words]) == pytest.approx(heard, abs=TOLERANCE)
        cues = pysubs2.load(str(path.with_suffix(".srt")))
        assert [(cue.text, cue.start, cue.end) for cue in cues] == [
            (word["text"], round(word["start"] * 1000), round(word["end"] * 1000)) for word in words
        ]


def test_one_item_is_printed(run, folder, aligned):
    result = run("subtitles", folder, aligned.id)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == "1\n00:00:00,000 --> 00:00:01,500\nHello, you. Who is there?\n"


@pytest.mark.parametrize("output", ["one.srt", "new/", "new/one.srt", "existing"])
def test_one_item_goes_to_a_file_or_below_a_folder(run, folder, tmp_path, aligned, output):
    (tmp_path / "existing").mkdir()
    result = run("subtitles", folder, aligned.id, "-o", f"{tmp_path}/{output}")
    assert (result.exit_code, result.lines) == (0, [f"1 file written to {tmp_path}/{output}."])
    (path,) = tmp_path.rglob("*.srt")
    if not output.endswith(".srt"):
        with Backup(folder) as backup:
            assert path == (tmp_path / output / backup.get(aligned.id).files[0].path).with_suffix(".srt")
    else:
        assert path == tmp_path / output


def test_an_item_that_is_named_twice_is_written_once(run, folder, tmp_path, aligned):
    result = run("subtitles", folder, aligned.id, aligned.id, "-o", f"{tmp_path}/out")
    assert (result.exit_code, result.lines) == (0, [f"1 file written to {tmp_path}/out."])


def test_subtitles_beside_the_clips_do_no_harm(run, folder, aligned):
    assert run("subtitles", folder, "-o", folder).exit_code == 0
    (path,) = folder.rglob("*.srt")
    assert path.with_suffix(".mp3").exists()
    assert run("verify", folder).exit_code == 0


def test_existing_files_are_replaced_only_when_told(run, folder, tmp_path, aligned):
    target = tmp_path / "one.srt"
    target.write_text("mine")
    result = run("subtitles", folder, aligned.id, "-o", target)
    assert (result.exit_code, result.stderr.count("\n"), target.read_text()) == (1, 1, "mine")
    assert "--overwrite" in result.stderr
    assert run("subtitles", folder, aligned.id, "-o", target, "--overwrite").exit_code == 0
    assert target.read_text().startswith("1\n")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["history", "one.srt"]


def test_several_items_need_a_folder(run, folder, aligned):
    for ids in ([], [aligned.id, "another"]):
        result = run("subtitles", folder, *ids)
        assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (2, "", 1)
        assert "--output" in result.stderr


def test_an_item_without_an_alignment_is_one_line_and_nothing_is_written(run, simulator, folder, tmp_path, back_up):
    item = simulator.history.add(date=2_000_000_000)
    back_up()
    result = run("subtitles", folder, item.id, "-o", tmp_path / "one.srt")
    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (1, "", 1)
    assert result.stderr == (
        f"elevenlabs-history: Item {item.id} has no alignment, so nothing tells when its words are spoken. "
        "A listing may leave it out: use --fetch.\n"
    )
    assert not (tmp_path / "one.srt").exists()
    assert run("subtitles", folder, item.id).stdout == ""


def test_an_item_whose_times_can_not_be_true_is_one_line_and_the_others_are_written(
    run, simulator, folder, tmp_path, aligned, back_up
):
    simulator.history.add(aligned=True, date=2_000_000_001).metadata["alignments"]["alignment"][
        "character_start_times_seconds"
    ][3] = 90
    wrong = next(iter(simulator.history))
    back_up()
    result = run("subtitles", folder, "-o", tmp_path / "out")
    assert (result.exit_code, result.lines) == (1, [f"1 file written to {tmp_path / 'out'}."])
    assert result.stderr.startswith(
        f"elevenlabs-history: No subtitles for item {wrong.id}: its times run backwards at 90.000 s.\n"
    )
    assert len(list((tmp_path / "out").rglob("*.srt"))) == 1


def test_an_unknown_item_and_a_folder_that_is_no_backup_are_one_line(run, folder, tmp_path, aligned):
    result = run("subtitles", folder, "nobody")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == f"elevenlabs-history: {folder} has no item 'nobody'.\n"
    (tmp_path / "empty").mkdir()
    result = run("subtitles", tmp_path / "empty", "-o", tmp_path / "out")
    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (1, "", 1)
    assert "is not a backup" in result.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty", "history"]


def test_fetch_asks_the_server_for_alignments_that_the_listing_left_out(run, simulator, folder, tmp_path, monkeypatch):
    simulator.quirks = Quirks(unlisted_alignments=True)
    item = simulator.history.add(text="Hello.", aligned=True)
    run("backup", folder, "--quiet")
    lacking = run("subtitles", folder, "-o", tmp_path / "out")
    assert (lacking.exit_code, lacking.lines) == (0, [f"0 files written to {tmp_path / 'out'}."])
    assert "--fetch" in lacking.stderr
    fetched = run("subtitles", folder, "-o", tmp_path / "out", "--fetch")
    assert (fetched.exit_code, fetched.lines) == (0, [f"1 file written to {tmp_path / 'out'}."])
    assert fetched.stderr == (
        "Asked the server for 21 of 21 items\n20 items left out, without an alignment of words and times.\n"
    )
    monkeypatch.delenv("ELEVENLABS_API_KEY")
    assert run("subtitles", folder, item.id).stdout.endswith("\nHello.\n")
    assert run("subtitles", folder, item.id, "--fetch").exit_code == 3


def test_an_item_without_a_file_has_the_name_that_its_file_would_have(run, simulator, folder, tmp_path):
    item = simulator.history.add(aligned=True, state="deleted", date=2_000_000_000)
    run("backup", folder, "--quiet")
    assert run("subtitles", folder, item.id, "-o", f"{tmp_path}/out/").exit_code == 0
    (path,) = (tmp_path / "out").rglob("*.srt")
    assert item.id in path.name


def test_a_path_of_the_catalog_that_leaves_the_folder_is_not_used(run, folder, tmp_path, aligned):
    with Backup(folder) as backup, backup._open().transaction() as connection:
        connection.execute("UPDATE files SET path = '../../evil.mp3' WHERE history_item_id = ?", (aligned.id,))
    assert run("subtitles", folder, "-o", tmp_path / "a" / "b").exit_code == 0
    (path,) = tmp_path.rglob("*.srt")
    assert path.is_relative_to(tmp_path / "a" / "b")


def test_half_a_surrogate_pair_does_not_stop_a_file(run, simulator, folder, tmp_path, back_up):
    item = simulator.history.add(text="Hello \ud83d.", aligned=True, date=2_000_000_000)
    back_up()
    assert run("subtitles", folder, item.id, "-o", tmp_path / "one.srt").exit_code == 0
    assert (tmp_path / "one.srt").read_text(encoding="utf-8").endswith("Hello ?.\n")


def test_control_characters_reach_no_terminal(run, simulator, folder, back_up):
    lines = [("Rachel\x1b[31m\nnext", "Hello,\x1b[2J \x07you.")]
    item = simulator.history.add_dialogue(lines, aligned=True, date=2_000_000_000)
    back_up()
    for form in ("srt", "vtt", "json"):
        result = run("subtitles", folder, item.id, "--form", form)
        assert result.exit_code == 0
        assert "you." in result.stdout
        assert not {"\x1b", "\x07"} & set(result.stdout)
