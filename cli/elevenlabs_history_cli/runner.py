"""Run a command: errors become one line and an exit code, Ctrl-C is handled, and -v shows the log of the library."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import sys
import threading
from typing import TYPE_CHECKING

from elevenlabs_history import (
    APIConnectionError,
    APITimeoutError,
    AuthenticationError,
    HistoryError,
    InvalidArgumentError,
    PermissionDeniedError,
    RateLimitError,
    ServerError,
    WrongRegionError,
)

from .backups import backup, export, search, verify
from .completion import completion
from .doctor import doctor
from .exit_codes import ExitCode
from .items import download, list_items, show
from .output import echo, error_text

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator
    from types import FrameType

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
_EXIT_CODES: dict[type[HistoryError], ExitCode] = {
    InvalidArgumentError: ExitCode.USAGE,
    AuthenticationError: ExitCode.KEY,
    PermissionDeniedError: ExitCode.KEY,
    WrongRegionError: ExitCode.KEY,
    RateLimitError: ExitCode.SERVER,
    ServerError: ExitCode.SERVER,
    APIConnectionError: ExitCode.SERVER,
    APITimeoutError: ExitCode.SERVER,
}
_LOG_LEVELS = (logging.WARNING, logging.INFO, logging.DEBUG)


def run(args: argparse.Namespace) -> ExitCode:
    """Run a command and return its exit code."""
    try:
        with _logging(args), _interruptible():
            code = COMMANDS[args.command](args)
            # Not left to the exit of Python, where a closed pipe or a full disk would cause a traceback.
            sys.stdout.flush()
            return code
    except HistoryError as error:
        echo(f"elevenlabs-history: {error_text(error)}")
        return next((code for kind, code in _EXIT_CODES.items() if isinstance(error, kind)), ExitCode.FAILED)
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
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop_at_once(_signal: int, _frame: FrameType | None) -> None:
        # Without clean-up, which may hang on the network; the next run deletes the temporary files of this one.
        os._exit(ExitCode.INTERRUPTED)

    def stop(_signal: int, _frame: FrameType | None) -> None:
        signal.signal(signal.SIGINT, stop_at_once)
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
    level = logging.ERROR if args.quiet else _LOG_LEVELS[min(args.verbose, 2)]
    handler = logging.StreamHandler()
    names = ["elevenlabs_history", "elevenlabs_history_backup", *(["httpx"] if args.verbose > 1 else [])]
    loggers = [logging.getLogger(name) for name in names]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.addHandler(handler)
        logger.setLevel(level)
    try:
        yield
    finally:
        for logger, level_before in zip(loggers, levels, strict=True):
            logger.removeHandler(handler)
            logger.setLevel(level_before)
