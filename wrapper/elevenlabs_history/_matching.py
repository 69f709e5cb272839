"""Which member of a downloaded archive is which item: proven, or not claimed.

Since August 2023 the names in an archive do not hold the id of the item. They hold the second in which it was
generated, in an undocumented time zone. A wrong guess would save one recording under the text of another, and nobody
would notice; so what is not proven stays unmatched, and the caller requests that id alone.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, TypeAlias

from ._items import id_of
from .item import HistoryItem

if TYPE_CHECKING:
    from ._archive import Member

# Time zones differ by whole quarters of an hour, and by no more than this from UTC.
_QUARTER = 15 * 60
_MAX_OFFSET = 14 * 60 * 60

# A shorter id could be another word of the name, such as m2 or s50.
_MIN_ID_LENGTH = 8

# One or two files of foreign items may fit listed ones by chance; for three the chance is below 1 in 200,000.
_MIN_MATCHES = 3

# After one folder at most, and nowhere later: a voice name can look like a time, even with a slash in it.
_STAMP = re.compile(
    r"(?:[^/]*/)??ElevenLabs[_ ](\d{4})[-_: ](\d\d)[-_: ](\d\d)[T_ ](\d\d)[-_: ](\d\d)[-_: ](\d\d)(?!\d)", re.ASCII
)
_EXTENSION = re.compile(r"\.[0-9A-Za-z]{1,5}$")
_WORD = re.compile(r"[^\W_]+")


class MatchMethod(StrEnum):
    """How it is known which item a file is: the only item and file, the id in its name, or its time stamp."""

    ONLY_ITEM = "only item"
    ID_IN_NAME = "id in name"
    TIME = "time"


# When each item was generated, by id; None if unknown.
_Times: TypeAlias = "Mapping[str, int | None]"
_File: TypeAlias = tuple[str, int, int]
_Claims: TypeAlias = dict[_File, tuple[str, MatchMethod]]
Match: TypeAlias = tuple[str, MatchMethod] | tuple[None, None]
"""Which item a member is, and how it is known."""


def match_members(requested: Iterable[HistoryItem | str], members: Iterable["Member"]) -> tuple[Match, ...]:
    """Match members to the requested items. The order of neither counts.

    A member is an item when

    - only one item was requested and only one file came;
    - or its name ends in the id of that item and holds no other requested id;
    - or the time stamps of the files are the times of all requested items, shifted by one possible time zone offset,
      and its own time stamp fits no other requested item under any such offset.

    A contradiction leaves a member unmatched: a time stamp that can't be the item's, or a second file that would be the
    same item. Voice, settings and folder are ignored, since many items share them.

    This holds if the server omits items, repeats them and adds files that nobody requested, even all at once. It fails
    only if a foreign file replaces a missing item: as the only file for one id, or with a time that differs from the
    missing item's by whole quarters of an hour.

    A bare id has no time, so only the first two rules can match it. Members of the same name, size and checksum are one
    file. Returns one match per member, in their order.
    """
    return _match(requested, members, _claims)


def match_listed(listed: Iterable[HistoryItem], members: Iterable["Member"]) -> tuple[Match, ...]:
    """Match members to items of a listing. Nobody knows which of them were requested; most were not.

    A member is an item when

    - its name ends in the id of that item and holds no other listed id;
    - or its time stamp fits that item and no other listed one under any possible time zone offset, and so do the stamps
      of at least two other items; and every file has a stamp that fits a listed item, all under one offset.

    A contradiction leaves a member unmatched, as in `match_members`, and so do items that are not listed: their stamps
    fit nothing. It fails only if the archive holds an item that is not listed, and lacks a listed item of the very same
    second.
    """
    return _match(listed, members, lambda times, files: _by_listing(times, files) | _by_id(times, files))


def plan_batches(items: list[HistoryItem], size: int) -> list[list[HistoryItem]]:
    """Divide items into the fewest batches of which `match_members` can read every whole answer.

    No batch has two items of the same second, nor of seconds that could be the same in different time zones. The
    batches have even sizes of at most `size`; the order is kept within each and between their first items, but a long
    list is spread over all its batches.
    """
    places = {item.history_item_id: place for place, item in enumerate(items)}
    timed = sorted(items, key=lambda item: (item.date_unix % _QUARTER, item.date_unix))
    count = max(-(-len(timed) // size), _largest_clash([item.date_unix for item in timed]))
    # Clashing items are neighbours now, at most `count` of them: steps of `count` separate them.
    batches = [timed[start::count] for start in range(count)]
    for batch in batches:
        batch.sort(key=lambda item: places[item.history_item_id])
    return sorted(batches, key=lambda batch: places[batch[0].history_item_id])


def _match(
    items: Iterable[HistoryItem | str],
    members: Iterable["Member"],
    find_claims: Callable[[_Times, set[_File]], _Claims],
) -> tuple[Match, ...]:
    files = [(member.name, member.size, member.crc32) for member in members]
    claims = _uncontested(find_claims(_times(items), set(files)))
    return tuple(claims.get(file, (None, None)) for file in files)


def _claims(times: _Times, files: set[_File]) -> _Claims:
    if len(times) == 1 and len(files) == 1:
        ((history_item_id, time),) = times.items()
        return {file: (history_item_id, MatchMethod.ONLY_ITEM) for file in files if _may_be(_stamp(file), time)}
    return _by_time(times, files) | _by_id(times, files)


def _by_id(times: _Times, files: set[_File]) -> _Claims:
    # An id that holds a separator is not one word of a name, but may end in a word that is another id.
    odd = [history_item_id for history_item_id in times if not history_item_id.isalnum()]
    claims: _Claims = {}
    for file in files:
        stem = _EXTENSION.sub("", file[0].rpartition("/")[2])
        words = _WORD.findall(stem)
        if len(times.keys() & set(words)) != 1 or any(history_item_id in stem for history_item_id in odd):
            continue
        last = words[-1]
        if last in times and stem.endswith(last) and len(last) >= _MIN_ID_LENGTH and _may_be(_stamp(file), times[last]):
            claims[file] = (last, MatchMethod.ID_IN_NAME)
    return claims


def _by_time(times: _Times, files: set[_File]) -> _Claims:
    known, stamps = _known(times), _stamps(files)
    if not known or not stamps:
        return {}
    offset = min(stamps.values()) - min(known.values())
    if not _is_offset(offset) or Counter(stamps.values()) != Counter(time + offset for time in known.values()):
        return {}
    fitting = _fitting(known, stamps)
    return {file: (ids[0], MatchMethod.TIME) for file, ids in fitting.items() if len(ids) == 1}


def _by_listing(times: _Times, files: set[_File]) -> _Claims:
    known, stamps = _known(times), _stamps(files)
    fitting = _fitting(known, stamps)
    offsets = [{stamps[file] - known[each] for each in ids} for file, ids in fitting.items()]
    single = {file: ids[0] for file, ids in fitting.items() if len(ids) == 1}
    if len(set(single.values())) < _MIN_MATCHES or not set.intersection(*offsets):
        return {}
    return {file: (each, MatchMethod.TIME) for file, each in single.items()}


def _fitting(known: Mapping[str, int], stamps: Mapping[_File, int]) -> dict[_File, list[str]]:
    """The items that each file may be, by its time stamp under any possible offset."""
    by_remainder: defaultdict[int, list[str]] = defaultdict(list)
    for history_item_id, time in known.items():
        by_remainder[time % _QUARTER].append(history_item_id)
    return {
        file: [each for each in by_remainder[stamp % _QUARTER] if _is_offset(stamp - known[each])]
        for file, stamp in stamps.items()
    }


def _uncontested(claims: _Claims) -> _Claims:
    """The claims to an item that no other file claims."""
    claimants = Counter(history_item_id for history_item_id, _ in claims.values())
    return {file: claim for file, claim in claims.items() if claimants[claim[0]] == 1}


def _times(requested: Iterable[HistoryItem | str]) -> _Times:
    return {id_of(entry): entry.date_unix if isinstance(entry, HistoryItem) else None for entry in requested}


def _known(times: _Times) -> Mapping[str, int]:
    """The times of all items; none if one is unknown, because that item might be any file."""
    known = {history_item_id: time for history_item_id, time in times.items() if time is not None}
    return known if len(known) == len(times) else {}


def _stamps(files: set[_File]) -> Mapping[_File, int]:
    """The time stamps of all files; none if a file has none, because that file might be any item."""
    stamps = {file: stamp for file in files if (stamp := _stamp(file)) is not None}
    return stamps if len(stamps) == len(files) else {}


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
    return seconds % _QUARTER == 0 and abs(seconds) <= _MAX_OFFSET


def _largest_clash(times: list[int]) -> int:
    """How many times at most could stand for one another; they come in order of their remainder, then of themselves."""
    largest = first = 0
    for last, time in enumerate(times):
        while (time - times[first]) % _QUARTER or time - times[first] > 2 * _MAX_OFFSET:
            first += 1
        largest = max(largest, last - first + 1)
    return largest
