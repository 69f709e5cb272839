"""The end of a zip file, which every reader starts from: found without a guess, or not at all.

Names, order and widths of the fields are those of PKWARE's APPNOTE, sections 4.3.14 to 4.3.16.
"""

from __future__ import annotations

import struct
from typing import Final

from attrs import frozen

from ._zip_records import refused

_END_SIGNATURE = b"PK\x05\x06"
_LOCATOR_SIGNATURE = b"PK\x06\x07"
_END64_SIGNATURE = b"PK\x06\x06"

_END = struct.Struct("<4s4H2LH")
_LOCATOR = struct.Struct("<4sLQL")
_END64 = struct.Struct("<4sQ2H2L4Q")

TAIL_BYTES: Final = _END64.size + _LOCATOR.size + _END.size + 0xFFFF
"""How many last bytes of a file hold everything that `parse_end` looks at: the longest comment is 64 KiB."""

# A number too wide for the first end record is all ones there and stands in the zip64 one.
_SATURATED = (0xFFFF, 0xFFFF, 0xFFFF, 0xFFFF, 0xFFFF_FFFF, 0xFFFF_FFFF)


@frozen
class End:
    """The end of an archive: how many entries its directory has, and where in the file that lies."""

    entries: int
    directory_start: int
    directory_end: int


def parse_end(tail: bytes, tail_start: int) -> End:
    """Find the end of an archive, which has to be the end of the file and the only one in sight.

    Args:
        tail: The last `TAIL_BYTES` bytes of the file, or all of a shorter one.
        tail_start: Where in the file they begin.

    Returns:
        What the end records say. The directory is certain to end where they begin.

    Raises:
        UnsafeArchiveError: There is no such end, or another reader could find another one.
    """
    at = tail.rfind(_END_SIGNATURE)
    if at < 0:
        raise refused("it has no end record, so it is not a zip or it was cut short")
    behind = len(tail) - at - _END.size
    if behind < 0:
        raise refused("its end record is cut short")
    _, disk, first_disk, entries_here, entries, size, start, comment = _END.unpack_from(tail, at)
    if comment > behind:
        raise refused(f"its comment should have {comment} bytes, but {behind} are left: it was cut short")
    if comment < behind:
        raise refused(f"{behind - comment} bytes stand behind its end")
    if _has_another_end(tail, at):
        raise refused("it has two ends, and readers differ in which one they take")
    end, locator = at, at - _LOCATOR.size
    if locator >= 0 and tail.startswith(_LOCATOR_SIGNATURE, locator):
        end = locator - _END64.size
        narrow = (disk, first_disk, entries_here, entries, size, start)
        disk, first_disk, entries_here, entries, size, start = _parse_end64(tail, end, tail_start, narrow)
    if disk or first_disk or entries_here != entries:
        raise refused("it is one part of several")
    directory_end = tail_start + end
    if start + size > directory_end:
        raise refused(f"its directory of {size} bytes at {start} runs into its end at {directory_end}")
    if start + size < directory_end:
        raise refused(f"{directory_end - start - size} bytes stand before its first member or behind its directory")
    return End(entries, start, directory_end)


def _has_another_end(tail: bytes, last: int) -> bool:
    """Whether an earlier end record reaches to the end of the file as well, with the last one as its comment."""
    at = tail.find(_END_SIGNATURE)
    while at < last:
        comment = int.from_bytes(tail[at + _END.size - 2 : at + _END.size], "little")
        if at + _END.size + comment == len(tail):
            return True
        at = tail.find(_END_SIGNATURE, at + 1)
    return False


def _parse_end64(tail: bytes, at: int, tail_start: int, narrow: tuple[int, ...]) -> tuple[int, ...]:
    """The numbers of the zip64 end record at `at`, in the order of the narrow ones, which must not contradict them."""
    _, _, offset, _ = _LOCATOR.unpack_from(tail, at + _END64.size)
    if at < 0 or not tail.startswith(_END64_SIGNATURE, at) or offset != tail_start + at:
        raise refused("its zip64 end record is not where the locator says, right before the locator")
    _, record_bytes, _, _, *wide = _END64.unpack_from(tail, at)
    if record_bytes != _END64.size - 12:
        raise refused(f"its zip64 end record claims {record_bytes} bytes instead of {_END64.size - 12}")
    for short, long, full in zip(narrow, wide, _SATURATED, strict=True):
        if short not in {long, full}:
            raise refused(f"its two end records disagree, {short} against {long}")
    return tuple(wide)
