"""Archives made to mislead: what the trap is → the archive."""

from __future__ import annotations

import gzip
import random
import stat
import struct
import tarfile
import zlib

from support.zip_writer import (
    DEFLATED,
    DESCRIPTOR_FLAG,
    SATURATED,
    SOUND,
    UTF8_FLAG,
    Piece,
    build,
    deflate,
    extra,
    pack,
    zip64,
)

MEMBERS = 4
"""How many items were requested when one of these was received."""

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
    "an absolute path": _named(b"/etc/passwd"),
    "two dots": _named(b".."),
    "two dots at the start": _named(b"../clip.mp3"),
    "two dots in the middle": _named(b"a/../../clip.mp3"),
    "two dots at the end": _named(b"voice/.."),
    "two dots in a folder": build(Piece(name=b"../up/", content=b"")),
    "a drive letter": _named(b"C:/clip.mp3"),
    "a drive letter without a slash": _named(b"c:clip.mp3"),
    "a backslash": _named(b"voice\\clip.mp3"),
    "a device path of Windows": _named(b"\\\\.\\COM1"),
    "a NUL": _named(b"clip.mp3\0.exe"),
    "no name": _named(b""),
    "a name longer than any path": _named(b"a" * 5000),
}
KINDS = {
    "a symbolic link": _attributed(_unix(stat.S_IFLNK)),
    "a symbolic link from a DOS host": build(Piece(entry={"attributes": _unix(stat.S_IFLNK), "made_by": 20})),
    "a pipe": _attributed(_unix(stat.S_IFIFO)),
    "a character device": _attributed(_unix(stat.S_IFCHR)),
    "a block device": _attributed(_unix(stat.S_IFBLK)),
    "a socket": _attributed(_unix(stat.S_IFSOCK)),
    "a pipe named like a folder": _attributed(_unix(stat.S_IFIFO), b"pipe/", b""),
    "a link of Windows": _attributed(0x400),
    "a volume label": _attributed(0x08),
    "a Unix folder named like a file": _attributed(_unix(stat.S_IFDIR)),
    "a DOS folder named like a file": _attributed(0x10),
    "a folder with content": _named(b"folder/"),
    "a folder with hidden content": build(
        Piece(name=b"folder/", content=b"", packed=deflate(b"") + SOUND, method=DEFLATED)
    ),
}
PACKING = {
    "encrypted": build(Piece(both={"flags": 0x0001})),
    "strongly encrypted": build(Piece(both={"flags": 0x0040})),
    "a masked directory": build(Piece(both={"flags": 0x2000})),
    "AES": build(Piece(both={"flags": 0x0001, "method": 99})),
    "a patch to another file": build(Piece(both={"flags": 0x0020})),
    "a flag that nobody knows": build(Piece(both={"flags": 0x8000})),
    **{
        f"method {method}": build(Piece(both={"method": method}))
        for method in (1, 6, 9, 12, 14, 93, 95, 98, 99, 0xFFFF)
    },
    "stored in more bytes than it has": build(Piece(both={"size": SIZE - 1})),
    "stored in fewer bytes than it has": build(Piece(both={"size": SIZE + 1})),
    "two zip64 fields": build(Piece(entry_extra=zip64(SIZE) * 2, entry={"size": SATURATED})),
    "a zip64 field that is missing": build(Piece(entry={"size": SATURATED})),
    "a zip64 field with half a number": build(Piece(entry_extra=extra(1, b"1234567"))),
    "a zip64 field that is too long": build(Piece(entry_extra=zip64(SIZE, SIZE, 0, 0))),
    "a zip64 field that contradicts": build(Piece(entry_extra=zip64(SIZE, 7))),
    "extra fields that are cut short": build(Piece(entry_extra=b"\x55\x54\x09\x00abc")),
    "an extra field without a length": build(Piece(local_extra=b"\0\0\0")),
    "another disk": build(Piece(entry={"disk": 1})),
    "two disks": build(Piece(entry={"disk": 3}, entry_extra=extra(1, bytes(4)))),
    "another disk in the zip64 field": build(Piece(entry={"disk": 0xFFFF}, entry_extra=extra(1, struct.pack("<L", 1)))),
}
HEADERS = {
    "a local header with another name": build(Piece(local={"name": b"evil.mp3"})),
    "a local header with a longer name": build(Piece(local={"name": b"clip.mp3.exe", "name_length": 12})),
    "a local header with another method": build(Piece(local={"method": DEFLATED})),
    "a local header with another time": build(Piece(local={"stamp": 1})),
    "a local header with another checksum": build(Piece(local={"crc32": 5})),
    "a local header without a checksum": build(Piece(local={"crc32": 0})),
    "a local header with another size": build(Piece(local={"size": 5})),
    "a local header with another room": build(Piece(local={"compressed_size": 5})),
    "a local header that is encrypted": build(Piece(local={"flags": 1})),
    "a local header with another encoding": build(Piece(local={"flags": UTF8_FLAG})),
    "a local header with a descriptor": build(Piece(local={"flags": DESCRIPTOR_FLAG})),
    "a local header with another zip64 size": build(
        Piece(local={"size": SATURATED, "compressed_size": SATURATED}, local_extra=zip64(9, SIZE))
    ),
    "no local header": build(Piece(local={"signature": b"PK\x03\x05"})),
    "an offset into a member": build(CLIP, Piece(entry={"offset": 40})),
    "a missing descriptor": build(_described(b"")),
    "a descriptor with another checksum": build(_described(struct.pack("<LLL", 1, SIZE, SIZE))),
    "a descriptor with another size": build(_described(struct.pack("<LLL", CRC, SIZE, 1))),
    "a descriptor with bytes behind it": build(_described(struct.pack("<LLL", CRC, SIZE, SIZE) + b"x")),
    "a descriptor and a local header that lies": build(_described(struct.pack("<LLL", CRC, SIZE, SIZE), size=9)),
    "a descriptor that no flag announces": build(Piece(behind=struct.pack("<LLL", CRC, SIZE, SIZE))),
}
CONTENTS = {
    "a wrong checksum": build(Piece(both={"crc32": 5})),
    "a wrong checksum of a deflated member": build(Piece(method=DEFLATED, both={"crc32": 5})),
    "damaged bytes": build(Piece(packed=SOUND[:-1] + b"!")),
    "damaged deflated bytes": build(Piece(method=DEFLATED, packed=b"\xff" * 40)),
    "more bytes than claimed": build(Piece(method=DEFLATED, both={"size": 100})),
    "bytes where none were claimed": build(Piece(method=DEFLATED, both={"size": 0})),
    "fewer bytes than claimed": build(Piece(method=DEFLATED, both={"size": SIZE + 9})),
    "bytes behind the stream": build(Piece(method=DEFLATED, packed=deflate(SOUND) + b"secret")),
    "a stream behind the stream": build(Piece(method=DEFLATED, packed=deflate(SOUND) * 2)),
    "a stream that is cut": build(Piece(method=DEFLATED, packed=deflate(SOUND)[:-4])),
    "a stream that does not begin": build(Piece(method=DEFLATED, content=b"", packed=b"")),
    "an archive in the archive": build(Piece(content=GOOD)),
}
LAYOUT = {
    "the same member twice at one place": build(CLIP, Piece(entry={"offset": 0})),
    "a member around the next one": build(Piece(both={"size": SIZE + 1000, "compressed_size": SIZE + 1000}), CLIP),
    "a member that runs into the directory": build(Piece(both={"size": SIZE + 9, "compressed_size": SIZE + 9})),
    "an offset behind the directory": build(CLIP, Piece(entry={"offset": 60_000})),
    "an offset that no file reaches": build(CLIP, Piece(entry={"offset": SATURATED}, entry_extra=zip64(2**64 - 1))),
    "a size that no file reaches": build(
        Piece(
            entry={"compressed_size": SATURATED, "size": SATURATED},
            entry_extra=zip64(2**40, 2**40),
            local={"compressed_size": SATURATED, "size": SATURATED},
            local_extra=zip64(2**40, 2**40),
        )
    ),
    "a member that the directory keeps silent about": build(CLIP, before_directory=CLIP.local_bytes()),
    "bytes between two members": build(Piece(behind=b"junk"), CLIP),
    "bytes between the members and the directory": build(CLIP, before_directory=b"junk"),
    "bytes between the directory and its end": build(CLIP, behind_directory=b"junk"),
    "a signed directory": build(CLIP, behind_directory=b"PK\x05\x05\x00\x00"),
    "bytes before the first member": b"junk" + GOOD,
    "bytes before the first member that offsets allow for": build(CLIP, prefix=b"junk"),
    "an MP3 with a zip behind it": MP3 + GOOD,
    "an MP3 with a zip behind it that offsets allow for": build(CLIP, prefix=MP3),
    "an MP3 with an empty zip behind it": MP3 + build(),
    "an MP3 with an empty zip that offsets allow for": build(prefix=MP3),
    "two zips in a row": GOOD + GOOD,
    "bytes behind the end": GOOD + b"junk",
    "an MP3 behind the end": GOOD + MP3,
    "a comment longer than the rest": build(CLIP, comment_length=9),
    "a comment shorter than the rest": build(CLIP, comment=b"hello", comment_length=2),
    "an end in the comment": build(CLIP, comment=build()),
    "half an end in the comment": build(CLIP, comment=b"PK\x05\x06"),
    "an end in the comment that reaches nowhere": build(CLIP, comment=build() + b"junk"),
    "an end inside a clip": _ending_inside(),
    "an end inside the last entry": build(Piece(entry_comment=build(comment_length=22))),
}
DIRECTORY = {
    "fewer entries than promised": build(CLIP, entries=2, entries_here=2),
    "more entries than promised": build(CLIP, PACKED, entries=1, entries_here=1),
    "entries and none promised": build(CLIP, entries=0, entries_here=0),
    "a directory that begins too early": build(CLIP, directory_start=0),
    "a directory that begins too late": build(CLIP, directory_start=9999),
    "a directory that is too small": build(CLIP, directory_size=20),
    "a directory that is too large": build(CLIP, directory_size=5000),
    "a directory that begins inside a member": build(
        CLIP, directory_start=100, directory_size=30 + 8 + SIZE + 46 + 8 - 100
    ),
    "an entry that is none": build(Piece(entry={"signature": b"PK\x01\x03"})),
    "an entry that runs into the end": build(Piece(entry={"comment_length": 22})),
    "an entry that runs out of the file": build(Piece(entry={"comment_length": 99})),
    "one part of several": build(CLIP, disk=1),
    "the first part of several": build(CLIP, first_disk=1),
    "entries in another part": build(CLIP, entries=2),
    "a wide end in another part": build(CLIP, wide={"entries": 2}, entries=0xFFFF),
    "a locator that points elsewhere": build(CLIP, wide={}, locator={"end64_start": 0}),
    "a locator to nothing": build(
        CLIP, behind_directory=pack({"signature": "4s", "rest": "16s"}, {"signature": b"PK\x06\x07", "rest": b""})
    ),
    "a locator without room for itself": b"PK\x06\x07 and" + build(),
    "a locator without room for its record": b"PK\x06\x07" + bytes(16) + build(),
    "a wide end that is none": build(CLIP, wide={"signature": b"PK\x06\x05"}),
    "a wide end with hidden room": build(CLIP, wide={"record_size": 50}),
    "two ends that disagree": build(CLIP, wide={"entries": 2, "entries_here": 2}),
    "a wide directory that no file reaches": build(
        CLIP, wide={"directory_start": 2**64 - 1}, directory_start=SATURATED
    ),
    "more members than were asked for": build(*[CLIP] * (MEMBERS + 1)),
    "more entries than could be explained": build(*[Piece(name=b"folder/", content=b"")] * (2 * MEMBERS + 1)),
    "as many entries as a number can say": build(
        CLIP, wide={"entries": 2**64 - 1, "entries_here": 2**64 - 1}, entries=0xFFFF, entries_here=0xFFFF
    ),
}
NO_ZIP = {
    "nothing": b"",
    "an MP3": MP3,
    "an error page": b'{"detail": {"status": "quota_exceeded"}}',
    "another archive": tarfile.TarInfo("clip.mp3").tobuf() + bytes(1024),
    "a compressed archive": gzip.compress(GOOD),
    "an archive without its end": GOOD[:-22],
    "an archive without its last byte": GOOD[:-1],
    "the first half": GOOD[: len(GOOD) // 2],
    "an archive without its first byte": GOOD[1:],
    "the second half": GOOD[len(GOOD) // 2 :],
}

TRAPS = NAMES | KINDS | PACKING | HEADERS | CONTENTS | LAYOUT | DIRECTORY | NO_ZIP

HARMLESS = frozenset(
    {
        *NAMES,
        "a pipe",
        "a pipe named like a folder",
        "a link of Windows",
        "a volume label",
        "a DOS folder named like a file",
        "a flag that nobody knows",
        "two zip64 fields",
        "a zip64 field with half a number",
        "a zip64 field that is too long",
        "a zip64 field that contradicts",
        "an extra field without a length",
        "another disk",
        "two disks",
        "another disk in the zip64 field",
        "a local header with another method",
        "a local header with another time",
        "a local header with another checksum",
        "a local header without a checksum",
        "a local header with another size",
        "a local header with another room",
        "a local header that is encrypted",
        "a local header with another encoding",
        "a local header with a descriptor",
        "a local header with another zip64 size",
        "a missing descriptor",
        "a descriptor with another checksum",
        "a descriptor with another size",
        "a descriptor with bytes behind it",
        "a descriptor and a local header that lies",
        "a descriptor that no flag announces",
        "bytes between two members",
        "bytes between the members and the directory",
        "an end inside a clip",
        "an end inside the last entry",
        "a wide end with hidden room",
        "more members than were asked for",
        "more entries than could be explained",
    }
)
"""Traps that are accepted: no name becomes a path, and what they lie about is not used."""
