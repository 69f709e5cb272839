"""What makes an archive unsafe: every check of the reader, and traps that it may take because they harm nobody."""

import io

import pytest
from elevenlabs_history import UnsafeArchiveError
from elevenlabs_history._archive import iter_chunks, read_directory
from support import zip_bombs
from support.bad_archives import GOOD, HARMLESS, MEMBERS, TRAPS
from support.zip_writer import DEFLATED, SATURATED, SOUND, Piece, build, deflate, zip64

SIZE = len(SOUND)
ENTRY = Piece().entry_bytes(0)


def contents(data, requested=MEMBERS):
    file = io.BytesIO(data)
    return [b"".join(iter_chunks(file, member)) for member in read_directory(file, requested=requested)]


def refusal(data, requested=MEMBERS):
    with pytest.raises(UnsafeArchiveError) as refused:
        contents(data, requested)
    return str(refused.value)


def unix(kind):
    return (kind | 0o644) << 16


# The number is that of the check in the reader's specification, so that none can be lost.
CHECKS = {
    "1 bytes after the end": (GOOD + b"junk", "comment does not end at the end"),
    "1 a comment that is cut": (build(Piece(), comment_length=9), "comment does not end at the end"),
    "1 a zip64 end that is not before its locator": (
        build(Piece(), wide={}, locator={"end64_start": 0}),
        "not directly before the locator",
    ),
    "1 two end records that disagree": (
        build(Piece(), wide={"entries": 2, "entries_here": 2}),
        "contradict each other",
    ),
    "1 several disks": (build(Piece(), disk=1), "split archive"),
    "2 more entries than were requested": (build(*[Piece()] * (4 * MEMBERS + 3)), "claims 19 entries"),
    "3 a gap between directory and end": (build(Piece(), behind_directory=b"junk"), "does not end where"),
    "4 fewer entries than claimed": (build(Piece(), entries=2, entries_here=2), "has 1 entries instead of 2"),
    "4 more entries than claimed": (build(Piece(), Piece(), entries=1, entries_here=1), "has 2 entries instead of 1"),
    "4 bytes that are no entry": (build(Piece(entry={"signature": b"PK\x01\x03"})), "bytes that are no entry"),
    "6 a damaged deflate stream": (build(Piece(method=DEFLATED, packed=b"\xff" * 40)), "damaged deflate stream"),
    "7 bytes before the first member": (build(Piece(), prefix=b"junk"), "4 bytes precede its first member"),
    "7 bytes before an empty directory": (build(prefix=b"junk"), "4 bytes precede its first member"),
    "7 a member after the directory": (build(Piece(), Piece(entry={"offset": 60_000})), "overlaps"),
    "8 a gap between members": (build(Piece(behind=bytes(25)), Piece()), "leaves a gap"),
    "8 a gap before the directory": (build(Piece(), before_directory=bytes(25)), "leaves a gap"),
    "8 a member that is not in the directory": (
        build(Piece(), before_directory=Piece().local_bytes()),
        "leaves a gap",
    ),
    "8 members that overlap": (build(Piece(), Piece(entry={"offset": 0})), "overlaps"),
    "8 two entries that share a member": (
        build(Piece(), behind_directory=ENTRY, entries=2, entries_here=2, directory_size=2 * len(ENTRY)),
        "overlaps",
    ),
    "9 no local header": (build(Piece(local={"signature": b"PK\x03\x05"})), "no local file header"),
    "9 another name in the local header": (build(Piece(local={"name": b"evil.mp3"})), "another name in its local"),
    "10 more bytes than claimed": (build(Piece(method=DEFLATED, both={"size": 100})), "more than its 100 bytes"),
    "10 fewer bytes than claimed": (build(Piece(method=DEFLATED, both={"size": SIZE + 9})), "damaged: 1028 bytes"),
    "10 another checksum": (build(Piece(both={"crc32": 5})), "is damaged"),
    "11 bytes after the deflate stream": (
        build(Piece(method=DEFLATED, packed=deflate(SOUND) + b"secret")),
        "bytes after its deflate stream",
    ),
    "11 a deflate stream that is cut": (
        build(Piece(method=DEFLATED, packed=deflate(SOUND)[:-4])),
        "incomplete deflate stream",
    ),
    "12 a bomb": (zip_bombs.zeros(), "decompresses from"),
    "12 a size that no disk has": (
        build(Piece(entry={"size": SATURATED}, entry_extra=zip64(2**40), method=DEFLATED)),
        "to 1099511627776 bytes",
    ),
    "13 encrypted": (build(Piece(both={"flags": 0x0001})), "is encrypted"),
    "13 patched": (build(Piece(both={"flags": 0x0020})), "is encrypted"),
    "13 another method": (build(Piece(both={"method": 12})), "method 12"),
    "14 a symbolic link": (build(Piece(entry={"attributes": unix(0o120000)})), "is a link"),
    "14 a device": (build(Piece(entry={"attributes": unix(0o020000)})), "is a link, a device"),
    "14 a socket": (build(Piece(entry={"attributes": unix(0o140000)})), "is a link, a device or a socket"),
    "15 a folder with content": (build(Piece(name=b"folder/")), "impossible size of 1028"),
    "15 a folder with hidden data": (
        build(Piece(name=b"folder/", content=b"", packed=deflate(b"") + SOUND, method=DEFLATED)),
        "impossible size of 0",
    ),
    "15 an empty file": (build(Piece(content=b"")), "impossible size of 0"),
    "16 an archive in the archive": (build(Piece(content=GOOD)), "is an archive itself"),
    "16 an archive in the archive, deflated": (build(Piece(content=GOOD, method=DEFLATED)), "is an archive itself"),
    "no end record": (GOOD[:-22], "no end of central directory"),
    "more files than could be repeated": (build(*[Piece()] * (2 * MEMBERS + 1)), "holds 9 files"),
}


@pytest.mark.parametrize("check", CHECKS)
def test_what_fails_a_check_is_refused_in_words(check):
    data, words = CHECKS[check]
    message = refusal(data)
    assert message.startswith("Unsafe archive: ")
    assert words in message
    assert message.isprintable()
    assert len(message) < 300


def test_a_central_directory_of_more_than_4_mib_is_refused_before_it_is_parsed():
    data = build(*[Piece(name=b"x" * 0xFFFF, entry_comment=bytes(0xFFFF))] * 40)
    assert "claims 40 entries in 524" in refusal(data, 40)


def test_members_may_not_decompress_to_more_than_a_disk_may_have(monkeypatch):
    monkeypatch.setattr("elevenlabs_history._archive._MAX_TOTAL_BYTES", 2 * SIZE - 1)
    assert contents(build(Piece())) == [SOUND]
    assert f"it decompresses from {len(build(Piece(), Piece()))} to {2 * SIZE} bytes" in refusal(
        build(Piece(), Piece())
    )


def test_a_signature_that_comes_in_single_bytes_is_still_one(monkeypatch):
    monkeypatch.setattr("elevenlabs_history._archive._CHUNK_BYTES", 1)
    assert "is an archive itself" in refusal(build(Piece(content=GOOD)))


@pytest.mark.parametrize("trap", sorted(TRAPS.keys() - HARMLESS))
def test_a_trap_is_refused(trap):
    assert refusal(TRAPS[trap]).isprintable()


@pytest.mark.parametrize("trap", sorted(HARMLESS))
def test_a_harmless_trap_gives_the_honest_bytes_of_each_file(trap):
    found = contents(TRAPS[trap])
    assert all(content.startswith(SOUND) for content in found)
    assert found or "folder" in trap or trap == "more entries than could be explained" or "pipe" in trap


def test_every_cut_of_an_archive_is_refused():
    for length in range(len(GOOD)):
        with pytest.raises(UnsafeArchiveError):
            contents(GOOD[:length])


def test_a_name_that_is_not_utf_8_though_it_says_so_is_refused():
    assert "central directory is damaged" in refusal(build(Piece(name=b"\xff\xfe.mp3", both={"flags": 0x800})))


def test_a_hostile_name_is_shown_short_and_without_anything_that_a_terminal_obeys():
    name = b"\x1b[2J\r\n\xe2\x80\xae" + b"x" * 4000
    message = refusal(build(Piece(name=name, both={"method": 12, "flags": 0x800})))
    assert r"member '\x1b[2J\r\n\u202exxx" in message
    assert message.isprintable()
    assert len(message) < 300
