"""A seat found, given, offered and freed: what every action on places does under the lock of the counter.

A freed seat goes to the first in line who may and fits (decisions.md, "Waiting"). From the day a programme names
it is offered instead, to one person for each free seat, with a time to answer; who lets it lapse is followed by the
next.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError
from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import PersonalLink
from attendance.actions.engagements import (
    BusyThen,
    announce,
    announced,
    announcing,
    count_seat,
    engage,
    engaging,
    leave,
    lock_people,
)
from attendance.messages import places as messages
from attendance.messages import teams as team_messages
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
from history.actions import CLOCK, record, recording_each
from history.statements import Statement, as_rows, insert_of, prepared, send
from messaging.actions import queueing


def lock_with_line(session: Session, *people: int | None) -> None:
    """Lock ``people`` and whoever waits for ``session``, together and before any place: a seat may be freed by it.

    Whoever is seated elsewhere ends their own waiting here while their person is locked, so a place that was locked
    before the people would close a circle.
    """
    line = Place.objects.in_line().filter(session=session).values_list("person", flat=True)
    lock_people(pk for pk in (*people, *line) if pk)


def seat(place: Place, seats: SeatCount, now: datetime, by: Any = CLOCK) -> None:
    """Give ``place`` one of ``seats``, by ``by``; its person stops waiting elsewhere in a programme of one place."""
    sit(place, now)
    place.save()
    count_seat(seats, 1)
    settle_in(place, now, by)


def sit(place: Place, now: datetime) -> None:
    """Make ``place`` a booked one, unsaved."""
    place.state, place.number_in_line, place.seated_at = PlaceState.BOOKED, None, now
    place.limit_key = limit_key(place)


@dataclass(slots=True)
class NewPlace:
    """An unsaved ``place`` with its unsaved ``link``, both numbered: with a seat, or the last in line.

    ``facts`` hold still, under the locks they were read with; its counter shows the place from the beginning.
    """

    place: Place
    link: PersonalLink
    facts: Facts
    has_seat: bool
    by: Any
    now: datetime

    def __post_init__(self) -> None:
        seats = self.facts.seats
        if self.has_seat:
            sit(self.place, self.now)
            seats.taken += 1
        else:
            seats.last_in_line += 1
            self.place.state, self.place.number_in_line = PlaceState.WAITING, seats.last_in_line


def write_new(new: NewPlace) -> bool:
    """Save ``new`` with all that follows from it, in one round trip; return whether it was saved.

    It is not where another place has its reference. Raises BusyThen where the database knows better. Nothing is
    written then, and the transaction goes on.
    """
    try:
        send([("SAVEPOINT place", None), *writing([new]), ("RELEASE SAVEPOINT place", None)])
    except IntegrityError as error:
        send([("ROLLBACK TO SAVEPOINT place", None)])
        broken = _constraint_of(error)
        if broken == "nobody_in_two_places":
            raise BusyThen from error
        if broken.startswith("attendance_place_reference_"):
            return False
        raise
    new.place._state.adding = False
    if new.has_seat and new.facts.waits:
        stop_waiting(new.place, new.now, new.by)
    return True


def _constraint_of(error: IntegrityError) -> str:
    return getattr(getattr(error.__cause__, "diag", None), "constraint_name", None) or ""


def writing(news: list[NewPlace]) -> list[Statement]:
    """Return the statements that save ``news``, of several people at one moment, with all that follows.

    That is the links, the seats and the numbers in line, the engagements, the calendar entries, the mails and the
    history.
    """
    now, entries, told, done = news[0].now, [], [], []
    for new in news:
        place, sequence = new.place, None
        if new.has_seat:
            entry, is_changed = announced(new.facts.entry, place.person_id, place.session)
            sequence = entry.sequence
            entries += [entry] if is_changed else []
        told.append(messages.news_of(place, sequence=sequence, now=now, by=new.by))
        done.append((new.by, "took" if new.has_seat else "joined_line", place))
    seated = [(new.place.person_id, new.place.session) for new in news if new.has_seat]
    number = Counter(session.pk for _, session in seated)
    counted = [
        {"session_id": session, "seats": number[session], "last_in_line": seats.last_in_line}
        for session, seats in {new.place.session_id: new.facts.seats for new in news}.items()
    ]
    told = [each for each in told if each]
    return [
        insert_of([new.link for new in news]),
        insert_of([new.place for new in news]),
        (_COUNTERS, {"rows": as_rows(counted)}),
        *([engaging(seated)] if seated else []),
        *([announcing(entries)] if entries else []),
        *([queueing(told, now=now)] if told else []),
        recording_each(done, now=now),
    ]


_COUNTERS = prepared(
    "count_seats",
    "UPDATE attendance_seatcount AS own SET taken = taken + given.seats, last_in_line = given.last_in_line"
    " FROM json_to_recordset($1) AS given (session_id bigint, seats integer, last_in_line integer)"
    " WHERE own.session_id = given.session_id",
    rows="json",
)


def settle_in(place: Place, now: datetime, by: Any = CLOCK) -> None:
    """Engage the person of the booked ``place``, note the calendar entry, end their waiting elsewhere.

    A team's place without a name does neither.
    """
    if place.person_id is None:
        return
    engage(place.person_id, place.session)
    announce(place.person_id, place.session)
    stop_waiting(place, now, by)


def stop_waiting(place: Place, now: datetime, by: Any) -> None:
    """End what else the person of the booked ``place`` waits for in a programme of one place.

    The lead of a team they waited with is told, but for ``by``.
    """
    if not place.limit_key:
        return
    own = Place.objects.filter(person=place.person_id, session__programme=place.session.programme_id)
    waiting, ended = own.filter(state=PlaceState.WAITING), {"closed_at": now, "closed_reason": "seated_elsewhere"}
    if waiting.update(state=PlaceState.ENDED, number_in_line=None, **ended):
        AccessNeed.objects.filter(place__in=own.filter(**ended)).delete()
        team_messages.tell_left(*own.filter(**ended, team__isnull=False), by=by, now=now)


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
    line = list(_line(session).select_for_update(no_key=True, of=("self",)))
    promoted: list[Place] = []
    for group in _next(line, session, seats.free, now):
        for place in group:
            # Who has no name cannot answer, and those who want all or nobody have it all at once.
            offers = window.is_offering and len(group) == 1 and place.person_id is not None
            _offer(place, seats, window, now) if offers else _move_up(place, seats, now)
        promoted += group
    team_messages.tell_moved_up([place for place in promoted if place.person_id is None], now=now)
    return promoted


def seats_for_line(session: Session, seats: SeatCount, now: datetime) -> int:
    """Return how many of the free ``seats`` ``promote`` would give away now; nothing is locked or changed."""
    if not seats.free or session.during.lower <= now or window_of(session, rules_of(session), now).is_frozen:
        return 0
    return sum(len(group) for group in _next(list(_line(session)), session, seats.free, now))


def _line(session: Session) -> QuerySet[Place]:
    line = Place.objects.in_line().filter(session=session)
    return line.select_related("session__programme__booking_rules", "person", "team")


def _next(line: list[Place], session: Session, free: int, now: datetime) -> list[list[Place]]:
    """Return who of ``line`` has a turn where so many seats are ``free``: the places that move up, in their groups."""
    if not line:
        return []
    passed_over = _passed_over(session, [place.person_id for place in line if place.person_id], now)
    shares, kept = shares_of(session, now), seats_kept(session, now)
    found = []
    for group in _groups(line):
        head = group[0]
        if not free:
            break
        if head.ahead is None and free - len(group) < kept:
            continue
        if shares.room_of(head.organisation_id, free) < len(group):
            continue
        if any(place.person_id in passed_over for place in group):
            continue
        shares.taken[head.organisation_id] += len(group)
        free -= len(group)
        found.append(group)
    return found


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
    final = window.final_from(session)
    if final:
        ends.append(final)
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
