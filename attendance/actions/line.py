"""A seat found, given, offered and freed: what every action on places does under the lock of the counter.

A freed seat goes to the first in line who may and fits (decisions.md, "Waiting"). From the day a programme names
it is offered instead, to one person for each free seat, with a time to answer; who lets it lapse is followed by the
next.
"""

from collections.abc import Iterable
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import IntegrityError
from django.utils import timezone

from accounts.models import PersonalLink
from attendance.actions.engagements import (
    BusyThen,
    announce,
    announcing,
    count_seat,
    counting,
    engage,
    engaging,
    leave,
    lock_people,
)
from attendance.messages import places as messages
from attendance.models import (
    PLACE_MOVES,
    SEATED,
    AccessNeed,
    Engagement,
    Place,
    PlaceState,
    SeatCount,
    TeamRule,
)
from attendance.queries.seating import Facts
from attendance.queries.shares import seats_kept, shares_of
from attendance.window import Window, rules_of, window_of
from briefings.models import PlacesRule, Session
from briefings.queries import affiliations_in_scope
from history.actions import CLOCK, record, unsaved_entry
from history.statements import insert_of, send


def lock_with_line(session: Session, *people: int | None) -> None:
    """Lock ``people`` and whoever waits for ``session``, together and before any place: a seat may be freed by it.

    Whoever is seated elsewhere ends their own waiting here while their person is locked, so a place that was locked
    before the people would close a circle.
    """
    line = Place.objects.in_line().filter(session=session).values_list("person", flat=True)
    lock_people(pk for pk in (*people, *line) if pk)


def seat(place: Place, seats: SeatCount, now: datetime) -> None:
    """Give ``place`` one of ``seats`` and let its person stop waiting elsewhere in a programme of one place."""
    sit(place, now)
    place.save()
    count_seat(seats, 1)
    settle_in(place, now)


def sit(place: Place, now: datetime) -> None:
    """Make ``place`` a booked one, unsaved."""
    place.state, place.number_in_line, place.seated_at = PlaceState.BOOKED, None, now
    place.limit_key = limit_key(place)


def write_new(place: Place, facts: Facts, link: PersonalLink, *, has_seat: bool, by: Any, now: datetime) -> None:
    """Save the unsaved ``place`` with all that follows from it, in one round trip: seated, or the last in line.

    That is its ``link``, the seat or the number in line, the engagement, the calendar entry, the news by mail and the
    history. ``facts`` hold still, under the locks they were read with. Raises BusyThen where the database knows better;
    nothing is written then, and the transaction goes on.
    """
    seats, session, entry = facts.seats, place.session, None
    if has_seat:
        sit(place, now)
        entry, announced = announcing(facts.entry, place.person_id, session)
        rest = [counting(seats, 1), engaging(place.person_id, session), *announced]
        seats.taken += 1
    else:
        seats.last_in_line += 1
        place.state, place.number_in_line = PlaceState.WAITING, seats.last_in_line
        rest = [
            (
                "UPDATE attendance_seatcount SET last_in_line = %s WHERE session_id = %s",
                [seats.last_in_line, session.pk],
            )
        ]
    told = messages.statement_of_news(place, sequence=entry.sequence if entry else None, now=now)
    done = unsaved_entry(by=by, verb="took" if has_seat else "joined_line", about=place, now=now)
    written = [insert_of(link), insert_of(place), *rest, *([told] if told else []), insert_of(done)]
    try:
        send([("SAVEPOINT place", None), *written, ("RELEASE SAVEPOINT place", None)])
    except IntegrityError as error:
        send([("ROLLBACK TO SAVEPOINT place", None)])
        if getattr(error.__cause__, "diag", None) and error.__cause__.diag.constraint_name == "nobody_in_two_places":
            raise BusyThen from error
        raise
    place._state.adding = False
    if has_seat and facts.waits:
        stop_waiting(place, now)


def settle_in(place: Place, now: datetime) -> None:
    """Engage the person of the booked ``place``, note the calendar entry, end their waiting elsewhere.

    A team's place without a name does neither.
    """
    if place.person_id is None:
        return
    engage(place.person_id, place.session)
    announce(place.person_id, place.session)
    stop_waiting(place, now)


def stop_waiting(place: Place, now: datetime) -> None:
    """End what else the person of the booked ``place`` waits for in a programme of one place."""
    if place.limit_key:
        Place.objects.filter(
            person=place.person_id, session__programme=place.session.programme_id, state=PlaceState.WAITING
        ).update(state=PlaceState.ENDED, closed_at=now, closed_reason="seated_elsewhere", number_in_line=None)


def put_in_line(place: Place, seats: SeatCount) -> None:
    """Save ``place`` as the last in line."""
    seats.last_in_line += 1
    seats.save(update_fields=["last_in_line"])
    place.state, place.number_in_line = PlaceState.WAITING, seats.last_in_line
    place.save()


def become(place: Place, state: PlaceState, **columns: Any) -> None:
    """Save the move of ``place`` to ``state`` with ``columns``; only the moves of PLACE_MOVES are possible."""
    assert state in PLACE_MOVES[PlaceState(place.state)], f"A place cannot go from {place.state} to {state}."
    place.state = state
    for name, value in columns.items():
        setattr(place, name, value)
    place.save(update_fields=["state", *columns])


def close(place: Place, seats: SeatCount, state: PlaceState, reason: str, now: datetime) -> None:
    """End ``place``: its seat is free, its person is free at that time, its calendar entry goes."""
    was_seated = place.state in SEATED
    become(
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
    if place.person_id:
        leave([place.person_id], place.session)


def had_entry(place: Place) -> bool:
    """Return whether the session stands in a calendar because of ``place``: by an offer from the line it never did."""
    return place.state in SEATED and not (place.state == PlaceState.OFFERED and place.offered_from_line)


def limit_key(place: Place) -> str | None:
    """Return the key that makes a second seat impossible, by the programme's rule; None where there is no limit."""
    session = place.session
    if place.person_id and session.programme.places_rule == PlacesRule.ONE:
        return f"{place.person_id}:programme:{session.programme_id}"
    return None


def promote(session: Session, seats: SeatCount, now: datetime) -> list[Place]:
    """Seat the first in line who may and fit, as many as there are free seats. The counter is locked.

    Somebody who is elsewhere at that time, who holds a seat in a programme of one place, who is not eligible any
    more, or whose organisation has its quota keeps their position and is passed over; and so is everybody where the
    free seats are kept for those whose session was cancelled (decisions.md, "Waiting").
    Nobody moves up once the list of names is final. Returns those who were seated or got an offer.
    """
    if not seats.free or session.during.lower <= now:
        return []
    window = window_of(session, rules_of(session), now)
    if window.is_frozen:
        return []
    waiting = Place.objects.in_line().filter(session=session, person__isnull=False)
    lock_people(waiting.values_list("person", flat=True))
    line = list(
        Place.objects.in_line()
        .filter(session=session)
        .select_related("session__programme__booking_rules", "person", "team")
        .select_for_update(no_key=True, of=("self",))
    )
    passed_over, shares = (
        _passed_over(session, [place.person_id for place in line if place.person_id], now),
        shares_of(session, now),
    )
    kept = seats_kept(session, now) if line else 0
    promoted: list[Place] = []
    for group in _groups(line):
        head = group[0]
        room = shares.room_of(head.organisation_id, seats.free)
        if not seats.free:
            break
        if head.ahead is None and seats.free - len(group) < kept:
            continue
        if room < len(group) or any(place.person_id in passed_over for place in group):
            continue
        for place in group:
            offers = window.is_offering and place.team_id is None
            _offer(place, seats, window, now) if offers else _move_up(place, seats, now)
        shares.taken[head.organisation_id] += len(group)
        promoted += group
    return promoted


def _groups(line: list[Place]) -> list[list[Place]]:
    """Return the places of ``line`` that move up together, in its order: one each, but a team that goes as a whole."""
    groups: dict[tuple[str, int], list[Place]] = {}
    for place in line:
        whole = place.team is not None and place.team.rule == TeamRule.ALL
        groups.setdefault(("team", place.team_id) if whole else ("place", place.pk), []).append(place)
    return list(groups.values())


def _passed_over(session: Session, people: Iterable[int], now: datetime) -> set[int]:
    eligible = affiliations_in_scope(session.programme, timezone.localdate(now)).filter(person__in=people)
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
    return passed_over


def _move_up(place: Place, seats: SeatCount, now: datetime) -> None:
    seat(place, seats, now)
    record(by=CLOCK, verb="promoted", about=place, now=now)
    messages.tell_promoted(place, now=now)


def _offer(place: Place, seats: SeatCount, window: Window, now: datetime) -> None:
    """Hold a seat for ``place`` until its person answers, or the time is over: before the list of names is final."""
    session = place.session
    ends = [now + timedelta(hours=rules_of(session).offer_hours), session.during.lower]
    if window.freezes:
        ends.append(datetime.combine(window.freezes, time(), ZoneInfo(session.zone)))
    become(
        place,
        PlaceState.OFFERED,
        number_in_line=None,
        seated_at=now,
        limit_key=limit_key(place),
        offered_until=min(ends),
        offered_from_line=True,
    )
    count_seat(seats, 1)
    record(by=CLOCK, verb="offered", about=place, now=now)
    messages.tell_offered(place, now=now)
