"""What items tell, in listings and on their own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .findings import Finding, NotSettledError, assumption, confirmed, refuted

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from .session import Session

_REQUIRED = {
    "history_item_id",
    "date_unix",
    "character_count_change_from",
    "character_count_change_to",
    "content_type",
    "state",
}
# `source` and `voice_category` are no proof of that the optional fields are told: their values come and go.
_OPTIONAL = {"request_id", "voice_id", "model_id", "voice_name", "text", "settings", "output_format", "dialogue"}
PUBLISHED = _REQUIRED | _OPTIONAL | {"voice_category", "source", "share_link_id", "alignments"}
_VALUES = {
    "state": {"created", "deleted", "processing"},
    "voice_category": {"premade", "cloned", "generated", "professional"},
    "source": {
        *("TTS", "STS", "Projects", "PD", "AN", "Dubbing", "PlayAPI"),
        *("ConvAI", "VoiceGeneration", "InVPC", "Flows"),
    },
}


@assumption(
    "Do items tell their state?",
    assumed="Yes.",
    handling="Takes null for unknown.",
    quirks=("null_state",),
)
def state(session: Session) -> Finding:
    """Look at the newest items."""
    items = session.items()
    told = sum(item.get("state") is not None for item in items)
    return Finding(told > 0, f"{told} of {len(items)} items do", {"null_state": told == 0})


@assumption(
    "Are fields told that need not be there, or null, or absent?",
    assumed="Told.",
    handling="A field that is null or absent is None.",
    quirks=("optional_fields",),
)
def optional_fields(session: Session) -> Finding:
    """Look at the newest items."""
    items = session.items()
    if any(item.get(name) is not None for item in items for name in _OPTIONAL):
        position = "told"
    else:
        position = "null" if any(_OPTIONAL & item.keys() for item in items) else "absent"
    return Finding(position == "told", position, {"optional_fields": position})


@assumption(
    "Do items have fields that no published schema has?",
    assumed="No.",
    handling="Keeps unknown fields in `to_dict()`.",
    quirks=("drifted",),
)
def unknown_fields(session: Session) -> Finding:
    """Look at the newest items."""
    unknown = {name for item in session.items() for name in item} - PUBLISHED
    return Finding(not unknown, f"{len(unknown)} unknown fields", {"drifted": bool(unknown)})


@assumption(
    "Are the values of `state`, `source` and `voice_category` those that were published?",
    assumed="Yes, for now.",
    handling="Takes any text or null; another type is None.",
)
def known_values(session: Session) -> Finding:
    """Look at the newest items."""
    items = session.items()
    unknown = [name for name, known in _VALUES.items() if any(_is_new(item.get(name), known) for item in items)]
    return Finding(not unknown, f"new values in: {', '.join(unknown)}" if unknown else "all are known")


@assumption(
    "Does a listing have `alignments`, if an item has any?",
    assumed="Yes.",
    handling="Reads them there; on request (`fetch_alignments`, `--fetch`) asks for each item without one, once.",
    needs="Needs alignments in one of the newest three items.",
    quirks=("unlisted_alignments",),
)
def listed_alignments(session: Session) -> Finding:
    """Compare the newest three items with their own responses."""
    pairs = _pairs(session)
    if any(_alignments(listed) != _alignments(own) for listed, own in pairs):
        return refuted("only the response for one item has them", {"unlisted_alignments": True})
    if all(own.get("alignments") is None for _, own in pairs):
        raise NotSettledError("none of the newest three items has alignments")
    return confirmed("the listing has them", {"unlisted_alignments": False})


@assumption(
    "Does a listing agree with the response for one item in every other field?",
    assumed="Yes.",
    handling="Uses the listing, and asks for one item only where it must.",
)
def listing_agrees(session: Session) -> Finding:
    """Compare the newest three items with their own responses."""
    names = {name for listed, own in _pairs(session) for name in _different(listed, own)} - {"alignments"}
    shown = sorted(names & PUBLISHED) + ["unknown fields"] * bool(names - PUBLISHED)
    return Finding(not names, f"different: {', '.join(shown)}" if names else "the same")


@assumption(
    "Is the text of a dialogue's alignment that of its lines, apart from white space?",
    assumed="Yes.",
    handling="A dialogue with another one gets no subtitles, because the speakers would be a guess.",
    needs="Needs a dialogue with alignments among the newest items.",
)
def dialogue_alignments(session: Session) -> Finding:
    """Compare the characters of alignments with the lines."""
    found = [same for item in _known_items(session) if (same := _is_that_of_its_lines(item)) is not None]
    if not found:
        raise NotSettledError("needs a dialogue with alignments among the newest items")
    return Finding(all(found), f"in {sum(found)} of {len(found)} dialogues")


def _pairs(session: Session) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    return [(item, session.item(item["history_item_id"])) for item in session.items()[:3]]


def _known_items(session: Session) -> Iterable[dict[str, Any]]:
    return [*session.items(), *(own for _, own in _pairs(session))]


def _alignments(item: Mapping[str, Any]) -> object:
    # Where items lack what they need not tell, a listing that has the field in vain has hidden it.
    return item.get("alignments", "absent")


def _different(one: Mapping[str, Any], other: Mapping[str, Any]) -> set[str]:
    return {name for name in one.keys() | other.keys() if one.get(name, ...) != other.get(name, ...)}


def _is_new(value: object, known: set[str]) -> bool:
    return value is not None and value not in known if isinstance(value, str | None) else True


def _is_that_of_its_lines(item: Mapping[str, Any]) -> bool | None:
    lines, alignments = item.get("dialogue"), item.get("alignments")
    alignment = alignments.get("alignment") if isinstance(alignments, dict) else None
    characters = alignment.get("characters") if isinstance(alignment, dict) else None
    if not lines or not isinstance(lines, list) or not isinstance(characters, list):
        return None
    texts = [line.get("text") for line in lines if isinstance(line, dict)]
    return _without_spaces(texts) == _without_spaces(characters)


def _without_spaces(texts: Iterable[object]) -> str:
    return "".join("".join(map(str, texts)).split())
