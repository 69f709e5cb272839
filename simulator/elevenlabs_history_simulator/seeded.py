"""What items are like: facts that follow from a seed and an item's number alone, so that nobody has to keep them."""

from __future__ import annotations

import string
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

NEWEST = 1_761_998_400  # 2025-11-01 12:00 UTC
VOICES = (
    ("21m00Tcm4TlvDq8ikWAM", "Rachel", "premade"),
    ("AZnzlk1XvdvUeBnXmlld", "Domi", "premade"),
    ("x7Kp2LmNq9RsTuVwXyZa", "Grandpa Jørgen 👴", "cloned"),
    ("b8Qr3StUv0WxYzAbCdEf", "Narrator / calm: slow", "professional"),
    ("c9Yz4AbCd1EfGhIjKlMn", "Aunt <Edna>", "generated"),
)
MODELS = ("eleven_multilingual_v2", "eleven_turbo_v2_5", "eleven_flash_v2_5", "eleven_v3")
SOURCES = ("TTS", "TTS", "TTS", "STS", "Projects")
TEXTS = (
    "The dragon slept on a hill of unread mail.",
    "Please hold the line; all our owls are busy.",
    "Chapter one, in which nobody answers the door.",
    "Rain is expected in every room but the kitchen.",
    "Your parcel has been delivered to a cloud nearby.",
    "A small robot counts its friends and arrives at seven.",
)
DEFAULT_FORMAT = "mp3_44100_128"
SECONDS_A_CHARACTER = 0.06
"""How long each character of an aligned item is spoken: a whole number of samples at every rate."""
RARER_FORMATS = (
    "mp3_44100_192",
    "mp3_22050_32",
    "mp3_24000_48",
    "pcm_24000",
    "pcm_44100",
    "wav_44100",
    "opus_48000_64",
    "ulaw_8000",
    "alaw_8000",
)
RARER_SOURCES = ("Dubbing", "ConvAI", "AN", "VoiceGeneration", "Flows")

_LETTERS = string.ascii_letters + string.digits
_TO_LETTERS = bytes(ord(_LETTERS[byte % len(_LETTERS)]) for byte in range(256))
_ID_LENGTH = 20


def item_id(seed: int, number: int) -> str:
    """Return the id of an item."""
    return _letters(seed, number, b"item")


def pause(seed: int, number: int) -> int:
    """Return the seconds between an item and the one before it, some minutes."""
    return 60 + int.from_bytes(_drawn(seed, number, b"pause")[:2], "big") % 3540


def facts(seed: int, number: int) -> dict[str, Any]:
    """Return all that the API tells of an item but its id and date."""
    voice, model, text, source, *before = _drawn(seed, number, b"facts")[:6]
    voice_id, voice_name, category = VOICES[voice % len(VOICES)]
    spoken = TEXTS[text % len(TEXTS)]
    characters = int.from_bytes(before, "big")
    return {
        "request_id": _letters(seed, number, b"request"),
        "voice_id": voice_id,
        "model_id": MODELS[model % len(MODELS)],
        "voice_name": voice_name,
        "voice_category": category,
        "text": spoken,
        "character_count_change_from": characters,
        "character_count_change_to": characters + len(spoken),
        "state": "created",
        "settings": {"stability": 0.5, "similarity_boost": 0.75, "style": 0, "use_speaker_boost": True},
        "share_link_id": None,
        "source": SOURCES[source % len(SOURCES)],
        "alignments": None,
        "dialogue": None,
        "output_format": DEFAULT_FORMAT,
    }


def variety(seed: int, number: int) -> dict[str, Any]:
    """Return in what an item of an account that has seen everything differs from the facts; most differ in nothing."""
    kind, which, other = _drawn(seed, number, b"variety")[:3]
    match kind % 20:
        case 0 | 1 | 2:
            differences: dict[str, Any] = {"output_format": RARER_FORMATS[which % len(RARER_FORMATS)]}
        case 3 | 4:
            lines = [(VOICES[each % len(VOICES)][1], TEXTS[each % len(TEXTS)]) for each in (which, other)]
            differences = dialogue(lines)
        case 5 | 6:
            differences = {"source": RARER_SOURCES[which % len(RARER_SOURCES)]}
        case 7:
            # As items from before these fields were there.
            differences = dict.fromkeys(("output_format", "source", "request_id", "settings", "state"))
        case 8:
            differences = {"state": "processing" if which % 2 else "deleted"}
        case _:
            differences = {}
    return differences


def dialogue(lines: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """Return in what a dialogue of (voice name, text) differs from the facts: its voice and text are in its lines."""
    known = {name: voice_id for voice_id, name, _ in VOICES}
    return {
        "voice_id": None,
        "voice_name": None,
        "voice_category": None,
        "text": None,
        "model_id": "eleven_v3",
        "dialogue": [
            {
                "text": text,
                "voice_id": known.get(name) or blake2b(name.encode(), digest_size=10).hexdigest(),
                "voice_name": name,
            }
            for name, text in lines
        ],
    }


def alignments(text: str) -> dict[str, Any]:
    """Say when each character of a text is spoken."""
    times = [round(place * SECONDS_A_CHARACTER, 3) for place in range(len(text) + 1)]
    alignment = {
        "characters": list(text),
        "character_start_times_seconds": times[:-1],
        "character_end_times_seconds": times[1:],
    }
    return {"alignment": alignment, "normalized_alignment": alignment}


def _drawn(seed: int, number: int, purpose: bytes) -> bytes:
    return blake2b(b"%d/%d" % (seed, number), digest_size=_ID_LENGTH, person=purpose).digest()


def _letters(seed: int, number: int, purpose: bytes) -> str:
    return _drawn(seed, number, purpose).translate(_TO_LETTERS).decode()
