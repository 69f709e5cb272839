"""Where the command line takes the API key from: an option, the environment, or the settings."""

import argparse
import os

from elevenlabs_history import AuthenticationError, HistoryClient
from elevenlabs_history_backup.keys import Key, check_key, read_key_command, read_key_file

from .output import echo

FILE_VARIABLE = "ELEVENLABS_API_KEY_FILE"


class MissingKeyError(AuthenticationError):
    """No key was found anywhere. Its hint has several lines."""


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
        return read_key_command(args.key_command, "--key-command")
    if text := os.environ.get("ELEVENLABS_API_KEY", "").strip():
        return check_key(text, "ELEVENLABS_API_KEY")
    if path := os.environ.get(FILE_VARIABLE):
        return read_key_file(path, FILE_VARIABLE)
    if text := os.environ.get("ELEVEN_API_KEY", "").strip():
        return check_key(text, "ELEVEN_API_KEY")
    if settings.key_file:
        return read_key_file(settings.key_file, f"key_file in {settings.file}")
    if settings.key_command:
        return read_key_command(settings.key_command, f"key_command in {settings.file}")
    raise MissingKeyError("There is no API key.", hint=_how_to_get_a_key())


def _how_to_get_a_key() -> str:
    # fish takes export, too.
    export = '$env:ELEVENLABS_API_KEY = "…"' if os.name == "nt" else "export ELEVENLABS_API_KEY=…"
    return (
        "Make one with the scope speech_history_read (to delete items also speech_history_write):\n"
        "  https://elevenlabs.io/app/settings/api-keys (Developers > API Keys)\n"
        f"Then: {export}\n"
        f"Or keep it in a file ({FILE_VARIABLE}) or a password manager (--key-command).\n"
        "To try this without a key, start: elevenlabs-history-simulator"
    )
