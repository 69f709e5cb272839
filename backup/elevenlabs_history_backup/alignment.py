"""The alignment of an item, fetched and checked: when each character of its text is spoken, and by whom."""

from collections.abc import Callable, Iterable, Iterator
from itertools import repeat

from attrs import frozen
from elevenlabs_history import DialogueLine, HistoryClient, HistoryItem, NotFoundError

from .catalog import Catalog
from .errors import NoAlignmentError, SubtitleError
from .metadata import Metadata, utf8
from .report import Record
from .settings import ORIGINAL

_MAX_SECONDS = 360_000  # a hundred hours, more than the formats of subtitles can write
_AUDIO_TOLERANCE = 500
"""Milliseconds that the last character may exceed the audio, because lengths in headers are not exact."""


@frozen
class Character:
    """A character and when it is spoken, in milliseconds; `speaker` is None in what is not a dialogue."""

    text: str
    start: int
    end: int
    speaker: str | None = None


@frozen
class Alignment:
    """When the characters of an item are spoken: their times never run backwards and never overlap.

    Attributes:
        history_item_id: The item.
        characters: Its text as it was written.
        audio_end: When the audio ends, in milliseconds, as far as known; not before the last character.
    """

    history_item_id: str
    characters: tuple[Character, ...]
    audio_end: int


def alignment_of(record: Record) -> Alignment:
    """Read the alignment of an item's text as written; that of its normalized text is what was spoken, not written.

    Raises:
        NoAlignmentError: It has none.
        SubtitleError: Its alignment contradicts itself, its audio or its dialogue.
    """
    texts, starts, ends = _lists(record)
    for start, end, next_start in zip(starts, ends, (*starts[1:], ends[-1]), strict=True):
        if end < start or next_start < start:
            raise refusal(record.history_item_id, f"its times run backwards at {start / 1000:.3f} s")
        if next_start < end:
            raise refusal(record.history_item_id, f"its times overlap at {next_start / 1000:.3f} s")
    audio = _audio_length(record)
    if audio is not None and ends[-1] > audio + _AUDIO_TOLERANCE:
        reason = f"its times end at {ends[-1] / 1000:.3f} s, but its audio at {audio / 1000:.3f} s"
        raise refusal(record.history_item_id, reason)
    characters = tuple(map(Character, map(utf8, texts), starts, ends, _speakers(record, texts)))
    return Alignment(record.history_item_id, characters, max(audio or 0, ends[-1]))


def fetch_alignments(
    client: HistoryClient, catalog: Catalog, ids: Iterable[str] | None, on_progress: Callable[[int, int], None]
) -> int:
    """Fetch what a listing left out; see `Backup.fetch_alignments`."""
    wanted = None if ids is None else set(ids)
    lacking = (item["history_item_id"] for item in catalog.only_listed() if _as_written(item) is None)
    pending = [each for each in lacking if wanted is None or each in wanted]
    found = 0
    for done, history_item_id in enumerate(pending, 1):
        metadata = _full_metadata(client, history_item_id)
        catalog.record_alignment(history_item_id, metadata)
        found += metadata is not None
        on_progress(done, len(pending))
    return found


def _full_metadata(client: HistoryClient, history_item_id: str) -> Metadata | None:
    """Fetch the metadata of an item; None if it has no alignment, or the server no longer has the item."""
    try:
        metadata = client.get(history_item_id).to_dict()
    except NotFoundError:
        return None
    return metadata if _as_written(metadata) is not None else None


def _as_written(metadata: Metadata) -> Metadata | None:
    """Return the alignment of the text as written, if there is one."""
    alignment = (HistoryItem(metadata).alignments or {}).get("alignment")
    return alignment if isinstance(alignment, dict) else None


def _lists(record: Record) -> tuple[list[str], list[int], list[int]]:
    alignment = _as_written(record.metadata)
    if alignment is None:
        raise NoAlignmentError(
            f"Item {record.history_item_id} has no alignment, so nothing tells when its words are spoken.",
            hint="A listing may leave alignments out: fetch them with Backup.fetch_alignments.",
        )
    names = ("characters", "character_start_times_seconds", "character_end_times_seconds")
    characters, starts, ends = (alignment.get(name) for name in names)
    if (
        not (isinstance(characters, list) and isinstance(starts, list) and isinstance(ends, list))
        or not characters
        or not len(characters) == len(starts) == len(ends)
        or not all(isinstance(character, str) for character in characters)
        or not all(_is_time(time) for time in (*starts, *ends))
    ):
        raise refusal(
            record.history_item_id, "its alignment is not a list of characters with a start and an end for each"
        )
    # The resolution of subtitles. Sums of floats differ by less, which is no overlap.
    return characters, [round(start * 1000) for start in starts], [round(end * 1000) for end in ends]


def _is_time(value: object) -> bool:
    return type(value) in {int, float} and 0 <= value < _MAX_SECONDS  # type: ignore[operator]


def _audio_length(record: Record) -> int | None:
    """Return how many milliseconds the audio as generated has, if known."""
    lengths = [file.seconds for file in record.files if file.format == ORIGINAL and file.seconds is not None]
    return round(lengths[0] * 1000) if lengths else None


def _speakers(record: Record, texts: list[str]) -> Iterator[str | None]:
    """Yield who speaks each character, which must be those of the lines of a dialogue, apart from white space."""
    lines = HistoryItem(record.metadata).dialogue
    if not lines:
        yield from repeat(None, len(texts))
        return
    expected = [(letter, _name(line)) for line in lines for letter in "".join(line.text.split())]
    if "".join("".join(texts).split()) != "".join(letter for letter, _ in expected):
        raise refusal(record.history_item_id, "its alignment is not of the lines of its dialogue")
    expected.append(("", _name(lines[-1])))  # for white space at the end
    position = 0
    for text in texts:
        yield expected[position][1]
        position += len("".join(text.split()))


def _name(line: DialogueLine) -> str:
    name = " ".join((line.voice_name or line.voice_id or "").split())
    return "".join(filter(str.isprintable, name)) or "Unknown"


def refusal(history_item_id: str, reason: str) -> SubtitleError:
    """Say why an item has no subtitles."""
    return SubtitleError(f"No subtitles for item {history_item_id}: {reason}.")
