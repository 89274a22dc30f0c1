"""What is told to who asked. All of it is private, so that no log leads from an answer to who asked."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet

import messaging.actions
from accounts.links import address_of
from commitments.clocks import local_day
from commitments.models import (
    STANDING,
    Answer,
    Asker,
    ClockChange,
    HoldingReply,
    Question,
    QuestionState,
    Review,
)
from commitments.queries.assurances import TOLD_TOGETHER, is_told_by_later, reviews_told
from commitments.queries.questions import when_due
from messaging.actions import Planned
from messaging.kinds import Content, Kind, register, render_mail
from messaging.models import Message

RECEIVED = "commitments.question_received"
ANSWERED = "commitments.question_answered"
OUT_OF_SCOPE = "commitments.question_out_of_scope"
HOLDING = "commitments.question_holding"
MERGED = "commitments.question_merged"
MOVED = "commitments.question_moved"
PARTED = "commitments.question_parted"
PROMISE_MOVED = "commitments.question_promise_moved"
_PRIVATE = "Private message"


def askers_owed(question: Question) -> QuerySet[Asker]:
    """Return who is owed the answer to ``question``: its askers, and those of the questions joined with it."""
    asked = Question.objects.filter(Q(pk=question.pk) | Q(merged_into=question)).values("pk")
    return Asker.objects.filter(question__in=asked, withdrawn_on=None).order_by("pk")


def tell_received(asker: Asker, *, now: datetime) -> None:
    """Tell who asked that the question has arrived, and by when it is looked at."""
    if asker.person.email:
        messaging.actions.queue(
            kind=RECEIVED,
            key=f"commitments.asker:{asker.pk}:received",
            to=asker.person,
            refs={"asker": asker.pk},
            now=now,
            useful_until=now + timedelta(days=3),
        )


def tell_answered(answer: Answer, *, now: datetime) -> None:
    """Tell everybody who asked that there is an answer, once for each version of it."""
    _tell(askers_owed(answer.question), ANSWERED, f"answered:{answer.pk}", now, answer=answer.pk)


def tell_joined(question: Question, *, now: datetime) -> None:
    """Tell who asked ``question`` that it was joined with another: the answer there, where it is given already."""
    whole = question.merged_into
    answer = whole.answers.first() if whole.answered_on else None
    own = askers_owed(question)
    if answer:
        _tell(own, ANSWERED, f"answered:{answer.pk}", now, answer=answer.pk)
    else:
        _tell(own, MERGED, f"merged:{whole.pk}", now)


def tell_parted(question: Question, *, now: datetime) -> None:
    """Tell who asked ``question`` that it has an answer of its own, and by when: it was joined with another before."""
    _tell(askers_owed(question), PARTED, f"parted:{now.isoformat()}", now)


def tell_holding(reply: HoldingReply, *, now: datetime) -> None:
    """Tell everybody who asked how it stands."""
    _tell(askers_owed(reply.question), HOLDING, f"holding:{reply.pk}", now, reply=reply.pk)


def tell_moved(change: ClockChange, *, now: datetime, but: Asker | None = None) -> None:
    """Tell everybody who asked, ``but`` who moved it by what they said, that the answer has another date, and why."""
    told = askers_owed(change.question).exclude(pk=but.pk if but else None)
    _tell(told, MOVED, f"moved:{change.pk}", now, change=change.pk)


def tell_promise_moved(review: Review, *, now: datetime) -> None:
    """Tell who asked what an assurance is for that it is to be kept later than their page said before.

    One that goes on is only looked at again. A question that was joined with another shows the promises of that one.
    """
    if review.assurance.is_ongoing:
        return
    for question in review.assurance.questions.filter(merged_into=None).order_by("pk"):
        told = askers_owed(question)
        _tell(told, PROMISE_MOVED, f"promise:{review.pk}", now, due_at=now + TOLD_TOGETHER, review=review.pk)


def tell_out_of_scope(question: Question, *, now: datetime) -> None:
    """Tell everybody who asked that this programme cannot answer, and why."""
    _tell(askers_owed(question), OUT_OF_SCOPE, "out_of_scope", now)


def render_for_asker(message: Message) -> Content:
    """Return what somebody who asked gets."""
    asker = Asker.objects.select_related("question__programme", "question__merged_into", "person", "link").get(
        pk=message.refs["asker"]
    )
    question = asker.question
    name, subject = _LOOKS[message.kind]
    refs = message.refs
    whole = question.merged_into or question
    context = {
        "asker": asker,
        "person": asker.person,
        "question": question,
        "whole": whole,
        "programme": question.programme,
        "answer": whole.answers.select_related("organisation").first(),
        "reply": HoldingReply.objects.select_related("organisation").filter(pk=refs.get("reply")).first(),
        "due": when_due(whole, local_day(question.programme, message.due_at)),
        "may_object": whole.state == QuestionState.ANSWERED
        and asker.said_unanswered_on is None
        and not whole.is_reopened,
        **(_promised(_review(message)) if message.kind == PROMISE_MOVED else {}),
        "change": ClockChange.objects.filter(pk=refs.get("change")).first(),
        "address": address_of(asker.link),
    }
    return render_mail(f"commitments/mail/{name}", context, subject.format(question.reference))


_LOOKS = {
    RECEIVED: ("question_received", "We have your question {}"),
    ANSWERED: ("question_answered", "Your question {} is answered"),
    OUT_OF_SCOPE: ("question_out_of_scope", "Your question {}"),
    HOLDING: ("question_holding", "Your question {}: how it stands"),
    MERGED: ("question_merged", "Your question {} is answered with another"),
    MOVED: ("question_moved", "Your question {} has another date"),
    PROMISE_MOVED: ("question_promise_moved", "A promise about your question {} is to be kept later"),
    PARTED: ("question_parted", "Your question {} gets an answer of its own"),
}


def not_wanted(batch: Sequence[Message], now: datetime) -> dict[int, str]:
    """Return the reason code of each message that says what is so no more.

    The question was taken back, answered, or parted from the one that the message is about; or a promise about it has
    ended, or is to be kept no later than before.
    """
    askers = Asker.objects.select_related("question__merged_into").in_bulk([m.refs["asker"] for m in batch])
    reasons = {}
    for message in batch:
        asker = askers.get(message.refs["asker"])
        if asker is None or asker.withdrawn_on is not None:
            reasons[message.pk] = "question_withdrawn"
        elif _is_of_another(message, asker):
            reasons[message.pk] = "question_parted"
        elif message.kind == PROMISE_MOVED and not _is_postponed(_review(message)):
            reasons[message.pk] = "promise_not_moved"
        elif message.kind in STANDS and (asker.question.merged_into or asker.question).answered_on:
            reasons[message.pk] = "question_answered"
    return reasons


STANDS = (HOLDING, MOVED, MERGED, PARTED)
"""What says only how it stands: nobody needs it beside the answer."""


def _is_of_another(message: Message, asker: Asker) -> bool:
    """Return whether ``message`` tells of a question that this asker's was joined with once, and is no more."""
    whole = asker.question.merged_into_id or asker.question_id
    if message.kind == MERGED:
        return asker.question.merged_into_id is None
    answer = message.refs.get("answer") if message.kind == ANSWERED else None
    return answer is not None and not Answer.objects.filter(pk=answer, question=whole).exists()


def _review(message: Message) -> Review:
    found = Review.objects.select_related("assurance__organisation", "assurance__person")
    return found.get(pk=message.refs["review"])


def _is_postponed(review: Review) -> bool:
    """Return whether a promise that stands is kept later by ``review`` and those it is told with."""
    if review.assurance.state not in STANDING or is_told_by_later(review):
        return False
    return review.due_after > reviews_told(review)[0].due_before


def _promised(review: Review) -> dict[str, Any]:
    return {"promise": review.assurance, "before": reviews_told(review)[0].due_before, "after": review.due_after}


def _tell(
    askers: QuerySet[Asker], kind: str, reason: str, now: datetime, *, due_at: datetime | None = None, **refs: int
) -> None:
    found = askers.filter(person__email__isnull=False).values_list("pk", "person_id")
    rows = (
        Planned(key=f"commitments.asker:{pk}:{reason}", to=person, refs={"asker": pk, **refs}, due_at=due_at)
        for pk, person in found
    )
    messaging.actions.queue_many(kind=kind, rows=rows, now=now)


def register_kinds() -> None:
    """Make the kinds of askers known; called when the app is ready."""
    for kind in _LOOKS:
        register(Kind(kind, render_for_asker, not_wanted, private=True, label=_PRIVATE))
