"""What somebody has to do about questions today: for the mail of the day and the lists."""

from datetime import date

from django.db.models import Q, QuerySet

from accounts.models import Person
from briefings.models import Appointment, ProgrammeRole
from commitments.models import UNANSWERED, Clearance, ClearanceState, Question
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
    shown = ("role", "organisation__name", "draft__question__reference", "draft__question__words")
    found = found.select_related("draft__question", "organisation").only(*shown, "draft__question__due_on")
    return found.order_by("asked_at", "pk")
