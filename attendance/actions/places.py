"""What people and the clock do to places. One function per thing, one transaction each."""

import contextlib
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection, transaction

from accounts.links import LinkRow, unsaved_link
from accounts.models import Person, PersonalLink
from attendance.actions.engagements import BusyThen, clash_of, lock_both, lock_people, lock_seats
from attendance.actions.line import (
    NewPlace,
    become,
    close,
    had_entry,
    lock_with_line,
    promote,
    settle_in,
    write_new,
)
from attendance.messages import handovers as handover_messages
from attendance.messages import places as messages
from attendance.messages import teams as team_messages
from attendance.models import (
    LIVE,
    Place,
    PlaceState,
    new_reference,
)
from attendance.queries.booking import WAS_CANCELLED, affiliation_of
from attendance.queries.seating import Facts, Tie, let_go, lock_and_read, read_again
from attendance.queries.shares import shares_of
from attendance.queries.waiting import is_wanted
from attendance.rules import can_book_outside_rules
from attendance.window import rules_of, window_of
from briefings.models import PlacesRule, Session, SessionState
from briefings.words import when_in_words
from face.dates import deadline
from history.actions import CLOCK, key_of, record
from history.refusals import Refused
from history.statements import unsaved
from organisations.models import Affiliation

OFFER_LASTS = timedelta(days=5)
"""How long somebody may think about an offered place; never past the start of the session."""

LINK_OUTLIVES = timedelta(days=90)
"""How long the link to a place opens its page after the day: for papers, questions and what was answered."""


class NotOpen(Refused):
    sentence = "This session does not take bookings: it is not open, or it has begun. Choose another session."


class WasCancelled(NotOpen):
    sentence = WAS_CANCELLED


class OutsideWindow(Refused):
    """Raised where the programme's rules take no booking on this day, with the reason in words."""

    def __init__(self, why: str) -> None:
        super().__init__(f"{why} If you have to come, ask the coordinator.")


class NotEligible(Refused):
    sentence = "This programme is for other professions, areas or organisations. Ask the coordinator if that is wrong."


class HasPlaceElsewhere(Refused):
    """Raised where the programme allows one place; ``place`` is the one already held."""

    advice = "Change its date instead: you keep it until the new one is yours."

    def __init__(self, place: Place) -> None:
        self.place = place
        super().__init__(f"You hold a place on {when_in_words(place.session)}, in this programme. {self.advice}")


class OfferIsEnding(HasPlaceElsewhere):
    """Raised where that place is an offer whose limit is over, and the clock has not ended it yet."""

    advice = "It was offered to you, and the time to take it is over. It ends within a minute: press again then."


def has_place_elsewhere(held: Place, now: datetime) -> HasPlaceElsewhere:
    """Return what to raise where somebody has ``held`` in another session of a programme of one place."""
    is_over = held.offered_until is not None and held.offered_until <= now
    return OfferIsEnding(held) if is_over else HasPlaceElsewhere(held)


class PlaceHasEnded(Refused):
    sentence = "This place has already been given up or has ended."


class HasBegun(PlaceHasEnded):
    sentence = "This session has begun, so nothing about the place can be changed any more."


class OfferIsOver(PlaceHasEnded):
    """Raised where a yes comes after the limit of the offer of ``place``; ``until`` is when it ended."""

    def __init__(self, place: Place, until: datetime) -> None:
        self.place, self.until = place, until
        next_one = place.offered_from_line and is_wanted(place, until)
        goes_on = "it goes to the next on the waiting list" if next_one else "others can have it now"
        super().__init__(
            f"The offer of this place ended on {deadline(until)}, so {goes_on}. "
            "For other dates, open the link in your invitation."
        )


class FewerSeatsThanTaken(Refused):
    """Raised with ``taken``, the number of seats that somebody holds."""

    def __init__(self, taken: int) -> None:
        self.taken = taken
        super().__init__(
            f"{taken} places are taken, so the session needs {taken} seats or more. Move people first to have fewer."
        )


def take_place(
    *,
    session: Session,
    person: Person,
    by: Any,
    now: datetime,
    from_reserve: bool = False,
    instead_of: Place | None = None,
    holds_locks: bool = False,
) -> Place:
    """Book ``person`` into ``session``, or put them in line where it is full or their organisation has its quota.

    For some days after a cancellation those who lost a place choose first: a seat is kept for each of them, and where
    they wait they stand before others, in their old order.

    ``by`` is who acts (the person, a coordinator); ``now`` is aware. ``from_reserve``: the coordinator gives out a
    reserved seat. ``instead_of``: a place that has ended, whose organisation the new one keeps. Asked twice it
    returns the place there is. An offer elsewhere whose limit is over lapses by it where the programme allows one
    place, but not where the caller ``holds_locks`` of its own already: OfferIsEnding then. Raises NotOpen,
    OutsideWindow (the coordinator may book outside it), NotEligible, HasPlaceElsewhere, BusyThen.
    """
    # What is refused is refused before anything is written, so a transaction that is open already needs no savepoint.
    with contextlib.nullcontext() if connection.in_atomic_block else transaction.atomic():
        facts = lock_and_read(session, person, now)
        if facts is None:
            raise NotOpen
        refuse_where_not_open(facts.session, now)
        if facts.held:
            return Place.objects.get(pk=facts.held)
        _keep_tie(facts, instead_of, now)
        try:
            _refuse(facts, person, by, now)
        except OfferIsEnding as ending:
            if holds_locks:
                raise
            facts = _without_offer(ending.place, session, person, now)
            if facts.held:
                return Place.objects.get(pk=facts.held)
            _keep_tie(facts, instead_of, now)
            _refuse(facts, person, by, now)
        if facts.has_line and facts.seats.free:  # who waits and fits by now comes first
            promote(facts.session, facts.seats, now)
            facts = read_again(session, person, now)
            _keep_tie(facts, instead_of, now)
        new = _new(facts, person, by, now, has_seat=_has_seat(facts, from_reserve, now))
        while not write_new(new):  # another place has the reference that was drawn
            facts = read_again(session, person, now)
            _keep_tie(facts, instead_of, now)
            new = _new(facts, person, by, now, has_seat=new.has_seat)
    new.place.link = new.link
    return new.place


def _without_offer(place: Place, session: Session, person: Person, now: datetime) -> Facts:
    """Let the offer ``place`` of ``person`` lapse, whose limit is over; return how things stand in ``session`` then.

    What was locked for that one alone is let go: both counters come first, in their order, and then everybody.
    """
    let_go()
    end_offer_first(place, session.pk, now=now)
    facts = lock_and_read(session, person, now)
    assert facts is not None, "its counter was there a moment ago, and has been locked since"
    refuse_where_not_open(facts.session, now)
    return facts


@transaction.atomic
def end_offer_first(place: Place, *sessions: int, now: datetime, others: Iterable[int] = ()) -> None:
    """Let the offer ``place`` lapse, whose limit is over, before its person has something else in ``sessions`` (ids).

    All counters are locked for that, and then everybody with ``others`` (ids of people): no lock of these sessions may
    be held before. What was refused because of the offer may be tried again in the same transaction: ``others`` are
    those whom that locks besides.
    """
    sessions = (place.session_id, *sessions)
    lock_both(*sessions)
    line = Place.objects.in_line().filter(session__in=sessions).values_list("person", flat=True)
    lock_people(pk for pk in (place.person_id, *line, *others) if pk)
    lapse_offer(place=place, by=CLOCK, now=now)


def _keep_tie(facts: Facts, instead_of: Place | None, now: datetime) -> None:
    """Let ``facts`` hold the tie to the organisation of the place that is replaced, of somebody who has several."""
    found = affiliation_of(instead_of, now) if instead_of else None
    if found:
        facts.tie = Tie.of(found)


def _new(facts: Facts, person: Person, by: Any, now: datetime, *, has_seat: bool) -> NewPlace:
    place = _unsaved_place(facts.session, person, facts.tie, by, now, reference=new_reference(facts.session.programme))
    place.pk, place.ahead = facts.place, facts.lost
    link = _link_of(place, now)
    link.pk = place.link_id = facts.link
    return NewPlace(place, link, facts, has_seat, by, now)


def plainly_taken(facts: Facts, person: Person, now: datetime) -> NewPlace | None:
    """Return what ``take_place`` makes for ``person``, who acts, where nothing else has to be done, said or refused.

    Returns None where more is to it than a seat or a number in line: ``take_place`` has to do that.
    """
    session = facts.session
    if session.state != SessionState.OPEN or session.during.lower <= now or facts.held or facts.tie is None:
        return None
    if window_of(session, rules_of(session), now).why_closed or facts.clash or facts.lost or facts.has_quotas:
        return None
    if facts.elsewhere and session.programme.places_rule == PlacesRule.ONE:
        return None
    has_seat = _has_seat(facts, False, now)
    if has_seat and (facts.has_line or facts.waits):  # others come first; or what they wait for has to end
        return None
    if facts.has_line and facts.seats.free:
        return None
    return _new(facts, person, person, now, has_seat=has_seat)


def _refuse(facts: Facts, person: Person, by: Any, now: datetime) -> None:
    """Raise what keeps the person from any place in the session, be it in line."""
    if facts.tie is None:
        raise NotEligible
    refuse_outside_window(facts.session, by, now)
    if facts.elsewhere and facts.session.programme.places_rule == PlacesRule.ONE:
        raise has_place_elsewhere(Place.objects.select_related("session").get(pk=facts.elsewhere), now)
    if facts.clash:
        raise BusyThen(Session.objects.select_related("programme").get(pk=facts.clash), knows=by == person)


def _has_seat(facts: Facts, from_reserve: bool, now: datetime) -> bool:
    seats, kept = facts.seats, 0 if facts.lost else facts.kept
    if from_reserve and seats.taken < seats.capacity:
        return True
    if seats.free <= kept:
        return False
    return not facts.has_quotas or shares_of(facts.session, now).has_room(facts.tie.organisation_id)


@transaction.atomic
def give_up_place(*, place: Place, by: Any, now: datetime, reason: str = "given_up") -> Place:
    """Give up ``place``; the seat goes at once to the first in line who may and fits, who is told.

    Giving up twice is giving up once. Raises PlaceHasEnded where the organiser ended it, HasBegun after the start.
    """
    seats = lock_seats(place.session)
    lock_with_line(place.session, place.person_id)
    place = lock_place(place)
    if place.state == PlaceState.GIVEN_UP:
        return place
    if place.state not in LIVE:
        raise PlaceHasEnded
    if place.session.during.lower <= now:
        raise HasBegun
    entry = had_entry(place)
    close(place, seats, PlaceState.GIVEN_UP, reason, now)
    record(by=by, verb="gave_up", about=place, now=now, reason=reason)
    messages.tell_given_up(place, had_entry=entry, now=now, by=by)
    handover_messages.tell_gone([place.pk], now=now)
    team_messages.tell_left(place, by=by, now=now)
    promote(place.session, seats, now)
    return place


def accept_offer(*, place: Place, by: Any, now: datetime) -> Place:
    """Turn an offered place into a booked one. Accepting twice is accepting once.

    A yes at the limit or later is refused, and the offer lapses at once, as the clock would have it: whoever catches
    the refusal must not roll that back. Raises PlaceHasEnded where the offer has ended (OfferIsOver: by its limit),
    OutsideWindow where the list of names is final and does not have them, HasPlaceElsewhere, BusyThen.
    """
    try:
        return _accept(place, by, now)
    except OfferIsOver:
        # The locks of the yes are gone by now: more are needed, and in their order.
        lapse_offer(place=place, by=CLOCK, now=now)
        raise


@transaction.atomic
def _accept(place: Place, by: Any, now: datetime) -> Place:
    lock_seats(place.session)
    lock_people([place.person_id])
    place = lock_place(place)
    if place.state == PlaceState.BOOKED:
        return place
    if place.closed_reason == "offer_lapsed":
        raise OfferIsOver(place, place.closed_at)
    if place.state != PlaceState.OFFERED:
        raise PlaceHasEnded
    if place.session.during.lower <= now:
        raise HasBegun
    if place.offered_until <= now:
        raise OfferIsOver(place, place.offered_until)
    window = window_of(place.session, rules_of(place.session), now)
    if place.offered_from_line and window.is_frozen:
        raise OutsideWindow(window.why_closed)
    elsewhere = seated_elsewhere(place.session, place.person)
    if elsewhere:
        raise has_place_elsewhere(elsewhere, now)
    clash = clash_of(place.session, place.person)
    if clash:
        raise BusyThen(clash.session, knows=by == place.person)
    # From here on it is a booking like any other, whatever it began as.
    become(place, PlaceState.BOOKED, offered_until=None, offered_from_line=False, seated_at=now)
    settle_in(place, now, by)
    record(by=by, verb="accepted_offer", about=place, now=now)
    messages.tell_booked(place, now=now, by=by)
    return place


@transaction.atomic
def lapse_offer(*, place: Place, by: Any, now: datetime) -> bool:
    """End an offer whose limit has passed and promote the next. Returns False where it is no longer due."""
    seats = lock_seats(place.session)
    lock_with_line(place.session, place.person_id)
    place = lock_place(place)
    if place.state != PlaceState.OFFERED or place.offered_until > now:
        return False
    entry = had_entry(place)
    close(place, seats, PlaceState.ENDED, "offer_lapsed", now)
    record(by=by, verb="offer_lapsed", about=place, now=now)
    messages.tell_given_up(place, had_entry=entry, now=now)
    team_messages.tell_left(place, by=by, now=now)
    promote(place.session, seats, now)
    return True


def lapse_offers_of(offers: Iterable[Place], *, now: datetime) -> int:
    """Let ``offers`` lapse, of people who are having something else; return how many were due.

    Their counters are locked, with all others of the transaction, and so are their people and whoever waits there.
    """
    return sum(lapse_offer(place=place, by=CLOCK, now=now) for place in offers)


@transaction.atomic
def change_seats(*, session: Session, capacity: int, reserved: int, by: Any, now: datetime) -> None:
    """Set how many seats ``session`` has and how many of them the coordinator keeps; who waits moves up.

    Raises FewerSeatsThanTaken; nothing is changed then.
    """
    seats = lock_seats(session)
    if capacity < seats.taken:
        raise FewerSeatsThanTaken(seats.taken)
    seats.capacity, seats.reserved = capacity, reserved
    seats.save(update_fields=["capacity", "reserved"])
    session = fresh_session(session.pk)
    session.capacity, session.reserved = capacity, reserved
    session.save(update_fields=["capacity", "reserved"])
    record(by=by, verb="changed_seats", about=session, now=now, fields=["capacity", "reserved"])
    if session.state == SessionState.OPEN and session.during.lower > now:
        promote(session, seats, now)


@transaction.atomic
def promote_waiting(*, session: Session, now: datetime) -> list[Place]:
    """Seat whoever waits for ``session`` and fits now: somebody may have become free since a seat did.

    Returns the promoted places; [] where there is nothing to do.
    """
    seats = lock_seats(session)
    session = fresh_session(session.pk)
    if session.state != SessionState.OPEN or session.during.lower <= now:
        return []
    return promote(session, seats, now)


@transaction.atomic
def send_entry_again(*, place: Place, by: Any, now: datetime) -> bool:
    """Mail the calendar entry once more, same UID and number; at most once in ten minutes. Raises PlaceHasEnded.

    Returns whether a mail was planned.
    """
    place = lock_place(place)
    if place.state != PlaceState.BOOKED:
        raise PlaceHasEnded
    is_new = messages.send_entry_again(place, now=now)
    if is_new:
        record(by=by, verb="asked_for_entry", about=place, now=now)
    return is_new


def lock_place(place: Place) -> Place:
    """Return ``place`` afresh, locked, with its session, the programme's rules and its person."""
    return (
        Place.objects.select_related("session__programme__booking_rules", "person")
        .select_for_update(no_key=True, of=("self",))
        .get(pk=place.pk)
    )


def fresh_session(session: int) -> Session:
    """Return the session with its programme's rules, as it is under the lock."""
    return Session.objects.select_related("programme__booking_rules").get(pk=session)


def refuse_where_not_open(session: Session, now: datetime) -> None:
    """Raise WasCancelled or NotOpen where ``session`` takes no bookings at ``now``."""
    if session.state == SessionState.CANCELLED:
        raise WasCancelled
    if session.state != SessionState.OPEN or session.during.lower <= now:
        raise NotOpen


def refuse_outside_window(session: Session, by: Any, now: datetime) -> None:
    """Raise OutsideWindow where the programme takes no booking of ``session`` today and ``by`` may not book then."""
    why = window_of(session, rules_of(session), now).why_closed
    if why and not can_book_outside_rules(by, session.programme):
        raise OutsideWindow(why)


def need_ends_on(session: Session) -> date:
    """Return the day on which what somebody needs for ``session`` is deleted: 30 days after it."""
    return session.date + timedelta(days=30)


def give_link(place: Place, now: datetime) -> None:
    """Give the saved ``place`` the personal link of its page."""
    place.link = _link_of(place, now)
    place.link.save(force_insert=True)
    place.save(update_fields=["link"])


def _link_of(place: Place, now: datetime) -> PersonalLink:
    return unsaved_link(LinkRow("place", place.person, place, link_ends_at(place.session)), now)


def link_ends_at(session: Session) -> datetime:
    """Return until when the link to a place in ``session`` opens its page."""
    return datetime.combine(session.date, time(), ZoneInfo(session.zone)) + LINK_OUTLIVES


def seated_elsewhere(session: Session, person: Person) -> Place | None:
    """Return the seat that ``person`` holds in another session, where the programme allows one; else None."""
    if session.programme.places_rule != PlacesRule.ONE:
        return None
    return (
        Place.objects.to_use()
        .filter(person=person, session__programme=session.programme_id)
        .exclude(session=session.pk)
        .select_related("session")
        .first()
    )


def new_place(session: Session, person: Person, tie: Affiliation, by: Any, now: datetime) -> Place:
    """Return a place that is not saved yet, with what ``tie`` says on this day, and a reference that no other has."""
    reference = new_reference(session.programme, among=Place)
    return _unsaved_place(session, person, Tie.of(tie), by, now, reference=reference)


def _unsaved_place(session: Session, person: Person, tie: Tie, by: Any, now: datetime, *, reference: str) -> Place:
    return unsaved(
        Place,
        session=session,
        person=person,
        organisation_id=tie.organisation_id,
        profession_id=tie.profession_id,
        area_id=tie.area_id,
        reference=reference,
        made_at=now,
        made_by=key_of(by),
    )
