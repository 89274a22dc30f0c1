"""Places in a whole series at once."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from accounts.models import Person
from attendance.actions.engagements import lock_both, lock_people
from attendance.actions.places import OfferIsOver, lapse_offer, take_place
from attendance.models import Place, PlaceState
from attendance.queries.series import position_in, position_of
from briefings.models import PlacesRule, Session
from history.actions import CLOCK
from history.refusals import Refused


@dataclass(frozen=True)
class Taken:
    """What became of one session: the place, or the reason in words why there is none."""

    session: Session
    place: Place | None
    why_not: str = ""

    @property
    def is_booked(self) -> bool:
        """Return whether there is a seat, not a place in the line."""
        return self.place is not None and self.place.state == PlaceState.BOOKED


def in_words(taken: list[Taken]) -> str:
    """Return what became of the others of a series in one sentence; "" where there were none."""
    if not taken:
        return ""
    booked = sum(each.is_booked for each in taken)
    waiting = sum(each.place is not None for each in taken) - booked
    refused = len(taken) - booked - waiting
    parts = [(booked, "booked too"), (waiting, "waited for"), (refused, "not to be had")]
    return "Of the others of the series: " + ", ".join(f"{number} {words}" for number, words in parts if number)


def take_series(
    *, session: Session, person: Person | None, take: Callable[[], Place], whole: bool, by: Any, now: datetime
) -> tuple[Place, list[Taken]]:
    """Take the place in ``session`` by ``take``, and with it, for the ``whole``, one in each other of its series.

    All counters are locked before anybody is, so that two who begin with different sessions of one series do not wait
    in a circle. ``person`` and ``by`` are None for somebody whom only ``take`` makes known. Raises what ``take`` does;
    an offer whose limit has passed lapses at once, as ``accept_offer`` has it.
    """
    try:
        return _take_series(session, person, take, whole, by, now)
    except OfferIsOver as over:
        lapse_offer(place=over.place, by=CLOCK, now=now)  # what the yes did about it was taken back with the series
        raise


@transaction.atomic
def _take_series(
    session: Session, person: Person | None, take: Callable[[], Place], whole: bool, by: Any, now: datetime
) -> tuple[Place, list[Taken]]:
    # Where one place is allowed there is no rest, and its counters need not be held.
    if not whole or session.programme.places_rule == PlacesRule.ONE:
        return take(), []
    own = person.pk if person else None
    position = position_in(session, own, now)
    _lock([session, *(position.rest if position else ())], own)
    place = take()
    return place, take_rest_of_series(place=place, by=by or place.person, now=now)


@transaction.atomic
def take_rest_of_series(*, place: Place, by: Any, now: datetime) -> list[Taken]:
    """Take a place in every session of the series of ``place`` that is still to come, in the same group.

    Each is taken for itself: one that cannot be had, or in which one has to wait, takes no other away. Taking them
    twice takes nothing more.
    """
    position = position_of(place, now)
    rest = position.rest if position else []
    _lock(rest, place.person_id)
    return [_take(session, place, by, now) for session in rest]


def _lock(sessions: list[Session], person: int | None) -> None:
    """Lock the counters of ``sessions`` by id, then ``person`` and whoever waits in one of their lines."""
    lock_both(*(session.pk for session in sessions))
    line = Place.objects.in_line().filter(session__in=sessions).values_list("person", flat=True)
    lock_people(pk for pk in (person, *line) if pk)


def _take(session: Session, place: Place, by: Any, now: datetime) -> Taken:
    try:
        with transaction.atomic():
            return Taken(session, take_place(session=session, person=place.person, by=by, now=now, holds_locks=True))
    except Refused as refusal:
        return Taken(session, None, refusal.sentence)
