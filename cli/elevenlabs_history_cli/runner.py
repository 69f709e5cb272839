"""Run a command: errors become one line and an exit code, Ctrl-C is handled, and -v shows the log of the library."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import sys
from typing import TYPE_CHECKING

from elevenlabs_history import errors

from .backups import backup, export, search, verify
from .doctor import doctor
from .items import download, list_items, show
from .output import echo, error_text
from .parser import ExitCode, make_parser

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator
    from types import FrameType

_EXIT_CODES = (
    (ExitCode.USAGE, errors.InvalidArgumentError),
    (ExitCode.KEY, (errors.AuthenticationError, errors.PermissionDeniedError, errors.WrongRegionError)),
    (ExitCode.SERVER, (errors.RateLimitError, errors.ServerError, errors.APIConnectionError, errors.APITimeoutError)),
)
_LOG_LEVELS = (logging.WARNING, logging.INFO, logging.DEBUG)


def completion(args: argparse.Namespace) -> ExitCode:
    """Print the completion script for a shell, which shtab makes from the parser."""
    try:
        import shtab
    except ModuleNotFoundError:
        echo("elevenlabs-history: Completion needs an extra: pip install 'elevenlabs-history[cli]'")
        return ExitCode.USAGE
    print(shtab.complete(make_parser(), args.shell))
    return ExitCode.DONE


COMMANDS: dict[str, Callable[[argparse.Namespace], ExitCode]] = {
    "backup": backup,
    "verify": verify,
    "search": search,
    "export": export,
    "list": list_items,
    "show": show,
    "download": download,
    "doctor": doctor,
    "completion": completion,
}


def run(args: argparse.Namespace) -> ExitCode:
    """Run a command and return its exit code."""
    try:
        with _logging(args), _interruptible():
            code = COMMANDS[args.command](args)
            # Not left to the exit of Python, where a closed pipe or a full disk would cause a traceback.
            sys.stdout.flush()
            return code
    except errors.HistoryError as error:
        echo(f"elevenlabs-history: {error_text(error)}")
        return next((code for code, kinds in _EXIT_CODES if isinstance(error, kinds)), ExitCode.FAILED)
    except KeyboardInterrupt:
        echo(
            "elevenlabs-history: Interrupted. Saved files stay and no partial file was left. Run it again to continue."
        )
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        # The reader, such as `head`, has read enough.
        _discard_output()
        return ExitCode.DONE
    except OSError as error:
        name = "the output" if error.filename is None else os.fsdecode(error.filename)
        echo(f"elevenlabs-history: Can't use {name}: {error.strerror or error}. Saved files stay.")
        _discard_output()
        return ExitCode.FAILED


def _discard_output() -> None:
    # At exit Python flushes the output and would fail once more.
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@contextlib.contextmanager
def _interruptible() -> Iterator[None]:
    """Let the first Ctrl-C stop the command with clean-up, and the second one at once."""

    def stop(_signal: int, _frame: FrameType | None) -> None:
        # The second time without clean-up, which may hang on the network; the next run deletes the temporary files.
        signal.signal(signal.SIGINT, lambda *_: os._exit(ExitCode.INTERRUPTED))
        # The signal may have interrupted a write to the same stream; stopping matters more than this line.
        with contextlib.suppress(OSError, RuntimeError):
            echo("\nStopping. Press Ctrl-C again to stop at once.")
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@contextlib.contextmanager
def _logging(args: argparse.Namespace) -> Iterator[None]:
    """Write the log to stderr: warnings, such as retries, by default; more with -v, requests with -vv."""
    names = ["elevenlabs_history", "elevenlabs_history_backup", *(["httpx"] if args.verbose > 1 else [])]
    loggers = [logging.getLogger(name) for name in names]
    handler = logging.StreamHandler()
    for logger in loggers:
        logger.addHandler(handler)
        logger.setLevel(logging.ERROR if args.quiet else _LOG_LEVELS[min(args.verbose, 2)])
    try:
        yield
    finally:
        for logger in loggers:
            logger.removeHandler(handler)
            logger.setLevel(logging.NOTSET)
