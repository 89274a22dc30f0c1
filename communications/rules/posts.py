"""Who may write a series of posts."""

from collections.abc import Iterable
from typing import Any

from accounts.models import Person
from accounts.permissions import AUTHOR, Assignment, Permission, has
from briefings.models import Programme
from communications.models import PostSeries


def authorships_of(person: Person) -> Iterable[Assignment]:
    """Return the role of author for each series that ``person`` writes, in one query. The role source of posts."""
    series = PostSeries.objects.filter(author=person).values_list("pk", flat=True)
    return [Assignment(AUTHOR, f"{PostSeries._meta.label_lower}:{pk}") for pk in series]


def can_write(person: Any, series: PostSeries) -> bool:
    """Return whether ``person`` writes the posts of ``series``: its author, and the coordinators of its programme."""
    if has(person, Permission.WRITE_POSTS, series):
        return True
    return series.programme is not None and has(person, Permission.WRITE_POSTS, series.programme)


def can_manage_series(person: Any, programme: Programme | None) -> bool:
    """Return whether ``person`` may start a series in ``programme`` (or in none) and say who writes it."""
    return has(person, Permission.MANAGE_PROGRAMME, programme)
