"""What a run has to fetch, and what it requests together."""

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeAlias

from attrs import evolve, frozen
from elevenlabs_history_api.models import HistoryItem

from .._audio import FileKind
from .._download.targets import AUDIO_KINDS, Targets
from .._files.checks import files_below
from .._http.requests import id_of, output_format_of
from .._matching import plan_batches
from ..errors import InvalidArgumentError, TargetExistsError
from ..events import Event, ItemFailed, SkippedFile

Batch: TypeAlias = "tuple[str | HistoryItem, ...]"

# Shorter archives cost more in requests than they save in waiting.
_MIN_BATCH_SIZE = 10


@frozen(kw_only=True)
class Settings:
    """How a run works; see `HistoryClient.download_all`."""

    output_format: str | None
    workers: int
    batch_size: int
    on_event: Callable[[Event], None] | None

    def __attrs_post_init__(self) -> None:
        for name, number in (("workers", self.workers), ("batch_size", self.batch_size)):
            if number < 1:
                raise InvalidArgumentError(f"Invalid {name}: {number}. It must be at least 1. Nothing was sent.")


@frozen
class RunPlan:
    """What to fetch, whose files exist, and whose file names are taken by what may be another item."""

    pending: tuple[str | HistoryItem, ...]
    skipped: list[SkippedFile]
    failed: list[ItemFailed]


def plan_run(targets: Targets, output_format: str | None) -> RunPlan:
    """Find the items whose files do not exist yet."""
    # As case-insensitive as the operating system is.
    existing = {os.path.normcase(path) for path in files_below(targets.folder)}
    pending: list[str | HistoryItem] = []
    plan = RunPlan((), [], [])
    for item in targets.items:
        paths = (targets.relative_path(item, kind) for kind in _possible_kinds(item, output_format))
        path = next((path for path in paths if os.path.normcase(path) in existing), None)
        if path is None:
            pending.append(item)
        elif targets.names_hold_ids or isinstance(item, str):
            plan.skipped.append(SkippedFile(path=targets.folder / path, history_item_id=id_of(item)))
        else:
            plan.failed.append(ItemFailed(id_of(item), _ambiguous(targets.folder / path)))
    return evolve(plan, pending=tuple(pending))


def plan_requests(items: Iterable[str | HistoryItem], settings: Settings) -> list[Batch]:
    """Decide what is requested together: items whose archive can be matched; bare ids prove nothing together."""
    described = [item for item in items if isinstance(item, HistoryItem)]
    # Enough requests for all workers, but not too short ones.
    even = max(_MIN_BATCH_SIZE, -(-len(described) // settings.workers))
    return [
        *(tuple(batch) for batch in plan_batches(described, min(settings.batch_size, even))),
        *((item,) for item in items if not isinstance(item, HistoryItem)),
    ]


def _ambiguous(path: Path) -> TargetExistsError:
    return TargetExistsError(
        f"{path} exists, and its name does not tell which item it is. It was not changed.",
        hint="Put {id} into the template, or choose another folder.",
    )


def _possible_kinds(item: str | HistoryItem, output_format: str | None) -> tuple[FileKind, ...]:
    """Tell what a file of the item may be in this format, so that a file of another format is not taken for it."""
    if output_format is not None:
        return tuple(kind for kind in AUDIO_KINDS if kind == output_format)
    codec = (output_format_of(item) or "").partition("_")[0]
    if codec in {"", "wav", "pcm"}:
        return AUDIO_KINDS
    return tuple(kind for kind in AUDIO_KINDS if kind is not FileKind.WAV)
