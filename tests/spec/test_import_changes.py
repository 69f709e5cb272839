"""An import tells every change of what the vendor publishes, also those that no caller sees."""

import json

import pytest
from vendor_pages import fields, page

LIST = ("/v1/history", "get")

pytestmark = [pytest.mark.packaging, pytest.mark.timeout(600)]


def test_every_kind_of_change_is_told_once(project, vendor):
    listing, download = vendor["paths"]["/v1/history"]["get"], vendor["paths"]["/v1/history/download"]["post"]
    listing |= {"deprecated": True, "security": [{"oauth": []}]}
    listing["parameters"][0]["deprecated"] = True
    download["responses"]["200"]["content"] = {"application/json": {"schema": {}}}
    vendor["components"]["schemas"]["DialogueInputResponseModel"]["additionalProperties"] = False
    vendor["components"]["schemas"]["Kind"] = {"type": "string", "enum": ["speech", "music"]}
    fields(vendor)["kind"] = {"$ref": "#/components/schemas/Kind"}
    fields(vendor)["date_unix"] |= {"format": "int64", "deprecated": True}
    fields(vendor, "GetSpeechHistoryResponseModel")["has_more"] = fields(vendor, "GetSpeechHistoryResponseModel").pop(
        "has_more"
    )
    pages = page(vendor, *LIST), page(vendor, "/v1/history/download", "post")
    assert sorted(project.import_pages(*pages)) == [
        "added: field HistoryItem.kind is new",
        "added: schema Kind is new",
        (
            "breaking: answer 200 of POST /v1/history/download was string (binary) as application/zip, "
            "is anything as application/json (hidden by spec/overlay.yaml)"
        ),
        "breaking: schema DialogueLine was object, is object, additionalProperties False",
        "deprecated: GET /v1/history",
        "deprecated: field HistoryItem.date_unix",
        "deprecated: query parameter page_size of GET /v1/history",
        "other: components.schemas.HistoryItem.properties.date_unix.format was absent, is int64",
        "other: order of the fields of HistoryPage",
        'other: paths./v1/history.get.security was absent, is [{"oauth": []}]',
    ]
    assert project.spec["components"]["schemas"]["Kind"] == {"type": "string"}
    assert project.import_pages(*pages) == ["no change"]
    vendor["components"]["schemas"]["Kind"]["enum"].append("sound")
    assert project.import_pages(page(vendor, *LIST)) == [
        "added: schema Kind may be sound (hidden by spec/overlay.yaml)"
    ]


def test_a_refusal_names_what_a_correction_hides_too(project, vendor):
    del fields(vendor)["share_link_id"]
    fields(vendor)["state"]["enum"].append("archived")
    done = project.run(project.write(page(vendor, *LIST)))
    assert done.returncode == 1
    assert done.stderr.splitlines()[2:] == [
        "breaking: field HistoryItem.share_link_id is gone",
        "added: field HistoryItem.state may be archived (hidden by spec/overlay.yaml)",
    ]


def test_a_whole_document_that_lacks_an_operation_says_so_and_removes_nothing(project, vendor):
    voices = {f"/v1/voices/{number}": {"get": {"responses": {}}} for number in range(20)}
    moved = {"/v2/history/download": vendor["paths"].pop("/v1/history/download")}
    document = {"openapi": "3.1.0", **vendor, "paths": vendor["paths"] | moved | voices}
    before = project.state()
    source = project.write(json.dumps(document), "openapi.json")
    assert project.run(source).stdout.splitlines() == [
        f"other: {source} has no POST /v1/history/download; nothing was removed",
        f"other: {source} has /v2/history/download, which is not imported",
    ]
    assert project.state() == before


def test_a_change_is_proposed_for_the_changelog_and_written_on_request(project, vendor):
    fields = vendor["components"]["schemas"]["SpeechHistoryItemResponseModel"]["properties"]
    fields["language"] = {"type": ["string", "null"]}
    source = project.write(page(vendor, "/v1/history", "get"))
    before = project.path("CHANGELOG.md").read_text()
    done = project.run(source)
    entry = "- API, added: field HistoryItem.language is new."
    assert done.stderr.splitlines() == ["Proposed for CHANGELOG.md, version 0.1.0 (--write writes it):", entry]
    assert project.path("CHANGELOG.md").read_text() == before
    fields["mood"] = {"type": ["string", "null"]}
    done = project.run(project.write(page(vendor, "/v1/history", "get")), "--write")
    assert done.stderr == "Wrote the changelog entry of version 0.1.0.\n"
    entry = "- API, added: field HistoryItem.mood is new.\n"
    assert project.path("CHANGELOG.md").read_text() == before.rstrip() + f"\n{entry}"
