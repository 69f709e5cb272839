"""An API key by reference: in a variable, in a file, or printed by a command such as a password manager."""

import os
import shlex
import stat
import subprocess
from pathlib import Path

from attrs import evolve, field, frozen
from elevenlabs_history import AuthenticationError

_COMMAND_TIMEOUT = 30  # seconds


@frozen
class Key:
    """A key, where it comes from, and what is wrong with the way it is kept."""

    value: str = field(repr=False)
    source: str
    warning: str = ""
    hint: str = ""


def read_key_file(path: str, source: str) -> Key:
    """Read a file that holds a key and nothing else.

    Args:
        path: The file; `~` is the home folder.
        source: What names the file, for messages.

    Raises:
        AuthenticationError: It can't be read, or holds no key.
    """
    # Errors name the source, not the path: somebody may have put the key itself there.
    file = Path(expand_user(path))
    try:
        text = file.read_bytes().decode("utf-8-sig", errors="replace")
        mode = file.stat().st_mode
    except OSError as error:
        raise AuthenticationError(f"Can't read the key file of {source}: {error.strerror}.") from None
    key = check_key(text, f"the file of {source}")
    if os.name != "nt" and mode & stat.S_IRWXO:
        hint = f"Run: chmod 600 {shlex.quote(str(file))}"
        return evolve(key, warning=f"Others can read the key file {file}.", hint=hint)
    return key


def read_key_command(command: str, source: str) -> Key:
    """Run a command that prints a key and nothing else, without a shell, for at most 30 seconds.

    Args:
        command: The command.
        source: What names the command, for messages.

    Raises:
        AuthenticationError: It failed, or printed no key.
    """
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
    return check_key(done.stdout.decode("utf-8", errors="replace"), f"the output of {source}")


def check_key(text: str, source: str) -> Key:
    """Take a text as a key; raise `AuthenticationError` if it can't be one."""
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


def expand_user(path: str) -> str:
    """Expand a ~ at the beginning; that of an unknown user stays."""
    return os.path.expanduser(path)  # noqa: PTH111 - pathlib raises for an unknown user
