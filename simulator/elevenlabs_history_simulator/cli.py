"""The command that starts the simulator."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

USAGE = 2


def main(arguments: Sequence[str] | None = None) -> None:
    """Listen until Ctrl-C or SIGTERM."""
    options = _parser().parse_args(arguments)
    try:
        from .server import Simulator
    except ModuleNotFoundError as error:
        if error.name not in {"starlette", "uvicorn"}:
            raise
        sys.stderr.write("The simulator needs an extra: pip install 'elevenlabs-history[simulator]'\n")
        sys.exit(USAGE)
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    simulator = Simulator(items=options.items, seed=options.seed, latency=options.latency / 1000, port=options.port)
    try:
        simulator.start()
    except OSError as error:
        sys.stderr.write(f"Port {options.port} can't be used: {error.strerror}. Choose another, or 0 for any.\n")
        sys.exit(USAGE)
    sys.stdout.write(
        f"The simulator listens on {simulator.base_url} until Ctrl-C.\n"
        f"export ELEVENLABS_BASE_URL={simulator.base_url} ELEVENLABS_API_KEY={simulator.api_key}\n"
    )
    sys.stdout.flush()
    ended.wait()
    simulator.stop()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="elevenlabs-history-simulator",
        description="A server on this machine that answers like the ElevenLabs history API. It needs no key of yours.",
    )
    parser.add_argument("--port", type=int, default=8000, help="where it listens; 0 for any free port (8000)")
    parser.add_argument("--items", type=int, default=20, help="how many items its history has (20)")
    parser.add_argument("--seed", type=int, default=1, help="other seeds give other items (1)")
    parser.add_argument("--latency", type=float, default=0.0, metavar="MS", help="milliseconds before each answer (0)")
    return parser
