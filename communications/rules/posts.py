"""Who may write a series of posts."""

from datetime import date
from typing import Any

from django.db.models import QuerySet, Value

from accounts.permissions import AUTHOR, Assignment, Permission, RoleSource, has
from briefings.models import Programme
from communications.models import PostSeries


def _written(person: int, on: date) -> QuerySet:
    return PostSeries.objects.filter(author=person).values_list(Value(""), "pk")


AUTHORSHIPS = RoleSource(_written, lambda code, pk: Assignment(AUTHOR, f"{PostSeries._meta.label_lower}:{pk}"))
"""Who writes which series."""


def can_write(person: Any, series: PostSeries) -> bool:
    """Return whether ``person`` writes the posts of ``series``: its author, and the coordinators of its programme."""
    if has(person, Permission.WRITE_POSTS, series):
        return True
    return series.programme is not None and has(person, Permission.WRITE_POSTS, series.programme)


def can_manage_series(person: Any, programme: Programme | None) -> bool:
    """Return whether ``person`` may start a series in ``programme`` (or in none) and say who writes it."""
    return has(person, Permission.MANAGE_PROGRAMME, programme)
