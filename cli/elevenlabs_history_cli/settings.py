"""Settings that last: a TOML file. Options come first, then the environment, then this file."""

import argparse
import os
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
from elevenlabs_history import InvalidArgumentError, Region

from .help_text import PROGRAM
from .options import FORMATS, REGIONS, expand_user, is_address

FILE_VARIABLE = "ELEVENLABS_HISTORY_CONFIG"
FOLDER_VARIABLE = "ELEVENLABS_HISTORY_FOLDER"


def _valid(check: Callable[[object], bool], text: str) -> dict[str, Any]:
    return {"check": check, "valid": text}


_TEXT = _valid(lambda value: isinstance(value, str) and value.strip() != "", "a text")
_NUMBER = _valid(lambda value: type(value) is int and value > 0, "a whole number from 1")
# A relative path would be another file in each folder that the command is run in.
_PATH = _valid(
    lambda value: isinstance(value, str) and Path(expand_user(value)).is_absolute(),
    "an absolute path, which may begin with ~",
)
_PLACE = _valid(
    lambda value: _PATH["check"](value) or (isinstance(value, str) and is_address(value)),
    "an absolute path, which may begin with ~, or the address of a bucket",
)


@attrs.frozen(kw_only=True)
class Settings:
    """What the settings file says.

    Attributes:
        file: Its path, whether or not there is one.
        keys: What it sets.
    """

    file: Path
    keys: tuple[str, ...] = ()
    folder: str | None = attrs.field(default=None, metadata=_PLACE)
    region: Region | None = attrs.field(default=None, metadata=_valid(REGIONS.__contains__, "us, eu, in or sg"))
    base_url: str | None = attrs.field(default=None, metadata=_TEXT)
    format: str | None = attrs.field(default=None, metadata=_valid(FORMATS.__contains__, "original or wav"))
    template: str | None = attrs.field(default=None, metadata=_TEXT)
    workers: int = attrs.field(default=10, metadata=_NUMBER)
    batch_size: int = attrs.field(default=100, metadata=_NUMBER)
    key_file: str | None = attrs.field(default=None, metadata=_PATH)
    key_command: str | None = attrs.field(default=None, metadata=_TEXT)


_KEYS = {field.name: field.metadata for field in attrs.fields(Settings) if field.metadata}


def settings_file() -> Path:
    """Return the path of the settings file, which need not exist."""
    if named := os.environ.get(FILE_VARIABLE):
        return Path(expand_user(named))
    folder = os.environ.get("APPDATA" if os.name == "nt" else "XDG_CONFIG_HOME") or expand_user("~/.config")
    return Path(folder) / PROGRAM / "config.toml"


def load_settings() -> Settings:
    """Read the settings file; a missing one is the same as an empty one, unless the environment names it.

    Raises:
        InvalidArgumentError: The file can't be read or says something that is not valid.
    """
    file = settings_file()
    try:
        values = tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        if os.environ.get(FILE_VARIABLE):
            raise InvalidArgumentError(f"There is no settings file {file}, which {FILE_VARIABLE} names.") from None
        values = {}
    except OSError as error:
        raise InvalidArgumentError(f"Can't read the settings file {file}: {error.strerror}.") from None
    except ValueError as error:
        raise InvalidArgumentError(f"{file} is not valid TOML: {error}.") from None
    for key, value in values.items():
        if key == "api_key":
            raise InvalidArgumentError(
                f"{file}: api_key is not allowed, because keys don't belong into settings.",
                hint="Use key_file, the path of a file that holds it, or key_command, a command that prints it.",
            )
        if key not in _KEYS:
            raise InvalidArgumentError(f"{file}: unknown key {key!r}. Valid keys: {', '.join(_KEYS)}.")
        if not _KEYS[key]["check"](value):
            raise InvalidArgumentError(f"{file}: {key} must be {_KEYS[key]['valid']}.")
    for one, other in (("region", "base_url"), ("key_file", "key_command")):
        if one in values and other in values:
            raise InvalidArgumentError(f"{file}: {one} and {other} exclude each other. Remove one of them.")
    return Settings(file=file, keys=tuple(values), **values)


def fill(args: argparse.Namespace, settings: Settings) -> None:
    """Give the options that were not given their values from the environment and the settings.

    Raises:
        InvalidArgumentError: The command needs a folder, and nothing names one.
    """
    args.settings = settings
    args.base_url = None
    if getattr(args, "region", None) is None and not os.environ.get("ELEVENLABS_BASE_URL"):
        args.region, args.base_url = settings.region, settings.base_url
    for option, value in (
        ("output_format", settings.format),
        ("template", settings.template),
        ("workers", settings.workers),
        ("batch_size", settings.batch_size),
    ):
        # A backup may remember a format and a template of its own, which come first.
        is_remembered = args.command == "backup" and option in {"output_format", "template"}
        if option in args and getattr(args, option) is None and not is_remembered:
            setattr(args, option, value)
    folder = os.environ.get(FOLDER_VARIABLE) or settings.folder
    _fill_folder(args, settings, expand_user(folder) if folder else None)


def _fill_folder(args: argparse.Namespace, settings: Settings, default: str | None) -> None:
    if "words" in args:
        first, *others = args.words or [""]
        path = expand_user(first)
        args.folder = None
        if others:
            names_folder = default is None or is_address(first) or os.path.isdir(path)  # noqa: PTH112 - pathlib raises for long words
        elif args.command == "find":
            names_folder = args.text_file is not None
        else:
            names_folder = default is None
        if first and names_folder:
            args.folder, args.words = path, others
    # `show` asks the server, unless --in is there: with a folder, or without one, which is True.
    is_given = "folder" not in args or isinstance(args.folder, str)
    if is_given or (args.folder is None and args.command == "show"):
        return
    args.folder = default
    if default is None and args.command != "doctor":
        what = "The folder of a backup and a text to find" if args.command == "find" else "The folder of a backup"
        raise InvalidArgumentError(
            f"{what} must be given.",
            hint=f"To set a default folder: {FOLDER_VARIABLE} in the environment, or folder in {settings.file}.",
        )
