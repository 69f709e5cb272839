"""An archive needs no more memory than a few pieces of it, whatever it claims to be and whatever it is."""

import io
import os
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO

import pytest
from elevenlabs_history import UnsafeArchiveError
from elevenlabs_history._archive import iter_chunks, read_directory
from support import zip_bombs
from support.zip_writer import DEFLATED, SATURATED, Piece, build, zip64

MIB = 1024 * 1024


@contextmanager
def flat_memory() -> Iterator[None]:
    """Make sure that the block never needs more than a few pieces of an archive at once."""
    tracemalloc.start()
    try:
        yield
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 2 * MIB


def unpacked_size(file: IO[bytes], requested: int) -> int:
    members = read_directory(file, requested=requested)
    return sum(len(chunk) for member in members for chunk in iter_chunks(file, member))


@pytest.mark.parametrize("any_ratio", [False, True])
@pytest.mark.parametrize(
    ("bomb", "requested"),
    [
        (zip_bombs.zeros, 1),
        (zip_bombs.zeros_that_claim_to_be_few, 1),
        (zip_bombs.entries_that_share_a_member, 100),
        (zip_bombs.members_that_quote_each_other, 100),
        (zip_bombs.bombs_in_an_archive, 10),
        (zip_bombs.a_million_members, 1000),
        (zip_bombs.a_million_members_that_claim_to_be_two, 1000),
    ],
)
def test_a_bomb_is_refused_with_flat_memory(
    bomb: Callable[[], bytes],
    requested: int,
    any_ratio: bool,  # noqa: FBT001
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if any_ratio and bomb is zip_bombs.zeros:
        pytest.skip("its ratio is all that is wrong with it")
    if any_ratio:
        monkeypatch.setattr("elevenlabs_history._archive._MAX_RATIO", 2**60)
    file = io.BytesIO(bomb())
    with flat_memory(), pytest.raises(UnsafeArchiveError):
        unpacked_size(file, requested)


def test_a_large_deflated_member_needs_no_more_memory_than_a_small_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("elevenlabs_history._archive._MAX_RATIO", 2000)
    file = io.BytesIO(build(Piece(content=bytes(100 * MIB), method=DEFLATED)))
    with flat_memory():
        assert unpacked_size(file, 1) == 100 * MIB


class Hollow(io.BytesIO):
    """A file with so many zeros between its head and its tail that they had better not lie on a disk."""

    def __init__(self, head: bytes, zeros: int, tail: bytes) -> None:
        super().__init__()
        self.head, self.tail = head, tail
        self.tail_start = len(head) + zeros
        self.at = 0

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        self.at = offset if whence == os.SEEK_SET else self.tail_start + len(self.tail) + offset
        return self.at

    def read(self, size: int | None = -1, /) -> bytes:
        assert size is not None
        start, stop = self.at, min(self.at + size, self.tail_start + len(self.tail))
        zeros = max(0, min(stop, self.tail_start) - max(start, len(self.head)))
        self.at = stop
        tail = self.tail[max(0, start - self.tail_start) : max(0, stop - self.tail_start)]
        return self.head[start:stop] + bytes(zeros) + tail


def test_a_member_beyond_4_gib_is_read_with_flat_memory() -> None:
    size, crc32 = 4097 * MIB, 0
    for _ in range(4097):
        crc32 = zlib.crc32(bytes(MIB), crc32)
    wide = zip64(size, size)
    piece = Piece(
        content=b"",
        both={"crc32": crc32, "compressed_size": SATURATED, "size": SATURATED},
        local_extra=wide,
        entry_extra=wide,
    )
    header, entry = piece.local_bytes(), piece.entry_bytes(0)
    directory = len(header) + size
    end = build(
        piece,
        wide={"directory_start": directory},
        directory_start=SATURATED,
        locator={"end64_start": directory + len(entry)},
    )
    with flat_memory():
        assert unpacked_size(Hollow(header, size, end[len(header) :]), 1) == size
