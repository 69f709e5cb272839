"""Say in words what differs between two API documents, and whether it breaks callers."""

from __future__ import annotations

from itertools import chain
from typing import Any

from attrs import evolve, frozen

Document = dict[str, Any]

SCHEMA_REF = "#/components/schemas/"
PLAIN_WORDS = frozenset({"anyOf", "description", "enum", "format", "items", "oneOf", "properties", "required", "title"})


@frozen
class Fact:
    """What one operation, parameter, body, answer, schema or field promises.

    Attributes:
        part_of: What it belongs to; nobody needs to be told of a part that came or went with the whole.
        kind: `operation`, `parameter`, `body`, `answer`, `schema` or `field`.
        type: Its type in words.
        required: Whether it must be there; None where that is no question.
        sent: Callers send it; else the server does.
        values: What it may be, if that is a closed set.
        words: How it is described.
    """

    kind: str
    part_of: str = ""
    type: str = ""
    required: bool | None = None
    sent: bool = False
    values: tuple[str, ...] = ()
    words: str = ""


def changes(before: Document, after: Document) -> list[str]:
    """List what changed, a line each that begins with *breaking*, *added* or *wording*; empty when nothing did."""
    names, new_names = schema_names(before), schema_names(after)
    renamed = _renamed_schemas(before, after)
    lines = [
        f"wording: schema {names[old]} is {new} in the vendor's documents now"
        if names[old] == new_names[new]
        else f"breaking: schema {names[old]} is called {new_names[new]} now"
        for new, old in renamed.items()
    ]
    new_names |= {new: names[old] for new, old in renamed.items()}
    return lines + _changes(_facts(before, names), _facts(after, new_names))


def hidden_changes(before: Document, after: Document, corrected: Document) -> list[str]:
    """List what the vendor changed in fields and parameters that our corrections replace, so that callers don't see it.

    Args:
        before: What the vendor published until now.
        after: What the vendor publishes now.
        corrected: The same with the corrections.

    Returns:
        Lines as `changes` gives them; those that callers see too are among them.
    """
    names = schema_names(corrected)
    ours = _facts(corrected, names)
    old, new = (_facts(document, schema_names(document) | names) for document in (before, after))
    lines = []
    for name in sorted(old.keys() & new.keys() & ours.keys()):
        was, now = old[name], new[name]
        if now.kind not in {"field", "parameter"}:
            was, now = (evolve(fact, type="", required=None) for fact in (was, now))
        lines += _differences(name, was, now)
    return lines


def undescribed(vendor: Document, corrected: Document) -> list[str]:
    """Name what the vendor describes and the corrected document does not."""
    names = schema_names(corrected)
    published, ours = _facts(vendor, schema_names(vendor) | names), _facts(corrected, names)
    return [
        name
        for name in sorted(published.keys() & ours.keys())
        if published[name].words and not ours[name].words and ours[name].kind != "answer"
    ]


def schema_names(document: Document) -> dict[str, str]:
    """Return what each schema is called: by its title, which names the generated model, or by its key."""
    schemas = document.get("components", {}).get("schemas", {})
    return {key: str(schema.get("title", key)) for key, schema in schemas.items()}


def _renamed_schemas(before: Document, after: Document) -> dict[str, str]:
    """Find the schemas that came under a new name with the fields of one that went: new key → old key."""
    old, new = (document.get("components", {}).get("schemas", {}) for document in (before, after))
    gone, came = (
        {key: schema for key, schema in one.items() if key not in other} for one, other in [(old, new), (new, old)]
    )
    pairs = {}
    for key, schema in came.items():
        fields = schema.get("properties", {}).keys()
        same = [name for name, other in gone.items() if fields and other.get("properties", {}).keys() == fields]
        if len(same) == 1:
            pairs[key] = same[0]
    return pairs


def _changes(old: dict[str, Fact], new: dict[str, Fact]) -> list[str]:
    lines: list[str] = []
    for name in sorted(old.keys() | new.keys()):
        if name not in new:
            if not old[name].part_of or old[name].part_of in new:
                lines.append(f"breaking: {name} is gone")
        elif name not in old:
            if not new[name].part_of or new[name].part_of in old:
                must_be_sent = new[name].sent and new[name].required
                lines.append(f"breaking: {name} is new and required" if must_be_sent else f"added: {name} is new")
        else:
            lines += _differences(name, old[name], new[name])
    return lines


def _differences(name: str, old: Fact, new: Fact) -> list[str]:
    lines = []
    if old.type != new.type:
        lines.append(f"breaking: {name} was {old.type or 'nothing'}, is {new.type or 'nothing'}")
    if old.required != new.required:
        # What callers may leave out now, or always get now, takes nothing away from them.
        mark = "added" if new.sent != new.required else "breaking"
        lines.append(f"{mark}: {name} is {'required' if new.required else 'optional'} now")
    lines += [f"added: {name} may be {value}" for value in new.values if value not in old.values]
    lines += [f"breaking: {name} may no longer be {value}" for value in old.values if value not in new.values]
    return lines + ([f"wording: {name} is described anew"] if old.words != new.words else [])


def _facts(document: Document, names: dict[str, str]) -> dict[str, Fact]:
    facts: dict[str, Fact] = {}
    for path, item in document.get("paths", {}).items():
        for method, operation in item.items():
            facts |= _operation_facts(f"{method.upper()} {path}", operation, names)
    schemas = document.get("components", {}).get("schemas", {})
    sent = _sent_schemas(document)
    for key, schema in schemas.items():
        model = names[key]
        facts[f"schema {model}"] = Fact("schema", words=_words(schema))
        for name, value in schema.get("properties", {}).items():
            facts[f"field {model}.{name}"] = Fact(
                "field",
                part_of=f"schema {model}",
                type=_type(value, names),
                required=name in schema.get("required", []),
                sent=key in sent,
                values=tuple(_values(value)),
                words=_words(value),
            )
    return facts


def _operation_facts(name: str, operation: Document, names: dict[str, str]) -> dict[str, Fact]:
    facts = {name: Fact("operation", type=f"called {operation.get('operationId')}", words=_words(operation))}
    for parameter in operation.get("parameters", []):
        schema = parameter.get("schema", {})
        facts[f"{parameter.get('in')} parameter {parameter.get('name')} of {name}"] = Fact(
            "parameter",
            part_of=name,
            type=_type(schema, names),
            required=bool(parameter.get("required")),
            sent=True,
            values=tuple(_values(schema)),
            words=_words(parameter),
        )
    if "requestBody" in operation:
        body = operation["requestBody"]
        facts[f"body of {name}"] = Fact(
            "body", part_of=name, type=_content(body, names), required=bool(body.get("required")), sent=True
        )
    for status, answer in operation.get("responses", {}).items():
        facts[f"answer {status} of {name}"] = Fact(
            "answer", part_of=name, type=_content(answer, names), words=_words(answer)
        )
    return facts


def _words(node: Document) -> str:
    return str(node.get("description", ""))


def _content(node: Document, names: dict[str, str]) -> str:
    if "$ref" in node:
        return str(node["$ref"]).rpartition("/")[2]
    return " or ".join(
        f"{_type(media.get('schema', {}), names)} as {media_type}"
        for media_type, media in node.get("content", {}).items()
    )


def _type(schema: Any, names: dict[str, str]) -> str:
    """Say a schema's type in words, with every limit it has; its values are told elsewhere."""
    if not isinstance(schema, dict) or not schema:
        return "anything"
    if "$ref" in schema:
        key = str(schema["$ref"]).removeprefix(SCHEMA_REF)
        words = names.get(key, key)
    elif "title" in schema:
        words = str(schema["title"])
    elif branches := schema.get("anyOf", schema.get("oneOf")):
        words = " or ".join(_type(branch, names) for branch in branches)
    else:
        kinds = schema.get("type", "anything")
        kinds = kinds if isinstance(kinds, list) else [kinds]
        words = " or ".join(
            f"list of {_type(schema.get('items'), names)}" if kind == "array" else kind for kind in kinds
        )
    if "format" in schema:
        words += f" ({schema['format']})"
    if inner := schema.get("properties"):
        required = schema.get("required", [])
        parts = (f"{name}{'' if name in required else '?'}: {_type(part, names)}" for name, part in inner.items())
        words += f" of ({'; '.join(parts)})"
    limits = {key: value for key, value in schema.items() if key not in PLAIN_WORDS | {"type", "$ref"}}
    return "".join([words, *(f", {key} {value}" for key, value in sorted(limits.items()))])


def _values(node: Any) -> list[str]:
    if isinstance(node, list):
        return list(chain.from_iterable(_values(item) for item in node))
    if not isinstance(node, dict):
        return []
    own = [str(value) for value in node.get("enum", [])]
    return own + list(chain.from_iterable(_values(child) for key, child in node.items() if key != "enum"))


def _sent_schemas(document: Document) -> set[str]:
    """Find the schemas that callers send."""
    schemas = document.get("components", {}).get("schemas", {})
    waiting = [
        reference
        for item in document.get("paths", {}).values()
        for operation in item.values()
        for reference in references(operation.get("requestBody"))
    ]
    found: set[str] = set()
    while waiting:
        key = waiting.pop().removeprefix(SCHEMA_REF)
        if key not in found and key in schemas:
            found.add(key)
            waiting += references(schemas[key])
    return found


def references(node: Any) -> list[str]:
    """Return every `$ref` in a part of a document."""
    if isinstance(node, list):
        return list(chain.from_iterable(references(item) for item in node))
    if not isinstance(node, dict):
        return []
    own = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
    return own + list(chain.from_iterable(references(child) for child in node.values()))
