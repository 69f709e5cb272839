"""A report may be published: whatever a server puts where, it holds no key, id, name or text."""

import json

import pytest
from elevenlabs_history_probe import Limits
from elevenlabs_history_simulator import Fault, Quirks, Simulator
from hypothesis import given, settings, strategies as st
from support.probes import fill, probe

KEY = "sk_4f9c1d2e8b7a6055c3d1"
SECRETS = [KEY, "Aunt Edna", "The dragon slept", "ja9xsmfGhxYcymxGcOGB", "wlW7kWQpBUFm2lJMkTbZ"]


def filled(simulator):
    """Give it items that hold the secrets wherever a text may be."""
    for number, secret in enumerate(SECRETS[:3]):
        simulator.history.add(
            date=1_800_000_000 + number // 2,
            history_item_id=SECRETS[3] if number == 0 else f"{KEY}{number}",
            text=f"{secret} {KEY}",
            voice_name=f"Aunt Edna {KEY}",
            voice_id=KEY,
            model_id=KEY,
            source=KEY,
            state=KEY,
            voice_category=KEY,
            request_id=SECRETS[4],
            settings={KEY: "Aunt Edna"},
            aligned=True,
            **{KEY: KEY},
        )


def held(report):
    return [secret for secret in SECRETS if secret in json.dumps(report, ensure_ascii=False)]


@pytest.mark.parametrize("names", ["current", "id"])
def test_no_secret_of_the_history_is_in_a_report(names):
    hostile = Quirks(
        names=names,
        folders=True,
        media_type=f"audio/{KEY}",
        content_disposition=f'attachment; filename="Aunt Edna {KEY}.zip"',
    )
    with Simulator(items=0, api_key=KEY, quirks=hostile) as simulator:
        filled(simulator)
        report = probe(simulator.base_url, KEY, Limits())
    assert held(report) == []
    assert report["quirks"]["names"] == names
    assert report["quirks"]["content_disposition"] == 'attachment; filename="file.zip"'
    assert "media_type" not in report["quirks"]


HOSTILE_HEADERS = {
    "content_type": f"{KEY}/{KEY}",
    "content_disposition": f"{KEY}; filename={KEY}",
    "content_encoding": KEY,
    "content_range": f"bytes 0-1/{KEY}",
    "accept_ranges": KEY,
    "retry_after": KEY,
    "location": f"https://example.org/{KEY}",
    "x_trace_id": KEY,
    "set_cookie": KEY,
    KEY: KEY,
}


@pytest.mark.parametrize("status", [200, 206, 302, 400, 401, 404, 422, 429, 500])
@pytest.mark.parametrize("operation", ["list", "get", "audio", "download"])
def test_no_secret_of_a_refusal_is_in_a_report(operation, status):
    body = json.dumps({"detail": {"code": KEY, "type": KEY, "status": KEY, "message": KEY, KEY: KEY}, "error": KEY})
    with Simulator(items=0, api_key=KEY) as simulator:
        filled(simulator)
        simulator.faults.add(
            Fault.answer(status, body.encode(), **HOSTILE_HEADERS), on=operation, times=60, skip=operation == "list"
        )
        report = probe(simulator.base_url, KEY, Limits(burst=4))
    assert held(report) == []


def test_no_name_of_a_field_that_differs_is_in_a_report(results):
    def change(history):
        for item in history:
            history.change(item.id, **{KEY: "other", "text": "other"})

    with Simulator(items=0, api_key=KEY) as simulator:
        filled(simulator)
        simulator.faults.add(Fault.meanwhile(change), on="get")
        report = probe(simulator.base_url, KEY, Limits())
    assert held(report) == []
    assert results(report)["listing_agrees"]["fact"] == "different: text, unknown fields"


def test_hashes_differ_from_report_to_report(probed):
    one, other = (probed()["responses"][0] for _ in range(2))
    assert one["length"] == other["length"]
    assert one["hash"] != other["hash"]


def test_evidence_names_the_requests_and_what_was_answered(probed, results):
    report = probed()
    (number,) = results(report)["unknown_item_status"]["evidence"]
    evidence = report["responses"][number]
    assert {name: evidence[name] for name in ("request", "status")} == {
        "request": "GET /v1/history/{id}",
        "status": 400,
    }
    assert evidence["headers"]["content-type"] == "application/json"
    assert evidence["length"] == int(evidence["headers"]["content-length"])


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just(KEY),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["history", "detail", "code", "status", "message", "type", "history_item_id", "alignments", "date_unix"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)
ITEMS = st.fixed_dictionaries(
    {"history_item_id": st.sampled_from(["a", "b", ".", "../x", KEY]), "date_unix": st.integers(-1, 2**34)},
    optional=dict.fromkeys(
        [
            "state",
            "output_format",
            "character_count_change_from",
            "character_count_change_to",
            "dialogue",
            "alignments",
        ],
        JSON,
    ),
)
PAGES = st.fixed_dictionaries(
    {"history": st.lists(ITEMS, max_size=4)}, optional={"last_history_item_id": JSON, "has_more": JSON}
)


@pytest.fixture(scope="module")
def liar():
    with Simulator(items=0, api_key=KEY) as simulator:
        yield simulator


@settings(max_examples=60, deadline=None)
@given(page=PAGES | JSON, item=ITEMS | JSON, audio=st.binary(max_size=200), status=st.sampled_from([200, 206, 400]))
def test_no_answer_makes_a_probe_fail(liar, page, item, audio, status):
    liar.reset()
    fill(liar)
    for operation, body in {"list": page, "get": item, "audio": audio, "download": audio or item}.items():
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        liar.faults.add(Fault.answer(status if operation != "list" else 200, content), on=operation, times=60)
    report = probe(liar.base_url, KEY, Limits(burst=2))
    assert KEY not in json.dumps(report)
    assert len(report["assumptions"]) > 40


def test_an_empty_history_and_one_of_one_item_settle_what_they_can(results):
    with Simulator(items=0) as simulator:
        empty = results(probe(simulator.base_url, simulator.api_key, Limits()))
        simulator.history.fill(1)
        one = results(probe(simulator.base_url, simulator.api_key, Limits()))
    assert empty["large_pages"]["status"] == empty["unknown_item_status"]["status"] == "confirmed"
    assert empty["wav"]["fact"] == "needs 1 items in the history"
    assert one["wav"]["status"] == one["ranges"]["status"] == "confirmed"
    assert one["names"]["fact"] == one["overlapping_pages"]["fact"] == "needs 2 items in the history"
    assert one["equal_dates"]["fact"] == "needs two items of one second among the newest 100"
