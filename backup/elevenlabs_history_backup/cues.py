"""The cues of subtitles: what is shown when, by the rules of subtitling.

Widths are in cells, as on a terminal: a Chinese character has two, a Latin one has one, a combining mark has none.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from itertools import accumulate

from attrs import frozen, mutable

from .alignment import Alignment, Character, refusal

_LINE = 42  # cells
_SHORTEST, _LONGEST = 1000, 7000  # milliseconds
_READING = 50  # milliseconds per cell: 20 characters a second
_BROKEN_PHRASE = 20  # cells by which the lines of a cue may differ more, so that the first one ends with a phrase
_NAME = _LINE - 2  # cells of a speaker's name, so that any word fits into the same cue

_SENTENCE_ENDS, _PHRASE_ENDS = tuple(".!?…。！？｡؟।"), tuple(",;:—–、，；：،؛")  # noqa: RUF001 - of many scripts
_ABBREVIATION = re.compile(r"(?:Mrs?|Ms|Dr|Prof|St|e\.g|i\.e|[A-HJ-Z])\.")  # which ends no sentence
_CLOSING = "\"'”’»›)]}」』）】"  # noqa: RUF001
# Unicode categories. Closing punctuation, marks, joiners and modifiers stay with what is before them.
_NO_BREAK_BEFORE = {"Pe", "Pf", "Po", "Mn", "Mc", "Me", "Cf", "Lm", "Sk"}
_NO_BREAK_AFTER = {"Ps", "Pi", "Cf"}
_NO_WIDTH = {"Mn", "Me", "Cf"}
_HANGUL = range(0xAC00, 0xD7A4)  # wide, but with spaces between words


@frozen
class Cue:
    """Text that is shown for some time.

    Attributes:
        start: When it appears, in seconds from the start of the audio.
        end: When it vanishes.
        lines: One line of text, or two.
        speaker: Who speaks, in a dialogue; None in anything else.
    """

    start: float
    end: float
    lines: tuple[str, ...]
    speaker: str | None

    @property
    def text(self) -> str:
        """The lines in one string."""
        return "\n".join(self.lines)


@mutable
class _Word:
    """What stays together: a word, or a character of a script without spaces. Times are in milliseconds.

    Attributes:
        left: Where it begins if all words stand on one line, in cells.
        right: Where it ends.
        spaced: Whether white space is before it.
        ends: What ends with it: 2 is a sentence, 1 a phrase, 0 neither.
    """

    text: str
    start: int
    end: int
    speaker: str | None
    left: int
    right: int
    spaced: bool
    ends: int = 0


def make_cues(alignment: Alignment) -> list[Cue]:
    """Make the cues of an alignment.

    What always holds: every word is shown, in its order and not before it is spoken. No cue overlaps the next one. A
    cue has at most two lines of 42 cells, lasts at most 7 seconds (so a longer word vanishes early), and has one
    speaker, who is named where the speaker changes. Control characters and what is invisible alone are left out.

    What is aimed at; where two of these conflict, the first wins: A cue lasts at least a second, if the next one is
    not spoken before. It does not end within a phrase. It ends with a sentence. It is read at up to 20 cells a second.
    Cues are of equal size. For the sake of time, a cue may stay until the next one begins or the audio ends.

    Raises:
        SubtitleError: There is nothing to show, or no time to show it: too many characters have the same time.
    """
    words = _words(_named(alignment.characters), alignment.history_item_id)
    rooms = [*(word.start for word in words[1:]), alignment.audio_end]
    # How to show the first words best, for each number of words: the cost, and where the last cue begins.
    best: list[tuple[tuple[int, ...], int]] = [((0,) * 6, 0)]
    for stop, room in enumerate(rooms, 1):
        choices = []
        for start in range(stop - 1, -1, -1):
            group = words[start:stop]
            if not _fits(group):
                break
            choices.append((tuple(map(sum, zip(best[start][0], _cost(group, room), strict=True))), start))
        best.append(min(choices))
    cues = []
    stop = len(words)
    while stop:
        room, start = rooms[stop - 1], best[stop][1]
        group = words[start:stop]
        cues.append(_cue(group, _shown_until(group, room), alignment.history_item_id))
        stop = start
    return cues[::-1]


def make_word_cues(alignment: Alignment) -> list[Cue]:
    """Make a cue of each word, with the times at which it is spoken. What takes no time joins the word beside it.

    Raises:
        SubtitleError: As `make_cues`.
    """
    groups: list[list[_Word]] = []
    for word in _words(alignment.characters, alignment.history_item_id):
        joined = [*groups[-1], word] if groups else []
        if joined and (word.start == word.end or joined[0].start == joined[-2].end) and _fits(joined):
            groups[-1] = joined
        else:
            groups.append([word])
    return [_cue(group, group[-1].end, alignment.history_item_id) for group in groups]


def _named(characters: Iterable[Character]) -> Iterator[Character]:
    """Yield the characters and, where the speaker changes, the name of who speaks next, which takes no time."""
    before = None
    for character in characters:
        speaker = character.speaker
        if speaker is not None and speaker != before and character.text.strip():
            widths = accumulate(map(_width, speaker))
            name = "".join(letter for letter, right in zip(speaker, widths, strict=True) if right <= _NAME)
            yield Character(f"{name}: ", character.start, character.start, speaker)
            before = speaker
        yield character


def _words(characters: Iterable[Character], history_item_id: str) -> list[_Word]:
    words: list[_Word] = []
    spaced = False
    for letter, character in ((letter, each) for each in characters for letter in each.text):
        if letter.isspace():
            spaced = True
            if words and letter == "\n":
                words[-1].ends = 2
        elif unicodedata.category(letter) != "Cc":
            if not words or spaced or character.speaker != words[-1].speaker or _may_break(words[-1], letter):
                left = words[-1].right + spaced if words else 0
                if words:
                    # Words in one entry of the alignment share its time; only the last of them can have it.
                    words[-1].end = min(words[-1].end, character.start)
                words.append(_Word("", character.start, character.end, character.speaker, left, left, spaced))
            words[-1].text += letter
            words[-1].right += _width(letter)
            words[-1].end = character.end
            spaced = False
    words = [word for word in words if word.right > word.left]
    if not words:
        raise refusal(history_item_id, "its alignment has no text")
    for word, after in zip(words, [*words[1:], None], strict=True):
        core = word.text.rstrip(_CLOSING)
        ends_sentence = core.endswith(_SENTENCE_ENDS) and not _ABBREVIATION.fullmatch(core)
        if ends_sentence or after is None or after.speaker != word.speaker:
            word.ends = 2
        elif core.endswith(_PHRASE_ENDS):
            word.ends = max(word.ends, 1)
    return words


def _width(letter: str) -> int:
    if unicodedata.category(letter) in _NO_WIDTH:
        return 0
    return 2 if unicodedata.east_asian_width(letter) in "WF" else 1


def _may_break(word: _Word, letter: str) -> bool:
    """Tell whether a word may end before a letter: it is full, or one of a script without spaces."""
    last = word.text[-1]
    if word.right - word.left + _width(letter) > _LINE:
        return True
    if unicodedata.category(letter) in _NO_BREAK_BEFORE or unicodedata.category(last) in _NO_BREAK_AFTER:
        return False
    return any(_width(each) == 2 and ord(each) not in _HANGUL for each in (last, letter))


def _fits(words: list[_Word]) -> bool:
    """Tell whether words may be one cue."""
    first, last = words[0], words[-1]
    # A word that is too long alone may still have others beside it that take no time, such as a name.
    in_time = last.end - first.start <= _LONGEST or last.start == first.start
    return len(words) == 1 or (first.speaker == last.speaker and in_time and _line_break(words) is not None)


def _line_break(words: list[_Word]) -> int | None:
    """Return how many words the first line has; None if two lines are too short for all."""
    left, right = words[0].left, words[-1].right
    if right - left <= _LINE:
        return len(words)

    places = []
    for place in range(1, len(words)):
        first, second = words[place - 1].right - left, right - words[place].left
        if first <= _LINE and second <= _LINE:
            cost = abs(first - second) + (0 if words[place - 1].ends else _BROKEN_PHRASE)
            places.append((cost, place))
    return min(places)[1] if places else None


def _shown_until(words: list[_Word], room: int) -> int:
    """Return when a cue ends: once it can be read, but before the next one begins (`room`)."""
    start, cells = words[0].start, words[-1].right - words[0].left
    return min(max(words[-1].end, start + max(_SHORTEST, cells * _READING)), room, start + _LONGEST)


def _cost(words: list[_Word], room: int) -> tuple[int, ...]:
    """Count what a cue breaks of the rules, the first of which wins."""
    shown = _shown_until(words, room) - words[0].start
    ends, cells = words[-1].ends, words[-1].right - words[0].left
    return (shown <= 0, shown < _SHORTEST, ends == 0, ends < 2, cells * _READING > shown, cells**2)


def _cue(words: list[_Word], end: int, history_item_id: str) -> Cue:
    start = words[0].start
    if end <= start:
        text = _line(words)
        excerpt = text if len(text) <= _LINE else f"{text[: _LINE - 1]}…"
        raise refusal(history_item_id, f"{excerpt!r} at {start / 1000:.3f} s takes no time")
    place = _line_break(words)
    lines = tuple(_line(line) for line in (words[:place], words[place:]) if line)
    return Cue(start / 1000, end / 1000, lines, words[0].speaker)


def _line(words: list[_Word]) -> str:
    return words[0].text + "".join(f" {word.text}" if word.spaced else word.text for word in words[1:])
