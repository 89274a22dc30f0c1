"""Who has to do with a programme, and who comes to a session: for the staff who may see them by name."""

from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from accounts.models import Person
from accounts.permissions import Permission, has
from accounts.queries import people_with_word
from attendance.models import Invitation, Place
from briefings.models import Programme, Session
from briefings.queries import is_eligible
from organisations.rules import people_visible_to

WHY_CLOSED = {
    "calendar_reply": "declined in their calendar",
    "changed_date": "changed for another date",
    "list_final": "the list of names was final before the offer was answered",
    "moved": "moved to another date by us",
    "named": "their organisation gave them a place",
    "not_named": "no name was given",
    "offer_lapsed": "the offer was not answered in time",
    "seated_elsewhere": "got a place on another date",
    "session_cancelled": "the session was cancelled",
    "substituted": "a colleague has taken it over",
    "took_over": "took over the place of a colleague",
}
"""Why a place has ended, for staff on the telephone, where its state does not say it."""


def people_of(programme: Programme, by: Any, now: datetime) -> QuerySet[Person]:
    """Return the people of ``programme`` whom ``by`` may see: eligible ones, invited ones, those with a place."""
    own = {"person": OuterRef("pk")}
    invited = Invitation.objects.filter(programme=programme, **own)
    placed = Place.objects.filter(session__programme=programme, **own)
    eligible = is_eligible(programme, timezone.localdate(now))
    if not has(by, Permission.SEE_PEOPLE, programme):  # who has it sees everybody eligible
        eligible &= Q(pk__in=people_visible_to(by, timezone.localdate(now)).values("pk"))
    return Person.objects.filter(Exists(invited) | Exists(placed) | eligible, is_active=True)


def with_words(words: str) -> Q:
    """Return the condition on Person that name, address or the reference of a place has every one of ``words``.

    One query, whatever was typed; none where nothing was.
    """
    typed, found = words.replace("\x00", " ").split()[:6], Q()
    if not typed:
        return found
    # The ids themselves, not a subquery, so that the indexes of names and addresses stay in use.
    named = reduce(or_, (Q(reference__iexact=word) for word in typed), Q(pk=None))
    referred = Place.objects.filter(named).values_list("reference", "person_id")[:_MOST_REFERRED]
    holders = [(reference.upper(), holder) for reference, holder in referred]
    for word in typed:
        found &= people_with_word(word) | Q(pk__in=[pk for reference, pk in holders if reference == word.upper()])
    return found


def search_people(people: QuerySet[Person], words: str) -> QuerySet[Person]:
    """Return those of ``people`` whose name, address or reference of a place has every one of ``words``, by name."""
    return people.filter(with_words(words)).order_by("sort_name", "pk")


_MOST_REFERRED = 60


def places_of_session(session: Session) -> QuerySet[Place]:
    """Return the places of ``session`` that live, booked ones by name (those without one last), then the line."""
    live = Place.objects.live().filter(session=session)
    return live.select_related("person", "organisation", "profession", "area", "access_need").order_by(
        F("number_in_line").asc(nulls_first=True), "person__sort_name", "pk"
    )
