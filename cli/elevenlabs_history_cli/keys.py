"""Where the API key comes from: an option, the environment, a file, or a command such as a password manager."""

import argparse
import os
import shlex
import stat
import subprocess
from pathlib import Path

import attrs
from elevenlabs_history import AuthenticationError, HistoryClient

from .options import expand_user
from .output import echo

FILE_VARIABLE = "ELEVENLABS_API_KEY_FILE"
_COMMAND_TIMEOUT = 30  # seconds
_EXPORTS = {
    "fish": "set -x ELEVENLABS_API_KEY …",
    "csh": "setenv ELEVENLABS_API_KEY …",
    "tcsh": "setenv ELEVENLABS_API_KEY …",
}


class MissingKeyError(AuthenticationError):
    """No key was found anywhere. Its hint has several lines."""


@attrs.frozen
class Key:
    """A key, where it comes from, and what is wrong with the way it is kept."""

    value: str = attrs.field(repr=False)
    source: str
    warning: str = ""
    hint: str = ""


def connect(args: argparse.Namespace) -> HistoryClient:
    """Make the client that a command uses.

    Raises:
        AuthenticationError: There is no key, or it can't be read.
        InvalidArgumentError: The address of the server is invalid.
    """
    key = args.key = find_key(args)
    if key.warning and not args.quiet:
        echo(f"elevenlabs-history: {key.warning} {key.hint}")
    return HistoryClient(key.value, region=args.region, base_url=args.base_url)


def find_key(args: argparse.Namespace) -> Key:
    """Find the key; what is there is used, even if it is invalid.

    Raises:
        AuthenticationError: There is no key, or it can't be read.
    """
    settings = args.settings
    if args.key_command is not None:
        return _read_command(args.key_command, "--key-command")
    if text := os.environ.get("ELEVENLABS_API_KEY", "").strip():
        return _checked(text, "ELEVENLABS_API_KEY")
    if path := os.environ.get(FILE_VARIABLE):
        return _read_file(path, FILE_VARIABLE)
    if text := os.environ.get("ELEVEN_API_KEY", "").strip():
        return _checked(text, "ELEVEN_API_KEY")
    if settings.key_file:
        return _read_file(settings.key_file, f"key_file in {settings.file}")
    if settings.key_command:
        return _read_command(settings.key_command, f"key_command in {settings.file}")
    raise MissingKeyError("There is no API key.", hint=_how_to_get_a_key())


def _read_file(path: str, source: str) -> Key:
    # Errors name the source, not the path: somebody may have put the key itself there.
    file = Path(expand_user(path))
    try:
        text = file.read_bytes().decode("utf-8-sig", errors="replace")
        mode = file.stat().st_mode
    except OSError as error:
        raise AuthenticationError(f"Can't read the key file of {source}: {error.strerror}.") from None
    key = _checked(text, f"the file of {source}")
    if os.name != "nt" and mode & stat.S_IRWXO:
        hint = f"Run: chmod 600 {shlex.quote(str(file))}"
        return attrs.evolve(key, warning=f"Others can read the key file {file}.", hint=hint)
    return key


def _read_command(command: str, source: str) -> Key:
    # Errors name the source, not the command, for the same reason.
    try:
        done = subprocess.run(  # noqa: S603 - the user's own command
            # Windows passes a command on as one text.
            command if os.name == "nt" else shlex.split(command) or [""],
            stdout=subprocess.PIPE,
            timeout=_COMMAND_TIMEOUT,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise AuthenticationError(f"The command of {source} took longer than {_COMMAND_TIMEOUT} s.") from None
    except ValueError as error:
        raise AuthenticationError(f"The command of {source} can't be parsed: {error}.") from None
    except OSError as error:
        raise AuthenticationError(f"The command of {source} can't be run: {error.strerror}.") from None
    if done.returncode:
        raise AuthenticationError(f"The command of {source} failed with exit status {done.returncode}.")
    return _checked(done.stdout.decode("utf-8", errors="replace"), f"the output of {source}")


def _checked(text: str, source: str) -> Key:
    key = text.strip()
    if not key:
        raise AuthenticationError(f"There is no key in {source}: it is empty.")
    if len(key.splitlines()) > 1:
        raise AuthenticationError(f"There is more than one line in {source}.", hint="It must be the key alone.")
    if not all("!" <= character <= "~" for character in key):
        raise AuthenticationError(
            f"The key in {source} contains a space or a character outside ASCII.",
            hint="Copy it again from the workspace settings.",
        )
    return Key(key, source)


def _how_to_get_a_key() -> str:
    export = "export ELEVENLABS_API_KEY=…"
    if os.name == "nt":
        export = '$env:ELEVENLABS_API_KEY = "…"'
    else:
        export = _EXPORTS.get(Path(os.environ.get("SHELL", "")).name, export)
    return (
        "Make one with the scope speech_history_read (to delete items also speech_history_write):\n"
        "  https://elevenlabs.io/app/settings/api-keys (Developers > API Keys)\n"
        f"Then: {export}\n"
        f"Or keep it in a file ({FILE_VARIABLE}) or a password manager (--key-command).\n"
        "To try this without a key, start: elevenlabs-history-simulator"
    )
