"""What a run has to fetch, what it requests together, and which errors end it."""

from collections.abc import Callable, Iterable
from typing import TypeAlias

from attrs import frozen

from .. import errors
from .._audio import FileKind
from .._download.targets import SAVED_KINDS
from .._items import output_format_of
from .._matching import plan_batches
from ..errors import HistoryError, InvalidArgumentError
from ..events import Event
from ..item import HistoryItem

Batch: TypeAlias = "tuple[str | HistoryItem, ...]"

# Shorter archives cost more in requests than they save in waiting.
_MIN_BATCH_SIZE = 10
_FATAL = (
    errors.AuthenticationError,
    errors.InvalidArgumentError,
    errors.PermissionDeniedError,
    errors.QuotaExceededError,
    errors.WriteError,
    errors.WrongRegionError,
)
_WRONG_FORMAT = "invalid_output_format"


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


def plan_requests(items: Iterable[str | HistoryItem], settings: Settings) -> list[Batch]:
    """Decide what is requested together: items whose archive can be matched; bare ids prove nothing together."""
    described = [item for item in items if isinstance(item, HistoryItem)]
    # Enough requests for all workers, but not too short ones.
    even = max(_MIN_BATCH_SIZE, -(-len(described) // settings.workers))
    return [
        *(tuple(batch) for batch in plan_batches(described, min(settings.batch_size, even))),
        *((item,) for item in items if not isinstance(item, HistoryItem)),
    ]


def possible_kinds(item: str | HistoryItem, output_format: str | None) -> tuple[FileKind, ...]:
    """Tell what a file of the item may be in this format, so that a file of another format is not taken for it."""
    if output_format is not None:
        return tuple(kind for kind in SAVED_KINDS if kind == output_format)
    codec = (output_format_of(item) or "").partition("_")[0]
    if codec in {"", "wav", "pcm"}:
        return SAVED_KINDS
    return tuple(kind for kind in SAVED_KINDS if kind is not FileKind.WAV)


def halves(batch: Batch) -> list[Batch]:
    middle = (len(batch) + 1) // 2
    return [half for half in (batch[:middle], batch[middle:]) if half]


def is_fatal(error: HistoryError) -> bool:
    """Tell whether every other request would fail in the same way."""
    if isinstance(error, errors.APIConnectionError):
        return error.never_sent
    return isinstance(error, _FATAL) or error.code == _WRONG_FORMAT
