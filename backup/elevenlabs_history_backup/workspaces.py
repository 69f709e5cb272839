"""The file that names many workspaces, and what may stand in it."""

import os
import tomllib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, get_args

from attrs import Attribute, field, fields_dict, frozen, validators
from elevenlabs_history import InvalidArgumentError, Region, TimestampLike

from .bucket import is_address
from .keys import expand_user
from .settings import ORIGINAL, continue_settings

_KEY_SOURCES = ("key_env", "key_file", "key_command")
_LITERAL_KEYS = {"key", "api_key"}


def _must_be(text: str, valid: Callable[[Any], bool]) -> Callable[[object, "Attribute[Any]", Any], None]:
    def check(_: object, attribute: "Attribute[Any]", value: object) -> None:
        if not valid(value):
            raise InvalidArgumentError(f"{attribute.name} must be {text}.")

    return check


_TEXT = _must_be("a text that is not empty", lambda value: isinstance(value, str) and value.strip() != "")
_NUMBER = _must_be("a whole number from 1", lambda value: type(value) is int and value > 0)
_FORMAT = _must_be("original or wav", (ORIGINAL, "wav").__contains__)
_REGION = _must_be("us, eu, in or sg", get_args(Region).__contains__)


def _optional_text(*, secret: bool = False) -> Any:  # noqa: ANN401 - attrs types a field as its value
    return field(default=None, validator=validators.optional(_TEXT), repr=not secret)


@frozen(kw_only=True)
class Workspace:
    """A workspace: where its key is, where its backup goes, and what is backed up.

    Exactly one of `key_env`, `key_file` and `key_command` is there. It is looked up where the task runs, so a
    workspace can be sent to another machine, and it has no key that could be shown.

    Attributes:
        name: What reports call it.
        target: What `Backup` takes; `~` is the home folder where the task runs.
        key_env: The name of the environment variable that holds the key.
        key_file: A file that holds it.
        key_command: A command that prints it; it is run without a shell.
        region: The data residency region.
        base_url: Another server.
        voice: Only items with this voice, as in `Backup.sync`, like all filters.
        model: Only items with this model.
        source: Only items of this product.
        search: Only items whose text matches.
        after: Only items generated at or after this time.
        before: Only items generated before this time.
        format: `wav` for WAV files.
        template: How new files are named.
        full: List everything in each run, and so find what was deleted on the server.
        workers: Maximum number of concurrent requests of this workspace.
        batch_size: Maximum number of ids per request.

    Raises:
        InvalidArgumentError: Something can't be right.
    """

    name: str = field(validator=_TEXT)
    target: str = field(validator=_TEXT)
    key_env: str | None = _optional_text(secret=True)
    key_file: str | None = _optional_text(secret=True)
    key_command: str | None = _optional_text(secret=True)
    region: Region | None = field(default=None, validator=validators.optional(_REGION))
    base_url: str | None = _optional_text()
    voice: str | None = _optional_text()
    model: str | None = _optional_text()
    source: str | None = _optional_text()
    search: str | None = _optional_text()
    after: TimestampLike | None = None
    before: TimestampLike | None = None
    format: str | None = field(default=None, validator=validators.optional(_FORMAT))
    template: str | None = _optional_text()
    full: bool = field(default=False, validator=_must_be("true or false", lambda value: isinstance(value, bool)))
    workers: int = field(default=10, validator=_NUMBER)
    batch_size: int = field(default=100, validator=_NUMBER)

    def __attrs_post_init__(self) -> None:
        if sum(getattr(self, name) is not None for name in _KEY_SOURCES) != 1:
            raise InvalidArgumentError(f"It needs one of {', '.join(_KEY_SOURCES)}, and only one.")
        if self.region is not None and self.base_url is not None:
            raise InvalidArgumentError("region and base_url exclude each other. Remove one of them.")
        filters = (self.voice, self.model, self.source, self.search, self.after, self.before)
        continue_settings(None, filters, self.format, self.template, no_filters=False)


def read_workspaces(path: str | os.PathLike[str]) -> list[Workspace]:
    """Read a TOML file with a table `[[workspace]]` for each; its keys are the attributes of `Workspace`.

    Raises:
        InvalidArgumentError: The file can't be read, or something in it can't be right: file, table and key are named.
    """
    file = Path(path)
    try:
        document = tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise InvalidArgumentError(f"Can't read {file}: {error.strerror}.") from None
    except ValueError as error:
        raise InvalidArgumentError(f"{file} is not valid TOML: {error}.") from None
    tables = document.pop("workspace", None)
    if document:
        raise InvalidArgumentError(f"{file}: unknown key {next(iter(document))!r}. Put it below a [[workspace]].")
    if not isinstance(tables, list) or not tables or not all(isinstance(table, dict) for table in tables):
        raise InvalidArgumentError(f"{file} names no workspace: begin each one with a line [[workspace]].")
    workspaces = []
    for number, table in enumerate(tables, 1):
        name = table.get("name")
        try:
            workspaces.append(_parse(table))
        except InvalidArgumentError as error:
            place = f"workspace {name if isinstance(name, str) and name.strip() else number}"
            raise InvalidArgumentError(f"{file}, {place}: {error.message}", hint=error.hint) from None
    try:
        check_distinct(workspaces)
    except InvalidArgumentError as error:
        raise InvalidArgumentError(f"{file}: {error.message}", hint=error.hint) from None
    return workspaces


def _parse(table: dict[str, Any]) -> Workspace:
    known = fields_dict(Workspace)
    for key in table:
        if key in _LITERAL_KEYS:
            raise InvalidArgumentError(
                f"{key} is not allowed, because keys don't belong into files that are copied and committed.",
                hint="Use key_env, the name of a variable, key_file, a file that holds it, or key_command.",
            )
        if key not in known:
            raise InvalidArgumentError(f"unknown key {key!r}. Valid keys: {', '.join(known)}.")
    for key in ("name", "target"):
        if key not in table:
            raise InvalidArgumentError(f"{key} is missing.")
    return Workspace(**table)


def check_distinct(workspaces: Iterable[Workspace]) -> None:
    """Raise `InvalidArgumentError` if two workspaces have the same name or target."""
    names: set[str] = set()
    targets: dict[str, str] = {}
    for workspace in workspaces:
        if workspace.name in names:
            raise InvalidArgumentError(f"Two workspaces have the name {workspace.name}.", hint="Rename one.")
        names.add(workspace.name)
        target = expand_user(workspace.target)
        target = target.rstrip("/") if is_address(target) else os.path.abspath(target)  # noqa: PTH100 - as expand_user
        other = targets.setdefault(target, workspace.name)
        if other != workspace.name:
            raise InvalidArgumentError(
                f"The workspaces {other} and {workspace.name} have the same target.", hint="Choose another for one."
            )
