"""What each operation answers, as a client sees it, and in which words it refuses."""

import pytest
from elevenlabs_history_simulator import Quirks, item_id_of

OPERATIONS = [
    ("GET", "/v1/history"),
    ("GET", "/v1/history/{}"),
    ("DELETE", "/v1/history/{}"),
    ("GET", "/v1/history/{}/audio"),
    ("POST", "/v1/history/download"),
]


def first_id(simulator):
    return next(iter(simulator.history)).id


def call(http, simulator, method, path, **arguments):
    body = {"json": {"history_item_ids": [first_id(simulator)]}} if method == "POST" else {}
    return http.request(method, path.format(first_id(simulator)), **body, **arguments)


# The key


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_a_wrong_key_is_refused_by_every_operation(http, simulator, method, path):
    answer = call(http, simulator, method, path, headers={"xi-api-key": "wrong"})
    assert answer.status_code == 401
    assert answer.json()["detail"]["code"] == "invalid_api_key"
    assert len(simulator.history) == 20


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_no_key_is_refused_by_every_operation(http, simulator, method, path):
    del http.headers["xi-api-key"]
    answer = call(http, simulator, method, path)
    assert (answer.status_code, answer.json()["detail"]["status"]) == (401, "needs_authorization")


def test_a_refusal_tells_its_request_id_twice_and_never_the_same(http, simulator):
    answers = [http.get("/v1/history/nobody") for _ in range(2)]
    ids = [answer.json()["detail"]["request_id"] for answer in answers]
    assert ids == [answer.headers["x-trace-id"] for answer in answers]
    assert ids[0] != ids[1]


def test_the_older_refusal_has_a_status_and_a_message_alone(http, simulator):
    simulator.quirks = Quirks(error_shape="older")
    answer = http.get("/v1/history/nobody")
    assert set(answer.json()["detail"]) == {"status", "message"}
    assert answer.json()["detail"]["status"] == "invalid_uid"
    assert answer.headers["x-trace-id"]


# What has the wrong shape


@pytest.mark.parametrize(
    ("parameters", "kind", "where"),
    [
        ({"page_size": "many"}, "int_parsing", "page_size"),
        ({"page_size": ""}, "int_parsing", "page_size"),
        ({"page_size": "0"}, "greater_than_equal", "page_size"),
        ({"page_size": "1001"}, "less_than_equal", "page_size"),
        ({"date_before_unix": "1.5"}, "int_parsing", "date_before_unix"),
        ({"date_after_unix": "yesterday"}, "int_parsing", "date_after_unix"),
        ({"sort_direction": "up"}, "enum", "sort_direction"),
    ],
)
def test_a_bad_parameter_is_refused_before_the_key_is_looked_at(http, parameters, kind, where):
    del http.headers["xi-api-key"]
    answer = http.get("/v1/history", params=parameters)
    assert answer.status_code == 422
    (mistake,) = answer.json()["detail"]
    assert (mistake["type"], mistake["loc"], mistake["input"]) == (kind, ["query", where], parameters[where])
    assert mistake["msg"]


def test_all_mistakes_of_a_request_are_told_at_once(http):
    answer = http.get("/v1/history", params={"page_size": "x", "date_after_unix": "y", "sort_direction": "z"})
    assert {mistake["loc"][1] for mistake in answer.json()["detail"]} == {
        "page_size",
        "date_after_unix",
        "sort_direction",
    }


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", "json_invalid"),
        (b"\xff", "json_invalid"),
        (b'{"history_item_ids": [NaN]}', "json_invalid"),
        (b"[" * 100_000, "json_invalid"),
        (b"[]", "model_attributes_type"),
        (b"{}", "missing"),
        (b'{"history_item_ids": "an-id"}', "list_type"),
        (b'{"history_item_ids": null}', "list_type"),
        (b'{"history_item_ids": ["an-id", 7]}', "string_type"),
        (b'{"history_item_ids": ["\\ud800", {}]}', "string_type"),
        (b'{"history_item_ids": ["an-id"], "output_format": 1}', "string_type"),
    ],
)
def test_a_bad_body_is_refused_before_the_key_is_looked_at(http, body, kind):
    del http.headers["xi-api-key"]
    answer = http.post("/v1/history/download", content=body)
    assert (answer.status_code, answer.json()["detail"][0]["type"]) == (422, kind)


def test_what_the_api_does_not_know_is_ignored(http, simulator, download):
    plain = http.get("/v1/history").json()
    assert http.get("/v1/history", params={"page": "2", "limit": "1"}).json() == plain
    assert download(first_id(simulator), quality="high").status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "/v1/voices", 404), ("GET", "/", 404), ("PUT", "/v1/history", 405)]
)
def test_what_is_no_operation_is_answered_in_a_bare_text(http, method, path, status):
    answer = http.request(method, path)
    assert answer.status_code == status
    assert isinstance(answer.json()["detail"], str)


# Items that are not there


@pytest.mark.parametrize("status", [400, 404])
@pytest.mark.parametrize("code", ["invalid_uid", "invalid_id"])
@pytest.mark.parametrize(("method", "path"), OPERATIONS[1:4])
def test_an_unknown_item_is_refused_as_the_quirks_say(http, simulator, method, path, status, code):
    simulator.quirks = Quirks(unknown_item_status=status, unknown_item_code=code)
    answer = http.request(method, path.format("nobody"))
    assert (answer.status_code, answer.json()["detail"]["code"]) == (status, code)
    assert "nobody" in answer.json()["detail"]["message"]


@pytest.mark.parametrize("bad", ["a b", "é", "x" * 65, "a.b", "<id>"])
def test_what_can_be_no_id_is_an_invalid_one_whatever_the_quirks_say(http, simulator, download, bad):
    simulator.quirks = Quirks(unknown_item_status=404, unknown_item_code="invalid_id")
    for answer in (http.get(f"/v1/history/{bad}"), download(bad)):
        assert (answer.status_code, answer.json()["detail"]["code"]) == (400, "invalid_uid")


def test_a_deleted_item_is_gone_after_it(http, simulator):
    gone = first_id(simulator)
    assert http.delete(f"/v1/history/{gone}").json() == {"status": "ok"}
    assert http.get(f"/v1/history/{gone}").status_code == 400
    assert http.delete(f"/v1/history/{gone}").status_code == 400
    assert gone not in {item["history_item_id"] for item in http.get("/v1/history").json()["history"]}


@pytest.mark.parametrize(("state", "code"), [("deleted", "invalid_uid"), ("processing", "processing")])
def test_an_item_without_audio_is_told_of_but_its_audio_is_refused(http, simulator, download, state, code):
    item = simulator.history.add(state=state)
    assert http.get(f"/v1/history/{item.id}").json()["state"] == state
    for answer in (http.get(f"/v1/history/{item.id}/audio"), download(item.id)):
        assert (answer.status_code, answer.json()["detail"]["code"]) == (400, code)
    item.metadata["state"] = "created"
    assert http.get(f"/v1/history/{item.id}/audio").status_code == 200


def test_a_state_may_be_null_everywhere(http, simulator):
    simulator.quirks = Quirks(null_state=True)
    items = http.get("/v1/history").json()["history"]
    assert [item["state"] for item in items] == [None] * 20
    assert http.get(f"/v1/history/{items[0]['history_item_id']}").json() == items[0]
    assert simulator.history.get(items[0]["history_item_id"]).metadata["state"] == "created"


# One item's audio


def test_one_id_is_answered_with_its_audio(simulator, download):
    answer = download(first_id(simulator))
    assert item_id_of(answer.content) == first_id(simulator)
    assert answer.headers["content-type"] == "audio/mpeg"
    assert int(answer.headers["content-length"]) == len(answer.content)
    assert "content-disposition" not in answer.headers


def test_wav_is_a_format_of_every_download(simulator, download):
    for output_format in ("mp3_44100_128", "opus_48000_64", "pcm_16000", "ulaw_8000"):
        item = simulator.history.add(output_format=output_format)
        answer = download(item.id, output_format="wav")
        assert answer.content.startswith(b"RIFF")
        assert answer.headers["content-type"] == "audio/wav"


def test_other_formats_have_a_refusal_of_their_own(simulator, download):
    for output_format in ("mp3", "default", ""):
        answer = download(first_id(simulator), output_format=output_format)
        assert answer.status_code == 400
        assert answer.json() == {"error": "invalid_output_format", "message": "output_format must be wav or none"}


def test_default_may_be_a_format(simulator, download):
    simulator.quirks = Quirks(takes_default=True)
    plain = download(first_id(simulator)).content
    assert download(first_id(simulator), output_format="default").content == plain
    assert "wav or default" in download(first_id(simulator), output_format="mp3").json()["message"]


def test_a_download_may_call_itself_anything(simulator, download):
    name = 'attachment; filename="../x.mp3"'
    simulator.quirks = Quirks(media_type="text/plain", content_disposition=name)
    for ids in ([first_id(simulator)], [item.id for item in simulator.history]):
        answer = download(*ids)
        assert (answer.headers["content-type"], answer.headers["content-disposition"]) == ("text/plain", name)


# A part of it


def test_a_range_is_ignored_unless_it_is_switched_on(http, simulator, download):
    whole = http.get(f"/v1/history/{first_id(simulator)}/audio")
    part = http.get(f"/v1/history/{first_id(simulator)}/audio", headers={"range": "bytes=10-19"})
    assert (part.status_code, part.content) == (200, whole.content)
    assert "accept-ranges" not in whole.headers
    assert download(first_id(simulator), headers={"range": "bytes=10-19"}).content == whole.content


@pytest.mark.parametrize(
    ("asked", "part", "told"),
    [
        ("bytes=0-0", slice(0, 1), "bytes 0-0/{}"),
        ("bytes=10-19", slice(10, 20), "bytes 10-19/{}"),
        ("bytes=600000-", slice(600_000, None), "bytes 600000-{last}/{}"),
        ("bytes=10-99999999", slice(10, None), "bytes 10-{last}/{}"),
        ("bytes=-5", slice(-5, None), "bytes {minus5}-{last}/{}"),
        ("bytes=-99999999", slice(0, None), "bytes 0-{last}/{}"),
        ("bytes=262000-263000", slice(262_000, 263_001), "bytes 262000-263000/{}"),
    ],
)
def test_a_range_is_that_part_when_it_is_switched_on(http, simulator, download, asked, part, told):
    simulator.quirks = Quirks(ranges=True)
    item = simulator.history.add(size=700_000)
    whole = b"".join(item.audio().pieces())
    told = told.format(len(whole), last=len(whole) - 1, minus5=len(whole) - 5)
    headers = {"range": asked}
    for answer in (http.get(f"/v1/history/{item.id}/audio", headers=headers), download(item.id, headers=headers)):
        assert (answer.status_code, answer.headers["content-range"]) == (206, told)
        assert answer.content == whole[part]
        assert int(answer.headers["content-length"]) == len(answer.content)


@pytest.mark.parametrize("asked", ["bytes=99999999-", "bytes=-0"])
def test_a_range_without_bytes_is_refused_with_the_size(http, simulator, asked):
    simulator.quirks = Quirks(ranges=True)
    item = simulator.history.get(first_id(simulator))
    answer = http.get(f"/v1/history/{item.id}/audio", headers={"range": asked})
    assert (answer.status_code, answer.content) == (416, b"")
    assert answer.headers["content-range"] == f"bytes */{item.audio().size}"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"range": "bytes=-"},
        {"range": "bytes=9-3"},
        {"range": "bytes=0-1,4-5"},
        {"range": "lines=1-2"},
        {"range": "bytes=0-1", "if-range": '"a"'},
    ],
)
def test_what_is_no_single_range_is_answered_with_all(http, simulator, headers):
    simulator.quirks = Quirks(ranges=True)
    item = simulator.history.get(first_id(simulator))
    answer = http.get(f"/v1/history/{item.id}/audio", headers=headers)
    assert (answer.status_code, len(answer.content)) == (200, item.audio().size)
    assert answer.headers["accept-ranges"] == "bytes"
