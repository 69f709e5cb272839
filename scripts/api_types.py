"""What griffe does not compare: the annotations of a Python API, and the fields that attrs makes parameters of."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from griffe import Alias, AliasResolutionError, Attribute, Class, CyclicAliasError, Function, Module

if TYPE_CHECKING:
    from collections.abc import Iterator

    from griffe import Object

LINE = "\x1b[1m{file}\x1b[0m:{line}: {name}: \x1b[33m{what}\x1b[39m{values}"


def type_changes(old: Object | Alias, new: Object | Alias) -> Iterator[str]:
    """List what breaks programs because a type is another one or a field is required, a line each like griffe's."""
    for before, after in _pairs(old, new, set()):
        if isinstance(before, Attribute) and isinstance(after, Attribute):
            yield from _attribute_changes(before, after)
        elif isinstance(before, Function) and isinstance(after, Function):
            yield from _function_changes(before, after)
        elif isinstance(before, Class) and isinstance(after, Class):
            yield from _new_fields(before, after)


def _pairs(old: Object | Alias, new: Object | Alias, seen: set[str]) -> Iterator[tuple[Object, Object]]:
    """Pair what is public in an API with what has the same name in another."""
    for name, member in old.all_members.items():
        other = new.all_members.get(name)
        if other is None or not member.is_public:
            continue
        try:
            before, after = (one.final_target if isinstance(one, Alias) else one for one in (member, other))
        except (AliasResolutionError, CyclicAliasError):  # it comes from a library
            continue
        if before.path in seen:
            continue
        seen.add(before.path)
        yield before, after
        if isinstance(before, Module | Class):
            yield from _pairs(before, after, seen)


def _attribute_changes(old: Attribute, new: Attribute) -> Iterator[str]:
    if _is_field(old) and _is_field(new) and not _is_required(old) and _is_required(new):
        yield _line(new, "Field is now required", f"{old.annotation} -> {new.annotation}")
    elif old.annotation is not None and str(old.annotation) != str(new.annotation):
        yield _line(new, "Attribute types are incompatible", f"{old.annotation} -> {new.annotation}")
    elif _is_type(old) and not _takes(_members(str(new.value), new), _members(str(old.value), old)):
        yield _line(new, "Type lost a member", f"{old.value} -> {new.value}")


def _function_changes(old: Function, new: Function) -> Iterator[str]:
    parameters = {parameter.name: parameter for parameter in new.parameters}
    for before in old.parameters:
        after = parameters.get(before.name)
        if after is None or before.annotation is None or after.annotation is None:
            continue
        if not _takes(_members(str(after.annotation), new), _members(str(before.annotation), old)):
            values = f"{before.annotation} -> {after.annotation}"
            yield _line(new, "Parameter types are incompatible", values, f"({before.name})")
    # A function that has returned nothing may return something.
    if old.returns is None or str(old.returns) == "None" or new.returns is None:
        return
    if not _takes(_members(str(old.returns), old), _members(str(new.returns), new)):
        yield _line(new, "Return types are incompatible", f"{old.returns} -> {new.returns}")


def _new_fields(old: Class, new: Class) -> Iterator[str]:
    known = old.all_members
    for name, field in new.all_members.items():
        if name not in known and isinstance(field, Attribute) and _is_field(field) and _is_required(field):
            yield _line(field, "Field was added as required", str(field.annotation))


def _is_field(attribute: Attribute) -> bool:
    """Whether attrs makes a parameter of `__init__` of it."""
    owner = attribute.parent
    return (
        isinstance(owner, Class)
        and any(decorator.callable_path.startswith("attrs.") for decorator in owner.decorators)
        and attribute.annotation is not None
        and "instance-attribute" in attribute.labels  # neither a ClassVar nor a property
        and "init=False" not in str(attribute.value)
    )


def _is_required(field: Attribute) -> bool:
    call = re.match(r"\w*field\(", str(field.value))
    return field.value is None or bool(call and not re.search(r"\b(default|factory)=", str(field.value)))


def _is_type(attribute: Attribute) -> bool:
    """Whether it is a name for literals or for a union."""
    return bool(re.match(r"Literal\[|[\w.]+(\[.*\])? \| ", str(attribute.value)))


def _takes(wide: set[str], narrow: set[str]) -> bool:
    """Whether one annotation has every member of another; text has every value that is text."""
    missing = {member for member in narrow - wide if not ("str" in wide and member.startswith("Literal['"))}
    return not missing or "Any" in wide


def _members(annotation: str, place: Object) -> set[str]:
    """Split a union into its members, also one in a generic type: `R[A | B]` into `R[A]` and `R[B]`.

    A name that stands for a union or for literals in the module of `place` is replaced by those.
    """
    members = set()
    for member in _split(ast.parse(annotation, mode="eval").body):
        found = place.module.members.get(member)
        try:
            target = found.final_target if isinstance(found, Alias) else found
        except (AliasResolutionError, CyclicAliasError):
            target = None
        if isinstance(target, Attribute) and _is_type(target):
            members |= _members(str(target.value), target)
        else:
            members.add(member)
    return members


def _split(node: ast.expr) -> set[str]:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        return _split(node.left) | _split(node.right)
    if isinstance(node, ast.Subscript):
        kind = ast.unparse(node.value)
        inner = node.slice
        if kind == "Literal" and isinstance(inner, ast.Tuple):
            return {f"Literal[{ast.unparse(value)}]" for value in inner.elts}
        return {f"{kind}[{member}]" for member in _split(inner)}
    return {ast.unparse(node)}


def _line(place: Object, what: str, values: str, suffix: str = "") -> str:
    name = place.path[len(place.module.path) + 1 :] + suffix
    return LINE.format(file=place.relative_filepath, line=place.lineno, name=name, what=what, values=f": {values}")
