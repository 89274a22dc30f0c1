"""The clocks of questions and assurances: when something is due, how that date came about, when to remind next.

Pure functions over dates; source of the working days: messaging/working_days.py, and a programme's own closure days.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from briefings.models import Programme
from messaging import working_days

BEFORE, AT, AFTER = "before", "at", "after"
DAY = timedelta(days=1)
PLANNED_WITHIN = timedelta(days=5 * 366)
"""What is promised, done or reviewed lies within five years: a year that is further away was hardly meant."""


@dataclass(frozen=True)
class Calendar:
    """Which days are worked: Monday to Friday without the bank holidays of ``nation`` and own ``closures``."""

    nation: str
    closures: frozenset[date] = frozenset()

    def is_worked(self, day: date) -> bool:
        """Return whether ``day`` counts."""
        return day not in self.closures and working_days.is_working_day(day, self.nation)

    def after(self, day: date, count: int) -> date:
        """Return the working day that is ``count`` working days after ``day``; 0 gives ``day`` itself."""
        return self._walk(day, count, DAY)

    def before(self, day: date, count: int) -> date:
        """Return the working day that is ``count`` working days before ``day``; 0 gives ``day`` itself."""
        return self._walk(day, count, -DAY)

    def between(self, first: date, last: date) -> int:
        """Return how many working days lie after ``first`` up to and with ``last``; negative where it is earlier."""
        if last < first:
            return -self.between(last, first)
        return sum(self.is_worked(first + DAY * number) for number in range(1, (last - first).days + 1))

    def left_out(self, first: date, last: date) -> tuple[date, ...]:
        """Return the weekdays after ``first`` up to and with ``last`` that do not count."""
        days = (first + DAY * number for number in range(1, (last - first).days + 1))
        return tuple(day for day in days if day.weekday() < 5 and not self.is_worked(day))

    def version(self, first: date, last: date) -> str:
        """Return a mark of what is known of the years of ``first`` to ``last``: another list has another mark.

        It is the year up to which GOV.UK's list was published, and a digest of all days left out.
        """
        years = range(first.year, last.year + 1)
        known = {day for year in years for day in working_days.holidays(year, self.nation)}
        known |= {day for day in self.closures if day.year in years}
        digest = hashlib.sha256("".join(sorted(day.isoformat() for day in known)).encode()).hexdigest()[:8]
        published = "published" if all(working_days.is_published(date(year, 1, 1)) for year in years) else "by rule"
        return f"{self.nation} {published} {digest}"

    def _walk(self, day: date, count: int, step: timedelta) -> date:
        if count < 0:
            raise ValueError("Count working days in whole numbers from 0.")
        while count:
            day += step
            count -= self.is_worked(day)
        return day


@dataclass(frozen=True)
class Clock:
    """A due date and how it came about: ``days`` working days from ``starts`` without the ``left_out`` days."""

    starts: date
    days: int
    due: date
    left_out: tuple[date, ...]
    calendar: str = field(default="", compare=False)


@dataclass(frozen=True)
class Step:
    """A rung of a ladder: ``days`` working days after the due date (before it where negative), and who is told."""

    days: int
    tells: tuple[str, ...]

    @property
    def before(self) -> int:
        """How many working days it lies before the due date."""
        return -self.days


LATE = ("owner", "lead", "coordinator")


@dataclass(frozen=True)
class Ladder:
    """Who is told when. It has no end: after the last step it tells the same people every ``repeat`` working days."""

    steps: tuple[Step, ...]
    repeat: int = 5

    def step(self, number: int) -> Step:
        """Return step ``number``, counted from 1."""
        if number <= len(self.steps):
            return self.steps[number - 1]
        last = self.steps[-1]
        more = self.repeat * (number - len(self.steps))
        return Step(max(last.days, 0) + more, last.tells if last.days > 0 else LATE)


USUAL = Ladder(
    (Step(-2, ("owner",)), Step(0, ("owner",)), Step(1, LATE), Step(3, LATE), Step(5, LATE)),
)
"""Two working days before, on the day, 1, 3 and 5 working days after, then each five more."""


@dataclass(frozen=True)
class Rung:
    """One reminder: its number (rising with time), its day, when that is to the due date, and who is told."""

    step: int
    day: date
    when: str
    tells: tuple[str, ...] = field(default=(), compare=False)


def local_day(programme: Programme, now: datetime) -> date:
    """Return the day it is at ``now`` (aware) where ``programme`` is."""
    return now.astimezone(ZoneInfo(programme.zone)).date()


def clock_from(starts: date, days: int, calendar: Calendar | str) -> Clock:
    """Return the clock of ``days`` working days from ``starts``; the first working day after it is day 1.

    ``calendar`` may be a nation alone.
    """
    calendar = _calendar(calendar)
    due = calendar.after(starts, days)
    return Clock(starts, days, due, calendar.left_out(starts, due), calendar.version(starts, due))


def resumed(due: date, paused_on: date, today: date, calendar: Calendar) -> date:
    """Return the due date of a clock that stood still from ``paused_on`` and goes on ``today``.

    As many working days are left as were left on the day it was paused; where none was, it is due on the first day from
    ``today`` that is worked.
    """
    left = max(calendar.between(paused_on, due), 0)
    return calendar.after(today, left if left or calendar.is_worked(today) else 1)


def next_rung(due: date, after_step: int, today: date, calendar: Calendar | str, ladder: Ladder = USUAL) -> Rung:
    """Return the reminder that follows rung ``after_step`` for what is due on ``due``, not before ``today``.

    A rung that lies in the past is left out for a later one, so that nobody gets two at once; the ladder has no end,
    because what is not answered never falls silent.
    """
    calendar = _calendar(calendar)
    step = after_step + 1
    while _rung(due, step + 1, calendar, ladder).day <= today:
        step += 1
    rung = _rung(due, step, calendar, ladder)
    return Rung(step, max(rung.day, today), rung.when, rung.tells)


def ladder_of(steps: Sequence[Step], repeat: int) -> Ladder:
    """Return the ladder of a programme's own ``steps``; the usual one where there are none."""
    return Ladder(tuple(sorted(steps, key=lambda each: each.days)) or USUAL.steps, repeat)


def _rung(due: date, number: int, calendar: Calendar, ladder: Ladder) -> Rung:
    step = ladder.step(number)
    if step.days < 0:
        return Rung(number, calendar.before(due, -step.days), BEFORE, step.tells)
    return Rung(number, calendar.after(due, step.days), AFTER if step.days else AT, step.tells)


def _calendar(calendar: Calendar | str) -> Calendar:
    return calendar if isinstance(calendar, Calendar) else Calendar(calendar)
