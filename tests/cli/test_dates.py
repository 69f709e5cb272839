"""What --after and --before understand: local time, the calendar, and days of 23 and 25 hours."""

import contextlib
import os
import time
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from elevenlabs_history_cli.dates import parse_time
from hypothesis import example, given, strategies as st

pytestmark = pytest.mark.skipif(not hasattr(time, "tzset"), reason="Windows takes its zone from elsewhere")

# Samoa skipped a day; in São Paulo and Havana clocks changed at midnight; Lord Howe changes by half an hour.
ZONES = ["UTC", "Europe/Berlin", "America/Sao_Paulo", "America/Havana", "Pacific/Apia", "Australia/Lord_Howe"]
DAYS = st.dates(date(1990, 1, 1), date(2037, 12, 31))


@contextlib.contextmanager
def zone(name):
    before = os.environ.get("TZ")
    os.environ["TZ"] = name
    time.tzset()
    try:
        yield ZoneInfo(name)
    finally:
        os.environ.pop("TZ")
        if before is not None:
            os.environ["TZ"] = before
        time.tzset()


def wall_clock(moment, local):
    return moment.astimezone(local).replace(tzinfo=None)


@given(st.sampled_from(ZONES), DAYS)
@example("America/Havana", date(2000, 4, 2))  # The clock skipped its first hour.
@example("America/Havana", date(2026, 11, 1))  # Its first hour came twice.
@example("Pacific/Apia", date(2011, 12, 30))  # There was no such day.
def test_a_day_is_its_first_moment_in_every_zone(name, day):
    midnight = datetime(day.year, day.month, day.day)
    with zone(name) as local:
        moment = parse_time(day.isoformat())
    assert wall_clock(moment, local) >= midnight
    assert wall_clock(moment - timedelta(microseconds=1), local) < midnight


@given(st.sampled_from(ZONES), DAYS)
def test_a_month_and_a_year_begin_with_their_first_day(name, day):
    with zone(name):
        assert parse_time(f"{day:%Y-%m}") == parse_time(f"{day:%Y-%m}-01")
        assert parse_time(f"{day:%Y}") == parse_time(f"{day:%Y}-01-01")


@given(st.sampled_from(ZONES), st.datetimes(datetime(1990, 1, 1), datetime(2037, 12, 31)), st.integers(0, 999))
def test_hours_are_counted_by_the_clock_and_days_by_the_calendar(name, now, number):
    now = now.replace(tzinfo=UTC)
    with zone(name) as local:
        hours, days = (parse_time(f"{number}{unit}", now=now) for unit in "hd")
        weeks, days_of_weeks = parse_time(f"{number}w", now=now), parse_time(f"{7 * number}d", now=now)
        # A time that the clock skipped is the same moment, an hour later on the clock.
        same_clock = (wall_clock(now, local) - timedelta(days=number)).replace(fold=0).timestamp()
    assert now - hours == timedelta(hours=number)
    assert days.timestamp() == same_clock
    assert weeks == days_of_weeks


def test_a_day_before_a_change_of_the_clock_is_a_day_of_the_calendar():
    with zone("Europe/Berlin"):
        now = datetime(2026, 3, 29, 12, tzinfo=ZoneInfo("Europe/Berlin"))
        assert now.astimezone(UTC) - parse_time("1d", now=now) == timedelta(hours=23)
        assert parse_time("today", now=now) == datetime(2026, 3, 28, 23, tzinfo=UTC)
        assert parse_time("yesterday", now=now) == datetime(2026, 3, 27, 23, tzinfo=UTC)
        assert parse_time("2026-03-29T12:00") == now


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-01-31T12:00Z", datetime(2026, 1, 31, 12, tzinfo=UTC)),
        ("2026-01-31T12:00+02:00", datetime(2026, 1, 31, 10, tzinfo=UTC)),
        ("2026-01-31 12:00:30", datetime(2026, 1, 31, 17, 0, 30, tzinfo=UTC)),
    ],
)
def test_a_time_may_have_a_zone_of_its_own(text, moment):
    with zone("America/New_York"):
        assert parse_time(text) == moment


@pytest.mark.parametrize(
    "text", ["", "7", "d", "7 d", "7m", "2026-13", "2026-1", "tomorrow", "999999w", "0000", "x\ny"]
)
def test_anything_else_is_an_error_with_examples(text):
    with pytest.raises(
        ValueError, match="such as 7d, 12h, 2w, today, yesterday, 2026, 2026-01, 2026-01-31 or "
    ) as error:
        parse_time(text)
    assert "\n" not in str(error.value)


@given(st.text() | st.from_regex(r"[0-9TZ:+-]{1,12}[hdw]?", fullmatch=True))
def test_every_text_is_a_time_with_a_zone_or_an_error(text):
    with contextlib.suppress(ValueError):
        assert parse_time(text).tzinfo is not None
