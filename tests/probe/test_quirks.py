"""The probe reads every quirk of the simulator back, and a simulator set from its report behaves the same."""

import json
import random

import httpx
import pytest
from attrs import asdict, evolve
from elevenlabs_history_probe import ASSUMPTIONS, Limits
from elevenlabs_history_simulator import Quirks, Simulator
from elevenlabs_history_simulator.quirks import about_quirks
from support.probes import fill, make_busy, probe

TEXTS = {
    "media_type": [None, "audio/mpeg", "application/zip", "application/octet-stream"],
    "content_disposition": [None, "attachment", "inline", 'attachment; filename="file.zip"'],
}
NUMBERS = {"utc_offset": (-50_400, 50_400), "retry_after": (0, 3600)}


def positions(switch, dice):
    if switch.name in TEXTS:
        return TEXTS[switch.name]
    if switch.name == "most_ids":
        # Only one id in eight times: it hides what archives are like.
        return [1, *(dice.randint(2, 1400) for _ in range(7))]
    choices = []
    for kind in switch.kinds:
        if kind is bool:
            choices += [False, True]
        elif kind is int:
            choices += [dice.randint(*NUMBERS[switch.name])]
        else:
            choices += [None if kind is type(None) else kind]
    return choices


def random_quirks(seed):
    dice = random.Random(seed)
    return Quirks(**{switch.name: dice.choice(positions(switch, dice)) for switch in about_quirks()})


def hidden(quirks):
    """Name the quirks that nobody can tell, because others hide them."""
    names = set()
    if quirks.most_ids == 1:
        # There are no archives.
        names |= {"missing_ids", "names", "folders", "utc_offset", "separator", "repeated_names"}
        names |= {"deflated", "data_descriptors", "zip64", "duplicates", "intruders", "media_type"}
    if quirks.names == "id":
        # There are no times in names.
        names |= {"utc_offset", "separator"}
    if quirks.optional_fields == "null" or (quirks.optional_fields == "absent" and not quirks.unlisted_alignments):
        # There are no alignments anywhere, nor an empty field for them.
        names |= {"unlisted_alignments"}
    return names


def answers(simulator, requests):
    """Answer recorded requests, leaving out what differs from answer to answer."""
    with httpx.Client(base_url=simulator.base_url, headers={"xi-api-key": simulator.api_key}) as http:
        for request in requests:
            response = http.request(
                request.method,
                request.path,
                params=request.query,
                content=request.body,
                headers={name: request.headers[name] for name in ("range", "content-type") if name in request.headers},
            )
            headers = {name: value for name, value in response.headers.items() if name not in {"date", "x-trace-id"}}
            is_json = headers.get("content-type") == "application/json" and response.status_code != 200
            body = response.json() if is_json else response.content
            if isinstance(body, dict) and isinstance(body.get("detail"), dict):
                body["detail"].pop("request_id", None)
            yield response.status_code, headers, body


@pytest.mark.parametrize("part", range(8))
def test_random_positions_are_reported_exactly_and_the_report_makes_the_same_server(part):
    for seed in range(25 * part, 25 * part + 25):
        quirks = random_quirks(seed)
        with Simulator(items=0, quirks=quirks) as simulator:
            fill(simulator)
            before = {"most_ids": lambda simulator=simulator: make_busy(simulator)}
            report = probe(simulator.base_url, simulator.api_key, Limits(ids=1500, burst=6), before)
            expected = {name: value for name, value in asdict(quirks).items() if name not in hidden(quirks)}
            assert report["quirks"] == expected, seed
            if seed % 5:
                continue  # to compare every fifth is enough, and takes as long as to probe all
            simulator.concurrency = None
            recorded = [*simulator.requests]
            with Simulator.like(json.loads(json.dumps(report)), items=0) as other:
                fill(other)
                if quirks.most_ids == 1:
                    # One item shows it, but without an archive nobody can tell whether it is that of all.
                    other.quirks = evolve(other.quirks, media_type=quirks.media_type)
                for request, one, two in zip(
                    recorded, answers(simulator, recorded), answers(other, recorded), strict=True
                ):
                    assert one == two, (seed, request)


@pytest.mark.parametrize("switch", about_quirks(), ids=lambda switch: switch.name)
def test_every_quirk_alone_is_found_and_refutes_its_assumption(switch, probed, results):
    dice = random.Random(switch.name)
    default = getattr(Quirks(), switch.name)
    other = next(each for each in reversed(positions(switch, dice)) if each != default)
    busy = switch.name in {"busy_code", "retry_after"}
    report = probed(Quirks(**{switch.name: other}), busy=busy)
    assert report["quirks"].get(switch.name, "not reported") == other
    (about,) = [each for each in ASSUMPTIONS if switch.name in each.quirks]
    assert results(report)[about.id]["status"] == "refuted"


def test_a_server_that_is_as_assumed_confirms_what_reading_can_settle(probed, results):
    report = probed(busy=True)
    unsettled = {name for name, each in results(report).items() if each["status"] != "confirmed"}
    assert unsettled == {each.id for each in ASSUMPTIONS if each.ask is None}
    assert report["quirks"] == asdict(Quirks())


def test_the_table_and_the_simulator_have_the_same_quirks():
    named = [name for each in ASSUMPTIONS for name in each.quirks]
    assert sorted(named) == sorted(switch.name for switch in about_quirks())
    assert len({each.id for each in ASSUMPTIONS}) == len(ASSUMPTIONS)


@pytest.mark.parametrize("about", ASSUMPTIONS, ids=lambda about: about.id)
def test_an_assumption_tells_how_it_is_settled_or_why_not(about):
    assert all((about.question, about.assumed, about.handling, about.how if about.ask else about.why_not))
