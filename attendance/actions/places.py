"""What people and the clock do to places. One function per thing, one transaction each."""

from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction

from accounts.links import make_link
from accounts.models import Person
from attendance.actions.engagements import (
    BusyThen,
    announce,
    clash_of,
    count_seat,
    engage,
    leave,
    lock_people,
    lock_seats,
)
from attendance.messages import places as messages
from attendance.models import (
    LIVE,
    PLACE_MOVES,
    SEATED,
    AccessNeed,
    Engagement,
    Place,
    PlaceState,
    SeatCount,
    new_reference,
)
from briefings.models import PlacesRule, Programme, Session, SessionState
from briefings.queries import affiliations_in_scope
from history.actions import CLOCK, key_of, record
from history.refusals import Refused
from organisations.models import Affiliation

OFFER_LASTS = timedelta(days=5)
"""How long somebody may think about an offered place; never past the start of the session."""

LINK_OUTLIVES = timedelta(days=90)
"""How long the link to a place opens its page after the day: for papers, questions and what was answered."""


class NotOpen(Refused):
    sentence = "This session does not take bookings: it is not open, or it has begun. Choose another session."


class NotEligible(Refused):
    sentence = "This programme is for other professions, areas or organisations. Ask the coordinator if that is wrong."


class HasPlaceElsewhere(Refused):
    """Raised where the programme allows one place; ``place`` is the one already held."""

    sentence = "You hold a place in another session of this programme. Give that one up first."

    def __init__(self, place: Place | None = None) -> None:
        self.place = place
        super().__init__()


class SessionIsFull(Refused):
    sentence = "That session has filled up meanwhile, so you keep the place you have. Choose another date."


class PlaceHasEnded(Refused):
    sentence = "This place has already been given up or has ended."


class FewerSeatsThanTaken(Refused):
    """Raised with ``taken``, the number of seats that somebody holds."""

    def __init__(self, taken: int) -> None:
        self.taken = taken
        super().__init__(
            f"{taken} places are taken, so the session needs {taken} seats or more. Move people first to have fewer."
        )


@transaction.atomic
def take_place(*, session: Session, person: Person, by: Any, now: datetime, from_reserve: bool = False) -> Place:
    """Book ``person`` into ``session``, or put them in line where it is full.

    ``by`` is who acts (the person, a coordinator); ``now`` is aware. ``from_reserve``: the coordinator gives out a
    reserved seat. Asked twice it returns the place there is. Raises NotOpen, NotEligible, HasPlaceElsewhere, BusyThen.
    """
    # Asked before the lock: every statement under it makes everybody else wait.
    affiliation = _find_affiliation(session.programme, person, now)
    try:
        seats = lock_seats(session)
    except SeatCount.DoesNotExist:
        raise NotOpen from None
    session = Session.objects.select_related("programme").get(pk=session.pk)
    if session.state != SessionState.OPEN or session.during.lower <= now:
        raise NotOpen
    lock_people([person.pk])
    held = Place.objects.live().filter(session=session, person=person).first()
    if held:
        return held
    if affiliation is None:
        raise NotEligible
    elsewhere = _seated_elsewhere(session, person)
    if elsewhere:
        raise HasPlaceElsewhere(elsewhere)
    clash = clash_of(session, person)
    if clash:
        raise BusyThen(clash.session)
    place = _new_place(session, person, affiliation, by, now)
    has_seat = seats.free > 0 or (from_reserve and seats.taken < seats.capacity)
    if has_seat:
        _seat(place, seats, now)
    else:
        _put_in_line(place, seats)
    _give_link(place, now)
    tell = messages.tell_booked if has_seat else messages.tell_waiting
    tell(place, now=now)
    record(by=by, verb="took" if place.state == PlaceState.BOOKED else "joined_line", about=place, now=now)
    return place


@transaction.atomic
def give_up_place(*, place: Place, by: Any, now: datetime, reason: str = "given_up") -> Place:
    """Give up ``place``; the seat goes at once to the first in line who may and fits, who is told.

    Giving up twice is giving up once. Raises PlaceHasEnded where the organiser ended it, or after the start.
    """
    seats = lock_seats(place.session)
    place = _locked(place)
    if place.state == PlaceState.GIVEN_UP:
        return place
    if place.state not in LIVE or place.session.during.lower <= now:
        raise PlaceHasEnded
    was_seated = place.state in SEATED
    _close(place, seats, PlaceState.GIVEN_UP, reason, now)
    record(by=by, verb="gave_up", about=place, now=now, reason=reason)
    messages.tell_given_up(place, was_seated=was_seated, now=now)
    _promote(place.session, seats, now)
    return place


@transaction.atomic
def change_place(*, place: Place, to: Session, by: Any, now: datetime, from_reserve: bool = False) -> Place:
    """Give up ``place`` for a seat in the session ``to``, in one transaction: nobody is ever left with neither.

    Returns the new place; the access needs go with it and the seat left behind goes to the first in line. Changing to
    the session there is a place in already returns that place. Raises PlaceHasEnded, NotOpen, NotEligible, BusyThen,
    and SessionIsFull where ``to`` has no free seat; the old place is kept then.
    """
    counters = _lock_both(place.session_id, to.pk)
    line = Place.objects.in_line().filter(session=place.session_id).values_list("person", flat=True)
    lock_people([place.person_id, *line])
    place = _locked(place)
    session = Session.objects.select_related("programme").get(pk=to.pk)
    if session.pk == place.session_id and place.state in LIVE:
        return place
    if place.state not in LIVE or place.session.during.lower <= now:
        raise PlaceHasEnded
    if session.state != SessionState.OPEN or session.during.lower <= now:
        raise NotOpen
    affiliation = _affiliation_in_scope(session.programme, place.person, now)
    seats = counters[to.pk]
    if seats.free <= 0 and not (from_reserve and seats.taken < seats.capacity):
        raise SessionIsFull
    return _swap(place, session, counters, affiliation, by, now)


@transaction.atomic
def accept_offer(*, place: Place, by: Any, now: datetime) -> Place:
    """Turn an offered place into a booked one. Accepting twice is accepting once.

    Raises PlaceHasEnded where the offer has ended, HasPlaceElsewhere, BusyThen.
    """
    lock_seats(place.session)
    lock_people([place.person_id])
    place = _locked(place)
    if place.state == PlaceState.BOOKED:
        return place
    if place.state != PlaceState.OFFERED or place.session.during.lower <= now:
        raise PlaceHasEnded
    elsewhere = _seated_elsewhere(place.session, place.person)
    if elsewhere:
        raise HasPlaceElsewhere(elsewhere)
    clash = clash_of(place.session, place.person)
    if clash:
        raise BusyThen(clash.session)
    _become(place, PlaceState.BOOKED, offered_until=None)
    engage(place.person_id, place.session)
    announce(place.person_id, place.session)
    record(by=by, verb="accepted_offer", about=place, now=now)
    messages.tell_booked(place, now=now)
    return place


@transaction.atomic
def lapse_offer(*, place: Place, by: Any, now: datetime) -> bool:
    """End an offer whose limit has passed and promote the next. Returns False where it is no longer due."""
    seats = lock_seats(place.session)
    place = _locked(place)
    if place.state != PlaceState.OFFERED or place.offered_until > now:
        return False
    _close(place, seats, PlaceState.ENDED, "offer_lapsed", now)
    record(by=by, verb="offer_lapsed", about=place, now=now)
    messages.tell_given_up(place, was_seated=True, now=now)
    if place.session.during.lower > now:
        _promote(place.session, seats, now)
    return True


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
    session = Session.objects.select_related("programme").get(pk=session.pk)
    session.capacity, session.reserved = capacity, reserved
    session.save(update_fields=["capacity", "reserved"])
    record(by=by, verb="changed_seats", about=session, now=now, fields=["capacity", "reserved"])
    if session.state == SessionState.OPEN and session.during.lower > now:
        _promote(session, seats, now)


@transaction.atomic
def promote_waiting(*, session: Session, now: datetime) -> list[Place]:
    """Seat whoever waits for ``session`` and fits now: somebody may have become free since a seat did.

    Returns the promoted places; [] where there is nothing to do.
    """
    seats = lock_seats(session)
    session = Session.objects.select_related("programme").get(pk=session.pk)
    if session.state != SessionState.OPEN or session.during.lower <= now:
        return []
    return _promote(session, seats, now)


@transaction.atomic
def send_entry_again(*, place: Place, by: Any, now: datetime) -> bool:
    """Mail the calendar entry once more, same UID and number; at most once in ten minutes. Raises PlaceHasEnded.

    Returns whether a mail was planned.
    """
    place = _locked(place)
    if place.state != PlaceState.BOOKED:
        raise PlaceHasEnded
    record(by=by, verb="asked_for_entry", about=place, now=now)
    return messages.send_entry_again(place, now=now)


def _locked(place: Place) -> Place:
    return (
        Place.objects.select_related("session__programme", "person")
        .select_for_update(no_key=True, of=("self",))
        .get(pk=place.pk)
    )


def _lock_both(*ids: int) -> dict[int, SeatCount]:
    """Return the counters of the sessions ``ids``, locked in id order."""
    rows = SeatCount.objects.filter(session__in=ids).order_by("session").select_for_update(no_key=True, of=("self",))
    return {seats.session_id: seats for seats in rows}


def _swap(
    old: Place, session: Session, counters: dict[int, SeatCount], affiliation: Affiliation, by: Any, now: datetime
) -> Place:
    was_seated = old.state in SEATED
    need = AccessNeed.objects.filter(place=old).first()
    waiting = Place.objects.live().filter(session=session, person=old.person_id).first()
    _close(old, counters[old.session_id], PlaceState.GIVEN_UP, "changed_date", now)
    elsewhere = _seated_elsewhere(session, old.person)
    if elsewhere:
        raise HasPlaceElsewhere(elsewhere)
    clash = clash_of(session, old.person)
    if clash:
        raise BusyThen(clash.session)
    new = waiting or _new_place(session, old.person, affiliation, by, now)
    if new.state not in SEATED:
        _seat(new, counters[session.pk], now)
    if not new.link_id:
        _give_link(new, now)
    if need:
        AccessNeed.objects.create(place=new, words=need.words, welsh=need.welsh, delete_on=need_ends_on(session))
    record(by=by, verb="changed_date", about=new, now=now)
    messages.tell_booked(new, now=now)
    messages.tell_given_up(old, was_seated=was_seated, now=now)
    _promote(old.session, counters[old.session_id], now)
    return new


def need_ends_on(session: Session) -> date:
    """Return the day on which what somebody needs for ``session`` is deleted: 30 days after it."""
    return session.date + timedelta(days=30)


def _give_link(place: Place, now: datetime) -> None:
    """Give the saved ``place`` the personal link of its page."""
    session = place.session
    ends_at = datetime.combine(session.date, time(), ZoneInfo(session.zone)) + LINK_OUTLIVES
    place.link = make_link(purpose="place", person=place.person, about=place, ends_at=ends_at, now=now)
    place.save(update_fields=["link"])


def _affiliation_in_scope(programme: Programme, person: Person, now: datetime) -> Affiliation:
    found = _find_affiliation(programme, person, now)
    if found is None:
        raise NotEligible
    return found


def _find_affiliation(programme: Programme, person: Person, now: datetime) -> Affiliation | None:
    return (
        affiliations_in_scope(programme, now.date())
        .filter(person=person)
        .select_related("organisation", "profession")
        .prefetch_related("areas")
        .order_by("pk")
        .first()
    )


def _seated_elsewhere(session: Session, person: Person) -> Place | None:
    if session.programme.places_rule != PlacesRule.ONE:
        return None
    return (
        Place.objects.to_use()
        .filter(person=person, session__programme=session.programme_id)
        .exclude(session=session.pk)
        .select_related("session")
        .first()
    )


def _new_place(session: Session, person: Person, affiliation: Affiliation, by: Any, now: datetime) -> Place:
    areas = list(affiliation.areas.all())
    return Place(
        session=session,
        person=person,
        organisation=affiliation.organisation,
        profession=affiliation.profession,
        area=areas[0] if areas else None,
        reference=new_reference(session.programme),
        made_at=now,
        made_by=key_of(by),
    )


def _limit_key(session: Session, person_id: int) -> str | None:
    """Return the key that makes a second seat impossible, by the programme's rule; None where there is no limit."""
    if session.programme.places_rule == PlacesRule.ONE:
        return f"{person_id}:programme:{session.programme_id}"
    return None


def _seat(place: Place, seats: SeatCount, now: datetime) -> None:
    """Give ``place`` one of ``seats`` and let its person stop waiting elsewhere in a programme of one place."""
    session = place.session
    place.state, place.number_in_line, place.seated_at = PlaceState.BOOKED, None, now
    place.limit_key = _limit_key(session, place.person_id)
    place.save()
    count_seat(seats, 1)
    engage(place.person_id, session)
    announce(place.person_id, session)
    if place.limit_key:
        Place.objects.filter(
            person=place.person_id, session__programme=session.programme_id, state=PlaceState.WAITING
        ).update(state=PlaceState.ENDED, closed_at=now, closed_reason="seated_elsewhere", number_in_line=None)


def _put_in_line(place: Place, seats: SeatCount) -> None:
    seats.last_in_line += 1
    seats.save(update_fields=["last_in_line"])
    place.state, place.number_in_line = PlaceState.WAITING, seats.last_in_line
    place.save()


def _become(place: Place, state: PlaceState, **columns: Any) -> None:
    assert state in PLACE_MOVES[PlaceState(place.state)], f"A place cannot go from {place.state} to {state}."
    place.state = state
    for name, value in columns.items():
        setattr(place, name, value)
    place.save(update_fields=["state", *columns])


def _close(place: Place, seats: SeatCount, state: PlaceState, reason: str, now: datetime) -> None:
    """End ``place``: its seat is free, its person is free at that time, its calendar entry goes."""
    was_seated = place.state in SEATED
    _become(
        place,
        state,
        closed_at=now,
        closed_reason=reason,
        limit_key=None,
        number_in_line=None,
        offered_until=None,
    )
    AccessNeed.objects.filter(place=place).delete()
    if not was_seated:
        return
    count_seat(seats, -1)
    leave([place.person_id], place.session)


def _promote(session: Session, seats: SeatCount, now: datetime) -> list[Place]:
    """Seat the first in line who may and fit, as many as there are free seats. The counter is locked.

    Somebody who is elsewhere at that time, who holds a seat in a programme of one place, or who is not eligible any
    more keeps their position and is passed over (decisions.md, "Waiting").
    """
    if not seats.free:
        return []
    lock_people(Place.objects.in_line().filter(session=session).values_list("person", flat=True))
    line = list(
        Place.objects.in_line()
        .filter(session=session)
        .select_related("session__programme", "person")
        .select_for_update(no_key=True, of=("self",))
    )
    people = [place.person_id for place in line]
    eligible = affiliations_in_scope(session.programme, now.date()).filter(person__in=people)
    passed_over = set(people) - set(eligible.values_list("person", flat=True))
    passed_over |= set(
        Engagement.objects.filter(person__in=people, during__overlap=session.during)
        .exclude(session=session.pk)
        .values_list("person", flat=True)
    )
    if session.programme.places_rule == PlacesRule.ONE:
        passed_over |= set(
            Place.objects.to_use()
            .filter(person__in=people, session__programme=session.programme_id)
            .values_list("person", flat=True)
        )
    promoted = []
    for place in line:
        if not seats.free:
            break
        if place.person_id in passed_over:
            continue
        _seat(place, seats, now)
        record(by=CLOCK, verb="promoted", about=place, now=now)
        messages.tell_promoted(place, now=now)
        promoted.append(place)
    return promoted
