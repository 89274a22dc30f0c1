"""What a change of a session touches, what stands in the way of dates, and the lists of sessions."""

import calendar
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import CharField, Count, Exists, F, OuterRef, Q, Subquery, Value
from django.db.models.functions import Cast, Coalesce, TruncMonth
from django.utils import timezone

from attendance.models import CalendarEntry, CoverState, Engagement, Handover, Place, PlaceState, SeniorAttendance
from attendance.queries.leaving import leads_of_teams
from attendance.queries.shares import FIRST_CHOICE_LASTS, kept_in
from attendance.queries.teams import unnamed_places
from attendance.window import Window, rules_of, window_of
from briefings.actions.sessions import room_in_use, with_changes
from briefings.models import (
    AgendaItem,
    Programme,
    Room,
    Session,
    SessionPart,
    SessionQuerySet,
    SessionState,
    Slot,
    utc_range,
)
from briefings.words import when_in_words
from face.paging import SHORT, Page
from history.statements import MOMENT, NUMBER, Prepared, Reading, compiled
from messaging.working_days import holidays, is_published

SENIORS_TOLD = (CoverState.ASKED, CoverState.COMING)


@dataclass
class PeopleOf:
    """The ids of the people with a part in a session, by what they have there; somebody may stand in several."""

    booked: set[int] = field(default_factory=set)
    offered: set[int] = field(default_factory=set)
    waiting: set[int] = field(default_factory=set)
    running: set[int] = field(default_factory=set)
    seniors: set[int] = field(default_factory=set)
    leads: set[int] = field(default_factory=set)
    """Who holds places for colleagues that have no name yet."""

    @property
    def everybody(self) -> set[int]:
        return self.booked | self.offered | self.waiting | self.running | self.seniors | self.leads


@dataclass(frozen=True)
class Held:
    """The entry of one session in somebody's calendar: ``number`` is the one under which they hold what stands."""

    number: int
    sequence: int
    is_cancelled: bool


def numbers_held(session: Session) -> dict[int, Held]:
    """Return what each person holds of ``session``, before its entries move: its counter is locked."""
    found = CalendarEntry.objects.filter(session=session)
    rows = found.values_list("person", Coalesce("held_as", "sequence"), "sequence", "is_cancelled")
    return {person: Held(*row) for person, *row in rows}


def people_of(session: Session) -> PeopleOf:
    """Return who has a live place in ``session``, presents or facilitates it, or was asked to cover it."""
    found = PeopleOf(running=set(session.parts.values_list("person", flat=True)))
    by_state = {
        PlaceState.BOOKED: found.booked,
        PlaceState.OFFERED: found.offered,
        PlaceState.WAITING: found.waiting,
    }
    for state, person in Place.objects.live().filter(session=session).values_list("state", "person"):
        if person:
            by_state[PlaceState(state)].add(person)
    seniors = SeniorAttendance.objects.filter(session=session, state__in=SENIORS_TOLD)
    found.seniors.update(seniors.values_list("person", flat=True))
    found.leads.update(unnamed_places([session.pk]).values_list("team__made_by", flat=True))
    return found


def people_concerned(session: Session) -> set[int]:
    """Return the ids of those who are told of a change of ``session``.

    A draft is known to nobody but the senior managers who were asked to come to it.
    """
    people = people_of(session)
    return people.everybody if session.state == SessionState.OPEN else people.seniors


def count_concerned(sessions: SessionQuerySet) -> int:
    """Return how many people would be told of a change of all of ``sessions``, each once: those of people_concerned."""
    known = sessions.open().values("pk")
    placed = Place.objects.live().filter(session__in=known, person__isnull=False).values("person")
    running = SessionPart.objects.filter(session__in=known).values("person")
    seniors = SeniorAttendance.objects.filter(session__in=sessions.values("pk"), state__in=SENIORS_TOLD)
    leads = unnamed_places(known).order_by().values("team__made_by")
    return placed.order_by().union(running.order_by(), seniors.order_by().values("person"), leads).count()


def colleagues_asked(session: Session) -> set[int]:
    """Return the ids of those who are asked to take over a place in ``session``, and have not answered."""
    asked = Handover.objects.filter(place__session=session.pk, taken_at=None, ended_at=None)
    return set(asked.values_list("colleague", flat=True))


def at_venue(venue: int, now: datetime) -> SessionQuerySet:
    """Return the sessions to come that are planned in a room of ``venue`` (an id)."""
    states = (SessionState.DRAFT, SessionState.OPEN)
    return Session.objects.to_come(now).filter(room__venue=venue, state__in=states)


def elsewhere(session: Session, people: Iterable[int]) -> list[Engagement]:
    """Return what ``people`` have in other sessions at the time of ``session`` (its instance, saved or not)."""
    return list(
        Engagement.objects.filter(person__in=list(people), during__overlap=session.during)
        .exclude(session=session.pk)
        .select_related("person", "session__programme")
        .order_by("person__sort_name", "person")
    )


@dataclass(frozen=True)
class Preview:
    """What a change of a session would do, for the page that asks first."""

    changed: frozenset[str]
    tells: int
    leads: frozenset[int]
    keep: int
    held: int
    offered: list[str]
    waiting: int
    hurried: int
    names_until: date
    names_are_over: bool
    sooner: int
    over: int
    too_late: int
    blocked: str


def preview_change(session: Session, columns: dict, now: datetime) -> Preview:
    """Return what changing ``columns`` of ``session`` would do. The instance is changed, nothing is saved.

    ``leads`` (ids) are told of their teams; ``held`` is how many offers stay open, and whoever is free again by it is
    among those who ``keep`` their place; ``offered`` names those who keep their seat as an offer because they are
    elsewhere at the new time; ``hurried`` is how many places need their names earlier than their team was told, by
    ``names_until``; ``sooner`` how many offers have to be answered earlier than was said, ``over`` how many end at
    once, and ``too_late`` how many requests to a colleague do, whom nobody else would tell; ``blocked`` is the sentence
    of what makes the change impossible, "" where nothing does.
    """
    changed = with_changes(session, **columns)
    people = people_of(session)
    moves = bool({"date", "starts", "ends"} & changed)
    away = elsewhere(session, people.booked | people.running | people.offered) if moves else []
    clashes = [found for found in away if found.person_id in people.booked | people.running]
    lost = {found.person_id: found.person.name for found in clashes if found.person_id in people.booked}
    running = [found for found in clashes if found.person_id in people.running]
    window = window_of(session, rules_of(session), now)
    last = window.last_day_for_names(session.date)
    hurried = Place.objects.live().filter(session=session.pk, person=None, team__names_until__gt=last)
    sooner, over = _offers_hurried(session, changed, window, now, elsewhere_then={each.person_id for each in away})
    offers = Place.objects.filter(session=session.pk, state=PlaceState.OFFERED, offered_until__gt=now)
    offers = list(offers.filter(person__isnull=False).values_list("person", "offered_from_line"))
    then = {found.person_id for found in away}
    free_again = sum(moves and not from_line and person not in then for person, from_line in offers)
    late = colleagues_asked(session) if "date" in changed and window.is_frozen else set()
    told = people.everybody if session.state == SessionState.OPEN else people.seniors
    leads = leads_of_teams(session, now) if moves and session.state == SessionState.OPEN else set()
    blocked = busy_sentence(running[0]) if running else ""
    taken = room_in_use(session)
    if taken:
        blocked = (
            f"{taken.room} is taken by “{taken}” on {when_in_words(taken)}. Choose another room, date or half-day."
        )
    return Preview(
        changed=frozenset(changed),
        tells=len(told | leads | late),
        leads=frozenset(leads),
        keep=len(people.booked) - len(lost) + free_again,
        held=len(offers) - over - free_again,
        offered=sorted(lost.values()),
        waiting=len(people.waiting),
        hurried=hurried.count() if "date" in changed else 0,
        names_until=last,
        names_are_over=last < window.today,
        sooner=sooner,
        over=over,
        too_late=len(late),
        blocked=blocked,
    )


def _offers_hurried(
    session: Session, changed: set[str], window: Window, now: datetime, *, elsewhere_then: set[int]
) -> tuple[int, int]:
    """Return how many offers in ``session`` as it will be have to be answered earlier, and how many end at once.

    ``elsewhere_then`` are the people who cannot come at its new time; whoever had an offer because of an earlier move,
    and can, has the place again.
    """
    if not {"date", "starts", "ends"} & changed or session.state != SessionState.OPEN:
        return 0, 0
    final = window.final_from(session) if "date" in changed else None
    sooner = over = 0
    offers = Place.objects.filter(session=session.pk, state=PlaceState.OFFERED, offered_until__gt=now)
    for person, until, from_line in offers.values_list("person", "offered_until", "offered_from_line"):
        begins = session.during.lower
        if from_line and final and final <= now and min(until, begins) > now:
            over += 1
        elif from_line or person in elsewhere_then:
            sooner += min(until, begins, final if from_line and final else begins) < until
    return sooner, over


@dataclass(frozen=True)
class SeatChoices:
    """What can be done where a session cannot have the number of seats that was asked for.

    ``too_many`` people hold a seat; ``others`` are sessions to come with free seats, to move them to; ``rooms`` are
    free at that time and large enough.
    """

    too_many: int
    others: list[Session]
    rooms: list[Room]


def choices_for_seats(session: Session, capacity: int) -> SeatChoices:
    """Return what can be done instead of giving ``session`` the ``capacity``, five of each at the most."""
    seats = session.seats
    others = (
        Session.objects.open()
        .filter(programme=session.programme_id, during__startswith__gt=timezone.now())
        .filter(seats__taken__lt=F("seats__capacity") - F("seats__reserved"))
        .exclude(pk=session.pk)
        .select_related("programme", "seats", "room__venue")
    )
    used = Session.objects.filter(during__overlap=session.during).exclude(state=SessionState.CANCELLED)
    rooms = (
        Room.objects.filter(capacity__gte=max(capacity, seats.taken))
        .exclude(pk=session.room_id)
        .exclude(pk__in=used.filter(room__isnull=False).values("room"))
        .select_related("venue")
    )
    return SeatChoices(
        max(seats.taken - capacity, 0),
        list(others.order_by("date", "starts", "pk")[:5]),
        list(rooms.order_by("capacity", "venue__name", "pk")[:5]),
    )


def busy_sentence(found: Engagement) -> str:
    """Return why the person of ``found`` cannot run another session at that time, and what to do."""
    return (
        f"{found.person.name} is in “{found.session}” on {when_in_words(found.session)}. "
        "Choose another time, or ask somebody else first."
    )


@dataclass(frozen=True)
class DateCheck:
    """One of several dates before it is planned: ``problems`` stop it, ``remarks`` are to be known."""

    date: date
    slot: str
    problems: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()

    @property
    def slot_label(self) -> str:
        return str(Slot(self.slot).label)


def check_dates(
    *,
    programme: Programme,
    dates: Iterable[tuple[date, str]],
    room: Room | None,
    people: Iterable[int],
    now: datetime,
) -> list[DateCheck]:
    """Return what stands in the way of a session of ``programme`` on each of ``dates`` (local day, Slot value).

    ``people`` are the ids of those who would run it; ``now`` is aware. The dates come back in order, each once.
    """
    people = list(people)
    wanted = sorted(set(dates), key=lambda pair: (pair[0], pair[1] != Slot.MORNING))
    return [_check(programme, day, slot, room, people, now) for day, slot in wanted]


def _check(
    programme: Programme, day: date, slot: str, room: Room | None, people: list[int], now: datetime
) -> DateCheck:
    starts, ends = programme.hours_of(slot)
    session = Session(
        programme=programme, date=day, slot=slot, starts=starts, ends=ends, zone=programme.zone, room=room, capacity=1
    )
    session.during = utc_range(day, starts, ends, programme.zone)
    problems = ["This half-day has begun already."] if session.during.lower <= now else []
    taken = room_in_use(session)
    if taken:
        problems.append(f"{taken.room} is taken by “{taken}”.")
    problems += [f"{found.person.name} is in “{found.session}”." for found in elsewhere(session, people)]
    return DateCheck(day, slot, tuple(problems), tuple(_remarks(programme, session)))


def _remarks(programme: Programme, session: Session) -> list[str]:
    remarks = []
    if session.date in holidays(session.date.year, programme.nation):
        remarks.append("A bank holiday.")
    elif session.date.weekday() >= 5:
        remarks.append("A weekend.")
    if not is_published(session.date):
        remarks.append("The bank holidays of that year are not published yet.")
    same_time = Session.objects.filter(programme=programme, during__overlap=session.during)
    if same_time.exclude(state=SessionState.CANCELLED).exists():
        remarks.append("Another session of this programme is at the same time.")
    return remarks


# --- lists


def sessions_visible_to(person: Any) -> SessionQuerySet:
    """Return the sessions that ``person`` (or a stranger) may open a page of.

    Open ones of public programmes; all of programmes whose set-up the person may see; those the person has a place
    in, runs, or was asked to cover.
    """
    shown = Q(state=SessionState.OPEN, programme__is_public=True)
    if person.is_authenticated:
        own = {"session": OuterRef("pk"), "person": person.pk}
        shown |= Q(programme__in=Programme.objects.visible_to(person))
        shown |= Exists(Place.objects.filter(**own)) | Exists(SessionPart.objects.filter(**own))
        shown |= Exists(SeniorAttendance.objects.filter(**own))
    return Session.objects.filter(shown)


_WITH_ALL = ("programme__booking_rules", "room__venue", "area", "series", "seats")
"""What the page of a session shows beside it."""


def session_shown_to(person: Any, number: int) -> Session | None:
    """Return the session with this number, with all that its page shows of it, if ``person`` may open the page."""
    if number >= 2**63:
        return None
    if not person.is_authenticated:
        return next(iter(_shown_to_everybody().rows(session=number)), None)
    return sessions_visible_to(person).select_related(*_WITH_ALL).filter(pk=number).first()


@cache
def _shown_to_everybody() -> Reading:
    found = sessions_visible_to(AnonymousUser()).select_related(*_WITH_ALL).order_by()
    return Reading("session_shown_to_everybody", found.filter(pk=NUMBER), session=NUMBER)


def length_of_line(session: Session) -> int:
    """Return how many people wait for ``session``."""
    found = _line().rows(session=session.pk)
    return found[0][0] if found else 0


@cache
def _line() -> Prepared:
    rows = Place.objects.in_line().filter(session=NUMBER).order_by().values("session").values_list(Count("pk"))
    return compiled("length_of_line", rows, session=NUMBER)


def agenda_of(session: Session) -> list[AgendaItem]:
    """Return the agenda of ``session`` in its order, each item with who presents it and its activity."""
    return _agenda().rows(session=session.pk)


@cache
def _agenda() -> Reading:
    found = AgendaItem.objects.filter(session=NUMBER).select_related("presenter", "activity")
    return Reading("agenda_of_session", found, session=NUMBER)


def sessions_listed(programme: Programme, *, staff: bool, now: datetime) -> SessionQuerySet:
    """Return the sessions of ``programme`` for its list: all for ``staff``, the open ones to come for others.

    Each row knows ``waiting`` (the length of its line) and its counter, so that a list needs no query for a row.
    """
    found = Session.objects.filter(programme=programme)
    if not staff:
        found = found.open().to_come(now)
    waiting = Place.objects.filter(session=OuterRef("pk"), state=PlaceState.WAITING).order_by().values("session")
    return found.select_related("programme", "room__venue", "area", "seats").annotate(
        waiting=Coalesce(Subquery(waiting.annotate(number=Count("pk")).values("number")), 0)
    )


def first_dates(programme: Programme, now: datetime) -> Page:
    """Return the first page of ``sessions_listed`` for strangers, in one query; each knows how many seats are kept."""
    rows = _first_dates().rows(programme=programme.pk, now=now, since=now - FIRST_CHOICE_LASTS)
    return Page(rows=rows, number=1, total=rows[0].total if rows else 0, size=SHORT)


@cache
def _first_dates() -> Reading:
    programme = Programme(pk=NUMBER)
    found = sessions_listed(programme, staff=False, now=MOMENT)
    total = found.order_by().values("programme").values(number=Count("pk"))
    rows = found.select_related(None).select_related("room__venue", "area", "seats")
    rows = rows.annotate(kept=kept_in(programme, MOMENT), total=Subquery(total)).order_by("date", "starts", "pk")
    marks = {"programme": programme.pk, "now": MOMENT, "since": MOMENT - FIRST_CHOICE_LASTS}
    return Reading("first_dates", rows[:SHORT], **marks)


def filter_options(programme: Programme, *, staff: bool, now: datetime) -> dict[str, list[tuple[str, str]]]:
    """Return the months ("2026-11"), venues and areas (ids) that ``sessions_listed`` have, with their words.

    In one query.
    """
    options: dict[str, list[tuple[str, str]]] = {"month": [], "venue": [], "area": []}
    for name, key, words in _options(staff).rows(programme=programme.pk, now=now):
        if key is not None:
            options[name].append((key, words))
    firsts = sorted(date.fromisoformat(key[:10]) for key, _ in options["month"])
    by_name = {name: sorted(options[name], key=lambda option: option[1].casefold()) for name in ("venue", "area")}
    return {"month": [(f"{first:%Y-%m}", f"{first:%B %Y}") for first in firsts], **by_name}


@cache
def _options(staff: bool) -> Prepared:
    plain = sessions_listed(Programme(pk=NUMBER), staff=staff, now=MOMENT).order_by().values_list
    text = {"output_field": CharField()}
    month, venue, area = Cast(TruncMonth("date"), **text), Cast("room__venue", **text), Cast("area", **text)
    found = plain(Value("month", **text), month, month).union(
        plain(Value("venue", **text), venue, F("room__venue__name")),
        plain(Value("area", **text), area, F("area__name")),
    )
    return compiled(f"options_of_sessions_{staff:d}", found, programme=NUMBER, now=MOMENT)


@dataclass(frozen=True)
class MonthDay:
    """One day of a month as the calendar shows it: ``inside`` the month, with its sessions."""

    date: date
    inside: bool
    sessions: tuple[Session, ...]


def weeks_of(first: date, sessions: Iterable[Session]) -> list[list[MonthDay]]:
    """Return the weeks (Monday to Sunday) of the month that begins on ``first`` with the ``sessions`` on their days."""
    by_day: dict[date, list[Session]] = {}
    for session in sessions:
        by_day.setdefault(session.date, []).append(session)
    weeks = calendar.Calendar().monthdatescalendar(first.year, first.month)
    return [[MonthDay(day, day.month == first.month, tuple(by_day.get(day, ()))) for day in week] for week in weeks]
