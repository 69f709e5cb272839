"""Ask all questions, or some, and print one table.

python -m benchmarks                      all questions; writes docs/benchmarks.md
python -m benchmarks --scale quick        about two minutes; writes nothing
python -m benchmarks --scale full         ten gigabytes to verify, and more
python -m benchmarks one_item listing     only these; writes nothing
"""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from .bench import Bench, Scale
from .environments import HOME
from .measure import Launcher
from .questions import growth, listing, many_items, nothing_new, one_archive, one_item, simulator, start, verify
from .report import PAGE, full_report, goal_table, write_page

if TYPE_CHECKING:
    from .goals import Answer, Line

QUESTIONS = {
    module.__name__.rpartition(".")[2]: module
    for module in (start, one_item, one_archive, many_items, listing, verify, nothing_new, growth, simulator)
}
_ROUNDS = {"tiny": 1, "quick": 3, "usual": 5, "full": 9}


def main(arguments: list[str] | None = None) -> int:
    """Run as the module docstring says and return the exit code: 0 also when goals are missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Ratios against peers, in one run.")
    parser.add_argument("questions", nargs="*", metavar="QUESTION", help=f"of {', '.join(QUESTIONS)} (all)")
    parser.add_argument("--scale", choices=get_args(Scale), default="usual", help="how much is measured (usual)")
    parser.add_argument("--folder", type=Path, default=HOME / "work", help="where files go meanwhile (.bench/work)")
    options = parser.parse_args(arguments)
    unknown = set(options.questions) - set(QUESTIONS)
    if unknown:
        parser.error(f"there is no question {', '.join(sorted(unknown))}; there are {', '.join(QUESTIONS)}")
    answers = ask(options.questions or list(QUESTIONS), options.scale, options.folder.resolve())
    print(f"\n{goal_table(answers)}\n")
    counted = {status: sum(line.status == status for line in _lines(answers)) for status in ("met", "missed")}
    print(f"{counted['met']} met, {counted['missed']} missed")
    if not options.questions and options.scale in {"usual", "full"}:
        write_page(full_report(answers, options.scale))
        print(f"Written to docs/{PAGE.name}.")
    return 0


def ask(names: list[str], scale: Scale, folder: Path) -> list[Answer]:
    """Ask questions one after the other, and show what each has measured as it is known."""
    answers = []
    HOME.mkdir(exist_ok=True)
    shutil.rmtree(folder, ignore_errors=True)
    try:
        with Launcher(folder) as launcher:
            bench = Bench(scale=scale, folder=folder, launcher=launcher, rounds=_ROUNDS[scale])
            for name in names:
                print(f"{name} …", flush=True)
                answers.append(QUESTIONS[name].ask(bench))
                print(f"{goal_table(answers[-1:])}\n", flush=True)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return answers


def _lines(answers: list[Answer]) -> list[Line]:
    return [line for answer in answers for line in answer.lines]


if __name__ == "__main__":
    sys.exit(main())
