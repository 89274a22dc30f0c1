"""From raised to an owner: raising, taking on, asking a senior manager, passing on, ending without an answer."""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from accounts.links import make_link
from accounts.models import Person
from attendance.models import Place, new_reference
from briefings.models import Programme, Session
from briefings.rules import mandate_for
from commitments.actions.order import forget_order, hold_order
from commitments.actions.questions.moving import (
    NoMandate,
    NotNow,
    NotYours,
    become,
    end_commissions,
    lock,
    locked,
    locked_all,
    set_clock,
    start_answer_clock,
    stop_writing,
)
from commitments.clocks import clock_from, local_day
from commitments.messages import questions as messages
from commitments.models import (
    MOVES,
    UNANSWERED,
    AskedAs,
    Asker,
    Commission,
    CommissionState,
    Question,
    QuestionState,
)
from commitments.queries.standards import calendar_of
from commitments.rules import can_triage
from history.actions import key_of, record
from history.refusals import Refused
from organisations.models import Organisation

LINK_LASTS = timedelta(days=365)
WITHDRAWN = "Withdrawn by who asked it"


class SamePlace(Refused):
    sentence = "The question is with this person already. Choose another."


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
    if asked_as == AskedAs.NOBODY:
        hold_order()
    today, calendar = local_day(programme, now), calendar_of(programme)
    question = Question(
        programme=programme,
        reference=new_reference(programme, "Q", among=Question),
        session=session or (place.session if place else None),
        words=words,
        asked_as=asked_as,
        raised_on=today,
    )
    set_clock(question, clock_from(today, programme.acknowledge_days, calendar), today, calendar)
    question.save(force_insert=True)
    if asked_as == AskedAs.NAME:
        record(by=by, verb="raised", about=question, now=now)
    if person is not None:
        asker = _new_asker(question, person, place, now)
        messages.tell_received(asker, now=now)
    if asked_as == AskedAs.NOBODY:
        forget_order(question)
    return question


@transaction.atomic
def open_question(*, question: Question, by: Any, now: datetime) -> Question:
    """Take a raised question on: the coordinator keeps it; the answer's clock runs from the day it was asked."""
    question = locked(question, "opened")
    start_answer_clock(question, question.raised_on, by=by, now=now)
    return become(question, QuestionState.OPEN, by=by, verb="opened", now=now)


@transaction.atomic
def commission(*, question: Question, organisation: Organisation, person: Person, by: Any, now: datetime) -> Commission:
    """Ask one senior manager of one organisation to answer; who was asked before is asked no more, and is told so.

    The due date stays that of the service standard, counted from the day the question was raised. What somebody owns
    already is transferred instead. Raises NoMandate, NotNow.
    """
    question = locked(question, "commissioned")
    if question.state == QuestionState.DRAFTING and question.owner_id:
        raise NotNow
    before = question.owner
    made = _ask(question, organisation, person, by=by, verb="commissioned", now=now)
    if before:
        messages.tell_transferred(made, before, by, now=now)
    return made


@transaction.atomic
def transfer(
    *, question: Question, organisation: Organisation, person: Person, reason: str, by: Person, now: datetime
) -> Commission:
    """Pass a question that somebody owns to another organisation or senior manager. The due date stays.

    ``by`` is its owner or a coordinator; ``reason`` is read by who is asked now. Raises NoMandate, SamePlace, NotYours,
    NotNow.
    """
    question = locked(question, "transferred")
    if question.owner_id is None:
        raise NotNow
    if question.owner_id != by.pk and not can_triage(by, question.programme):
        raise NotYours
    if (question.owner_id, question.organisation_id) == (person.pk, organisation.pk):
        raise SamePlace
    before = question.owner
    stop_writing(question, now, keep=False)
    made = _ask(question, organisation, person, by=by, verb="transferred", now=now, reason=reason)
    messages.tell_transferred(made, before, by, now=now)
    return made


def _ask(
    question: Question,
    organisation: Organisation,
    person: Person,
    *,
    by: Any,
    verb: str,
    now: datetime,
    reason: str = "",
) -> Commission:
    today = local_day(question.programme, now)
    if mandate_for(person, question.programme, today, organisation) is None:
        raise NoMandate
    if question.state == QuestionState.RAISED:
        start_answer_clock(question, question.raised_on, by=by, now=now)
    end_commissions(question, now)
    made = Commission.objects.create(
        question=question, organisation=organisation, person=person, made_at=now, made_by=key_of(by), reason=reason
    )
    made.link = make_link(purpose="commission", person=person, about=made, ends_at=now + LINK_LASTS, now=now)
    made.save(update_fields=["link"])
    question.organisation, question.owner = organisation, person
    become(question, QuestionState.COMMISSIONED, by=by, verb=verb, now=now)
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
    if question.state == QuestionState.COMMISSIONED:
        become(question, QuestionState.ACCEPTED, by=by, verb="accepted", now=now)
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
    stop_writing(question, now, keep=True)
    become(question, QuestionState.OPEN, by=by, verb="declined", now=now)
    messages.tell_declined(own, now=now)
    return own


@transaction.atomic
def put_out_of_scope(*, question: Question, reason: str, by: Any, now: datetime) -> Question:
    """End a question that this programme cannot answer, with the reason that its askers are told. Raises NotNow."""
    question = locked(question, "put_out_of_scope")
    _end(question, QuestionState.OUT_OF_SCOPE, reason, by, now, verb="put_out_of_scope")
    messages.tell_out_of_scope(question, now=now)
    return question


@transaction.atomic
def withdraw_question(*, asker: Asker, by: Any, now: datetime) -> Question:
    """Take an own question back before it is answered. Raises NotNow.

    Where others asked it as well it goes on for them, and only this asker is told nothing more. The question with which
    it was joined ends as well where nobody waits for it any more.
    """
    joined_with = Question.objects.values_list("merged_into", flat=True).get(pk=asker.question_id)
    held = {each.pk: each for each in locked_all([pk for pk in (asker.question_id, joined_with) if pk])}
    question, whole = held[asker.question_id], held.get(joined_with)
    if question.state not in MOVES["withdrew"].sources or question.merged_into_id != joined_with:
        raise NotNow
    asker = Asker.objects.select_for_update(no_key=True, of=("self",)).get(pk=asker.pk)
    if asker.withdrawn_on is not None:
        raise NotNow
    asker.withdrawn_on = local_day(question.programme, now)
    asker.save(update_fields=["withdrawn_on"])
    by = by if question.asked_as == AskedAs.NAME else "asker"
    if question.askers.filter(withdrawn_on=None).exists() or question.merged.exists():
        record(by=by, verb="asker_withdrew", about=question, now=now)
        return question
    _end(question, QuestionState.WITHDRAWN, WITHDRAWN, by, now, verb="withdrew")
    if whole and whole.state in UNANSWERED and not _is_waited_for(whole):
        _end(whole, QuestionState.WITHDRAWN, WITHDRAWN, "asker", now, verb="withdrew")
    return question


def _is_waited_for(question: Question) -> bool:
    is_nobodys = question.asked_as == AskedAs.NOBODY
    return is_nobodys or question.merged.exists() or question.askers.filter(withdrawn_on=None).exists()


def _end(question: Question, state: QuestionState, reason: str, by: Any, now: datetime, verb: str) -> Question:
    ended = end_commissions(question, now)
    stop_writing(question, now, keep=False)
    question.end_reason, question.next_reminder_on, question.merged_into = reason, None, None
    become(question, state, by=by, verb=verb, now=now)
    messages.tell_settled(ended, by=by, now=now)
    return question


def _new_asker(question: Question, person: Person, place: Place | None, now: datetime) -> Asker:
    """Note who is owed the answer, with the link that shows them where their question is."""
    asker = Asker.objects.create(question=question, person=person, place=place)
    asker.link = make_link(purpose="question", person=person, about=asker, ends_at=now + LINK_LASTS, now=now)
    asker.save(update_fields=["link"])
    return asker


def _locked_commission(commission: Commission) -> tuple[Question, Commission]:
    question = lock(commission.question)
    own = Commission.objects.select_for_update(no_key=True, of=("self",)).get(pk=commission.pk)
    own.question = question
    return question, own
