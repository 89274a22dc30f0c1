"""The register as a phone holds it: names and organisations, the presses that stand, and nothing else."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count, Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from accounts.models import Person
from attendance.models import Mark, MarkKind, Place, WalkIn
from attendance.queries.register import on_the_register
from attendance.register import Press, standing
from briefings.models import Session
from organisations.models import Organisation

OVERLAP = timedelta(seconds=30)
"""A press that was written just before an answer, and committed just after it, is in the next answer too."""


@dataclass(frozen=True)
class Row:
    """One person on the phone's register. ``person`` is for the access trace and never sent."""

    key: str
    name: str
    organisation: str
    presses: list[Press]
    person: Person | None

    def as_json(self) -> list[Any]:
        """Return what is sent: key, name, organisation, and id and kind of each press that stands."""
        return [self.key, self.name, self.organisation, [[str(each.id), each.kind] for each in self.presses]]


def rows_of(session: Session, *, since: datetime | None = None, also: Iterable[Place | WalkIn] = ()) -> list[Row]:
    """Return the rows of ``session``'s register by last name, places before walk-ins, in four queries at most.

    With ``since`` only those on which something was pressed from shortly before it on, and those in ``also``.
    """
    places, walk_ins = on_the_register(session), WalkIn.objects.filter(session=session)
    if since is not None:
        recent = Mark.objects.filter(session=session, made_at__gte=since - OVERLAP)
        also = list(also)
        places = places.filter(
            Q(pk__in=recent.values("place"))
            | Q(made_at__gte=since - OVERLAP)
            | Q(pk__in=[each.pk for each in also if isinstance(each, Place)])
        )
        walk_ins = walk_ins.filter(
            Q(pk__in=recent.values("walk_in"))
            | Q(made_at__gte=since - OVERLAP)
            | Q(pk__in=[each.pk for each in also if isinstance(each, WalkIn)])
        )
    return _rows(
        list(places.select_related("person", "organisation").order_by("person__sort_name", "pk")),
        list(walk_ins.select_related("person", "organisation").order_by("name", "pk")),
    )


def places_in_short(session: Session) -> list[int]:
    """Return how many places stand on the register, and the sum of their numbers.

    A phone that comes to another result loads the register anew: who was promoted, named or gave up since is in no
    press.
    """
    found = on_the_register(session).aggregate(number=Count("pk"), total=Coalesce(Sum("pk"), 0))
    return [found["number"], int(found["total"])]


def organisations_there(session: Session) -> QuerySet[Organisation]:
    """Return the organisations that somebody may come from to ``session``: those that had not ended on its day."""
    return Organisation.objects.filter(Q(ended_on=None) | Q(ended_on__gt=session.date))


def organisations_in_short(session: Session) -> list[int]:
    """Return how many organisations there are for walk-ins, and the sum of their ids, for a phone to compare."""
    found = organisations_there(session).aggregate(number=Count("pk"), total=Coalesce(Sum("pk"), 0))
    return [found["number"], int(found["total"])]


def _rows(places: list[Place], walk_ins: list[WalkIn]) -> list[Row]:
    presses: dict[Any, list[Press]] = defaultdict(list)
    for own in walk_ins:
        presses[own.pk].append(Press(own.pk, MarkKind.ATTENDED))
    marks = Mark.objects.filter(
        Q(place__in=[own.pk for own in places]) | Q(walk_in__in=[own.pk for own in walk_ins])
    ).order_by("made_at", "pk")
    for pk, kind, undoes, place, walk_in in marks.values_list("pk", "kind", "undoes", "place", "walk_in"):
        presses[place or walk_in].append(Press(pk, kind, undoes))
    return [
        *(
            Row(f"p{own.pk}", own.person.name, own.organisation.name, standing(presses[own.pk]), own.person)
            for own in places
        ),
        *(
            Row(f"w{own.pk}", own.name, own.organisation.name, standing(presses[own.pk]), own.person)
            for own in walk_ins
        ),
    ]


def subject_of(key: str) -> Place | WalkIn | None:
    """Return what a row's key, any text at all, names: a place or a walk-in with its id alone, not looked for yet."""
    kind, number = key[:1], key[1:]
    if kind == "p" and number.isascii() and number.isdigit() and len(number) < 19:
        return Place(pk=int(number))
    if kind == "w":
        try:
            return WalkIn(pk=UUID(number))
        except ValueError:
            return None
    return None
