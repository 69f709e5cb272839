"""What an import found becomes a changelog entry and a version."""

import pytest

RELEASED = "# Changelog\n\n## 1.2.3 - 2026-11-01\n\n- Something.\n"
UNRELEASED = "# Changelog\n\n## 0.1.0 - unreleased\n\n- Something.\n"


@pytest.fixture
def spec_release(scripts):
    return scripts["spec_release"]


@pytest.mark.parametrize(
    ("version", "line", "expected"),
    [
        ("0.1.2", "breaking: field X.y is gone", "0.2.0"),
        ("0.1.2", "added: field X.z is new", "0.1.3"),
        ("1.2.3", "breaking: field X.y is gone", "2.0.0"),
        ("1.2.3", "added: field X.z is new", "1.3.0"),
        ("1.2.3", "deprecated: GET /v1/history", "1.3.0"),
    ],
)
def test_the_next_version_follows_semantic_versioning(spec_release, version, line, expected):
    assert spec_release.next_version(version, [line]) == expected


def test_what_users_notice_begins_a_section_after_a_release(spec_release):
    lines = ["added: field X.z is new", "wording: field X.z is described anew", "other: info.contact was absent, is {}"]
    version, text = spec_release.proposal(lines, RELEASED, "1.2.3")
    assert version == "1.3.0"
    section = "## 1.3.0 - unreleased\n\n### Changed\n\n- API, added: field X.z is new.\n\n"
    assert text == RELEASED.replace("## 1.2.3", f"{section}## 1.2.3")


@pytest.mark.parametrize("older", ["", "\n## 0.0.9 - 2026-01-01\n\n- Old.\n"])
def test_it_goes_into_a_section_that_is_not_released_yet(spec_release, older):
    version, text = spec_release.proposal(["breaking: field X.y is gone"], UNRELEASED + older, "0.1.0")
    assert version == "0.1.0"
    assert text == f"{UNRELEASED}- API, breaking: field X.y is gone.\n{older}"


@pytest.mark.parametrize("line", ["wording: x", "other: x", "added: field X.z may be a (hidden by spec/overlay.yaml)"])
def test_what_nobody_notices_changes_nothing(spec_release, line):
    assert spec_release.proposal([line], RELEASED, "1.2.3") == ("1.2.3", RELEASED)
