"""Read what the vendor publishes and take from it the part that is ours: `/v1/history…` and the schemas it reaches.

What comes out is safe to generate code from. The vendor's descriptions are not ours to publish, so a fingerprint stands
in for each: enough to notice that one has changed. Every refusal is one line that begins with the name of the source.
"""

from __future__ import annotations

import json
import re
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import yaml
from spec_changes import SCHEMA_REF, Document, references

SIZE_LIMIT = 20_000_000  # bytes; the vendor's whole document has about a tenth
METHODS = ("get", "put", "post", "delete", "patch")
OURS = re.compile(r"/v1/history(/[\w{}-]+)*")
BLOCK = re.compile(r"^```(?:yaml|yml|json)[ \t]*\n(.*?)^```[ \t]*$", re.MULTILINE | re.DOTALL)
OPENAPI = re.compile(r"^\s*[{]?\s*['\"]?openapi['\"]?\s*:", re.MULTILINE)
NAME_MAPS = frozenset({"properties", "responses", "content", "schemas"})
NOISE = frozenset({"example", "examples", "summary", "title"})
PROSE = frozenset({"description"})
# Names and values become code: nothing may close the quotes around them. Descriptions become fingerprints, but one that
# tries to close a docstring is no vendor's text.
UNSAFE_PROSE = re.compile(r"\"\"\"|'''|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
FINGERPRINT = re.compile(r"sha256:[0-9a-f]{16}")
UNSAFE_VALUE = re.compile(r"[\"'\\`\x00-\x1f\x7f]")


class SourceRefusedError(Exception):
    """A document that can't be imported: which one and why, in one line."""


class _NoAliases(yaml.SafeLoader):
    """A few lines of YAML aliases unfold to gigabytes, and no published page has any."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("it uses YAML aliases")
        return super().compose_node(parent, index)


def read_source(source: str) -> Document:
    """Read one vendor document and take our part of it.

    Args:
        source: A file or an https address: a Markdown page with one OpenAPI block, YAML, or JSON.

    Returns:
        `paths` with our operations and `components.schemas` with what they reach, without titles and examples.

    Raises:
        SourceRefusedError: It can't be read, isn't one OpenAPI document, holds nothing of ours, or isn't safe.
    """
    try:
        return _our_part(_parse(_fetch(source)))
    except RecursionError:
        raise SourceRefusedError(f"{source}: nested too deeply.") from None
    except ValueError as error:
        raise SourceRefusedError(f"{source}: {error}") from None


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
            raise ValueError(f"the reference {reference[:100]!r} leads nowhere inside components/schemas.")
        found[name] = schemas[name]
        waiting += references(schemas[name])
    return dict(sorted(found.items()))


def tidy_schemas(node: Any) -> Any:
    """Write every nullable or mixed schema in one way, because the vendor's pages and its JSON differ in that.

    Plain types become a list (`type: [string, 'null']`); enums and objects, which get a model, become an `anyOf`.
    """
    if isinstance(node, list):
        return [tidy_schemas(item) for item in node]
    if not isinstance(node, dict):
        return node
    node = {key: tidy_schemas(value) for key, value in node.items()}
    branches = node.get("anyOf", node.get("oneOf"))
    if isinstance(branches, list) and all(_is_plain(branch) for branch in branches):
        joined = {key: value for key, value in node.items() if key not in {"anyOf", "oneOf"}}
        for branch in branches:
            joined |= branch
        return joined | {"type": [branch["type"] for branch in branches]}
    types = node.get("type")
    if isinstance(types, list) and "null" in types and ("enum" in node or "object" in types):
        outside = {key: node[key] for key in ("description", "default") if key in node}
        rest = [kind for kind in types if kind != "null"]
        inside = {key: value for key, value in node.items() if key not in outside}
        inside["type"] = rest[0] if len(rest) == 1 else rest
        if "enum" in inside:
            inside["enum"] = [value for value in inside["enum"] if value is not None]
        return outside | {"anyOf": [inside, {"type": "null"}]}
    return node


def _fetch(source: str) -> str:
    if source.startswith("http://"):
        raise ValueError("only https addresses are fetched.")
    if not source.startswith("https://"):
        path = Path(source)
        try:
            if path.stat().st_size > SIZE_LIMIT:
                raise ValueError(f"larger than {SIZE_LIMIT} bytes.")
            return path.read_bytes().decode()
        except OSError as error:
            raise ValueError(f"{error.strerror or error}.") from None
    body = bytearray()
    try:
        with httpx.stream("GET", source, timeout=30) as response:
            if response.status_code != httpx.codes.OK:
                raise ValueError(f"the server answered {response.status_code}.")
            for chunk in response.iter_bytes():
                body += chunk
                if len(body) > SIZE_LIMIT:
                    raise ValueError(f"larger than {SIZE_LIMIT} bytes.")
    except httpx.HTTPError as error:
        raise ValueError(f"could not be fetched ({type(error).__name__}).") from None
    return body.decode()


def _parse(text: str) -> Document:
    if text.lstrip().startswith("<"):
        raise ValueError("is HTML, not a Markdown page, YAML or JSON.")
    if not text.lstrip().startswith("{") and re.search(r"^```", text, re.MULTILINE):
        blocks = [block for block in BLOCK.findall(text) if OPENAPI.search(block)]
        if len(blocks) != 1:
            raise ValueError(f"has {len(blocks)} OpenAPI blocks where exactly one is needed.")
        text = blocks[0]
    try:
        document = json.loads(text) if text.lstrip().startswith("{") else yaml.load(text, _NoAliases)  # noqa: S506 - it is a SafeLoader
    except yaml.YAMLError as error:
        raise ValueError(f"is not valid YAML: {' '.join(str(error).split())[:150]}.") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"is not valid JSON: {error}.") from None
    if not isinstance(document, dict) or not str(document.get("openapi", "")).startswith("3."):
        raise ValueError("is no OpenAPI 3 document.")
    return document


def _our_part(document: Document) -> Document:
    paths: Document = {}
    for path, published in _mapping(document.get("paths"), "paths").items():
        if not OURS.fullmatch(str(path)):
            continue
        item = _mapping(published, path)
        common = item.get("parameters", [])
        for method in METHODS:
            if method in item:
                operation = dict(_mapping(item[method], f"{method} {path}"))
                _mapping(operation.get("responses"), f"the responses of {method} {path}")
                if common or "parameters" in operation:
                    operation["parameters"] = [*common, *operation.get("parameters", [])]
                operation = _contract(operation)
                for parameter in operation.get("parameters", []):
                    schema = _mapping(_mapping(parameter, "a parameter").get("schema"), "the schema of a parameter")
                    parameter.setdefault("description", schema.pop("description", ""))
                    schema.pop("description", None)
                paths.setdefault(path, {})[method] = operation
    if not paths:
        raise ValueError("holds no operation under /v1/history.")
    components = _mapping(document.get("components", {}), "components")
    schemas = reachable(paths, _mapping(components.get("schemas", {}), "components/schemas"))
    return {
        "paths": tidy_schemas(dict(sorted(paths.items()))),
        "components": {"schemas": tidy_schemas(_contract(schemas, names=True))},
    }


def _mapping(node: Any, what: str) -> Document:
    if not isinstance(node, dict):
        raise ValueError(f"{what} is missing or no mapping.")  # noqa: TRY004 - a fault of the document, not of the caller
    return node


def _contract(node: Any, key: str = "", *, names: bool = False) -> Any:
    """Return a copy without noise; `names` says that the keys are names the vendor chose, not OpenAPI's words."""
    if isinstance(node, dict):
        return {
            _safe(str(word), ""): _contract(value, str(word), names=not names and word in NAME_MAPS)
            for word, value in node.items()
            if names or not (word in NOISE or str(word).startswith("x-"))
        }
    if isinstance(node, list):
        return [_contract(item, key) for item in node]
    if isinstance(node, str):
        return _fingerprint(_safe(node, key)) if key in PROSE else _safe(node, key)
    if node is None or isinstance(node, bool | int | float):
        return node
    raise ValueError(f"holds a {type(node).__name__} where text or a number belongs.")


def _safe(text: str, key: str) -> str:
    if (UNSAFE_PROSE if key in PROSE else UNSAFE_VALUE).search(text):
        raise ValueError(f"refused, it could leave the quotes in generated code: {text[:60]!r}.")
    return text


def _fingerprint(prose: str) -> str:
    if FINGERPRINT.fullmatch(prose):
        return prose
    words = " ".join(prose.split())
    return f"sha256:{sha256(words.encode()).hexdigest()[:16]}" if words else ""


def _is_plain(branch: Any) -> bool:
    """Tell whether a branch of a union is a bare type or a list."""
    return isinstance(branch, dict) and isinstance(branch.get("type"), str) and branch.keys() <= {"type", "items"}
