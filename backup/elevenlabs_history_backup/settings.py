"""What a backup was made with, so that later runs continue it without being told again."""

from datetime import UTC, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from attrs import evolve, frozen
from elevenlabs_history import InvalidArgumentError, Template, TimestampLike, unix_seconds

from .metadata import iso_format

ORIGINAL: Final = "original"
"""The format of a file that is as it was generated."""
FILTERS: Final = ("voice", "model_id", "source", "search", "after", "before")


@frozen(kw_only=True)
class SyncSettings:
    """What a backup was made with.

    Attributes:
        template: How files are named; None for the default.
        zone: The time zone of dates in names: `UTC`, or a name such as `Europe/Berlin`.
        output_format: The format to convert to; None for the original.
        voice: Only items with this voice, as in `Backup.sync`, like all filters. None if everything is kept.
        model_id: Only items with this model.
        source: Only items of this product.
        search: Only items whose text matches.
        after: Only items generated at or after this time: ISO 8601, UTC.
        before: Only items generated before this time.
    """

    template: str | None = None
    zone: str = "UTC"
    output_format: str | None = None
    voice: str | None = None
    model_id: str | None = None
    source: str | None = None
    search: str | None = None
    after: str | None = None
    before: str | None = None

    def filters(self) -> dict[str, Any]:
        """Return the filters, as `HistoryClient.list` takes them."""
        return {name: getattr(self, name) for name in FILTERS}

    def make_template(self) -> Template:
        """Return the template; raise `InvalidArgumentError` if this machine does not know its zone."""
        zone = UTC if self.zone == "UTC" else _find_zone(self.zone)
        return Template(zone=zone) if self.template is None else Template(self.template, zone=zone)


def continue_settings(
    remembered: SyncSettings | None,
    filters: tuple[str | None, str | None, str | None, str | None, TimestampLike | None, TimestampLike | None],
    output_format: str | None,
    template: Template | str | None = None,
    *,
    no_filters: bool,
) -> SyncSettings:
    """Return the settings of a run: what it is given, and what is remembered of everything else."""
    settings = remembered or SyncSettings()
    if no_filters:
        settings = SyncSettings(template=settings.template, zone=settings.zone, output_format=settings.output_format)
    if template is not None:
        template = template if isinstance(template, Template) else Template(template)
        _check_id(template)
        settings = evolve(settings, template=template.text, zone=_zone_name(template))
    if output_format is not None:
        settings = evolve(settings, output_format=None if output_format == ORIGINAL else output_format)
    *texts, after, before = filters
    given = dict(zip(FILTERS, [*texts, _iso_text(after, "after"), _iso_text(before, "before")], strict=True))
    return evolve(settings, **{name: text for name, text in given.items() if text is not None})


def _iso_text(timestamp: TimestampLike | None, name: str) -> str | None:
    seconds = date_seconds(timestamp, name)
    return None if seconds is None else iso_format(datetime.fromtimestamp(seconds, UTC))


def date_seconds(timestamp: TimestampLike | None, name: str) -> int | None:
    """Convert a timestamp to Unix seconds of a date that can be written; `name` is the argument it was passed as."""
    seconds = unix_seconds(timestamp, name)
    try:
        if seconds is not None:
            datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, OSError, ValueError):
        raise InvalidArgumentError(f"Invalid {name}: {timestamp!r} is not a date. Nothing was sent.") from None
    return seconds


def _check_id(template: Template) -> None:
    if not template.has_id:
        raise InvalidArgumentError(
            f"Template {template.text!r} does not name the item, so one file could replace another.",
            hint="Put {id} into it. Nothing was sent.",
        )


def _zone_name(template: Template) -> str:
    if template.zone is UTC:
        return "UTC"
    if isinstance(template.zone, ZoneInfo) and template.zone.key:
        return template.zone.key
    raise InvalidArgumentError(
        f"The time zone of the template, {template.zone!r}, has no name that a backup could remember.",
        hint="Use UTC or zoneinfo.ZoneInfo. Nothing was sent.",
    )


def _find_zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise InvalidArgumentError(
            f"The backup names files by times of {name}, a time zone that this machine does not know.",
            hint="Run: pip install tzdata",
        ) from None
