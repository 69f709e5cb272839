"""Write schemas that mean the same in one way, because the vendor's pages and its JSON differ in that.

OpenAPI 3.0 and 3.1 have several ways to say *or null*; JSON Schema has several for *one of these*.
"""

from __future__ import annotations

from typing import Any

from spec_facts import NAME_MAPS

VALUES = frozenset({"default", "enum", "const"})  # what stands under these is no schema
NULL = {"type": "null"}


def without_nullable(node: Any, *, names: bool = False) -> Any:
    """Say *or null* as OpenAPI 3.1 does where a document says `nullable: true` as 3.0 does.

    Args:
        node: A part of a document; it need not be valid.
        names: The keys are names that the vendor chose, not OpenAPI's words.
    """
    if isinstance(node, list):
        return [without_nullable(item) for item in node]
    if not isinstance(node, dict):
        return node
    node = {
        key: value if key in VALUES and not names else without_nullable(value, names=not names and key in NAME_MAPS)
        for key, value in node.items()
    }
    if names or not isinstance(node.get("nullable"), bool):
        return node
    nullable = node.pop("nullable")
    return _or_null(node) if nullable else node


def tidy_schemas(node: Any, *, names: bool = False) -> Any:
    """Write every nullable or mixed schema of a valid document in one way.

    Plain types become a list (`type: [string, 'null']`); enums and objects, which get a model, become an `anyOf`.
    """
    if isinstance(node, list):
        return [tidy_schemas(_as_mapping(item)) for item in node]
    if not isinstance(node, dict):
        return node
    if names:
        return {name: tidy_schemas(_as_mapping(value)) for name, value in node.items()}
    node = {
        key: value
        if key in VALUES
        else tidy_schemas(_as_mapping(value) if key in {"items", "schema"} else value, names=key in NAME_MAPS)
        for key, value in node.items()
    }
    return _tidy_types(_tidy_union(_without_wrapping(node)))


def _as_mapping(schema: Any) -> Any:
    """Write the schemas `true` and `false` as the mappings that mean the same."""
    return ({} if schema else {"not": {}}) if isinstance(schema, bool) else schema


def _or_null(schema: dict[str, Any]) -> dict[str, Any]:
    """Allow null beside what a schema allows."""
    outside = {key: schema[key] for key in ("description", "default") if key in schema}
    inside = {key: value for key, value in schema.items() if key not in outside}
    kinds = schema.get("type")
    if isinstance(kinds, str):
        return schema if kinds == "null" else schema | {"type": [kinds, "null"]}
    if isinstance(kinds, list):
        return schema if "null" in kinds else schema | {"type": [*kinds, "null"]}
    for union in ("anyOf", "oneOf"):
        if inside.keys() == {union} and isinstance(inside[union], list):
            branches = inside[union]
            return schema if NULL in branches else schema | {union: [*branches, NULL]}
    # Nothing but null is left out by an empty schema, and so by one that only describes.
    return outside | {"anyOf": [inside, NULL]} if inside else schema


def _without_wrapping(node: dict[str, Any]) -> dict[str, Any]:
    """Unwrap an `allOf` of one: it is how OpenAPI 3.0 puts words beside a `$ref`."""
    wrapped = node.get("allOf")
    if isinstance(wrapped, list) and len(wrapped) == 1 and isinstance(wrapped[0], dict):
        rest = {key: value for key, value in node.items() if key != "allOf"}
        if not rest.keys() & wrapped[0].keys():
            return rest | wrapped[0]
    return node


def _tidy_union(node: dict[str, Any]) -> dict[str, Any]:
    """Write a union as `anyOf`, null last, or as a list of types where no branch needs a name or has limits."""
    if isinstance(node.get("oneOf"), list) and "anyOf" not in node:
        node = {"anyOf" if key == "oneOf" else key: value for key, value in node.items()}
    branches = node.get("anyOf")
    if not isinstance(branches, list):
        return node
    others = [branch for branch in branches if branch != NULL]
    if len(others) < len(branches):
        branches = [*others, NULL]
    rest = {key: value for key, value in node.items() if key != "anyOf"}
    only = others[0] if len(others) == 1 and len(branches) == 2 else None
    if isinstance(only, dict) and _has_plain_type(only) and not only.keys() & rest.keys():
        return rest | only | {"type": [only["type"], "null"]}
    types = [branch.get("type") for branch in branches if _is_plain(branch)]
    if len(types) == len(branches) and len(set(types)) == len(types):
        for branch in branches:
            rest |= branch
        return rest | {"type": types}
    return node | {"anyOf": branches}


def _tidy_types(node: dict[str, Any]) -> dict[str, Any]:
    types = node.get("type")
    if isinstance(types, list) and len(types) == 1:
        return node | {"type": types[0]}
    if not isinstance(types, list) or "null" not in types:
        return node
    rest = [kind for kind in types if kind != "null"]
    if not ("enum" in node or "object" in types):
        return node | {"type": [*rest, "null"]}
    outside = {key: node[key] for key in ("description", "default") if key in node}
    inside = {key: value for key, value in node.items() if key not in outside}
    inside["type"] = rest[0] if len(rest) == 1 else rest
    if "enum" in inside:
        inside["enum"] = [value for value in inside["enum"] if value is not None]
    return outside | {"anyOf": [inside, NULL]}


def _is_plain(branch: Any) -> bool:
    """Tell whether a branch of a union is a bare type or a list."""
    return isinstance(branch, dict) and isinstance(branch.get("type"), str) and branch.keys() <= {"type", "items"}


def _has_plain_type(branch: dict[str, Any]) -> bool:
    """Tell whether a branch gets no model: it is a type with limits, such as a format."""
    return isinstance(branch.get("type"), str) and branch["type"] != "object" and not branch.keys() & {"enum", "title"}
