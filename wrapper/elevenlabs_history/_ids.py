"""Many ids in little memory: those of a hundred thousand items in 3 MiB, where a set of strings takes 12."""

from __future__ import annotations

from array import array

_FIRST_SLOTS = 4096  # a power of two


class Ids:
    """A set of ids that only grows.

    The ids stand one behind the other in one string of bytes, each behind its length, so that none is the beginning of
    another. A hash table with open addressing tells where each begins.
    """

    def __init__(self) -> None:
        # Nothing begins at 0, so that a slot with 0 is free.
        self._text = bytearray(1)
        self._starts = _free(_FIRST_SLOTS)
        self._last = _FIRST_SLOTS - 1
        self._left = 2 * _FIRST_SLOTS // 3

    def __contains__(self, history_item_id: str) -> bool:
        return self._starts[self._slot(_packed(history_item_id))] != 0

    def add(self, history_item_id: str) -> bool:
        """Add an id, and tell whether it is new."""
        starts, text, last = self._starts, self._text, self._last
        packed = _packed(history_item_id)
        slot = hash(packed) & last
        # As in `_slot`; a call of it would make each page of a listing take 5 % longer.
        while start := starts[slot]:
            if text.startswith(packed, start):
                return False
            slot = (slot + 1) & last
        starts[slot] = len(text)
        text += packed
        self._left -= 1
        if not self._left:
            self._grow()
        return True

    def _slot(self, packed: bytes) -> int:
        """Find where an id is, or the free slot where it would be."""
        starts, last = self._starts, self._last
        slot = hash(packed) & last
        while (start := starts[slot]) and not self._text.startswith(packed, start):
            slot = (slot + 1) & last
        return slot

    def _grow(self) -> None:
        starts = array("I", filter(None, self._starts))
        slots = 4 * len(self._starts)
        self._starts, self._last, self._left = _free(slots), slots - 1, 2 * slots // 3 - len(starts)
        for start in starts:
            behind_length = self._text.index(b":", start) + 1
            size = int(self._text[start : behind_length - 1])
            self._starts[self._slot(bytes(self._text[start : behind_length + size]))] = start


def _free(slots: int) -> array[int]:
    return array("I", bytes(array("I").itemsize * slots))


def _packed(history_item_id: str) -> bytes:
    text = history_item_id.encode(errors="surrogatepass")
    return b"%d:%b" % (len(text), text)
