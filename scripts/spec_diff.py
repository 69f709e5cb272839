"""Find every difference between two API documents by its path, whatever it means."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

from attrs import frozen
from spec_facts import NAME_MAPS, Document, parameter_name
from spec_names import renamed

if TYPE_CHECKING:
    from collections.abc import Iterator

Path = tuple[str, ...]

SETS = frozenset({"enum", "required", "tags", "type"})
BRANCHES = frozenset({"allOf", "anyOf", "oneOf", "prefixItems"})
LONGEST_VALUE = 120  # characters; a line has to stay readable


@frozen
class _Absent:
    """Nothing, where `null` would be something."""

    def __str__(self) -> str:
        return "absent"


ABSENT = _Absent()


@frozen
class Difference:
    """One place where two documents differ.

    Attributes:
        path: Where, step by step; the last step is the member where the place is a set such as `required`.
        kind: `value`, `member` or `order`.
        old: What was there, or `ABSENT`.
        new: What is there now, or `ABSENT`.
    """

    path: Path
    kind: str = "value"
    old: Any = ABSENT
    new: Any = ABSENT

    @property
    def word(self) -> str:
        """The word of OpenAPI that it is about."""
        return self.path[-2] if self.kind == "member" else self.path[-1]

    def __str__(self) -> str:
        if self.kind == "order":
            return f"order of {_collection(self.path)}"
        if self.kind == "member":
            return f"{'.'.join(self.path[:-1])} {'has no' if self.new == ABSENT else 'has'} {self.path[-1]} now"
        return f"{'.'.join(self.path)} was {_shown(self.old)}, is {_shown(self.new)}"


def differences(old: Any, new: Any, path: Path = (), *, names: bool = False) -> Iterator[Difference]:
    """Compare two parts of documents in the form that `comparable` gives.

    Args:
        old: A part of the old document.
        new: The same part of the new document.
        path: Where the part stands.
        names: The keys are names that the vendor chose; their order shows in the client, unlike OpenAPI's words'.
    """
    if isinstance(old, dict) and isinstance(new, dict):
        if names and _reordered(list(old), list(new)):
            yield Difference(path, "order")
        for key in old | new:
            was, now = _filled(key, old.get(key, ABSENT), new.get(key, ABSENT), names=names)
            yield from differences(was, now, (*path, str(key)), names=not names and key in NAME_MAPS)
    elif isinstance(old, list) and isinstance(new, list):
        yield from _list_differences(old, new, path)
    elif _text(old) != _text(new):
        yield Difference(path, "value", old, new)


def comparable(document: Document, names: dict[str, str]) -> Document:
    """Call schemas by their names and parameters by theirs, so that a place has the same path in both documents."""
    copied: Document = renamed(document, names)
    schemas = copied.get("components", {}).get("schemas", {})
    for operation in (operation for item in copied.get("paths", {}).values() for operation in item.values()):
        if isinstance(operation.get("parameters"), list):
            operation["parameters"] = _by_name(operation["parameters"])
    called = {
        names[key]: {word: value for word, value in schema.items() if word != "title"}
        for key, schema in sorted(schemas.items(), key=lambda pair: names[pair[0]])
    }
    return copied | {"components": copied.get("components", {}) | {"schemas": called}}


def _by_name(parameters: list[Document]) -> Document:
    """Key parameters by name; one that is declared twice keeps both places."""
    found: Document = {}
    for parameter in parameters:
        name = parameter_name(parameter)
        while name in found:
            name += " again"
        found[name] = parameter
    return found


def _filled(key: str, old: Any, new: Any, *, names: bool) -> tuple[Any, Any]:
    """Put an empty collection where only one document has it, so that its parts are compared one by one."""
    if names:
        return old, new
    collections: tuple[tuple[Any, frozenset[str]], ...] = (({}, NAME_MAPS), ([], SETS))
    for empty, words in collections:
        kind = type(empty)
        if key in words and {type(old), type(new)} == {kind, _Absent}:
            return (empty if old == ABSENT else old), (empty if new == ABSENT else new)
    return old, new


def _list_differences(old: list[Any], new: list[Any], path: Path) -> Iterator[Difference]:
    was, now = [_text(item) for item in old], [_text(item) for item in new]
    if path[-1] in SETS:
        for value in [*old, *(item for item in new if _text(item) not in was)]:
            if (_text(value) in was) != (_text(value) in now):
                gone = _text(value) in was
                yield Difference((*path, str(value)), "member", *((value, ABSENT) if gone else (ABSENT, value)))
        if _reordered(was, now) or (set(was) == set(now) and len(was) != len(now)):
            yield Difference(path, "order")
    elif was != now and Counter(was) == Counter(now):
        yield Difference(path, "order")
    elif path[-1] in BRANCHES and len(old) == len(new):
        for number, (one, other) in enumerate(zip(old, new, strict=True)):
            yield from differences(one, other, (*path, str(number)))
    elif was != now:
        yield Difference(path, "value", old, new)


def _reordered(old: list[Any], new: list[Any]) -> bool:
    return [item for item in old if item in new] != [item for item in new if item in old]


def _text(node: Any) -> str:
    """Write a value so that `true` and 1 differ and the order of OpenAPI's words doesn't matter."""
    return json.dumps(node, sort_keys=True, default=str)


def _shown(node: Any) -> str:
    text = str(node) if isinstance(node, str | _Absent) else json.dumps(node, ensure_ascii=False, default=str)
    return text if len(text) <= LONGEST_VALUE else f"{text[: LONGEST_VALUE - 1]}…"


def _collection(path: Path) -> str:
    """Say in words what an order is of."""
    match path:
        case ("components", "schemas", name, "properties"):
            return f"the fields of {name}"
        case ("paths", where, method, ("parameters" | "responses") as what):
            return f"the {'parameters' if what == 'parameters' else 'answers'} of {method.upper()} {where}"
        case (*place, "enum"):
            return f"the values of {'.'.join(place)}"
    return ".".join(path)
