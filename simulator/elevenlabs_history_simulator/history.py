"""The history that the server keeps: seeded, so that every run sees the same, and changed by whoever tests."""

from __future__ import annotations

import math
import threading
from bisect import bisect_left, bisect_right, insort
from typing import TYPE_CHECKING, Any

from attrs import define, field

from .audio import format_of
from .items import Item, Place
from .seeded import NEWEST, alignments, dialogue, facts, item_id, pause, variety

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


@define(eq=False)
class History:
    """All items, newest first. Any thread may read and change it while the server answers from it."""

    seed: int = 1
    _items: dict[str, Item] = field(factory=dict, init=False)
    _in_order: list[Item] = field(factory=list, init=False)
    _made: int = field(default=0, init=False)
    _lock: threading.RLock = field(factory=threading.RLock, init=False)

    def __iter__(self) -> Iterator[Item]:
        with self._lock:
            return iter(self._in_order.copy())

    def __len__(self) -> int:
        return len(self._items)

    def get(self, history_item_id: str) -> Item | None:
        """Return an item, or None when there is none of that id."""
        return self._items.get(history_item_id)

    def fill(self, count: int, *, aligned: bool = False) -> None:
        """Add mp3 items some minutes apart, of all voices and models; `aligned` as for `add`."""
        for _ in range(count):
            self.add(aligned=aligned)

    def fill_mixed(self, count: int) -> None:
        """Add items as a long-lived account has them.

        Most are as from `fill`. The others have another format or source, are dialogues, have no audio because they
        are deleted or processing, or lack the fields that old items lack.
        """
        for _ in range(count):
            self.add(**variety(self.seed, self._made))

    def add(
        self,
        *,
        date: int | None = None,
        seconds: float = 1.0,
        size: int | None = None,
        id3: bool = False,
        aligned: bool = False,
        **metadata: Any,  # noqa: ANN401 - JSON is anything
    ) -> Item:
        """Add an item.

        Args:
            date: When it was made, in Unix seconds; some minutes before the oldest by default.
            seconds: How long its audio sounds, about.
            size: At least how many bytes its audio has, whatever `seconds` says.
            id3: Its mp3 begins with a large ID3 tag.
            aligned: It tells when each character of its text is spoken, and its audio sounds for that text, whatever
                `seconds` and `size` say. The text of a dialogue is its lines with a space between two.
            metadata: Fields of the API that are to differ from what the seed gives, such as `text`, `voice_name`,
                `output_format` or `state`. With the state `deleted` or `processing` its audio is refused.

        Returns:
            The item, to be changed at will.

        Raises:
            ValueError: The simulator has no audio in this `output_format`.
        """
        if metadata.get("output_format"):
            format_of(metadata["output_format"])
        with self._lock:
            number = self._made
            self._made += 1
            if date is None:
                newer = self._in_order[-1].date if self._in_order else NEWEST
                date = newer - pause(self.seed, number)
            spoken: str | None = None
            if aligned:
                lines = [line["text"] for line in metadata.get("dialogue") or ()]
                text: str = metadata.get("text") or " ".join(lines) or facts(self.seed, number)["text"]
                spoken, metadata["alignments"] = text, alignments(text)
            item = Item(
                id=metadata.get("history_item_id") or item_id(self.seed, number),
                place=(-date, number),
                seed=self.seed,
                number=number,
                differences=metadata,
                seconds=seconds,
                size=size,
                id3=id3,
                spoken=spoken,
            )
            self.remove(item.id)
            self._insert(item)
        return item

    def add_dialogue(
        self,
        lines: Sequence[tuple[str, str]],
        *,
        date: int | None = None,
        aligned: bool = False,
        **metadata: Any,  # noqa: ANN401 - JSON is anything
    ) -> Item:
        """Add a dialogue.

        Args:
            lines: Who says what: voice names and texts.
            date: As for `add`.
            aligned: As for `add`.
            metadata: As for `add`.

        Returns:
            The item. The API tells its text and voices in `dialogue` alone.
        """
        return self.add(date=date, aligned=aligned, **dialogue(lines) | metadata)

    def change(self, history_item_id: str, *, date: int | None = None, **metadata: Any) -> Item:  # noqa: ANN401 - JSON is anything
        """Change what the API tells of an item, and its place when the date changes.

        Args:
            history_item_id: Which.
            date: When it was made, in Unix seconds.
            metadata: Fields of the API.

        Returns:
            The item.

        Raises:
            KeyError: There is no such item.
            ValueError: The simulator has no audio in this `output_format`.
        """
        if metadata.get("output_format"):
            format_of(metadata["output_format"])
        with self._lock:
            item = self._items[history_item_id]
            item.metadata.update(metadata)
            if date is not None:
                self.remove(history_item_id)
                item.metadata["date_unix"] = date
                item.place = (-date, item.number)
                self._insert(item)
        return item

    def remove(self, history_item_id: str) -> bool:
        """Remove an item; False when there is none of that id."""
        with self._lock:
            item = self._items.pop(history_item_id, None)
            if item is None:
                return False
            del self._in_order[bisect_left(self._in_order, item.place, key=_place)]
        return True

    def section(
        self, behind: Place | None, *, newest_first: bool, since: int | None, before: int | None, most: int
    ) -> list[Item]:
        """Return the items that follow a place.

        Args:
            behind: The place; None for the beginning.
            newest_first: In this order, or the other.
            since: None that was made before this Unix second.
            before: None that was made in this Unix second or later.
            most: No more than this.
        """
        with self._lock:
            first = 0 if before is None else self._position((-before, math.inf))
            end = len(self._in_order) if since is None else self._position((-since, math.inf))
            if newest_first:
                first = first if behind is None else max(first, self._position(behind))
                return self._in_order[first : min(end, first + most)]
            if behind is not None:
                end = min(end, bisect_left(self._in_order, behind, key=_place))
            return self._in_order[max(first, end - most) : end][::-1]

    def _position(self, place: Place) -> int:
        return bisect_right(self._in_order, place, key=_place)

    def _insert(self, item: Item) -> None:
        self._items[item.id] = item
        if not self._in_order or self._in_order[-1].place < item.place:
            self._in_order.append(item)
        else:
            insort(self._in_order, item, key=_place)


def _place(item: Item) -> Place:
    return item.place
