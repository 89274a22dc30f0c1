"""What waits for who writes a series of posts."""

from datetime import datetime
from typing import Any

from django.urls import reverse

from accounts.permissions import AUTHOR, assignments_of
from communications.models import Post, PostSeries, PostState
from communications.queries.posts import standing_of
from desk.matters import OPEN, WAIT, Group, Matter, some
from face.dates import moment


def writing(person: Any, now: datetime) -> Group | None:
    """Return what waits for the author of a series, and what is published next; None for who writes none."""
    if not any(assignment.role == AUTHOR for assignment in assignments_of(person)):
        return None
    series = list(PostSeries.objects.filter(author=person))
    return Group(
        "Your posts",
        "writing",
        [*_reuses(series), *_scheduled(series)],
        (reverse("communications:writing-list"), "All your series"),
        "Nothing needs you today.",
    )


def _reuses(series: list[PostSeries]) -> list[Matter]:
    standing = standing_of(series)
    return [
        Matter(
            WAIT,
            f"{some(standing[each.pk].waiting, 'reuse', 'reuses')} to look at",
            reverse("communications:reuse-list", args=[each.pk]),
            f"Somebody says that they use “{each.title}”. Everybody sees it when you show it.",
        )
        for each in series
        if standing[each.pk].waiting
    ]


def _scheduled(series: list[PostSeries]) -> list[Matter]:
    found = Post.objects.filter(series__in=series, state=PostState.SCHEDULED).order_by("publish_at", "pk")
    return [
        Matter(
            OPEN,
            post.title,
            reverse("communications:post-preview", args=[post.pk]),
            f"Published on {moment(post.publish_at)}.",
            post.publish_at.isoformat(),
        )
        for post in found
    ]
