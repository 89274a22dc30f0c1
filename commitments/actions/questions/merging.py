"""Joining questions that ask the same: one answer goes to all, and every asker keeps the right to be told."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from commitments.actions.questions.answers import SAID_UNANSWERED_WITHIN
from commitments.actions.questions.moving import (
    NotNow,
    become,
    end_commissions,
    lock,
    locked_all,
    start_answer_clock,
    stop_writing,
)
from commitments.clocks import local_day
from commitments.messages import questions as messages
from commitments.models import MOVES, TOLD, AskedAs, DraftState, Question, QuestionState
from commitments.queries.questions import found_by_anybody
from commitments.queries.standards import calendar_of
from history.actions import record
from history.refusals import Refused


class SameQuestion(Refused):
    sentence = "A question cannot be joined with itself. Choose another."


class OtherProgramme(Refused):
    sentence = "Only questions of one programme can be joined."


class HiddenAnswer(Refused):
    sentence = (
        "The answer there is not for everybody, and somebody asked this question anonymously: they would never find it."
    )


@transaction.atomic
def merge(*, question: Question, into: Question, by: Any, now: datetime) -> Question:
    """Join ``question`` with ``into``, which answers it too; what was joined with it before goes along.

    Its askers are told: the answer, where there is one already. Raises SameQuestion, OtherProgramme, HiddenAnswer,
    NotNow. Returns ``question``.
    """
    if question.pk == into.pk:
        raise SameQuestion
    found = {each.pk: each for each in locked_all([question.pk, into.pk, *_joined_with(question)])}
    question, into = found[question.pk], found[into.pk]
    if question.programme_id != into.programme_id:
        raise OtherProgramme
    if question.state not in MOVES["merged"].sources:
        raise NotNow
    today = local_day(into.programme, now)
    if into.state == QuestionState.RAISED:
        start_answer_clock(into, into.raised_on, by=by, now=now)
        become(into, QuestionState.OPEN, by=by, verb="opened", now=now)
    if into.state not in MOVES["joined"].sources:
        raise NotNow
    if not found.keys() >= set(_joined_with(question)):
        raise NotNow  # one more was joined with it at this moment: it is not held
    before = [each for each in found.values() if each.merged_into_id == question.pk]
    _demand_found(into, [question, *before])
    if into.state in TOLD:
        # Who asks it now may object as long as anybody else could.
        into.next_reminder_on = calendar_of(into.programme).after(today, SAID_UNANSWERED_WITHIN)
    ended = end_commissions(question, now)
    stop_writing(question, now, keep=False)
    Question.objects.filter(pk__in=[each.pk for each in before]).update(merged_into=into)
    question.merged_into, question.next_reminder_on = into, None
    become(question, QuestionState.MERGED, by=by, verb="merged", now=now)
    messages.tell_settled(ended, by=by, now=now)
    state = QuestionState.ANSWERED if into.state in TOLD else into.state
    become(into, state, by=by, verb="joined", now=now)
    for each in (question, *before):
        each.merged_into = into
        messages.tell_joined(each, now=now)
    return question


def _joined_with(question: Question) -> list[UUID]:
    """Return the keys of the questions that are joined with ``question``: held with it, all in the order of keys."""
    return list(question.merged.values_list("pk", flat=True))


@transaction.atomic
def part(*, question: Question, by: Any, now: datetime) -> Question:
    """Undo a joining: the question is the coordinator's again, on a clock from the day it was asked.

    Its askers are told that it gets an answer of its own, and may object to that one once, whatever they said of the
    other. Raises NotNow.
    """
    question = lock(question)
    if question.state != QuestionState.MERGED:
        raise NotNow
    whole = question.merged_into
    question.merged_into = question.owner = question.organisation = None
    start_answer_clock(question, question.raised_on, by=by, now=now)
    question.is_reopened = False
    question.askers.update(said_unanswered_on=None)
    become(question, QuestionState.OPEN, by=by, verb="parted", now=now)
    record(by=by, verb="parted_from", about=whole, now=now)
    messages.tell_parted(question, now=now)
    return question


def _demand_found(into: Question, joining: list[Question]) -> None:
    """Refuse to join what was asked anonymously with an answer, given or in clearance, that its asker never finds."""
    if not any(each.asked_as == AskedAs.NOBODY for each in joining):
        return
    answers = [into.answers.first()] if into.state in TOLD else []
    answers.append(into.drafts.filter(state=DraftState.CLEARING).first())
    widest = found_by_anybody(into.programme)
    if any(each.audience not in widest for each in answers if each):
        raise HiddenAnswer
