"""`play` and `open` give the file of an item to another program, without a shell."""

import os
import sqlite3
import sys

import pytest
from elevenlabs_history_simulator import item_id_of

pytestmark = pytest.mark.skipif(os.name == "nt" or sys.platform == "darwin", reason="the programs are shell scripts")


@pytest.fixture
def programs(tmp_path, monkeypatch):
    """Install programs that write their name and arguments to a file, and nothing else."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))

    def install(*names, status=0):
        for name in names:
            script = folder / name
            script.write_text(f'#!/bin/sh\nprintf "%s\\n" {name} "$@" > "{tmp_path / "called"}"\nexit {status}\n')
            script.chmod(0o755)

    install.called = lambda: (tmp_path / "called").read_text().splitlines()
    return install


@pytest.fixture
def path(run, tmp_path, monkeypatch):
    folder = tmp_path / "my $history"
    run("backup", folder, "--limit", 1, "--quiet")
    monkeypatch.setenv("ELEVENLABS_HISTORY_FOLDER", str(folder))
    (path,) = folder.rglob("*.mp3")
    return path


@pytest.fixture
def item_id(path):
    return item_id_of(path.read_bytes())


@pytest.mark.parametrize(
    ("installed", "called"),
    [
        (["aplay", "mpv", "ffplay", "xdg-open"], ["mpv", "--no-video"]),
        (["ffplay", "xdg-open"], ["ffplay", "-nodisp", "-autoexit", "-loglevel", "error"]),
        (["afplay", "mpv"], ["afplay"]),
        (["aplay", "paplay", "xdg-open"], ["xdg-open"]),
    ],
    ids=lambda names: names[0],
)
def test_play_takes_the_first_player_that_is_installed_and_can_play_the_file(
    run, programs, path, item_id, installed, called
):
    programs(*installed)
    result = run("play", item_id)
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "")
    assert programs.called() == [*called, str(path)]


def test_aplay_plays_wav(run, programs, path, item_id, monkeypatch, tmp_path):
    monkeypatch.setenv("ELEVENLABS_HISTORY_FOLDER", str(tmp_path / "wav"))
    run("backup", "--format", "wav", "--limit", 1)
    programs("aplay", "xdg-open")
    assert run("play", item_id).exit_code == 0
    assert programs.called()[0] == "aplay"


def test_open_opens_the_file_in_any_backup(run, programs, path, item_id, tmp_path, monkeypatch):
    programs("mpv", "xdg-open")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ELEVENLABS_HISTORY_FOLDER")
    assert run("open", item_id, "--in", "my $history").exit_code == 0
    assert programs.called() == ["xdg-open", str(path)]


def test_a_missing_program_is_one_line_with_the_path(run, programs, path, item_id):
    for command in ("play", "open"):
        result = run(command, item_id)
        assert (result.exit_code, result.stderr.count("\n")) == (1, 1)
        assert f"No program was found to play {path}. Install " in result.stderr


def test_a_program_that_fails_is_one_line_with_the_path(run, programs, path, item_id):
    programs("mpv", status=3)
    result = run("play", item_id)
    assert (result.exit_code, result.stderr.count("\n")) == (1, 1)
    assert result.stderr.endswith(f"mpv failed with exit status 3. The file is {path}.\n")


def test_ctrl_c_stops_the_player_alone(run, programs, path, item_id, tmp_path):
    (tmp_path / "bin" / "mpv").write_text("#!/bin/sh\nkill -INT $PPID\nexit 4\n")
    (tmp_path / "bin" / "mpv").chmod(0o755)
    result = run("play", item_id)
    assert (result.exit_code, result.stderr) == (130, "")


def test_an_unknown_item_a_file_that_is_gone_and_an_item_without_one_are_one_line(
    run, programs, simulator, path, item_id
):
    programs("mpv")
    unknown = run("play", item_id[:-1])
    assert (unknown.exit_code, unknown.stderr.count("\n")) == (1, 1)
    assert f"has no item '{item_id[:-1]}'." in unknown.stderr
    path.rename(path.with_name("elsewhere.mp3"))
    gone = run("play", item_id)
    assert (gone.exit_code, gone.stderr.count("\n")) == (1, 1)
    assert f"{path} is not where it was saved. To find or fetch it: elevenlabs-history verify '" in gone.stderr
    lost = simulator.history.add(state="deleted", date=2_000_000_000)
    run("backup")
    missing = run("play", lost.id)
    assert (missing.exit_code, missing.stderr.count("\n")) == (1, 1)
    assert f"Item {lost.id} has no file: " in missing.stderr


def test_a_path_that_leads_out_of_the_backup_is_not_opened(run, programs, path, item_id, tmp_path):
    programs("mpv", "xdg-open")
    (tmp_path / "other.mp3").write_bytes(path.read_bytes())
    with sqlite3.connect(tmp_path / "my $history" / "history.db") as catalog:
        catalog.execute("UPDATE files SET path = '../other.mp3'")
    catalog.close()
    result = run("play", item_id)
    assert (result.exit_code, "is not where it was saved" in result.stderr) == (1, True)
    assert not (tmp_path / "called").exists()


def test_a_file_in_a_folder_that_was_moved_behind_a_link_is_played(run, programs, path, item_id, tmp_path):
    programs("mpv")
    path.parent.rename(tmp_path / "elsewhere")
    path.parent.symlink_to(tmp_path / "elsewhere")
    assert run("play", item_id).exit_code == 0
    assert programs.called() == ["mpv", "--no-video", str(path)]
