"""Run a command: errors become one line and an exit code, Ctrl-C is handled, and -v shows the log of the library."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import sys
from typing import TYPE_CHECKING, Any, TextIO

from elevenlabs_history import errors

from .backups import backup, import_files, page, verify
from .doctor import doctor
from .downloads import download
from .export import export
from .items import list_items, show
from .keys import MissingKeyError
from .mcp_server import serve
from .output import echo, name_options, sanitize
from .parser import ExitCode, make_parser
from .player import open_file, play
from .probe import probe
from .prune import prune
from .queries import find, search, stats
from .settings import fill, load_settings
from .subtitles import subtitles

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator
    from types import FrameType

_EXIT_CODES = (
    (ExitCode.USAGE, errors.InvalidArgumentError),
    (ExitCode.KEY, (errors.AuthenticationError, errors.PermissionDeniedError, errors.WrongRegionError)),
    (ExitCode.SERVER, (errors.RateLimitError, errors.ServerError, errors.APIConnectionError, errors.APITimeoutError)),
)
# They act or judge, so their exit code counts, whoever reads their output.
_LASTING_COMMANDS = {"backup", "verify", "import", "prune", "download", "doctor", "probe"}
# The doctor reads the settings itself, because they are one of its checks.
_WITHOUT_SETTINGS = {"completion", "doctor"}


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
    "import": import_files,
    "search": search,
    "find": find,
    "stats": stats,
    "export": export,
    "play": play,
    "open": open_file,
    "subtitles": subtitles,
    "mcp": serve,
    "page": page,
    "prune": prune,
    "list": list_items,
    "show": show,
    "download": download,
    "doctor": doctor,
    "probe": probe,
    "completion": completion,
}


class _Signalled(KeyboardInterrupt):
    """Ctrl-C or SIGTERM. An event loop ends at once for this kind of exception, and only stores another one."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.exit_code = ExitCode(128 + number)


class _LastingOutput:
    """The output of a command that acts or judges: it goes on when the reader goes away, and its exit code counts."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        with _ignoring_broken_pipe():
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        with _ignoring_broken_pipe():
            self._stream.flush()

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - of the stream
        return getattr(self._stream, name)


def run(args: argparse.Namespace) -> ExitCode:
    """Run a command and return its exit code."""
    _enable_colors()
    output: Any = _LastingOutput(sys.stdout) if args.command in _LASTING_COMMANDS else sys.stdout
    try:
        with contextlib.redirect_stdout(output), _logging(args), _interruptible():
            # A file of workspaces says everything itself.
            if args.command not in _WITHOUT_SETTINGS and getattr(args, "workspaces", None) is None:
                fill(args, load_settings())
            code = COMMANDS[args.command](args)
            # Not left to the exit of Python, where a closed pipe or a full disk would cause a traceback.
            sys.stdout.flush()
            return code
    except errors.HistoryError as error:
        text = str(name_options(error))
        # The lines of this hint are ours; elsewhere a line end may come from the server.
        lines = text.splitlines() if isinstance(error, MissingKeyError) else [text]
        for line in [f"elevenlabs-history: {lines[0]}", *lines[1:]]:
            echo(line)
        return next((code for code, kinds in _EXIT_CODES if isinstance(error, kinds)), ExitCode.FAILED)
    except _Signalled as signalled:
        what = "Interrupted" if signalled.exit_code == ExitCode.INTERRUPTED else "Terminated"
        echo(f"elevenlabs-history: {what}. Saved files stay and no partial file was left. Run it again to continue.")
        return signalled.exit_code
    except BrokenPipeError:
        # The reader, such as `head`, has read enough.
        _discard_output()
        return ExitCode.DONE
    except UnicodeEncodeError as error:
        # The output replaces what it can't hold, so this is the name of a file.
        echo(
            f"elevenlabs-history: Can't use a file whose name the encoding {error.encoding} does not have. "
            "Use a UTF-8 locale, such as LC_ALL=C.UTF-8, or set PYTHONUTF8=1."
        )
        return ExitCode.FAILED
    except OSError as error:
        name = "the output" if error.filename is None else os.fsdecode(error.filename)
        echo(f"elevenlabs-history: Can't use {name}: {error.strerror or error}. Saved files stay.")
        _discard_output()
        return ExitCode.FAILED


def _enable_colors() -> None:
    """Let a Windows console understand the codes of colors; turn colors off if it can't."""
    if sys.platform == "win32":
        import ctypes

        console, mode = ctypes.windll.kernel32, ctypes.c_ulong()
        handle = console.GetStdHandle(-11)  # standard output
        if not console.GetConsoleMode(handle, ctypes.byref(mode)) or not console.SetConsoleMode(handle, mode.value | 4):
            os.environ["NO_COLOR"] = "1"


@contextlib.contextmanager
def _ignoring_broken_pipe() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        _discard_output()


class _Formatter(logging.Formatter):
    """Log lines quote the server, and share the terminal with a progress bar, which they clear."""

    def format(self, record: logging.LogRecord) -> str:
        return ("\r\x1b[K" if sys.stderr.isatty() else "") + sanitize(super().format(record))


def _discard_output() -> None:
    # At exit Python flushes the output and would fail once more.
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@contextlib.contextmanager
def _interruptible() -> Iterator[None]:
    """Let the first Ctrl-C or SIGTERM stop the command with clean-up, and the second one at once."""

    def stop(number: int, _frame: FrameType | None) -> None:
        # The second time without clean-up, which may hang on the network; the next run deletes the temporary files.
        for each in before:
            signal.signal(each, lambda number, _: os._exit(128 + number))
        # The signal may have interrupted a write to the same stream; stopping matters more than this line.
        with contextlib.suppress(OSError, RuntimeError):
            print(file=sys.stderr)
            echo("Stopping. Press Ctrl-C again to stop at once.")
        raise _Signalled(number)

    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    for number in before:
        signal.signal(number, stop)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def _logging(args: argparse.Namespace) -> Iterator[None]:
    """Write the log to stderr: warnings, such as retries, by default; requests with -v; those of httpx with -vv."""
    names = ["elevenlabs_history", "elevenlabs_history_backup", *(["httpx"] if args.verbose > 1 else [])]
    loggers = [logging.getLogger(name) for name in names]
    handler = logging.StreamHandler()
    handler.setFormatter(_Formatter())
    for logger in loggers:
        logger.addHandler(handler)
        logger.setLevel(logging.ERROR if args.quiet else logging.DEBUG if args.verbose else logging.WARNING)
    try:
        yield
    finally:
        for logger in loggers:
            logger.removeHandler(handler)
            logger.setLevel(logging.NOTSET)
