"""Another date instead of the one there is: two seats exchanged under both counters, so that nobody has neither."""

from datetime import datetime
from typing import Any

from django.db import transaction

from attendance.actions.engagements import BusyThen, clash_of, lock_both, lock_people
from attendance.actions.line import become, close, had_entry, promote, seat, settle_in
from attendance.actions.places import (
    HasBegun,
    NotEligible,
    OfferIsEnding,
    OfferIsOver,
    PlaceHasEnded,
    end_offer_first,
    fresh_session,
    give_link,
    has_place_elsewhere,
    lapse_offer,
    lock_place,
    need_ends_on,
    new_place,
    refuse_outside_window,
    refuse_where_not_open,
    seated_elsewhere,
)
from attendance.messages import handovers as handover_messages
from attendance.messages import places as messages
from attendance.messages import teams as team_messages
from attendance.models import LIVE, SEATED, AccessNeed, Place, PlaceState, SeatCount
from attendance.queries.booking import affiliation_of
from attendance.queries.shares import seats_kept, shares_of
from briefings.models import Session
from history.actions import CLOCK, record
from history.refusals import Refused
from organisations.models import Affiliation


class SessionIsFull(Refused):
    sentence = "That session has filled up meanwhile, so you keep the place you have. Choose another date."


class QuotaIsUsed(Refused):
    sentence = (
        "Your organisation has all the places it may have in that session, so you keep the place you have. "
        "Choose another date."
    )


def change_place(*, place: Place, to: Session, by: Any, now: datetime, from_reserve: bool = False) -> Place:
    """Give up ``place`` for a seat in the session ``to``, in one transaction: nobody is ever left with neither.

    Returns the new place, of the same organisation; the access needs go with it and the seat left behind goes to the
    first in line. Changing to the session there is a place in already returns that place. Raises PlaceHasEnded,
    NotOpen, OutsideWindow, NotEligible, BusyThen, OfferIsOver where either is an offer whose limit has passed (it
    lapses at once, as ``accept_offer`` has it: whoever catches that must not roll it back), SessionIsFull where ``to``
    has no free seat, or none but those kept for people whose session was cancelled, and QuotaIsUsed where the
    organisation may have no more; the old place is kept then. An offer in a third session whose limit is over lapses.
    """
    try:
        return _change_place(place, to, by, now, from_reserve)
    except OfferIsEnding as ending:
        end_offer_first(ending.place, place.session_id, to.pk, now=now)
        return _change_place(place, to, by, now, from_reserve)
    except OfferIsOver as over:
        lapse_offer(place=over.place, by=CLOCK, now=now)
        raise


@transaction.atomic
def _change_place(place: Place, to: Session, by: Any, now: datetime, from_reserve: bool) -> Place:
    counters = lock_both(place.session_id, to.pk)
    line = Place.objects.in_line().filter(session__in=(place.session_id, to.pk), person__isnull=False)
    lock_people([place.person_id, *line.values_list("person", flat=True)])
    place = lock_place(place)
    session = fresh_session(to.pk)
    if session.pk == place.session_id and place.state in LIVE:
        return place
    if place.state not in LIVE:
        raise PlaceHasEnded
    _refuse_where_offer_is_over(place, now)
    if place.session.during.lower <= now:
        raise HasBegun
    refuse_where_not_open(session, now)
    affiliation = affiliation_of(place, now)
    if affiliation is None:
        raise NotEligible
    refuse_outside_window(session, by, now)
    seats = counters[to.pk]
    promote(session, seats, now)  # who waits for it and fits by now comes first
    own = Place.objects.seated().filter(session=session, person=place.person_id).first()
    if own:
        _refuse_where_offer_is_over(own, now)
    if not own and not (from_reserve and seats.taken < seats.capacity):
        if seats.free <= seats_kept(session, now):
            raise SessionIsFull
        if not shares_of(session, now).has_room(affiliation.organisation_id):
            raise QuotaIsUsed
    return _swap(place, session, counters, affiliation, by, now)


def _refuse_where_offer_is_over(place: Place, now: datetime) -> None:
    if place.offered_until and place.offered_until <= now:
        raise OfferIsOver(place, place.offered_until)


def _swap(
    old: Place, session: Session, counters: dict[int, SeatCount], affiliation: Affiliation, by: Any, now: datetime
) -> Place:
    new, entry = exchange(old, session, counters, affiliation, by, now, reason="changed_date")
    record(by=by, verb="changed_date", about=new, now=now)
    messages.tell_booked(new, now=now, by=by)
    messages.tell_given_up(old, had_entry=entry, now=now, by=by)
    team_messages.tell_left(old, by=by, now=now)
    promote(old.session, counters[old.session_id], now)
    return new


def exchange(
    old: Place,
    session: Session,
    counters: dict[int, SeatCount],
    affiliation: Affiliation,
    by: Any,
    now: datetime,
    *,
    reason: str,
) -> tuple[Place, bool]:
    """End ``old`` for ``reason`` and seat its person in ``session``; both counters and the person are locked.

    The access needs go with it; nobody is told but a colleague who was asked to take the old one over, and nobody
    moves up yet. Returns the new place, and whether the old session stands in a calendar. Raises
    HasPlaceElsewhere, BusyThen.
    """
    entry = had_entry(old)
    need = AccessNeed.objects.filter(place=old).first()
    waiting = Place.objects.live().filter(session=session, person=old.person_id).first()
    ended = PlaceState.GIVEN_UP if reason == "changed_date" else PlaceState.ENDED
    close(old, counters[old.session_id], ended, reason, now)
    if entry:
        handover_messages.tell_gone([old.pk], now=now)
    elsewhere = seated_elsewhere(session, old.person)
    if elsewhere:
        raise has_place_elsewhere(elsewhere, now)
    clash = clash_of(session, old.person)
    if clash:
        raise BusyThen(clash.session, knows=by == old.person)
    new = waiting or new_place(session, old.person, affiliation, by, now)
    if new.state == PlaceState.OFFERED:
        become(new, PlaceState.BOOKED, offered_until=None, offered_from_line=False, seated_at=now)
        settle_in(new, now, by)
    elif new.state not in SEATED:
        seat(new, counters[session.pk], now, by)
    if not new.link_id:
        give_link(new, now)
    if need:
        take_along(need, new)
    return new, entry


def take_along(need: AccessNeed, new: Place) -> None:
    """Let ``new`` have what its person said they need for the place before; what they said for it already stays."""
    said, is_new = AccessNeed.objects.get_or_create(
        place=new, defaults={"words": need.words, "welsh": need.welsh, "delete_on": need_ends_on(new.session)}
    )
    if not is_new:
        said.words, said.welsh = said.words or need.words, said.welsh or need.welsh
        said.save(update_fields=["words", "welsh"])
