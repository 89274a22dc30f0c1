"""Dates that move with a programme. Only computes."""

from collections.abc import Iterable
from datetime import date, timedelta

from commitments.clocks import Calendar

DAY = timedelta(days=1)


def moved(days: Iterable[date], first: date, calendar: Calendar) -> dict[date, date]:
    """Return where each of ``days`` goes when the earliest of them goes to ``first``: always to a working day.

    The distance to the earliest stays the same, and with it the weekdays where ``first`` is the same weekday. A day
    that would not be worked, or is taken by one before it, goes on to the next working day. So what came first still
    does, and two days stay two.
    """
    found: dict[date, date] = {}
    before: date | None = None
    ordered = sorted(set(days))
    for day in ordered:
        goes = first + (day - ordered[0])
        while not calendar.is_worked(goes) or (before is not None and goes <= before):
            goes += DAY
        found[day] = before = goes
    return found
