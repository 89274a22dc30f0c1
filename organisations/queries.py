"""What is asked of organisations and people from several tables."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import QuerySet

from organisations.models import Affiliation, Area, HeadCount, HeadCountRequest, Organisation

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
