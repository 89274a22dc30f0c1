"""The clocks of questions and assurances: when something is due, how that date came about, when to remind next.

Pure functions over dates; source of the working days: messaging/working_days.py.
"""

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from briefings.models import Programme
from messaging.working_days import add_working_days, holidays, working_days_before

BEFORE, AT, AFTER = "before", "at", "after"
LATER_STEPS = (1, 3, 5)
"""Working days after the due date on which the owner, the organisation lead and the coordinator are told; then each
five more."""


@dataclass(frozen=True)
class Clock:
    """A due date and how it came about: ``days`` working days from ``starts`` without the ``left_out`` holidays."""

    starts: date
    days: int
    due: date
    left_out: tuple[date, ...]


@dataclass(frozen=True)
class Rung:
    """One reminder: its number (rising with time), its day, and whether it is before, at or after the due date."""

    step: int
    day: date
    when: str


def local_day(programme: Programme, now: datetime) -> date:
    """Return the day it is at ``now`` (aware) where ``programme`` is."""
    return now.astimezone(ZoneInfo(programme.zone)).date()


def clock_from(starts: date, days: int, nation: str) -> Clock:
    """Return the clock of ``days`` working days from ``starts``; the first working day after it is day 1."""
    due = add_working_days(starts, days, nation)
    years = range(starts.year, due.year + 1)
    free = {day for year in years for day in holidays(year, nation)}
    return Clock(starts, days, due, tuple(sorted(day for day in free if starts < day <= due and day.weekday() < 5)))


def next_rung(due: date, after_step: int, today: date, nation: str) -> Rung:
    """Return the reminder that follows rung ``after_step`` for what is due on ``due``, not before ``today``.

    The ladder: two working days before (1), on the day (2), 1, 3 and 5 working days after (3 to 5), then every five
    working days. A rung that lies in the past is left out for a later one, so that nobody gets two at once; the
    ladder has no end, because what is not answered never falls silent.
    """
    step = after_step + 1
    while _rung(due, step + 1, nation).day <= today:
        step += 1
    rung = _rung(due, step, nation)
    return Rung(step, max(rung.day, today), rung.when)


def _rung(due: date, step: int, nation: str) -> Rung:
    if step == 1:
        return Rung(1, working_days_before(due, 2, nation), BEFORE)
    if step == 2:
        return Rung(2, due, AT)
    late = LATER_STEPS[step - 3] if step <= 2 + len(LATER_STEPS) else 5 * (step - 1 - len(LATER_STEPS))
    return Rung(step, add_working_days(due, late, nation), AFTER)
