"""What a coordinator does to sessions: the rows of briefings, and with them places, people, calendars and mails."""

import copy
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Least

import briefings.actions.sessions as rows
from accounts.models import Person, PersonalLink
from attendance.actions import cover, places
from attendance.actions.engagements import BusyThen, announce, engage, lock_people, lock_seats, still_there, take_out
from attendance.actions.handovers import end_requests
from attendance.actions.line import become, settle_in
from attendance.actions.offers import bring_offers_forward
from attendance.actions.teams import bring_names_forward
from attendance.messages import handovers as handover_messages
from attendance.messages import sessions as messages
from attendance.messages.teams import MOVED
from attendance.models import (
    LIVE,
    AccessNeed,
    CalendarEntry,
    CoverState,
    Engagement,
    Handover,
    Place,
    PlaceState,
    SeatCount,
    SeniorAttendance,
)
from attendance.queries.leaving import leads_of_teams
from attendance.queries.sessions import SENIORS_TOLD, PeopleOf, busy_sentence, elsewhere, numbers_held, people_of
from attendance.queries.teams import teams_without_names
from attendance.window import rules_of, window_of
from briefings.actions.sessions import TOLD, AgendaLine, ReserveTooLarge, RoomTooSmall, SessionIsOver
from briefings.models import Programme, Room, Series, Session, SessionKind, SessionPart, SessionState
from history.refusals import Refused
from organisations.models import Area

_TIMES = {"date", "starts", "ends"}


class RunsAnotherSession(Refused):
    """Raised where somebody who is to run a session is elsewhere then; ``engagement`` is what they have."""

    def __init__(self, engagement: Engagement | None = None) -> None:
        self.engagement = engagement
        sentence = "This person is in another session at that time. Choose somebody else or another time."
        super().__init__(busy_sentence(engagement) if engagement else sentence)


class SayWhy(Refused):
    sentence = "Enter the reason why the session is cancelled. Everybody with a place is told it."


class DateRefused(Refused):
    """Raised where one of several dates cannot be planned, so that none was; ``date`` and ``slot`` say which."""

    def __init__(self, date: date, slot: str, why: Refused) -> None:
        self.date, self.slot, self.why = date, slot, why
        super().__init__(why.sentence)


@dataclass(frozen=True)
class SessionPlan:
    """A session as it is to be planned. ``runs`` are (person, Part value) of those who present or facilitate."""

    date: date
    slot: str
    capacity: int
    kind: str = SessionKind.BRIEFING
    title: str = ""
    room: Room | None = None
    online_link: str = ""
    area: Area | None = None
    reserved: int = 0
    notes: str = ""
    series: Series | None = None
    runs: tuple[tuple[Person, str], ...] = ()


@transaction.atomic
def plan_session(*, programme: Programme, plan: SessionPlan, by: Any, now: datetime) -> Session:
    """Return a new draft of ``programme`` as ``plan`` says, with the default agenda. Nobody is told before it opens.

    Raises what briefings.actions.sessions.add_session does, and RunsAnotherSession.
    """
    columns = {name: value for name, value in vars(plan).items() if name != "runs"}
    people = sorted({person.pk for person, _ in plan.runs})
    lock_people(people)
    session = rows.add_session(programme=programme, by=by, now=now, **columns)
    for person, part in plan.runs:
        _take_part(session, person)
        rows.note_part(session=session, person=person, part=part, by=by, now=now)
    return session


@transaction.atomic
def plan_several(
    *, programme: Programme, plan: SessionPlan, dates: Iterable[tuple[date, str]], by: Any, now: datetime
) -> list[Session]:
    """Return a draft for each of ``dates`` (local day, Slot value), all or none. Raises DateRefused for the first."""
    planned = []
    for day, slot in sorted(set(dates)):
        try:
            planned.append(plan_session(programme=programme, plan=replace(plan, date=day, slot=slot), by=by, now=now))
        except Refused as why:
            raise DateRefused(day, slot, why) from why
    return planned


@transaction.atomic
def copy_session(*, session: Session, date: date, slot: str, with_people: bool, by: Any, now: datetime) -> Session:
    """Return a new draft like ``session`` on another half-day: its agenda too, and ``with_people`` who runs it.

    Without them nobody stands in its agenda. The agenda begins as the default one where the new half-day is shorter.
    Raises as ``plan_session`` does.
    """
    runs = [(part.person, part.part) for part in session.parts.select_related("person")] if with_people else []
    plan = SessionPlan(
        date=date,
        slot=slot,
        capacity=session.capacity,
        kind=session.kind,
        title=session.title,
        room=session.room,
        online_link=session.online_link,
        area=session.area,
        reserved=session.reserved,
        notes=session.notes,
        series=session.series,
        runs=tuple(runs),
    )
    made = plan_session(programme=session.programme, plan=plan, by=by, now=now)
    lines = [
        AgendaLine(item.kind, item.title, item.minutes, item.presenter_id if with_people else None, item.activity_id)
        for item in session.agenda.all()
    ]
    if sum(line.minutes for line in lines) <= rows.minutes_between(made.starts, made.ends):
        rows.change_agenda(session=made, lines=lines, by=by, now=now)
    return made


@transaction.atomic
def open_session(*, session: Session, by: Any, now: datetime) -> Session:
    """Open the draft ``session`` for booking; who runs it is told. Opening twice is opening once.

    Raises SessionIsOver, InThePast, NowhereToMeet.
    """
    session = lock_session(session)
    if session.state == SessionState.OPEN:
        return session
    rows.mark_open(session=session, by=by, now=now)
    SeatCount.objects.create(session=session, capacity=session.capacity, reserved=session.reserved)
    for person in session.parts.order_by("person").values_list("person", flat=True).distinct():
        announce(person, session)
        messages.tell_part_given(session, person, now=now)
    return session


@transaction.atomic
def change_session(*, session: Session, by: Any, now: datetime, **columns: Any) -> Session:
    """Move, re-room or rename ``session``: ``columns`` are among briefings.actions.sessions.CHANGEABLE.

    Whoever has a part in an open one is told with the difference, and their calendar entry follows; of another time
    the leads of teams are told too. A place of
    somebody who is elsewhere at the new time becomes an offer, its seat held (decisions.md); a team's last day for
    names and the limit of an offer come forward where the list is final before, and what then is too late ends.
    Raises RunsAnotherSession
    (docs/adr/0003), SessionIsOver, InThePast, RoomTooSmall, NowhereToMeet, RoomTaken.
    """
    session = lock_session(session)
    settling = cover.people_to_settle(session) if _TIMES & columns.keys() else set()
    people = lock_everybody(session, settling)
    before = copy.copy(session)
    changed = rows.with_changes(session, **columns)
    if not changed:
        return session
    moves = bool(changed & _TIMES)
    held = numbers_held(session)
    clashes = elsewhere(session, people.everybody) if moves else []
    refuse_if_run_elsewhere(clashes, people)
    limits = _limits_of_offers(session) if moves else {}
    rows.save_changes(session=session, changed=changed, by=by, now=now)
    if moves:
        move_engagements(session, {found.person_id for found in clashes}, settling, now)
    if "date" in changed and session.state == SessionState.OPEN:
        bring_offers_forward(session=session, by=by, now=now, why=MOVED)
    if changed & TOLD:
        raise_entries(session)
        # A draft is known to nobody but the senior managers who were asked to come to it.
        concerned = people.everybody if session.state == SessionState.OPEN else people.seniors
        named = _named_earlier(session, concerned, now) if "date" in changed else set()
        sooner: set[int] = set()
        if limits:
            concerned -= limits.keys() - people_of(session).everybody  # whose offer has ended is told that
            now_until = _limits_of_offers(session)
            sooner = {person for person, until in now_until.items() if until < limits.get(person, until)}
        sooner |= named
        if session.state == SessionState.OPEN:
            concerned |= leads_of_teams(session, now) if moves else messages.leads_waiting(session, now)
        keep_numbers(session, messages.tell_changed(session, before, concerned, now=now, sooner=sooner, held=held))
    if "date" in changed:
        for team in teams_without_names([session]):
            bring_names_forward(team=team, by=by, now=now, why=MOVED, told=named)
        if session.state == SessionState.OPEN:
            end_requests(session=session, by=by, now=now)
    return session


def _named_earlier(session: Session, told: set[int], now: datetime) -> set[int]:
    """Return who of ``told`` learns by that news alone that names of their one team are needed earlier.

    Whoever booked several teams in ``session``, or has a place there, is told it by a mail about each team.
    """
    teams, people = teams_without_names([session]), people_of(session)
    last = window_of(session, rules_of(session), now).last_day_for_names(session.date)
    several = Counter(team.made_by_id for team in teams)
    others = people.everybody - people.leads
    others |= people.booked | people.offered | people.waiting | people.running | people.seniors
    earlier = {team.made_by_id for team in teams if team.names_until and team.names_until > last}
    return {person for person in earlier & told - others if several[person] == 1}


def _limits_of_offers(session: Session) -> dict[int, datetime]:
    """Return until when each person with an offer in ``session`` may answer it."""
    offers = Place.objects.filter(session=session, state=PlaceState.OFFERED, person__isnull=False)
    return dict(offers.values_list("person", "offered_until"))


@transaction.atomic
def cancel_session(*, session: Session, reason: str, by: Any, now: datetime) -> Session:
    """Cancel ``session``: places end, entries go, everybody with a part and the leads of teams are told the ``reason``.

    Cancelling twice is cancelling once. Raises SayWhy, SessionIsOver.
    """
    if not reason.strip():
        raise SayWhy
    session = lock_session(session)
    if session.state == SessionState.CANCELLED:
        return session
    people = lock_everybody(session)
    was_open = session.state == SessionState.OPEN
    told = people.everybody | leads_of_teams(session, now) if was_open else people.seniors
    unsent = messages.not_told_out(session)
    # Who said that they cannot before the mail left that takes the entry out has no part any more.
    told |= unsent & set(SeniorAttendance.objects.filter(session=session).values_list("person", flat=True))
    rows.mark_cancelled(session=session, reason=reason.strip(), by=by, now=now)
    _end_places(session, now)
    SeniorAttendance.objects.filter(session=session, state__in=SENIORS_TOLD).update(state=CoverState.WITHDRAWN)
    Engagement.objects.filter(session=session).delete()
    with_entry = set(CalendarEntry.objects.filter(session=session, is_cancelled=False).values_list("person", flat=True))
    take_out(with_entry, session)
    messages.tell_cancelled(session, told, with_entry | unsent, now=now)
    return session


@transaction.atomic
def hold_session(*, session: Session, by: Any, now: datetime) -> Session:
    """Note that ``session`` took place. Twice is once. Raises NotOverYet before its end."""
    session = lock_session(session)
    if session.state != SessionState.HELD:
        rows.mark_session_held(session=session, by=by, now=now)
    return session


@transaction.atomic
def resize_session(
    *, session: Session, capacity: int | None = None, reserved: int | None = None, by: Any, now: datetime
) -> Session:
    """Set how many places ``session`` has and how many the coordinator keeps; who waits moves up.

    What is None stays as it is under the lock, so that two who change one each keep both. Raises
    FewerSeatsThanTaken, RoomTooSmall, ReserveTooLarge, SessionIsOver.
    """
    session = lock_session(session)
    capacity = session.capacity if capacity is None else capacity
    reserved = session.reserved if reserved is None else reserved
    if session.state == SessionState.DRAFT:
        changed = rows.with_changes(session, capacity=capacity, reserved=reserved)
        rows.save_changes(session=session, changed=changed, by=by, now=now)
        return session
    if session.state != SessionState.OPEN:
        raise SessionIsOver
    if reserved > capacity:
        raise ReserveTooLarge
    if session.room and not session.online_link and capacity > session.room.capacity:
        raise RoomTooSmall(session.room)
    places.change_seats(session=session, capacity=capacity, reserved=reserved, by=by, now=now)
    session.refresh_from_db(fields=["capacity", "reserved"])
    return session


@transaction.atomic
def give_part(*, session: Session, person: Person, part: str, by: Any, now: datetime) -> bool:
    """Let ``person`` present or facilitate ``session``; told with a calendar entry, of a draft when it opens.

    Returns whether that is new. Raises RunsAnotherSession, SessionIsOver.
    """
    session = lock_session(session)
    if session.state not in (SessionState.DRAFT, SessionState.OPEN):
        raise SessionIsOver
    lock_people([person.pk])
    had_one = session.parts.filter(person=person).exists()
    _take_part(session, person)
    is_new = rows.note_part(session=session, person=person, part=part, by=by, now=now)
    if is_new and session.state == SessionState.OPEN:
        announce(person.pk, session)
        tell = messages.tell_part_changed if had_one else messages.tell_part_given
        tell(session, person.pk, now=now)
    return is_new


@transaction.atomic
def end_part(*, part: SessionPart, by: Any, now: datetime) -> None:
    """Take somebody's part in a session away. They are told, and are free then unless they are there otherwise.

    Ending what has ended does nothing.
    """
    session = lock_session(part.session)
    lock_people([part.person_id])
    found = SessionPart.objects.select_related("session").filter(pk=part.pk).first()
    if found is None:
        return
    person = found.person_id
    rows.drop_part(part=found, by=by, now=now)
    if session.parts.filter(person=person).exists():
        if session.state == SessionState.OPEN:
            messages.tell_part_changed(session, person, now=now)
        return
    stays = bool(still_there([person], session))
    if not stays:
        Engagement.objects.filter(person=person, session=session).delete()
        take_out([person], session)
    if session.state == SessionState.OPEN:
        messages.tell_part_ended(session, person, with_entry=not stays, now=now)


def lock_session(session: Session) -> Session:
    """Return ``session`` afresh, its counter locked, or its own row as long as it has none."""
    try:
        lock_seats(session)
    except SeatCount.DoesNotExist:
        Session.objects.select_for_update(no_key=True, of=("self",)).get(pk=session.pk)
    return Session.objects.select_related("programme", "room__venue", "area", "series").get(pk=session.pk)


def lock_everybody(session: Session, others: Iterable[int] = ()) -> PeopleOf:
    """Lock whoever has to do with ``session``, whose counter is locked, and return who does; ``others`` are locked too.

    Asked again under the locks: who was seated elsewhere a moment ago ended their waiting here by that.
    """
    lock_people({*people_of(session).everybody, *others})
    return people_of(session)


def _take_part(session: Session, person: Person) -> None:
    """Engage ``person``, who is locked, to run ``session``."""
    clashes = elsewhere(session, [person.pk])
    if clashes:
        raise RunsAnotherSession(clashes[0])
    try:
        engage(person.pk, session)
    except BusyThen as busy:
        raise RunsAnotherSession from busy


def refuse_if_run_elsewhere(clashes: list[Engagement], people: PeopleOf) -> None:
    """Raise RunsAnotherSession where one of ``clashes`` is of somebody who presents or facilitates."""
    for found in clashes:
        if found.person_id in people.running:
            raise RunsAnotherSession(found)


def move_engagements(session: Session, busy: set[int], settling: set[int], now: datetime) -> None:
    """Let everybody's engagement and links follow the moved ``session``; those who are ``busy`` then have to choose.

    Whoever had to choose because of an earlier move, and is free by this one, has the place as before. What senior
    managers cannot stand by any more is given up; ``settling`` are the people locked for that.
    """
    limit = min(now + places.OFFER_LASTS, session.during.lower)
    Engagement.objects.filter(session=session, person__in=busy).delete()
    Engagement.objects.filter(session=session).update(during=session.during)
    Place.objects.filter(session=session, person__in=busy, state=PlaceState.BOOKED).update(
        state=PlaceState.OFFERED, offered_until=limit
    )
    Place.objects.filter(session=session, state=PlaceState.OFFERED).update(
        offered_until=Least("offered_until", session.during.lower)
    )
    _settle_who_is_free_again(session, busy, now)
    coming = SeniorAttendance.objects.filter(session=session, person__in=busy, state=CoverState.COMING)
    came = set(coming.values_list("person", flat=True))
    coming.update(state=CoverState.ASKED, answered_at=None, answered_by="", reminded_step=0)
    take_out(busy, session)
    _move_ends_of_links(session)
    cover.settle_moved(session=session, locked=settling, came=came, now=now)


def _settle_who_is_free_again(session: Session, busy: set[int], now: datetime) -> None:
    offered = Place.objects.filter(session=session, state=PlaceState.OFFERED, offered_from_line=False)
    free = offered.filter(offered_until__gt=now, person__isnull=False).exclude(person__in=busy)
    for place in free.select_for_update(no_key=True, of=("self",)).order_by("pk"):
        place.session = session
        become(place, PlaceState.BOOKED, offered_until=None)
        settle_in(place, now)


def _move_ends_of_links(session: Session) -> None:
    """Let the links that live until ``session`` or some time after it follow its move, and so their mails stay true."""
    PersonalLink.objects.filter(place__session=session, place__state__in=LIVE).update(
        ends_at=places.link_ends_at(session)
    )
    asked = Handover.objects.filter(place__session=session, taken_at=None, ended_at=None)
    PersonalLink.objects.filter(handover__in=asked).update(ends_at=session.during.lower)
    cover.move_ends_of_links(session)


def raise_entries(session: Session, *, know: Iterable[int] = ()) -> None:
    """Raise the number of every living entry of ``session`` to its revision (RFC 5546, 2.1.4).

    The people ``know`` have this revision in their calendar already: an answer with the number they have stays good.
    """
    living = CalendarEntry.objects.filter(session=session, is_cancelled=False).exclude(revision=session.revision)
    if know:
        living.filter(person__in=know).update(revision=session.revision, held_as=None)
    living.update(sequence=F("sequence") + 1, revision=session.revision, held_as=None)


def keep_numbers(session: Session, quiet: Mapping[int, int]) -> None:
    """Let answers count that name the number under which somebody holds what stands, by the ids in ``quiet``.

    They were told nothing of what came between (messages.sessions.tell_changed), so they cannot know the newer one.
    """
    people: dict[int, list[int]] = {}
    for person, number in quiet.items():
        people.setdefault(number, []).append(person)
    for number, some in people.items():
        living = CalendarEntry.objects.filter(session=session, person__in=some, is_cancelled=False)
        living.filter(sequence__gt=number).update(held_as=number)


def _end_places(session: Session, now: datetime) -> None:
    live = Place.objects.filter(session=session, state__in=LIVE)
    handover_messages.tell_gone(live.values("pk"), now=now)
    AccessNeed.objects.filter(place__in=live).delete()
    live.update(
        state=PlaceState.ENDED,
        closed_at=now,
        closed_reason="session_cancelled",
        limit_key=None,
        number_in_line=None,
        offered_until=None,
    )
    SeatCount.objects.filter(session=session).update(taken=0)
