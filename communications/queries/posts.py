"""What is shown of posts: for everybody, and for who writes them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Max, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils.safestring import mark_safe

from briefings.models import Programme
from communications.models import Picture, Post, PostSeries, PostState, Reuse, ReuseState
from communications.wording import html_of, numbers_in, picture_tag
from history.actions import key_of
from messaging.markdown import framed
from messaging.streams import Stream, count_readers

NEWEST = 5
MOST_IN_FEED = 50


def newest_posts(most: int = NEWEST) -> list[Post]:
    """Return the posts that were published last, for everybody."""
    return list(Post.objects.public().select_related("series").order_by("-published_at", "-pk")[:most])


def posts_of(programme: Programme, most: int = NEWEST) -> list[Post]:
    """Return the newest published posts of the series of ``programme``."""
    found = Post.objects.published().filter(series__programme=programme).select_related("series")
    return list(found.order_by("-published_at", "-pk")[:most])


def public_series(programme: Programme | None = None) -> QuerySet[PostSeries]:
    """Return what everybody may read, the one with the newest post first, with how many posts each has."""
    found = PostSeries.objects.public().select_related("programme", "picture").prefetch_related("picture__files")
    if programme is not None:
        found = found.filter(programme=programme)
    published = Q(posts__state=PostState.PUBLISHED)
    counted = found.annotate(
        number=Count("posts", filter=published), newest=Max("posts__published_at", filter=published)
    )
    return counted.order_by("-newest", "-pk")


def in_feed(series: Iterable[PostSeries]) -> list[Post]:
    """Return the published posts of ``series`` that a feed holds, newest first, with their series."""
    found = Post.objects.published().filter(series__in=list(series)).select_related("series__programme")
    return list(found.order_by("-published_at", "-pk")[:MOST_IN_FEED])


def shown_reuses(series: PostSeries) -> QuerySet[Reuse]:
    """Return the reuses that everybody sees."""
    return series.reuses.filter(state=ReuseState.SHOWN).select_related("post")


def pictures_of(posts: Iterable[Post]) -> dict[tuple[int, int], Picture]:
    """Return the pictures that ``posts`` show, by series and number, with their files, in two queries."""
    named = {(post.series_id, number) for post in posts for number in numbers_in(post.words)}
    if not named:
        return {}
    found = Picture.objects.filter(series__in={series for series, _ in named}).prefetch_related("files")
    return {(each.series_id, each.number): each for each in found if (each.series_id, each.number) in named}


def html_of_post(post: Post, pictures: dict[tuple[int, int], Picture], base: str = "") -> str:
    """Return the safe HTML of ``post``; ``base`` makes the addresses of pictures whole, for feeds."""

    def tag(number: int, said: str) -> str:
        picture = pictures.get((post.series_id, number))
        return picture_tag(picture, said, base) if picture else ""

    html = html_of(post.words, tag)
    return html if base else mark_safe(framed(html))  # noqa: S308 - cleaned words, and a frame of ours


def words_changed_at(several: Iterable[PostSeries]) -> datetime | None:
    """Return when a feed of ``several`` was changed last: what was published, corrected, withdrawn."""
    found = Post.objects.filter(series__in=list(several)).exclude(published_at=None)
    last = found.aggregate(a=Max("published_at"), b=Max("corrected_at"), c=Max("withdrawn_at"))
    return max((moment for moment in last.values() if moment), default=None)


def stream_of(series: PostSeries) -> str:
    """Return the key of the stream of mails with the posts of ``series``."""
    return key_of(series)


STREAMS = f"{PostSeries._meta.label_lower}:"


def named_streams(keys: Iterable[str]) -> dict[str, Stream]:
    """Return the streams of series in words; the source of this app."""
    ids = [int(key.removeprefix(STREAMS)) for key in keys]
    return {
        key_of(series): Stream(
            key_of(series), f"{series.title}, posts by {series.author_name}", f"/posts/{series.slug}/"
        )
        for series in PostSeries.objects.filter(pk__in=ids)
    }


@dataclass(frozen=True)
class Standing:
    """How a series is doing, for who writes it."""

    posts: int
    published: int
    scheduled: int
    readers: int
    reuses: int
    waiting: int


def standing_of(several: Iterable[PostSeries]) -> dict[int, Standing]:
    """Return how each of ``several`` is doing, by id, in two queries for all of them."""
    counted = {
        "count_posts": _number(Post.objects.all()),
        "count_published": _number(Post.objects.filter(state=PostState.PUBLISHED)),
        "count_scheduled": _number(Post.objects.filter(state=PostState.SCHEDULED)),
        "count_reuses": _number(Reuse.objects.filter(state=ReuseState.SHOWN)),
        "count_waiting": _number(Reuse.objects.filter(state=ReuseState.WAITING)),
    }
    own = several if isinstance(several, QuerySet) else PostSeries.objects.filter(pk__in=[each.pk for each in several])
    found = list(own.annotate(**counted))
    readers = count_readers(stream_of(series) for series in found) if found else {}
    return {
        series.pk: Standing(
            posts=series.count_posts,
            published=series.count_published,
            scheduled=series.count_scheduled,
            readers=readers[stream_of(series)],
            reuses=series.count_reuses,
            waiting=series.count_waiting,
        )
        for series in found
    }


def _number(rows: QuerySet) -> Coalesce:
    """Return how many of ``rows`` belong to each series."""
    own = rows.filter(series=OuterRef("pk")).order_by().values("series").annotate(number=Count("pk"))
    return Coalesce(Subquery(own.values("number")), 0)


@dataclass(frozen=True)
class Voice:
    """How a programme speaks through posts: all its series together, and what is published next."""

    series: int = 0
    published: int = 0
    scheduled: int = 0
    readers: int = 0
    reuses: int = 0
    waiting: int = 0
    next: Post | None = None


def voice_of(programme: Programme) -> Voice:
    """Return how ``programme`` speaks through posts, in three queries at most; one where it has no series."""
    standing = standing_of(programme.post_series.all()).values()
    names = ("published", "scheduled", "readers", "reuses", "waiting")
    said = {name: sum(getattr(each, name) for each in standing) for name in names}
    ahead = Post.objects.filter(series__programme=programme, state=PostState.SCHEDULED).order_by("publish_at", "pk")
    return Voice(series=len(standing), next=ahead.first() if said["scheduled"] else None, **said)
