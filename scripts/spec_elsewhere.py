"""Notice what a document has, or lacks, beside the part of it that is imported."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from spec_facts import Document

# With this many paths beside ours a document claims to be the whole API, not a page or a selection of pages.
MANY_PATHS = 10


def notices(source: str, document: Document, part: Document, known: Document) -> list[str]:
    """Say which operations a document should have and lacks, and which may be ours and are not imported.

    Args:
        source: What the document is called.
        document: The document as it is published.
        part: What is imported from it.
        known: What was imported until now.

    Returns:
        A line each. Nothing is removed or imported on their account.
    """
    lines = []
    if len(document["paths"].keys() - part["paths"].keys()) >= MANY_PATHS:
        gone = sorted(_operations(known["paths"]) - _operations(part["paths"]))
        lines += [f"other: {source} has no {method.upper()} {path}; nothing was removed" for path, method in gone]
    elsewhere = [str(path) for path in document["paths"] if "history" in str(path) and path not in part["paths"]]
    return lines + [f"other: {source} has {path}, which is not imported" for path in sorted(elsewhere)]


def _operations(paths: Mapping[str, Document]) -> set[tuple[str, str]]:
    return {(path, method) for path, item in paths.items() for method in item}
