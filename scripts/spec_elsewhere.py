"""Notice what a document has, or lacks, beside the part of it that is imported."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from spec_facts import Document

# With this many paths beside ours a document claims to be the whole API, not a page or a selection of pages.
MANY_PATHS = 10


def notices(source: str, document: Document, part: Document, known: Document, ours: Document) -> list[str]:
    """Say what a document lacks, and what it has beside the part that is imported: operations, servers, security.

    Args:
        source: What the document is called.
        document: The document as it is published.
        part: What is imported from it.
        known: What was imported until now.
        ours: The corrected document, which has servers and security of its own.

    Returns:
        A line each. Nothing is removed or imported on their account.
    """
    lines = []
    if len(document["paths"].keys() - part["paths"].keys()) >= MANY_PATHS:
        gone = sorted(_operations(known["paths"]) - _operations(part["paths"]))
        lines += [f"other: {source} has no {method.upper()} {path}; nothing was removed" for path, method in gone]
    elsewhere = [str(path) for path in document["paths"] if "history" in str(path) and path not in part["paths"]]
    lines += [f"other: {source} has {path}, which is not imported" for path in sorted(elsewhere)]
    new = [*sorted(_servers(document) - _servers(ours)), *sorted(_schemes(document) - _schemes(ours))]
    return lines + [f"other: {source} has {each}, which openapi.yaml has not" for each in new]


def _operations(paths: Mapping[str, Document]) -> set[tuple[str, str]]:
    return {(path, method) for path, item in paths.items() for method in item}


def _servers(document: Document) -> set[str]:
    servers = document.get("servers")
    return {
        f"the server {str(server['url']).rstrip('/')}"
        for server in (servers if isinstance(servers, list) else [])
        if isinstance(server, dict) and "url" in server
    }


def _schemes(document: Document) -> set[str]:
    components = document.get("components")
    schemes = components.get("securitySchemes") if isinstance(components, dict) else None
    return {
        f"the security scheme {' '.join(str(scheme.get(word, '')) for word in ('type', 'in', 'name')).strip()}"
        for scheme in (schemes.values() if isinstance(schemes, dict) else ())
        if isinstance(scheme, dict)
    }
