"""What is unpacked of an archive as it comes is what would be read of it when it is whole, or is not used."""

import io
import random
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO
from unittest import mock

import pytest
import zip_bombs
from bad_archives import GOOD, MEMBERS, TRAPS
from elevenlabs_history import _forward, _unpacked
from elevenlabs_history._extract import Everything
from elevenlabs_history._plan import Plan
from elevenlabs_history._sealing import Sealing, disk_threads
from elevenlabs_history._zip_records import STORED
from elevenlabs_history.archive import Limits, Member, plan, read
from elevenlabs_history.audio import SNIFF_BYTES
from elevenlabs_history.errors import ArchiveRefused
from elevenlabs_history.files import Part
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from zip_writer import DEFLATED, DESCRIPTOR_FLAG, SATURATED, SOUND, Piece, build, deflate, pack, zip64

LIMITS = Limits(members=MEMBERS)
CRC = zlib.crc32(SOUND)
PACKED = len(deflate(SOUND))
NOT_YET = {"crc32": 0, "compressed_size": 0, "size": 0}
DESCRIPTORS = {
    "narrow": ({"crc32": "L", "compressed_size": "L", "size": "L"}, b""),
    "narrow, signed": ({"crc32": "L", "compressed_size": "L", "size": "L"}, b"PK\x07\x08"),
    "wide": ({"crc32": "L", "compressed_size": "Q", "size": "Q"}, b""),
    "wide, signed": ({"crc32": "L", "compressed_size": "Q", "size": "Q"}, b"PK\x07\x08"),
}


def described(fields: dict[str, str], signature: bytes, method: int = DEFLATED) -> Piece:
    size = PACKED if method == DEFLATED else len(SOUND)
    told = pack(fields, {"crc32": CRC, "compressed_size": size, "size": len(SOUND)})
    return Piece(method=method, both={"flags": DESCRIPTOR_FLAG}, local=NOT_YET, behind=signature + told)


@contextmanager
def unpacked(
    data: bytes, folder: Path, chunk: int = 1 << 20, limits: Limits = LIMITS
) -> Iterator[tuple[_forward.Forward, IO[bytes]]]:
    """Let an archive arrive in chunks of a size; yields what has unpacked it, and the archive on the disk."""
    with disk_threads() as disk, Part(folder.with_name(f"{folder.name}-archive")) as archive:
        sealing = Sealing(disk)
        forward = _forward.Forward(archive, folder, sealing, limits)
        try:
            for start in range(0, len(data), chunk):
                forward.take(data[start : start + chunk])
            sealing.wait()
            forward.end()
            with archive.reading() as file:
                yield forward, file
        finally:
            sealing.close()
            forward.close()


def parts(data: bytes, folder: Path, chunk: int = 1 << 20) -> list[bytes | None]:
    """The content of each member that was unpacked, which has to be as it is read; None for what was left to `read`."""
    file = io.BytesIO(data)
    with unpacked(data, folder, chunk) as (forward, archive):
        members = plan(file, LIMITS)
        assert members == forward.plan(archive)
        found = [(member, forward.take_out(member)) for member in members]
        for member, taken in found:
            if taken is None:
                assert b"".join(read(archive, member)) == b"".join(read(file, member))
            else:
                content = b"".join(read(file, member))
                assert (taken.part.path.read_bytes(), taken.head) == (content, content[:SNIFF_BYTES])
        return [taken and taken.part.path.read_bytes() for _, taken in found]


@pytest.mark.parametrize("chunk", [1, 7, 1000, 1 << 20])
@pytest.mark.parametrize(
    "pieces",
    [
        (Piece(), Piece(method=DEFLATED)),
        (Piece(content=b""), Piece()),
        (Piece(name=b"folder/", content=b""), Piece(name=b"folder/clip.mp3")),
        *((described(*form), Piece(), described(*form)) for form in DESCRIPTORS.values()),
        (
            Piece(
                both={"size": SATURATED, "compressed_size": SATURATED},
                local_extra=zip64(len(SOUND), len(SOUND)),
                entry_extra=zip64(len(SOUND), len(SOUND)),
            ),
            Piece(),
        ),
    ],
)
def test_members_are_unpacked_as_they_come(pieces: tuple[Piece, ...], chunk: int, tmp_path: Path) -> None:
    found = parts(build(*pieces), tmp_path, chunk)
    assert found == [piece.content for piece in pieces if not piece.name.endswith(b"/")]
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_read_forward_is_left_to_read(tmp_path: Path) -> None:
    form = DESCRIPTORS["narrow, signed"]
    assert parts(build(Piece(), described(*form, method=0), Piece()), tmp_path) == [SOUND, None, None]


def test_a_member_whose_header_lies_is_refused(tmp_path: Path) -> None:
    data = build(Piece(both={"crc32": CRC ^ 1}), Piece())
    with unpacked(data, tmp_path) as (forward, archive):
        lying, honest = forward.plan(archive)
        with pytest.raises(ArchiveRefused, match=f"has checksum {CRC:08x}"):
            forward.take_out(lying)
        assert forward.take_out(honest) is not None


def test_a_checksum_of_nothing_but_zeros_does_not_make_a_hole_pass_for_a_clip(tmp_path: Path) -> None:
    data = build(Piece(both={"crc32": zlib.crc32(bytes(len(SOUND)))}))
    with unpacked(data, tmp_path) as (forward, archive):
        (member,) = forward.plan(archive)
        with pytest.raises(ArchiveRefused, match="damaged"):
            forward.take_out(member)


@pytest.mark.parametrize("method", [STORED, DEFLATED])
@pytest.mark.parametrize("chunk", [7, 1 << 20])
def test_what_a_member_has_taken_too_much_is_judged_as_it_came(method: int, chunk: int, tmp_path: Path) -> None:
    longer = {"compressed_size": len(SOUND) + 100_000, "size": len(SOUND) + 100_000}
    data = build(Piece(method=method, local=longer), Piece())
    with unpacked(data, tmp_path, chunk) as (forward, archive):
        with pytest.raises(ArchiveRefused, match="in its local header"):
            forward.plan(archive)
        archive.seek(0)
        assert archive.read() == data


def test_the_data_of_a_member_are_written_once(tmp_path: Path) -> None:
    data = build(Piece(), Piece(method=DEFLATED), Piece(name=b"folder/", content=b""))
    with unpacked(data, tmp_path) as (forward, archive):
        members = forward.plan(archive)
        assert all(forward.take_out(member) for member in members)
        archive.seek(0)
        kept = archive.read()
        expected = bytearray(data)
        for member in members:
            expected[member.start : member.start + member.compressed_size] = bytes(member.compressed_size)
        assert kept == expected


def test_of_a_long_packed_member_little_is_held_back(tmp_path: Path) -> None:
    noise = random.Random(1).randbytes(3 << 20)
    data = build(Piece(method=DEFLATED, content=noise), Piece())
    with unpacked(data[: 5 << 19], tmp_path, 1 << 16) as (_, archive):
        assert archive.read(1 << 20) == data[: 1 << 20]
    assert parts(data, tmp_path, 1 << 16) == [noise, SOUND]


@pytest.mark.parametrize("chunk", [1 << 16, 1 << 20])
def test_a_clip_that_unpacks_to_whole_pieces_ends_where_it_ends(chunk: int, tmp_path: Path) -> None:
    silence = bytes(2 * _forward._PIECE)
    written = io.BytesIO()
    # What can't be sought gets its sizes behind the data, as a server writes it that sends while it packs.
    with mock.patch.object(written, "seek", side_effect=io.UnsupportedOperation), zipfile.ZipFile(written, "w") as file:
        for name, content in (("silence.wav", silence), ("clip.mp3", SOUND)):
            file.writestr(name, content, zipfile.ZIP_DEFLATED)
    assert parts(written.getvalue(), tmp_path, chunk) == [silence, SOUND]


def contents(plan: Callable[[], tuple[Member, ...]], content: Callable[[Member], bytes]) -> list[bytes] | None:
    """What the members hold; None when the archive is refused."""
    try:
        return [content(member) for member in plan()]
    except ArchiveRefused:
        return None


def assert_it_is_the_same_as_when_it_is_whole(data: bytes, folder: Path, chunk: int) -> None:
    file = io.BytesIO(data)
    with unpacked(data, folder, chunk) as (forward, archive):

        def content(member: Member) -> bytes:
            taken = forward.take_out(member)
            return taken.part.path.read_bytes() if taken else b"".join(read(archive, member))

        assert contents(lambda: forward.plan(archive), content) == contents(
            lambda: plan(file, LIMITS), lambda member: b"".join(read(file, member))
        )


@pytest.fixture(params=["pieces", "tiny pieces"])
def _pieces(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "tiny pieces":
        monkeypatch.setattr(_forward, "_PIECE", 64)
        monkeypatch.setattr(_unpacked, "_MOST_HELD_BACK", 50)


@pytest.mark.usefixtures("_pieces")
@pytest.mark.parametrize("trap", TRAPS)
@pytest.mark.parametrize("chunk", [5, 1 << 20])
def test_no_trap_catches_who_reads_forward_and_not_who_reads_it_whole(trap: str, chunk: int, tmp_path: Path) -> None:
    assert_it_is_the_same_as_when_it_is_whole(TRAPS[trap][0], tmp_path, chunk)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("_pieces")
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    hits=st.lists(st.tuples(st.integers(0, len(GOOD) - 1), st.integers(0, 255)), max_size=4),
    chunk=st.sampled_from([3, 64, 1 << 20]),
)
def test_damage_is_found_forward_as_it_is_found_in_the_whole(
    hits: list[tuple[int, int]], chunk: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    data = bytearray(GOOD)
    for place, value in hits:
        data[place] = value
    assert_it_is_the_same_as_when_it_is_whole(bytes(data), tmp_path_factory.mktemp("parts"), chunk)


def test_a_bomb_unpacks_to_no_more_than_the_limits_allow(tmp_path: Path) -> None:
    with unpacked(zip_bombs.zeros(), tmp_path, 1000, Limits(members=1)):
        assert sum(path.stat().st_size for path in tmp_path.iterdir()) == 0
    with unpacked(build(Piece(), Piece(), Piece()), tmp_path, limits=Limits(members=2)):
        assert len(list(tmp_path.iterdir())) == 2
    with unpacked(build(Piece(), Piece()), tmp_path, limits=Limits(members=2, total_bytes=len(SOUND))):
        assert len(list(tmp_path.iterdir())) == 1
    assert list(tmp_path.iterdir()) == []


def test_clips_are_on_the_disk_before_the_archive_has_ended(tmp_path: Path) -> None:
    data = build(Piece(name=b"one.mp3"), Piece(name=b"two.mp3", content=SOUND * 5))
    assert len(data) > SNIFF_BYTES
    plan_of_files = Plan.make(("one", "two"), tmp_path, template=None, overwrite=False)
    with Everything(plan_of_files, tmp_path) as receiver:
        receiver.write(data[:-60])
        assert [path.stat().st_size for path in tmp_path.iterdir()].count(len(SOUND)) == 1
        receiver.write(data[-60:])
        clips = receiver.finish()
    assert sorted(tmp_path.iterdir()) == [clip.path for clip in clips]
    assert [clip.path.read_bytes() for clip in clips] == [SOUND, SOUND * 5]
