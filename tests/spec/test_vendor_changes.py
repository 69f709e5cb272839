"""What corrections hide."""

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
