"""How the due date of a question came about: counted once, kept with its calendar, moved only by what is written."""

from dataclasses import dataclass
from datetime import date, timedelta

from briefings.models import Programme
from commitments.clocks import Calendar, clock_from, local_day, resumed
from commitments.models import ClockChange, ClockChangeKind, Question
from commitments.queries.standards import calendar_of

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Counted:
    """A due date by one calendar: the day, the weekdays left out of the first count, and the calendar's version."""

    due: date
    left_out: tuple[date, ...]
    calendar: str


def first_due(question: Question) -> date:
    """Return the date that was counted at first, from what is kept with it: today's holidays play no part."""
    out = {date.fromisoformat(each) for each in question.due_left_out}
    day, left = question.due_from, question.due_days
    while left:
        day += DAY
        left -= day.weekday() < 5 and day not in out
    return day


def day_one(question: Question) -> date:
    """Return the first day that was counted, from what is kept."""
    out, day = {date.fromisoformat(each) for each in question.due_left_out}, question.due_from + DAY
    while day.weekday() >= 5 or day in out:
        day += DAY
    return day


def changes_of(question: Question) -> list[ClockChange]:
    """Return what moved the date since the clock that runs began, in order."""
    found = list(question.clock_changes.all())
    anew = (ClockChangeKind.REOPENED, ClockChangeKind.BEGUN)
    begun = max((n for n, each in enumerate(found, 1) if each.kind in anew), default=0)
    return found[begun:]


def counted_today(question: Question, calendar: Calendar | None = None) -> Counted:
    """Return the due date as the calendar of today gives it, pauses and extensions included. Nothing is changed."""
    programme = question.programme
    calendar = calendar or calendar_of(programme)
    clock = clock_from(question.due_from, question.due_days, calendar)
    due, paused_on = clock.due, None
    for change in changes_of(question):
        if change.kind == ClockChangeKind.EXTENDED:
            due = max(due, change.due_after)
        elif change.kind == ClockChangeKind.PAUSED:
            paused_on = local_day(programme, change.at)
        elif change.kind == ClockChangeKind.RESUMED and paused_on:
            due, paused_on = resumed(due, paused_on, local_day(programme, change.at), calendar), None
    return Counted(due, clock.left_out, clock.calendar)


def recountable(programme: Programme) -> list[Question]:
    """Return the open questions of ``programme`` that today's calendar would give another date, by their date."""
    calendar = calendar_of(programme)
    owed = programme.questions.unanswered().filter(paused_on=None).prefetch_related("clock_changes")
    found = [each for each in owed.select_related("programme") if counted_today(each, calendar).due != each.due_on]
    return sorted(found, key=lambda each: each.due_on)
