"""The coordinator gives a seat to who waits already: one that is kept back, or that a quota keeps from them."""

from datetime import datetime
from typing import Any

from django.db import transaction

from attendance.actions.engagements import BusyThen, clash_of, lock_people, lock_seats
from attendance.actions.line import seat
from attendance.actions.places import (
    NotEligible,
    OfferIsEnding,
    PlaceHasEnded,
    end_offer_first,
    has_place_elsewhere,
    lock_place,
    refuse_outside_window,
    refuse_where_not_open,
    seated_elsewhere,
)
from attendance.messages import places as messages
from attendance.models import SEATED, Place, PlaceState
from attendance.queries.booking import affiliation_of
from history.actions import record
from history.refusals import Refused


class EverySeatTaken(Refused):
    sentence = "Every place of this session is taken, those kept back too. They keep their position in the line."


def seat_from_reserve(*, place: Place, by: Any, now: datetime) -> Place:
    """Seat the person of the waiting ``place`` before others: as ``take_place`` does for who comes ``from_reserve``.

    Who has a seat keeps it, so twice is once. An offer elsewhere whose limit is over lapses by it. Raises
    PlaceHasEnded, NotOpen, OutsideWindow, NotEligible, HasPlaceElsewhere, BusyThen, EverySeatTaken.
    """
    try:
        return _seat(place, by, now)
    except OfferIsEnding as ending:
        end_offer_first(ending.place, place.session_id, now=now)
        return _seat(place, by, now)


@transaction.atomic
def _seat(place: Place, by: Any, now: datetime) -> Place:
    seats = lock_seats(place.session)
    lock_people([place.person_id])
    place = lock_place(place)
    session = place.session
    if place.state in SEATED:
        return place
    if place.state != PlaceState.WAITING:
        raise PlaceHasEnded
    refuse_where_not_open(session, now)
    refuse_outside_window(session, by, now)
    if affiliation_of(place, now) is None:
        raise NotEligible
    elsewhere, clash = seated_elsewhere(session, place.person), clash_of(session, place.person)
    if elsewhere:
        raise has_place_elsewhere(elsewhere, now)
    if clash:
        raise BusyThen(clash.session, knows=by == place.person)
    if seats.taken >= seats.capacity:
        raise EverySeatTaken
    seat(place, seats, now, by)
    record(by=by, verb="took", about=place, now=now)
    messages.tell_booked(place, now=now, by=by)
    return place
