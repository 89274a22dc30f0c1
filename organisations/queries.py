"""What is asked of organisations and people from several tables."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from typing import NamedTuple

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, Q, QuerySet

from history.statements import DAY, NUMBER, Prepared, among, compiled
from organisations.models import (
    A_YEAR,
    Affiliation,
    AffiliationArea,
    Area,
    HeadCount,
    HeadCountRequest,
    Organisation,
)

HEAD_COUNT_LINK_LIFE = timedelta(days=60)
"""How long the link in the mail that asks for head-counts opens its page."""


def organisations_for_address(email: str) -> QuerySet[Organisation]:
    """Return the organisations whose mail domain the address ``email`` has, by name; none for an unknown domain.

    A shared domain (nhs.net) gives several. ``team.example.org`` counts where only ``example.org`` is listed.
    """
    labels = email.rpartition("@")[2].strip().lower().split(".")
    domains = [".".join(labels[start:]) for start in range(max(len(labels) - 1, 0))]
    return Organisation.objects.filter(mail_domains__domain__in=domains, ended_on__isnull=True).distinct()


def current_head_counts(organisation: Organisation) -> QuerySet[HeadCount]:
    """Return for each profession and area what the organisation said last, by profession and area."""
    one_each = ("profession__name", "profession_id", "area__name", "area_id")
    found = HeadCount.objects.filter(organisation=organisation).select_related("profession", "area", "said_by")
    return found.order_by(*one_each, "-counted_on", "-pk").distinct(*one_each)


def requests_waiting(organisation: Organisation, now: datetime) -> QuerySet[HeadCountRequest]:
    """Return the requests for head-counts whose links still open and that nobody has answered, newest first."""
    since = now - HEAD_COUNT_LINK_LIFE
    return HeadCountRequest.objects.filter(organisation=organisation, answered_at=None, asked_at__gt=since)


@dataclass(frozen=True)
class PlacedArea:
    """An area in the tree: ``depth`` is 0 at the top, ``above`` the names of the larger ones, the largest first."""

    area: Area
    depth: int
    above: list[str]


def areas_in_order() -> list[PlacedArea]:
    """Return all areas, each after the larger one it lies in, by name. One query."""
    known = {area.pk: area for area in Area.objects.all()}
    above = {pk: [known[part].name for part in area.ancestor_ids() if part in known] for pk, area in known.items()}
    rows = [PlacedArea(area, len(above[pk]), above[pk]) for pk, area in known.items()]
    return sorted(rows, key=lambda row: [*(name.casefold() for name in row.above), row.area.name.casefold()])


def last_days(ties: Iterable[Affiliation]) -> list[Affiliation]:
    """Return the ties, each with ``last_day``: the day before ``until``, as people say it; None where it goes on."""
    rows = list(ties)
    for tie in rows:
        tie.last_day = tie.until and tie.until - timedelta(days=1)
    return rows


class ListedTie(NamedTuple):
    """What a list of people shows of a tie: plain values, as a page has some dozens of them."""

    person_id: int
    organisation: str
    profession: str | None
    areas: list[str]
    until: date | None
    has_left: bool = False


def listed(ties: QuerySet[Affiliation]) -> QuerySet[Affiliation]:
    """Return ``ties`` by organisation, the oldest first, as rows of what a ``ListedTie`` begins with."""
    areas = AffiliationArea.objects.filter(affiliation=OuterRef("pk")).order_by("area__name", "area_id")
    found = ties.order_by("organisation__name", "since", "pk")
    return found.values_list(
        "person_id", "organisation__name", "profession__name", ArraySubquery(areas.values("area__name")), "until"
    )


def known_ties(
    people: Iterable[int], on: date, there: list[int] | None = None, own: int | None = None
) -> dict[int, list[ListedTie]]:
    """Return what ties ``people`` to organisations on ``on``, or did within the year before: by their ids. One query.

    ``there``: none but ties to these organisations, and those of ``own`` (a person).
    """
    values = {"people": list(people), "since": on - A_YEAR}
    if not values["people"]:
        rows = []
    elif there is None:
        rows = _known(everywhere=True).rows(**values)
    else:
        rows = _known(everywhere=False).rows(**values, there=there, own=own)
    return by_person(ListedTie(*row, has_left=row[-1] is not None and row[-1] <= on) for row in rows)


def by_person(ties: Iterable[ListedTie]) -> dict[int, list[ListedTie]]:
    """Return ``ties`` by the person, in their order."""
    found: dict[int, list[ListedTie]] = {}
    for tie in ties:
        found.setdefault(tie.person_id, []).append(tie)
    return found


_SOMEWHERE = (NUMBER,)


@cache
def _known(*, everywhere: bool) -> Prepared:
    found = Affiliation.objects.known_on(DAY + A_YEAR).filter(among("person", ()))
    if everywhere:
        return compiled("known_ties", listed(found), people=(), since=DAY)
    found = found.filter(Q(among("organisation", _SOMEWHERE)) | Q(person=NUMBER))
    return compiled("known_ties_there", listed(found), people=(), since=DAY, there=_SOMEWHERE, own=NUMBER)
