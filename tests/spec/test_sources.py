"""Whatever a document holds, our part of it comes out valid, or the refusal is one line with the place."""

import copy
import json
import random

import pytest
from vendor_pages import page

LIST = "/v1/history"
ITEM = "SpeechHistoryItemResponseModel"
ODD = (None, True, False, 0, -1.5, float("nan"), "", "x", [], ["x"], [None], {}, {"x": None}, {"$ref": "#/nowhere"})
ODD_SCHEMAS = ({"nullable": True}, {"anyOf": []}, {"oneOf": [True, False]}, {"type": ["null"]}, {"$ref": 5})


@pytest.fixture
def vendor(published):
    return copy.deepcopy(published)


@pytest.fixture
def read(spec_sources, tmp_path):
    def read(document, version="3.1.0"):
        """Import a document, or the text of one, and return our part of it."""
        file = tmp_path / "source"
        text = document if isinstance(document, str) else json.dumps({"openapi": version, **document})
        file.write_bytes(text.encode())
        return spec_sources.read_source(str(file))[1]

    return read


@pytest.fixture
def refusal(read, spec_sources, tmp_path):
    def refusal(document):
        """Return why a document is refused, without the name of the file."""
        with pytest.raises(spec_sources.SourceRefusedError) as caught:
            read(document)
        line = str(caught.value)
        assert "\n" not in line
        assert line.startswith(f"{tmp_path / 'source'}: ")
        return line.partition(": ")[2]

    return refusal


def fields(vendor):
    return vendor["components"]["schemas"][ITEM]["properties"]


def test_headers_of_an_answer_are_kept_and_their_references_resolved(read, vendor):
    answer = vendor["paths"][LIST]["get"]["responses"]["200"]
    answer["headers"] = {
        "Retry-After": {"schema": {"type": "integer"}},
        "x-trace-id": {"$ref": "#/components/headers/Id"},
    }
    vendor["components"]["headers"] = {"Id": {"schema": {"type": "string"}}}
    headers = read(vendor)["paths"][LIST]["get"]["responses"]["200"]["headers"]
    assert headers == {"Retry-After": {"schema": {"type": "integer"}}, "x-trace-id": {"schema": {"type": "string"}}}


def test_our_part_of_our_part_is_the_same(read, published):
    assert read(published) == published


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.packaging) for seed in range(1, 10))])
def test_a_damaged_document_is_read_or_refused(read, spec_sources, published, seed):
    chance = random.Random(seed)
    for _ in range(250):
        damaged = damage({"openapi": "3.1.0", **published}, chance)
        try:
            part = read(json.dumps(damaged))
        except spec_sources.SourceRefusedError as refused:
            reason = str(refused)
        else:
            assert part["paths"]
            continue
        # That would be the net under the checks, and means that one is missing.
        assert "could not be read" not in reason
        assert "\n" not in reason


def damage(document, chance):
    """Remove, replace or exchange up to three nodes of a document."""
    damaged = copy.deepcopy(document)
    for _ in range(chance.choice([1, 1, 2, 3])):
        (owner, key), (other, other_key) = chance.choices(list(nodes(damaged)), k=2)
        deed = chance.choice(["remove", "replace", "replace", "exchange"])
        if deed == "remove":
            del owner[key]
        elif deed == "replace":
            owner[key] = copy.deepcopy(chance.choice(ODD + ODD_SCHEMAS))
        else:
            owner[key], other[other_key] = copy.deepcopy(other[other_key]), copy.deepcopy(owner[key])
    return damaged


def nodes(node):
    """Yield every place of a document: what holds it, and its key there."""
    children = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, child in list(children):
        yield node, key
        yield from nodes(child)


def test_content_that_is_null_is_refused_with_its_place(refusal, vendor):
    vendor["paths"][LIST]["get"]["responses"]["200"]["content"] = None
    assert refusal(vendor).startswith("not valid at paths//v1/history/get/responses/200/content: ")


def test_a_type_that_is_none_is_refused_with_its_place_in_the_document(refusal, vendor):
    fields(vendor)["text"]["type"] = "words"
    assert refusal(vendor).startswith(f"not valid at components/schemas/{ITEM}/properties/text/type: 'words' is not ")


def test_a_default_that_is_not_allowed_is_refused_with_its_place(refusal, vendor):
    vendor["paths"][LIST]["get"]["parameters"][0]["schema"]["default"] = "many"
    assert refusal(vendor) == (
        "not valid at paths//v1/history/get/parameters/0/schema: 'many' is not of type 'integer'."
    )


def test_a_list_in_place_of_a_mapping_is_refused_with_its_place(refusal, vendor):
    vendor["paths"][LIST]["get"]["responses"]["200"] = []
    assert refusal(vendor) == "paths//v1/history/get/responses/200 is missing or no mapping."


def test_the_schema_true_allows_anything(read, vendor):
    fields(vendor).update(words=True, nullable=True)
    part = fields(read(vendor))
    assert [part["words"], part["nullable"]] == [{}, {}]


def test_the_schema_false_allows_nothing(read, vendor):
    fields(vendor)["words"] = False
    assert fields(read(vendor))["words"] == {"not": {}}


def test_a_field_may_be_called_like_a_word_of_openapi(read, vendor):
    names = ("nullable", "pattern", "title", "properties", "oneOf", "schema", "items", "content")
    fields(vendor).update({name: {"type": "string", "nullable": True} for name in names})
    assert [fields(read(vendor))[name] for name in names] == [{"type": ["string", "null"]}] * len(names)


def test_what_breaks_the_parser_is_refused_in_one_line(refusal, spec_sources, vendor, monkeypatch):
    def fail(document):
        raise KeyError("odd\nthing")

    monkeypatch.setattr(spec_sources, "our_part", fail)
    assert refusal(vendor) == "could not be read (KeyError: 'odd\\nthing')."


def test_an_answer_without_content_is_the_same_in_both_spellings(read, vendor):
    answer = vendor["paths"][LIST]["get"]["responses"]["422"]
    answer["content"] = {}
    assert read(vendor)["paths"][LIST]["get"]["responses"]["422"] == {"description": answer["description"]}


def test_shared_parameters_answers_and_bodies_are_put_in_their_place(read, vendor, published):
    operation = vendor["paths"]["/v1/history/download"]["post"]
    vendor["components"] |= {
        "parameters": {"Key": operation["parameters"][0]},
        "responses": {"Zip": operation["responses"]["200"], "Alias": {"$ref": "#/components/responses/Zip"}},
        "requestBodies": {"Ids": operation["requestBody"]},
    }
    operation["parameters"][0] = {"$ref": "#/components/parameters/Key"}
    operation["responses"]["200"] = {"$ref": "#/components/responses/Alias"}
    operation["requestBody"] = {"$ref": "#/components/requestBodies/Ids"}
    assert read(vendor) == published


def test_references_in_a_circle_are_refused(refusal, vendor):
    circle = {"$ref": "#/components/responses/Again"}
    vendor["components"]["responses"] = {"Again": circle}
    vendor["paths"][LIST]["get"]["responses"]["200"] = circle
    assert refusal(vendor) == "nested too deeply, or its references lead in a circle."


@pytest.mark.parametrize(
    ("section", "place"), [("responses", "responses/200"), ("requestBodies", "requestBody"), ("schemas", "items")]
)
def test_a_reference_to_nothing_is_refused_with_its_place(refusal, vendor, section, place):
    reference = {"$ref": f"#/components/{section}/Nowhere"}
    if section == "schemas":
        fields(vendor)["words"] = {"type": "array", "items": reference}
        place = f"components/schemas/{ITEM}/properties/words/items"
    else:
        operation = vendor["paths"][LIST]["get"]
        owner = operation["responses"] if section == "responses" else operation
        owner[place.rpartition("/")[2]] = reference
        place = f"paths//v1/history/get/{place}"
    assert refusal(vendor) == f"{place}: the reference {reference['$ref']!r} leads nowhere inside components/{section}."


def test_a_parameter_of_an_operation_replaces_that_of_its_path(read, vendor, published):
    own = vendor["paths"][LIST]["get"]["parameters"][0]
    vendor["paths"][LIST]["parameters"] = [own | {"schema": {"type": "string"}}]
    assert read(vendor) == published


def test_one_of_means_any_of(read, vendor, published):
    def reworded(node):
        if isinstance(node, list):
            return [reworded(item) for item in node]
        if not isinstance(node, dict):
            return node
        return {"oneOf" if key == "anyOf" else key: reworded(value) for key, value in node.items()}

    assert "oneOf" in str(reworded(vendor))
    assert read(reworded(vendor)) == published


def test_nullable_means_or_null(read, vendor, published):
    """The published document, as OpenAPI 3.0 says the same."""

    def reworded(node):
        if isinstance(node, list):
            return [reworded(item) for item in node]
        if not isinstance(node, dict):
            return node
        node = {key: reworded(value) for key, value in node.items()}
        if isinstance(node.get("type"), list) and "null" in node["type"] and len(node["type"]) == 2:
            return node | {"type": node["type"][0], "nullable": True}
        branches = node.get("anyOf", [])
        if len(branches) == 2 and branches[1] == {"type": "null"}:
            del node["anyOf"]
            node |= {"allOf": [branches[0]]} if "$ref" in branches[0] else branches[0]
            return node | {"nullable": True}
        if "$ref" in node and len(node) > 1:  # in OpenAPI 3.0 nothing stands beside a reference
            return {"allOf": [{"$ref": node.pop("$ref")}], **node}
        return node

    text = str(reworded(vendor))
    assert "'null'" not in text
    assert "allOf" in text
    assert read(reworded(vendor), "3.0.3") == published


@pytest.mark.parametrize(
    ("schema", "same"),
    [
        (
            {"type": "string", "format": "date", "nullable": True},
            {"anyOf": [{"type": "string", "format": "date"}, {"type": "null"}]},
        ),
        (
            {"type": "string", "enum": ["a", None], "nullable": True},
            {"anyOf": [{"type": "null"}, {"type": "string", "enum": ["a"]}]},
        ),
        ({"type": "object", "nullable": True}, {"oneOf": [{"type": "object"}, {"type": "null"}]}),
        ({"type": "string", "nullable": False}, {"type": ["string"]}),
        (
            {"nullable": True, "oneOf": [{"type": "string"}, {"type": "integer"}]},
            {"type": ["null", "string", "integer"]},
        ),
    ],
)
def test_schemas_that_mean_the_same_become_the_same(read, vendor, schema, same):
    fields(vendor).update(one={"description": "One.", **schema}, two={"description": "One.", **same})
    part = fields(read(vendor))
    assert part["one"] == part["two"]


def test_two_lists_of_different_things_stay_two(read, vendor):
    union = {"anyOf": [{"type": "array", "items": {"type": kind}} for kind in ("string", "integer")]}
    fields(vendor)["words"] = union
    assert fields(read(vendor))["words"] == union


def test_a_pattern_is_of_no_use_to_the_client_and_dropped(read, vendor, published):
    fields(vendor)["text"]["pattern"] = r"^\d+\"$"
    assert read(vendor) == published


def test_an_apostrophe_in_a_value_is_kept_and_elsewhere_refused_with_its_place(read, refusal, vendor):
    fields(vendor)["state"]["enum"].append("creator's")
    assert fields(read(vendor))["state"]["enum"][-1] == "creator's"
    fields(vendor)["creator's"] = {"type": "string"}
    assert refusal(vendor) == (
        f'components/schemas/{ITEM}/properties: refused, it could leave the quotes in generated code: "creator\'s".'
    )


@pytest.mark.parametrize("value", ['say "no"', "back\\slash", "line\nend"])
def test_other_quotes_in_a_value_are_refused_with_their_place(refusal, vendor, value):
    fields(vendor)["state"]["enum"].append(value)
    number = len(fields(vendor)["state"]["enum"]) - 1
    assert refusal(vendor).startswith(f"components/schemas/{ITEM}/properties/state/enum/{number}: refused, it could")


def test_a_page_with_line_ends_of_windows(read, vendor):
    text = page(vendor, LIST, "get")
    part = read(text.replace("\n", "\r\n"))
    assert part == read(text)
    assert LIST in part["paths"]
