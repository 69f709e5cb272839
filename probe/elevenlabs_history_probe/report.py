"""The report of a probe. It may be published: it holds no key, no id, no name and no text, only hashes of responses."""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Literal

from attrs import asdict, frozen
from elevenlabs_history import __version__

from .findings import NotSettledError
from .headers import safe_headers
from .table import ASSUMPTIONS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from .findings import Assumption, Position
    from .session import Response, Session

Status = Literal["confirmed", "refuted", "not settled"]


@frozen(kw_only=True)
class Result:
    """What was found of one assumption.

    Attributes:
        id: Which.
        status: Whether it is true.
        fact: What was observed, or why it is not settled.
        quirks: The positions of the simulator's quirks that say the same.
        evidence: The requests and responses that it follows from.
    """

    id: str
    status: Status
    fact: str
    quirks: Mapping[str, Position]
    evidence: Sequence[Mapping[str, Any]]


def ask_all(session: Session) -> Iterator[Result]:
    """Ask the server about each assumption, in the order of `ASSUMPTIONS`, and yield each result at once."""
    for assumption in ASSUMPTIONS:
        session.used.clear()
        status, fact, quirks = _ask(assumption, session)
        evidence = list({id(each): _evidence(each, session.salt) for each in session.used}.values())
        yield Result(id=assumption.id, status=status, fact=fact, quirks=quirks, evidence=evidence)


def make_report(results: Sequence[Result], session: Session) -> dict[str, Any]:
    """Return the report as JSON. `Simulator.like` of the simulator takes it.

    Questions share responses, so each stands in `responses` once; the evidence of an assumption are numbers of these.
    """
    responses: list[Mapping[str, Any]] = []
    for result in results:
        responses += [each for each in result.evidence if each not in responses]
    return {
        "report": "elevenlabs-history probe",
        "version": __version__,
        "requests": session.requests,
        "clips": session.clips,
        "quirks": {name: position for result in results for name, position in result.quirks.items()},
        "assumptions": [
            {"question": assumption.question, "assumed": assumption.assumed}
            | asdict(result)
            | {"evidence": [responses.index(each) for each in result.evidence]}
            for assumption, result in zip(ASSUMPTIONS, results, strict=True)
        ],
        "responses": responses,
    }


def _ask(assumption: Assumption, session: Session) -> tuple[Status, str, Mapping[str, Position]]:
    if assumption.ask is None:
        return "not settled", assumption.why_not, {}
    try:
        finding = assumption.ask(session)
    except NotSettledError as reason:
        return "not settled", str(reason), {}
    return "confirmed" if finding.holds else "refuted", finding.fact, finding.quirks


def _evidence(response: Response, salt: bytes) -> dict[str, Any]:
    return {
        "request": response.request,
        "status": response.status,
        "headers": safe_headers(response.headers),
        "length": len(response.body),
        # Without the salt, which is in no report, nobody can compare it with the hash of a text they guess.
        "hash": blake2b(response.body, key=salt, digest_size=8).hexdigest(),
    }
