"""Whatever is done to an archive, it is refused or gives the right bytes."""

import io
import random
import struct
import zipfile
import zlib
from collections.abc import Callable

from elevenlabs_history import UnsafeArchiveError
from elevenlabs_history._archive import iter_chunks, read_directory
from hypothesis import given, settings, strategies as st
from support.zip_writer import (
    DEFLATED,
    DESCRIPTOR_FLAG,
    ENTRY_FIELDS,
    SATURATED,
    SOUND,
    STORED,
    UTF8_FLAG,
    Piece,
    build,
    zip64,
)

Damage = Callable[[bytes], bytes]

SOUNDS = [SOUND, b"fLaC", b"OggS" + bytes(300), SOUND[::-1]]
NUMBERS = [0, 1, 2, 4, 8, 20, 30, 46, len(SOUND), 0x7FFF, 0xFFFE, 0xFFFF, SATURATED - 1, SATURATED, 2**63, 2**64 - 1]
SIGNATURES = [b"PK\x01\x02", b"PK\x03\x04", b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07", b"PK\x07\x08"]


def described(piece: Piece) -> Piece:
    """The same member as a server writes it that does not know the sizes yet."""
    sizes = (zlib.crc32(piece.content), len(piece.packed), len(piece.content))
    return Piece(
        name=piece.name,
        content=piece.content,
        method=piece.method,
        both={"flags": DESCRIPTOR_FLAG},
        local={"crc32": 0, "compressed_size": 0, "size": 0},
        behind=b"PK\x07\x08" + struct.pack("<LLL", *sizes),
    )


def wide(piece: Piece) -> Piece:
    """The same member as a writer leaves it that uses zip64 for everything."""
    saturated = {"compressed_size": SATURATED, "size": SATURATED}
    sizes = zip64(len(piece.content), len(piece.packed))
    return Piece(
        content=piece.content,
        method=piece.method,
        both=saturated,
        local_extra=sizes,
        entry_extra=sizes,
        name=piece.name,
    )


PIECES = [Piece(name=b"%d.mp3" % n, content=sound, method=n % 2 * DEFLATED) for n, sound in enumerate(SOUNDS)]
ORIGINALS = [
    build(*PIECES),
    build(Piece(name=b"voice/", content=b""), *PIECES, comment=b"a comment"),
    build(*map(described, PIECES)),
    build(*map(wide, PIECES), wide={}, entries=0xFFFF, entries_here=0xFFFF, directory_start=SATURATED),
]


def contents(data: bytes) -> list[bytes]:
    file = io.BytesIO(data)
    return [b"".join(iter_chunks(file, member)) for member in read_directory(file, requested=20)]


def overwritten(at: int, new: bytes) -> Damage:
    return lambda data: data[: at % len(data)] + new + data[at % len(data) + len(new) :]


def inserted(at: int, new: bytes) -> Damage:
    return lambda data: data[: at % len(data)] + new + data[at % len(data) :]


def removed(at: int, count: int) -> Damage:
    return lambda data: data[: at % len(data)] + data[at % len(data) + count :] or b"\0"


def repeated(at: int, count: int, to: int) -> Damage:
    return lambda data: inserted(to, data[at % len(data) :][:count])(data)


def misnumbered(record: int, offset: int, width: int, number: int) -> Damage:
    """A number written over a field of a record, where random bytes would seldom hit."""

    def damage(data: bytes) -> bytes:
        records = [at for at in range(len(data)) if data[at : at + 4] in SIGNATURES]
        if not records:
            return data
        return overwritten(records[record % len(records)] + offset, number.to_bytes(8, "little")[:width])(data)

    return damage


places = st.integers(0, 5000)
damages: st.SearchStrategy[Damage] = st.one_of(
    st.builds(overwritten, places, st.binary(min_size=1, max_size=4)),
    st.builds(overwritten, places, st.sampled_from(SIGNATURES)),
    st.builds(inserted, places, st.binary(min_size=1, max_size=30)),
    st.builds(removed, places, st.integers(1, 2000)),
    st.builds(repeated, places, st.integers(1, 2000), places),
    st.builds(misnumbered, places, st.integers(4, 55), st.sampled_from([1, 2, 4, 8]), st.sampled_from(NUMBERS)),
)


@given(st.sampled_from(ORIGINALS), st.lists(damages, min_size=1, max_size=4))
@settings(max_examples=500, deadline=None)
def test_damage_is_refused_or_harmless(original: bytes, hits: list[Damage]) -> None:
    damaged = original
    for hit in hits:
        damaged = hit(damaged)
    try:
        found = contents(damaged)
    except UnsafeArchiveError:
        return
    assert found == SOUNDS


def test_5000_mutations_are_refused_or_harmless() -> None:
    rng = random.Random(13)
    for number in range(5000):
        damaged = bytearray(ORIGINALS[number % len(ORIGINALS)])
        for _ in range(rng.randint(1, 4)):
            damaged[rng.randrange(len(damaged))] = rng.choice([0, 1, 0x50, 0xFF, rng.randrange(256)])
        try:
            found = contents(bytes(damaged))
        except UnsafeArchiveError:
            continue
        assert found == SOUNDS


records = st.one_of(
    st.sampled_from([record for piece in PIECES for record in (piece.local_bytes(), piece.entry_bytes(0))]),
    st.sampled_from([build(), build(wide={}), build(comment=b"c"), *SIGNATURES]),
    st.binary(max_size=30),
)


@given(st.lists(records, max_size=8).map(b"".join))
@settings(max_examples=500, deadline=None)
def test_a_heap_of_records_is_refused_or_holds_only_what_was_put_in(heap: bytes) -> None:
    try:
        found = contents(heap)
    except UnsafeArchiveError:
        return
    assert all(content in SOUNDS for content in found)


numbers_of_headers = {name: form for name, form in ENTRY_FIELDS.items() if name != "signature"}
lies = st.dictionaries(st.sampled_from(list(numbers_of_headers)), st.sampled_from(NUMBERS), max_size=3).map(
    lambda chosen: {
        name: number % 2 ** (8 * struct.calcsize("<" + numbers_of_headers[name])) for name, number in chosen.items()
    }
)


@given(st.sampled_from(PIECES), lies, lies, lies)
@settings(max_examples=500, deadline=None)
def test_lies_of_headers_are_refused_or_harmless(
    piece: Piece, both: dict[str, int], local: dict[str, int], entry: dict[str, int]
) -> None:
    liar = Piece(name=piece.name, content=piece.content, method=piece.method, both=both, local=local, entry=entry)
    try:
        found = contents(build(PIECES[0], liar, PIECES[3]))
    except UnsafeArchiveError:
        return
    assert found == [SOUNDS[0], piece.content, SOUNDS[3]]


honest_pieces = st.builds(
    Piece,
    name=st.text(st.characters(codec="utf-8", exclude_characters="\0\\/:."), min_size=1).map(str.encode),
    content=st.binary(min_size=1, max_size=500).filter(lambda content: not content.startswith(b"PK")),
    method=st.sampled_from([STORED, DEFLATED]),
    both=st.just({"flags": UTF8_FLAG}),
)
comments = st.binary(max_size=50).filter(lambda comment: b"PK" not in comment)
kinds = st.sampled_from([lambda piece: piece, wide, described])


@given(st.lists(st.tuples(honest_pieces, kinds), max_size=8), comments, st.sampled_from([None, {}]))
@settings(max_examples=200, deadline=None)
def test_an_honest_archive_is_read_as_zipfile_reads_it(
    pieces: list[tuple[Piece, Callable[[Piece], Piece]]], comment: bytes, wide_end: dict[str, int] | None
) -> None:
    data = build(*[kind(piece) for piece, kind in pieces], comment=comment, wide=wide_end)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert [archive.read(info) for info in archive.infolist()] == contents(data)
    assert contents(data) == [piece.content for piece, _ in pieces]
