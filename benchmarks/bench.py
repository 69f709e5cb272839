"""What every question needs: a scale, a place for files, a launcher, servers and the ways to check what came."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

import attrs

from .dataset import Dataset, Shape
from .environments import ROOT, Environment, environment
from .measure import Contestant, Launcher, Told, WrongResultError, put_aside

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

Scale = Literal["tiny", "quick", "usual", "full"]
KEY = "simulator-key"


@attrs.define
class Bench:
    """One run.

    Attributes:
        scale: How much is measured.
        folder: Where files may go.
        launcher: Runs what is measured.
        rounds: How often, unless a question says otherwise.
    """

    scale: Scale
    folder: Path
    launcher: Launcher
    rounds: int

    def python(self, name: str) -> Environment:
        """Return the environment of a peer."""
        return _environment(name)

    def program(
        self,
        label: str,
        peer: str,
        job: str,
        check: Callable[[Told, Path], None],
        *,
        whole: bool = False,
        rounds: int | None = None,
        script: str = "",
        **job_facts: Any,  # noqa: ANN401 - becomes JSON
    ) -> Contestant:
        """Make a contestant of one of the programs beside this module.

        Args:
            label: What the table calls it.
            peer: Its environment.
            job: What it is to do.
            check: As in `Contestant`.
            whole: As in `Contestant`.
            rounds: As in `Contestant`.
            script: The program; otherwise that named after the environment.
            job_facts: What the job needs to know.
        """
        python = self.python(peer)
        facts = json.dumps({"folder": "{folder}", "key": KEY, **job_facts})
        if len(facts) > 100_000:
            path = self.folder / f"job-{hashlib.sha256(facts.encode()).hexdigest()[:12]}.json"
            path.write_text(facts.replace("{folder}", str(self.folder / "round")))
            facts = f"@{path}"
        command = python.command("-m", f"benchmarks.programs.{script or peer}", job, facts)
        return Contestant(name=label, command=command, check=check, whole=whole, rounds=rounds, reason=python.reason)

    @contextmanager
    def server(self, shape: Shape) -> Iterator[str]:
        """Serve a shape from a process of its own; yields the address."""
        command = [sys.executable, "-m", "benchmarks.server", json.dumps(attrs.asdict(shape))]
        with subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8"
        ) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            try:
                yield process.stdout.readline().strip()
            finally:
                process.stdin.close()
                process.wait()

    @contextmanager
    def place(self, name: str) -> Iterator[Path]:
        """Yield an empty folder that outlives rounds; its files take no room afterwards."""
        folder = self.folder / name
        folder.mkdir(parents=True)
        try:
            yield folder
        finally:
            put_aside(folder)


@cache
def _environment(name: str) -> Environment:
    return environment(name)


def anything(told: Told, folder: Path) -> None:
    """Check nothing: the exit code said it all."""
    del told, folder


def holds_exactly(expected: Mapping[str, str], *, identified: bool) -> Callable[[Told, Path], None]:
    """Make a check that the files are right, by content.

    Args:
        expected: The SHA-256 of each item by its id.
        identified: What is told says in `files` which file is which item for all of them; otherwise for some or none.
            It is never to say something wrong.
    """

    def check(told: Told, folder: Path) -> None:
        files: dict[str, str] = told.get("files", {})
        if identified and files.keys() != expected.keys():
            raise WrongResultError(f"{len(files.keys() & expected.keys())} of {len(expected)} items identified")
        for history_item_id, path in files.items():
            file = folder / path
            if not file.is_file() or _sha256(file) != expected[history_item_id]:
                raise WrongResultError(f"the file of item {history_item_id} has another item's bytes or none's")
        if identified:
            return
        found = sorted(_sha256(path) for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))
        if found != sorted(expected.values()):
            raise WrongResultError(f"{len(set(found) & set(expected.values()))} of {len(expected)} files are right")

    return check


def tells(**expected: object) -> Callable[[Told, Path], None]:
    """Make a check that certain things are told."""

    def check(told: Told, folder: Path) -> None:
        del folder
        for name, value in expected.items():
            if told.get(name) != value:
                raise WrongResultError(f"{name} is {told.get(name)!r} instead of {value!r}")

    return check


def digests(shape: Shape) -> dict[str, str]:
    """Return what the server of a shape serves: the SHA-256 of each item by its id, newest first."""
    return Dataset(shape).digests()


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
