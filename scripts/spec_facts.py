"""State what an API document promises, fact by fact, in words that two documents can be compared in."""

from __future__ import annotations

from itertools import chain
from typing import Any

from attrs import frozen

Document = dict[str, Any]

# What is under these words is keyed by names that the vendor chose.
NAME_MAPS = frozenset({"content", "headers", "parameters", "paths", "properties", "responses", "schemas"})
SCHEMA_REF = "#/components/schemas/"
# These are told in a way of their own; everything else of a schema is part of its type.
PLAIN_WORDS = frozenset(
    {
        *("allOf", "anyOf", "const", "deprecated", "description", "enum", "format", "items", "oneOf", "properties"),
        *("examples", "required", "title", "type", "$ref"),
    }
)
UPPER_LIMITS = frozenset({"maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"})
LOWER_LIMITS = frozenset({"minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"})
LIMITS = UPPER_LIMITS | LOWER_LIMITS
NUMBER_FORMATS = frozenset({"int32", "int64", "float", "double"})  # a number in Python, whatever they say

JSON_TYPES = {str: "string", bool: "boolean", int: "integer", float: "number", type(None): "null"}


@frozen
class Fact:
    """What one operation, parameter, body, answer, schema or field promises.

    Attributes:
        kind: `operation`, `parameter`, `body`, `answer`, `schema` or `field`.
        part_of: What it belongs to; nobody needs to be told of a part that came or went with the whole.
        type: Its type in words, without limits such as `maximum`.
        media: What a body or an answer may be, a type and its media type each.
        required: Whether it must be there; None where that is no question.
        sent: Callers send it; else the server does.
        values: What it may be, if that is a closed set.
        words: How it is described.
        deprecated: The vendor means to take it away.
    """

    kind: str
    part_of: str = ""
    type: str = ""
    media: tuple[str, ...] = ()
    required: bool | None = None
    sent: bool = False
    values: tuple[str, ...] = ()
    words: str = ""
    deprecated: bool = False


def schema_names(document: Document, others: dict[str, str] | None = None) -> dict[str, str]:
    """Return what each schema is called, no two alike: by its title, which names the generated model, or by its key.

    Args:
        document: The document with the schemas.
        others: Names from elsewhere, by key, which come before those of the document.
    """
    schemas = document.get("components", {}).get("schemas", {})
    names = {key: str(schema.get("title", key)) for key, schema in schemas.items()} | (others or {})
    called = list(names.values())
    return {key: name if called.count(name) == 1 else f"{name} ({key})" for key, name in names.items()}


def facts(document: Document, names: dict[str, str]) -> dict[str, Fact]:
    """Return every fact of a document by what it is about, such as `field HistoryItem.text`."""
    found: dict[str, Fact] = {}
    for path, item in document.get("paths", {}).items():
        for method, operation in item.items():
            found |= _operation_facts(f"{method.upper()} {path}", operation, names)
    sent = sent_schemas(document)
    for key, schema in document.get("components", {}).get("schemas", {}).items():
        found |= _schema_facts(names[key], schema, names, sent=key in sent)
    return found


def _schema_facts(model: str, schema: Document, names: dict[str, str], *, sent: bool) -> dict[str, Fact]:
    fields = schema.get("properties", {})
    alone = {key: value for key, value in schema.items() if key not in {"properties", "title"}}
    found = {
        f"schema {model}": Fact(
            "schema",
            type=type_words(alone, names),
            sent=sent,
            values=tuple(_values(alone)),
            words=_words(schema),
            deprecated=bool(schema.get("deprecated")),
        )
    }
    for name, value in fields.items():
        found[f"field {model}.{name}"] = Fact(
            "field",
            part_of=f"schema {model}",
            type=type_words(value, names),
            required=name in schema.get("required", []),
            sent=sent,
            values=tuple(_values(value)),
            words=_words(value),
            deprecated=bool(value.get("deprecated")),
        )
    return found


def _operation_facts(name: str, operation: Document, names: dict[str, str]) -> dict[str, Fact]:
    found = {
        name: Fact(
            "operation",
            type=f"called {operation.get('operationId')}",
            words=_words(operation),
            deprecated=bool(operation.get("deprecated")),
        )
    }
    for parameter in operation.get("parameters", []):
        schema = parameter.get("schema", {})
        found[f"{parameter_name(parameter)} of {name}"] = Fact(
            "parameter",
            part_of=name,
            type=type_words(schema, names),
            required=bool(parameter.get("required")),
            sent=True,
            values=tuple(_values(schema)),
            words=_words(parameter),
            deprecated=bool(parameter.get("deprecated") or schema.get("deprecated")),
        )
    if "requestBody" in operation:
        body = operation["requestBody"]
        found[f"body of {name}"] = Fact(
            "body",
            part_of=name,
            media=_media(body, names),
            required=bool(body.get("required")),
            sent=True,
            values=tuple(_values(body.get("content"))),
            words=_words(body),
        )
    for status, answer in operation.get("responses", {}).items():
        found[f"answer {status} of {name}"] = Fact(
            "answer",
            part_of=name,
            media=_media(answer, names),
            values=tuple(_values(answer.get("content"))),
            words=_words(answer),
        )
    return found


def parameter_name(parameter: Document) -> str:
    """Name a parameter by where it stands and what it is called."""
    return f"{parameter.get('in')} parameter {parameter.get('name')}"


def _words(node: Document) -> str:
    return str(node.get("description", ""))


def _media(node: Document, names: dict[str, str]) -> tuple[str, ...]:
    if "$ref" in node:
        return (str(node["$ref"]).rpartition("/")[2],)
    return tuple(
        f"{type_words(media.get('schema', {}), names)} as {media_type}"
        for media_type, media in node.get("content", {}).items()
    )


def type_words(schema: Any, names: dict[str, str]) -> str:
    """Say a schema's type in words; its values and its limits are told elsewhere."""
    if not isinstance(schema, dict) or not schema:
        return "anything"
    words = _base_type(schema, names)
    if "format" in schema and schema["format"] not in NUMBER_FORMATS:
        words += f" ({schema['format']})"
    if inner := schema.get("properties"):
        required = schema.get("required", [])
        parts = (f"{name}{'' if name in required else '?'}: {type_words(part, names)}" for name, part in inner.items())
        words += f" of ({'; '.join(sorted(parts))})"
    rest = {key: value for key, value in schema.items() if key not in PLAIN_WORDS | LIMITS}
    return "".join(
        [
            words,
            *(
                f", {key} {type_words(value, names) if isinstance(value, dict) else value}"
                for key, value in sorted(rest.items())
            ),
        ]
    )


def _base_type(schema: Document, names: dict[str, str]) -> str:
    if "$ref" in schema:
        key = str(schema["$ref"]).removeprefix(SCHEMA_REF)
        return names.get(key, key)
    if "title" in schema:
        return str(schema["title"])
    if "allOf" in schema:
        return " and ".join(type_words(part, names) for part in schema["allOf"])
    if branches := schema.get("anyOf", schema.get("oneOf")):
        return _alternatives([type_words(branch, names) for branch in branches])
    kinds = schema.get("type", "anything")
    kinds = kinds if isinstance(kinds, list) else [kinds]
    return _alternatives(
        [f"list of {type_words(schema.get('items'), names)}" if kind == "array" else str(kind) for kind in kinds]
    )


def _alternatives(kinds: list[str]) -> str:
    """Join types, whatever order they come in, which is no difference of the type."""
    return " or ".join(sorted(kinds, key=lambda kind: (kind == "null", kind)))


def _values(node: Any) -> list[str]:
    """Return the closed sets of a schema and of what is inside it."""
    if isinstance(node, list):
        return list(chain.from_iterable(_values(item) for item in node))
    if not isinstance(node, dict):
        return []
    enum = node.get("enum", [])
    own = [str(value) for value in enum] if isinstance(enum, list) else []
    own += [str(node["const"])] if "const" in node and not isinstance(node["const"], dict) else []
    return own + list(chain.from_iterable(_values(child) for key, child in node.items() if key != "enum"))


def sent_schemas(document: Document) -> set[str]:
    """Find the schemas that callers send, in a body or a parameter."""
    schemas = document.get("components", {}).get("schemas", {})
    waiting = [
        reference
        for item in document.get("paths", {}).values()
        for operation in item.values()
        for reference in references([operation.get("requestBody"), operation.get("parameters")])
    ]
    found: set[str] = set()
    while waiting:
        key = waiting.pop().removeprefix(SCHEMA_REF)
        if key not in found and key in schemas:
            found.add(key)
            waiting += references(schemas[key])
    return found


def open_answers(document: Document) -> Document:
    """Turn every closed set that callers do not send into its plain type, because the server may send a new value.

    Sets in parameters, bodies and the schemas that these reach stay closed.
    """
    sent = sent_schemas(document)
    components = document["components"]
    schemas = {key: schema if key in sent else _opened(schema) for key, schema in components["schemas"].items()}
    opened = {"schemas": schemas}
    if "responses" in components:
        opened["responses"] = _opened(components["responses"], names=True)
    paths = {
        path: {
            method: operation | {"responses": _opened(operation["responses"], names=True)}
            for method, operation in item.items()
        }
        for path, item in document["paths"].items()
    }
    return document | {"paths": paths, "components": components | opened}


def _opened(node: Any, *, names: bool = False) -> Any:
    if isinstance(node, list):
        return [_opened(item) for item in node]
    if not isinstance(node, dict):
        return node
    kept = {key: _opened(value, names=not names and key in NAME_MAPS) for key, value in node.items()}
    if names or not ("const" in node or isinstance(node.get("enum"), list)):
        return kept
    values = [*kept.pop("enum", []), *([kept.pop("const")] if "const" in kept else [])]
    kinds = sorted({JSON_TYPES[type(value)] for value in values if type(value) in JSON_TYPES})
    return ({"type": kinds[0] if len(kinds) == 1 else kinds} if kinds else {}) | kept


def references(node: Any) -> list[str]:
    """Return every `$ref` in a part of a document."""
    if isinstance(node, list):
        return list(chain.from_iterable(references(item) for item in node))
    if not isinstance(node, dict):
        return []
    own = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
    return own + list(chain.from_iterable(references(child) for child in node.values()))
