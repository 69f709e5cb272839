"""Quirks from the report of a probe: what somebody with a key has found out about the real server."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from attrs import evolve

from .quirks import Quirks, about_quirks, positions_of

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable

Report: TypeAlias = "str | os.PathLike[str] | Mapping[str, Any]"
"""A report of `elevenlabs-history probe`: the path of its file, or its JSON."""


def quirks_like(report: Report, words: Iterable[str] = ()) -> Quirks:
    """Return the quirks that a report says; what it does not settle has its default.

    Args:
        report: The report.
        words: Quirks as `Quirks.parse` takes them, which come before those of the report.

    Raises:
        ValueError: The report can't be read or is none, or a word is no quirk.
    """
    name, content = ("The report", report) if isinstance(report, Mapping) else (str(report), _read(Path(report)))
    positions = content.get("quirks") if isinstance(content, Mapping) else None
    if not isinstance(positions, Mapping):
        raise ValueError(f"{name} is not a report of elevenlabs-history probe: it has no quirks.")  # noqa: TRY004 - callers catch one type
    unknown = sorted({*map(str, positions)} - {switch.name for switch in about_quirks()})
    if unknown:
        raise ValueError(f"{name} has a quirk {unknown[0]!r}, which this version of the simulator does not have.")
    try:
        from_report = Quirks(**positions)
    except ValueError as error:
        raise ValueError(f"{name} is damaged. {error}") from None
    return evolve(from_report, **positions_of(words))


def _read(file: Path) -> object:
    try:
        return json.loads(file.read_bytes())
    except OSError as error:
        raise ValueError(f"Can't read the report {file}: {error.strerror}.") from None
    except (ValueError, RecursionError):
        raise ValueError(f"{file} is not a report of elevenlabs-history probe: it is not JSON.") from None
