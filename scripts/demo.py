"""What `make demo` shows: the simulator, a listing, one item and then several as files.

Everything goes through the installed commands, as a user would type them; the files stay in build/demo.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import wave
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "build" / "demo"
COMMANDS = Path(sys.executable).parent
MP3_FRAME = b"\xff\xfb"  # MPEG-1 layer III without a checksum, which is what the simulator sends


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
    """Read the address and the key from the simulator's `export` line."""
    for line in simulator.stdout or ():
        if settings := dict(re.findall(r"(ELEVENLABS_[A-Z_]+)=(\S+)", line)):
            return settings
    sys.exit("The simulator did not start; what it says is above.")


def show_files() -> None:
    """Print a table of the saved files: what each one is, judged by its bytes."""
    print(f"\nSaved in {FOLDER.relative_to(ROOT)}:\n")
    paths = sorted(path for path in FOLDER.rglob("*.*") if path.is_file())
    width = max(len(str(path.relative_to(FOLDER))) for path in paths)
    print(f"{'FILE':{width}}     BYTES  CONTENT")
    for path in paths:
        print(f"{path.relative_to(FOLDER)!s:{width}}  {path.stat().st_size:8,}  {describe(path)}")


def describe(path: Path) -> str:
    """Tell what the bytes of a file are."""
    if path.read_bytes().startswith(b"RIFF"):
        with wave.open(str(path)) as audio:
            rate = audio.getframerate()
            return f"WAV, {rate} Hz, {audio.getnframes() / rate:.2f} s"
    return f"MP3, {path.read_bytes().count(MP3_FRAME)} frames"


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
