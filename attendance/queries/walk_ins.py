"""Who a walk-in may be, and what closing a register would do."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet

from accounts.models import Person, sort_key
from attendance.models import CAME, Attendance, Outcome, PlaceState, WalkIn
from attendance.queries.register import on_the_register
from briefings.models import Session
from organisations.models import Affiliation

MOST_SUGGESTED = 5


@dataclass(frozen=True)
class Suggestion:
    """Somebody of the walk-in's organisation whose name is alike; ``is_listed``: they stand on this register."""

    person: Person
    profession: str
    is_listed: bool


def undecided_walk_ins(session: Session) -> QuerySet[WalkIn]:
    """Return who walked in (and was not taken back) without a decision who they are, by name."""
    found = WalkIn.objects.filter(session=session, person__isnull=True, left_at__isnull=True)
    return found.filter(attendance__isnull=False).select_related("organisation").order_by("name", "pk")


def suggestions_for(
    session: Session, walk_ins: Iterable[WalkIn], visible: QuerySet[Person]
) -> dict[Any, list[Suggestion]]:
    """Return for each walk-in who of its organisation they may be, most alike first, in two queries.

    Alike is who shares a word of the name, accents aside. Only people in ``visible`` are suggested.
    """
    words = {own.pk: (own, _words(own.name)) for own in walk_ins}
    found = _alike(session, [own for own, _ in words.values()], visible)
    people = [row.person_id for row in found]
    listed = set(on_the_register(session).filter(person__in=people).values_list("person", flat=True))
    suggested = defaultdict(list)
    for key, (own, wanted) in words.items():
        rows = [(len(wanted & _words(row.person.name)), row) for row in found]
        alike = [(n, row) for n, row in rows if n and row.organisation_id == own.organisation_id]
        for _, row in sorted(alike, key=lambda pair: (-pair[0], pair[1].person.sort_name, pair[1].pk)):
            if len(suggested[key]) < MOST_SUGGESTED and row.person not in [each.person for each in suggested[key]]:
                profession = row.profession.name if row.profession else ""
                suggested[key].append(Suggestion(row.person, profession, row.person_id in listed))
    return suggested


def _words(name: str) -> set[str]:
    return {word for word in sort_key(name).split() if len(word) > 1}


def _alike(session: Session, walk_ins: list[WalkIn], visible: QuerySet[Person]) -> list[Affiliation]:
    either = Q()
    for own in walk_ins:
        for word in _words(own.name):
            either |= Q(organisation=own.organisation_id, person__sort_name__contains=word)
    if not either:
        return []
    found = Affiliation.objects.on(session.date).filter(either, person__is_active=True, person__in=visible)
    return list(found.select_related("person", "profession"))


@dataclass(frozen=True)
class Closing:
    """What closing a register would do: who becomes absent, who is thanked, who is told of another date."""

    absent: int
    thanked: int
    told: int


def what_closing_does(session: Session) -> Closing:
    """Return the numbers for the page that asks before a register is closed, in two queries."""
    facts = Attendance.objects.filter(session=session, person__email__isnull=False).values_list("outcome", flat=True)
    outcomes = list(facts)
    unmarked = on_the_register(session).filter(state=PlaceState.BOOKED, marked__isnull=True)
    addresses = list(unmarked.values_list("person__email", flat=True))
    thanked = sum(outcome in CAME for outcome in outcomes)
    told = sum(outcome in (Outcome.EXCUSED, Outcome.ABSENT) for outcome in outcomes)
    return Closing(len(addresses), thanked, told + sum(address is not None for address in addresses))
