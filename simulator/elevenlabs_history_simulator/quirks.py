"""What nobody outside knows of the real server, as switches. Each default is the likeliest."""

from __future__ import annotations

from functools import cache
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, Literal, Self, TypeVar, Union, get_args, get_origin, get_type_hints

from attrs import field, fields, frozen

if TYPE_CHECKING:
    from collections.abc import Iterable

_T = TypeVar("_T")
_YES_OR_NO = {"yes": True, "no": False}
_WIDEST_OFFSET = 14 * 3600


def _quirk(default: _T, about: str, *, least: int | None = None, most: int | None = None) -> _T:
    """Declare a switch; `about` is its line in `--help` and in the documentation."""
    chosen: _T = field(default=default, metadata={"about": about, "least": least, "most": most})
    return chosen


@frozen(kw_only=True)
class Quirks:
    """How the server behaves where it is not known how it does; `about_quirks` tells what each switch means.

    Raises:
        ValueError: A switch has no such position.
    """

    # Listing
    oversized_pages: Literal["refuse", "clamp"] = _quirk(
        "refuse", "a page of more than 1000 items is refused with 422, or holds 1000"
    )
    stale_cursor: Literal["echo", "restart", "refuse"] = _quirk(
        "echo", "a page behind an item that is gone: nothing and the cursor again, the first page again, or an error"
    )
    empty_filtered_pages: bool = _quirk(
        default=False, about="a page looks at no more items than it may hold, so a filter leaves it short or empty"
    )
    overlapping_pages: bool = _quirk(default=False, about="a page begins with the last item of the one before")
    endless_pages: bool = _quirk(
        default=False, about="the last page says that more follow, and so does every empty one behind it"
    )
    null_state: bool = _quirk(default=False, about="items tell no state")
    optional_fields: Literal["told", "null", "absent"] = _quirk(
        "told", "what an item need not tell is told, null, or not there"
    )
    unlisted_alignments: bool = _quirk(
        default=False, about="a listing tells no alignments, only the answer for one item does"
    )
    drifted: bool = _quirk(
        default=False, about="items have fields and values that no published schema has, and the former field feedback"
    )

    # Downloads
    takes_default: bool = _quirk(
        default=False, about="default is an output format, the original one; otherwise it is refused like any but wav"
    )
    wav_is_mp3: bool = _quirk(default=False, about="what is asked for as wav is named so, but its bytes are mp3")
    media_type: str | None = _quirk(None, "the media type of a good download; none for what it is")
    content_disposition: str | None = _quirk(
        None, "the Content-Disposition of a good download; none for no such header"
    )
    chunked: bool = _quirk(default=False, about="audio and archives come in chunks, without a length in front")
    ranges: bool = _quirk(
        default=False, about="a Range is answered with that part of one item's audio; otherwise always with all of it"
    )
    most_ids: int = _quirk(1000, "how many ids one download may name", least=1)
    missing_ids: Literal["refuse", "skip", "error"] = _quirk(
        "refuse", "an id without audio among several: the request is refused, the id skipped, or the answer is 500"
    )

    # Archives
    names: Literal["current", "dated", "id"] = _quirk(
        "current", "members are named by time, voice, settings and model, by time alone, or by id as until August 2023"
    )
    folders: bool = _quirk(default=False, about="members lie in a folder named after the voice id")
    utc_offset: int = _quirk(
        0, "seconds that the times in names are ahead of UTC", least=-_WIDEST_OFFSET, most=_WIDEST_OFFSET
    )
    separator: Literal["_", ":", " "] = _quirk("_", "what stands between hours, minutes and seconds in names")
    repeated_names: bool = _quirk(
        default=False, about="members that would share a name share it; otherwise the later ones are numbered"
    )
    deflated: bool = _quirk(default=False, about="members are deflated; otherwise stored")
    data_descriptors: bool = _quirk(default=False, about="the sizes of a member stand behind it")
    zip64: bool = _quirk(default=False, about="members have the large size fields where the small ones would do")
    duplicates: bool = _quirk(default=False, about="one item is in the archive twice")
    intruders: bool = _quirk(default=False, about="an item that nobody asked for is in the archive, if there is one")

    # Refusals
    error_shape: Literal["current", "older"] = _quirk("current", "refusals say all they can, or status and message")
    unknown_item_status: Literal[400, 404] = _quirk(400, "the status for an unknown item")
    unknown_item_code: Literal["invalid_uid", "invalid_id"] = _quirk("invalid_uid", "the code for an unknown item")
    busy_code: Literal[
        "too_many_concurrent_requests", "concurrent_limit_exceeded", "rate_limit_exceeded", "system_busy"
    ] = _quirk("too_many_concurrent_requests", "the code for too many requests at a time")
    retry_after: int | None = _quirk(
        None, "seconds in the Retry-After of that refusal; none for no such header", least=0
    )

    def __attrs_post_init__(self) -> None:
        for switch in about_quirks():
            switch.check(getattr(self, switch.name))

    @property
    def output_formats(self) -> tuple[str | None, ...]:
        """What a download may name as its format."""
        return (None, "wav", "default") if self.takes_default else (None, "wav")

    @classmethod
    def parse(cls, words: Iterable[str]) -> Self:
        """Read quirks as the command line has them: `NAME`, which means `NAME=yes`, or `NAME=POSITION`.

        Raises:
            ValueError: There is no such switch, or it has no such position; the text tells what there is.
        """
        return cls(**positions_of(words))


@frozen
class Switch:
    """One quirk.

    Attributes:
        name: Its name.
        positions: What it may be, as the command line has it.
        default: The default, as the command line has it.
        about: What it means.
        kinds: The types and single values that it may be.
        least: The least that a number may be.
        most: The most.
    """

    name: str
    positions: str
    default: str
    about: str
    kinds: tuple[Any, ...]
    least: int | None
    most: int | None

    def parse(self, text: str) -> Any:  # noqa: ANN401 - of the switch's own type
        """Read a position.

        Raises:
            ValueError: There is no such position.
        """
        for kind in self.kinds:
            if kind is bool and text in _YES_OR_NO:
                return _YES_OR_NO[text]
            if kind is NoneType and text == "none":
                return None
            if kind is str:
                return text
            if kind is int:
                try:
                    return int(text)
                except ValueError:
                    continue
            if text == str(kind):
                return kind
        raise self._refusal(text)

    def check(self, value: object) -> None:
        """Prove that a value is a position.

        Raises:
            ValueError: It is none.
        """
        if not any(type(value) is kind or value == kind for kind in self.kinds):
            raise self._refusal(value)
        if isinstance(value, int) and not (
            (self.least is None or value >= self.least) and (self.most is None or value <= self.most)
        ):
            raise self._refusal(value)
        if isinstance(value, str) and not (value.isascii() and value.isprintable()):
            raise self._refusal(value)

    def _refusal(self, given: object) -> ValueError:
        return ValueError(f"The quirk {self.name} can't be {given!r}. It can be: {self.positions}.")


def positions_of(words: Iterable[str]) -> dict[str, Any]:
    """Read the positions of quirks from words, as `Quirks.parse` does."""
    switches = {switch.name: switch for switch in about_quirks()}
    given: dict[str, Any] = {}
    for word in words:
        name, _, position = word.partition("=")
        if name not in switches:
            raise ValueError(f"There is no quirk {name!r}. There are: {', '.join(switches)}.")
        given[name] = switches[name].parse(position if "=" in word else "yes")
    return given


@cache
def about_quirks() -> tuple[Switch, ...]:
    """Return all switches, in the order in which a request meets them."""
    types = get_type_hints(Quirks)
    return tuple(_switch(each.name, types[each.name], each.default, each.metadata) for each in fields(Quirks))


def _switch(name: str, annotated: Any, default: object, metadata: Any) -> Switch:  # noqa: ANN401 - types and attrs' own
    # None stands before str, which takes any word.
    kinds = sorted(_kinds(annotated), key=lambda kind: kind is not NoneType)
    least, most = metadata["least"], metadata["most"]
    return Switch(
        name=name,
        positions=" or ".join(_positions(kind, least, most) for kind in kinds),
        default=_written(default),
        about=metadata["about"],
        kinds=tuple(kinds),
        least=least,
        most=most,
    )


def _kinds(annotated: Any) -> tuple[Any, ...]:  # noqa: ANN401 - a type
    return get_args(annotated) if get_origin(annotated) in {Literal, Union, UnionType} else (annotated,)


def _positions(kind: Any, least: int | None, most: int | None) -> str:  # noqa: ANN401 - a type or one value
    if kind is bool:
        return "yes or no"
    if kind is str:
        return "any text"
    if kind is int:
        return f"a whole number from {least}" + ("" if most is None else f" to {most}")
    return _written(None if kind is NoneType else kind)


def _written(value: object) -> str:
    match value:
        case None:
            return "none"
        case bool():
            return "yes" if value else "no"
        case " ":
            return "a space"
        case _:
            return str(value)
