"""Import every module of a package, and name the first that fails.

    python scripts/import_all.py generated/elevenlabs_history_api

Exit codes: 0 each module can be imported, 1 one can't.
"""

from __future__ import annotations

import importlib
import sys
import traceback
from pathlib import Path


def import_all(package: Path) -> None:
    """Import a package and each module in it.

    Raises:
        Exception: Whatever a module raises.
    """
    sys.path.insert(0, str(package.parent))
    for file in sorted(package.rglob("*.py")):
        steps = [step for step in file.relative_to(package.parent).with_suffix("").parts if step != "__init__"]
        importlib.import_module(".".join(steps))


def failing_file(package: Path, error: Exception) -> str:
    """Say in which file of a package an error arose, as a path relative to it."""
    files = [frame.filename for frame in traceback.extract_tb(error.__traceback__)]
    if isinstance(error, SyntaxError) and error.filename:
        files.append(error.filename)
    inside = [Path(file) for file in files if Path(file).is_relative_to(package)]
    return str(inside[-1].relative_to(package)) if inside else package.name


def main() -> int:
    """Run as the module docstring says and return the exit code."""
    package = Path(sys.argv[1]).resolve()
    try:
        import_all(package)
    except Exception as error:  # noqa: BLE001 - a module may raise anything
        print(f"{failing_file(package, error)}: {type(error).__name__}: {error}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
