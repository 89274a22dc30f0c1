"""The lead of an organisation books a team: colleagues by name, and places that are named later."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from accounts.models import Person
from attendance.actions.engagements import clash_of, lock_both, lock_people, lock_seats
from attendance.actions.line import close, limit_key, promote, put_in_line, seat, settle_in
from attendance.actions.places import (
    HasBegun,
    NotOpen,
    OutsideWindow,
    fresh_session,
    give_link,
    lapse_offers_of,
    new_place,
    refuse_outside_window,
    refuse_where_not_open,
    seated_elsewhere,
)
from attendance.messages import places as messages
from attendance.messages import teams as team_messages
from attendance.messages.teams import FINAL_EARLIER
from attendance.models import AccessNeed, Invitation, Place, PlaceState, SeatCount, Team, TeamRule, new_reference
from attendance.queries.booking import affiliation_for
from attendance.queries.moves import offers_over_of
from attendance.queries.shares import places_lost_by, seats_kept, shares_of
from attendance.queries.teams import not_booked, teams_without_names
from attendance.window import rules_of, window_of
from briefings.models import Programme, Session
from briefings.words import session_in_words
from face.dates import day
from history.actions import CLOCK, key_of, record
from history.alone import each_alone
from history.refusals import Refused
from organisations.models import Organisation


class NotInTheTeam(Refused):
    """Raised where somebody cannot be booked; ``person`` says who, the sentence why."""

    def __init__(self, person: Person, why: str) -> None:
        self.person = person
        super().__init__(f"{person.name} cannot be booked: {why} Take them off the list, or choose another session.")


class NobodyToBook(Refused):
    sentence = "Choose at least one colleague, or say how many places get a name later."


class TooManyNames(Refused):
    """Raised with ``left``, how many places of the team have no name yet."""

    def __init__(self, left: int) -> None:
        self.left = left
        have = "1 place has" if left == 1 else f"{left} places have"
        some = f"{have} no name yet. Tick fewer colleagues, or book more places."
        super().__init__(some if left else "Every place of the team has a name by now. Book more places for others.")


class NamesAreOver(Refused):
    """Raised where a name comes after ``last``, the last day to name the places of a team."""

    def __init__(self, last: date) -> None:
        self.last = last
        super().__init__(
            f"The last day to name places of this team was {day(last)}, so those without a name have gone back. "
            "Book the team again if there is room."
        )


@transaction.atomic
def book_team(
    *,
    session: Session,
    organisation: Organisation,
    people: Iterable[Person],
    unnamed: int,
    rule: str,
    names_until: date | None,
    press: uuid.UUID,
    by: Any,
    now: datetime,
) -> Team:
    """Book ``people`` and ``unnamed`` places more for ``organisation`` in ``session``, under one lock.

    By TeamRule.ALL all have a seat or all wait, as one; by FIT as many as fit have one and the rest wait. Each one
    named is told. An offer that one of them has, and whose limit is over, lapses by it. The same ``press`` returns the
    same team. Raises NobodyToBook, NotOpen, OutsideWindow, NotInTheTeam.
    """
    people = sorted(people, key=lambda person: person.pk)
    if not people and not unnamed:
        raise NobodyToBook
    over = offers_over_of(people, session.programme_id, now)
    counters = lock_both(session.pk, *(place.session_id for place in over))
    if session.pk not in counters:
        raise NotOpen
    seats, session = counters[session.pk], fresh_session(session.pk)
    made = Team.objects.filter(press=press).first()
    if made:
        return made
    refuse_where_not_open(session, now)
    refuse_outside_window(session, by, now)
    moves_up = [*counters] if seats.free or over else []
    line = Place.objects.in_line().filter(session__in=moves_up, person__isnull=False).values_list("person", flat=True)
    lock_people([*(person.pk for person in people), *line])
    if lapse_offers_of(over, now=now):
        seats = lock_seats(session)
    promote(session, seats, now)
    team = Team.objects.create(
        session=session, organisation=organisation, rule=rule, names_until=names_until if unnamed else None,
        press=press, made_at=now, made_by=by if isinstance(by, Person) else None,
    )  # fmt: skip
    places = [place_for(team, session, person, by, now) for person in people]
    places += [_without_name(team, session, by, now) for _ in range(unnamed)]
    _seat_or_wait(team, places, seats, session, by, now)
    return team


def name_places(*, team: Team, people: Iterable[Person], by: Any, now: datetime) -> list[Place]:
    """Give the places of ``team`` without a name to ``people``, colleagues, by name; each is told.

    Places that have a seat come first, then those that wait. All get one or nobody; who has one in this team already
    keeps it. Who waits in this session, or in another where the programme allows one place, waits no more; an offer
    that they have, and whose limit is over, lapses. The seats were taken before: so names may follow after booking has
    closed, until the list of names is final.

    A name after the last day for it is refused, and what has none goes back at once, as the clock would have it:
    whoever catches that refusal must not roll it back.
    Returns the places that are named by this. Raises HasBegun, OutsideWindow, NamesAreOver, TooManyNames, NotInTheTeam.
    """
    try:
        return _name_places(team, people, by, now)
    except NamesAreOver:
        release_unnamed(team=team, now=now)
        raise


@transaction.atomic
def _name_places(team: Team, people: Iterable[Person], by: Any, now: datetime) -> list[Place]:
    people = sorted(people, key=lambda person: (person.sort_name, person.pk))
    over = offers_over_of(people, team.session.programme_id, now)
    counters = lock_both(team.session_id, *(place.session_id for place in over))
    line = Place.objects.in_line().filter(session__in=[place.session_id for place in over], person__isnull=False)
    lock_people([*(person.pk for person in people), *line.values_list("person", flat=True)])
    seats, session = counters[team.session_id], fresh_session(team.session_id)
    if session.during.lower <= now:
        raise HasBegun
    window = window_of(session, rules_of(session), now)
    if window.is_frozen:
        raise OutsideWindow(window.why_closed)
    if lapse_offers_of(over, now=now):
        seats = lock_seats(session)
    live = Place.objects.live().filter(team=team).select_related("team", "session__programme", "person")
    have = set(live.filter(person__in=people).values_list("person", flat=True))
    new = [person for person in people if person.pk not in have]
    team = Team.objects.select_related("session").get(pk=team.pk)
    if new and team.names_are_over(now) and Place.objects.filter(team=team, person=None).exists():
        raise NamesAreOver(team.names_until)
    unnamed = live.filter(person=None).order_by(F("seated_at").asc(nulls_last=True), "number_in_line", "pk")
    left = list(unnamed.select_for_update(no_key=True, of=("self",)))
    if len(new) > len(left):
        raise TooManyNames(len(left))
    return [_name(place, person, seats, by, now) for place, person in zip(left, new, strict=False)]


def _name(place: Place, person: Person, seats: SeatCount, by: Any, now: datetime) -> Place:
    waiting = Place.objects.in_line().filter(session=place.session, person=person).select_related("session").first()
    if waiting and place.state == PlaceState.WAITING:
        raise NotInTheTeam(person, "they wait for this session, and so does the place.")
    if waiting:
        AccessNeed.objects.filter(place=waiting).update(place=place)
        close(waiting, seats, PlaceState.ENDED, "named", now)
    named = place_for(place.team, place.session, person, by, now)
    place.person, place.profession, place.area = person, named.profession, named.area
    if place.state == PlaceState.BOOKED:
        place.limit_key = limit_key(place)
    place.save(update_fields=["person", "profession", "area", "limit_key"])
    if place.state == PlaceState.BOOKED:
        settle_in(place, now, by)
    give_link(place, now)
    record(by=by, verb="named", about=place, now=now)
    _tell(place, by, now)
    return place


@transaction.atomic
def switch_to_fit(*, team: Team, by: Any, now: datetime) -> Team:
    """Let a team that waits for room for all take what fits now; it keeps its position. Twice is once."""
    seats = lock_seats(team.session)
    team = Team.objects.select_for_update(no_key=True, of=("self",)).get(pk=team.pk)
    if team.rule == TeamRule.FIT:
        return team
    team.rule = TeamRule.FIT
    team.save(update_fields=["rule"])
    record(by=by, verb="switched_to_fit", about=team, now=now)
    promote(fresh_session(team.session_id), seats, now)
    return team


@transaction.atomic
def bring_names_forward(
    *, team: Team, by: Any, now: datetime, why: str = FINAL_EARLIER, told: Iterable[int] = ()
) -> bool:
    """Bring the last day to name places of ``team`` forward where its list of names is final earlier by now.

    The lead is told the new day and ``why`` (of messages.teams.WHY_EARLIER), but for those (ids) who are ``told`` it
    with other news. Where that day is over, the places without
    a name are released as the clock does. Returns False where nothing has to change: a day the lead chose earlier
    stays, and stays when the list is final later again.
    """
    lock_seats(team.session)
    session = fresh_session(team.session_id)
    team = Team.objects.select_for_update(no_key=True, of=("self",)).get(pk=team.pk)
    window = window_of(session, rules_of(session), now)
    last = window.last_day_for_names(session.date)
    unnamed = Place.objects.live().filter(team=team, person=None).count()
    if not unnamed or team.names_until is None or team.names_until <= last:
        return False
    team.names_until = last
    team.save(update_fields=["names_until"])
    record(by=by, verb="brought_names_forward", about=team, now=now, fields=["names_until"])
    if last < window.today:
        release_unnamed(team=team, now=now, by=by, earlier=why)
    else:
        team_messages.tell_last_day(team, why=why, now=now, but=list(told))
    return True


def bring_all_names_forward(programme: Programme, *, by: Any, now: datetime) -> int:
    """Do so for every team of ``programme``, a transaction each; return for how many the day has changed."""
    teams = teams_without_names(Session.objects.open().to_come(now).filter(programme=programme))
    return sum(bring_names_forward(team=team, by=by, now=now) for team in teams)


@transaction.atomic
def release_unnamed(*, team: Team, now: datetime, by: Any = CLOCK, all_days: bool = False, earlier: str = "") -> int:
    """End the places of ``team`` that have no name after its last day, and give their seats to who waits.

    ``all_days``: at once, by the lead. ``earlier``: why their day was brought forward. The lead is told.
    Returns how many ended.
    """
    seats = lock_seats(team.session)
    session = fresh_session(team.session_id)
    team = Team.objects.select_related("session", "organisation").get(pk=team.pk)
    if not all_days and not team.names_are_over(now):
        return 0
    unnamed = Place.objects.live().filter(team=team, person=None).select_related("session__programme")
    ended = list(unnamed.select_for_update(no_key=True, of=("self",)))
    for place in ended:
        close(place, seats, PlaceState.ENDED, "not_named", now)
        record(by=by, verb="released_unnamed", about=place, now=now)
    if ended:
        if not all_days:
            team_messages.tell_released(team, len(ended), earlier=earlier, now=now)
        promote(session, seats, now)
    return len(ended)


def release_all_unnamed(*, now: datetime) -> int:
    """End every place without a name whose day has passed where its session is; return how many. Raises AllFailed."""
    latest = timezone.localdate(now) + timedelta(days=2)  # no zone is further on than that
    found = Team.objects.filter(names_until__lt=latest, places__person=None, places__in=Place.objects.live())
    teams = found.select_related("session").distinct().order_by("pk")
    over = {team.pk: team for team in teams if team.names_are_over(now)}
    return each_alone("Releasing places without a name", over, lambda pk: release_unnamed(team=over[pk], now=now))


def _seat_or_wait(team: Team, places: list[Place], seats: SeatCount, session: Session, by: Any, now: datetime) -> None:
    lost = places_lost_by([place.person_id for place in places if place.person_id], session.programme, now)
    for place in places:
        place.ahead = lost.get(place.person_id)
    places.sort(key=lambda place: (place.ahead is None, place.ahead or 0))
    room = shares_of(session, now).room_of(team.organisation_id, seats.free)
    # What is kept for others is not for the team, but for those of it whose own session was cancelled.
    rest = min(room, seats.free - seats_kept(session, now, without=lost))
    fits = [number < (rest if place.ahead is None else room) for number, place in enumerate(places)]
    if team.rule == TeamRule.ALL and not all(fits):
        fits = [False] * len(places)
    for place, has_seat in zip(places, fits, strict=True):
        if has_seat:
            seat(place, seats, now, by)
        else:
            put_in_line(place, seats)
        if place.person_id:
            give_link(place, now)
            _tell(place, by, now)
        verb = "took" if place.state == PlaceState.BOOKED else "joined_line"
        record(by=by, verb=verb, about=place, now=now)


def place_for(team: Team, session: Session, person: Person, by: Any, now: datetime) -> Place:
    """Return an unsaved place of ``team`` for ``person``, whose person is locked. Raises NotInTheTeam with why not."""
    tie = affiliation_for(session.programme, person, now, organisation=team.organisation_id)
    if tie is None:
        raise NotInTheTeam(person, "the programme is for other professions or areas.")
    if Place.objects.live().filter(session=session, person=person).exists():
        raise NotInTheTeam(person, "they have a place in this session already.")
    if seated_elsewhere(session, person):
        raise NotInTheTeam(person, "they have a place in another session of this programme.")
    clash = clash_of(session, person)
    if clash:
        # What they do for another organisation, or in another part, is not for this lead.
        booked = Place.objects.seated().filter(session=clash.session, person=person, organisation=team.organisation_id)
        there = session_in_words(clash.session) if booked.exists() else "another session at that time"
        raise NotInTheTeam(person, f"they are in {there}.")
    place = new_place(session, person, tie, by, now)
    place.team = team
    return place


def _without_name(team: Team, session: Session, by: Any, now: datetime) -> Place:
    return Place(
        session=session,
        organisation=team.organisation,
        team=team,
        reference=new_reference(session.programme, among=Place),
        made_at=now,
        made_by=key_of(by),
    )


def _tell(place: Place, by: Any, now: datetime) -> None:
    tell = messages.tell_booked if place.state == PlaceState.BOOKED else messages.tell_waiting
    tell(place, now=now, by=by)


@dataclass(frozen=True)
class Nudged:
    """How many colleagues are ``reminded``, and for how many more the coordinators are asked for an invitation."""

    reminded: int
    asked_for: int


@transaction.atomic
def nudge_colleagues(
    *, organisation: Organisation, programme: Programme, people: Iterable[int] | None, by: Any, now: datetime
) -> Nudged:
    """Nudge those of ``people`` (ids; None: everybody) at ``organisation`` who have not booked in ``programme``.

    Who is invited gets the link of their invitation again; a lead invites nobody, so for the others the coordinators
    are asked, by name. Each is nudged, or asked for, at most once a week.
    """
    Organisation.objects.select_for_update(no_key=True, of=("self",)).get(pk=organisation.pk)  # two leads at once
    found = not_booked(programme, organisation, now)
    found = found if people is None else found.filter(pk__in=list(people))
    invited = dict(found.filter(invitation__isnull=False).values_list("pk", "invitation"))
    invitations = Invitation.objects.filter(pk__in=invited.values()).select_related("programme", "person")
    reminded = sum(team_messages.nudge(made, organisation, now=now) for made in invitations.order_by("pk"))
    others = sorted(set(found.values_list("pk", flat=True)) - set(invited))
    asked_for = team_messages.ask_to_invite(programme, organisation, others, by, now=now)
    if reminded or asked_for:
        record(by=by, verb="nudged", about=organisation, now=now)
    return Nudged(reminded, asked_for)
