"""What people and the clock do to questions. One function per thing, one transaction each.

Every function that leaves a question unanswered leaves it with a due date and a next reminder; the database refuses
anything else.
"""

from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction

from accounts.links import make_link
from accounts.models import Person
from attendance.models import Place, new_reference
from briefings.models import Programme, Session
from briefings.rules import mandate_for
from commitments.clocks import Clock, clock_from, local_day, next_rung
from commitments.messages import questions as messages
from commitments.models import (
    QUESTION_MOVES,
    Answer,
    AskedAs,
    Asker,
    Audience,
    Commission,
    CommissionState,
    Question,
    QuestionState,
)
from commitments.rules import can_triage
from history.actions import key_of, record
from history.refusals import Refused
from organisations.models import Organisation

LINK_LASTS = timedelta(days=365)
SAID_UNANSWERED_WITHIN = 10
"""Working days in which an asker may say once that it was not answered; then the question is closed."""


_MOVING = (
    "state", "owner", "organisation", "due_from", "due_days", "due_on", "due_left_out", "reminded_step",
    "next_reminder_on", "is_reopened", "end_reason",
)  # fmt: skip


class NotNow(Refused):
    """The question has moved on since the page was opened."""

    sentence = "This question has moved on since you opened the page. Look at where it is now."


class NoMandate(Refused):
    sentence = "This person may not speak for that organisation in this programme: there is no mandate. Give one first."


class NotYours(Refused):
    sentence = "Only the owner of a question, or the programme’s coordinator, can answer it."


class SaidBefore(Refused):
    sentence = "You have said once that this was not answered. Ask a new question if something is still open."


@transaction.atomic
def raise_question(
    *,
    programme: Programme,
    words: str,
    asked_as: AskedAs | str,
    by: Any,
    now: datetime,
    person: Person | None = None,
    place: Place | None = None,
    session: Session | None = None,
) -> Question:
    """Store a question as raised: the coordinator owns it, on the triage clock, until it is commissioned.

    ``person`` is who is owed the answer: None for an anonymous one, and then nothing about the actor is written
    anywhere. By pseudonym the actor is not written down either. ``session`` may be given, else that of ``place``.
    Raises ValueError where ``asked_as`` and ``person`` do not fit: no page lets that happen.
    """
    if (person is None) != (asked_as == AskedAs.NOBODY):
        raise ValueError("Nobody is owed an answer exactly where a question is asked anonymously.")
    today = local_day(programme, now)
    question = Question(
        programme=programme,
        reference=new_reference(programme, "Q"),
        session=session or (place.session if place else None),
        words=words,
        asked_as=asked_as,
        raised_on=today,
    )
    _set_clock(question, clock_from(today, programme.acknowledge_days, programme.nation), today)
    question.save(force_insert=True)
    if asked_as == AskedAs.NAME:
        record(by=by, verb="raised", about=question, now=now)
    if person is not None:
        asker = _new_asker(question, person, place, now)
        messages.tell_received(asker, now=now)
    return question


@transaction.atomic
def open_question(*, question: Question, by: Any, now: datetime) -> Question:
    """Take a raised question on: the coordinator keeps it; the answer's clock runs from the day it was asked."""
    question = _locked(question, QuestionState.RAISED)
    _start_answer_clock(question, question.raised_on, local_day(question.programme, now))
    return _become(question, QuestionState.OPEN, by=by, verb="opened", now=now)


@transaction.atomic
def commission(*, question: Question, organisation: Organisation, person: Person, by: Any, now: datetime) -> Commission:
    """Ask one senior manager of one organisation to answer; who was asked before is asked no more.

    The due date stays that of the service standard, counted from the day the question was raised. Raises NoMandate,
    NotNow.
    """
    question = _locked(question, QuestionState.RAISED, QuestionState.OPEN, QuestionState.COMMISSIONED)
    today = local_day(question.programme, now)
    if mandate_for(person, question.programme, today, organisation) is None:
        raise NoMandate
    if question.state == QuestionState.RAISED:
        _start_answer_clock(question, question.raised_on, today)
    question.commissions.filter(state=CommissionState.ASKED).update(state=CommissionState.ENDED, decided_at=now)
    made = Commission.objects.create(
        question=question, organisation=organisation, person=person, made_at=now, made_by=key_of(by)
    )
    made.link = make_link(purpose="commission", person=person, about=made, ends_at=now + LINK_LASTS, now=now)
    made.save(update_fields=["link"])
    question.organisation, question.owner = organisation, person
    _become(question, QuestionState.COMMISSIONED, by=by, verb="commissioned", now=now, again=True)
    messages.tell_commissioned(made, now=now)
    return made


@transaction.atomic
def accept_commission(*, commission: Commission, by: Any, now: datetime) -> Commission:
    """Take the question on. Accepting twice is accepting once. Raises NotNow where it was given to somebody else."""
    question, own = _locked_commission(commission)
    if own.state == CommissionState.ACCEPTED:
        return own
    if own.state != CommissionState.ASKED:
        raise NotNow
    own.state, own.decided_at = CommissionState.ACCEPTED, now
    own.save(update_fields=["state", "decided_at"])
    _become(question, QuestionState.ACCEPTED, by=by, verb="accepted", now=now)
    return own


@transaction.atomic
def decline_commission(*, commission: Commission, reason: str, by: Any, now: datetime) -> Commission:
    """Say that somebody else must answer, and why; the coordinator owns it again and is told. Raises NotNow."""
    question, own = _locked_commission(commission)
    if own.state == CommissionState.DECLINED:
        return own
    if own.state not in (CommissionState.ASKED, CommissionState.ACCEPTED):
        raise NotNow
    own.state, own.decided_at, own.reason = CommissionState.DECLINED, now, reason
    own.save(update_fields=["state", "decided_at", "reason"])
    question.owner = question.organisation = None
    _become(question, QuestionState.OPEN, by=by, verb="declined", now=now)
    messages.tell_declined(own, now=now)
    return own


@transaction.atomic
def publish_answer(*, question: Question, words: str, audience: Audience | str, by: Person, now: datetime) -> Answer:
    """Answer a question, or improve its answer by another version; everybody who asked it is told.

    ``by`` is the owner, speaking by mandate, or a coordinator of the programme. Raises NotYours, NotNow.
    """
    question = _locked(
        question, QuestionState.OPEN, QuestionState.COMMISSIONED, QuestionState.ACCEPTED, QuestionState.ANSWERED
    )
    organisation, role = _speaker(question, by, now)
    said = {"words": words, "audience": audience, "organisation": organisation, "given_by": by, "given_as": role}
    return _answer(question, said, by, now)


@transaction.atomic
def note_answer(
    *, question: Question, words: str, organisation: Organisation, person: Person, role: str, by: Any, now: datetime
) -> Answer:
    """Note what ``person`` answered in the room of the question's session, for those who were there: no wider circle.

    ``by`` is the scribe. Everybody who asked is told. Raises NotNow.
    """
    question = _locked(question, QuestionState.OPEN, QuestionState.COMMISSIONED, QuestionState.ACCEPTED)
    said = {"words": words, "organisation": organisation, "given_by": person, "given_as": role}
    return _answer(question, {**said, "audience": Audience.ATTENDERS}, by, now)


def _answer(question: Question, said: dict[str, Any], by: Any, now: datetime) -> Answer:
    answer = Answer.objects.create(question=question, version=1 + question.answers.count(), published_at=now, **said)
    question.commissions.filter(state=CommissionState.ASKED).update(state=CommissionState.ENDED, decided_at=now)
    if question.state != QuestionState.ANSWERED:
        today = local_day(question.programme, now)
        question.next_reminder_on = clock_from(today, SAID_UNANSWERED_WITHIN, question.programme.nation).due
        _become(question, QuestionState.ANSWERED, by=by, verb="answered", now=now)
    else:
        record(by=by, verb="answered_again", about=question, now=now)
    messages.tell_answered(answer, now=now)
    return answer


@transaction.atomic
def say_unanswered(*, asker: Asker, by: Any, now: datetime) -> Question:
    """Say, once, that the answer does not answer it: the question is open again, with its owner, on a new clock.

    Raises SaidBefore, NotNow (not answered yet, or closed since).
    """
    question = _locked(asker.question, *QuestionState)
    asker = Asker.objects.select_for_update(no_key=True, of=("self",)).get(pk=asker.pk)
    if asker.said_unanswered_on is not None or question.is_reopened:
        raise SaidBefore
    if question.state != QuestionState.ANSWERED:
        raise NotNow
    today = local_day(question.programme, now)
    asker.said_unanswered_on = today
    asker.save(update_fields=["said_unanswered_on"])
    question.is_reopened = True
    _start_answer_clock(question, today, today)
    still = question.owner and mandate_for(question.owner, question.programme, today, question.organisation)
    if not still:
        question.owner = question.organisation = None
    state = QuestionState.ACCEPTED if still else QuestionState.OPEN
    # Who said so is nobody's business where it was asked by pseudonym: the history names no one.
    _become(question, state, by="asker", verb="reopened", now=now)
    messages.tell_reopened(question, now=now)
    return question


@transaction.atomic
def put_out_of_scope(*, question: Question, reason: str, by: Any, now: datetime) -> Question:
    """End a question that this programme cannot answer, with the reason that its askers are told. Raises NotNow."""
    return _end(question, QuestionState.OUT_OF_SCOPE, reason, by, now, verb="put_out_of_scope")


@transaction.atomic
def withdraw_question(*, asker: Asker, by: Any, now: datetime) -> Question:
    """Take an own question back before it is answered. Raises NotNow."""
    named = asker.question.asked_as == AskedAs.NAME
    return _end(
        asker.question, QuestionState.WITHDRAWN, "Withdrawn by who asked it", by if named else "asker", now, "withdrew"
    )


@transaction.atomic
def remind_about(*, question_id: Any, now: datetime) -> bool:
    """Send the reminder of one question that is due and set the next one; close it where its time to object is over.

    Returns False where nothing is due any more.
    """
    question = (
        Question.objects.select_for_update(no_key=True, of=("self",), skip_locked=True)
        .select_related("programme", "owner", "organisation")
        .filter(pk=question_id)
        .first()
    )
    if question is None or question.next_reminder_on is None:
        return False
    today = local_day(question.programme, now)
    if question.next_reminder_on > today:
        return False
    if question.state == QuestionState.ANSWERED:
        question.next_reminder_on = None
        _become(question, QuestionState.CLOSED, by="clock", verb="closed", now=now)
        return True
    rung = next_rung(question.due_on, question.reminded_step, today, question.programme.nation)
    messages.remind(question, rung, now=now)
    question.reminded_step = rung.step
    question.next_reminder_on = _next_day(question, today)
    question.save(update_fields=["reminded_step", "next_reminder_on"])
    return True


def _new_asker(question: Question, person: Person, place: Place | None, now: datetime) -> Asker:
    """Note who is owed the answer, with the link that shows them where their question is."""
    asker = Asker.objects.create(question=question, person=person, place=place)
    asker.link = make_link(purpose="question", person=person, about=asker, ends_at=now + LINK_LASTS, now=now)
    asker.save(update_fields=["link"])
    return asker


def _locked(question: Question, *states: QuestionState) -> Question:
    found = (
        Question.objects.select_related("programme", "owner", "organisation", "session")
        .select_for_update(no_key=True, of=("self",))
        .get(pk=question.pk)
    )
    if found.state not in states:
        raise NotNow
    return found


def _locked_commission(commission: Commission) -> tuple[Question, Commission]:
    question = _locked(commission.question, *QuestionState)
    own = Commission.objects.select_for_update(no_key=True, of=("self",)).get(pk=commission.pk)
    own.question = question
    return question, own


def _become(
    question: Question,
    state: QuestionState,
    *,
    by: Any,
    verb: str,
    now: datetime,
    again: bool = False,
) -> Question:
    """Move to ``state`` and save all that moves with it. ``again``: staying in the same state is allowed."""
    known = QUESTION_MOVES[QuestionState(question.state)] | ({QuestionState(question.state)} if again else set())
    if state not in known:
        raise NotNow
    question.state = state
    question.save(update_fields=_MOVING)
    record(by=by, verb=verb, about=question, now=now)
    return question


def _end(question: Question, state: QuestionState, reason: str, by: Any, now: datetime, verb: str) -> Question:
    question = _locked(
        question, QuestionState.RAISED, QuestionState.OPEN, QuestionState.COMMISSIONED, QuestionState.ACCEPTED
    )
    question.commissions.filter(state=CommissionState.ASKED).update(state=CommissionState.ENDED, decided_at=now)
    question.end_reason, question.next_reminder_on = reason, None
    _become(question, state, by=by, verb=verb, now=now)
    if state == QuestionState.OUT_OF_SCOPE:
        messages.tell_out_of_scope(question, now=now)
    return question


def _start_answer_clock(question: Question, starts: date, today: date) -> None:
    programme = question.programme
    _set_clock(question, clock_from(starts, programme.answer_days, programme.nation), today)


def _set_clock(question: Question, clock: Clock, today: date) -> None:
    question.due_from, question.due_days, question.due_on = clock.starts, clock.days, clock.due
    question.due_left_out = [day.isoformat() for day in clock.left_out]
    question.reminded_step = 0
    question.next_reminder_on = _next_day(question, today)


def _next_day(question: Question, today: date) -> date:
    """Return the day of the next reminder: after the last one that was sent, and never today again."""
    rung = next_rung(question.due_on, question.reminded_step, today, question.programme.nation)
    return rung.day


def _speaker(question: Question, by: Person, now: datetime) -> tuple[Organisation, str]:
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
