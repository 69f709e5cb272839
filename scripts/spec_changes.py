"""Say in words what differs between two API documents, and whether it breaks callers.

What a document promises is compared fact by fact first, because that can be said in the words of the API; then
everything else by its path, so that no change passes unseen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from spec_diff import ABSENT, Difference, comparable, differences
from spec_facts import (
    LIMITS,
    NUMBER_FORMATS,
    UPPER_LIMITS,
    Document,
    Fact,
    facts,
    schema_names,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

# Pages and the large document say these in two ways, and corrections replace both, whatever they are.
UNCOMPARED_PARAMETER = "xi-api-key"
UNCOMPARED_KEY = "tags"


def changes(before: Document, after: Document) -> list[str]:
    """List what changed between two corrected documents; empty when nothing did.

    Returns:
        A line each that begins with *breaking*, *deprecated*, *added*, *wording* or *other*.
    """
    names, new_names = schema_names(before), schema_names(after)
    renamed = _renamed_schemas(before, after)
    lines = [
        f"breaking: schema {names[old]} is called {new_names[new]} now"
        for new, old in renamed.items()
        if names[old] != new_names[new]
    ]
    # The name may be taken: what then differs is told of two schemas.
    new_names |= {new: names[old] for new, old in renamed.items() if names[old] not in new_names.values()}
    return lines + _changes(before, after, names, new_names)


def vendor_changes(before: Document, after: Document, corrected: Document) -> list[str]:
    """List what the vendor changed, whether callers see it or a correction of ours hides it from them.

    Args:
        before: What the vendor published until now.
        after: What the vendor publishes now.
        corrected: The same with the corrections; its names are used.

    Returns:
        Lines as `changes` gives them.
    """
    ours = schema_names(corrected)
    new_names = _names(after, ours)
    renamed = _renamed_schemas(before, after)
    names = _names(before, ours | {old: new_names[new] for new, old in renamed.items()})
    lines = [
        f"wording: schema {new_names[new]} is {new} in the vendor's documents now"
        for new in renamed
        if new_names[new] != new
    ]
    return lines + _changes(_compared(before), _compared(after), names, new_names)


def undescribed(vendor: Document, corrected: Document) -> list[str]:
    """Name what the vendor describes and the corrected document does not."""
    names = schema_names(corrected)
    published, ours = facts(vendor, _names(vendor, names)), facts(corrected, names)
    return [
        name
        for name in sorted(published.keys() & ours.keys())
        if published[name].words and not ours[name].words and ours[name].kind not in {"answer", "body"}
    ]


def _names(document: Document, ours: dict[str, str]) -> dict[str, str]:
    """Name the vendor's schemas as we do."""
    schemas = document["components"]["schemas"]
    return schema_names(document, {key: name for key, name in ours.items() if key in schemas})


def _compared(vendor: Document) -> Document:
    paths = {
        path: {method: _compared_operation(operation) for method, operation in item.items()}
        for path, item in vendor["paths"].items()
    }
    return vendor | {"paths": paths}


def _compared_operation(operation: Document) -> Document:
    kept = {key: value for key, value in operation.items() if key != UNCOMPARED_KEY}
    others = [other for other in operation.get("parameters", []) if other.get("name") != UNCOMPARED_PARAMETER]
    return kept | {"parameters": others}


def _renamed_schemas(before: Document, after: Document) -> dict[str, str]:
    """Find the schemas that came under a new name with the fields of one that went: new key → old key."""
    old, new = (document.get("components", {}).get("schemas", {}) for document in (before, after))
    gone, came = (
        {key: schema for key, schema in one.items() if key not in other} for one, other in [(old, new), (new, old)]
    )
    pairs: dict[str, str] = {}
    for key, schema in came.items():
        fields = schema.get("properties", {}).keys()
        same = [name for name, other in gone.items() if fields and other.get("properties", {}).keys() == fields]
        if len(same) == 1 and same[0] not in pairs.values():
            pairs[key] = same[0]
    return pairs


def _changes(before: Document, after: Document, names: dict[str, str], new_names: dict[str, str]) -> list[str]:
    old, new = facts(before, names), facts(after, new_names)
    lines: list[str] = []
    for name in sorted(old.keys() | new.keys()):
        if name not in new:
            if not old[name].part_of or old[name].part_of in new:
                lines.append(f"breaking: {name} is gone")
        elif name not in old:
            if not new[name].part_of or new[name].part_of in old:
                must_be_sent = new[name].sent and new[name].required
                lines.append(f"breaking: {name} is new and required" if must_be_sent else f"added: {name} is new")
            lines += [f"deprecated: {name}"] if new[name].deprecated else []
        else:
            lines += _fact_changes(name, old[name], new[name])
    return lines + [
        _difference_line(difference, old, new)
        for difference in differences(comparable(before, names), comparable(after, new_names))
        if not _is_told(difference, old, new)
    ]


def _fact_changes(name: str, old: Fact, new: Fact) -> list[str]:
    lines = []
    if old.type != new.type:
        lines.append(f"breaking: {name} was {old.type or 'nothing'}, is {new.type or 'nothing'}")
    lines += _media_changes(name, old, new)
    if old.required != new.required:
        # What callers may leave out now, or always get now, takes nothing away from them.
        mark = "added" if new.sent != new.required else "breaking"
        lines.append(f"{mark}: {name} is {'required' if new.required else 'optional'} now")
    lines += _value_changes(name, old, new)
    if old.deprecated != new.deprecated:
        lines.append(f"deprecated: {name}" if new.deprecated else f"added: {name} is no longer deprecated")
    return lines + ([f"wording: {name} is described anew"] if old.words != new.words else [])


def _media_changes(name: str, old: Fact, new: Fact) -> list[str]:
    gone = set(old.media) - set(new.media)
    came = [media for media in new.media if media not in old.media]
    if gone or (came and not old.media):
        was, now = (" or ".join(fact.media) or "nothing" for fact in (old, new))
        return [f"breaking: {name} was {was}, is {now}"]
    return [f"added: {name} may be {media}" for media in came]


def _value_changes(name: str, old: Fact, new: Fact) -> list[str]:
    """Tell which values came and went; a set that opens, or of what callers send closes, is told as a whole."""
    if old.values and not new.values:
        # The model of a set that callers send goes from the client; that of an answer never was there.
        return [f"{'breaking' if new.sent else 'added'}: {name} may be more than {', '.join(old.values)} now"]
    if new.sent and new.values and not old.values:
        return [f"breaking: {name} may only be {', '.join(new.values)} now"]
    came = [f"added: {name} may be {value}" for value in new.values if value not in old.values]
    return came + [f"breaking: {name} may no longer be {value}" for value in old.values if value not in new.values]


def _difference_line(difference: Difference, old: dict[str, Fact], new: dict[str, Fact]) -> str:
    if difference.path[-1] == "description" and not isinstance(difference.new, dict):
        return f"wording: {'.'.join(difference.path[:-1]) or 'the document'} is described anew"
    name, _ = _fact_at(difference)
    fact = new.get(name) or old.get(name)
    mark = _limit_mark(difference) if fact and fact.sent and difference.path[-1] in LIMITS else "other"
    return f"{mark}: {difference}"


def _limit_mark(difference: Difference) -> str:
    """Tell whether a limit of what callers send leaves them less than they had."""
    was, now = (_number(value) for value in (difference.old, difference.new))
    if now is None:
        return "added"
    if was is None:
        return "breaking"
    return "added" if (now > was) == (difference.path[-1] in UPPER_LIMITS) else "breaking"


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def _is_told(difference: Difference, old: dict[str, Fact], new: dict[str, Fact]) -> bool:
    """Tell whether a line about a fact has said this already."""
    if difference.path[0] == "paths" and len(difference.path) == 2:
        return any(name.endswith(f" {difference.path[1]}") for name in old | new)
    name, aspect = _fact_at(difference)
    if name not in old or name not in new:
        return name in old or name in new
    if difference.kind == "order" or not aspect:
        return False
    told = set(old[name].values) ^ set(new[name].values)
    if aspect == "values":
        return {str(value) for value in (difference.old, difference.new) if value != ABSENT} <= told
    # A set that closes turns `type: [string, 'null']` into an `anyOf`.
    closed = bool(told) and difference.word in {"type", "anyOf"}
    return closed or bool(getattr(old[name], aspect) != getattr(new[name], aspect))


def _fact_at(difference: Difference) -> tuple[str, str]:
    """Return the fact that a difference belongs to, and which of its attributes; empty where it belongs to none."""
    match difference.path:
        case ("paths", path, method, *rest):
            return _place_in_operation(f"{method.upper()} {path}", rest, difference)
        case ("components", "schemas", model, "properties", field, *rest):
            return f"field {model}.{field}", _place_in_schema(rest, difference)
        case ("components", "schemas", model, "required", field):
            return f"field {model}.{field}", "required"
        case ("components", "schemas", model, *rest):
            return f"schema {model}", _place_in_schema(rest, difference)
    return "", ""


def _place_in_operation(operation: str, rest: Sequence[str], difference: Difference) -> tuple[str, str]:
    match rest:
        case ["parameters", name, "schema", *inner]:
            return f"{name} of {operation}", _place_in_schema(inner, difference)
        case ["parameters", name, *inner]:
            return f"{name} of {operation}", _attribute(inner)
        case ["requestBody", *inner]:
            return f"body of {operation}", _place_in_content(inner, difference)
        case ["responses", status, *inner]:
            return f"answer {status} of {operation}", _place_in_content(inner, difference)
        case ["operationId"]:
            return operation, "type"
    return operation, _attribute(rest)


def _attribute(rest: Sequence[str]) -> str:
    match rest:
        case ["description"]:
            return "words"
        case ["required" | "deprecated" as word]:
            return word
    return ""


def _place_in_content(rest: Sequence[str], difference: Difference) -> str:
    match rest:
        case ["content", _]:
            return "media"
        case ["content", _, "schema", *inner]:
            place = _place_in_schema(inner, difference)
            return "media" if place == "type" else place if place == "values" else ""
        case ["$ref"]:
            return "media"
    return _attribute(rest)


def _place_in_schema(rest: Sequence[str], difference: Difference) -> str:
    """Say which attribute of a fact tells a part of its schema; the words of a part inside it, none does."""
    if not rest:
        return "type"
    ends = {str(difference.old), str(difference.new)}
    if difference.word in LIMITS or (difference.word == "format" and ends <= {*NUMBER_FORMATS, str(ABSENT)}):
        return ""
    if difference.word in {"enum", "const"}:
        return "values"
    if difference.word in {"description", "deprecated"}:
        return _attribute(rest)
    return "type"
