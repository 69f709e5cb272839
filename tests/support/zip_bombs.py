"""Archives that are small until they are unpacked, or only listed; each is built when it is asked for."""

from __future__ import annotations

import struct

from support.zip_writer import DEFLATED, SATURATED, Piece, build

MILLION = 1_000_000


def zeros() -> bytes:
    return build(Piece(content=bytes(80 * MILLION), method=DEFLATED))


def zeros_that_claim_to_be_few() -> bytes:
    return build(Piece(content=bytes(80 * MILLION), method=DEFLATED, both={"size": 1000}))


def entries_that_share_a_member() -> bytes:
    member = Piece(content=bytes(MILLION), method=DEFLATED)
    entry = member.entry_bytes(0)
    return build(member, behind_directory=entry * 99, entries=100, entries_here=100, directory_size=100 * len(entry))


def members_that_quote_each_other() -> bytes:
    """Each member is the local header of the next one, in a block that is not compressed, and all that follows it.

    So a hundred members, none of which begins where another does, unpack from the same bytes.
    """
    member = Piece(name=b"00", content=bytes(MILLION), method=DEFLATED)
    header_size = len(member.local_bytes()) - len(member.packed)
    step = header_size + 5
    entries = b""
    for number in range(1, 100):
        entries += member.entry_bytes((100 - number) * step)
        header = member.local_bytes()[:header_size]
        quote = struct.pack("<BHH", 0, header_size, header_size ^ 0xFFFF) + header
        name, content = b"%02d" % number, header + member.content
        member = Piece(name=name, content=content, packed=quote + member.packed, method=DEFLATED)
    size = len(entries) // 99 * 100
    return build(member, behind_directory=entries, entries=100, entries_here=100, directory_size=size)


def bombs_in_an_archive() -> bytes:
    bomb = build(Piece(content=bytes(10 * MILLION), method=DEFLATED))
    return build(*[Piece(name=b"%d.zip" % number, content=bomb, method=DEFLATED) for number in range(10)])


def a_million_members() -> bytes:
    entry = Piece().entry_bytes(0)
    wide = {"entries": MILLION, "entries_here": MILLION, "directory_size": MILLION * len(entry)}
    rest = entry * (MILLION - 1)
    return build(
        Piece(), behind_directory=rest, wide=wide, entries=0xFFFF, entries_here=0xFFFF, directory_size=SATURATED
    )


def a_million_members_that_claim_to_be_two() -> bytes:
    entry = Piece().entry_bytes(0)
    size = MILLION * len(entry)
    return build(Piece(), behind_directory=entry * (MILLION - 1), entries=2, entries_here=2, directory_size=size)
