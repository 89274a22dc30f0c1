"""What has to be known to give somebody a seat or a number in line: locked first, and then read, in one round trip."""

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache

from django.db import DEFAULT_DB_ALIAS, models
from django.db.models import Count, Exists, OuterRef, QuerySet, Subquery
from django.db.models.functions import JSONObject
from django.utils import timezone

from accounts.models import Person, PersonalLink
from attendance.models import BookingRules, CalendarEntry, Engagement, Invitation, Place, Quota, SeatCount
from attendance.queries.shares import FIRST_CHOICE_LASTS, lost_places, seats_lost
from briefings.models import Programme, Session
from briefings.queries import affiliations_in_scope, areas_in_scope
from history.statements import Prepared, Statement, compiled, prepared, send
from organisations.models import Affiliation, Area


@dataclass(frozen=True, slots=True)
class Tie:
    """What makes somebody eligible: organisation, profession and first area, as ids."""

    organisation_id: int
    profession_id: int | None
    area_id: int | None

    @classmethod
    def of(cls, affiliation: Affiliation) -> "Tie":
        """Return what ``affiliation`` says, its areas loaded."""
        areas = list(affiliation.areas.all())
        return cls(affiliation.organisation_id, affiliation.profession_id, areas[0].pk if areas else None)


@dataclass(slots=True)
class Facts:
    """How things stand for one person and one session, under the locks of its counter and of the person.

    ``held`` is the id of their place in it, ``elsewhere`` of a seat in another session of the programme, ``clash`` the
    id of a session in which they are at that time, ``lost`` the place that a cancellation took, ``kept`` the number of
    seats kept for others who lost one. ``entry`` is their calendar entry, ``has_line`` whether anybody waits here,
    ``waits`` whether they wait anywhere in the programme. ``place`` and ``link`` are new numbers.
    """

    session: Session
    seats: SeatCount
    tie: Tie | None
    held: int | None
    elsewhere: int | None
    clash: int | None
    lost: int | None
    kept: int
    has_quotas: bool
    has_line: bool
    waits: bool
    entry: CalendarEntry | None
    place: int
    link: int


LOCKS = (
    prepared(
        "lock_counter",
        "SELECT 1 FROM attendance_seatcount WHERE session_id = $1 FOR NO KEY UPDATE",
        session="bigint",
    ),
    # Whoever waits here may move up first where a seat is free: all are locked together, in the order of their ids.
    prepared(
        "lock_people",
        "SELECT 1 FROM accounts_person WHERE id = ANY(ARRAY[$1] || ARRAY("
        "SELECT place.person_id FROM attendance_place place JOIN attendance_seatcount USING (session_id)"
        " WHERE session_id = $2 AND state = 'waiting' AND place.person_id IS NOT NULL"
        " AND last_in_line > 0 AND capacity - reserved > taken)) ORDER BY id FOR NO KEY UPDATE",
        person="bigint",
        session="bigint",
    ),
)
"""The locks on the counter and the people, in the order of the house (attendance/actions/engagements.py)."""


def lock_and_read(session: Session, person: Person, now: datetime) -> Facts | None:
    """Lock the counter of ``session``, ``person`` and whoever may move up before; return how things stand then.

    Returns None where the session has no counter. ``session.programme`` says how its scope is read.
    """
    return _read(LOCKS, session, person, now)


def read_again(session: Session, person: Person, now: datetime) -> Facts | None:
    """Return how things stand now; what ``lock_and_read`` locked is locked still."""
    return _read((), session, person, now)


def _read(locks: tuple[Prepared, ...], session: Session, person: Person, now: datetime) -> Facts | None:
    programme = session.programme
    values = {
        "session": session.pk,
        "person": person.pk,
        "programme": programme.pk,
        "today": timezone.localdate(now),
        "lost_since": now - FIRST_CHOICE_LASTS,
    }
    facts = _facts(programme.every_profession, programme.every_area)
    statements: list[Statement] = [(each, values) for each in (*locks, facts)]
    rows = send(statements)
    return _as_facts(rows[0]) if rows else None


def session_to_take(number: int, link: PersonalLink) -> Session | None:
    """Return the open session ``number`` of the programme to which ``link`` invites its person, or None.

    It has what ``lock_and_read`` asks for, and reads the rest when that is asked for.
    """
    if number >= 2**63:
        return None
    rows = _to_take().rows(session=number, link=link.pk, person=link.person_id)
    if not rows:
        return None
    pk, *own = rows[0]
    session = Session.from_db(DEFAULT_DB_ALIAS, ("id", "programme_id"), (pk, own[0]))
    session.programme = Programme.from_db(DEFAULT_DB_ALIAS, _SCOPE, own)
    return session


_SCOPE = ("id", "every_area", "every_profession")


@cache
def _to_take() -> Prepared:
    marks = {"session": _NUMBER + 1, "link": _NUMBER + 2, "person": _NUMBER + 3}
    invited = Invitation.objects.filter(programme=OuterRef("programme"), link=marks["link"], person=marks["person"])
    rows = Session.objects.open().filter(Exists(invited), pk=marks["session"], seats__isnull=False)
    return compiled(
        "session_to_take", rows.order_by().values_list("pk", *(f"programme__{name}" for name in _SCOPE)), **marks
    )


_NUMBER = 9_000_000_000_000_000_000
"""Numbers from here on stand for parameters: no row has them."""

_SESSION = ("id", "programme_id", "state", "date", "zone", "during", "revision")
_PROGRAMME = ("id", "code", "every_area", "every_profession", "places_rule")
_RULES = ("programme_id", "opens_on", "closes_days", "offer_days", "offer_hours", "freeze_days")
_SEATS = ("session_id", "capacity", "reserved", "taken", "last_in_line")
_ENTRY = ("id", "uid", "sequence", "revision", "is_cancelled")
"""What is read of each, in the order of the model; the rest is read where somebody asks for it."""


@cache
def _facts(every_profession: bool, every_area: bool) -> Prepared:
    """Return the statement that reads all of it, made of the querysets that say what each word means."""
    marks = {
        "session": _NUMBER + 1,
        "person": _NUMBER + 2,
        "programme": _NUMBER + 3,
        "today": date(9000, 1, 1),
        "lost_since": datetime(9000, 1, 2, tzinfo=UTC),
    }
    person = Person(pk=marks["person"])
    programme = Programme(pk=marks["programme"], every_profession=every_profession, every_area=every_area)
    now = marks["lost_since"] + FIRST_CHOICE_LASTS
    own = Place.objects.filter(person=person).order_by("pk")
    lost = lost_places(programme, now)
    kept = seats_lost(lost, OuterRef(OuterRef("pk"))).order_by().values("session__programme")
    rows = (
        Session.objects.order_by()
        .filter(pk=marks["session"], seats__isnull=False)
        .values_list(
            *_SESSION,
            *(f"programme__{name}" for name in _PROGRAMME),
            *(f"programme__booking_rules__{name}" for name in _RULES),
            *(f"seats__{name}" for name in _SEATS),
            _tie(programme, person, marks["today"]),
            _first(own.live().filter(session=OuterRef("pk"))),
            _first(own.to_use().filter(session__programme=programme).exclude(session=OuterRef("pk"))),
            _first(
                Engagement.objects.filter(person=person, during__overlap=OuterRef("during"))
                .exclude(session=OuterRef("pk"))
                .order_by("pk"),
                "session",
            ),
            _first(lost.filter(person=person).order_by("pk")),
            Subquery(kept.values(n=Count("person", distinct=True))),
            Exists(Quota.objects.filter(programme=programme)),
            Exists(Place.objects.in_line().filter(session=OuterRef("pk"))),
            Exists(own.in_line().filter(session__programme=programme)),
            Subquery(
                CalendarEntry.objects.filter(person=person, session=OuterRef("pk")).values(
                    json=JSONObject(**{name: name for name in _ENTRY})
                )
            ),
        )
    )
    numbers = "nextval('attendance_place_id_seq'), nextval('accounts_personallink_id_seq')"
    columns = ", ".join(f"f{number}" for number in range(_WIDTH))
    name = f"seating_{every_profession:d}{every_area:d}"
    return compiled(name, rows, around=f"SELECT facts.*, {numbers} FROM ({{}}) AS facts ({columns})", **marks)  # noqa: S608


_WIDTH = len(_SESSION) + len(_PROGRAMME) + len(_RULES) + len(_SEATS) + 10


def _first(rows: QuerySet, column: str = "pk") -> Subquery:
    return Subquery(rows.values(column)[:1])


def _tie(programme: Programme, person: Person, on: date) -> Subquery:
    areas = None if programme.every_area else areas_in_scope(programme)
    ties = affiliations_in_scope(programme, on, areas=areas).filter(person=person).order_by("pk")
    columns = {"organisation_id": "organisation", "profession_id": "profession"}
    area = _first(Area.objects.filter(affiliations=OuterRef("pk")))
    return Subquery(ties.values(json=JSONObject(**columns, area_id=area))[:1])


def _as_facts(row: tuple) -> Facts:
    values = list(row)

    def made(model: type[models.Model], names: tuple[str, ...]) -> models.Model:
        own, values[: len(names)] = values[: len(names)], []
        return model.from_db(DEFAULT_DB_ALIAS, names, own)

    session, programme = made(Session, _SESSION), made(Programme, _PROGRAMME)
    session.programme = programme
    rules = made(BookingRules, _RULES)
    programme._state.fields_cache["booking_rules"] = rules if rules.pk else None  # known, so that nobody asks again
    seats = made(SeatCount, _SEATS)
    tie, held, elsewhere, clash, lost, kept, has_quotas, has_line, waits, entry, place, link = values
    return Facts(
        session,
        seats,
        Tie(**json.loads(tie)) if tie else None,
        held,
        elsewhere,
        clash,
        lost,
        kept or 0,
        has_quotas,
        has_line,
        waits,
        CalendarEntry(**json.loads(entry)) if entry else None,
        place,
        link,
    )
