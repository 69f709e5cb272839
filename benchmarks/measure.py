"""Let several commands do the same in turns, refuse wrong results, and keep what each took."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeAlias

from attrs import Factory, define, frozen

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

FOLDER = "{folder}"
"""Stands in a command for the empty folder that each round gets."""

_ROOT = Path(__file__).resolve().parent.parent
_TAIL = 300
_HIDDEN = ("ELEVENLABS_API_KEY", "ELEVEN_API_KEY", "ELEVENLABS_BASE_URL")

Told: TypeAlias = "dict[str, Any]"
"""What a command says on standard output: JSON of a program of ours, else the text as `text`."""


class WrongResultError(Exception):
    """A command ended well, but not with what was asked for."""


@frozen(kw_only=True)
class Contestant:
    """One way to do what a question asks.

    Attributes:
        name: What the table calls it.
        command: Program and arguments; None when it is not available.
        check: Raises `WrongResultError` when the folder and what was told are not right.
        whole: The whole process counts; otherwise what the program says its work took, without its start.
        rounds: Fewer rounds than the others, for what takes very long.
        reason: Why it is not available.
    """

    name: str
    command: tuple[str, ...] | None
    check: Callable[[Told, Path], None]
    whole: bool = False
    rounds: int | None = None
    reason: str = ""


@frozen(kw_only=True)
class Sample:
    """One round: seconds, seconds of CPU, peak memory in bytes, and what was told."""

    seconds: float
    cpu: float
    memory: int
    told: Told


@define
class Result:
    """What a contestant has done. Without samples it counts for nothing, for the reason given."""

    name: str
    samples: list[Sample] = Factory(list)
    reason: str = ""

    @property
    def seconds(self) -> float:
        """The median."""
        return statistics.median(sample.seconds for sample in self.samples)

    @property
    def cpu(self) -> float:
        """The median."""
        return statistics.median(sample.cpu for sample in self.samples)

    @property
    def memory(self) -> int:
        """The highest peak."""
        return max(sample.memory for sample in self.samples)

    @property
    def spread(self) -> float:
        """How far the slowest round is from the fastest, as a part of the median."""
        seconds = [sample.seconds for sample in self.samples]
        return (max(seconds) - min(seconds)) / self.seconds

    def refuse(self, reason: str) -> None:
        """Count for nothing from now on."""
        self.samples.clear()
        self.reason = reason


def put_aside(folder: Path) -> None:
    """Free the room of a folder's files but keep them, empty, beside it under another name.

    Before it takes an inode, ext4 passes over all in the neighbourhood that were freed in the last minutes: after some
    rounds, making a thousand files would take 0.6 seconds instead of 0.02, whoever makes them.
    """
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            os.truncate(path, 0)
    folder.rename(folder.with_name(f"{folder.name}-{uuid.uuid4().hex}"))


class Launcher:
    """Runs commands from a small process. A context manager."""

    def __init__(self, folder: Path) -> None:
        """Prepare to run commands that leave their files below a folder."""
        self._folder = folder

    def __enter__(self) -> Self:
        self._folder.mkdir(parents=True, exist_ok=True)
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", Path(__file__).with_name("launcher.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="utf-8",
        )
        return self

    def __exit__(self, *exception: object) -> None:
        self._process.communicate()

    def run(self, contestant: Contestant) -> Sample:
        """Run one round in a fresh folder and check what came of it.

        Raises:
            WrongResultError: It failed, or did not do what was asked for.
        """
        folder, output, errors = (self._folder / name for name in ("round", "round.out", "round.err"))
        folder.mkdir()
        try:
            # What others have written is not to reach the disk at this one's expense.
            os.sync()
            answer = self._launch(contestant.command or (), folder, output, errors)
            text = output.read_text(encoding="utf-8", errors="replace")
            if answer["exit"]:
                said = errors.read_text(encoding="utf-8", errors="replace").strip()
                last = said.splitlines()[-1][-_TAIL:] if said else "no message"
                raise WrongResultError(f"it failed with exit code {answer['exit']}: {last}")
            told: Told = json.loads(text) if text.startswith("{") else {"text": text}
            contestant.check(told, folder)
        finally:
            put_aside(folder)
        seconds = answer["wall"] if contestant.whole else told["seconds"]
        return Sample(seconds=seconds, cpu=answer["cpu"], memory=answer["memory"], told=told)

    def _launch(self, command: Sequence[str], folder: Path, output: Path, errors: Path) -> dict[str, Any]:
        order = {
            "command": [part.replace(FOLDER, str(folder)) for part in command],
            "folder": str(folder),
            "stdout": str(output),
            "stderr": str(errors),
            "environment": {name: value for name, value in os.environ.items() if name not in _HIDDEN}
            | {"PYTHONPATH": str(_ROOT)},
        }
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer


def race(launcher: Launcher, contestants: Sequence[Contestant], rounds: int) -> dict[str, Result]:
    """Let contestants take turns, so that what else the machine does hits all of them.

    Args:
        launcher: Runs them.
        contestants: All that try; who is not available or ends with a wrong result counts for nothing.
        rounds: How often.

    Returns:
        The results by name, in the order of the contestants.
    """
    results = {each.name: Result(each.name, reason=each.reason) for each in contestants}
    for number in range(rounds):
        for each in contestants:
            result = results[each.name]
            if each.command is None or result.reason or number >= (each.rounds or rounds):
                continue
            try:
                result.samples.append(launcher.run(each))
            except WrongResultError as error:
                result.refuse(str(error))
    return results
