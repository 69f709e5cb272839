"""What version 0.1.0 freezes: few names, each documented, in few modules."""

import ast
import inspect
import pkgutil
from itertools import pairwise
from pathlib import Path

import elevenlabs_history
import pytest
from elevenlabs_history import errors, events

MAX_PUBLIC_NAMES = 50
PUBLIC_MODULES = {"client", "async_client", "download", "errors", "events", "item", "notebook"}


def exports():
    """Each name that the package re-exports as `X as X`, and the source file that defines it."""
    init = Path(elevenlabs_history.__file__)
    found = {}
    for statement in ast.parse(init.read_text(encoding="utf-8")).body:
        if isinstance(statement, ast.ImportFrom):
            module = init.parent.joinpath(*(statement.module or "").split(".")).with_suffix(".py")
            found |= {alias.name: module for alias in statement.names if alias.asname == alias.name}
    return found


def documented_assignments(source):
    """The names that a module assigns and describes by a string right below."""
    body = ast.parse(source.read_text(encoding="utf-8")).body
    return {
        statement.target.id
        for statement, following in pairwise(body)
        if isinstance(statement, ast.AnnAssign)
        and isinstance(following, ast.Expr)
        and isinstance(following.value, ast.Constant)
    }


def test_there_are_few_public_names():
    assert len(exports()) <= MAX_PUBLIC_NAMES


def test_nothing_is_public_by_accident():
    visible = {
        name
        for name, value in vars(elevenlabs_history).items()
        if not name.startswith("_") and not inspect.ismodule(value)
    }
    assert visible == exports().keys() - {"__version__"}


def test_only_these_modules_are_public():
    modules = {module.name for module in pkgutil.iter_modules(elevenlabs_history.__path__)}
    assert {name for name in modules if not name.startswith("_")} == PUBLIC_MODULES


@pytest.mark.parametrize("name", sorted(exports().keys() - {"__version__"}))
def test_every_public_name_is_documented(name):
    value = getattr(elevenlabs_history, name)
    if inspect.isclass(value) or inspect.isfunction(value):
        assert vars(value).get("__doc__", value.__doc__), f"{name} has no docstring of its own"
    else:
        source = exports()[name]
        assert name in documented_assignments(source), f"{name} has no docstring below its definition in {source.name}"


@pytest.mark.parametrize("module", [errors, events])
def test_every_error_and_every_event_can_be_imported_from_the_package(module):
    defined = {
        name
        for name, value in vars(module).items()
        if inspect.isclass(value) and value.__module__ == module.__name__ and not name.startswith("_")
    }
    assert defined <= exports().keys()
    assert all(issubclass(getattr(errors, name), errors.HistoryError) for name in defined if module is errors)
