"""What corrections hide, sets in answers, and what a document has beside our part."""

import copy

import pytest


def listing(document):
    return document["paths"]["/v1/history"]["get"]


def download(document):
    return document["paths"]["/v1/history/download"]["post"]


def fields(document):
    return document["components"]["schemas"]["SpeechHistoryItemResponseModel"]["properties"]


HIDDEN = {
    "an answer": (
        lambda new: download(new)["responses"]["200"].update(content={"application/json": {"schema": {}}}),
        [
            (
                "breaking: answer 200 of POST /v1/history/download was string (binary) as application/zip, "
                "is anything as application/json"
            )
        ],
    ),
    "a body": (
        lambda new: download(new)["requestBody"].update(required=False),
        ["added: body of POST /v1/history/download is optional now"],
    ),
    "the name of an operation": (
        lambda new: listing(new).update(operationId="get_history"),
        ["breaking: GET /v1/history was called get_speech_history, is called get_history"],
    ),
    "a type inside a replaced schema": (
        lambda new: fields(new)["settings"]["anyOf"][0].update(additionalProperties=False),
        [
            (
                "breaking: field HistoryItem.settings was object, additionalProperties True or null, "
                "is object, additionalProperties False or null"
            )
        ],
    ),
    "a set that opens": (
        lambda new: fields(new)["state"].pop("enum"),
        ["added: field HistoryItem.state may be more than created, deleted, processing now"],
    ),
    "a set that closes": (
        lambda new: fields(new)["content_type"].update(enum=["audio/mpeg"]),
        ["added: field HistoryItem.content_type may be audio/mpeg"],
    ),
    "tags, which differ between pages and the large document": (lambda new: listing(new).update(tags=["x"]), []),
    "the key, which differs there too": (lambda new: listing(new)["parameters"][-1].update(required=True), []),
}


@pytest.mark.parametrize("name", HIDDEN)
def test_a_change_that_a_correction_hides_is_told(scripts, published, corrected, name):
    change, lines = HIDDEN[name]
    new = copy.deepcopy(published)
    change(new)
    assert scripts["spec_changes"].vendor_changes(published, new, corrected) == lines


def test_sets_of_answers_open_and_sets_that_callers_send_stay_closed(scripts):
    closed = {"type": "string", "enum": ["a"]}
    schemas = {
        "Answered": {"type": "object", "properties": {"enum": closed, "deep": {"items": {"const": 1}}}},
        "Sent": {"type": "object", "properties": {"one": closed}},
        "Sort": closed,
    }
    parameter = {"name": "sort", "in": "query", "schema": {"$ref": "#/components/schemas/Sort"}}
    operation = {
        "parameters": [parameter, {"name": "way", "in": "query", "schema": closed}],
        "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Sent"}}}},
        "responses": {"200": {"content": {"application/json": {"schema": closed}}}},
    }
    document = {"paths": {"/v1/history": {"get": operation}}, "components": {"schemas": schemas}}
    before = copy.deepcopy(document)
    opened = scripts["spec_facts"].open_answers(document)
    after = opened["components"]["schemas"]
    assert after["Answered"]["properties"] == {"enum": {"type": "string"}, "deep": {"items": {"type": "integer"}}}
    assert {key: after[key] for key in ("Sent", "Sort")} == {key: schemas[key] for key in ("Sent", "Sort")}
    new = opened["paths"]["/v1/history"]["get"]
    assert new["parameters"] == operation["parameters"]
    assert new["responses"] == {"200": {"content": {"application/json": {"schema": {"type": "string"}}}}}
    assert document == before


def test_a_whole_document_without_an_operation_and_another_path_with_history_are_noticed(scripts, published):
    notices = scripts["spec_elsewhere"].notices
    part = copy.deepcopy(published)
    del part["paths"]["/v1/history/{history_item_id}"]["delete"]
    others = {f"/v1/voices/{number}": {} for number in range(20)}
    lacks = ["other: openapi.json has no DELETE /v1/history/{history_item_id}; nothing was removed"]
    assert notices("openapi.json", {"paths": part["paths"] | others}, part, published, {}) == lacks
    assert notices("page.md", part, part, published, {}) == []
    elsewhere = {"paths": part["paths"] | {"/v2/history/{id}": {}}}
    assert notices("page.md", elsewhere, part, published, {}) == [
        "other: page.md has /v2/history/{id}, which is not imported"
    ]


@pytest.mark.parametrize(
    ("own", "line"),
    [
        ({"servers": [{"url": "https://api.elevenlabs.io/"}]}, None),
        ({"servers": [{"url": "https://api.new.test"}]}, "the server https://api.new.test"),
        ({"components": {"securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "xi-api-key"}}}}, None),
        ({"components": {"securitySchemes": {"token": {"type": "http"}}}}, "the security scheme http"),
        ({"servers": "none", "components": []}, None),
    ],
)
def test_servers_and_security_of_a_whole_document_are_compared_with_ours(scripts, published, corrected, own, line):
    found = scripts["spec_elsewhere"].notices("page.md", {**published, **own}, published, published, corrected)
    assert found == ([] if line is None else [f"other: page.md has {line}, which openapi.yaml has not"])
