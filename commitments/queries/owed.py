"""What somebody has to do about questions today: for the mail of the day and the lists."""

from datetime import date
from functools import cache
from typing import NamedTuple
from uuid import UUID

from django.db.models import Q, QuerySet

from accounts.models import Person
from briefings.models import Appointment, ProgrammeRole
from commitments.models import UNANSWERED, Clearance, ClearanceState, Question
from history.statements import DAY, NUMBER, Prepared, compiled
from organisations.rules import led_organisation_ids


def owed_to(person: Person, today: date) -> QuerySet[Question]:
    """Return what ``person`` is reminded of on ``today``, the earliest due first; what is paused waits.

    The own questions; those without an owner in programmes they coordinate; what is late there, in the organisations
    they lead and in the programmes on whose board they sit.
    """
    held = Appointment.objects.on(today).filter(person=person)
    kept = held.filter(role=ProgrammeRole.COORDINATOR).values("programme")
    board = held.filter(role=ProgrammeRole.BOARD).values("programme")
    late = Q(due_on__lt=today) & (
        Q(programme__in=kept) | Q(programme__in=board) | Q(organisation__in=led_organisation_ids(person))
    )
    theirs = Q(owner=person) | Q(owner=None, programme__in=kept) | late
    found = Question.objects.filter(theirs, state__in=UNANSWERED, paused_on=None)
    return found.order_by("due_on", "reference")


def to_clear(person: Person, today: date) -> QuerySet[Clearance]:
    """Return the clearances that wait for a role that ``person`` holds on ``today``, the oldest first."""
    found = Clearance.objects.of_holder(person, today).filter(state=ClearanceState.ASKED)
    shown = ("reference", "words", "state", "due_on", "paused_on", "paused_until")
    of_question = [f"draft__question__{name}" for name in shown]
    found = found.select_related("draft__question", "organisation").only("role", "organisation__name", *of_question)
    return found.order_by("asked_at", "pk")


class ToClear(NamedTuple):
    """What a list says of one clearance that waits."""

    pk: int
    question_id: UUID
    reference: str
    words: str


def waiting_to_clear(person: Person, today: date) -> list[ToClear]:
    """Return what ``to_clear`` does in plain values: each list of questions asks."""
    return [ToClear._make(row) for row in _waiting().rows(person=person.pk, on=today)]


@cache
def _waiting() -> Prepared:
    found = to_clear(Person(pk=NUMBER), DAY).select_related(None)
    columns = ("pk", "draft__question", "draft__question__reference", "draft__question__words")
    return compiled("clearances_that_wait", found.values_list(*columns), person=NUMBER, on=DAY)
