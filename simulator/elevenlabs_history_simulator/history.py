"""The history that the server keeps: seeded, so that every run sees the same, and changed by whoever tests."""

from __future__ import annotations

import random
import string
from typing import TYPE_CHECKING, Any

from attrs import define, field

from .audio import Audio, make_audio, with_id3_tag

if TYPE_CHECKING:
    from collections.abc import Iterator

NEWEST = 1_761_998_400  # 2025-11-01 12:00 UTC
VOICES = (
    ("21m00Tcm4TlvDq8ikWAM", "Rachel", "premade"),
    ("AZnzlk1XvdvUeBnXmlld", "Domi", "premade"),
    ("x7Kp2LmNq9RsTuVwXyZa", "Grandpa Jørgen 👴", "cloned"),
    ("b8Qr3StUv0WxYzAbCdEf", "Narrator / calm: slow", "professional"),
    ("c9Yz4AbCd1EfGhIjKlMn", "Aunt <Edna>", "generated"),
)
MODELS = ("eleven_multilingual_v2", "eleven_turbo_v2_5", "eleven_flash_v2_5", "eleven_v3")
TEXTS = (
    "The dragon slept on a hill of unread mail.",
    "Please hold the line; all our owls are busy.",
    "Chapter one, in which nobody answers the door.",
    "Rain is expected in every room but the kitchen.",
    "Your parcel has been delivered to a cloud nearby.",
    "A small robot counts its friends and arrives at seven.",
)


@define(kw_only=True)
class Item:
    """One history item: what the API tells of it, and how its audio is made.

    Attributes:
        metadata: The JSON of the item as the API gives it; a test may change it at will.
        seconds: How long the audio sounds, about.
        size: At least how many bytes it has; None for what `seconds` gives.
        id3: The mp3 begins with a large ID3 tag.
    """

    metadata: dict[str, Any]
    seconds: float = 1.0
    size: int | None = None
    id3: bool = False

    @property
    def id(self) -> str:
        """The history item id."""
        return str(self.metadata["history_item_id"])

    @property
    def date(self) -> int:
        """When it was made, in Unix seconds."""
        return int(self.metadata["date_unix"])

    def audio(self, output_format: str | None = None) -> Audio:
        """Make its audio, in the format it was made in or as `wav`."""
        own_format = self.metadata.get("output_format") or "mp3_44100_128"
        audio = make_audio(
            self.id, "wav_44100" if output_format == "wav" else own_format, seconds=self.seconds, size=self.size
        )
        return with_id3_tag(audio) if self.id3 and audio.media_type == "audio/mpeg" else audio


@define
class History:
    """All items, newest first."""

    seed: int = 1
    _items: dict[str, Item] = field(factory=dict)
    _in_order: bool = field(default=True, init=False)
    _random: random.Random = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._random = random.Random(self.seed)  # noqa: S311 - the same for everyone is the point

    def __iter__(self) -> Iterator[Item]:
        if not self._in_order:
            self._items = {item.id: item for item in sorted(self._items.values(), key=lambda item: -item.date)}
            self._in_order = True
        return iter(self._items.values())

    def __len__(self) -> int:
        return len(self._items)

    def get(self, history_item_id: str) -> Item | None:
        """Return an item, or None when there is none of that id."""
        return self._items.get(history_item_id)

    def fill(self, count: int) -> None:
        """Add items a few minutes apart, of all voices, models and sources."""
        for _ in range(count):
            self.add()

    def add(
        self,
        *,
        date: int | None = None,
        seconds: float = 1.0,
        size: int | None = None,
        id3: bool = False,
        **metadata: object,
    ) -> Item:
        """Add an item.

        Args:
            date: When it was made, in Unix seconds; some minutes before the oldest by default.
            seconds: How long its audio sounds, about.
            size: At least how many bytes its audio has, whatever `seconds` says.
            id3: Its mp3 begins with a large ID3 tag.
            metadata: Fields of the API that are to differ from what the seed gives, such as `text`, `voice_name`,
                `output_format` or `dialogue`.

        Returns:
            The item, to be changed at will.
        """
        draw = self._random
        oldest = next(reversed(self._items.values()), None) if self._in_order else list(self)[-1]
        voice_id, voice_name, category = draw.choice(VOICES)
        text = draw.choice(TEXTS)
        before = draw.randrange(10_000)
        if date is None:
            date = (oldest.date if oldest else NEWEST) - draw.randrange(60, 3600)
        item = Item(
            metadata={
                "history_item_id": "".join(draw.choices(string.ascii_letters + string.digits, k=20)),
                "request_id": "".join(draw.choices(string.ascii_letters + string.digits, k=20)),
                "voice_id": voice_id,
                "model_id": draw.choice(MODELS),
                "voice_name": voice_name,
                "voice_category": category,
                "text": text,
                "date_unix": date,
                "character_count_change_from": before,
                "character_count_change_to": before + len(text),
                "content_type": "audio/mpeg",
                "state": "created",
                "settings": {"stability": 0.5, "similarity_boost": 0.75, "style": 0, "use_speaker_boost": True},
                "share_link_id": None,
                "source": draw.choice(("TTS", "TTS", "TTS", "STS", "Projects")),
                "alignments": None,
                "dialogue": None,
                "output_format": "mp3_44100_128",
            }
            | metadata,
            seconds=seconds,
            size=size,
            id3=id3,
        )
        self._in_order = self._in_order and (oldest is None or date <= oldest.date)
        self._items[item.id] = item
        return item

    def remove(self, history_item_id: str) -> bool:
        """Remove an item; False when there is none of that id."""
        return self._items.pop(history_item_id, None) is not None
