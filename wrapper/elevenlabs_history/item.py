"""A history item as users read it: what the server did not send, or sent as something else, is None."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Self

from attrs import field, frozen
from elevenlabs_history_api import models

# A date before 9999 stays a date in every time zone.
_YEAR_9999 = 253_370_764_800
# What is larger is no count, and fits into no database.
_MAX_CHARACTERS = 2**53
_REPR_CHARACTERS = 40
# The server's have 20. A long one has no place in a URL.
_MAX_ID_LENGTH = 256


@frozen
class DialogueLine:
    """One line of a dialogue: what is said, and who says it."""

    text: str
    voice_id: str | None
    voice_name: str | None


def _checked_json(raw: models.HistoryItem | Mapping[str, Any]) -> dict[str, Any]:
    entry: object = raw.to_dict() if isinstance(raw, models.HistoryItem) else raw
    if not isinstance(entry, Mapping):
        raise ValueError("not a JSON object")  # noqa: TRY004 - callers catch one type
    history_item_id, date_unix = entry.get("history_item_id"), entry.get("date_unix")
    if not isinstance(history_item_id, str) or not is_valid_id(history_item_id):
        raise ValueError("no valid history_item_id")
    if type(date_unix) is not int or not 0 <= date_unix < _YEAR_9999:
        raise ValueError(f"item {history_item_id}: date_unix is not a date: {date_unix!r:.40}")
    return dict(entry)


@frozen(repr=False)
class HistoryItem:
    """One item of the history. Items are equal if their JSON is.

    It holds the JSON as the server sent it. A property is None if its field is absent, empty, or not of the type that
    the API documents.

    Args:
        raw: A model of the generated client, or the JSON.

    Raises:
        ValueError: There is no valid id or date.
    """

    _json: dict[str, Any] = field(alias="raw", converter=_checked_json)

    @classmethod
    def from_dict(cls, json: Mapping[str, Any]) -> Self:
        """Return the item of a JSON object; raise ValueError if it has no valid id or date."""
        return cls(json)

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON as the server sent it, with fields that this version does not know."""
        return dict(self._json)

    @property
    def raw(self) -> models.HistoryItem:
        """The item as a model of the generated client; KeyError if the server left out a field that it promises."""
        return models.HistoryItem.from_dict(self._json)

    @property
    def history_item_id(self) -> str:
        """The id."""
        return str(self._json["history_item_id"])

    @property
    def date_unix(self) -> int:
        """When the item was generated, in Unix seconds."""
        return int(self._json["date_unix"])

    @property
    def date(self) -> datetime:
        """When the item was generated, in UTC."""
        return datetime.fromtimestamp(self.date_unix, UTC)

    @property
    def characters(self) -> int:
        """What the item cost, in characters; 0 if that is unknown."""
        before, after = self._json.get("character_count_change_from"), self._json.get("character_count_change_to")
        cost = after - before if isinstance(before, int) and isinstance(after, int) else 0
        return cost if abs(cost) <= _MAX_CHARACTERS else 0

    @property
    def text(self) -> str | None:
        """What is said; of a dialogue, one line per part."""
        return _text(self._json, "text") or "\n".join(line.text for line in self.dialogue if line.text) or None

    @property
    def dialogue(self) -> tuple[DialogueLine, ...]:
        """The lines of a dialogue; empty if it is none."""
        lines = self._json.get("dialogue")
        return tuple(
            DialogueLine(_text(line, "text") or "", _text(line, "voice_id"), _text(line, "voice_name"))
            for line in (lines if isinstance(lines, list) else ())
            if isinstance(line, dict)
        )

    @property
    def voice_name(self) -> str | None:
        """Who speaks; of a dialogue everyone once, such as `Rachel & Adam`."""
        names = [_text(self._json, "voice_name"), *(line.voice_name for line in self.dialogue)]
        return " & ".join(dict.fromkeys(name for name in names if name)) or None

    @property
    def voice_id(self) -> str | None:
        """The voice; None for a dialogue, whose lines have their own."""
        return _text(self._json, "voice_id")

    @property
    def voice_category(self) -> str | None:
        """The kind of voice, such as `premade` or `cloned`."""
        return _text(self._json, "voice_category")

    @property
    def model_id(self) -> str | None:
        """The model, such as `eleven_multilingual_v2`."""
        return _text(self._json, "model_id")

    @property
    def source(self) -> str | None:
        """The product that made the item, such as `TTS` or `STS`."""
        return _text(self._json, "source")

    @property
    def output_format(self) -> str | None:
        """The format of the original audio, such as `mp3_44100_128`."""
        return _text(self._json, "output_format")

    @property
    def content_type(self) -> str | None:
        """The media type of the original audio."""
        return _text(self._json, "content_type")

    @property
    def state(self) -> str | None:
        """The state on the server, such as `created` or `deleted`."""
        return _text(self._json, "state")

    @property
    def request_id(self) -> str | None:
        """The request that generated the item."""
        return _text(self._json, "request_id")

    @property
    def share_link_id(self) -> str | None:
        """The share link of the item."""
        return _text(self._json, "share_link_id")

    @property
    def settings(self) -> dict[str, Any] | None:
        """The voice settings, as JSON."""
        return _object(self._json, "settings")

    @property
    def alignments(self) -> dict[str, Any] | None:
        """When each character is spoken, as JSON."""
        return _object(self._json, "alignments")

    def __hash__(self) -> int:
        return hash(self.history_item_id)

    def __repr__(self) -> str:
        voice, text = _start(self.voice_name), _start(self.text)
        return f"<HistoryItem {self.history_item_id} {self.date:%Y-%m-%d %H:%M:%S} {voice!r}: {text!r}>"


def is_valid_id(history_item_id: str) -> bool:
    """Tell whether an id is neither empty nor long, printable, and would not change the URL that it becomes part of."""
    if not history_item_id.strip(".") or len(history_item_id) > _MAX_ID_LENGTH:
        return False
    return history_item_id.isprintable() and " " not in history_item_id


def _text(json: Mapping[str, Any], name: str) -> str | None:
    value = json.get(name)
    return value if isinstance(value, str) and value else None


def _object(json: Mapping[str, Any], name: str) -> dict[str, Any] | None:
    value = json.get(name)
    return value if isinstance(value, dict) else None


def _start(text: str | None) -> str | None:
    return f"{text[: _REPR_CHARACTERS - 1]}…" if text and len(text) > _REPR_CHARACTERS else text
