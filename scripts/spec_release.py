"""Propose the next version and its changelog entry from the lines of an import."""

from __future__ import annotations

import re

SECTION = re.compile(r"^## (\d+\.\d+\.\d+) - (.+)$", re.MULTILINE)
NOTICED = ("breaking: ", "deprecated: ", "added: ")
HIDDEN = "(hidden by spec/overlay.yaml)"


def proposal(lines: list[str], changelog: str, version: str) -> tuple[str, str]:
    """Return the next version, and the changelog with an entry for what users notice.

    Lines go into a section that is not released yet; otherwise they begin one. Both are unchanged if nobody notices.
    """
    noticed = [line for line in lines if line.startswith(NOTICED) and not line.endswith(HIDDEN)]
    section = SECTION.search(changelog)
    if not noticed or section is None:
        return version, changelog
    entry = "".join(f"- API, {line}.\n" for line in noticed)
    if section[2] == "unreleased":
        following = SECTION.search(changelog, section.end())
        end = following.start() if following else len(changelog)
        rest = f"\n{changelog[end:]}" if following else ""
        return version, f"{changelog[:end].rstrip()}\n{entry}{rest}"
    version = next_version(version, noticed)
    start = section.start()
    return version, f"{changelog[:start]}## {version} - unreleased\n\n### Changed\n\n{entry}\n{changelog[start:]}"


def next_version(version: str, lines: list[str]) -> str:
    """Raise a version as Semantic Versioning says; before 1.0 what breaks raises the second number."""
    major, minor, patch = map(int, version.split("."))
    breaks = any(line.startswith("breaking: ") for line in lines)
    if breaks and major:
        return f"{major + 1}.0.0"
    return f"{major}.{minor + 1}.0" if breaks or major else f"{major}.{minor}.{patch + 1}"
