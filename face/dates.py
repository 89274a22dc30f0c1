"""Dates and times as people read them: "Thursday 26 November 2026", "9:30am to 12:30pm", "midday".

The forms are those of the GOV.UK style guide (dates, times). A moment is shown in the current time zone.
"""

from datetime import date, datetime, time, timedelta
from functools import lru_cache

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import get_language

_MINUTE = timedelta(minutes=1)


def day(value: date | datetime) -> str:
    """Return "Thursday 26 November 2026"."""
    return _in_words(_local(value), "l j F Y")


def day_without_year(value: date | datetime) -> str:
    """Return "Thursday 26 November": for the coming months, where the year is plain."""
    return _in_words(_local(value), "l j F")


def day_short(value: date | datetime) -> str:
    """Return "Thu 26 Nov": for the heads of narrow columns."""
    return _in_words(_local(value), "D j M")


def day_plain(value: date | datetime) -> str:
    """Return "26 November 2026"."""
    return _in_words(_local(value), "j F Y")


def clock(value: time | datetime) -> str:
    """Return "9:30am", "9am", "midday" or "midnight"."""
    value = _local(value)
    if (value.hour, value.minute) in ((0, 0), (12, 0)):
        return "midday" if value.hour else "midnight"
    minutes = f":{value.minute:02}" if value.minute else ""
    return f"{value.hour % 12 or 12}{minutes}{'am' if value.hour < 12 else 'pm'}"


def period(start: time | datetime, end: time | datetime) -> str:
    """Return "9:30am to 12:30pm"."""
    return f"{clock(start)} to {clock(end)}"


def moment(value: datetime) -> str:
    """Return "20 November 2026 at 4:12pm"."""
    return f"{day_plain(value)} at {clock(value)}"


def deadline(value: datetime) -> str:
    """Return the end of a time to do something, as ``moment`` has it, but midnight as the last minute of its day.

    "Until 9 November at midnight" is over as that day begins (GOV.UK style guide, times), and read as if it held all
    of it: it becomes "8 November 2026 at 11:59pm".
    """
    local = _local(value)
    return moment(local - _MINUTE if (local.hour, local.minute) == (0, 0) else local)


def _in_words(value: date | datetime, form: str) -> str:
    return _kept(value.year, value.month, value.day, form, get_language())


@lru_cache(maxsize=4096)
def _kept(year: int, month: int, day: int, form: str, language: str | None) -> str:
    # A list says the same few days again and again.
    return date_format(date(year, month, day), form)


def _local(value):
    return timezone.localtime(value) if isinstance(value, datetime) and timezone.is_aware(value) else value
