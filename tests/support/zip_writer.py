"""A zip writer that writes whatever it is told, true or not, for archives that no honest tool makes."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping

from attrs import field, frozen

STORED, DEFLATED = 0, 8
ENCRYPTED_FLAG, DESCRIPTOR_FLAG, UTF8_FLAG = 0x0001, 0x0008, 0x0800
SATURATED = 0xFFFF_FFFF
SOUND = b"ID3\x04" + bytes(range(256)) * 4
NOON = (2024 - 1980) << 25 | 5 << 21 | 17 << 16 | 12 << 11
"""2024-05-17 12:00 as a zip writes it."""

_SHARED = {"version": "H", "flags": "H", "method": "H", "stamp": "L", "crc32": "L", "compressed_size": "L", "size": "L"}
_LENGTHS = {"name_length": "H", "extra_length": "H"}
_COUNTS = {"disk": "H", "first_disk": "H", "entries_here": "H", "entries": "H"}
_DIRECTORY = {"directory_size": "L", "directory_start": "L"}

LOCAL_FIELDS = {"signature": "4s", **_SHARED, **_LENGTHS}
ENTRY_FIELDS = {"signature": "4s", "made_by": "H", **_SHARED, **_LENGTHS, "comment_length": "H"}
ENTRY_FIELDS |= {"disk": "H", "internal": "H", "attributes": "L", "offset": "L"}
END_FIELDS = {"signature": "4s", **_COUNTS, **_DIRECTORY, "comment_length": "H"}
END64_FIELDS = {"signature": "4s", "record_size": "Q", "made_by": "H", "version": "H", "disk": "L", "first_disk": "L"}
END64_FIELDS |= {"entries_here": "Q", "entries": "Q", "directory_size": "Q", "directory_start": "Q"}
LOCATOR_FIELDS = {"signature": "4s", "first_disk": "L", "end64_start": "Q", "disks": "L"}

Lies = Mapping[str, int | bytes]


def pack(fields: Mapping[str, str], values: Lies) -> bytes:
    return struct.pack("<" + "".join(fields.values()), *(values.get(name, 0) for name in fields))


def deflate(content: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(content) + packer.flush()


def extra(kind: int, content: bytes) -> bytes:
    return struct.pack("<HH", kind, len(content)) + content


def zip64(*numbers: int) -> bytes:
    return extra(1, struct.pack(f"<{len(numbers)}Q", *numbers))


@frozen(kw_only=True)
class Piece:
    """A member, truthful but for the fields that `both`, `local` and `entry` overwrite in its headers."""

    name: bytes = b"clip.mp3"
    content: bytes = SOUND
    method: int = STORED
    packed: bytes = field()
    both: Lies = field(factory=dict)
    local: Lies = field(factory=dict)
    entry: Lies = field(factory=dict)
    local_extra: bytes = b""
    entry_extra: bytes = b""
    entry_comment: bytes = b""
    behind: bytes = b""
    """What stands between the data and the next record, such as a descriptor."""

    @packed.default
    def _pack(self) -> bytes:
        return deflate(self.content) if self.method == DEFLATED else self.content

    def facts(self) -> dict[str, int | bytes]:
        return {
            "version": 20,
            "method": self.method,
            "stamp": NOON,
            "crc32": zlib.crc32(self.content),
            "compressed_size": len(self.packed),
            "size": len(self.content),
            "name_length": len(self.name),
            **self.both,
        }

    def local_bytes(self) -> bytes:
        facts = {"signature": b"PK\x03\x04", **self.facts(), "extra_length": len(self.local_extra), **self.local}
        name = facts.pop("name", self.name)
        assert isinstance(name, bytes)
        return pack(LOCAL_FIELDS, facts) + name + self.local_extra + self.packed + self.behind

    def entry_bytes(self, offset: int) -> bytes:
        facts = {
            "signature": b"PK\x01\x02",
            "made_by": 3 << 8 | 20,
            **self.facts(),
            "extra_length": len(self.entry_extra),
            "comment_length": len(self.entry_comment),
            "offset": offset,
            **self.entry,
        }
        return pack(ENTRY_FIELDS, facts) + self.name + self.entry_extra + self.entry_comment


def build(
    *pieces: Piece,
    prefix: bytes = b"",
    before_directory: bytes = b"",
    behind_directory: bytes = b"",
    comment: bytes = b"",
    wide: Lies | None = None,
    locator: Lies | None = None,
    **end: int,
) -> bytes:
    """A zip of these pieces, truthful but for what they and `end` say; with zip64 end records when `wide` is given."""
    body, directory = prefix, b""
    for piece in pieces:
        directory += piece.entry_bytes(len(body))
        body += piece.local_bytes()
    body += before_directory
    facts = {
        "entries_here": len(pieces),
        "entries": len(pieces),
        "directory_size": len(directory),
        "directory_start": len(body),
    }
    body += directory + behind_directory
    if wide is not None:
        pointer = {"signature": b"PK\x06\x07", "end64_start": len(body), "disks": 1, **(locator or {})}
        body += pack(END64_FIELDS, {"signature": b"PK\x06\x06", "record_size": 44, **facts, **wide})
        body += pack(LOCATOR_FIELDS, pointer)
    return (
        body + pack(END_FIELDS, {"signature": b"PK\x05\x06", **facts, "comment_length": len(comment), **end}) + comment
    )
