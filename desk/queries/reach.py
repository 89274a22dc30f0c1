"""Reach: of all eligible practitioners of a programme, how far the briefings have come with each."""

from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from datetime import date

from django.core.exceptions import EmptyResultSet
from django.db import connection

from attendance.models import CAME, SEATED, Attendance, Invitation, Outcome, Place, WalkIn
from briefings.models import Partner, Programme, Session
from briefings.queries import affiliations_in_scope, area_ids_in_scope
from organisations.models import HeadCount

_HOW_FAR = """
WITH eligible AS (
  SELECT DISTINCT ON (person_id) person_id, organisation_id FROM ({scope}) AS found
  ORDER BY person_id, affiliation_id
), day AS (
  SELECT a.person_id, bool_or(a.outcome = ANY(%(came)s)) AS came,
         bool_or(a.outcome = ANY(%(came)s) AND a.walk_in_id IS NOT NULL) AS walked_in,
         bool_or(a.outcome = %(excused)s) AS excused
  FROM {attendance} a JOIN {session} s ON s.id = a.session_id
  WHERE s.programme_id = %(programme)s AND a.person_id IS NOT NULL GROUP BY a.person_id
), seated AS (
  SELECT DISTINCT p.person_id FROM {place} p JOIN {session} s ON s.id = p.session_id
  WHERE s.programme_id = %(programme)s AND p.state = ANY(%(seated)s) AND p.missed_at IS NULL
), invited AS (SELECT person_id FROM {invitation} WHERE programme_id = %(programme)s),
known AS (
  SELECT e.organisation_id, COALESCE(day.came, false) AS came, COALESCE(day.walked_in, false) AS walked_in,
         seated.person_id IS NOT NULL AS holds, COALESCE(day.excused, false) AS excused,
         invited.person_id IS NOT NULL AS called
  FROM eligible e LEFT JOIN day USING (person_id) LEFT JOIN seated USING (person_id) LEFT JOIN invited USING (person_id)
)
SELECT organisation_id, count(*), count(*) FILTER (WHERE came), count(*) FILTER (WHERE walked_in),
       count(*) FILTER (WHERE NOT came AND holds), count(*) FILTER (WHERE NOT came AND NOT holds AND excused),
       count(*) FILTER (WHERE NOT came AND NOT holds AND NOT excused AND called)
FROM known GROUP BY organisation_id
UNION ALL
SELECT NULL, count(*), 0, 0, 0, 0, 0 FROM {walk_in} w JOIN {session} s ON s.id = w.session_id
WHERE s.programme_id = %(programme)s AND w.person_id IS NULL
"""
"""One row for each organisation, and one without a name for walk-ins that nobody has matched to a person yet."""


@dataclass
class Reach:
    """How far the briefings have come with the eligible practitioners of one organisation, or of all.

    Everybody counts once, as the first that holds: attended (``walked_in`` of them without a place), holds a place,
    excused, invited; the rest was never reached. ``eligible`` is the larger of ``named`` and the head-count.
    """

    name: str = ""
    named: int = 0
    counted: int = 0
    attended: int = 0
    walked_in: int = 0
    booked: int = 0
    excused: int = 0
    invited: int = 0

    @property
    def eligible(self) -> int:
        return max(self.named, self.counted)

    @property
    def never(self) -> int:
        return self.eligible - self.attended - self.booked - self.excused - self.invited

    @property
    def called(self) -> int:
        """Invited without a place, those who excused themselves among them."""
        return self.invited + self.excused

    @property
    def per_cent(self) -> int:
        """Attended as per cent of the eligible, halves upwards."""
        return (200 * self.attended + self.eligible) // (2 * self.eligible) if self.eligible else 0

    @property
    def by_head_count(self) -> bool:
        return self.counted > self.named


@dataclass
class ReachOf:
    """The reach of one programme: by organisation, and where the numbers come from."""

    rows: list[Reach] = field(default_factory=list)
    head_counts: list[tuple[str, int, date, str]] = field(default_factory=list)
    """For each organisation whose head-count is the denominator: name, number, latest day, who said so."""
    unmatched: int = 0

    @property
    def total(self) -> Reach:
        """All organisations together, with the denominator of each."""
        whole = Reach(name="All organisations")
        for part in fields(Reach)[1:]:
            setattr(whole, part.name, sum(getattr(row, part.name) for row in self.rows))
        whole.counted = whole.named = sum(row.eligible for row in self.rows)
        return whole

    @property
    def named(self) -> int:
        return sum(row.named for row in self.rows if not row.by_head_count)

    @property
    def by_list(self) -> int:
        return sum(1 for row in self.rows if row.named and not row.by_head_count)


def reach_of(programme: Programme, on: date) -> ReachOf:
    """Return the reach of ``programme`` on the day ``on``, by partner organisation of that day, by name.

    Somebody eligible in two organisations counts in the one that was known first. A head-count is the denominator
    where it is larger than the staff list (product.md, "head-count"): a list of three who booked by themselves is not
    the whole of a trust.
    """
    partners = Partner.objects.on(on).filter(programme=programme).select_related("organisation")
    rows = {partner.organisation_id: Reach(partner.organisation.name) for partner in partners}
    found = ReachOf()
    for organisation, named, attended, walked_in, booked, excused, invited in _how_far(programme, on):
        if organisation is None:
            found.unmatched = named
        elif organisation in rows:
            own = rows[organisation]
            own.named, own.attended, own.walked_in = named, attended, walked_in
            own.booked, own.excused, own.invited = booked, excused, invited
    _add_head_counts(rows, found, _head_counts(programme, rows, on))
    found.rows = sorted(rows.values(), key=lambda row: row.name.casefold())
    return found


def _how_far(programme: Programme, on: date) -> list[tuple]:
    scope = affiliations_in_scope(programme, on).order_by().values_list("person_id", "organisation_id", "pk")
    with connection.cursor() as cursor:
        try:
            inner, parameters = scope.query.sql_with_params()
        except EmptyResultSet:  # no area or profession is in scope yet
            inner, parameters = "SELECT 0, 0, 0 WHERE false", ()
        named = {f"scope_{number}": value for number, value in enumerate(parameters)}
        inner = inner % tuple(f"%({name})s" for name in named)
        statement = _HOW_FAR.format(
            scope=f"SELECT * FROM ({inner}) AS rows (person_id, organisation_id, affiliation_id)",  # noqa: S608 the ORM's own
            attendance=Attendance._meta.db_table, session=Session._meta.db_table, place=Place._meta.db_table,
            invitation=Invitation._meta.db_table, walk_in=WalkIn._meta.db_table,
        )  # fmt: skip
        own = {"programme": programme.pk, "came": list(CAME), "seated": list(SEATED), "excused": Outcome.EXCUSED}
        cursor.execute(statement, named | own)
        return cursor.fetchall()


def _head_counts(programme: Programme, organisations: Iterable[int], on: date) -> list[HeadCount]:
    """Return the newest head-count of each organisation, profession and area in scope."""
    found = HeadCount.objects.filter(organisation__in=list(organisations), counted_on__lte=on)
    if not programme.every_profession:
        found = found.filter(profession__in=programme.professions.all())
    areas = area_ids_in_scope(programme)
    if areas is not None:
        found = found.filter(area__in=areas)
    newest = found.order_by("organisation_id", "profession_id", "area_id", "-counted_on")
    return list(newest.distinct("organisation_id", "profession_id", "area_id").select_related("said_by"))


def _add_head_counts(rows: dict[int, Reach], found: ReachOf, counts: list[HeadCount]) -> None:
    last: dict[int, HeadCount] = {}
    for count in counts:
        rows[count.organisation_id].counted += count.number
        newest = last.setdefault(count.organisation_id, count)
        if count.counted_on > newest.counted_on:
            last[count.organisation_id] = count
    for organisation, count in last.items():
        own = rows[organisation]
        if own.by_head_count:
            said_by = count.said_by.name if count.said_by else ""
            found.head_counts.append((own.name, own.counted, count.counted_on, said_by))
    found.head_counts.sort()
