"""Every difference between two documents is told, once, in words that say whether it breaks callers."""

import copy

import pytest

ITEM = "SpeechHistoryItemResponseModel"
BODY = "Body_Download_history_items_v1_history_download_post"


def listing(document):
    return document["paths"]["/v1/history"]["get"]


def download(document):
    return document["paths"]["/v1/history/download"]["post"]


def fields(document, schema=ITEM):
    return document["components"]["schemas"][schema]["properties"]


def page_size(document):
    return listing(document)["parameters"][0]


def reverse(mapping):
    turned = dict(reversed(mapping.items()))
    mapping.clear()
    mapping.update(turned)


def close(schema, *values):
    schema |= {"enum": list(values)}


STATE = "#/components/schemas/State"
SIZE = "query parameter page_size of GET /v1/history"
SIZE_PATH = "paths./v1/history.get.parameters.query parameter page_size"
CHANGES = {
    "security of an operation": (
        lambda new: listing(new).update(security=[{"oauth": ["history"]}]),
        ['other: paths./v1/history.get.security was absent, is [{"oauth": ["history"]}]'],
    ),
    "servers of an operation": (
        lambda new: listing(new).update(servers=[{"url": "https://api.example.com"}]),
        ['other: paths./v1/history.get.servers was absent, is [{"url": "https://api.example.com"}]'],
    ),
    "servers of all": (
        lambda new: new["servers"].reverse(),
        ["other: order of servers"],
    ),
    "a header of an answer": (
        lambda new: listing(new)["responses"]["200"].update(headers={"x-total": {"schema": {"type": "integer"}}}),
        ['other: paths./v1/history.get.responses.200.headers.x-total was absent, is {"schema": {"type": "integer"}}'],
    ),
    "no further fields": (
        lambda new: new["components"]["schemas"][ITEM].update(additionalProperties=False),
        ["breaking: schema HistoryItem was object, is object, additionalProperties False"],
    ),
    "order of fields": (lambda new: reverse(fields(new)), ["other: order of the fields of HistoryItem"]),
    "order of parameters": (
        lambda new: listing(new)["parameters"].reverse(),
        ["other: order of the parameters of GET /v1/history"],
    ),
    "order of required fields": (
        lambda new: new["components"]["schemas"][ITEM]["required"].reverse(),
        ["other: order of components.schemas.HistoryItem.required"],
    ),
    "order of values": (
        lambda new: listing(new)["parameters"][6]["schema"]["anyOf"][0]["enum"].reverse(),
        [
            (
                "other: order of the values of paths./v1/history.get.parameters.query parameter sort_direction"
                ".schema.anyOf.0"
            )
        ],
    ),
    "order of types": (
        lambda new: fields(new)["text"]["type"].reverse(),
        ["other: order of components.schemas.HistoryItem.properties.text.type"],
    ),
    "order of OpenAPI's own words": (lambda new: reverse(fields(new)["text"]), []),
    "a null default": (
        lambda new: fields(new)["text"].update(default=None),
        ["breaking: field HistoryItem.text was string or null, is string or null, default None"],
    ),
    "a deprecated operation": (
        lambda new: listing(new).update(deprecated=True),
        ["deprecated: GET /v1/history"],
    ),
    "a deprecated parameter": (lambda new: page_size(new).update(deprecated=True), [f"deprecated: {SIZE}"]),
    "a deprecated field": (
        lambda new: fields(new)["text"].update(deprecated=True),
        ["deprecated: field HistoryItem.text"],
    ),
    "a new field that is deprecated": (
        lambda new: fields(new).update(age={"type": "integer", "deprecated": True}),
        ["added: field HistoryItem.age is new", "deprecated: field HistoryItem.age"],
    ),
    "a second media type of an answer": (
        lambda new: listing(new)["responses"]["200"]["content"].update({"text/csv": {"schema": {"type": "string"}}}),
        ["added: answer 200 of GET /v1/history may be string as text/csv"],
    ),
    "another media type of an answer": (
        lambda new: download(new)["responses"]["200"].update(content={"application/json": {"schema": {}}}),
        [
            (
                "breaking: answer 200 of POST /v1/history/download was string (binary) as application/octet-stream, "
                "is anything as application/json"
            )
        ],
    ),
    "a lower limit that is lower": (
        lambda new: page_size(new)["schema"].update(minimum=0),
        [f"added: {SIZE_PATH}.schema.minimum was 1, is 0"],
    ),
    "a lower limit that is higher": (
        lambda new: page_size(new)["schema"].update(minimum=2),
        [f"breaking: {SIZE_PATH}.schema.minimum was 1, is 2"],
    ),
    "an upper limit that is higher": (
        lambda new: page_size(new)["schema"].update(maximum=2000),
        [f"added: {SIZE_PATH}.schema.maximum was 1000, is 2000"],
    ),
    "an upper limit that is gone": (
        lambda new: page_size(new)["schema"].pop("maximum"),
        [f"added: {SIZE_PATH}.schema.maximum was 1000, is absent"],
    ),
    "a new limit of what is sent": (
        lambda new: fields(new, BODY)["output_format"].update(maxLength=9),
        ["breaking: components.schemas.DownloadRequest.properties.output_format.maxLength was absent, is 9"],
    ),
    "a new limit of what is answered": (
        lambda new: fields(new)["text"].update(maxLength=9),
        ["other: components.schemas.HistoryItem.properties.text.maxLength was absent, is 9"],
    ),
    "a format of a number": (
        lambda new: fields(new)["date_unix"].update(format="int64"),
        ["other: components.schemas.HistoryItem.properties.date_unix.format was absent, is int64"],
    ),
    "a format of a text": (
        lambda new: fields(new)["voice_id"].update(format="uuid"),
        ["breaking: field HistoryItem.voice_id was string or null, is string or null (uuid)"],
    ),
    "a parameter that becomes a set": (
        lambda new: close(page_size(new)["schema"], 10, 100),
        [f"breaking: {SIZE} may only be 10, 100 now"],
    ),
    "a nullable parameter that becomes a set": (
        lambda new: listing(new)["parameters"][7].update(
            schema={"anyOf": [{"type": "string", "enum": ["a"]}, {"type": "null"}]}
        ),
        ["breaking: query parameter search of GET /v1/history may only be a now"],
    ),
    "a parameter that is no set any more": (
        lambda new: listing(new)["parameters"][6]["schema"]["anyOf"][0].pop("enum"),
        ["breaking: query parameter sort_direction of GET /v1/history may be more than asc, desc now"],
    ),
    "words inside a field": (
        lambda new: fields(new, BODY)["history_item_ids"]["items"].update(description="An id."),
        ["wording: components.schemas.DownloadRequest.properties.history_item_ids.items is described anew"],
    ),
    "words of a body": (
        lambda new: download(new)["requestBody"].update(description="Which."),
        ["wording: body of POST /v1/history/download is described anew"],
    ),
    "a field that is optional now": (
        lambda new: new["components"]["schemas"][ITEM]["required"].remove("state"),
        ["breaking: field HistoryItem.state is optional now"],
    ),
    "a field that is gone": (
        lambda new: fields(new).pop("text"),
        ["breaking: field HistoryItem.text is gone"],
    ),
    "an operation that is new on a new path": (
        lambda new: new["paths"].update({"/v1/history/all": {"get": {"responses": {}}}}),
        ["added: GET /v1/history/all is new"],
    ),
    "the version of the spec": (
        lambda new: new["info"].update(version="2027-01-01"),
        ["other: info.version was 2026-08-22, is 2027-01-01"],
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_is_told_once(scripts, corrected, name):
    change, lines = CHANGES[name]
    new = copy.deepcopy(corrected)
    change(new)
    assert scripts["spec_changes"].changes(corrected, new) == lines


COMPONENTS = {
    "values": (
        {"type": "string", "enum": ["new", "old"]},
        {"type": "string", "enum": ["new", "older"]},
        ["added: schema State may be older", "breaking: schema State may no longer be old"],
    ),
    "order of values": (
        {"type": "string", "enum": ["new", "old"]},
        {"type": "string", "enum": ["old", "new"]},
        ["other: order of the values of components.schemas.State"],
    ),
    "items": (
        {"type": "array", "items": {"type": "string"}},
        {"type": "array", "items": {"type": "integer"}},
        ["breaking: schema State was list of string, is list of integer"],
    ),
    "parts": (
        {"allOf": [{"type": "object"}]},
        {"allOf": [{"type": "object", "additionalProperties": False}]},
        ["breaking: schema State was object, is object, additionalProperties False"],
    ),
}


@pytest.mark.parametrize("name", COMPONENTS)
def test_a_change_of_a_schema_without_fields_is_told(scripts, corrected, name):
    before, after, lines = COMPONENTS[name]
    old, new = copy.deepcopy(corrected), copy.deepcopy(corrected)
    for document, state in ((old, before), (new, after)):
        document["components"]["schemas"]["State"] = state
        fields(document)["state"] = {"$ref": STATE}
    assert scripts["spec_changes"].changes(old, new) == lines


def test_two_schemas_of_one_title_are_told_apart(scripts, corrected):
    old = copy.deepcopy(corrected)
    old["components"]["schemas"]["Other"] = {"title": "HistoryItem", "type": "object", "properties": {}}
    new = copy.deepcopy(old)
    fields(new)["age"] = {"type": "integer"}
    assert scripts["spec_changes"].changes(old, new) == [f"added: field HistoryItem ({ITEM}).age is new"]


def places(node, path=()):
    for key, value in node.items() if isinstance(node, dict) else enumerate(node):
        yield (*path, key)
        if isinstance(value, dict | list):
            yield from places(value, (*path, key))


def test_nothing_can_go_from_a_document_unseen(scripts, published):
    changes = scripts["spec_changes"].changes
    unseen = []
    for *path, last in places(published):
        new = copy.deepcopy(published)
        node = new
        for step in path:
            node = node[step]
        del node[last]
        if not changes(published, new):
            unseen.append((*path, last))
    assert unseen == []
