"""The commands find and stats: what a script and what people read of them."""

import io
import json
import sys
from typing import get_args

import pytest
from elevenlabs_history_backup import Grouping
from elevenlabs_history_cli.parser_backups import GROUPINGS

TEXT = "Dragons like  syzygies."


@pytest.fixture
def folder(run, simulator, tmp_path):
    for number, (voice, model) in enumerate([("Ann", "one"), ("Bob", "two")]):
        settings = {"stability": 0.5, "use_speaker_boost": True}
        simulator.history.add(
            text=TEXT, voice_name=voice, model_id=model, settings=settings, date=2_000_000_000 + number
        )
    folder = tmp_path / "my history"
    assert run("backup", folder, "--quiet", "--limit", "2").exit_code == 0
    return folder


@pytest.fixture
def pipe(monkeypatch):
    def pipe(data):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data), encoding="ascii"))

    return pipe


def test_find_prints_what_was_generated_before_newest_first(run, folder):
    result = run("find", folder, "Dragons like syzygies.")
    assert (result.exit_code, result.stderr) == (0, "")
    heading, newest, path, oldest, _ = result.lines
    assert heading.split() == ["ID", "DATE", "VOICE", "MODEL", "SETTINGS"]
    assert newest.endswith("Bob    two    stability 0.5, use_speaker_boost True")
    assert "Ann" in oldest
    assert (folder / path.strip()).is_file()
    assert run("find", folder, "Dragons", "like", "syzygies.").stdout == result.stdout


def test_find_says_by_its_exit_code_that_nothing_was_found(run, folder):
    nothing = run("find", folder, "Dragons like soup.", "--voice", "Ann", "--model", "one")
    assert (nothing.exit_code, nothing.stdout) == (1, "")
    assert nothing.stderr.startswith(
        f"{folder} has no file with this whole text --voice Ann --model one. To find words: "
    )
    assert run("find", folder, "Dragons like soup.", "-q").stderr == ""
    assert run("find", folder, TEXT, "--voice", "Bob", "--model", "one").exit_code == 1
    assert run("find", folder, "Dragons like syzygies.", "--exact").exit_code == 1
    assert run("find", folder, TEXT, "--exact", "--columns", "voice").lines[1] == "Bob"


def test_find_prints_the_path_of_the_newest_file_or_all_of_the_record(run, folder):
    (path,) = run("find", folder, TEXT, "--path").lines
    newest, oldest = run("find", folder, TEXT, "--json").json_lines
    assert path == str(folder / newest["files"][0]["path"])
    assert (newest["voice"], oldest["voice"]) == ("Bob", "Ann")
    assert newest["files"][0]["seconds"] > 0.5
    assert run("find", folder, "soup", "--path").stdout == ""


def test_the_text_may_come_from_a_file_or_from_standard_input(run, folder, tmp_path, pipe, monkeypatch):
    file = tmp_path / "line.txt"
    file.write_bytes(b"\xef\xbb\xbfDragons like\r\nsyzygies.\n")
    assert run("find", folder, "--text-file", file, "--columns", "voice").lines[1] == "Bob"
    pipe(b"Dragons like syzygies.\n")
    assert run("find", folder, "-", "--columns", "voice").lines[1] == "Bob"
    monkeypatch.setenv("ELEVENLABS_HISTORY_FOLDER", str(folder))
    assert run("find", "--text-file", file).exit_code == 0
    assert run("find", TEXT).exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["{folder}", "--text-file", "{folder}/history.db"], "history.db is not UTF-8."),
        (["{folder}", "text", "--text-file", "{folder}/history.db"], "Give either a text or --text-file."),
        (["{folder}", "-"], "Standard input is not UTF-8."),
        (["{folder}", " "], "The text to find is empty."),
        ([], "The folder of a backup and a text to find must be given."),
        (["{folder}/nowhere", "text"], "is not a backup"),
    ],
)
def test_what_find_cannot_use_is_one_line_and_not_taken_for_not_found(run, folder, pipe, arguments, message):
    pipe(b"\xff")
    result = run("find", *(each.format(folder=folder) for each in arguments))
    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (2, "", 1)
    assert message in result.stderr


def test_find_without_a_text_is_wrong_usage(run, folder, monkeypatch):
    monkeypatch.setenv("ELEVENLABS_HISTORY_FOLDER", str(folder))
    result = run("find")
    assert (result.exit_code, result.stderr) == (2, "elevenlabs-history: The text to find is missing.\n")


def test_a_text_file_that_is_not_there_is_one_line(run, folder):
    result = run("find", folder, "--text-file", folder / "nothing.txt")
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
    assert "nothing.txt" in result.stderr


def test_stats_prints_totals_and_what_was_generated_twice(run, simulator, folder):
    twice = run("find", folder, TEXT, "--voice", "Bob", "--json").json_lines[0]["metadata"]
    same = {name: twice[name] for name in ("text", "voice_name", "voice_id", "model_id")}
    simulator.history.add(**same, date=2_000_000_002)
    run("backup", folder, "--quiet", "--limit", "3")
    result = run("stats", folder, "--price-per-1000", "100")
    assert (result.exit_code, result.stderr) == (0, "")
    items, characters, audio, repeated = result.lines
    assert (items, characters) == ("3 items, 3 of them saved.", "69 characters, 6.90.")
    assert audio.startswith("0:00:03 of audio, ")
    assert repeated == "1 item with the text, voice and model of an older one: 23 characters, 2.30."
    assert "," not in run("stats", folder).lines[1]


def test_stats_by_voice_is_a_table_with_all_in_the_last_line(run, folder):
    heading, *rows = run("stats", folder, "--by", "voice", "--price-per-1000", "100").lines
    assert heading.split() == [
        "VOICE",
        "ITEMS",
        "SAVED",
        "CHARACTERS",
        "LENGTH",
        "SIZE",
        "REPEATED",
        "PRICE",
        "REPEATED",
        "PRICE",
    ]
    assert [row.split()[:4] for row in rows] == [
        ["Ann", "1", "1", "23"],
        ["Bob", "1", "1", "23"],
        ["all", "2", "2", "46"],
    ]
    assert rows[-1].split()[-2:] == ["4.60", "0.00"]
    # Numbers end where their headings do.
    assert rows[0].index("23") + 2 == heading.index("CHARACTERS") + len("CHARACTERS")


def test_stats_offers_every_grouping():
    assert get_args(Grouping) == GROUPINGS


def test_stats_for_programs(run, folder):
    (total,) = run("stats", folder, "--json").json_lines
    assert (total["items"], total["characters"]) == (2, 46)
    assert "price" not in total
    groups = run("stats", folder, "--by", "model", "--json", "--price-per-1000", "0.5").json_lines
    assert [(each["model"], each["items"], each["price"]) for each in groups] == [("one", 1, 0.01), ("two", 1, 0.01)]


@pytest.mark.parametrize("price", ["-1", "nan", "inf", "much", ""])
def test_a_price_that_is_none_is_wrong_usage(run, folder, price):
    result = run("stats", folder, "--price-per-1000", price)
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)


def test_a_playlist_tells_lengths(run, folder):
    lengths = [line.partition(",")[0] for line in run("export", folder, "--m3u").lines if line.startswith("#EXTINF")]
    assert lengths == ["#EXTINF:1", "#EXTINF:1"]
    assert json.loads(run("export", folder, "--jsonl").lines[0])["files"][0]["seconds"] == pytest.approx(1, abs=0.5)
    assert "seconds" in run("export", folder, "--csv").lines[0].split(",")


def test_standard_input_that_is_closed_is_an_empty_text(run, folder, monkeypatch):
    monkeypatch.setattr(sys, "stdin", None)
    result = run("find", folder, "-")
    assert (result.exit_code, result.stderr) == (2, "elevenlabs-history: The text to find is empty.\n")
