"""The register as it is shown: who is not marked yet, who is, and what the marks come to in figures."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID, uuid4

from django.db import connection
from django.db.models import Count, FilteredRelation, Q, QuerySet, Window

from accounts.models import Person, sort_key
from attendance.models import (
    CAME,
    SEATED,
    Attendance,
    CoverState,
    Mark,
    MarkKind,
    Outcome,
    Place,
    SeniorAttendance,
    WalkIn,
)
from attendance.register import Press, standing
from briefings.models import Mandate, Programme, Session, SessionState
from briefings.queries import one_of
from history.statements import DAY, NUMBER, Reading, among, prepared

FIRST_EXPECTED, FIRST_MARKED, MOST = 25, 10, 2_000
_MOST_WORDS = 6


@dataclass(frozen=True)
class Counts:
    """One register in figures. ``expected`` counts the places; who walked in comes on top of them."""

    expected: int
    unmarked: int
    here: int
    in_part: int
    excused: int
    absent: int
    walked_in: int
    undecided: int
    listed: int
    """The rows of the marked half: places whose person has gone are in the other figures alone."""
    last_at: datetime | None
    newest: list[int]
    """The numbers of the rows of the marked half that were marked last, the newest first: as many as were asked for."""

    @property
    def marked(self) -> int:
        return self.here + self.in_part + self.excused + self.absent + self.walked_in

    @property
    def came(self) -> int:
        """How many with a place came, wholly or in part; walk-ins not among them."""
        return self.here + self.in_part


@dataclass
class Line:
    """One row of the register. ``press`` is the id of the next press on it, ``undo`` of the one to take back."""

    name: str
    organisation: str
    person: Person | None
    place: int | None = None
    walk_in: UUID | None = None
    outcome: str = ""
    saved_at: datetime | None = None
    kinds: tuple[str, ...] = ()
    attendance: int | None = None
    undo: UUID | None = None
    press: UUID = field(default_factory=uuid4)

    @property
    def key(self) -> str:
        """The row's name in an address."""
        return f"walk-in-{self.walk_in}" if self.walk_in else f"place-{self.place}"

    @property
    def has_certificate(self) -> bool:
        """Whether there is a certificate once the register is closed."""
        return self.person is not None and self.outcome in CAME

    @property
    def words(self) -> str:
        """What the marks come to, in the words of the door."""
        parts = [MarkKind(kind).label for kind in (MarkKind.LATE, MarkKind.LEFT_EARLY) if kind in self.kinds]
        if self.outcome == Outcome.IN_PART and parts:
            return " and ".join([parts[0], *(part.lower() for part in parts[1:])])
        if self.walk_in:
            return "Walk-in"
        return "Here" if self.outcome == Outcome.ATTENDED else str(Outcome(self.outcome).label)


@dataclass(frozen=True)
class Rows:
    """Some rows of one half of the register, and how many there are in all."""

    lines: list[Line]
    total: int

    @property
    def more(self) -> int:
        return self.total - len(self.lines)


_TO_MARK = prepared(
    "session_to_mark",
    f"SELECT id, programme_id, state, date, zone FROM {Session._meta.db_table} "  # noqa: S608
    f"WHERE id = $1 AND state IN ('{SessionState.OPEN.value}', '{SessionState.HELD.value}')",
    number="bigint",
)


def session_to_mark(number: int) -> Session | None:
    """Return the session with this number if it is open or held, with what a press needs of it and no more.

    Who waits in the door waits for this, so it is read by hand; what else is asked of it is loaded when it is asked.
    """
    rows = _TO_MARK.rows(number=number) if number < 2**63 else []
    if not rows:
        return None
    (row,) = rows
    found = Session.from_db(connection.alias, ("id", "programme_id", "state", "date", "zone"), row)
    found.programme = Programme.from_db(connection.alias, ("id",), row[1:2])
    return found


_ONE = Session(pk=NUMBER + 1, programme_id=NUMBER + 2, date=DAY)
"""Stands for the session in what each look at a register asks."""


def session_with_register(number: int) -> Session | None:
    """Return the session with this number if it is open or held, with all that a page of its register shows of it."""
    return next(iter(_with_register().rows(number=number)), None) if number < 2**63 else None


@cache
def _with_register() -> Reading:
    known = Session.objects.select_related("programme", "register", "seats", "room__venue").order_by()
    rows = known.filter(pk=_ONE.pk, state__in=(SessionState.OPEN, SessionState.HELD))
    return Reading("session_with_register", rows, number=_ONE.pk)


def on_the_register(session: Session) -> QuerySet[Place]:
    """Return the places that stand on the register: those that hold a seat, and any that was marked."""
    # That a mark is of the same session says nothing new, but PostgreSQL reads all of them at once.
    marked = FilteredRelation("attendance", condition=Q(attendance__session=session))
    found = Place.objects.annotate(marked=marked).filter(session=session, person__isnull=False)
    return found.filter(Q(state__in=SEATED) | Q(marked__isnull=False))


def register_counts(session: Session, newest: int = 0) -> Counts:
    """Return the figures of ``session``'s register and its ``newest`` rows by number, in one query."""
    (row,) = _COUNTS.rows(session=session.pk, newest=newest)
    return Counts(**dict(zip((*_SUMS, "last_at", "newest"), row, strict=True)))


def _words(values: Iterable[str]) -> str:
    return ", ".join(f"'{value}'" for value in values)


_PLACE_IS = "place IS NOT NULL AND outcome ="
_SUMS = {
    "expected": "has_person AND (is_seated OR fact IS NOT NULL)",
    "unmarked": "has_person AND is_seated AND fact IS NULL",
    "here": f"{_PLACE_IS} '{Outcome.ATTENDED.value}'",
    "in_part": f"{_PLACE_IS} '{Outcome.IN_PART.value}'",
    "excused": f"{_PLACE_IS} '{Outcome.EXCUSED.value}'",
    "absent": f"{_PLACE_IS} '{Outcome.ABSENT.value}'",
    "walked_in": f"walk_in IS NOT NULL AND outcome IN ({_words(CAME)})",
    "undecided": "walk_in IS NOT NULL AND somebody.person_id IS NULL AND somebody.left_at IS NULL",
    "listed": "is_listed",
}
_LAST = ", ".join(
    f"(SELECT max(made_at) FROM {model._meta.db_table} WHERE session_id = $1)"  # noqa: S608
    for model in (Mark, WalkIn)
)
# Places and marks of a session lie all over their tables: they are read once for all figures and the newest rows.
# GREATEST leaves NULL out: where nothing was pressed there is no last press.
_COUNTS = prepared(
    "register_counts",
    f"""
    WITH found AS MATERIALIZED (
        SELECT p.id AS place, p.person_id IS NOT NULL AS has_person, p.state IN ({_words(SEATED)}) AS is_seated,
            a.id AS fact, a.walk_in_id AS walk_in, a.outcome, a.noted_at,
            a.walk_in_id IS NOT NULL OR (a.id IS NOT NULL AND p.person_id IS NOT NULL) AS is_listed
        FROM (SELECT * FROM {Place._meta.db_table} WHERE session_id = $1) AS p
        FULL JOIN (SELECT * FROM {Attendance._meta.db_table} WHERE session_id = $1) AS a ON a.place_id = p.id
    )
    SELECT {", ".join(f"count(*) FILTER (WHERE {condition})" for condition in _SUMS.values())},
        greatest({_LAST}),
        ARRAY(SELECT fact FROM found WHERE is_listed ORDER BY noted_at DESC, fact DESC LIMIT $2)
    FROM found LEFT JOIN {WalkIn._meta.db_table} AS somebody ON somebody.id = found.walk_in
    """,  # noqa: S608
    session="bigint",
    newest="bigint",
)


def not_marked_yet(session: Session, counts: Counts | None, find: str = "", most: int = FIRST_EXPECTED) -> Rows:
    """Return the first ``most`` who stand on the register without a mark and match ``find``, by last name.

    ``counts`` are the figures of the register; who looks for something may give None.
    """
    if find:
        rows, total = _found(_unmarked(session, find), most)
    else:
        total = counts.unmarked if counts else 0
        rows = _first_unmarked().rows(session=session.pk, most=most) if total else []
    return Rows([_of_place(place) for place in rows], total)


def _unmarked(session: Session, find: str) -> QuerySet:
    found = _matching(on_the_register(session).filter(marked__isnull=True), find, person="person__", walk_in=None)
    return found.select_related("person", "organisation").order_by("person__sort_name", "pk")


def already_marked(session: Session, counts: Counts, find: str = "", most: int = FIRST_MARKED) -> Rows:
    """Return the ``most`` who were marked last and match ``find``, the newest first, each with what to undo.

    ``counts`` are the figures of the register with its ``most`` newest rows.
    """
    if find:
        rows, total = _found(_marked(session, find), most)
    else:
        total = counts.listed
        rows = _some_marked().rows(session=session.pk, facts=counts.newest) if total else []
    presses = _standing(rows)
    return Rows([_of_fact(row, presses[row.place_id or row.walk_in_id]) for row in rows], total)


def _marked(session: Session, find: str) -> QuerySet:
    found = _facts_of(session).filter(Q(there__person__isnull=False) | Q(walk_in__isnull=False))
    found = _matching(found, find, person="place__person__", walk_in="walk_in__")
    related = ("place__person", "walk_in__person", "organisation")
    return found.select_related(*related).order_by("-noted_at", "-pk")


def _facts_of(session: Session) -> QuerySet[Attendance]:
    """Return what was marked in ``session``; ``there`` is the place that it is about."""
    # As in ``on_the_register``.
    there = FilteredRelation("place", condition=Q(place__session=session))
    return Attendance.objects.annotate(there=there).filter(session=session)


def _found(rows: QuerySet, most: int) -> tuple[list[Any], int]:
    """Return the first of ``rows``, in which somebody is looked for, and how many there are."""
    found = list(rows.annotate(total=Window(Count("pk")))[:most])
    return found, found[0].total if found else 0


# What a row says is read; each model has its number and those of the others besides.


@cache
def _first_unmarked() -> Reading:
    rows, most = _unmarked(_ONE, ""), NUMBER + 3
    # Chosen first: else PostgreSQL reads the person of each of three hundred to show ten.
    shown = rows.filter(one_of("pk", rows.values("pk")[:most])).only("person__name", "organisation__name")
    return Reading("register_unmarked", shown, session=_ONE.pk, most=most)


@cache
def _some_marked() -> Reading:
    shown = _marked(_ONE, "").filter(among("pk", ())).only(
        "outcome", "noted_at", "organisation__name", "place__person__name", "walk_in__name", "walk_in__person__name"
    )  # fmt: skip
    return Reading("register_marked", shown, session=_ONE.pk, facts=())


def seniors_on_register(session: Session) -> tuple[list[SeniorAttendance], list[Mandate]]:
    """Return the senior managers asked or coming, each with ``mandate`` (or None), and every other mandate of the day.

    Who has come is among the first; who was told that they are not needed is among the others, and so is another
    mandate of somebody who is listed: they may have come for that organisation.
    """
    mandates = _mandates().rows(day=session.date, programme=session.programme_id)
    held = {(mandate.person_id, mandate.organisation_id): mandate for mandate in mandates}
    seniors = _seniors().rows(session=session.pk)
    for own in seniors:
        own.mandate = held.get((own.person_id, own.organisation_id))
    listed = {(own.person_id, own.organisation_id) for own in seniors}
    return seniors, [each for each in mandates if (each.person_id, each.organisation_id) not in listed]


@cache
def _mandates() -> Reading:
    found = Mandate.objects.on(_ONE.date).filter(programme=_ONE.programme_id).select_related("person", "organisation")
    rows = found.order_by("organisation__name", "person__sort_name", "pk")
    return Reading("register_mandates", rows, day=_ONE.date, programme=_ONE.programme_id)


@cache
def _seniors() -> Reading:
    found = SeniorAttendance.objects.filter(session=_ONE).select_related("person", "organisation")
    found = found.exclude(state__in=(CoverState.WITHDRAWN, CoverState.APOLOGIES))
    return Reading("register_seniors", found.order_by("person__sort_name", "pk"), session=_ONE.pk)


def _matching(found: QuerySet, find: str, *, person: str, walk_in: str | None) -> QuerySet:
    """Keep the rows in which every word of ``find`` stands in the name (accents aside) or the organisation."""
    for word in find.replace("\x00", " ").split()[:_MOST_WORDS]:
        wanted = Q(organisation__name__icontains=word) | Q(**{f"{person}name__icontains": word})
        if plain := sort_key(word):
            wanted |= Q(**{f"{person}sort_name__icontains": plain})
        if walk_in:
            wanted |= Q(**{f"{walk_in}name__icontains": word})
        found = found.filter(wanted)
    return found


_MARKS = prepared(
    "register_marks",
    f"SELECT id, kind, undoes, place_id, walk_in_id FROM {Mark._meta.db_table} "  # noqa: S608
    "WHERE place_id = ANY($1) OR walk_in_id = ANY($2) ORDER BY made_at, id",
    places="bigint[]",
    walk_ins="uuid[]",
)


def _standing(rows: Iterable[Attendance]) -> dict[int | UUID, list[Press]]:
    """Return the standing presses of each place and walk-in of ``rows``, the oldest first."""
    places, walk_ins = [], {}
    for row in rows:
        if row.place_id:
            places.append(row.place_id)
        else:
            walk_ins[row.walk_in_id] = row.walk_in
    found: dict[int | UUID, list[Press]] = defaultdict(list)
    for key in walk_ins:
        found[key].append(Press(key, MarkKind.ATTENDED))
    for pk, kind, undoes, place, walk_in in _MARKS.rows(places=places, walk_ins=list(walk_ins)):
        found[place or walk_in].append(Press(pk, kind, undoes))
    return defaultdict(list, {key: standing(presses) for key, presses in found.items()})


def _of_place(place: Place) -> Line:
    return Line(place.person.name, place.organisation.name, place.person, place=place.pk)


def _of_fact(row: Attendance, presses: list[Press]) -> Line:
    person = row.walk_in.person if row.walk_in else row.place.person
    line = Line(
        row.walk_in.name if row.walk_in else person.name,
        row.organisation.name,
        person,
        place=row.place_id,
        walk_in=row.walk_in_id,
    )
    line.attendance, line.outcome, line.saved_at = row.pk, row.outcome, row.noted_at
    line.kinds = tuple(press.kind for press in presses)
    line.undo = presses[-1].id if presses else None
    return line
