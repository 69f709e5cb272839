"""Compare the public Python API with that of a git ref and print what would break programs.

    python scripts/check_breaking.py v1.0

Exit codes: 0 nothing breaks, 1 something does, 2 the ref can't be read.
"""

from __future__ import annotations

import os
import sys

import colorama
from api_types import type_changes
from generate import ROOT
from griffe import ExplanationStyle, find_breaking_changes, load, load_git

PACKAGES = {
    "elevenlabs_history": "wrapper",
    "elevenlabs_history_backup": "backup",
    "elevenlabs_history_api": "generated",
}


def breaking_changes(package: str, folder: str, ref: str) -> list[str]:
    """List what would break programs that use a package as it was at a git ref, a line each.

    Raises:
        RuntimeError: Git has no such ref.
        ImportError: The package was not there at that ref.
    """
    old = load_git(package, ref=ref, repo=ROOT, search_paths=[folder], resolve_aliases=True)
    new = load(package, search_paths=[ROOT / folder], resolve_aliases=True)
    found = [change.explain(style=ExplanationStyle.ONE_LINE) for change in find_breaking_changes(old, new)]
    return found + list(type_changes(old, new))


def main() -> int:
    """Run as the module docstring says and return the exit code."""
    ref = sys.argv[1] if len(sys.argv) > 1 else ""
    if not ref:
        print("Say which git ref to compare with: make check-breaking BASE=v1.0", file=sys.stderr)
        return 2
    colorama.init()  # griffe always writes colours; this keeps them to terminals
    os.chdir(ROOT)
    try:
        found = [line for package, folder in PACKAGES.items() for line in breaking_changes(package, folder, ref)]
    except (RuntimeError, ImportError) as error:
        print(f"{ref} can't be compared with: {str(error).splitlines()[-1]}", file=sys.stderr)
        return 2
    print("\n".join(found) or f"nothing breaks since {ref}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
