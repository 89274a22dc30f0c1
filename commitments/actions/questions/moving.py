"""What every action on a question begins and ends with: the lock, the move by the table, the clock, the refusals."""

from collections.abc import Collection
from datetime import date, datetime
from typing import Any

from django.db.models import QuerySet

from accounts.models import Person
from briefings.models import Programme
from briefings.rules import mandate_for
from commitments.actions.following import tell_room
from commitments.clocks import Calendar, Clock, clock_from, local_day, next_rung
from commitments.models import (
    MOVES,
    UNANSWERED,
    ClockChange,
    ClockChangeKind,
    Commission,
    CommissionState,
    Draft,
    DraftState,
    Question,
    QuestionState,
)
from commitments.models.answers import ClearanceState
from commitments.queries.standards import calendar_of, ladder_for
from commitments.rules import can_triage
from history.actions import key_of, record
from history.refusals import Refused
from organisations.models import Organisation

MOVING = (
    "state", "owner", "organisation", "due_from", "due_days", "due_on", "due_left_out", "calendar", "paused_on",
    "paused_until", "answered_on", "is_not_late", "reminded_step", "next_reminder_on", "is_reopened", "end_reason",
    "merged_into",
)  # fmt: skip


LIVE_COMMISSION = (CommissionState.ASKED, CommissionState.ACCEPTED)


class NotNow(Refused):
    """The question has moved on since the page was opened."""

    sentence = "This question has moved on since you opened the page. Look at where it is now."


class NoMandate(Refused):
    sentence = "This person may not speak for that organisation in this programme: there is no mandate. Give one first."


class NotYours(Refused):
    sentence = "Only the owner of a question, or the programme’s coordinator, can answer it."


def locked(question: Question, verb: str) -> Question:
    """Return ``question`` as it stands, locked. Raises NotNow where ``verb`` cannot happen to it any more."""
    found = lock(question)
    if found.state not in MOVES[verb].sources:
        raise NotNow
    return found


def lock(question: Question) -> Question:
    """Return ``question`` as it stands, locked, whatever its state."""
    found = locked_all([question.pk])
    if not found:
        raise Question.DoesNotExist
    return found[0]


def locked_all(ids: Collection[Any], *, skip_locked: bool = False) -> list[Question]:
    """Return the questions of ``ids`` as they stand, by id, locked in that order; what is gone is left out.

    Locked first and read then: who waits for a row that moves to another owner meanwhile, and reads the owner in the
    same statement, gets none (PostgreSQL joins the new row with what it found for the old one).
    """
    found = Question.objects.filter(pk__in=ids).order_by("pk").select_for_update(no_key=True, skip_locked=skip_locked)
    held = list(found.values_list("pk", flat=True))
    return list(everything().filter(pk__in=held).order_by("pk"))


def everything() -> QuerySet[Question]:
    """Return questions with what the actions read of them."""
    return Question.objects.select_related("programme", "owner", "organisation", "session")


def become(
    question: Question, state: QuestionState | str, *, by: Any, verb: str, now: datetime, reason: str = ""
) -> Question:
    """Move to ``state`` by ``verb`` and save all that moves with it. Raises NotNow where the table knows no such move.

    ``reason`` is a code for the history, never free text.
    """
    if not MOVES[verb].leads(question.state, state):
        raise NotNow
    question.state = state
    if state not in UNANSWERED:
        question.paused_on = question.paused_until = None
    question.save(update_fields=MOVING)
    record(by=by, verb=verb, about=question, now=now, reason=reason)
    tell_room(question)
    return question


def start_answer_clock(
    question: Question, starts: date, *, by: Any, now: datetime, kind: ClockChangeKind | None = None
) -> ClockChange | None:
    """Count the answer's working days from ``starts``, by what the programme and its calendar say today.

    Written down as ``kind``; without one where the date was moved before, so that those moves count no more.
    """
    calendar, before = calendar_of(question.programme), question.due_on
    today = local_day(question.programme, now)
    set_clock(question, clock_from(starts, question.programme.answer_days, calendar), today, calendar)
    if kind is None and not question.clock_changes.exists():
        return None
    return note_change(question, kind or ClockChangeKind.BEGUN, before, by=by, now=now)


def set_clock(question: Question, clock: Clock, today: date, calendar: Calendar) -> None:
    """Give ``question`` the date of ``clock`` and the first reminder from ``today``; the caller saves."""
    question.due_from, question.due_days, question.due_on = clock.starts, clock.days, clock.due
    question.due_left_out = [day.isoformat() for day in clock.left_out]
    question.calendar = clock.calendar
    question.answered_on, question.is_not_late = None, False
    question.reminded_step = 0
    set_reminder(question, today, calendar)


def set_reminder(question: Question, today: date, calendar: Calendar | None = None) -> None:
    """Set the day of the next reminder: after the last one that was sent, and never today again."""
    calendar = calendar or calendar_of(question.programme)
    ladder = ladder_for(question.programme)
    question.next_reminder_on = next_rung(question.due_on, question.reminded_step, today, calendar, ladder).day


def note_change(
    question: Question, kind: ClockChangeKind, before: date, *, by: Any, now: datetime, reason: str = ""
) -> ClockChange:
    """Keep that the due date was moved from ``before`` to where it is, and why."""
    return ClockChange.objects.create(
        question=question, kind=kind, at=now, made_by=key_of(by), reason=reason, due_before=before,
        due_after=question.due_on, calendar=question.calendar,
    )  # fmt: skip


def end_commissions(question: Question, now: datetime) -> Commission | None:
    """End what is asked of somebody about ``question``, or what they have accepted; return it, where there is one."""
    live = question.commissions.filter(state__in=LIVE_COMMISSION).select_related("person").first()
    if live:
        live.state, live.decided_at = CommissionState.ENDED, now
        live.save(update_fields=["state", "decided_at"])
    return live


def stop_writing(question: Question, now: datetime, *, keep: bool) -> None:
    """Ask for no clearance any more. The live draft is kept as being written, or dropped."""
    live = Draft.objects.filter(question=question, state__in=(DraftState.WRITING, DraftState.CLEARING))
    for draft in live:
        draft.clearances.filter(state=ClearanceState.ASKED).update(state=ClearanceState.ENDED, decided_at=now)
        if not keep:
            draft.state = DraftState.DROPPED
        elif draft.state == DraftState.CLEARING:
            draft.state = DraftState.RETURNED
        draft.save(update_fields=["state"])


def speaker(question: Question, by: Person, now: datetime) -> tuple[Organisation, str]:
    """Return for which organisation and in which role ``by`` answers. Raises NotYours."""
    today = local_day(question.programme, now)
    own = mandate_for(by, question.programme, today, question.organisation) if question.owner_id == by.pk else None
    if own:
        return own.organisation, own.job_title
    if can_triage(by, question.programme):
        organisation = question.organisation or _home_of(by, question.programme, today)
        return organisation, "Coordinator"
    raise NotYours


def _home_of(person: Person, programme: Programme, on: date) -> Organisation:
    """Return the organisation for which a coordinator answers: the own one, else the programme's first partner."""
    own = person.affiliations.on(on).select_related("organisation").order_by("pk").first()
    if own:
        return own.organisation
    partner = programme.partners.select_related("organisation").order_by("pk").first()
    if partner is None:
        raise NotYours
    return partner.organisation
