"""Which member of a downloaded zip is which item: proven, or not said at all.

Since August 2023 the names in a zip don't hold the id of the item. What they hold is the second in which it was made,
in a time zone that nobody documents. A wrong guess would file one recording under the text of another, and no one would
notice; so what is not proven stays unknown, and the caller asks for that id alone.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol, TypeAlias

from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from elevenlabs_history_api.models import HistoryItem

# Clocks differ between time zones by whole quarters of an hour, and by no more than this from UTC.
_QUARTER = 15 * 60
_FARTHEST = 14 * 60 * 60

# A shorter id could be a word of the name's own, such as m2 or s50.
_SHORTEST_ID = 8

# Behind one folder at most and no further on: a voice can be named like a time, even with a slash in it.
_STAMP = re.compile(
    r"(?:[^/]*/)??ElevenLabs[_ ](\d{4})[-_: ](\d\d)[-_: ](\d\d)[T_ ](\d\d)[-_: ](\d\d)[-_: ](\d\d)(?!\d)", re.ASCII
)
_EXTENSION = re.compile(r"\.[0-9A-Za-z]{1,5}$")
_WORD = re.compile(r"[^\W_]+")


class MatchMethod(StrEnum):
    """How it is known which item a member is."""

    ONLY_ITEM = "only item"
    ID_IN_NAME = "id in name"
    TIME = "time"


class NamedMember(Protocol):
    """A file in a zip, as far as it tells what it is."""

    @property
    def name(self) -> str:
        """The name with its folders."""
        ...

    @property
    def size(self) -> int:
        """The bytes it unpacks to."""
        ...

    @property
    def crc32(self) -> int:
        """The checksum of these bytes."""
        ...


@frozen
class Match:
    """Which item a member is.

    Attributes:
        member_index: The place of the member in the list that was given.
        history_item_id: The item; None when nothing proves it.
        match_method: How it is known; None when it is not.
    """

    member_index: int
    history_item_id: str | None
    match_method: MatchMethod | None


# When each item asked for was made, by id; None where that is not known.
_Times: TypeAlias = "Mapping[str, int | None]"
_File: TypeAlias = tuple[str, int, int]
_Claims: TypeAlias = dict[_File, tuple[str, MatchMethod]]


def match_members(asked: Iterable[HistoryItem | str], members: Iterable[NamedMember]) -> tuple[Match, ...]:
    """Tell which member is which of the items asked for. Neither order counts.

    A member is an item when

    - only one item was asked for and only one file came;
    - or its name ends in the id of that item and holds no other id asked for;
    - or the time stamps of the files are the times of all items asked for, shifted by one offset that a time zone can
      have, and its own stamp fits no other item asked for under any such offset.

    What speaks against it leaves it unknown: a stamp that can't be the item's, or a second file that would be the same
    item. Voice, settings and folder are not looked at, since many items share them.

    This holds when the server leaves out items, repeats them and adds files that nobody asked for, even all at once.
    It fails only where a foreign file stands in for a missing item: as the one answer to one id, or with a time that
    differs from that of the missing item by whole quarters of an hour.

    Args:
        asked: What was asked for. An id without its item has no time, so it is known by the first two ways only.
        members: What came. Members of the same name, size and checksum are one file and get the same identity.

    Returns:
        One identity for each member, in their order.
    """
    times = _times(asked)
    files = [(member.name, member.size, member.crc32) for member in members]
    claims = _uncontested(_claims(times, set(files)))
    return tuple(Match(index, *claims.get(file, (None, None))) for index, file in enumerate(files))


def plan_batches(items: Iterable[HistoryItem], size: int) -> list[list[HistoryItem]]:
    """AtomicFile items into the fewest batches of which `match_members` can read every whole answer.

    No batch has two items of one second, nor of seconds that the unknown time zone could make one. An item whose time
    is no number goes alone.

    Args:
        items: The items; one that comes twice is taken once.
        size: The most items in a batch.

    Returns:
        The batches, of even sizes. The order is kept within each and between their first items; but a long list is
        spread over all its batches, so give it page by page where earlier items should come earlier.

    Raises:
        ValueError: `size` is less than 1.
    """
    if size < 1:
        raise ValueError(f"A batch of {size} items can't hold any; give a size of at least 1.")
    distinct: dict[str, HistoryItem] = {}
    for item in items:
        distinct.setdefault(item.history_item_id, item)
    places = {history_item_id: place for place, history_item_id in enumerate(distinct)}
    timed = [item for item in distinct.values() if _time_of(item) is not None]
    timed.sort(key=lambda item: (item.date_unix % _QUARTER, item.date_unix))
    count = max(-(-len(timed) // size), _largest_clash([item.date_unix for item in timed]))
    # Items that clash are neighbours now, `count` of them at most: steps of `count` part them.
    batches = [timed[start::count] for start in range(count)]
    batches += [[item] for item in distinct.values() if _time_of(item) is None]
    for batch in batches:
        batch.sort(key=lambda item: places[item.history_item_id])
    return sorted(batches, key=lambda batch: places[batch[0].history_item_id])


def _claims(times: _Times, files: set[_File]) -> _Claims:
    if len(times) == 1 and len(files) == 1:
        ((history_item_id, time),) = times.items()
        return {file: (history_item_id, MatchMethod.ONLY_ITEM) for file in files if _may_be(_stamp(file), time)}
    return _by_time(times, files) | _by_id(times, files)


def _by_id(times: _Times, files: set[_File]) -> _Claims:
    # An id with a separator in it is no word of a name, but may end in one that is another id.
    odd = [history_item_id for history_item_id in times if not history_item_id.isalnum()]
    claims: _Claims = {}
    for file in files:
        stem = _EXTENSION.sub("", file[0].rpartition("/")[2])
        words = _WORD.findall(stem)
        if len(times.keys() & set(words)) != 1 or any(history_item_id in stem for history_item_id in odd):
            continue
        last = words[-1]
        if last in times and stem.endswith(last) and len(last) >= _SHORTEST_ID and _may_be(_stamp(file), times[last]):
            claims[file] = (last, MatchMethod.ID_IN_NAME)
    return claims


def _by_time(times: _Times, files: set[_File]) -> _Claims:
    known = {history_item_id: time for history_item_id, time in times.items() if time is not None}
    stamps = {file: stamp for file in files if (stamp := _stamp(file)) is not None}
    if not known or not stamps or len(stamps) < len(files) or len(known) < len(times):
        return {}
    offset = min(stamps.values()) - min(known.values())
    if not _is_offset(offset) or Counter(stamps.values()) != Counter(time + offset for time in known.values()):
        return {}
    by_remainder: defaultdict[int, list[str]] = defaultdict(list)
    for history_item_id, time in known.items():
        by_remainder[time % _QUARTER].append(history_item_id)
    claims: _Claims = {}
    for file, stamp in stamps.items():
        fitting = [each for each in by_remainder[stamp % _QUARTER] if _is_offset(stamp - known[each])]
        if len(fitting) == 1:
            claims[file] = (fitting[0], MatchMethod.TIME)
    return claims


def _uncontested(claims: _Claims) -> _Claims:
    """Those that no other file makes for the same item."""
    claimants = Counter(history_item_id for history_item_id, _ in claims.values())
    return {file: claim for file, claim in claims.items() if claimants[claim[0]] == 1}


def _times(asked: Iterable[HistoryItem | str]) -> _Times:
    times: dict[str, int | None] = {}
    for entry in asked:
        history_item_id, time = (entry, None) if isinstance(entry, str) else (entry.history_item_id, _time_of(entry))
        times[history_item_id] = time if times.get(history_item_id, time) == time else None
    return times


def _time_of(item: HistoryItem) -> int | None:
    time: object = item.date_unix  # what the server sent, whatever the model says
    return time if isinstance(time, int) else None


def _stamp(file: _File) -> int | None:
    """The time in a name, in Unix seconds as if it were UTC."""
    match = _STAMP.match(file[0])
    if not match:
        return None
    try:
        return int(datetime.fromisoformat("{}-{}-{}T{}:{}:{}+00:00".format(*match.groups())).timestamp())
    except ValueError:
        return None


def _may_be(stamp: int | None, time: int | None) -> bool:
    return stamp is None or time is None or _is_offset(stamp - time)


def _is_offset(seconds: int) -> bool:
    return seconds % _QUARTER == 0 and abs(seconds) <= _FARTHEST


def _largest_clash(times: list[int]) -> int:
    """How many times at most could stand for one another; they come in order of their remainder, then of themselves."""
    largest = first = 0
    for last, time in enumerate(times):
        while (time - times[first]) % _QUARTER or time - times[first] > 2 * _FARTHEST:
            first += 1
        largest = max(largest, last - first + 1)
    return largest
