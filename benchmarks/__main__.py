"""Measure everything, or some of it, and print one table.

python -m benchmarks                    writes docs/benchmarks.md
python -m benchmarks --scale full       with more rounds and a larger item; writes it too
python -m benchmarks --scale quick      about two minutes; writes nothing
python -m benchmarks save listing       these questions only; writes nothing
"""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from .environments import HOME
from .measure import Bench
from .questions import QUESTIONS, SCALES
from .report import PAGE, table, write_page

if TYPE_CHECKING:
    from .report import Row


def main(arguments: list[str] | None = None) -> int:
    """Run as the module docstring says. The exit code is 0 also when goals are missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Compare this package with its peers.")
    parser.add_argument("questions", nargs="*", metavar="QUESTION", help=f"{', '.join(QUESTIONS)} (all)")
    parser.add_argument("--scale", choices=SCALES, default="usual", help="how much is measured (usual)")
    parser.add_argument("--folder", type=Path, default=HOME / "work", help="where files go meanwhile (.bench/work)")
    options = parser.parse_args(arguments)
    if unknown := set(options.questions) - set(QUESTIONS):
        parser.error(f"there is no question {', '.join(sorted(unknown))}; there are {', '.join(QUESTIONS)}")
    rows = ask(options.questions or list(QUESTIONS), options.scale, options.folder.resolve())
    print(table(rows))
    if not options.questions and options.scale in {"usual", "full"}:
        write_page(rows)
        print(f"\nWrote docs/{PAGE.name}.")
    return 0


def ask(names: list[str], scale: str, folder: Path) -> list[Row]:
    """Ask questions one after the other."""
    shutil.rmtree(folder, ignore_errors=True)
    bench = Bench(folder, SCALES[scale].rounds)
    rows: list[Row] = []
    try:
        for name in names:
            print(f"{name} …", flush=True)
            rows += QUESTIONS[name](bench, SCALES[scale])
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return rows


if __name__ == "__main__":
    sys.exit(main())
