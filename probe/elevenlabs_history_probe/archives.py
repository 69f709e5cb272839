"""What archives are like."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from attrs import frozen

from .findings import Finding, NotSettledError, assumption, check_served, confirmed, refuted

if TYPE_CHECKING:
    from .session import Response, Session

_TIME = re.compile(r"ElevenLabs_(\d{4}-\d\d-\d\d)T(\d\d)([_: ])(\d\d)\3(\d\d)(.*)", re.DOTALL)
_ONLY_TIME = re.compile(r"(?:_\d+)?\.[a-z0-9]{2,4}")
_ZIP64_VERSION = 45
_WIDEST_OFFSET = 14 * 3600
_NAMES_PROVE_NOTHING = "A name alone proves nothing. See `MatchMethod`."
_CENTRAL = "Reads the central directory after the whole archive has arrived."


@frozen
class Member:
    """A member of an archive, as the central directory has it."""

    info: zipfile.ZipInfo

    @property
    def content(self) -> tuple[int, int]:
        """What its bytes are known by: their checksum and number."""
        return self.info.CRC, self.info.file_size

    def is_of(self, audio: bytes) -> bool:
        """Tell whether its bytes are these."""
        return self.content == (zlib.crc32(audio), len(audio))


def pair(session: Session) -> list[str]:
    """Return the ids of the items that archives are requested of, or of the one that there is."""
    return session.clip_ids(min(2, len(session.items())))


def archive(session: Session) -> list[Member]:
    """Request the archive of two items, and read its members.

    Raises:
        NotSettledError: There are no two items, or the response is no archive of them.
    """
    return members(session.download(session.clip_ids(2)))


def members(response: Response) -> list[Member]:
    """Read the central directory of an archive.

    Raises:
        NotSettledError: The response is none.
    """
    check_served(response)
    try:
        with zipfile.ZipFile(io.BytesIO(response.body)) as opened:
            found = [Member(info) for info in opened.infolist()]
    except (zipfile.BadZipFile, OSError, ValueError, EOFError, RuntimeError):
        raise NotSettledError("the response is not a zip archive that can be read") from None
    if not found:
        raise NotSettledError("the archive is empty")
    return found


@assumption(
    "How are the members of an archive named?",
    assumed="By time, voice, settings and model, without the id.",
    handling=_NAMES_PROVE_NOTHING,
    quirks=("names",),
)
def names(session: Session) -> Finding:
    """Look for ids and times in them."""
    ids = session.clip_ids(2)
    shown = [_base_name(member) for member in archive(session)]
    times = [_TIME.fullmatch(name) for name in shown]
    if any(each in name for name in shown for each in ids):
        return refuted("with the id", {"names": "id"})
    if not all(times):
        raise NotSettledError("names of another form, with no id and not of the known times")
    if all(_ONLY_TIME.fullmatch(time[6]) for time in times if time):
        return refuted("by time alone", {"names": "dated"})
    return confirmed("by time and more", {"names": "current"})


@assumption(
    "Are members in a folder?", assumed="No.", handling=f"{_NAMES_PROVE_NOTHING} It is no path.", quirks=("folders",)
)
def folders(session: Session) -> Finding:
    """Look for a slash."""
    found = any("/" in member.info.filename for member in archive(session))
    return Finding(not found, "in a folder" if found else "in no folder", {"folders": found})


@assumption(
    "In which time zone are the times in names?",
    assumed="UTC.",
    handling=_NAMES_PROVE_NOTHING,
    needs="Needs names with times.",
    quirks=("utc_offset",),
)
def time_zone(session: Session) -> Finding:
    """Compare the time in the name of the member that has an item's bytes with the date of that item."""
    history_item_id = session.clip_ids(2)[0]
    date = next(item["date_unix"] for item in session.items() if item["history_item_id"] == history_item_id)
    alone = session.download([history_item_id], output_format=None)
    check_served(alone)
    offsets = {_time(member) - date for member in archive(session) if member.is_of(alone.body)}
    if len(offsets) != 1:
        raise NotSettledError("not exactly one name of the item has been found")
    offset = offsets.pop()
    if abs(offset) > _WIDEST_OFFSET:
        raise NotSettledError("the time in the name is not that of the item in any zone")
    return Finding(offset == 0, f"{offset} s ahead of UTC", {"utc_offset": offset})


@assumption(
    "What stands between hours, minutes and seconds in names?",
    assumed="An underscore.",
    handling=_NAMES_PROVE_NOTHING,
    needs="Needs names with times.",
    quirks=("separator",),
)
def separator(session: Session) -> Finding:
    """Look at the names."""
    found = {time[3] for member in archive(session) if (time := _TIME.fullmatch(_base_name(member)))}
    if len(found) != 1:
        raise NotSettledError("needs names with times, all of one form")
    position = found.pop()
    return Finding(position == "_", repr(position), {"separator": position})


@assumption(
    "Is an item that is requested twice in the archive twice?",
    assumed="Yes.",
    handling="Requests no id twice.",
)
def repeated_ids(session: Session) -> Finding:
    """Request one."""
    number = len(_twice(session))
    return Finding(number == 2, f"{number} members")


@assumption(
    "Are names repeated in one archive?",
    assumed="No, later ones are numbered.",
    handling=f"{_CENTRAL} Members of one name are two files.",
    needs="Needs an archive that holds an item that was requested twice.",
    quirks=("repeated_names",),
)
def repeated_names(session: Session) -> Finding:
    """Request one item twice."""
    shown = [member.info.filename for member in _twice(session)]
    if len(shown) < 2:
        raise NotSettledError("an item that is requested twice comes once")
    found = len(set(shown)) < len(shown)
    return Finding(not found, "repeated" if found else "different", {"repeated_names": found})


@assumption(
    "Are members stored or deflated?",
    assumed="Stored.",
    handling=f"{_CENTRAL} Both are fine, and a bomb is refused.",
    quirks=("deflated",),
)
def compression_method(session: Session) -> Finding:
    """Look at the central directory."""
    methods = {member.info.compress_type for member in archive(session)}
    if len(methods) != 1 or not methods <= {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        raise NotSettledError("neither all stored nor all deflated")
    found = methods == {zipfile.ZIP_DEFLATED}
    return Finding(not found, "deflated" if found else "stored", {"deflated": found})


@assumption(
    "Do members have data descriptors?",
    assumed="No.",
    handling=f"{_CENTRAL} Both are fine.",
    quirks=("data_descriptors",),
)
def data_descriptors(session: Session) -> Finding:
    """Look at the flags."""
    found = any(member.info.flag_bits & 0x08 for member in archive(session))
    return Finding(not found, "yes" if found else "no", {"data_descriptors": found})


@assumption(
    "Do small members have ZIP64 fields?",
    assumed="No.",
    handling=f"{_CENTRAL} Both are fine.",
    quirks=("zip64",),
)
def zip64(session: Session) -> Finding:
    """Look at the version that the members need."""
    found = any(member.info.extract_version >= _ZIP64_VERSION for member in archive(session))
    return Finding(not found, "yes" if found else "no", {"zip64": found})


@assumption(
    "Is an item in the archive twice, though it was requested once?",
    assumed="No.",
    handling="A file gets an id only if it is proven that no other one can be meant.",
    quirks=("duplicates",),
)
def duplicates(session: Session) -> Finding:
    """Count equal members."""
    found = archive(session)
    repeated = len(found) > 2 and max(Counter(member.content for member in found).values()) > 1
    return Finding(not repeated, f"{len(found)} members for two ids", {"duplicates": repeated})


@assumption(
    "Is an item in the archive that was not requested?",
    assumed="No.",
    handling="A file gets an id only if it is proven that no other one can be meant.",
    needs="Needs three items.",
    quirks=("intruders",),
)
def intruders(session: Session) -> Finding:
    """Count different members."""
    session.clip_ids(3)
    number = len({member.content for member in archive(session)})
    return Finding(number <= 2, f"{number} different members for two ids", {"intruders": number > 2})


@assumption(
    "Do members come in the order of the ids?",
    assumed="No.",
    handling="The order proves nothing.",
)
def member_order(session: Session) -> Finding:
    """Request two items in both orders."""
    one = [member.content for member in archive(session)]
    other = [member.content for member in members(session.download(session.clip_ids(2)[::-1]))]
    if sorted(one) != sorted(other):
        raise NotSettledError("the archives of both orders have different members")
    return Finding(one == other, "in another order" if one == other else "the order follows that of the ids")


def _twice(session: Session) -> list[Member]:
    archive(session)  # two ids are not too many
    history_item_id = session.clip_ids(2)[0]
    return members(session.download([history_item_id, history_item_id]))


def _base_name(member: Member) -> str:
    return member.info.filename.rpartition("/")[2]


def _time(member: Member) -> int:
    found = _TIME.fullmatch(_base_name(member))
    if found is None:
        raise NotSettledError("needs names with times")
    try:
        moment = datetime.strptime(f"{found[1]} {found[2]}{found[4]}{found[5]}", "%Y-%m-%d %H%M%S")  # noqa: DTZ007
    except ValueError:
        raise NotSettledError("a time in a name is none") from None
    return round(moment.replace(tzinfo=UTC).timestamp())
