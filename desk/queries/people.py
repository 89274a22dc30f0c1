"""Everything about one person, as far as somebody else may see it."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet

from accounts.models import Person
from accounts.permissions import Permission
from attendance.models import Attendance, Invitation, Place
from briefings.models import Programme
from commitments.models import AskedAs, Asker
from desk.trace import may_see_trace, visible_looks
from history.actions import key_of
from history.models import Look
from history.queries import names_of
from messaging import kinds
from messaging.models import Message
from messaging.queries import hides_recipient, messages_visible_to
from organisations.rules import affiliations_visible_to, led_organisation_ids

MOST = 50
"""How many rows of one sort are shown, the newest first."""


@dataclass(frozen=True)
class Known:
    """What ``by`` may see of one person. ``looks`` is None for who may not see the trace."""

    affiliations: list[Any]
    invitations: list[Invitation]
    places: list[Place]
    questions: list[Asker]
    messages: list[Message]
    looks: list[tuple[Look, str]] | None


def known_of(person: Person, *, by: Any) -> Known:
    """Return what ``by`` may see of ``person``, in nine queries at most.

    Invitations and places: of programmes in which ``by`` sees people by name; a lead sees those made for the own
    organisation. Questions: those asked by name, of programmes whose questions ``by`` triages. Messages: never those
    whose kind hides its recipient. Looks: as the access trace shows them.
    """
    programmes = Programme.objects.where(by, Permission.SEE_PEOPLE).values("pk")
    return Known(
        affiliations=_affiliations(person, by),
        invitations=list(_invitations(person, programmes)),
        places=_places(person, by, programmes),
        questions=list(_questions(person, by)),
        messages=_messages(person, by),
        looks=_looks(person, by),
    )


def _affiliations(person: Person, by: Any) -> list[Any]:
    found = affiliations_visible_to(by).filter(person=person).select_related("organisation", "profession")
    return list(found.prefetch_related("areas").order_by("-since", "-pk")[:MOST])


def _invitations(person: Person, programmes: QuerySet) -> QuerySet[Invitation]:
    found = Invitation.objects.filter(person=person, programme__in=programmes).select_related("programme")
    return found.order_by("-invited_at")[:MOST]


def _places(person: Person, by: Any, programmes: QuerySet) -> list[Place]:
    mine = Q(session__programme__in=programmes) | Q(organisation__in=led_organisation_ids(by))
    found = Place.objects.filter(mine, person=person).select_related("session__programme", "organisation", "attendance")
    places = list(found.order_by("-session__date", "-pk")[:MOST])
    for place in places:
        place.day = _outcome(place)
    return places


def _outcome(place: Place) -> str:
    own: Attendance | None = getattr(place, "attendance", None)
    return own.get_outcome_display() if own else ""


def _questions(person: Person, by: Any) -> QuerySet[Asker]:
    programmes = Programme.objects.where(by, Permission.TRIAGE_QUESTIONS).values("pk")
    found = Asker.objects.filter(person=person, question__asked_as=AskedAs.NAME, question__programme__in=programmes)
    return found.select_related("question__programme").order_by("-question__raised_on", "pk")[:MOST]


def _messages(person: Person, by: Any) -> list[Message]:
    shown = [kind.name for kind in kinds.every() if not hides_recipient(kind.name)]
    found = messages_visible_to(by).filter(person=person, kind__in=shown).order_by("-due_at", "-pk")
    messages = list(found.defer("text", "sealed")[:MOST])
    for message in messages:
        message.what = kinds.label(message.kind)
    return messages


def _looks(person: Person, by: Any) -> list[tuple[Look, str]] | None:
    if not may_see_trace(by):
        return None
    found = list(visible_looks(by).filter(person=key_of(person)).order_by("-at", "-pk")[:MOST])
    names = names_of({look.actor for look in found})
    return [(look, names[look.actor]) for look in found]
