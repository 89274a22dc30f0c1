"""A sheet of paper, typed in: many marks and a few walk-ins in one press."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from django.db import transaction

from attendance.actions.register import add_walk_in, check_can_mark, facts_of, mark
from attendance.models import Attendance, Mark, MarkKind, Outcome, Place
from briefings.models import Session
from history.actions import key_of, record_many
from organisations.models import Organisation


@transaction.atomic
def type_in(
    *,
    session: Session,
    came: Iterable[Place],
    walk_ins: Iterable[tuple[str, Organisation]],
    press: UUID,
    by: Any,
    now: datetime,
) -> int:
    """Mark everybody in ``came`` as here and add ``walk_ins`` (name, organisation). Returns how many there were.

    ``press`` is the id of the rendered form. Each mark gets its own id from it, so that the same form sent again
    changes nothing. Raises as ``register.mark``; nothing is kept then.
    """
    check_can_mark(session)
    places = _locked(came)
    total = len(places)
    facts = Attendance.objects.filter(session=session, person__in=[place.person_id for place in places])
    facts = list(facts.values_list("place", "person"))
    # Who was matched to a walk-in and has got a place since counts already.
    there = {person for place, person in facts if place is None}
    places = [place for place in places if place.person_id not in there]
    seen = set(Mark.objects.filter(place__in=places).values_list("place", flat=True))
    seen |= {place for place, _ in facts}
    _mark_together(session, [place for place in places if place.pk not in seen], press, by, now)
    for place in places:
        if place.pk in seen:
            own = _press(press, place)
            mark(session=session, subject=place, kind=MarkKind.ATTENDED, press=own, by=by, now=now)
    added = 0
    for name, organisation in walk_ins:
        own = uuid5(press, f"walk-in:{organisation.pk}:{name}")
        add_walk_in(session=session, name=name, organisation=organisation, press=own, by=by, now=now)
        added += 1
    return total + added


def _locked(came: Iterable[Place]) -> list[Place]:
    found = Place.objects.filter(pk__in=[place.pk for place in came]).order_by("pk")  # the order of every lock
    return list(found.select_for_update(no_key=True, of=("self",)))


def _press(press: UUID, place: Place) -> UUID:
    return uuid5(press, f"place:{place.pk}")


def _mark_together(session: Session, places: list[Place], press: UUID, by: Any, now: datetime) -> None:
    """Mark ``places``, locked and without any mark so far, in three statements: the same as ``mark`` one by one."""
    columns = {"session": session, "kind": MarkKind.ATTENDED, "made_at": now, "made_by": key_of(by)}
    Mark.objects.bulk_create(Mark(pk=_press(press, place), place=place, **columns) for place in places)
    facts = {"session": session, "outcome": Outcome.ATTENDED, "noted_at": now}
    Attendance.objects.bulk_create(Attendance(place=place, **facts, **facts_of(place)) for place in places)
    record_many(by=by, verb=f"marked_{MarkKind.ATTENDED.value}", about=places, now=now)
