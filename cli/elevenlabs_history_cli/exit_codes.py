"""The exit codes of every command, as `elevenlabs-history --help` lists them."""

from enum import IntEnum


class ExitCode(IntEnum):
    """How a command ended."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    KEY = 3
    SERVER = 4
    DIFFERENCES = 5
    INTERRUPTED = 130
