"""A zip archive that somebody downloaded by hand gives only what it is proven to hold, and is never trusted."""

import contextlib
import os
import zipfile

import pytest
from elevenlabs_history import (
    FileKind,
    InvalidArgumentError,
    LockedError,
    MatchMethod,
    Template,
    UnsafeArchiveError,
    extract_archive,
)
from elevenlabs_history_simulator import Quirks, item_id_of
from elevenlabs_history_simulator.archive import write_archive
from filelock import FileLock
from support.bad_archives import TRAPS
from support.zip_writer import Piece, build


@pytest.fixture(params=["sync"])
def make_client(make_client):
    return make_client


@pytest.fixture
def items(client):
    return list(client.list())


@pytest.fixture
def archive(simulator, tmp_path):
    """Make an archive of items of the simulator, as the server makes it."""

    def make(items, output_format=None, **quirks):
        made, _ = write_archive(list(items), output_format, Quirks(**quirks))
        path = tmp_path / "downloaded.zip"
        with made:
            path.write_bytes(made.read())
        return path

    return make


def names(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


QUIRKS = [{"names": "id"}, {"folders": True}, {"names": "dated"}, {"utc_offset": -5 * 3600, "deflated": True}]


@pytest.mark.parametrize("quirks", QUIRKS, ids=str)
def test_a_part_of_the_history_is_extracted_whatever_the_names_are(simulator, items, archive, tmp_path, quirks):
    part = list(simulator.history)[3:9]
    report = extract_archive(archive(part, **quirks), items, tmp_path / "clips")
    assert {file.history_item_id for file in report.saved} == {item.id for item in part}
    assert (report.skipped, report.unmatched) == ([], [])
    for file in report.saved:
        assert item_id_of(file.path.read_bytes()) == file.history_item_id
        assert file.size == file.path.stat().st_size
        assert file.path.stat().st_mtime == simulator.history.get(file.history_item_id).date
    assert {file.match_method for file in report.saved} == {
        MatchMethod.ID_IN_NAME if quirks.get("names") == "id" else MatchMethod.TIME
    }


def test_what_is_not_proven_stays_in_the_archive(simulator, items, archive, tmp_path):
    part = list(simulator.history)[:4]
    gone = simulator.history.add(date=part[0].date + 7)
    path = archive([*part, gone], names="id")
    report = extract_archive(path, items, tmp_path / "clips")
    assert ({file.history_item_id for file in report.saved}, report.unmatched) == (
        {item.id for item in part},
        [f"{gone.id}.mp3"],
    )
    path = archive([*part, gone])
    report = extract_archive(path, items, tmp_path / "others")
    assert (report.saved, len(report.unmatched)) == ([], 5)
    assert names(tmp_path / "others") in ([], [".elevenlabs-history/lock"])


def test_pcm_becomes_wav_as_in_a_download(simulator, client, archive, tmp_path):
    pcm = simulator.history.add(output_format="pcm_24000")
    report = extract_archive(archive([pcm], names="id"), client.list(), tmp_path / "clips")
    assert [file.kind for file in report.saved] == [FileKind.WAV]


def test_a_member_that_is_not_audio_is_left(items, tmp_path):
    path = tmp_path / "notes.zip"
    path.write_bytes(build(Piece(name=f"{items[0].history_item_id}.txt".encode(), content=b"some notes about this")))
    report = extract_archive(path, items, tmp_path / "clips")
    assert (report.saved, report.unmatched) == ([], [f"{items[0].history_item_id}.txt"])
    assert names(tmp_path / "clips") == [".elevenlabs-history/lock"]


def test_items_whose_files_exist_are_left_out_unless_they_are_to_be_replaced(simulator, items, archive, tmp_path):
    path = archive(list(simulator.history)[:5])
    folder = tmp_path / "clips"
    first = extract_archive(path, items, folder, template="{id}{ext}")
    assert names(folder) == sorted(
        [".elevenlabs-history/lock", *(f"{file.history_item_id}.mp3" for file in first.saved)]
    )
    first.saved[0].path.write_bytes(b"mine")
    again = extract_archive(path, items, folder, template=Template("{id}{ext}"))
    assert (again.saved, set(again.skipped)) == ([], {file.history_item_id for file in first.saved})
    assert first.saved[0].path.read_bytes() == b"mine"
    replaced = extract_archive(path, items, folder, template="{id}{ext}", overwrite=True)
    assert len(replaced.saved) == 5
    assert first.saved[0].path.read_bytes() != b"mine"


def test_items_can_be_left_out_by_id_and_still_prove_the_others(simulator, items, archive, tmp_path):
    part = list(simulator.history)[:4]
    left_out = {item.id for item in part[:3]}
    report = extract_archive(archive(part), items, tmp_path / "clips", skip=left_out)
    assert ([file.history_item_id for file in report.saved], set(report.skipped)) == ([part[3].id], left_out)


HOSTILE = {name: data for name, data in TRAPS.items() if data}


@pytest.mark.parametrize("name", HOSTILE)
def test_no_trap_writes_anything_that_is_not_an_item(items, tmp_path, name):
    folder = tmp_path / "inside" / "clips"
    (tmp_path / "trap.zip").write_bytes(HOSTILE[name])
    with contextlib.suppress(UnsafeArchiveError):
        assert extract_archive(tmp_path / "trap.zip", items, folder).saved == []
    assert set(names(tmp_path)) <= {"trap.zip", "inside/clips/.elevenlabs-history/lock"}


@pytest.mark.parametrize("damage", ["last byte", "checksum"])
def test_a_damaged_archive_leaves_no_file(simulator, items, archive, tmp_path, damage):
    path = archive(list(simulator.history)[:5], names="id")
    data = bytearray(path.read_bytes())
    if damage == "last byte":
        del data[-1]
    else:
        data[-3000] ^= 1  # in the audio of the last member
    path.write_bytes(data)
    with pytest.raises(UnsafeArchiveError, match=r"Unsafe archive: .*downloaded\.zip"):
        extract_archive(path, items, tmp_path / "clips")
    assert set(names(tmp_path / "clips")) <= {".elevenlabs-history/lock"}


def test_more_members_than_items_are_no_attack(simulator, items, archive, tmp_path):
    simulator.history.fill(100)
    path = archive(simulator.history, names="id")
    report = extract_archive(path, items[:2], tmp_path / "clips")
    assert (len(report.saved), len(report.unmatched)) == (2, 118)


def test_a_bomb_is_refused(items, tmp_path):
    bomb = tmp_path / "bomb.zip"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"{items[0].history_item_id}.mp3", bytes(200 * 1024**2))
    with pytest.raises(UnsafeArchiveError, match="decompresses"):
        extract_archive(bomb, items, tmp_path / "clips")


def test_a_picture_with_an_id_in_its_name_is_not_the_audio_of_the_item(items, tmp_path):
    path = tmp_path / "downloaded.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"cover_{items[0].history_item_id}.png", b"\x89PNG\r\n\x1a\n" + bytes(500))
    report = extract_archive(path, items, tmp_path / "clips")
    assert (report.saved, report.unmatched) == ([], [f"cover_{items[0].history_item_id}.png"])
    assert names(tmp_path / "clips") == [".elevenlabs-history/lock"]


@pytest.mark.parametrize(
    ("path", "reason"), [("missing.zip", "No such file or directory"), ("folder", "it is not a file")]
)
def test_what_is_not_a_file_is_refused_in_words(items, tmp_path, path, reason):
    (tmp_path / "folder").mkdir()
    with pytest.raises(InvalidArgumentError) as raised:
        extract_archive(tmp_path / path, items, tmp_path / "clips")
    assert raised.value.message == f"Can't read {tmp_path / path}: {reason}."


def test_a_run_that_is_writing_is_not_disturbed(simulator, items, archive, tmp_path):
    hidden = tmp_path / "clips" / ".elevenlabs-history"
    hidden.mkdir(parents=True)
    with FileLock(hidden / "lock"), pytest.raises(LockedError):
        extract_archive(archive(list(simulator.history)[:3]), items, tmp_path / "clips")


def test_a_file_tells_what_it_is(tmp_path):
    path = tmp_path / "clip"
    path.write_bytes(b"OggS" + bytes(5000))
    assert FileKind.of_file(path) is FileKind.OGG
    path.write_bytes(b"\x01\x80" * 5000)
    assert FileKind.of_file(os.fspath(path)) is FileKind.PCM
    assert FileKind.of_file(path, output_format="ulaw_8000") is FileKind.ULAW
    assert FileKind.of_bytes(path.read_bytes(), output_format="ulaw_8000") is FileKind.ULAW
    assert FileKind.of_file(path, output_format="mp3_44100_128") is FileKind.UNKNOWN
    with pytest.raises(FileNotFoundError):
        FileKind.of_file(tmp_path / "missing")


@pytest.mark.skipif(os.name == "nt", reason="makes a pipe in the file system")
def test_what_is_no_file_is_no_archive(items, tmp_path):
    os.mkfifo(tmp_path / "pipe.zip")
    for name in ("pipe.zip", "a\0b.zip", "."):
        with pytest.raises(InvalidArgumentError, match="Can't read"):
            extract_archive(tmp_path / name, items, tmp_path / "clips")
