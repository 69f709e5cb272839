"""How a command runs: failures become one line and an exit code, Ctrl-C is obeyed, and -v makes the library talk."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from typing import TYPE_CHECKING

from elevenlabs_history.errors import (
    AuthenticationError,
    APIConnectionError,
    HistoryError,
    InvalidArgumentError,
    PermissionDeniedError,
    RateLimitError,
    ServerError,
    Timeout,
    WrongRegionError,
)

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator
    from types import FrameType

DONE, FAILED, USAGE, KEY, SERVER, DIFFERENCES, INTERRUPTED = 0, 1, 2, 3, 4, 5, 130
_EXIT_CODES: tuple[tuple[type[HistoryError], int], ...] = (
    (InvalidArgumentError, USAGE),
    (AuthenticationError, KEY),
    (PermissionDeniedError, KEY),
    (WrongRegionError, KEY),
    (RateLimitError, SERVER),
    (ServerError, SERVER),
    (APIConnectionError, SERVER),
    (Timeout, SERVER),
)


def run(chosen: argparse.Namespace) -> int:
    """Run the chosen command and return its exit code."""
    try:
        with _logging(chosen), _interruptible():
            return _finished(chosen.handler(chosen))
    except HistoryError as error:
        say(f"elevenlabs-history: {error}")
        return exit_code_of(error)
    except KeyboardInterrupt:
        say("elevenlabs-history: interrupted. What was saved stays, no half-written file does; run it again to go on.")
        return INTERRUPTED
    except BrokenPipeError:
        # The reader, such as `head`, has had enough.
        _silence()
        return DONE
    except OSError as error:
        where = "The output" if error.filename is None else os.fsdecode(error.filename)
        say(f"elevenlabs-history: {where} can't be used: {error.strerror or error}. What was saved stays.")
        _silence()
        return FAILED


def _silence() -> None:
    # At exit Python writes what is left of the output, and would fail there again.
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _finished(code: int) -> int:
    # Here and not at exit, where a reader that is gone would cause a traceback.
    sys.stdout.flush()
    return code


def exit_code_of(error: HistoryError) -> int:
    """Return the exit code of a failure."""
    return next((code for kind, code in _EXIT_CODES if isinstance(error, kind)), FAILED)


def say(line: str) -> None:
    """Print a line that is no result, for the person at the terminal."""
    print(line, file=sys.stderr)


@contextlib.contextmanager
def _interruptible() -> Iterator[None]:
    """Let the first Ctrl-C end the command in order, and the second at once."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def at_once(_signal: int, _frame: FrameType | None) -> None:
        # Without clean-up, which could hang on the network; the next run clears what this one leaves.
        os._exit(INTERRUPTED)

    def in_order(_signal: int, _frame: FrameType | None) -> None:
        signal.signal(signal.SIGINT, at_once)
        say("\nEnding in order. Press Ctrl-C again to stop at once.")
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, in_order)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@contextlib.contextmanager
def _logging(chosen: argparse.Namespace) -> Iterator[None]:
    """Send the library's log to the terminal: retries and other warnings always, more with -v, requests with -vv."""
    import logging

    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(message)s"))
    levels = {0: logging.WARNING, 1: logging.INFO}
    level = logging.ERROR if chosen.quiet else levels.get(chosen.verbose, logging.DEBUG)
    names = ["elevenlabs_history", *(["httpx"] if chosen.verbose > 1 else [])]
    loggers = [logging.getLogger(name) for name in names]
    before = [logger.level for logger in loggers]
    for logger in loggers:
        logger.addHandler(handler)
        logger.setLevel(level)
    try:
        yield
    finally:
        for logger, level_before in zip(loggers, before, strict=True):
            logger.removeHandler(handler)
            logger.setLevel(level_before)
