"""One item: what the API tells of it, and how its audio is made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import define, field

from .audio import format_of, make_audio
from .seeded import DEFAULT_FORMAT, facts

if TYPE_CHECKING:
    from .audio import Audio

Place = tuple[float, float]
"""Where an item stands in the history: the newest first, of one second the one that was added first."""

_WITHOUT_AUDIO = frozenset({"deleted", "processing"})


@define(kw_only=True, eq=False, repr=False)
class Item:
    """One history item. It is made by a `History`.

    Attributes:
        id: The history item id.
        place: Where it stands in the history.
        seed: With the number, what its facts follow from.
        number: How many items were made before it.
        differences: Fields of the API that differ from what the seed gives.
        seconds: How long the audio sounds, about.
        size: At least how many bytes it has; None for what `seconds` gives.
        id3: The mp3 begins with a large ID3 tag.
        spoken: The text that the audio sounds for, as in `make_audio`; None for a tone of so many seconds.
    """

    id: str
    place: Place
    seed: int
    number: int
    differences: dict[str, Any]
    seconds: float = 1.0
    size: int | None = None
    id3: bool = False
    spoken: str | None = None
    _metadata: dict[str, Any] | None = field(default=None, init=False)

    def __repr__(self) -> str:
        return f"<Item {self.id}>"

    @property
    def metadata(self) -> dict[str, Any]:
        """The JSON of the item as the API gives it; a test may change it at will, but the date (`History.change`)."""
        if self._metadata is None:
            self._metadata = self._told()
        return self._metadata

    @property
    def date(self) -> int:
        """When it was made, in Unix seconds."""
        return int(-self.place[0])

    @property
    def has_audio(self) -> bool:
        """Whether its audio can be fetched; not if it is deleted or still being made."""
        return self.as_told().get("state") not in _WITHOUT_AUDIO

    def as_told(self) -> dict[str, Any]:
        """Return the metadata to read it and forget it, so that a large history stays small in memory."""
        return self._told() if self._metadata is None else self._metadata

    def audio(self, output_format: str | None = None, *, wav_is_mp3: bool = False) -> Audio:
        """Make its audio, in the format it was made in or as `wav`, which may be mp3 all the same."""
        own_format = self.as_told().get("output_format") or DEFAULT_FORMAT
        as_wav = DEFAULT_FORMAT if wav_is_mp3 else "wav_44100"
        wanted = as_wav if output_format == "wav" else own_format
        return make_audio(self.id, wanted, seconds=self.seconds, size=self.size, id3=self.id3, spoken=self.spoken)

    def _told(self) -> dict[str, Any]:
        told: dict[str, Any] = (
            {"history_item_id": self.id, "date_unix": self.date} | facts(self.seed, self.number) | self.differences
        )
        spoken = told["text"] or "".join(line["text"] for line in told["dialogue"] or ())
        by_default = {
            "character_count_change_to": told["character_count_change_from"] + len(spoken),
            "content_type": format_of(told["output_format"] or DEFAULT_FORMAT).media_type,
        }
        return told | by_default | self.differences
