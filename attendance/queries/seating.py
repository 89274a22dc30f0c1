"""What has to be known to give somebody a seat or a number in line: locked first, and then read, in one round trip."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache

from django.db import models
from django.db.models import Count, Exists, OuterRef, QuerySet, Subquery
from django.db.models.functions import JSONObject
from django.utils import timezone

from accounts.links import LINK_COLUMNS, link_of, links_to_read
from accounts.models import Person, PersonalLink, Press
from attendance.models import BookingRules, CalendarEntry, Engagement, Invitation, Place, Quota, SeatCount
from attendance.queries.shares import FIRST_CHOICE_LASTS, lost_places, seats_lost
from briefings.models import Programme, Session
from briefings.queries import affiliations_in_scope, areas_in_scope
from history.statements import DAY, MOMENT, NUMBER, Prepared, Statement, compiled, loaded, prepared, send, text_of
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


@dataclass(frozen=True, slots=True)
class Wish:
    """Somebody wants a place in a session (ids), of whose programme has to be known how wide it is."""

    person: int
    session: int
    programme: int
    every_area: bool
    every_profession: bool

    @classmethod
    def of(cls, session: Session, person: Person) -> "Wish":
        """Return that of ``person`` for ``session``."""
        own = session.programme
        return cls(person.pk, session.pk, own.pk, own.every_area, own.every_profession)


LOCKS = (
    prepared(
        "lock_counters",
        "SELECT 1 FROM attendance_seatcount WHERE session_id = ANY($1) ORDER BY session_id FOR NO KEY UPDATE",
        sessions="bigint[]",
    ),
    # Whoever waits here may move up first where a seat is free: all are locked together, in the order of their ids.
    prepared(
        "lock_people",
        "SELECT 1 FROM accounts_person WHERE id = ANY($1 || ARRAY("
        "SELECT place.person_id FROM attendance_place place JOIN attendance_seatcount USING (session_id)"
        " WHERE session_id = ANY($2) AND state = 'waiting' AND place.person_id IS NOT NULL"
        " AND last_in_line > 0 AND capacity - reserved > taken)) ORDER BY id FOR NO KEY UPDATE",
        people="bigint[]",
        sessions="bigint[]",
    ),
)
"""The locks on the counters and the people, in the order of the house (attendance/actions/engagements.py)."""


def lock_and_read(session: Session, person: Person, now: datetime) -> Facts | None:
    """Lock the counter of ``session``, ``person`` and whoever may move up before; return how things stand then.

    Returns None where the session has no counter. ``session.programme`` says how its scope is read. What is locked by
    it can be let go again by ``let_go``.
    """
    return _read(LOCKS, [Wish.of(session, person)], now, first=[("SAVEPOINT seating", None)])[0]


def let_go() -> None:
    """Let go of what the last ``lock_and_read`` of this transaction locked; nothing must have been written since."""
    send([("ROLLBACK TO SAVEPOINT seating", None)])


def lock_and_read_all(wishes: list[Wish], now: datetime) -> list[Facts | None]:
    """Do the same for several people at once. Those who want the same session share its row and its counter."""
    return _read(LOCKS, wishes, now)


def read_again(session: Session, person: Person, now: datetime) -> Facts | None:
    """Return how things stand now; what ``lock_and_read`` locked is locked still."""
    return _read((), [Wish.of(session, person)], now)[0]


def _read(
    locks: tuple[Prepared, ...], wishes: list[Wish], now: datetime, *, first: Sequence[Statement] = ()
) -> list[Facts | None]:
    values = {"sessions": [wish.session for wish in wishes], "people": [wish.person for wish in wishes]}
    statements: list[Statement] = [*first, *((lock, values) for lock in locks)]
    scopes: dict[tuple[bool, bool], list[int]] = {}
    for number, wish in enumerate(wishes):
        scopes.setdefault((wish.every_profession, wish.every_area), []).append(number)
    found: list[Facts | None] = [None] * len(wishes)
    shared: dict[int, tuple[Session, SeatCount]] = {}
    for scope, numbers in scopes.items():
        asked = {
            "number": numbers,
            "session": [wishes[number].session for number in numbers],
            "person": [wishes[number].person for number in numbers],
            "programme": [wishes[number].programme for number in numbers],
            "today": timezone.localdate(now),
            "lost_since": now - FIRST_CHOICE_LASTS,
        }
        for number, *row in send([*statements, (_facts(*scope), asked)]):
            found[number] = _as_facts(row, shared)
        statements = []
    _in_order(found)
    return found


def _in_order(found: list[Facts | None]) -> None:
    """Give out the new numbers in the order of the wishes, whatever the order in which the rows were found."""
    facts = [each for each in found if each]
    for name in ("place", "link"):
        for each, number in zip(facts, sorted(getattr(each, name) for each in facts), strict=True):
            setattr(each, name, number)


def session_to_take(number: int, link: PersonalLink) -> Session | None:
    """Return the open session ``number`` of the programme to which ``link`` invites its person, or None.

    It has what ``lock_and_read`` asks for, and reads the rest when that is asked for.
    """
    if number >= 2**63:
        return None
    rows = _to_take().rows(session=number, link=link.pk, person=link.person_id)
    return _session_to_take(rows[0]) if rows else None


def claim_and_find(
    keys: list[str], digests: list[str], links: list[int], sessions: list[int], now: datetime
) -> dict[int, tuple[PersonalLink, Wish] | None]:
    """Claim the presses with ``keys`` and ``digests``; return by position what each new one is about.

    That is the link, of ``links``, with its person, and their wish for that of ``sessions``, found as
    ``session_to_take`` finds it; None where either is missing. Waits for whoever is using a key at this moment: all
    keys are claimed in their order.
    """
    numbers = list(range(len(keys)))
    rows = _claiming().rows(number=numbers, key=keys, digest=digests, link=links, session=sessions, now=now)
    return {
        number: (link_of(link), Wish(link[_PERSON], *own)) if own[0] and link[_PERSON] else None
        for number, own, link in ((row[0], row[1 : 2 + len(_SCOPE)], row[2 + len(_SCOPE) :]) for row in rows)
    }


_PERSON = LINK_COLUMNS.index("person_id")

_ONE_BY_ONE = " OFFSET 0"
"""Keeps PostgreSQL from reading in one go what several want: it goes by how large a table was when it prepared."""


@cache
def _claiming() -> Prepared:
    session, link, person = _MARKS
    links = text_of(links_to_read(link, "invitation"), {link: "asked.link"})
    to_take = text_of(_open_to(*_MARKS), {session: "asked.session", link: "asked.link", person: "link.person_id"})
    claimed = f"INSERT INTO {Press._meta.db_table} (key, digest, location, made_at)"
    return prepared(
        "claim_and_find",
        f"WITH made AS ({claimed} SELECT key, digest, '', $6 FROM unnest($2, $3) AS given (key, digest) ORDER BY key"  # noqa: S608
        " ON CONFLICT DO NOTHING RETURNING key)"
        " SELECT asked.number, own.*, link.* FROM unnest($1, $2, $4, $5) AS asked (number, key, link, session)"
        f" JOIN made USING (key) LEFT JOIN LATERAL ({links}{_ONE_BY_ONE}) AS link ({', '.join(LINK_COLUMNS)}) ON true"
        f" LEFT JOIN LATERAL ({to_take}{_ONE_BY_ONE}) AS own ON true",
        number="integer[]",
        key="uuid[]",
        digest="text[]",
        link="bigint[]",
        session="bigint[]",
        now="timestamptz",
    )


def _session_to_take(row: Sequence) -> Session:
    pk, *own = row
    return loaded(Session, ("id", "programme_id"), (pk, own[0]), programme=loaded(Programme, _SCOPE, own))


_SCOPE = ("id", "every_area", "every_profession")


def _open_to(session: int, link: int, person: int) -> QuerySet:
    invited = Invitation.objects.filter(programme=OuterRef("programme"), link=link, person=person)
    rows = Session.objects.open().filter(Exists(invited), pk=session, seats__isnull=False)
    return rows.order_by().values_list("pk", *(f"programme__{name}" for name in _SCOPE))


@cache
def _to_take() -> Prepared:
    return compiled(
        "session_to_take", _open_to(*_MARKS), **dict(zip(("session", "link", "person"), _MARKS, strict=True))
    )


_MARKS = (NUMBER + 1, NUMBER + 2, NUMBER + 3)

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
        "session": NUMBER + 1,
        "person": NUMBER + 2,
        "programme": NUMBER + 3,
        "today": DAY,
        "lost_since": MOMENT,
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
    columns = ", ".join(f"f{number}" for number in range(_WIDTH))
    own = {marks[name]: f"asked.{name}" for name in ("session", "person", "programme")}
    return prepared(
        f"seating_{every_profession:d}{every_area:d}",
        "SELECT asked.number, facts.*, nextval('attendance_place_id_seq'), nextval('accounts_personallink_id_seq')"  # noqa: S608
        " FROM unnest($1, $2, $3, $4) AS asked (number, session, person, programme)"
        f" CROSS JOIN LATERAL ({text_of(rows, own | {marks['today']: '$5', marks['lost_since']: '$6'})}{_ONE_BY_ONE})"
        f" AS facts ({columns})",
        number="integer[]",
        session="bigint[]",
        person="bigint[]",
        programme="bigint[]",
        today="date",
        lost_since="timestamptz",
    )


_SHARED = len(_SESSION) + len(_PROGRAMME) + len(_RULES) + len(_SEATS)
_WIDTH = _SHARED + 10


def _first(rows: QuerySet, column: str = "pk") -> Subquery:
    return Subquery(rows.values(column)[:1])


def _tie(programme: Programme, person: Person, on: date) -> Subquery:
    areas = None if programme.every_area else areas_in_scope(programme)
    ties = affiliations_in_scope(programme, on, areas=areas).filter(person=person).order_by("pk")
    columns = {"organisation_id": "organisation", "profession_id": "profession"}
    area = _first(Area.objects.filter(affiliations=OuterRef("pk")))
    return Subquery(ties.values(json=JSONObject(**columns, area_id=area))[:1])


def _as_facts(values: list, shared: dict[int, tuple[Session, SeatCount]]) -> Facts:
    number, rest = values[0], values[_SHARED:]
    if number not in shared:
        shared[number] = _session_of(values[:_SHARED])
    session, seats = shared[number]
    tie, held, elsewhere, clash, lost, kept, has_quotas, has_line, waits, entry, place, link = rest
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


def _session_of(values: list) -> tuple[Session, SeatCount]:
    """Return the session of a row, with programme and rules, and its counter."""

    def made(model: type[models.Model], names: tuple[str, ...]) -> models.Model | None:
        own, values[: len(names)] = values[: len(names)], []
        return None if own[0] is None else loaded(model, names, own)

    session, programme = made(Session, _SESSION), made(Programme, _PROGRAMME)
    session._state.fields_cache["programme"] = programme
    programme._state.fields_cache["booking_rules"] = made(BookingRules, _RULES)  # known, so that nobody asks again
    return session, made(SeatCount, _SEATS)
