"""Record the terminal session that the README shows: `python scripts/record_terminal.py` writes docs/backup.svg.

The commands run against the simulator in a terminal emulator (pyte); rich draws its screen. The progress bar is shown
as it was at about half of the items.
"""

from __future__ import annotations

import fcntl
import io
import os
import pty
import re
import struct
import subprocess
import sys
import tempfile
import termios
from pathlib import Path

import pyte
from elevenlabs_history_simulator import Simulator
from rich.console import Console
from rich.text import Text

TARGET = Path(__file__).parents[1] / "docs" / "backup.svg"
COLUMNS, ROWS = 100, 12
COMMANDS = ("backup history", "backup history", "verify history --checksums")


def run(command: str, environment: dict[str, str], folder: Path) -> tuple[list[str], list[str]]:
    """Run a command in a terminal and return its screen, at half of the items and at the end."""
    screen = pyte.Screen(COLUMNS, ROWS)
    stream = pyte.ByteStream(screen)
    controller, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    with subprocess.Popen(
        ["bash", "-c", f"elevenlabs-history {command}"],
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        cwd=folder,
        env=os.environ | environment | {"TERM": "xterm", "PATH": path},
    ):
        os.close(terminal)
        halfway: list[str] = []
        while data := read(controller):
            stream.feed(data)
            shown = screen_lines(screen)
            if not halfway and any(f" {percent}%|" in line for percent in range(30, 80) for line in shown):
                halfway = shown
    return halfway, screen_lines(screen)


def read(controller: int) -> bytes:
    """Read what the terminal shows next; nothing at the end of the command, which Linux reports as an error."""
    try:
        return os.read(controller, 4096)
    except OSError:
        return b""


def screen_lines(screen: pyte.Screen) -> list[str]:
    """Return the lines of the screen without trailing space."""
    return [line.rstrip() for line in "\n".join(screen.display).rstrip().splitlines()]


def main() -> None:
    """Record the session and write the picture."""
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True)
    with Simulator(items=1000, bandwidth=1_500_000) as simulator, tempfile.TemporaryDirectory() as folder:
        for number, command in enumerate(COMMANDS):
            halfway, end = run(command, simulator.environment, Path(folder))
            console.print(Text(f"$ elevenlabs-history {command}", style="bold"))
            for line in [*halfway[-1:], *end[1:]] if number == 0 else end:
                console.print(Text(line, style="green" if line.startswith("Everything") else ""))
    picture = console.export_svg(title="elevenlabs-history")
    # Without the web fonts: a picture in a README should load nothing from other servers.
    TARGET.write_text(re.sub(r"@font-face {.*?}", "", picture, flags=re.DOTALL), encoding="utf-8")
    print(f"Wrote {TARGET}.")


if __name__ == "__main__":
    main()
