"""Archives that must be refused: what the trap is → the archive, and the words that the refusal has to hold."""

from __future__ import annotations

import gzip
import random
import stat
import struct
import tarfile
import zlib

from zip_writer import DEFLATED, DESCRIPTOR_FLAG, SATURATED, SOUND, UTF8_FLAG, Piece, build, deflate, extra, pack, zip64

MEMBERS = 4
"""How many clips were asked for when one of these came back."""

CLIP = Piece()
PACKED = Piece(method=DEFLATED, name=b"packed.mp3")
GOOD = build(CLIP, PACKED)
MP3 = b"\xff\xfb\x90\x64" + random.Random(5).randbytes(2000)
CRC, SIZE = zlib.crc32(SOUND), len(SOUND)


def _named(name: bytes) -> bytes:
    return build(Piece(name=name))


def _attributed(attributes: int, name: bytes = b"clip.mp3", content: bytes = SOUND) -> bytes:
    return build(Piece(name=name, content=content, entry={"attributes": attributes}))


def _unix(kind: int) -> int:
    return (kind | 0o644) << 16


def _described(descriptor: bytes, **local: int) -> Piece:
    unknown_yet = {"crc32": 0, "compressed_size": 0, "size": 0}
    return Piece(both={"flags": DESCRIPTOR_FLAG}, local=unknown_yet | local, behind=descriptor)


def _ending_inside() -> bytes:
    """An archive whose clip holds an end with all that follows it as its comment."""
    clip = Piece(content=SOUND + b"PK\x05\x06" + bytes(16) + b"??")
    behind = len(build(clip)) - build(clip).index(b"??") - 2
    return build(Piece(content=clip.content[:-2] + behind.to_bytes(2, "little")))


NAMES = {
    "an absolute path": (_named(b"/etc/passwd"), "absolute path"),
    "two dots": (_named(b".."), "climbs out"),
    "two dots at the start": (_named(b"../clip.mp3"), "climbs out"),
    "two dots in the middle": (_named(b"a/../../clip.mp3"), "climbs out"),
    "two dots at the end": (_named(b"voice/.."), "climbs out"),
    "two dots in a folder": (build(Piece(name=b"../up/", content=b"")), "climbs out"),
    "a drive letter": (_named(b"C:/clip.mp3"), "drive letter"),
    "a drive letter without a slash": (_named(b"c:clip.mp3"), "drive letter"),
    "a backslash": (_named(b"voice\\clip.mp3"), "backslash"),
    "a device path of Windows": (_named(b"\\\\.\\COM1"), "backslash"),
    "a NUL": (_named(b"clip.mp3\0.exe"), "NUL"),
    "no name": (_named(b""), "no name"),
    "a name longer than any path": (_named(b"a" * 5000), "name of 5000 bytes"),
}
KINDS = {
    "a symbolic link": (_attributed(_unix(stat.S_IFLNK)), "symbolic link"),
    "a symbolic link from a DOS host": (
        build(Piece(entry={"attributes": _unix(stat.S_IFLNK), "made_by": 20})),
        "symbolic link",
    ),
    "a pipe": (_attributed(_unix(stat.S_IFIFO)), "special file"),
    "a character device": (_attributed(_unix(stat.S_IFCHR)), "special file"),
    "a block device": (_attributed(_unix(stat.S_IFBLK)), "special file"),
    "a socket": (_attributed(_unix(stat.S_IFSOCK)), "special file"),
    "a pipe named like a folder": (_attributed(_unix(stat.S_IFIFO), b"pipe/", b""), "special file"),
    "a link of Windows": (_attributed(0x400), "special file"),
    "a volume label": (_attributed(0x08), "special file"),
    "a Unix folder named like a file": (_attributed(_unix(stat.S_IFDIR)), "folder by its attributes"),
    "a DOS folder named like a file": (_attributed(0x10), "folder by its attributes"),
    "a folder with content": (_named(b"folder/"), "folder and has content"),
    "a folder with hidden content": (
        build(Piece(name=b"folder/", content=b"", packed=deflate(b"") + SOUND, method=DEFLATED)),
        "folder and has content",
    ),
}
PACKING = {
    "encrypted": (build(Piece(both={"flags": 0x0001})), "encrypted"),
    "strongly encrypted": (build(Piece(both={"flags": 0x0040})), "encrypted"),
    "a masked directory": (build(Piece(both={"flags": 0x2000})), "encrypted"),
    "AES": (build(Piece(both={"flags": 0x0001, "method": 99})), "encrypted"),
    "a patch to another file": (build(Piece(both={"flags": 0x0020})), "flags 0x0020"),
    "a flag that nobody knows": (build(Piece(both={"flags": 0x8000})), "flags 0x8000"),
    **{
        f"method {method}": (build(Piece(both={"method": method})), f"packed by method {method};")
        for method in (1, 6, 9, 12, 14, 93, 95, 98, 99, 0xFFFF)
    },
    "stored in more bytes than it has": (
        build(Piece(both={"size": SIZE - 1})),
        f"stored as it is, {SIZE - 1} bytes in",
    ),
    "stored in fewer bytes than it has": (
        build(Piece(both={"size": SIZE + 1})),
        f"stored as it is, {SIZE + 1} bytes in",
    ),
    "two zip64 fields": (build(Piece(entry_extra=zip64(SIZE) * 2, entry={"size": SATURATED})), "two zip64 fields"),
    "a zip64 field that is missing": (build(Piece(entry={"size": SATURATED})), "lacks the zip64 field"),
    "a zip64 field with half a number": (build(Piece(entry_extra=extra(1, b"1234567"))), "zip64 field of 7 bytes"),
    "a zip64 field that is too long": (build(Piece(entry_extra=zip64(SIZE, SIZE, 0, 0))), "zip64 field of 32 bytes"),
    "a zip64 field that contradicts": (build(Piece(entry_extra=zip64(SIZE, 7))), "contradicts it, 7"),
    "extra fields that are cut short": (build(Piece(entry_extra=b"\x55\x54\x09\x00abc")), "extra fields that are cut"),
    "an extra field without a length": (build(Piece(local_extra=b"\0\0\0")), "extra fields that are cut"),
    "another disk": (build(Piece(entry={"disk": 1})), "another part of a divided archive"),
    "two disks": (build(Piece(entry={"disk": 3}, entry_extra=extra(1, bytes(4)))), "another part of a divided archive"),
    "another disk in the zip64 field": (
        build(Piece(entry={"disk": 0xFFFF}, entry_extra=extra(1, struct.pack("<L", 1)))),
        "another part of a divided archive",
    ),
}
HEADERS = {
    "a local header with another name": (build(Piece(local={"name": b"evil.mp3"})), "called 'evil.mp3' in its local"),
    "a local header with a longer name": (
        build(Piece(local={"name": b"clip.mp3.exe", "name_length": 12})),
        "called 'clip.mp3.exe' in its local",
    ),
    "a local header with another method": (build(Piece(local={"method": DEFLATED})), "has method 8 in its local"),
    "a local header with another time": (build(Piece(local={"stamp": 1})), "has time stamp 1 in its local"),
    "a local header with another checksum": (build(Piece(local={"crc32": 5})), "has checksum 5 in its local"),
    "a local header without a checksum": (build(Piece(local={"crc32": 0})), "has checksum 0 in its local"),
    "a local header with another size": (build(Piece(local={"size": 5})), "has size 5 in its local"),
    "a local header with another room": (
        build(Piece(local={"compressed_size": 5})),
        "has compressed size 5 in its local",
    ),
    "a local header that is encrypted": (build(Piece(local={"flags": 1})), "has flags 1 in its local"),
    "a local header with another encoding": (build(Piece(local={"flags": UTF8_FLAG})), "has flags 2048 in its local"),
    "a local header with a descriptor": (build(Piece(local={"flags": DESCRIPTOR_FLAG})), "has flags 8 in its local"),
    "a local header with another zip64 size": (
        build(Piece(local={"size": SATURATED, "compressed_size": SATURATED}, local_extra=zip64(9, SIZE))),
        "has size 9 in its local",
    ),
    "no local header": (build(Piece(local={"signature": b"PK\x03\x05"})), "no local header"),
    "an offset into a member": (build(CLIP, Piece(entry={"offset": 40})), "overlaps"),
    "a missing descriptor": (build(_described(b"")), "own checksum and sizes"),
    "a descriptor with another checksum": (
        build(_described(struct.pack("<LLL", 1, SIZE, SIZE))),
        "own checksum and sizes",
    ),
    "a descriptor with another size": (build(_described(struct.pack("<LLL", CRC, SIZE, 1))), "own checksum and sizes"),
    "a descriptor with bytes behind it": (
        build(_described(struct.pack("<LLL", CRC, SIZE, SIZE) + b"x")),
        "own checksum and sizes",
    ),
    "a descriptor and a local header that lies": (
        build(_described(struct.pack("<LLL", CRC, SIZE, SIZE), size=9)),
        "has size 9 in its local",
    ),
    "a descriptor that no flag announces": (
        build(Piece(behind=struct.pack("<LLL", CRC, SIZE, SIZE))),
        "12 bytes that belong to no member",
    ),
}
CONTENTS = {
    "a wrong checksum": (build(Piece(both={"crc32": 5})), "has checksum"),
    "a wrong checksum of a deflated member": (build(Piece(method=DEFLATED, both={"crc32": 5})), "has checksum"),
    "damaged bytes": (build(Piece(packed=SOUND[:-1] + b"!")), "has checksum"),
    "damaged deflated bytes": (build(Piece(method=DEFLATED, packed=b"\xff" * 40)), "damaged compressed stream"),
    "more bytes than claimed": (build(Piece(method=DEFLATED, both={"size": 100})), "unpacks to more than the 100"),
    "bytes where none were claimed": (build(Piece(method=DEFLATED, both={"size": 0})), "unpacks to more than the 0"),
    "fewer bytes than claimed": (
        build(Piece(method=DEFLATED, both={"size": SIZE + 9})),
        f"unpacks to {SIZE} bytes, not",
    ),
    "bytes behind the stream": (build(Piece(method=DEFLATED, packed=deflate(SOUND) + b"secret")), "hidden behind"),
    "a stream behind the stream": (build(Piece(method=DEFLATED, packed=deflate(SOUND) * 2)), "hidden behind"),
    "a stream that is cut": (build(Piece(method=DEFLATED, packed=deflate(SOUND)[:-4])), "without end"),
    "a stream that does not begin": (build(Piece(method=DEFLATED, content=b"", packed=b"")), "without end"),
    "an archive in the archive": (build(Piece(content=GOOD)), "is an archive itself"),
}
LAYOUT = {
    "the same member twice at one place": (build(CLIP, Piece(entry={"offset": 0})), "overlaps"),
    "a member around the next one": (
        build(Piece(both={"size": SIZE + 1000, "compressed_size": SIZE + 1000}), CLIP),
        "overlaps",
    ),
    "a member that runs into the directory": (
        build(Piece(both={"size": SIZE + 9, "compressed_size": SIZE + 9})),
        "overlaps",
    ),
    "an offset behind the directory": (build(CLIP, Piece(entry={"offset": 60_000})), "should begin at 60000"),
    "an offset that no file reaches": (
        build(CLIP, Piece(entry={"offset": SATURATED}, entry_extra=zip64(2**64 - 1))),
        "should begin at 18446744073709551615",
    ),
    "a size that no file reaches": (
        build(
            Piece(
                entry={"compressed_size": SATURATED, "size": SATURATED},
                entry_extra=zip64(2**40, 2**40),
                local={"compressed_size": SATURATED, "size": SATURATED},
                local_extra=zip64(2**40, 2**40),
            )
        ),
        "it unpacks to 1099511627776 bytes",
    ),
    "a member that the directory keeps silent about": (
        build(CLIP, before_directory=CLIP.local_bytes()),
        "bytes that belong to no member",
    ),
    "bytes between two members": (build(Piece(behind=b"junk"), CLIP), "4 bytes that belong to no member"),
    "bytes between the members and the directory": (build(CLIP, before_directory=b"junk"), "4 bytes that belong to no"),
    "bytes between the directory and its end": (
        build(CLIP, behind_directory=b"junk"),
        "4 bytes stand before its first",
    ),
    "a signed directory": (build(CLIP, behind_directory=b"PK\x05\x05\x00\x00"), "6 bytes stand before its first"),
    "bytes before the first member": (b"junk" + GOOD, "4 bytes stand before its first member"),
    "bytes before the first member that offsets allow for": (build(CLIP, prefix=b"junk"), "4 bytes stand before its"),
    "an MP3 with a zip behind it": (MP3 + GOOD, "2004 bytes stand before its first member"),
    "an MP3 with a zip behind it that offsets allow for": (
        build(CLIP, prefix=MP3),
        "2004 bytes stand before its first",
    ),
    "an MP3 with an empty zip behind it": (MP3 + build(), "2004 bytes stand before its first member"),
    "an MP3 with an empty zip that offsets allow for": (build(prefix=MP3), "2004 bytes stand before its first member"),
    "two zips in a row": (GOOD + GOOD, "bytes stand before its first member"),
    "bytes behind the end": (GOOD + b"junk", "4 bytes stand behind its end"),
    "an MP3 behind the end": (GOOD + MP3, "2004 bytes stand behind its end"),
    "a comment longer than the rest": (build(CLIP, comment_length=9), "comment should have 9 bytes, but 0 are left"),
    "a comment shorter than the rest": (
        build(CLIP, comment=b"hello", comment_length=2),
        "3 bytes stand behind its end",
    ),
    "an end in the comment": (build(CLIP, comment=build()), "two ends"),
    "half an end in the comment": (build(CLIP, comment=b"PK\x05\x06"), "end record is cut short"),
    "an end in the comment that reaches nowhere": (
        build(CLIP, comment=build() + b"junk"),
        "4 bytes stand behind its end",
    ),
    "an end inside a clip": (_ending_inside(), "two ends"),
    "an end inside the last entry": (build(Piece(entry_comment=build(comment_length=22))), "two ends"),
}
DIRECTORY = {
    "fewer entries than promised": (build(CLIP, entries=2, entries_here=2), "does not hold the entries"),
    "more entries than promised": (
        build(CLIP, PACKED, entries=1, entries_here=1),
        "its directory of 1 entries ends at",
    ),
    "entries and none promised": (build(CLIP, entries=0, entries_here=0), "its directory of 0 entries ends at"),
    "a directory that begins too early": (build(CLIP, directory_start=0), "bytes stand before its first member or"),
    "a directory that begins too late": (build(CLIP, directory_start=9999), "runs into its end"),
    "a directory that is too small": (build(CLIP, directory_size=20), "bytes stand before its first member or"),
    "a directory that is too large": (build(CLIP, directory_size=5000), "runs into its end"),
    "a directory that begins inside a member": (
        build(CLIP, directory_start=100, directory_size=30 + 8 + SIZE + 46 + 8 - 100),
        "does not hold the entries",
    ),
    "an entry that is none": (build(Piece(entry={"signature": b"PK\x01\x03"})), "does not hold the entries"),
    "an entry that runs into the end": (
        build(Piece(entry={"comment_length": 22})),
        "its directory of 1 entries ends at",
    ),
    "an entry that runs out of the file": (
        build(Piece(entry={"comment_length": 99})),
        "its directory of 1 entries ends at",
    ),
    "one part of several": (build(CLIP, disk=1), "one part of several"),
    "the first part of several": (build(CLIP, first_disk=1), "one part of several"),
    "entries in another part": (build(CLIP, entries=2), "one part of several"),
    "a wide end in another part": (build(CLIP, wide={"entries": 2}, entries=0xFFFF), "one part of several"),
    "a locator that points elsewhere": (build(CLIP, wide={}, locator={"end64_start": 0}), "not where the locator says"),
    "a locator to nothing": (
        build(
            CLIP, behind_directory=pack({"signature": "4s", "rest": "16s"}, {"signature": b"PK\x06\x07", "rest": b""})
        ),
        "not where the locator says",
    ),
    "a locator without room for itself": (b"PK\x06\x07 and" + build(), "8 bytes stand before its first member"),
    "a locator without room for its record": (b"PK\x06\x07" + bytes(16) + build(), "not where the locator says"),
    "a wide end that is none": (build(CLIP, wide={"signature": b"PK\x06\x05"}), "not where the locator says"),
    "a wide end with hidden room": (build(CLIP, wide={"record_size": 50}), "claims 50 bytes instead of 44"),
    "two ends that disagree": (build(CLIP, wide={"entries": 2, "entries_here": 2}), "two end records disagree, 1"),
    "a wide directory that no file reaches": (
        build(CLIP, wide={"directory_start": 2**64 - 1}, directory_start=SATURATED),
        "runs into its end",
    ),
    "more members than were asked for": (build(*[CLIP] * (MEMBERS + 1)), "it holds 5 members where 4 were asked for"),
    "more entries than could be explained": (
        build(*[Piece(name=b"folder/", content=b"")] * (2 * MEMBERS + 1)),
        "it holds 9 members where 4 were asked for",
    ),
    "as many entries as a number can say": (
        build(CLIP, wide={"entries": 2**64 - 1, "entries_here": 2**64 - 1}, entries=0xFFFF, entries_here=0xFFFF),
        "it holds 18446744073709551615 members",
    ),
}
NO_ZIP = {
    "nothing": (b"", "no end record"),
    "an MP3": (MP3, "no end record"),
    "an error page": (b'{"detail": {"status": "quota_exceeded"}}', "no end record"),
    "another archive": (tarfile.TarInfo("clip.mp3").tobuf() + bytes(1024), "no end record"),
    "a compressed archive": (gzip.compress(GOOD), "no end record"),
    "an archive without its end": (GOOD[:-22], "no end record"),
    "an archive without its last byte": (GOOD[:-1], "end record is cut short"),
    "the first half": (GOOD[: len(GOOD) // 2], "no end record"),
    "an archive without its first byte": (GOOD[1:], "runs into its end"),
    "the second half": (GOOD[len(GOOD) // 2 :], "runs into its end"),
}

TRAPS = NAMES | KINDS | PACKING | HEADERS | CONTENTS | LAYOUT | DIRECTORY | NO_ZIP
