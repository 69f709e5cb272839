"""What `make demo` shows: the simulator, a listing, one item and then several as files, each opened in a decoder.

Everything goes through the installed commands, as a user would type them; the files stay in build/demo.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import soundfile

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "build" / "demo"
COMMANDS = Path(sys.executable).parent


def run(*arguments: str, environment: dict[str, str]) -> str:
    """Show a command, run it, show what it prints, and return that."""
    print(f"\n$ {' '.join(arguments)}", flush=True)
    program, *rest = arguments
    completed = subprocess.run(
        [COMMANDS / program, *rest], env=environment, check=True, stdout=subprocess.PIPE, encoding="utf-8", cwd=ROOT
    )
    print(completed.stdout, end="", flush=True)
    return completed.stdout


def read_settings(simulator: subprocess.Popen[str]) -> dict[str, str]:
    """Read from the simulator's `export` line where it listens and which key it takes."""
    for line in simulator.stdout or ():
        if settings := dict(re.findall(r"(ELEVENLABS_[A-Z_]+)=(\S+)", line)):
            return settings
    sys.exit("The simulator did not start; what it says is above.")


def show_files() -> None:
    """Open every saved file in a decoder and print a table of them."""
    print(f"\nSaved in {FOLDER.relative_to(ROOT)}, each opened in a decoder:\n")
    paths = sorted(path for path in FOLDER.rglob("*.*") if path.is_file())
    width = max(len(str(path.relative_to(FOLDER))) for path in paths)
    print(f"{'FILE':{width}}  FORMAT    RATE  SECONDS")
    for path in paths:
        samples, rate = soundfile.read(str(path))
        kind = soundfile.info(str(path)).format
        print(f"{path.relative_to(FOLDER)!s:{width}}  {kind:6}  {rate:6}  {len(samples) / rate:7.2f}")


def main() -> None:
    """Run the demo and leave nothing running."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    print("Starting the simulator, a server on this machine that answers like the history API …", flush=True)
    with subprocess.Popen(
        [COMMANDS / "elevenlabs-history-simulator", "--port", "0"], stdout=subprocess.PIPE, encoding="utf-8"
    ) as simulator:
        try:
            settings = read_settings(simulator)
            print(f"It listens on {settings['ELEVENLABS_BASE_URL']}.")
            environment = {**os.environ, **settings}
            listing = run("elevenlabs-history", "list", "--limit", "6", environment=environment)
            ids = [line.split()[0] for line in listing.splitlines()[1:]]
            folder = str(FOLDER.relative_to(ROOT))
            run("elevenlabs-history", "download", ids[0], "-o", folder, environment=environment)
            run("elevenlabs-history", "download", *ids[1:5], "-o", folder, environment=environment)
            run("elevenlabs-history", "download", ids[5], "-o", folder, "--format", "wav", environment=environment)
        finally:
            simulator.terminate()
    show_files()


if __name__ == "__main__":
    main()
