"""What is missing before a release is named, a line each."""

import shutil

import pytest
from vendor_pages import ROOT

FILES = ("wrapper/elevenlabs_history/_version.py", "pyproject.toml", "CHANGELOG.md")
URLS = "".join(
    f'{name} = "https://example.org/{name}"\n' for name in ("Documentation", "Source", "Issues", "Changelog")
)


@pytest.fixture
def project(scripts, tmp_path):
    """A copy in which nothing is missing, and the function that looks at it."""
    for name in FILES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    replace(tmp_path / FILES[0], '__version__ = "0.1.0"', '__version__ = "1.2.3"')
    replace(tmp_path / FILES[1], 'authors"', 'authors", email = "mail@example.org"')
    replace(tmp_path / FILES[1], "[project.scripts]", f"[project.urls]\n{URLS}[project.scripts]")
    replace(tmp_path / FILES[2], "## 0.1.0 - unreleased", "## 1.2.3 - 2026-12-01")
    return tmp_path, scripts["check_release"].missing


def replace(path, before, after):
    text = path.read_text(encoding="utf-8")
    assert before in text
    path.write_text(text.replace(before, after), encoding="utf-8")


@pytest.mark.parametrize("tag", ["v1.2.3", None])
def test_nothing_is_missing(project, tag):
    root, missing = project
    assert missing(root, tag) == []


@pytest.mark.parametrize(
    ("name", "before", "after", "line"),
    [
        (
            FILES[0],
            "1.2.3",
            "1.2.4",
            "The tag is v1.2.3, but wrapper/elevenlabs_history/_version.py has version 1.2.4.",
        ),
        (FILES[2], "2026-12-01", "unreleased", "CHANGELOG.md has no heading '## 1.2.3 - YYYY-MM-DD'."),
        (FILES[1], "Issues =", "Bugs =", "pyproject.toml has no address of the issues in [project.urls]."),
        (FILES[1], "email =", "url =", "pyproject.toml has no e-mail address of an author."),
    ],
)
def test_what_is_missing_is_named(project, name, before, after, line):
    root, missing = project
    replace(root / name, before, after)
    assert line in missing(root, "v1.2.3")
