"""What an archive may look like, and what is read from it."""

import io
import itertools
import os
import random
import shutil
import struct
import subprocess
import zipfile
import zlib
from pathlib import Path

import pytest
from elevenlabs_history import UnsafeArchiveError
from elevenlabs_history._archive import iter_chunks, read_directory
from support.bad_archives import GOOD
from support.zip_writer import (
    DEFLATED,
    DESCRIPTOR_FLAG,
    SATURATED,
    SOUND,
    STORED,
    UTF8_FLAG,
    Lies,
    Piece,
    build,
    extra,
    zip64,
)

MANY = 1000
MIB = 1024 * 1024


def contents(data: bytes, requested: int = MANY) -> list[tuple[str, bytes]]:
    file = io.BytesIO(data)
    return [(member.name, b"".join(iter_chunks(file, member))) for member in read_directory(file, requested=requested)]


class Pipe(io.RawIOBase):
    """A file that can only be written to the end of, as a server writes a zip into its answer."""

    def __init__(self) -> None:
        self.data = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        piece = memoryview(data).tobytes()  # type: ignore[arg-type]  # RawIOBase takes any buffer
        self.data += piece
        return len(piece)


@pytest.mark.parametrize("seekable", [True, False], ids=["seekable", "pipe"])
@pytest.mark.parametrize("wide", [True, False], ids=["zip64", "plain"])
@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED], ids=["stored", "deflated"])
def test_what_python_writes_is_read(method: int, wide: bool, seekable: bool) -> None:  # noqa: FBT001
    file = io.BytesIO() if seekable else Pipe()
    with zipfile.ZipFile(file, "w", method) as archive:
        with archive.open("voice/clip.mp3", "w", force_zip64=wide) as member:
            member.write(SOUND)
        archive.mkdir("folder")
        archive.writestr("another folder/", b"")
        archive.comment = b"from Python"
    data = file.getvalue() if isinstance(file, io.BytesIO) else bytes(file.data)
    assert contents(data) == [("voice/clip.mp3", SOUND)]


def test_what_python_appends_to_is_read() -> None:
    file = io.BytesIO(GOOD)
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr("third.mp3", SOUND)
    assert [name for name, _ in contents(file.getvalue())] == ["clip.mp3", "packed.mp3", "third.mp3"]


@pytest.mark.parametrize(
    "command",
    [
        "zip -q -r ../out.zip .",
        "zip -q -0 -r ../out.zip .",
        "zip -q -fz -r ../out.zip .",
        "zip -q -fd -r ../out.zip .",
        "zip -q -r - . | cat > ../out.zip",
        "zip -q -0 -r - . | cat > ../out.zip",
        "zip -q -r ../out.zip . && zip -q -d ../out.zip gone.mp3",
        "7z a -tzip -bso0 ../out.zip .",
        "7z a -tzip -bso0 -mx0 ../out.zip .",
        "bsdtar --format zip -cf ../out.zip *",
        "jar cMf ../out.zip .",
        "jar cM . | cat > ../out.zip",
    ],
)
def test_what_other_tools_write_is_read(command: str, tmp_path: Path) -> None:
    tool, _, _ = command.partition(" ")
    if not shutil.which(tool):
        pytest.skip(f"{tool} is not installed")
    source = tmp_path / "source"
    (source / "voice").mkdir(parents=True)
    files = {"voice/größe.mp3": SOUND * 50, "other.mp3": SOUND}
    for name, content in files.items():
        (source / name).write_bytes(content)
    if "gone" in command:
        (source / "gone.mp3").write_bytes(SOUND)
    subprocess.run(command, shell=True, check=True, cwd=source, env={**os.environ, "LC_ALL": "C.UTF-8"})
    assert {
        name.removeprefix("./"): content for name, content in contents((tmp_path / "out.zip").read_bytes())
    } == files


@pytest.mark.skipif(not shutil.which("zip"), reason="zip is not installed")
def test_a_member_that_info_zip_read_from_a_pipe_is_read(tmp_path: Path) -> None:
    (tmp_path / "clip.mp3").write_bytes(SOUND)
    command = "mkfifo pipe && (cat clip.mp3 > pipe &) && zip -q --fifo out.zip pipe"
    subprocess.run(command, shell=True, check=True, cwd=tmp_path)
    assert contents((tmp_path / "out.zip").read_bytes()) == [("pipe", SOUND)]


CRC, SIZE = zlib.crc32(SOUND), len(SOUND)
UNKNOWN_YET: Lies = {"crc32": 0, "compressed_size": 0, "size": 0}
WIDE_SIZES: Lies = {"compressed_size": SATURATED, "size": SATURATED}


@pytest.mark.parametrize("signature", [b"", b"PK\x07\x08"], ids=["unsigned", "signed"])
@pytest.mark.parametrize("form", ["<LLL", "<LQQ"])
@pytest.mark.parametrize("method", [STORED, DEFLATED])
def test_each_form_of_data_descriptor_is_read(method: int, form: str, signature: bytes) -> None:
    packed = Piece(method=method).packed
    descriptor = signature + struct.pack(form, CRC, len(packed), SIZE)
    piece = Piece(method=method, both={"flags": DESCRIPTOR_FLAG}, local=UNKNOWN_YET, behind=descriptor)
    assert contents(build(piece, piece)) == [("clip.mp3", SOUND)] * 2


@pytest.mark.parametrize(
    "piece",
    [
        Piece(local=WIDE_SIZES, local_extra=zip64(SIZE, SIZE), entry=WIDE_SIZES, entry_extra=zip64(SIZE, SIZE)),
        Piece(entry={"size": SATURATED}, entry_extra=zip64(SIZE)),
        Piece(entry={"compressed_size": SATURATED}, entry_extra=zip64(SIZE)),
        Piece(entry={"offset": SATURATED}, entry_extra=zip64(0)),
        Piece(entry={"offset": SATURATED, **WIDE_SIZES}, entry_extra=zip64(SIZE, SIZE, 0)),
        Piece(entry={"disk": 0xFFFF}, entry_extra=extra(1, bytes(4))),
        Piece(entry_extra=zip64(SIZE, SIZE, 0)),
        Piece(local_extra=zip64(SIZE, SIZE), entry_extra=extra(0x5455, b"\x01abcd") + zip64(SIZE, SIZE)),
        Piece(
            both={"flags": DESCRIPTOR_FLAG},
            local=UNKNOWN_YET,
            local_extra=zip64(0, 0),
            behind=struct.pack("<LQQ", CRC, SIZE, SIZE),
        ),
    ],
)
def test_each_use_of_zip64_fields_is_read(piece: Piece) -> None:
    assert contents(build(piece)) == [("clip.mp3", SOUND)]
    assert contents(build(piece, wide={})) == [("clip.mp3", SOUND)]


def test_zip64_end_records_are_read_in_place_of_saturated_ones() -> None:
    data = build(
        Piece(), wide={}, entries=0xFFFF, entries_here=0xFFFF, directory_size=SATURATED, directory_start=SATURATED
    )
    assert contents(data) == [("clip.mp3", SOUND)]


def test_an_empty_archive_has_no_members() -> None:
    assert contents(build()) == contents(build(wide={})) == contents(build(comment=b"nothing here")) == []


def test_the_longest_comment_is_no_obstacle() -> None:
    assert contents(build(Piece(), wide={}, comment=b"c" * 0xFFFF)) == [("clip.mp3", SOUND)]


def test_duplicates_are_kept_and_folders_are_not() -> None:
    folder = Piece(name=b"voice/", content=b"")
    assert contents(build(folder, Piece(), Piece(), folder)) == [("clip.mp3", SOUND)] * 2


@pytest.mark.parametrize(
    ("raw", "flags", "text"),
    [
        (b"a\nb?.mp3", 0, "a\nb?.mp3"),
        ("größe.mp3".encode(), UTF8_FLAG, "größe.mp3"),
        ("größe.mp3".encode(), 0, "größe.mp3"),
        ("größe.mp3".encode("cp437"), 0, "größe.mp3"),
        (b"...mp3/..a/a..", 0, "...mp3/..a/a.."),
        (b"12:30.mp3", 0, "12:30.mp3"),
    ],
)
def test_a_name_is_read_as_what_it_most_likely_is(raw: bytes, flags: int, text: str) -> None:
    assert contents(build(Piece(name=raw, both={"flags": flags}))) == [(text, SOUND)]


def test_each_requested_item_may_be_repeated_and_bring_its_folder() -> None:
    folder = Piece(name=b"voice/", content=b"")
    assert len(contents(build(*[folder, Piece()] * 4), 2)) == 4


def test_silence_is_no_bomb_beside_sound() -> None:
    silence = Piece(content=bytes(70 * MIB), method=DEFLATED)
    sound = Piece(content=random.Random(1).randbytes(MIB))
    data = build(silence, sound)
    assert [len(content) for _, content in contents(data)] == [70 * MIB, MIB]
    with pytest.raises(UnsafeArchiveError, match="decompresses from"):
        contents(build(silence))


def test_members_are_read_by_turns() -> None:
    sounds = [random.Random(seed).randbytes(MIB) for seed in (1, 2)]
    file = io.BytesIO(build(Piece(content=sounds[0]), Piece(content=sounds[1], method=DEFLATED)))
    first, second = read_directory(file, requested=MANY)
    turns = list(itertools.zip_longest(iter_chunks(file, first), iter_chunks(file, second), fillvalue=b""))
    assert [b"".join(pieces) for pieces in zip(*turns, strict=True)] == sounds


@pytest.mark.parametrize("method", [STORED, DEFLATED])
def test_an_archive_that_changes_after_it_was_checked_is_refused(method: int) -> None:
    data = build(Piece(method=method))
    (member,) = read_directory(io.BytesIO(data), requested=MANY)
    with pytest.raises(UnsafeArchiveError, match="is cut short"):
        list(iter_chunks(io.BytesIO(data[:100]), member))
    with pytest.raises(UnsafeArchiveError, match=r"damaged|stream"):
        list(iter_chunks(io.BytesIO(data[:100] + data[101:] + b"\0"), member))
