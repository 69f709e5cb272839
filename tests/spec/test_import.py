"""What the vendor publishes is imported whole or not at all, and every change is told in words."""

import json

import pytest
import yaml
from vendor_pages import ROOT, fields, page

LIST = ("/v1/history", "get")
ITEM = "SpeechHistoryItemResponseModel"
PAGE = "GetSpeechHistoryResponseModel"
CLIENT_TESTS = ("tests/generated", "tests/wrapper/test_listing.py", "tests/wrapper/test_client.py")

pytestmark = [pytest.mark.packaging, pytest.mark.timeout(600)]


def parameters(vendor):
    return vendor["paths"]["/v1/history"]["get"]["parameters"]


def test_a_page_imported_again_changes_nothing(project, vendor):
    before = project.state()
    assert project.import_pages(
        *(page(vendor, path, method) for path, item in vendor["paths"].items() for method in item)
    ) == ["no change"]
    assert project.state() == before


def test_the_whole_document_in_json_changes_nothing(project, vendor):
    elsewhere = {"/v1/voices": {"get": {"responses": {"200": {"$ref": "#/components/responses/Unknown"}}}}}
    document = {"openapi": "3.1.0", **vendor, "paths": vendor["paths"] | elsewhere}
    before = project.state()
    assert project.run(project.write(json.dumps(document), "openapi.json")).stdout == "no change\n"
    assert project.state() == before


def test_the_committed_spec_is_what_the_corrections_make_of_the_vendors(project):
    project.path("openapi.yaml").write_text("openapi: 3.1.1\npaths: {}\n")
    assert project.run("none").returncode == 0
    assert project.path("openapi.yaml").read_bytes() == (ROOT / "openapi.yaml").read_bytes()


def test_no_description_of_the_vendor_is_kept(project, vendor):
    fields(vendor)["words"] = {"type": "string", "description": "A tale told by the vendor."}
    project.import_pages(page(vendor, *LIST))
    assert not [file for file, content in project.state().items() if b"told by the vendor" in content]


def test_a_new_query_parameter(project, vendor):
    parameters(vendor).append(
        {"name": "min_characters", "in": "query", "description": "At least.", "schema": {"type": "integer"}}
    )
    assert project.import_pages(page(vendor, *LIST)) == [
        "added: query parameter min_characters of GET /v1/history is new",
        "wording: query parameter min_characters of GET /v1/history has no words of ours yet (spec/overlay.yaml)",
    ]
    done = project.run_tests(*CLIENT_TESTS)
    assert done.returncode == 0, done.stdout
    function = project.path("generated/elevenlabs_history_api/api/history/list_history_items.py").read_text()
    assert "min_characters: int | Unset" in function


def test_a_query_parameter_that_must_be_sent_is_breaking(project, vendor):
    parameters(vendor).append({"name": "team", "in": "query", "required": True, "schema": {"type": "string"}})
    assert project.import_pages(page(vendor, *LIST)) == [
        "breaking: query parameter team of GET /v1/history is new and required"
    ]


def test_a_removed_field_stops_at_its_correction_and_is_named(project, vendor):
    del fields(vendor)["share_link_id"]
    before = project.state()
    done = project.run(project.write(page(vendor, *LIST)))
    assert done.returncode == 1
    reason, correction, *found = done.stderr.splitlines()
    assert reason == (
        "spec/overlay.yaml: these corrections match nothing; correct or remove them. Nothing was changed."
    )
    assert correction.startswith(f"  $.components.schemas.{ITEM}.properties.share_link_id (")
    assert found == ["breaking: field HistoryItem.share_link_id is gone"]
    assert project.state() == before


def test_a_removed_field_that_nothing_needs(project, vendor):
    del fields(vendor)["share_link_id"]
    project.remove_corrections(f"$.components.schemas.{ITEM}.properties.share_link_id")
    assert project.import_pages(page(vendor, *LIST)) == ["breaking: field HistoryItem.share_link_id is gone"]
    done = project.run_tests(*CLIENT_TESTS)
    assert done.returncode == 0, done.stdout


def test_a_removed_field_that_items_have_fails_the_tests_as_announced(project, vendor):
    del fields(vendor)["voice_name"]
    project.remove_corrections(f"$.components.schemas.{ITEM}.properties.voice_name")
    assert project.import_pages(page(vendor, *LIST)) == ["breaking: field HistoryItem.voice_name is gone"]
    done = project.run_tests("-x", "tests/wrapper/test_item.py")
    assert done.returncode == 1
    assert "voice_name" in done.stdout


def test_a_new_value_of_an_open_set_is_told_and_needs_no_new_client(project, vendor):
    fields(vendor)["state"]["enum"].append("archived")
    before = project.spec
    assert project.import_pages(page(vendor, *LIST)) == [
        "added: field HistoryItem.state may be archived (hidden by spec/overlay.yaml)"
    ]
    assert project.spec == before
    assert project.run(project.path("page-0.md")).stdout == "no change\n"


def test_a_new_operation(project, vendor):
    vendor["paths"]["/v1/history/{history_item_id}/share"] = {
        "post": {
            "operationId": "share_history_item",
            "parameters": [{"name": "history_item_id", "in": "path", "required": True, "schema": {"type": "string"}}],
            "responses": {"200": {"description": "Shared.", "content": {"application/json": {"schema": {}}}}},
        }
    }
    assert project.import_pages(page(vendor, "/v1/history/{history_item_id}/share", "post")) == [
        "added: POST /v1/history/{history_item_id}/share is new"
    ]
    assert project.path("generated/elevenlabs_history_api/api/history/share_history_item.py").is_file()
    done = project.run_tests(*CLIENT_TESTS)
    assert done.returncode == 1
    # The one test that counts the operations is the place where somebody decides about a new one.
    assert "share_history_item" in done.stdout
    assert "1 failed" in done.stdout


def test_a_renamed_schema_stops_at_its_correction_and_imports_once_that_is_corrected(project, vendor):
    text = page(vendor, *LIST).replace(PAGE, "HistoryListing")
    done = project.run(project.write(text))
    assert done.returncode == 1
    assert f"\n  $.components.schemas.{PAGE} (" in done.stderr
    assert done.stderr.endswith("\nbreaking: schema HistoryPage is called HistoryListing now\n")
    overlay = project.path("spec/overlay.yaml")
    overlay.write_text(overlay.read_text().replace(PAGE, "HistoryListing"))
    before = project.path("generated/elevenlabs_history_api/models/history_page.py").read_bytes()
    assert project.import_pages(text) == [
        "wording: schema HistoryPage is HistoryListing in the vendor's documents now (hidden by spec/overlay.yaml)"
    ]
    assert project.path("generated/elevenlabs_history_api/models/history_page.py").read_bytes() == before


def test_a_description_only(project, vendor):
    fields(vendor)["text"]["description"] = "Told in other words."
    before = project.spec
    assert project.import_pages(page(vendor, *LIST)) == [
        "wording: field HistoryItem.text is described anew (hidden by spec/overlay.yaml)"
    ]
    assert project.spec == before


def test_a_type_that_a_correction_hides_is_told(project, vendor):
    fields(vendor)["voice_category"] = {"type": "integer"}
    lines = project.import_pages(page(vendor, *LIST))
    assert "breaking: field HistoryItem.voice_category was string or null, is integer" in lines


def test_the_tests_of_the_client_pass_with_everything_added(project, vendor):
    parameters(vendor).append({"name": "min_characters", "in": "query", "schema": {"type": "integer"}})
    fields(vendor)["language"] = {"type": ["string", "null"]}
    fields(vendor)["state"]["enum"].append("archived")
    fields(vendor)["text"]["description"] = "Told in other words."
    lines = project.import_pages(page(vendor, *LIST))
    assert not [line for line in lines if line.startswith("breaking")]
    done = project.run_tests(*CLIENT_TESTS)
    assert done.returncode == 0, done.stdout[-4000:]


HOSTILE = {
    "HTML": ("<!doctype html><p>Not found", "is HTML"),
    "no block": ("# A page\n\n```python\nprint(1)\n```\n", "has 0 OpenAPI blocks"),
    "two blocks": ("```yaml\nopenapi: 3.1.1\n```\n\n```yaml\nopenapi: 3.1.1\n```\n", "has 2 OpenAPI blocks"),
    "aliases": ("openapi: 3.1.1\na: &a [x]\nb: &b [*a, *a]\nc: [*b, *b]\n", "uses YAML aliases"),
    "YAML with objects": ("openapi: 3.1.1\nx: !!python/object/apply:os.system ['false']\n", "is not valid YAML"),
    "broken JSON": ('{"openapi": "3.1.0", ', "is not valid JSON"),
    "Swagger": ("swagger: '2.0'\npaths: {}\n", "is no OpenAPI 3 document"),
    "nothing of ours": (
        "openapi: 3.1.1\npaths: {/v1/voices: {get: {responses: {}}}}\n",
        "no operation under /v1/history",
    ),
    "no paths": ("openapi: 3.1.1\n", "paths is missing"),
    "nested deeply": ('{"openapi": "3.1.0", "x": ' + "[" * 100_000, "nested too deeply"),
    "not text": ("\udcff\udcfe", "can't decode"),
    "50 MB": ("openapi: 3.1.1\n#" + "x" * 50_000_000, "larger than"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_document_is_refused_in_one_line_and_changes_nothing(project, name):
    text, reason = HOSTILE[name]
    file = project.path("source")
    file.write_bytes(text.encode(errors="surrogateescape"))
    assert_refused(project, file, reason)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"description": 'Fine. """\nimport os'}, "could leave the quotes"),
        ({"operationId": "x'); import os; ('"}, "could leave the quotes"),
        ({"responses": {"200": {"$ref": "#/components/schemas/Nowhere"}}}, "leads nowhere"),
        ({"responses": {"200": {"$ref": "https://example.com/schema.json"}}}, "leads nowhere"),
        ({"responses": {"200": {"$ref": "file:///etc/passwd"}}}, "leads nowhere"),
        ({"parameters": [{"name": "x", "in": "query"}]}, "get/parameters/0/schema is missing"),
        ({"security": "none"}, "not valid at paths"),
        ({"responses": []}, "paths//v1/history/get/responses is missing"),
    ],
)
def test_a_hostile_operation_is_refused_in_one_line_and_changes_nothing(project, vendor, change, reason):
    vendor["paths"]["/v1/history"]["get"] |= change
    document = {"openapi": "3.1.1", **vendor}
    assert_refused(project, project.write(yaml.safe_dump(document), "openapi.yml"), reason)


@pytest.mark.parametrize("source", ["missing.md", "http://127.0.0.1/openapi.json", "https://127.0.0.1:1/openapi.json"])
def test_a_source_that_is_not_there_is_refused_by_name(project, source):
    done = assert_refused(project, source, source)
    assert done.stderr.startswith(f"{source}: ")


def test_a_correction_that_is_no_path_is_named(project):
    overlay = project.path("spec/overlay.yaml")
    overlay.write_text(overlay.read_text().replace("$.paths.*.*.tags", "$.paths.[.tags"))
    assert_refused(project, None, "$.paths.[.tags is no JSONPath")


def test_a_spec_that_the_generator_refuses_changes_nothing(project, vendor):
    answer = {"description": "Odd.", "content": {"application/x-odd": {"schema": {"type": "string"}}}}
    vendor["paths"]["/v1/history/odd"] = {"get": {"operationId": "odd", "responses": {"200": answer}}}
    before = project.state()
    done = project.run(project.write(page(vendor, "/v1/history/odd", "get")))
    assert done.returncode == 1
    assert "The generator refused the new spec, see above. Nothing was changed." in done.stderr
    assert project.state() == before


def assert_refused(project, source, reason):
    before = project.state()
    done = project.run("none" if source is None else source)
    assert done.returncode == 1
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert reason in done.stderr
    assert done.stderr.endswith("Nothing was changed.\n")
    assert project.state() == before
    return done
