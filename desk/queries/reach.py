"""Reach: of all eligible practitioners of a programme, how far the briefings have come with each."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, fields
from datetime import date, timedelta

from attendance.models import SeatCount
from attendance.queries.cells import HOW_FAR, INVITED, READ, Key, how_far, read_cells
from briefings.models import Partner, Programme
from briefings.queries import area_ids_in_scope
from face.keeping import Sources
from organisations.models import Area, HeadCount, Profession

SOURCES = Sources(*READ, HeadCount, Profession, SeatCount)
"""What reach is counted from, and the figures of the sessions that stand beside it."""

_HOW_FAR = f"""{HOW_FAR}
SELECT organisation_id, profession_id, area_id, count(*), count(*) FILTER (WHERE came),
       count(*) FILTER (WHERE came AND walked_in), count(*) FILTER (WHERE NOT came AND holds),
       count(*) FILTER (WHERE NOT came AND NOT holds AND excused),
       count(*) FILTER (WHERE NOT came AND NOT holds AND NOT excused AND absent),
       count(*) FILTER (WHERE {INVITED})
FROM known GROUP BY organisation_id, profession_id, area_id
UNION ALL
SELECT NULL, NULL, NULL, count(*), 0, 0, 0, 0, 0, 0 FROM {{walk_in}} w JOIN {{session}} s ON s.id = w.session_id
WHERE s.programme_id = %(programme)s AND w.person_id IS NULL
"""  # noqa: S608 constants alone
"""One row for each cell, and one without an organisation for walk-ins that nobody has matched to a person yet."""
_WEEKS = """, first AS (
  SELECT a.person_id, min(s.date) AS day FROM {attendance} a JOIN {session} s ON s.id = a.session_id
  WHERE s.programme_id = %(programme)s AND a.outcome = ANY(%(came)s) AND s.date <= %(until)s GROUP BY a.person_id
)
SELECT organisation_id, profession_id, area_id, date_trunc('week', day)::date, count(*)
FROM eligible JOIN first USING (person_id) GROUP BY 1, 2, 3, 4
"""
"""For each cell and week (its Monday) how many came for the first time."""


@dataclass
class Reach:
    """How far the briefings have come with the eligible practitioners of one cell, one organisation, or of all.

    Everybody counts once, as the first that holds: attended (``walked_in`` of them never with a place), holds a place,
    excused, absent, invited; the rest was never reached. ``counted`` is the head-count that was said, ``extra`` how
    many of it are not among the ``named``.
    """

    name: str = ""
    named: int = 0
    counted: int = 0
    extra: int = 0
    attended: int = 0
    walked_in: int = 0
    booked: int = 0
    excused: int = 0
    absent: int = 0
    invited: int = 0

    @property
    def eligible(self) -> int:
        return self.named + self.extra

    @property
    def never(self) -> int:
        return self.eligible - self.attended - self.booked - self.excused - self.absent - self.invited

    @property
    def never_named(self) -> int:
        """Of those never reached, how many are known by name and can be invited."""
        return self.never - self.extra

    @property
    def called(self) -> int:
        """Invited without a place, those who excused themselves or were absent among them."""
        return self.invited + self.excused + self.absent

    @property
    def gap(self) -> int:
        """Everybody who has not attended and holds no place."""
        return self.called + self.never

    @property
    def per_cent(self) -> int:
        """Attended as per cent of the eligible, halves upwards."""
        return _per_cent(self.attended, self.eligible)

    @property
    def came_with_place(self) -> int:
        return self.attended - self.walked_in

    @property
    def due(self) -> int:
        """Who had a place on a day that is over: came with it, excused or absent."""
        return self.came_with_place + self.excused + self.absent

    @property
    def of_due(self) -> int:
        """Who came with their place as per cent of ``due``, halves upwards."""
        return _per_cent(self.came_with_place, self.due)

    @property
    def by_head_count(self) -> bool:
        return self.extra > 0

    def add(self, other: "Reach") -> None:
        """Add the numbers of ``other``."""
        own, more = self.__dict__, other.__dict__
        for name in _NUMBERS:  # a county has a thousand cells: this is most of what its page computes
            own[name] += more[name]


_NUMBERS = tuple(part.name for part in fields(Reach)[1:])


def _per_cent(part: int, whole: int) -> int:
    return (200 * part + whole) // (2 * whole) if whole else 0


@dataclass
class ReachOf:
    """The reach of one programme: by organisation, by cell, and where the numbers come from."""

    rows: list[Reach] = field(default_factory=list)
    head_counts: list[tuple[str, int, date, str]] = field(default_factory=list)
    """For each organisation in whose denominator a head-count is: name, number, latest day, who said so."""
    unmatched: int = 0
    cells: dict[Key, Reach] = field(default_factory=dict)
    names: dict[str, dict[int | None, str]] = field(default_factory=dict)
    """Of each of "organisation", "profession", "area" the names by id."""

    @property
    def total(self) -> Reach:
        """All organisations together, with the denominator of each."""
        return summed("All organisations", self.rows)

    @property
    def named(self) -> int:
        return sum(row.named for row in self.rows if not row.by_head_count)

    @property
    def by_list(self) -> int:
        return sum(1 for row in self.rows if row.named and not row.by_head_count)


def summed(name: str, parts: Iterable[Reach]) -> Reach:
    """Return the sum of ``parts`` under ``name``."""
    whole = Reach(name)
    for part in parts:
        whole.add(part)
    return whole


def reach_of(programme: Programme, on: date, *, until: date = date.max, with_names: bool = False) -> ReachOf:
    """Return the reach of ``programme`` on the day ``on``, by partner organisation of that day, by name.

    ``with_names`` reads the names of professions and areas too: two queries more. What was noted at
    sessions after ``until`` is left out.

    Somebody eligible in two organisations counts in the one that was known first, in several areas in the one that was
    added first. A head-count is the denominator of a cell where it is larger than the staff list (product.md,
    "head-count"): a list of three who booked by themselves is not the whole of a trust.
    """
    partners = Partner.objects.on(on).filter(programme=programme).select_related("organisation")
    rows = {partner.organisation_id: Reach(partner.organisation.name) for partner in partners}
    areas = area_ids_in_scope(programme)
    found = ReachOf(names={"organisation": {pk: row.name for pk, row in rows.items()}})
    for organisation, profession, area, *numbers in _read(_HOW_FAR, programme, on, until, areas):
        if organisation is None:
            found.unmatched = numbers[0]
        elif organisation in rows:
            named, attended, walked_in, booked, excused, absent, invited = numbers
            found.cells[organisation, profession, area] = Reach(
                named=named, attended=attended, walked_in=walked_in, booked=booked, excused=excused, absent=absent,
                invited=invited,
            )  # fmt: skip
    counts = _head_counts(programme, rows, on, areas)
    _add_head_counts(found.cells, counts)
    for key, cell in found.cells.items():
        rows[key[0]].add(cell)
    _say_where_from(rows, found, counts)
    if with_names:
        _add_names(found)
    found.rows = sorted(rows.values(), key=lambda row: row.name.casefold())
    return found


def weeks_of(programme: Programme, on: date, chosen: Callable[[Key], bool]) -> list[tuple[date, int, int]]:
    """Return by week (its Monday) how many of the cells that are ``chosen`` came first then, and how many so far.

    From the first week in which anybody came to that of ``on``, those without anybody among them; one query.
    """
    counts: Counter[date] = Counter()
    for organisation, profession, area, week, number in _read(_WEEKS, programme, on, on, area_ids_in_scope(programme)):
        if chosen((organisation, profession, area)):
            counts[week] += number
    found, so_far = [], 0
    week, last = min(counts, default=on), on
    while counts and week <= last:
        so_far += counts[week]
        found.append((week, counts[week], so_far))
        week += timedelta(days=7)
    return found


def _read(statement: str, programme: Programme, on: date, until: date, areas: set[int] | None) -> list[tuple]:
    return read_cells(statement, programme, on, areas, how_far(until))


def _head_counts(
    programme: Programme, organisations: Iterable[int], on: date, areas: set[int] | None
) -> list[HeadCount]:
    """Return the newest head-count of each organisation, profession and area in scope."""
    found = HeadCount.objects.filter(organisation__in=list(organisations), counted_on__lte=on)
    if not programme.every_profession:
        found = found.filter(profession__in=programme.professions.all())
    if areas is not None:
        found = found.filter(area__in=areas)
    newest = found.order_by("organisation_id", "profession_id", "area_id", "-counted_on")
    return list(newest.distinct("organisation_id", "profession_id", "area_id").select_related("said_by"))


def _add_head_counts(cells: dict[Key, Reach], counts: list[HeadCount]) -> None:
    """Let a head-count stand where it is larger than the list of its cell.

    People on a list that does not say profession or area may be among those counted: they are taken off, the largest
    remainder first, so that nobody counts twice.
    """
    unplaced: Counter[int] = Counter()
    for (organisation, profession, area), cell in cells.items():
        if profession is None or area is None:
            unplaced[organisation] += cell.named
    by_organisation: dict[int, list[Reach]] = defaultdict(list)
    for count in counts:
        cell = cells.setdefault((count.organisation_id, count.profession_id, count.area_id), Reach())
        cell.counted = count.number
        cell.extra = max(count.number - cell.named, 0)
        by_organisation[count.organisation_id].append(cell)
    for organisation, own in by_organisation.items():
        for cell in sorted(own, key=lambda each: -each.extra):
            taken = min(cell.extra, unplaced[organisation])
            cell.extra -= taken
            unplaced[organisation] -= taken


def _say_where_from(rows: dict[int, Reach], found: ReachOf, counts: list[HeadCount]) -> None:
    last: dict[int, HeadCount] = {}
    for count in counts:
        newest = last.setdefault(count.organisation_id, count)
        if count.counted_on > newest.counted_on:
            last[count.organisation_id] = count
    for organisation, count in last.items():
        own = rows[organisation]
        if own.by_head_count:
            said_by = count.said_by.name if count.said_by else ""
            found.head_counts.append((own.name, own.counted, count.counted_on, said_by))
    found.head_counts.sort()


def _add_names(found: ReachOf) -> None:
    """Read the names of professions and areas in two queries."""
    for place, (name, model) in enumerate((("profession", Profession), ("area", Area)), start=1):
        ids = {key[place] for key in found.cells}
        known = dict(model.objects.filter(pk__in=ids - {None}).values_list("pk", "name"))
        found.names[name] = known | {None: f"{name.capitalize()} not known"}
