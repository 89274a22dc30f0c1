"""What is shown and decided from several tables of a programme."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache, lru_cache

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import BooleanField, CharField, Exists, ExpressionWrapper, F, Func, OuterRef, Q, QuerySet
from django.db.models.lookups import StartsWith
from django.utils.timezone import localdate

from accounts.models import Person
from briefings.models import Appointment, Mandate, Partner, Programme, ProgrammeRole
from face.keeping import kept_rows
from history.statements import DAY, NUMBER, Prepared, among, compiled
from organisations.models import Affiliation, AffiliationArea, AffiliationQuerySet, Area
from organisations.queries import ListedTie, by_person, listed


def area_ids_in_scope(programme: Programme) -> set[int] | None:
    """Return the ids of the areas in scope and of all areas inside them; None where every area is in scope."""
    if programme.every_area:
        return None
    return {pk for (pk,) in _areas().rows(programme=programme.pk)}


@cache
def _areas() -> Prepared:
    found = areas_in_scope(Programme(pk=NUMBER)).order_by().values_list("pk")
    return compiled("areas_in_scope", found, programme=NUMBER)


def areas_in_scope(programme: Programme) -> QuerySet[Area]:
    """Return the areas that ``programme`` names, and all areas inside them."""
    path = ExpressionWrapper(OuterRef("path"), output_field=CharField())
    named = Programme.areas.through.objects.filter(programme=programme)
    return Area.objects.filter(Exists(named.filter(StartsWith(path, F("area__path")))))


def affiliations_in_scope(
    programme: Programme, on: date, *, areas: QuerySet[Area] | None = None
) -> AffiliationQuerySet:
    """Return the affiliations that make their people eligible on ``on``.

    Eligible is who belongs to a partner organisation of that day, in a profession in scope, in an area in scope or
    inside one (product.md, "practitioner"). ``areas``: those in scope, where they are not to be read beforehand.
    """
    return _ties_in_scope(programme, on, areas).filter(person__is_active=True)


def _ties_in_scope(
    programme: Programme, on: date, areas: QuerySet[Area] | Iterable[int] | None = None
) -> AffiliationQuerySet:
    """Return what ``affiliations_in_scope`` does, also of closed accounts: for who reads the person all the same."""
    partners = Partner.objects.on(on).filter(_still_there(on), programme=programme).values("organisation")
    found = Affiliation.objects.on(on).filter(one_of("organisation", partners))
    if not programme.every_profession:
        found = found.filter(one_of("profession", programme.professions.order_by().values("pk")))
    if not programme.every_area:
        inside = area_ids_in_scope(programme) if areas is None else areas
        if isinstance(inside, QuerySet):
            inside = inside.order_by().values("pk")
        found = found.filter(Exists(AffiliationArea.objects.filter(affiliation=OuterRef("pk"), area__in=inside)))
    return found


def one_of(name: str, ids: QuerySet) -> Func:
    """Return the condition that the key ``name`` is among ``ids``, read once: so an index finds the rows."""
    template = {"template": "%(expressions)s)", "arg_joiner": " = ANY("}
    return Func(F(name), ArraySubquery(ids), output_field=BooleanField(), **template)


def _still_there(on: date) -> Q:
    return Q(organisation__ended_on__isnull=True) | Q(organisation__ended_on__gt=on)


@dataclass(frozen=True)
class Scope:
    """Whom a programme is for on one day, read once for many people; None stands for every profession or area."""

    on: date
    organisations: frozenset[int]
    professions: frozenset[int] | None
    areas: frozenset[int] | None

    @classmethod
    def of(cls, programme: Programme, on: date) -> "Scope":
        """Return the scope of ``programme`` on the day ``on``."""
        partners = Partner.objects.on(on).filter(programme=programme).values_list("organisation", flat=True)
        professions = (
            None if programme.every_profession else frozenset(programme.professions.values_list("pk", flat=True))
        )
        areas = area_ids_in_scope(programme)
        return cls(on, frozenset(partners), professions, None if areas is None else frozenset(areas))

    def why_not(self, affiliation: Affiliation) -> list[str]:
        """Return the reasons why ``affiliation`` does not make its person eligible, in words; [] when it does."""
        reasons = self._why_not_there(affiliation)
        if affiliation.organisation_id not in self.organisations:
            reasons.append("not in scope: organisation")
        if self.professions is not None and affiliation.profession_id not in self.professions:
            reasons.append("not in scope: profession" if affiliation.profession_id else "profession not known")
        if self.areas is not None:
            own = {area.pk for area in affiliation.areas.all()}
            if not own & self.areas:
                reasons.append("not in scope: area" if own else "area not known")
        return reasons

    def _why_not_there(self, affiliation: Affiliation) -> list[str]:
        organisation = affiliation.organisation
        reasons = {
            "not there yet": affiliation.since > self.on,
            "no longer there": affiliation.until and affiliation.until <= self.on,
            "organisation has ended": organisation.ended_on and organisation.ended_on <= self.on,
            "account closed": not affiliation.person.is_active,
        }
        return [words for words, holds in reasons.items() if holds]


def why_not_in_scope(programme: Programme, affiliation: Affiliation, on: date) -> list[str]:
    """Return the reasons why ``affiliation`` does not make its person eligible on ``on``, in words; [] when it does."""
    return Scope.of(programme, on).why_not(affiliation)


def eligible_people(programme: Programme, on: date, narrow: Q | None = None) -> QuerySet[Person]:
    """Return the people eligible on ``on``; ``narrow`` is a further condition on the affiliation that makes them so."""
    affiliations = _ties_in_scope(programme, on)
    if narrow is not None:
        affiliations = affiliations.filter(narrow)
    return Person.objects.filter(pk__in=affiliations.values("person"), is_active=True)


def is_eligible(programme: Programme, on: date) -> Q:
    """Return the condition on Person of those eligible on ``on``."""
    areas = area_ids_in_scope(programme)
    return _eligible(programme.pk, programme.every_profession, None if areas is None else frozenset(areas), on)


@lru_cache(100)
def _eligible(pk: int, every_profession: bool, areas: frozenset[int] | None, on: date) -> Q:
    # Kept as it is written down, which costs more than to ask it: nothing of it is what somebody was told.
    programme = Programme(pk=pk, every_area=areas is None, every_profession=every_profession)
    return Q(Exists(_ties_in_scope(programme, on, areas).filter(person=OuterRef("pk"))), is_active=True)


def count_eligible(programme: Programme, now: datetime) -> int:
    """Return how many people are eligible on the day of ``now``."""
    [(number,)] = kept_rows(_number(*_width(programme)), now, programme=programme.pk, on=localdate(now))
    return number


def ties_in_scope(programme: Programme, people: Iterable[int], on: date) -> dict[int, list[ListedTie]]:
    """Return what makes those of ``people`` eligible on ``on`` who are: by their ids. One query."""
    of_them = list(people)
    rows = _ties(*_width(programme)).rows(programme=programme.pk, on=on, people=of_them) if of_them else []
    return by_person(ListedTie(*row) for row in rows)


def _width(programme: Programme) -> tuple[bool, bool]:
    """Return what the statements about the people in scope of ``programme`` differ by."""
    return programme.every_area, programme.every_profession


@cache
def _number(every_area: bool, every_profession: bool) -> Prepared:
    people = _anybody(every_area, every_profession).order_by().values("person").distinct()
    return compiled(
        f"number_in_scope_{every_area:d}{every_profession:d}", people, programme=NUMBER, on=DAY,
        around="SELECT count(*) FROM ({}) AS people",
    )  # fmt: skip


@cache
def _ties(every_area: bool, every_profession: bool) -> Prepared:
    found = listed(_anybody(every_area, every_profession).filter(among("person", ())))
    name = f"ties_in_scope_{every_area:d}{every_profession:d}"
    return compiled(name, found, programme=NUMBER, on=DAY, people=())


def _anybody(every_area: bool, every_profession: bool) -> AffiliationQuerySet:
    programme = Programme(pk=NUMBER, every_area=every_area, every_profession=every_profession)
    return affiliations_in_scope(programme, DAY, areas=areas_in_scope(programme))


def ties_of_eligible(programme: Programme, people: QuerySet[Person], on: date) -> QuerySet[Affiliation]:
    """Return what makes those of ``people`` eligible on ``on``, by name: plain rows, for a download of any length.

    A row is the person's id, name and address, the names of profession and organisation, and a list of areas.
    """
    areas = AffiliationArea.objects.filter(affiliation=OuterRef("pk")).order_by("area__name", "area_id")
    found = affiliations_in_scope(programme, on).filter(person__in=people.order_by().values("pk"))
    return found.order_by("person__sort_name", "person_id", "organisation__name", "pk").values_list(
        "person_id",
        "person__name",
        "person__email",
        "profession__name",
        "organisation__name",
        ArraySubquery(areas.values("area__name")),
    )


def people_not_in_scope(programme: Programme, seen: QuerySet[Person], on: date) -> QuerySet[Person]:
    """Return those of ``seen`` who belong, or belonged within a year, to an organisation but are not eligible."""
    known = Affiliation.objects.known_on(on).filter(person=OuterRef("pk"))
    # Not ``is_eligible``: two conditions together cost PostgreSQL the anti-join.
    eligible = affiliations_in_scope(programme, on).filter(person=OuterRef("pk"))
    return seen.filter(Exists(known)).exclude(Exists(eligible))


def set_up_of(programme: Programme, on: date) -> dict[str, int]:
    """Return the figures that the task list of ``programme`` and its page say on ``on``, in a handful of queries."""
    mandated = Mandate.objects.on(on).filter(programme=programme)
    partners = Partner.objects.on(on).filter(programme=programme)
    return {
        "partners": programme.partners.count(),
        "partners_now": partners.count(),
        "areas": programme.areas.count(),
        "professions": programme.professions.count(),
        "coordinators": Appointment.objects.on(on).filter(programme=programme, role=ProgrammeRole.COORDINATOR).count(),
        "roles": Appointment.objects.on(on).filter(programme=programme).count(),
        "mandated": partners.filter(organisation__in=mandated.values("organisation")).count(),
    }
