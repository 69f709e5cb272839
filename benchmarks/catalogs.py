"""A backup of many items without a server: a catalog with metadata that follow from a seed, and empty files."""

from __future__ import annotations

import random
import string
from typing import TYPE_CHECKING

from elevenlabs_history import DownloadedFile, FileKind, HistoryItem, MatchMethod, Template
from elevenlabs_history_backup.catalog import Catalog
from elevenlabs_history_backup.settings import ORIGINAL

if TYPE_CHECKING:
    from pathlib import Path

TEXT_CHARACTERS = 272
_OLDEST = 1_577_836_800  # 2020-01-01 UTC
_SECONDS_BETWEEN = 1800
_VOICES = [(f"Voice {number}", f"voice{number}") for number in range(50)]
_MODELS = ("eleven_multilingual_v2", "eleven_turbo_v2_5", "eleven_flash_v2_5", "eleven_v3")
_SYLLABLES = ("ka", "lo", "mi", "ten", "ra", "su", "ber", "gen", "é", "tion", "the", "nd", "or", "ve", "li", "st", "ou")
RARE = "dragon"
"""A word that 40 % of the texts contain."""


_FIELDS = {
    "voice_name": "Voice",
    "content_type": "audio/mpeg",
    "state": "created",
    "character_count_change_from": 0,
    "character_count_change_to": 50,
}
_FILES = """
INSERT INTO files (history_item_id, format, state, path, kind, size, sha256, match_method, saved_at)
SELECT history_item_id, 'original', 'saved', history_item_id, 'mp3', 1, '', 'only item', '' FROM items
"""


def add_items(folder: Path, numbers: range) -> None:
    """Record items in the backup in a folder, which is made if it is missing; larger numbers are newer."""
    template = Template()
    catalog = Catalog(folder, create=True)
    try:
        for number in numbers:
            metadata = _metadata(number)
            path = folder / template.path_for(HistoryItem.from_dict(metadata), ".mp3")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
            file = DownloadedFile(
                path=path,
                history_item_id=str(metadata["history_item_id"]),
                match_method=MatchMethod.ID_IN_NAME,
                kind=FileKind.MP3,
                size=48_213,
                sha256="0" * 64,
            )
            catalog.record_file(metadata, ORIGINAL, file)
    finally:
        catalog.close()


def add_rows(folder: Path, numbers: range) -> None:
    """Record items with the texts `text_of` in a new backup, as if their files were there."""
    folder.mkdir(parents=True)
    catalog = Catalog(folder, create=True)
    try:
        catalog.record_relisted(
            {**_FIELDS, "history_item_id": f"{number:020}", "date_unix": _OLDEST + number, "text": text_of(number)}
            for number in numbers
        )
        with catalog.transaction() as connection:
            connection.execute(_FILES)
    finally:
        catalog.close()


def text_of(number: int) -> str:
    """Return a short text that no other number has."""
    return f"Number {number} is called. Please come to the desk."


def _metadata(number: int) -> dict[str, object]:
    draw = random.Random(number)
    voice, voice_id = draw.choice(_VOICES)
    return {
        "history_item_id": "".join(draw.choices(string.ascii_letters + string.digits, k=20)),
        "date_unix": _OLDEST + number * _SECONDS_BETWEEN,
        "request_id": None,
        "voice_id": voice_id,
        "voice_name": voice,
        "model_id": draw.choice(_MODELS),
        "text": _text(draw),
        "source": "TTS",
        "content_type": "audio/mpeg",
        "state": "created",
        "character_count_change_from": 0,
        "character_count_change_to": TEXT_CHARACTERS,
    }


def _text(draw: random.Random) -> str:
    syllables = draw.choices(_SYLLABLES, k=TEXT_CHARACTERS)
    ends = draw.choices(("", "", " "), k=TEXT_CHARACTERS)
    begin = f"{RARE} " if draw.random() < 0.4 else ""
    return (begin + "".join(map("".join, zip(syllables, ends, strict=True))))[:TEXT_CHARACTERS]
