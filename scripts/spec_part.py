"""Take the part of a vendor's document that is ours: `/v1/history…` and the schemas it reaches.

What comes out is valid and safe to generate code from. The vendor's descriptions are not ours to publish, so a
fingerprint stands in for each: enough to notice that one has changed. A fault of the document is a ValueError that
names the place.
"""

from __future__ import annotations

import math
import re
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator
from spec_facts import NAME_MAPS, SCHEMA_REF, Document, references
from spec_forms import tidy_schemas, without_nullable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

SCHEMA_CHECK = Draft202012Validator(Draft202012Validator.META_SCHEMA)
METHODS = ("get", "put", "post", "delete", "patch")
OURS = re.compile(r"/v1/history(/[\w{}-]+)*")
# The generator uses none of these; a pattern is full of what the rules for text below forbid.
NOISE = frozenset({"callbacks", "example", "examples", "links", "pattern", "summary", "title"})
PROSE = frozenset({"description"})
# Names and values become code: nothing may close the quotes around them. Descriptions become fingerprints, but one that
# tries to close a docstring is no vendor's text.
UNSAFE_PROSE = re.compile(r"\"\"\"|'''|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
FINGERPRINT = re.compile(r"sha256:[0-9a-f]{16}")
UNSAFE_VALUE = re.compile(r"[\"'\\`\x00-\x1f\x7f]")
# The generator writes these with repr(), so an apostrophe stays inside the quotes.
WITH_APOSTROPHES = frozenset({"default", "enum"})


def our_part(document: Document) -> Document:
    """Cut out our operations and the schemas they reach, checked and in the one way that we write them."""
    components = _mapping(document.get("components", {}), "components")
    paths: Document = {}
    for path, item in _mapping(document.get("paths"), "paths").items():
        if OURS.fullmatch(str(path)):
            item = _resolved(item, "pathItems", components, f"paths/{path}")  # noqa: PLW2901 - it is the same item
            for method in METHODS:
                if method in item:
                    place = f"paths/{path}/{method}"
                    paths.setdefault(path, {})[method] = _operation(item, method, components, place)
    if not paths:
        raise ValueError("holds no operation under /v1/history.")
    schemas = reachable(paths, _mapping(components.get("schemas", {}), "components/schemas"))
    part = {
        "paths": dict(sorted(paths.items())),
        "components": {"schemas": _contract(schemas, "components/schemas", names=True)},
    }
    part = without_nullable(part)
    _check(part)
    return _without_empty_content(tidy_schemas(part))


def reachable(paths: Document, schemas: Document) -> Document:
    """Return the schemas that the paths reach, sorted by name; a reference to anything else is a ValueError."""
    found: Document = {}
    waiting = references(paths)
    while waiting:
        reference = waiting.pop()
        name = reference.removeprefix(SCHEMA_REF)
        if name in found:
            continue
        if not reference.startswith(SCHEMA_REF) or name not in schemas:
            place = _place_of("$ref", reference, {"paths": paths, "components": {"schemas": found}})
            raise ValueError(f"{place}: the reference {reference[:100]!r} leads nowhere inside components/schemas.")
        found[name] = schemas[name]
        waiting += references(schemas[name])
    return dict(sorted(found.items()))


def _operation(item: Document, method: str, components: Document, place: str) -> Document:
    operation = dict(_mapping(item[method], place))
    # Those of the operation come later, and replace those of the path that have the same name.
    parameters = {}
    for owner, whose in ((item, place.rpartition("/")[0]), (operation, place)):
        for number, published in enumerate(_list(owner.get("parameters", []), f"{whose}/parameters")):
            where = f"{whose}/parameters/{number}"
            parameter = _parameter(_resolved(published, "parameters", components, where), where)
            parameters[str(parameter.get("in")), str(parameter.get("name"))] = parameter
    answers = _mapping(operation.get("responses"), f"{place}/responses")
    operation["responses"] = {
        status: _answer(answer, components, f"{place}/responses/{status}") for status, answer in answers.items()
    }
    if "requestBody" in operation:
        operation["requestBody"] = _resolved(
            operation["requestBody"], "requestBodies", components, f"{place}/requestBody"
        )
    if isinstance(tags := operation.get("tags"), list):  # the vendor's pages put each into a list of its own
        operation["tags"] = [tag for nested in tags for tag in (nested if isinstance(nested, list) else [nested])]
    if parameters or "parameters" in operation:
        operation["parameters"] = list(parameters.values())
    return _mapping(_contract(operation, place), place)


def _answer(published: Any, components: Document, place: str) -> Document:
    """Return an answer and its headers without references."""
    answer = _resolved(published, "responses", components, place)
    if "headers" not in answer:
        return answer
    headers = _mapping(answer["headers"], f"{place}/headers")
    return answer | {
        "headers": {
            name: _resolved(header, "headers", components, f"{place}/headers/{name}")
            for name, header in headers.items()
        }
    }


def _parameter(published: Document, place: str) -> Document:
    """Return a parameter that is described itself, not in its schema."""
    schema = dict(_mapping(published.get("schema"), f"{place}/schema"))
    described = published.get("description", schema.pop("description", ""))
    schema.pop("description", None)
    return published | {"description": described, "schema": schema}


def _resolved(node: Any, section: str, components: Document, place: str) -> Document:
    """Put what a `$ref` names in its place; what stands beside it wins."""
    own = _mapping(node, place)
    if "$ref" not in own:
        return own
    reference, prefix = str(own["$ref"]), f"#/components/{section}/"
    shared = _mapping(components.get(section, {}), f"components/{section}")
    name = reference.removeprefix(prefix)
    if not reference.startswith(prefix) or name not in shared:
        raise ValueError(f"{place}: the reference {reference[:100]!r} leads nowhere inside components/{section}.")
    beside = {key: value for key, value in own.items() if key != "$ref"}
    return {**_resolved(shared[name], section, components, f"components/{section}/{name}"), **beside}


def _mapping(node: Any, place: str) -> Document:
    if not isinstance(node, dict):
        raise ValueError(f"{place} is missing or no mapping.")  # noqa: TRY004 - a fault of the document, not of the caller
    return node


def _list(node: Any, place: str) -> list[Any]:
    if not isinstance(node, list):
        raise ValueError(f"{place} is no list.")  # noqa: TRY004 - a fault of the document, not of the caller
    return node


def _contract(node: Any, place: str, key: str = "", *, names: bool = False) -> Any:
    """Return a copy without noise; `names` says that the keys are names the vendor chose, not OpenAPI's words."""
    if isinstance(node, dict):
        return {
            _safe(str(word), "", place): _contract(
                value, f"{place}/{word}", str(word), names=not names and word in NAME_MAPS
            )
            for word, value in node.items()
            if names or not (word in NOISE or str(word).startswith("x-"))
        }
    if isinstance(node, list):
        return [_contract(item, f"{place}/{number}", key) for number, item in enumerate(node)]
    if isinstance(node, str):
        return _fingerprint(_safe(node, key, place)) if key in PROSE else _safe(node, key, place)
    if isinstance(node, float) and not math.isfinite(node):
        raise ValueError(f"{place}: {node} is no number.")
    if node is None or isinstance(node, bool | int | float):
        return node
    raise ValueError(f"{place}: holds a {type(node).__name__} where text or a number belongs.")


def _safe(text: str, key: str, place: str) -> str:
    checked = text.replace("'", "") if key in WITH_APOSTROPHES else text
    if (UNSAFE_PROSE if key in PROSE else UNSAFE_VALUE).search(checked):
        raise ValueError(f"{place}: refused, it could leave the quotes in generated code: {text[:60]!r}.")
    return text


def _fingerprint(prose: str) -> str:
    if FINGERPRINT.fullmatch(prose):
        return prose
    words = " ".join(prose.split())
    return f"sha256:{sha256(words.encode()).hexdigest()[:16]}" if words else ""


def _check(part: Document) -> None:
    """Refuse a part that is not valid OpenAPI 3.1, so that nothing after this has to expect anything else."""
    # The validator of documents fails on some schemas that are not valid, and names places from the schema on.
    for place, schema in _schemas(part):
        if mistake := next(SCHEMA_CHECK.iter_errors(schema), None):
            raise _not_valid(mistake, place)
    document = {"openapi": "3.1.1", "info": {"title": "", "version": ""}, **part}
    if mistake := next(OpenAPIV31SpecValidator(document).iter_errors(), None):
        # A default that its schema does not allow comes without its place.
        raise _not_valid(mistake, "" if mistake.absolute_path else _place_of("default", mistake.instance, part))


def _not_valid(mistake: Any, place: str) -> ValueError:
    while mistake.context:  # the reasons of a reason; the one with the deepest place is nearest to the mistake
        mistake = max(mistake.context, key=lambda reason: len(reason.absolute_path))
    where = "/".join([place] * bool(place) + [str(step) for step in mistake.absolute_path])
    reason = mistake.message.partition("\n")[0].removesuffix(".")
    if len(reason) > 200:  # it quotes the node and ends with what is wrong with it
        reason = f"{reason[:80]} … {reason[-100:]}"
    return ValueError(f"not valid at {where}: {reason}." if where else f"not valid: {reason}.")


def _schemas(part: Document) -> Iterator[tuple[str, Any]]:
    """Yield every schema that is not inside another one, with its place."""
    for name, schema in part["components"]["schemas"].items():
        yield f"components/schemas/{name}", schema
    waiting = [("paths", part["paths"])]
    while waiting:
        place, node = waiting.pop()
        if isinstance(node, dict) and "schema" in node:
            yield f"{place}/schema", node["schema"]
        else:
            waiting += [(f"{place}/{key}", child) for key, child in _children(node)]


def _without_empty_content(part: Document) -> Document:
    """Drop `content: {}` of an answer, which says the same as no content."""
    for item in part["paths"].values():
        for operation in item.values():
            for answer in operation["responses"].values():
                if answer.get("content") == {}:
                    del answer["content"]
    return part


def _place_of(word: str, value: Any, node: Any, place: str = "") -> str:
    """Find the mapping in which a word has a value; empty when there is none."""
    if isinstance(node, dict) and word in node and node[word] == value:
        return place.lstrip("/")
    places = (_place_of(word, value, child, f"{place}/{key}") for key, child in _children(node))
    return next(filter(None, places), "")


def _children(node: Any) -> Iterable[tuple[Any, Any]]:
    if isinstance(node, dict):
        return node.items()
    return enumerate(node) if isinstance(node, list) else ()
