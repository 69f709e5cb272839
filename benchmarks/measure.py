"""Run commands by turns, check what each one did, and keep how long it took."""

from __future__ import annotations

import hashlib
import json
import os
import statistics
import subprocess
import sys
import time
import uuid
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeAlias

import attrs
from attrs import Factory, define, frozen

from . import environments

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from .server import Shape

KEY = "benchmark-key"

Facts: TypeAlias = "dict[str, Any]"
Check: TypeAlias = "Callable[[Facts, Path], None]"
"""Raises `WrongResultError` if what a command printed, or its folder, is not right."""


class WrongResultError(Exception):
    """A command failed, or did not do what was asked."""


@frozen(kw_only=True)
class Command:
    """One way to do a task.

    Attributes:
        label: What the table calls it.
        arguments: Program and arguments; None if it is unavailable.
        check: Checks the result of each round.
        whole_process: The time of the whole process counts; otherwise what the program reports for the work alone.
        unavailable: Why it is unavailable.
    """

    label: str
    arguments: tuple[str, ...] | None
    check: Check
    whole_process: bool = False
    unavailable: str = ""


@define
class Result:
    """The seconds of each round and the highest peak memory; without seconds, the reason."""

    label: str
    seconds: list[float] = Factory(list)
    memory: int = 0
    reason: str = ""

    @property
    def median(self) -> float:
        """The median of the rounds."""
        return statistics.median(self.seconds)


@frozen
class Bench:
    """Runs commands and servers.

    Attributes:
        folder: Where files go.
        rounds: How often each command runs.
    """

    folder: Path
    rounds: int

    def program(
        self,
        label: str,
        environment: str,
        job: str,
        check: Check,
        *,
        script: str = "",
        whole_process: bool = False,
        **facts: Any,  # noqa: ANN401 - becomes JSON
    ) -> Command:
        """Make a command of a program in `programs`, which is named as its environment unless `script` is given."""
        arguments = ("-m", f"benchmarks.programs.{script or environment}", job, json.dumps({"key": KEY, **facts}))
        try:
            python = environments.python_of(environment)
        except environments.UnavailableError as error:
            return Command(label=label, arguments=None, check=check, unavailable=str(error))
        return Command(label=label, arguments=(python, *arguments), check=check, whole_process=whole_process)

    def shell(self, label: str, script: str, *arguments: str, needs: tuple[str, ...], check: Check) -> Command:
        """Make a command of a shell script, whose whole process counts."""
        try:
            environments.check_commands("sh", *needs)
        except environments.UnavailableError as error:
            return Command(label=label, arguments=None, check=check, unavailable=str(error))
        return Command(label=label, arguments=("sh", "-c", script, "sh", *arguments), check=check, whole_process=True)

    @contextmanager
    def server(self, shape: Shape) -> Iterator[str]:
        """Serve a shape from a process of its own; yields the address."""
        command = [sys.executable, "-m", "benchmarks.server", json.dumps(attrs.asdict(shape))]
        with subprocess.Popen(
            command, cwd=environments.ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8"
        ) as process:
            assert process.stdout is not None
            try:
                yield process.stdout.readline().strip()
            finally:
                process.communicate()

    def race(self, *commands: Command, rounds: int | None = None) -> list[Result]:
        """Run commands by turns, so that what else the machine does slows all of them down.

        A command that fails or has a wrong result in one round counts for nothing.
        """
        results = [Result(each.label, reason=each.unavailable) for each in commands]
        for _ in range(rounds or self.rounds):
            for command, result in zip(commands, results, strict=True):
                if result.reason:
                    continue
                try:
                    seconds, memory = self._run(command)
                except WrongResultError as error:
                    result.seconds.clear()
                    result.reason = str(error)
                    continue
                result.seconds.append(seconds)
                result.memory = max(result.memory, memory)
        return results

    def _run(self, command: Command) -> tuple[float, int]:
        assert command.arguments is not None
        folder = self.folder / "round"
        folder.mkdir(parents=True)
        # Nobody should wait until what others wrote is on the disk.
        os.sync()
        start = time.perf_counter()
        completed = subprocess.run(
            command.arguments,
            cwd=folder,
            env={"PATH": os.environ["PATH"], "PYTHONPATH": str(environments.ROOT)},
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
        whole = time.perf_counter() - start
        try:
            if completed.returncode:
                message = (completed.stderr.strip() or "no message").splitlines()[-1]
                raise WrongResultError(f"exit code {completed.returncode}: {message}")
            text = completed.stdout
            facts: Facts = json.loads(text) if text.startswith("{") else {"text": text}
            command.check(facts, folder)
        finally:
            put_aside(folder)
        return whole if command.whole_process else facts["seconds"], facts.get("memory", 0)


def put_aside(folder: Path) -> None:
    """Empty the files of a folder and rename it, instead of deleting it.

    Before ext4 takes an inode, it looks at all that were freed in the last minutes: after some deleted rounds, creating
    a thousand files would take 0.6 seconds instead of 0.02, whoever creates them.
    """
    for path in folder.rglob("*"):
        if path.is_file():
            os.truncate(path, 0)
    folder.rename(folder.with_name(f"{folder.name}-{uuid.uuid4().hex}"))


def check_nothing(facts: Facts, folder: Path) -> None:
    """Check nothing: the exit code is enough."""
    del facts, folder


def check_facts(**expected: object) -> Check:
    """Make a check that a program reports these facts."""

    def check(facts: Facts, folder: Path) -> None:
        del folder
        for name, value in expected.items():
            if facts.get(name) != value:
                raise WrongResultError(f"{name} is {facts.get(name)!r} instead of {value!r}")

    return check


def check_files(expected: Mapping[str, str]) -> Check:
    """Make a check that the folder has exactly these files, by content.

    Args:
        expected: The SHA-256 of each item by its id. If the program reports `files`, the path of each item by its id,
            these must hold the bytes of that item.
    """

    def check(facts: Facts, folder: Path) -> None:
        # Locks and what is not finished are hidden.
        visible = (path for path in folder.rglob("[!.]*") if not path.parent.name.startswith("."))
        found = {path: _sha256(path) for path in visible if path.is_file()}
        for history_item_id, path in facts.get("files", {}).items():
            if found.get(folder / path) != expected[history_item_id]:
                raise WrongResultError(f"the file of item {history_item_id} has other bytes, or is missing")
        if sorted(found.values()) != sorted(expected.values()):
            raise WrongResultError(
                f"{len(set(found.values()) & set(expected.values()))} of {len(expected)} files are right"
            )

    return check


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
