"""Name the schemas of a document as the generated models are named.

The vendor's names are long and change with its framework. Our generator takes a schema's title, others take its key.
"""

from __future__ import annotations

from typing import Any

from spec_facts import SCHEMA_REF, Document, schema_names


def named_by_title(document: Document) -> Document:
    """Return the document with each schema under its title, and references that lead there."""
    names = schema_names(document)
    components = document["components"]
    schemas = {names[key]: schema for key, schema in components["schemas"].items()}
    return dict(renamed({**document, "components": {**components, "schemas": schemas}}, names))


def renamed(node: Any, names: dict[str, str]) -> Any:
    """Return a part of a document with references to schemas under these names."""
    if isinstance(node, list):
        return [renamed(item, names) for item in node]
    if not isinstance(node, dict):
        return node
    copied = {key: renamed(value, names) for key, value in node.items()}
    reference = copied.get("$ref")
    if isinstance(reference, str) and reference.removeprefix(SCHEMA_REF) in names:
        copied["$ref"] = SCHEMA_REF + names[reference.removeprefix(SCHEMA_REF)]
    return copied
