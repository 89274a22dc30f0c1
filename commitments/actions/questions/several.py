"""The same thing done to several questions: each in a transaction of its own, and what could not be done is named."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from accounts.models import Person
from briefings.models import Mandate
from commitments.actions.questions.merging import merge
from commitments.actions.questions.way import commission, transfer
from commitments.models import Question, QuestionState
from history.refusals import Refused


@dataclass
class Outcome:
    """What came of it: the questions it was done to, and those it was not, each with the sentence why."""

    done: list[Question] = field(default_factory=list)
    refused: list[tuple[Question, str]] = field(default_factory=list)


def assign_several(
    *, questions: Iterable[Question], mandate: Mandate, reason: str, by: Person, now: datetime
) -> Outcome:
    """Ask one senior manager to answer ``questions``: commissioned where nobody owns it yet, else passed on.

    ``reason`` is read by who is asked, where a question is passed on.
    """
    to = {"organisation": mandate.organisation, "person": mandate.person, "by": by, "now": now}

    def assign(question: Question) -> None:
        if question.owner_id is None or question.state == QuestionState.RAISED:
            commission(question=question, **to)
        else:
            transfer(question=question, reason=reason, **to)

    return _each(questions, assign)


def merge_several(*, questions: Iterable[Question], into: Question, by: Person, now: datetime) -> Outcome:
    """Join ``questions`` with ``into``, which may be one of them."""
    others = [question for question in questions if question.pk != into.pk]
    return _each(others, lambda question: merge(question=question, into=into, by=by, now=now))


def _each(questions: Iterable[Question], act: Callable[[Question], object]) -> Outcome:
    outcome = Outcome()
    for question in questions:
        try:
            act(question)
        except Refused as refusal:
            outcome.refused.append((question, refusal.sentence))
        else:
            outcome.done.append(question)
    return outcome
