"""What downloads do, of one item and of several."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from elevenlabs_history import FileKind

from .archives import archive, members, pair
from .findings import Finding, NotSettledError, assumption, check_served, confirmed, is_refused, refuted
from .headers import disposition_of, media_type_of
from .refusals import code_of, shape_of
from .session import MALFORMED_ID

if TYPE_CHECKING:
    from .session import Response, Session

_OF_BYTES = {
    FileKind.MP3: {"audio/mpeg", "audio/mp3"},
    FileKind.WAV: {"audio/wav", "audio/x-wav"},
    FileKind.OPUS: {"audio/ogg", "audio/opus"},
    FileKind.PCM: {"audio/mpeg"},  # under the name of an mp3
}


@assumption(
    "Is `output_format` null the same as none, the original format?",
    assumed="Yes.",
    handling="Leaves the field out for the original format, and sends `wav` only when you ask for it.",
)
def no_format(session: Session) -> Finding:
    """Compare a download with null with its member in an archive without the field."""
    original = _original(session)
    is_same = any(member.is_of(original.body) for member in archive(session))
    return Finding(is_same, "the same bytes" if is_same else "other bytes")


@assumption(
    "Is `output_format` `default` refused?",
    assumed="Yes; one vendor text names it, another one does not.",
    handling="Never sends it.",
    quirks=("takes_default",),
)
def default_format(session: Session) -> Finding:
    """Send it."""
    response = _alone(session, output_format="default")
    if is_refused(response):
        return confirmed(f"refused with {response.status}", {"takes_default": False})
    _kind(response)
    is_same = response.body == _original(session).body
    fact = "accepted, " + ("the original bytes" if is_same else "with other bytes than the original")
    return refuted(fact, {"takes_default": True})


@assumption(
    "Is an unknown `output_format` refused with 400 and an error of its own shape?",
    assumed="Yes: `error` and `message`.",
    handling="Parses this shape and four others; of anything else the text is kept.",
)
def wrong_format(session: Session) -> Finding:
    """Send one that nobody has."""
    response = _alone(session, output_format="flac")
    if not is_refused(response):
        _kind(response)
        return refuted("accepted")
    shape = shape_of(response)
    return Finding(
        response.status == 400 and shape == "error and message", f"refused with {response.status}, shape: {shape}"
    )


@assumption(
    "Is what is requested as `wav` a WAV file?",
    assumed="Yes.",
    handling="The first bytes decide.",
    quirks=("wav_is_mp3",),
)
def wav(session: Session) -> Finding:
    """Look at the first bytes."""
    response = _alone(session, output_format="wav")
    check_served(response)
    kind = _kind(response)
    if kind not in {FileKind.WAV, FileKind.MP3}:
        raise NotSettledError(f"the bytes are neither WAV nor MP3, but {kind}")
    return Finding(kind is FileKind.WAV, f"the bytes are {kind}", {"wav_is_mp3": kind is FileKind.MP3})


@assumption(
    "Which media type has a download?",
    assumed="That of its bytes.",
    handling="Ignores it; the first bytes decide: zip, mp3, wav, ogg, flac, raw PCM, or an error page served as 200.",
    needs="A media type that is not among the usual ones is not written into a report.",
    quirks=("media_type",),
)
def media_type(session: Session) -> Finding:
    """Compare those of one item and of an archive."""
    response = _original(session)
    kind, one = _kind(response), media_type_of(response.headers)
    archive(session)  # or nothing can be said: the same request is not sent twice
    several = media_type_of(session.download(session.clip_ids(2)).headers)
    fact = f"{one or 'none'} for one item, {several or 'none'} for several"
    if several == "application/zip" and one in _OF_BYTES.get(kind, {"audio/basic", "audio/mpeg"}):
        return confirmed(fact, {"media_type": None})
    if one == several and one not in {"", "other"}:
        return refuted(fact, {"media_type": one})
    return refuted(fact)


@assumption(
    "Does a download have a Content-Disposition?",
    assumed="No.",
    handling="Ignores it; files are named by a template.",
    needs="File names are replaced in a report.",
    quirks=("content_disposition",),
)
def file_name(session: Session) -> Finding:
    """Look at the header."""
    one = disposition_of(_original(session).headers)
    if one == "other":
        return refuted("one that is not of the usual form")
    return Finding(one is None, one or "none", {"content_disposition": one})


@assumption(
    "Does audio have a length?",
    assumed="Yes.",
    handling="Takes chunks. Audio that ends with the connection is an error, because it could have been cut.",
    quirks=("chunked",),
)
def length(session: Session) -> Finding:
    """Look at the headers."""
    has_length = "content-length" in _original(session).headers
    return Finding(has_length, "Content-Length" if has_length else "none", {"chunked": not has_length})


@assumption(
    "Does `Range` work?",
    assumed="No.",
    handling="Not used: an interrupted download starts again.",
    quirks=("ranges",),
)
def ranges(session: Session) -> Finding:
    """Request the first hundred bytes."""
    original = _original(session).body
    response = _first_bytes(session)
    if response.status == 206 and response.body == original[:100]:
        return refuted("206 with the bytes that were requested", {"ranges": True})
    check_served(response)
    if len(response.body) <= 100:
        raise NotSettledError("a response with 200 has no more bytes than were requested")
    return confirmed("200 with all of it", {"ranges": False})


@assumption(
    "Is an item's audio the same from `/audio` and from a download?",
    assumed="Yes.",
    handling="Uses downloads, and `/audio` only in `audio()`.",
)
def audio_agrees(session: Session) -> Finding:
    """Compare the bytes, or the first hundred if `Range` works."""
    original = _original(session).body
    response = _first_bytes(session)
    if response.status != 206:
        check_served(response)
    is_same = bool(response.body) and original.startswith(response.body)
    return Finding(is_same, f"the first {len(response.body)} bytes are {'the same' if is_same else 'others'}")


@assumption(
    "What does an unknown id among several do?",
    assumed="The request is refused.",
    handling="A refusal, a smaller archive and an error are handled; the files of a smaller archive may have no id.",
    quirks=("missing_ids",),
)
def missing_among_several(session: Session) -> Finding:
    """Request an item and an id that is made up."""
    archive(session)  # two ids are not too many
    response = session.download([pair(session)[0], session.unknown_id])
    if response.status == 500:
        return refuted("500", {"missing_ids": "error"})
    if is_refused(response):
        return confirmed(f"refused with {response.status}", {"missing_ids": "refuse"})
    original = _original(session).body
    if response.body != original and not any(member.is_of(original) for member in members(response)):
        raise NotSettledError("the response does not contain the other item")
    return refuted("it is left out", {"missing_ids": "skip"})


@assumption(
    "Is a malformed id among several refused?",
    assumed="Yes.",
    handling="As for an unknown id. Malformed ids are refused before anything is sent.",
)
def malformed_among_several(session: Session) -> Finding:
    """Request an item and what can't be an id."""
    archive(session)
    response = session.download([pair(session)[0], MALFORMED_ID])
    if response.status == 500:
        return refuted("500")
    refused = is_refused(response)
    return Finding(refused, f"refused with {response.status}" if refused else "it is left out")


@assumption(
    "Is an unknown or malformed id alone refused by a download?",
    assumed="Yes.",
    handling="Both are `NotFoundError` or `InvalidRequestError`, as the response says.",
)
def missing_alone(session: Session) -> Finding:
    """Request both, each alone."""
    unknown, malformed = (session.download([each]) for each in (session.unknown_id, MALFORMED_ID))
    refused = is_refused(unknown) and is_refused(malformed)
    fact = f"unknown: {unknown.status} {code_of(unknown)}, malformed: {malformed.status} {code_of(malformed)}"
    return Finding(refused, fact)


@assumption(
    "How many ids may one download name?",
    assumed="1000.",
    handling="`download` sends all ids in one request. `download_all` requests up to 100 at a time, "
    "and fewer once the server has refused so many.",
    needs="Found with made-up ids: a server that looks them up before it counts them has a limit that can't be seen. "
    "A limit above `--most-ids` is not looked for.",
    quirks=("most_ids",),
)
def most_ids(session: Session) -> Finding:
    """Halve the number until the refusal of one more differs from that of two unknown ids."""
    if is_refused(session.download(session.clip_ids(2))):
        _original(session)
        return refuted("1 id; two items are refused, one of which alone is not", {"most_ids": 1})

    def answer(number: int) -> tuple[int, str]:
        response = session.download(session.unknown_ids[:number])
        if response.status != 500:
            is_refused(response)
        return response.status, re.sub(r"\d+", "", code_of(response))

    fine, cap = 2, session.limits.ids
    usual = answer(fine)
    if usual[0] == 200:
        raise NotSettledError("the server does not refuse unknown ids")
    if cap <= fine or answer(cap) == usual:
        raise NotSettledError(f"the server does not refuse {max(fine, cap)} ids for their number")
    while cap - fine > 1:
        middle = (fine + cap) // 2
        if answer(middle) == usual:
            fine = middle
        else:
            cap = middle
    return Finding(fine == 1000, f"{fine} ids, {cap} are refused", {"most_ids": fine})


def _alone(session: Session, *, output_format: str | None) -> Response:
    return session.download([pair(session)[0]], output_format=output_format)


def _original(session: Session) -> Response:
    response = _alone(session, output_format=None)
    check_served(response)
    _kind(response)
    return response


def _first_bytes(session: Session) -> Response:
    return session.audio(pair(session)[0], byte_range="bytes=0-99")


def _kind(response: Response) -> FileKind:
    kind = FileKind.of_bytes(response.body)
    if not kind.is_audio:
        raise NotSettledError(f"the response is not audio, but: {kind}")
    return kind
