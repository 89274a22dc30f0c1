"""A colleague of the same organisation takes over a place: asked by its holder, taken by one link."""

from datetime import datetime
from typing import Any

from django.db import transaction

from accounts.links import make_link
from accounts.models import Person
from attendance.actions.engagements import BusyThen, clash_of, lock_people, lock_seats
from attendance.actions.line import close, had_entry, seat
from attendance.actions.places import (
    HasBegun,
    HasPlaceElsewhere,
    NotEligible,
    OfferIsEnding,
    OutsideWindow,
    PlaceHasEnded,
    end_offer_first,
    fresh_session,
    give_link,
    has_place_elsewhere,
    lock_place,
    new_place,
    seated_elsewhere,
)
from attendance.actions.swaps import take_along
from attendance.messages import handovers as messages
from attendance.messages import places as place_messages
from attendance.messages import teams as team_messages
from attendance.models import AccessNeed, Handover, Place, PlaceState, SeatCount
from attendance.queries.booking import affiliation_for
from attendance.window import rules_of, window_of
from briefings.models import Programme, Session
from history.actions import CLOCK, record
from history.alone import each_alone
from history.refusals import Refused
from organisations.models import Affiliation


class NoColleague(Refused):
    sentence = (
        "Nobody with this address can take your place: they have to be on the staff list of your organisation, in a "
        "profession and area of this programme. Ask the lead of your organisation."
    )


class OwnAddress(Refused):
    sentence = "That is your own address: the place is yours already. Enter the address of a colleague."


class ComesAlready(Refused):
    sentence = "You have a place in this session already, so you cannot take another. Your colleague keeps theirs."


class HoldsAnother(HasPlaceElsewhere):
    """Raised where the colleague who would take a place over holds one already."""

    advice = "Give that one up first: until then this one stays with your colleague."


class HandoverEnded(Refused):
    sentence = "This place cannot be taken over any more: it was given up, or somebody else was asked."


@transaction.atomic
def ask_colleague(*, place: Place, email: str, by: Any, now: datetime) -> Handover:
    """Ask the colleague with the address ``email`` to take over ``place``; they get a link, and who was asked before
    cannot use theirs any more, and is told. The holder keeps the place until the colleague takes it.

    Asking the same colleague twice is asking once. Raises PlaceHasEnded, OutsideWindow, OwnAddress, NoColleague.
    """
    colleague = Person.objects.filter(email=Person.objects.clean_email(email), is_active=True).first()
    lock_seats(place.session)
    lock_people([person for person in (place.person_id, colleague and colleague.pk) if person])
    place = lock_place(place)
    refuse_where_fixed(place, now)
    if colleague is not None and colleague.pk == place.person_id:
        raise OwnAddress
    if colleague is None or _tie(place, colleague, now) is None:
        raise NoColleague
    asked = open_request(place)
    if asked and asked.colleague_id == colleague.pk:
        return asked
    if asked:
        _take_back(asked, "asked_another", now)
    made = Handover.objects.create(place=place, colleague=colleague, asked_at=now)
    ends_at = place.session.during.lower
    made.link = make_link(purpose="handover", person=colleague, about=made, ends_at=ends_at, now=now)
    made.save(update_fields=["link"])
    record(by=by, verb="asked_colleague", about=place, now=now)
    messages.tell_asked(made, now=now)
    return made


def take_over(*, handover: Handover, by: Any, now: datetime) -> Place:
    """Give the colleague the place: the holder's ends and theirs begins under one lock, so nobody slips between.

    Both are told, and the lead who booked it; the line does not move. What the holder needed to take part is deleted;
    what the colleague needs, who waited for this session, goes with them.
    Taking it twice returns the same place. An offer that the colleague has elsewhere, and whose limit is over, lapses
    by it. Raises HandoverEnded, OutsideWindow, NotEligible, ComesAlready, HoldsAnother, BusyThen.
    """
    try:
        return _take_over(handover, by, now)
    except OfferIsEnding as ending:
        end_offer_first(ending.place, handover.place.session_id, now=now, others=[handover.place.person_id])
        return _take_over(handover, by, now)


@transaction.atomic
def _take_over(handover: Handover, by: Any, now: datetime) -> Place:
    seats = lock_seats(handover.place.session)
    lock_people([handover.place.person_id, handover.colleague_id])
    place = lock_place(handover.place)  # before the request, as ask_colleague does
    handover = Handover.objects.select_for_update(no_key=True, of=("self",)).get(pk=handover.pk)
    if handover.taken_as is not None:
        return handover.taken_as
    tie, held = _refuse_taking(handover, place, now)
    colleague = handover.colleague
    need = AccessNeed.objects.filter(place=held).first() if held else None
    if held:  # they leave the line for the place
        close(held, seats, PlaceState.ENDED, "took_over", now)
    new = new_place(place.session, colleague, tie, by, now)
    new.team = place.team
    pass_on(handover, place, new, need, seats, by=by, now=now)
    record(by=by, verb="took_over", about=new, now=now)
    return new


def pass_on(
    handover: Handover, place: Place, new: Place, need: AccessNeed | None, seats: SeatCount, *, by: Any, now: datetime
) -> None:
    """Give the unsaved ``new`` the seat of ``place``, which ends, with what its person said they ``need`` there.

    ``handover`` keeps who has it. ``seats`` and both people are locked. Both are told by whom, and the lead who booked
    it; the line does not move, and what the holder needed is deleted.
    """
    entry = had_entry(place)
    close(place, seats, PlaceState.GIVEN_UP, "substituted", now)
    seat(new, seats, now, by)
    give_link(new, now)
    if need:
        take_along(need, new)
    handover.taken_at, handover.taken_as = now, new
    handover.save()
    place_messages.tell_booked(new, now=now, by=by)
    place_messages.tell_given_up(place, had_entry=entry, now=now, by=by)
    team_messages.tell_left(place, by=by, now=now)


def why_not_to_take(handover: Handover, now: datetime) -> Refused | None:
    """Return what would keep the colleague from taking over now, so that their page can say it before they press."""
    try:
        _refuse_taking(handover, handover.place, now)
    except OfferIsEnding:
        return None  # it lapses by the press
    except Refused as refusal:
        return refusal
    return None


def _refuse_taking(handover: Handover, place: Place, now: datetime) -> tuple[Affiliation, Place | None]:
    """Raise what keeps the colleague from ``place``; return their tie, and the place with which they wait for it."""
    if not handover.is_open or place.state != PlaceState.BOOKED:
        raise HandoverEnded
    refuse_where_fixed(place, now)
    colleague, tie = handover.colleague, _tie(place, handover.colleague, now)
    if tie is None:
        raise NotEligible
    held = Place.objects.live().filter(session=place.session_id, person=colleague).first()
    if held and held.state != PlaceState.WAITING:
        raise ComesAlready
    elsewhere, clash = seated_elsewhere(place.session, colleague), clash_of(place.session, colleague)
    ending = has_place_elsewhere(elsewhere, now) if elsewhere else None
    if elsewhere and not isinstance(ending, OfferIsEnding):
        raise HoldsAnother(elsewhere)
    if clash:
        raise BusyThen(clash.session, knows=True)  # none but the colleague takes over
    if ending:
        raise ending
    return tie, held


@transaction.atomic
def decline_handover(*, handover: Handover, by: Any, now: datetime) -> None:
    """Say no: the holder keeps the place and is told. Saying no twice is once; after it was taken it does nothing."""
    handover = Handover.objects.select_for_update(no_key=True, of=("self",)).get(pk=handover.pk)
    if not handover.is_open:
        return
    _end(handover, "declined", now)
    record(by=by, verb="declined_handover", about=handover.place, now=now)
    messages.tell_declined(handover, now=now)


@transaction.atomic
def withdraw_request(*, place: Place, by: Any, now: datetime) -> Handover | None:
    """Ask nobody any more to take over ``place``: its holder keeps it, and who was asked is told and cannot take it.

    Returns the request that ended by it; None where there is none, the colleague was faster, or the place has ended.
    """
    lock_seats(place.session)
    place = lock_place(place)
    if place.state != PlaceState.BOOKED:
        return None
    asked = open_request(place)
    if asked is not None:
        _take_back(asked, "withdrawn", now)
        record(by=by, verb="withdrew_request", about=place, now=now)
    return asked


@transaction.atomic
def end_requests(*, session: Session, by: Any, now: datetime) -> int:
    """End the open requests to take over a place in ``session`` where its list of names is final by now.

    Who asked and who was asked are told what each can do; the link goes on opening its page, which says so too.
    Returns how many ended; a request stays ended when the list is final later again.
    """
    lock_seats(session)
    session = fresh_session(session.pk)
    if not window_of(session, rules_of(session), now).is_frozen:
        return 0
    found = Handover.objects.filter(place__session=session, taken_at=None, ended_at=None)
    related = found.select_related("place__session__programme__booking_rules", "place__person", "colleague")
    ended = list(related.select_for_update(no_key=True, of=("self",)).order_by("pk"))
    for handover in ended:
        _end(handover, "list_final", now)
        record(by=by, verb="colleague_too_late", about=handover.place, now=now)
        messages.tell_too_late(handover, now=now)
    return len(ended)


def end_all_requests(*, now: datetime, programme: Programme | None = None, by: Any = CLOCK) -> int:
    """Do so in every session to come (of ``programme``), a transaction each; return how many. Raises AllFailed."""
    asked = Handover.objects.filter(taken_at=None, ended_at=None).values("place__session")
    found = Session.objects.open().to_come(now).filter(pk__in=asked).select_related("programme__booking_rules")
    found = found.filter(programme=programme) if programme else found
    final = {each.pk: each for each in found.order_by("pk") if window_of(each, rules_of(each), now).is_frozen}
    what = "Ending requests to take over a place"
    return each_alone(what, final, lambda pk: end_requests(session=final[pk], by=by, now=now))


def open_request(place: Place) -> Handover | None:
    """Return the request to take over ``place`` that stands, locked: whoever declines it right now is waited for."""
    asked = Handover.objects.filter(place=place, taken_at=None, ended_at=None).select_related("colleague")
    return asked.select_for_update(no_key=True, of=("self",)).first()


def _take_back(asked: Handover, reason: str, now: datetime) -> None:
    """End the request; its link goes on opening its page, which says why there is nothing to take any more."""
    _end(asked, reason, now)
    messages.tell_withdrawn(asked, now=now)


def _end(handover: Handover, reason: str, now: datetime) -> None:
    handover.ended_at, handover.ended_reason = now, reason
    handover.save(update_fields=["ended_at", "ended_reason"])


def refuse_where_fixed(place: Place, now: datetime) -> None:
    """Raise PlaceHasEnded, HasBegun or OutsideWindow where nobody else can have ``place`` instead any more."""
    if place.state != PlaceState.BOOKED:
        raise PlaceHasEnded
    if place.session.during.lower <= now:
        raise HasBegun
    window = window_of(place.session, rules_of(place.session), now)
    if window.is_frozen:
        raise OutsideWindow(window.why_closed)


def _tie(place: Place, person: Person, now: datetime) -> Affiliation | None:
    """Return what makes ``person`` eligible at the organisation the place belongs to, or None."""
    return affiliation_for(place.session.programme, person, now, organisation=place.organisation_id)
