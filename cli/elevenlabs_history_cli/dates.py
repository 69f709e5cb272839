"""Times as people write them on the command line, in the time zone of this machine."""

import re
from datetime import UTC, datetime, time as clock, timedelta

TIMES = "7d, 12h, 2w, today, yesterday, 2026, 2026-01, 2026-01-31 or 2026-01-31T12:00"
"""What a time may look like, for messages."""

_AGO = re.compile(r"(\d{1,6})([hdw])")


def parse_time(text: str, *, now: datetime | None = None) -> datetime:
    """Return the first moment of what a text means, with a time zone.

    Args:
        text: An age, a day, a month, a year or a time, such as those of `TIMES`; without a zone in local time.
        now: What ages count from; None for now.

    Raises:
        ValueError: The text means no time.
    """
    now = now or datetime.now(UTC)
    # Without a zone: days are counted by the calendar, also where one of them has 23 or 25 hours.
    local = now.astimezone().replace(tzinfo=None)
    try:
        if match := _AGO.fullmatch(text):
            number, unit = int(match[1]), match[2]
            if unit == "h":
                return now - timedelta(hours=number)
            time = local - timedelta(days=number * (7 if unit == "w" else 1))
        elif text in {"today", "yesterday"}:
            time = datetime.combine(local.date(), clock()) - timedelta(days=text == "yesterday")
        else:
            # A year or a month begins with its first day.
            rest = {4: "-01-01", 7: "-01"}.get(len(text), "")
            time = datetime.fromisoformat(text + rest)
        # Not by astimezone, which moves a midnight that the clock skipped to the day before.
        return time if time.tzinfo else datetime.fromtimestamp(time.timestamp(), UTC)
    except (ValueError, OverflowError, OSError):
        raise ValueError(f"{text!r} is not a time such as {TIMES}") from None
