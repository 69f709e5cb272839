"""The command that starts the simulator."""

from __future__ import annotations

import argparse
import ipaddress
import math
import shlex
import signal
import sys
import threading
from typing import TYPE_CHECKING

from .like import quirks_like
from .quirks import Quirks, about_quirks

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

USAGE = 2
_MEGABYTE = 1_000_000
_DESCRIPTION = "A server on this machine that answers like the ElevenLabs history API. It needs no key of yours."


def main(arguments: Sequence[str] | None = None) -> None:
    """Listen until Ctrl-C or SIGTERM."""
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        quirks = Quirks.parse(options.quirk) if options.like is None else quirks_like(options.like, options.quirk)
    except ValueError as error:
        parser.error(str(error))
    try:
        from .server import Simulator
    except ModuleNotFoundError as error:
        if error.name not in {"anyio", "starlette", "uvicorn"}:
            raise
        sys.stderr.write("The simulator needs an extra: pip install 'elevenlabs-history[simulator]'\n")
        sys.exit(USAGE)
    simulator = Simulator(
        items=0,
        seed=options.seed,
        quirks=quirks,
        latency=options.latency / 1000,
        bandwidth=None if options.bandwidth is None else options.bandwidth * _MEGABYTE,
        concurrency=options.concurrency,
        host=options.host,
        port=options.port,
    )
    simulator.history.fill(options.items, aligned=options.aligned)
    try:
        simulator.start()
    except OSError as error:
        parser.error(
            f"can't listen on {options.host} port {options.port}: {error.strerror}. "
            "Choose another --port, or 0 for any free one, and a --host of this machine."
        )
    if not _is_loopback(options.host):
        sys.stderr.write(f"Whoever reaches {options.host} can use it, not only this machine.\n")
    settings = " ".join(f"{name}={shlex.quote(value)}" for name, value in simulator.environment.items())
    sys.stdout.write(f"The simulator listens on {simulator.base_url} until Ctrl-C.\nexport {settings}\n")
    sys.stdout.flush()
    # A wait without end can't be interrupted on Windows.
    while not ended.wait(0.5):
        pass
    simulator.stop()


def _parser() -> argparse.ArgumentParser:
    switches = "\n".join(
        f"  {each.name} = {each.positions} ({each.default})\n      {each.about}" for each in about_quirks()
    )
    parser = argparse.ArgumentParser(
        prog="elevenlabs-history-simulator",
        description=_DESCRIPTION,
        epilog=f"quirks, what is not known of the real server:\n{switches}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    whole, number = _whole, _number
    parser.add_argument("--host", default="127.0.0.1", help="where it listens (127.0.0.1: only on this machine)")
    parser.add_argument("--port", type=whole(0, 65_535), default=8000, help="its port; 0 for any free one (8000)")
    parser.add_argument("--items", type=whole(0), default=20, metavar="N", help="items of its history (20)")
    parser.add_argument(
        "--aligned", action="store_true", help="items tell when each character is spoken, for subtitles"
    )
    parser.add_argument("--seed", type=whole(0), default=1, metavar="S", help="other seeds give other items (1)")
    parser.add_argument(
        "--quirk",
        nargs="+",
        action="extend",
        default=[],
        metavar="NAME[=POSITION]",
        help="be another server than it likely is, see below",
    )
    parser.add_argument(
        "--like",
        metavar="REPORT",
        help="have the quirks of a report of elevenlabs-history probe; --quirk overrides it",
    )
    parser.add_argument(
        "--latency", type=number("0 or more"), default=0.0, metavar="MS", help="milliseconds before each answer (0)"
    )
    parser.add_argument(
        "--bandwidth", type=number("more than 0"), metavar="MB/s", help="megabytes a second of each answer (no limit)"
    )
    parser.add_argument(
        "--concurrency", type=whole(1), metavar="N", help="more requests at a time are refused with 429 (no limit)"
    )
    return parser


def _whole(least: int, most: int | None = None) -> Callable[[str], int]:
    wanted = f"a whole number from {least}" + (" up" if most is None else f" to {most}")

    def read(text: str) -> int:
        if not (text.isascii() and text.isdecimal()) or int(text) < least or (most is not None and int(text) > most):
            raise argparse.ArgumentTypeError(f"{text!r} is not {wanted}")
        return int(text)

    return read


def _number(wanted: str) -> Callable[[str], float]:
    def read(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not math.isfinite(value) or value < 0 or (value == 0 and wanted == "more than 0"):
            raise argparse.ArgumentTypeError(f"{text!r} is not a number, {wanted}")
        return value

    return read


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
