"""Who has been addressed in each stage, and who has not: by cell of organisation, profession and area in scope.

What counts as addressed is what happened: somebody of the cell attended a session of the stage's days, or a mail that
tells (``TELLS``) or a post was really sent to somebody there, or an item of the plan for that audience was done in
another way or by a post that everybody may read. Places in sessions to come and open items are ahead, no more.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date

from django.db import models
from django.db.models import Exists, OuterRef, Q

from accounts.models import Person
from attendance.models import CAME, SEATED
from attendance.queries.cells import READ, Key, read_cells
from briefings.models import Appointment, Mandate, Partner, Programme
from briefings.queries import area_ids_in_scope
from communications.models import KeptCell, PlannedItem, Post, PostState, Stage
from communications.queries.fulfilling import LINKS
from face.keeping import Sources
from history.actions import key_of
from messaging.models import Message
from organisations.models import Affiliation, Area, HeadCount, Organisation, Profession

TELLS = (
    "attendance.invitation", "attendance.invitation_reminder", "attendance.session_notice", "commitments.telling",
)  # fmt: skip
"""The kinds of mail that tell people of a programme what it is about; service mail about a place is not among them."""

POST = "communications.post"
"""The mail with a post: to whoever asked for the series, known here or not."""


class How(models.TextChoices):
    ATTENDED = "attended", "Attended a session"
    WRITTEN = "written", "Got a message or a post"  # one word: who asked for a series is nobody's business
    SAID = "said", "Told another way, as the plan says"
    BOOKED = "booked", "Not yet: holds a place"
    PLANNED = "planned", "Not yet: planned"
    NOBODY = "nobody", "Not addressed"


SOURCES = Sources(
    *READ, HeadCount, Profession, Message, Stage, KeptCell, Post, PlannedItem, PlannedItem.organisations.through,
    PlannedItem.professions.through, PlannedItem.areas.through,
)  # fmt: skip
"""What it is counted from who was addressed."""

Told = dict[int, dict[Key, set[str]]]
"""By the id of a stage and by cell: each way in which somebody of it was reached, or will be."""

ADDRESSED = (How.ATTENDED, How.WRITTEN, How.SAID)

_TOLD = """, stage AS (
  SELECT id, starts_on, ends_on FROM {stage} WHERE programme_id = %(programme)s
), told AS (
  SELECT a.person_id, stage.id AS stage_id, %(attended)s AS how
  FROM {attendance} a JOIN {session} s ON s.id = a.session_id
  JOIN stage ON s.date BETWEEN stage.starts_on AND stage.ends_on
  WHERE s.programme_id = %(programme)s AND a.outcome = ANY(%(came)s) AND a.person_id IS NOT NULL
  UNION ALL
  SELECT m.person_id, stage.id, %(written)s
  FROM {message} m JOIN stage ON (m.sent_at AT TIME ZONE %(zone)s)::date BETWEEN stage.starts_on AND stage.ends_on
  WHERE m.about = %(about)s AND m.state = 'sent' AND m.kind = ANY(%(tells)s) AND m.person_id IS NOT NULL
  UNION ALL
  SELECT x.id, stage.id, %(written)s
  FROM {message} m JOIN stage ON (m.sent_at AT TIME ZONE %(zone)s)::date BETWEEN stage.starts_on AND stage.ends_on
  JOIN {person} x ON x.email = m.address
  WHERE m.about = %(about)s AND m.state = 'sent' AND m.kind = %(post)s
  UNION ALL
  SELECT p.person_id, stage.id, %(booked)s
  FROM {place} p JOIN {session} s ON s.id = p.session_id
  JOIN stage ON s.date BETWEEN stage.starts_on AND stage.ends_on
  WHERE s.programme_id = %(programme)s AND p.state = ANY(%(seated)s) AND p.missed_at IS NULL AND s.date >= %(on)s
    AND p.person_id IS NOT NULL
)
SELECT organisation_id, profession_id, area_id, NULL::bigint, '', count(*) FROM eligible GROUP BY 1, 2, 3
UNION ALL
SELECT organisation_id, profession_id, area_id, stage_id, how, count(DISTINCT person_id)
FROM eligible JOIN told USING (person_id) GROUP BY 1, 2, 3, 4, 5
"""


@dataclass(frozen=True)
class Cell:
    """One organisation, profession and area in scope. ``people`` are those known by name; 0 where only counted."""

    key: Key
    organisation: str
    profession: str
    area: str
    people: int = 0

    def __str__(self) -> str:
        return ", ".join(filter(None, (self.organisation, self.profession, self.area)))


@dataclass
class Addressed:
    """For one stage: how each cell was addressed, the best of what is known, and to how many people that applies."""

    cells: list[Cell]
    how: dict[Key, How] = field(default_factory=dict)

    def of(self, cell: Cell) -> How:
        """Return how ``cell`` was addressed."""
        return self.how.get(cell.key, How.NOBODY)

    @property
    def counts(self) -> Counter:
        """How many cells were addressed in each way."""
        return Counter(self.of(cell) for cell in self.cells)

    @property
    def missing(self) -> list[Cell]:
        """The cells that nothing has reached yet, those with something ahead among them."""
        return [cell for cell in self.cells if self.of(cell) not in ADDRESSED]

    @property
    def forgotten(self) -> list[Cell]:
        """The cells that nothing has reached and nothing is planned for."""
        return [cell for cell in self.cells if self.of(cell) == How.NOBODY]


def addressed_of(programme: Programme, stages: Iterable[Stage], on: date) -> dict[int, Addressed]:
    """Return by the id of each of ``stages`` who was addressed in it, as known on ``on``; the queries are fixed.

    Of a stage that is over for long, what was kept of it is read: what told so by person is forgotten in time.
    """
    stages = list(stages)
    told: Told = {}
    cells: dict[int, list[Cell]] = {}
    running = [stage for stage in stages if stage.kept_on is None]
    if running:
        people, told = count_told(programme, running, on)
        cells = dict.fromkeys((stage.pk for stage in running), _named(people))
    if len(running) < len(stages):
        _read_kept([stage for stage in stages if stage.kept_on], told, cells)
    _add_plan(told, stages, cells)
    return {
        stage.pk: Addressed(cells[stage.pk], {key: best_of(hows) for key, hows in told[stage.pk].items() if hows})
        for stage in stages
    }


def count_told(programme: Programme, stages: list[Stage], on: date) -> tuple[dict[Key, int], Told]:
    """Return how many people are known in each cell on ``on``, and by stage and cell how they were reached.

    Places to come are among the ways; the plan is not.
    """
    areas = area_ids_in_scope(programme)
    parameters = {
        "attended": How.ATTENDED,
        "written": How.WRITTEN, "booked": How.BOOKED, "post": POST, "came": list(CAME),
        "seated": list(SEATED), "tells": list(TELLS), "about": key_of(programme), "zone": programme.zone, "on": on,
    }  # fmt: skip
    tables = {"stage": Stage._meta.db_table, "message": Message._meta.db_table, "person": Person._meta.db_table}
    people: dict[Key, int] = {}
    told: Told = {stage.pk: defaultdict(set) for stage in stages}
    for organisation, profession, area, stage, how, number in read_cells(
        _TOLD, programme, on, areas, parameters, **tables
    ):
        key = (organisation, profession, area)
        if stage is None:
            people[key] = number
        elif stage in told:
            told[stage][key].add(how)
    for key in _counted(programme, on, areas):
        people.setdefault(key, 0)
    return people, told


def best_of(hows: set[str]) -> How:
    """Return the best of some ways."""
    return next(How(how) for how in How.values if how in hows)


def _read_kept(stages: list[Stage], told: Told, cells: dict[int, list[Cell]]) -> None:
    """Add what was kept of ``stages``, in four queries."""
    people: dict[int, dict[Key, int]] = {stage.pk: {} for stage in stages}
    told |= {stage.pk: defaultdict(set) for stage in stages}
    for row in KeptCell.objects.filter(stage__in=stages):
        key = (row.organisation_id, row.profession_id, row.area_id)
        people[row.stage_id][key] = row.people
        if row.how:
            told[row.stage_id][key].add(row.how)
    named = {cell.key: cell for cell in _named({key: 0 for kept in people.values() for key in kept})}
    for stage, kept in people.items():
        cells[stage] = [replace(cell, people=kept[key]) for key, cell in named.items() if key in kept]


def _counted(programme: Programme, on: date, areas: set[int] | None) -> list[Key]:
    """Return the cells that a partner has only counted: people are there, though nobody is known by name."""
    partners = programme.partners.on(on).values("organisation")
    found = HeadCount.objects.filter(organisation__in=partners, counted_on__lte=on, number__gt=0)
    if not programme.every_profession:
        found = found.filter(profession__in=programme.professions.all())
    if areas is not None:
        found = found.filter(area__in=areas)
    return list(found.order_by().values_list("organisation", "profession", "area").distinct())


def _named(people: dict[Key, int]) -> list[Cell]:
    """Return the cells by name, in three queries."""
    names = [
        dict(model.objects.filter(pk__in={key[place] for key in people} - {None}).values_list("pk", "name"))
        for place, model in enumerate((Organisation, Profession, Area))
    ]
    unknown = ("", "profession not known", "area not known")
    cells = [
        Cell(key, *(names[place].get(part, unknown[place]) for place, part in enumerate(key)), people=number)
        for key, number in people.items()
    ]
    return sorted(cells, key=lambda cell: (cell.organisation.casefold(), cell.profession.casefold(), cell.area))


def _add_plan(told: Told, stages: list[Stage], cells: dict[int, list[Cell]]) -> None:
    """Let the items of the plan stand for the cells that are in their audience, in five queries."""
    items = PlannedItem.objects.filter(stage__in=stages).select_related("post")
    items = items.prefetch_related("organisations", "professions", "areas")
    paths = None
    for item in items:
        organisations, professions, areas = (
            {row.pk for row in related.all()} for related in (item.organisations, item.professions, item.areas)
        )
        if areas and paths is None:
            ids = {cell.key[2] for each in cells.values() for cell in each} - {None}
            paths = dict(Area.objects.filter(pk__in=ids).values_list("pk", "path"))
        inside = tuple(area.path for area in item.areas.all())
        if item.done_at and not _reached_all(item):
            continue  # it reached whom it reached: that is counted by who came and who was written to
        how = How.SAID if item.done_at else How.PLANNED
        for cell in cells[item.stage_id]:
            organisation, profession, area = cell.key
            fits = (not organisations or organisation in organisations) and (
                not professions or profession in professions
            )
            if fits and (not areas or (area is not None and paths.get(area, "").startswith(inside))):
                told[item.stage_id][cell.key].add(how)


def _reached_all(item: PlannedItem) -> bool:
    """Return whether the whole audience of ``item`` was told: as its words say, or by a post that stands."""
    if item.post:
        return item.post.state == PostState.PUBLISHED
    return bool(item.done_words) and not any(getattr(item, f"{name}_id") for name in LINKS)


def items_of(programme: Programme) -> models.QuerySet[PlannedItem]:
    """Return the planned items of ``programme`` with what a list shows of each."""
    found = PlannedItem.objects.filter(stage__programme=programme)
    found = found.select_related("stage__programme", "owner", *LINKS)
    return found.prefetch_related("organisations", "professions", "areas")


def owned_by(person: models.Model) -> models.QuerySet[PlannedItem]:
    """Return the open items that ``person`` owns, the next due first."""
    found = PlannedItem.objects.open().filter(owner=person).select_related("stage__programme", "link", *LINKS)
    return found.order_by("due_on", "pk")


def orphaned(on: date) -> models.QuerySet[PlannedItem]:
    """Return the open items whose owner has left on ``on``: the same as ``rules.is_still_there`` for all at once."""
    own = {"programme": OuterRef("stage__programme"), "person": OuterRef("owner")}
    partners = Partner.objects.on(on).filter(programme=OuterRef(OuterRef("stage__programme"))).values("organisation")
    tied = Affiliation.objects.on(on).filter(person=OuterRef("owner"), organisation__in=partners)
    is_there = Q(owner__is_active=True) & (
        Q(owner__is_administrator=True)
        | Exists(Appointment.objects.on(on).filter(**own))
        | Exists(Mandate.objects.on(on).filter(**own))
        | Exists(tied)
    )
    return PlannedItem.objects.open().exclude(is_there & Q(owner__isnull=False))
