"""What moves a due date, always with a reason that is kept; and what the clock does by itself."""

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from briefings.rules import mandate_for, speaking
from commitments.actions.questions.moving import (
    NotNow,
    become,
    end_commissions,
    lock,
    locked,
    locked_all,
    note_change,
    set_reminder,
    stop_writing,
)
from commitments.clocks import PLANNED_WITHIN, local_day, next_rung, resumed
from commitments.messages import questions as messages
from commitments.models import (
    TAKEN_ON,
    TOLD,
    UNANSWERED,
    Clearance,
    ClearanceState,
    ClockChange,
    ClockChangeKind,
    CommissionState,
    DraftState,
    Question,
    QuestionState,
)
from commitments.queries.counting import counted_today
from commitments.queries.standards import calendar_of, holders_of, ladder_for, organisation_that_clears
from history.actions import CLOCK, record
from history.refusals import Refused

LONGEST_PAUSE = timedelta(days=92)
CLEARERS_AGAIN = 5
"""Working days after which better words in clearance are asked for again."""


class AlreadyLate(Refused):
    sentence = "The question is late already. Extend it with a reason instead."


class NoSuchDay(Refused):
    sentence = "Choose a day after today, and not more than three months ahead."


class NotLater(Refused):
    sentence = "Choose a working day after the day on which it is due now."


class TooFar(Refused):
    sentence = "Choose a day within five years from today."


class StillLate(Refused):
    sentence = "By today’s calendar it is late as well. Extend it with a reason, if it needs more time."


class NoOtherDate(Refused):
    sentence = "Counted by today’s calendar it is due on the same day. Nothing was changed."


@transaction.atomic
def pause_clock(*, question: Question, until: date, reason: str, by: Any, now: datetime) -> Question:
    """Let the clock stand still from today; it goes on by itself on ``until``. Askers are told why.

    Raises NotNow (nothing is owed, or it stands still already), AlreadyLate, NoSuchDay.
    """
    question = locked(question, "paused")
    today = local_day(question.programme, now)
    if question.paused_on is not None:
        raise NotNow
    if question.due_on < today:
        raise AlreadyLate
    if not today < until <= today + LONGEST_PAUSE:
        raise NoSuchDay
    question.paused_on, question.paused_until, question.next_reminder_on = today, until, until
    become(question, question.state, by=by, verb="paused", now=now)
    change = note_change(question, ClockChangeKind.PAUSED, question.due_on, by=by, now=now, reason=reason)
    _tell_moved(change, by, now)
    return question


@transaction.atomic
def resume_clock(*, question: Question, by: Any, now: datetime) -> Question:
    """Let the clock go on: as many working days are left as there were. Askers get the new date. Raises NotNow."""
    question = locked(question, "resumed")
    if question.paused_on is None:
        raise NotNow
    return _resume(question, by, now)


def _resume(question: Question, by: Any, now: datetime) -> Question:
    today, before, calendar = local_day(question.programme, now), question.due_on, calendar_of(question.programme)
    question.due_on = resumed(before, question.paused_on, today, calendar)
    question.paused_on = question.paused_until = None
    question.reminded_step = 0
    set_reminder(question, today, calendar)
    become(question, question.state, by=by, verb="resumed", now=now)
    change = note_change(question, ClockChangeKind.RESUMED, before, by=by, now=now)
    _tell_moved(change, by, now)
    return question


@transaction.atomic
def extend(*, question: Question, due_on: date, reason: str, by: Any, now: datetime) -> Question:
    """Give a question more time, to the working day ``due_on``. Askers are told, with the reason.

    Raises NotNow (nothing is owed, or its clock stands still), NotLater, TooFar.
    """
    question = locked(question, "extended")
    if question.paused_on is not None:
        raise NotNow
    today, before, calendar = local_day(question.programme, now), question.due_on, calendar_of(question.programme)
    if due_on <= max(before, today) or not calendar.is_worked(due_on):
        raise NotLater
    if due_on > today + PLANNED_WITHIN:
        raise TooFar
    question.due_on = due_on
    question.reminded_step = 0
    set_reminder(question, today, calendar)
    become(question, question.state, by=by, verb="extended", now=now)
    change = note_change(question, ClockChangeKind.EXTENDED, before, by=by, now=now, reason=reason)
    _tell_moved(change, by, now)
    return question


@transaction.atomic
def recount(*, question: Question, by: Any, now: datetime) -> Question:
    """Count the due date again by today's calendar. Askers get the new date. Raises NotNow, NoOtherDate."""
    question = locked(question, "recounted")
    if question.paused_on is not None:
        raise NotNow
    before = question.due_on
    _count_again(question, now)
    if question.due_on == before:
        raise NoOtherDate
    become(question, question.state, by=by, verb="recounted", now=now)
    change = note_change(question, ClockChangeKind.RECOUNTED, before, by=by, now=now)
    if question.state in TAKEN_ON:
        _tell_moved(change, by, now)
    return question


@transaction.atomic
def correct_late(*, question: Question, note: str, by: Any, now: datetime) -> Question:
    """Say that “late” is wrong, with a note that is kept beside it.

    What is owed gets the date that today's calendar gives, and its owner and who asked are told: where that is past
    too, raises StillLate. What is answered counts as in time from now on. Raises NotNow where it is not late at all.
    """
    question = locked(question, "corrected")
    today, before = local_day(question.programme, now), question.due_on
    if question.state in TOLD:
        if question.is_not_late or question.answered_on is None or question.answered_on <= before:
            raise NotNow
        question.is_not_late = True
    else:
        if before >= today or question.paused_on is not None:
            raise NotNow
        _count_again(question, now)
        if question.due_on < today:
            raise StillLate
    become(question, question.state, by=by, verb="corrected", now=now)
    change = note_change(question, ClockChangeKind.CORRECTED, before, by=by, now=now, reason=note)
    if question.state in TAKEN_ON:
        _tell_moved(change, by, now)
    return question


def _tell_moved(change: ClockChange, by: Any, now: datetime) -> None:
    messages.tell_moved(change, now=now)
    messages.tell_owner_of_date(change, by=by, now=now)


def _count_again(question: Question, now: datetime) -> None:
    today, calendar = local_day(question.programme, now), calendar_of(question.programme)
    counted = counted_today(question, calendar)
    question.due_on, question.calendar = counted.due, counted.calendar
    question.due_left_out = [day.isoformat() for day in counted.left_out]
    question.reminded_step = 0
    set_reminder(question, today, calendar)


@transaction.atomic
def remind_about(*, question_id: Any, now: datetime) -> bool:
    """Do what is due about one question: remind, let its clock go on, or close it where its time to object is over.

    Returns False where nothing is due any more.
    """
    found = locked_all([question_id], skip_locked=True)
    if not found or found[0].next_reminder_on is None:
        return False
    question = found[0]
    today = local_day(question.programme, now)
    if question.next_reminder_on > today:
        return False
    if question.state == QuestionState.ANSWERED:
        return _close(question, today, now)
    if question.paused_on is not None:
        _resume(question, CLOCK, now)
        if question.next_reminder_on > today:
            return True
    calendar, ladder = calendar_of(question.programme), ladder_for(question.programme)
    rung = next_rung(question.due_on, question.reminded_step, today, calendar, ladder)
    messages.remind(question, rung, now=now)
    if question.state == QuestionState.CLEARING:
        _ask_again(question, today, now)
    question.reminded_step = rung.step
    set_reminder(question, today, calendar)
    question.save(update_fields=["reminded_step", "next_reminder_on"])
    return True


def _close(question: Question, today: date, now: datetime) -> bool:
    """Close what nobody objected to; where better words are in clearance, ask for that again instead."""
    if question.drafts.filter(state=DraftState.CLEARING).exists():
        _ask_again(question, today, now)
        question.next_reminder_on = calendar_of(question.programme).after(today, CLEARERS_AGAIN)
        question.save(update_fields=["next_reminder_on"])
        return True
    question.next_reminder_on = None
    become(question, QuestionState.CLOSED, by=CLOCK, verb="closed", now=now)
    return True


def _ask_again(question: Question, today: date, now: datetime) -> None:
    for clearance in _asked(question):
        messages.ask_clearance(clearance, now=now, again=f":{today}")


def _asked(question: Question) -> QuerySet[Clearance]:
    found = Clearance.objects.filter(draft__question=question, state=ClearanceState.ASKED)
    return found.select_related("draft__question__programme", "organisation", "draft__written_by")


def orphaned(today: date) -> QuerySet[Question]:
    """Return the open questions whose owner may not answer on ``today``.

    The mandate has ended, they have left, or their organisation has ended, whether its mandates were ended or not.
    """
    speaks = speaking(today).filter(
        person=OuterRef("owner"), programme=OuterRef("programme"), organisation=OuterRef("organisation")
    )
    return Question.objects.filter(~Exists(speaks), state__in=UNANSWERED, owner__isnull=False)


@transaction.atomic
def release_orphan(*, question_id: UUID, now: datetime) -> bool:
    """Give a question whose owner may not answer it any more back to the coordinator, who is told; nothing else moves.

    Where the organisation was replaced and the owner speaks for its successor, the question goes along with them.
    Returns False where the owner may answer after all.
    """
    question = lock(Question(pk=question_id))
    owner, today = question.owner, local_day(question.programme, now)
    if owner is None or question.state not in UNANSWERED:
        return False
    if mandate_for(owner, question.programme, today, question.organisation):
        return False
    successor = question.organisation.successor
    while successor is not None:
        if mandate_for(owner, question.programme, today, successor):
            return _follow(question, successor, now)
        successor = successor.successor
    commission = question.commissions.filter(state__in=(CommissionState.ASKED, CommissionState.ACCEPTED)).first()
    end_commissions(question, now)
    stop_writing(question, now, keep=True)
    question.owner = question.organisation = None
    become(question, QuestionState.OPEN, by=CLOCK, verb="released", now=now)
    messages.tell_released(commission, question, now=now)
    return True


def _follow(question: Question, successor: Any, now: datetime) -> bool:
    live = question.commissions.filter(state__in=(CommissionState.ASKED, CommissionState.ACCEPTED))
    live.update(organisation=successor)
    question.organisation = successor
    question.save(update_fields=["organisation"])
    record(by=CLOCK, verb="followed", about=question, now=now)
    return True


@transaction.atomic
def reroute_clearances(*, question_id: UUID, now: datetime) -> bool:
    """Ask somebody else where nobody holds a role any more that was asked to clear; back to writing where nobody can.

    Returns whether anything changed.
    """
    question = lock(Question(pk=question_id))
    today, changed = local_day(question.programme, now), False
    for clearance in _asked(question):
        holders = holders_of(question.programme, clearance.role, clearance.organisation, today)
        if any(each != clearance.draft.written_by for each in holders):  # nobody clears their own words
            continue
        other = organisation_that_clears(question, clearance.role, today, but=clearance.draft.written_by)
        changed = True
        if other is None:
            stop_writing(question, now, keep=True)
            if question.state == QuestionState.CLEARING:
                become(question, QuestionState.DRAFTING, by=CLOCK, verb="took_back", now=now)
            messages.tell_nobody_clears(clearance, now=now)
            break
        clearance.organisation = other
        clearance.save(update_fields=["organisation"])
        messages.ask_clearance(clearance, now=now)
    return changed
