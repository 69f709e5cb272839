"""Tell what is missing before a release: `check_release.py [TAG]`. Called by `make release-check`."""

import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent
VERSION_FILE = "wrapper/elevenlabs_history/_version.py"


def missing(root: Path, tag: str | None) -> list[str]:
    """Return a line for each thing that a release needs and that is not there."""
    version = re.findall(r'__version__ = "(.+)"', (root / VERSION_FILE).read_text(encoding="utf-8"))[0]
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    changelog = (root / "CHANGELOG.md").read_text(encoding="utf-8")
    lines = []
    if tag is not None and tag != f"v{version}":
        lines.append(f"The tag is {tag}, but {VERSION_FILE} has version {version}.")
    if not re.search(rf"^## {re.escape(version)} - \d{{4}}-\d\d-\d\d$", changelog, re.MULTILINE):
        lines.append(f"CHANGELOG.md has no heading '## {version} - YYYY-MM-DD'.")
    lines += [
        f"pyproject.toml has no address of the {name.lower()} in [project.urls]."
        for name in ("Documentation", "Source", "Issues", "Changelog")
        if name not in project.get("urls", {})
    ]
    if not any("email" in author for author in project["authors"]):
        lines.append("pyproject.toml has no e-mail address of an author.")
    return lines


if __name__ == "__main__":
    found = missing(ROOT, sys.argv[1] if sys.argv[1:] else None)
    for line in found:
        print(line)
    sys.exit(1 if found else 0)
