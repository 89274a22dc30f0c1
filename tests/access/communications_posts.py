"""The addresses of series and posts; see routes.py for how a line is written."""

from itertools import count

from communications.models import Post, PostSeries, Reuse
from tests.access.routes import Route, nothing, other_programme, own_programme
from tests.cast import NOW, Cast

KEEPING = "administrator coordinator"
KEEPING_ELSEWHERE = "administrator other"
_numbers = count()


def a_series(cast: Cast, *, other: bool = False, **fields) -> PostSeries:
    """A series of the coordinator of its programme."""
    programme, by = (cast.other_programme, cast.other) if other else (cast.programme, cast.coordinator)
    number = next(_numbers)
    values = {"author_name": "Meredith", "credit_line": "Meredith", **fields}
    return PostSeries.objects.create(
        programme=programme, title="Records", slug=f"records-{number}", author=by, zone="Europe/London",
        feed_id=f"tag:access-{number}", started_at=NOW, changed_at=NOW, **values,
    )  # fmt: skip


def a_post(series: PostSeries, **fields) -> Post:
    """A draft, unless told otherwise."""
    number = next(_numbers)
    return series.posts.create(
        position=1, title="One", slug="one", words="One", changed_at=NOW, changed_by=series.author,
        feed_id=f"tag:access-post-{number}", **fields,
    )  # fmt: skip


def _published(series: PostSeries) -> Post:
    post = a_post(series, state="published", published_at=NOW)
    post.versions.create(number=1, title="One", words="One", saved_at=NOW, saved_by="clock")
    return post


def public_series(cast: Cast) -> dict:
    return {"series": _published(a_series(cast)).series.slug}


def public_post(cast: Cast) -> dict:
    return {**public_series(cast), "post": "one"}


def draft_series(cast: Cast) -> dict:
    """One without anything published."""
    return {"series": a_post(a_series(cast)).series.slug}


def draft_post(cast: Cast) -> dict:
    return {**draft_series(cast), "post": "one"}


def own_series(cast: Cast) -> dict:
    return {"series": a_series(cast).pk}


def other_series(cast: Cast) -> dict:
    return {"series": a_series(cast, other=True).pk}


def own_draft(cast: Cast) -> dict:
    return {"post": a_post(a_series(cast)).pk}


def other_draft(cast: Cast) -> dict:
    return {"post": a_post(a_series(cast, other=True)).pk}


def own_published(cast: Cast) -> dict:
    return {"post": _published(a_series(cast)).pk}


def other_published(cast: Cast) -> dict:
    return {"post": _published(a_series(cast, other=True)).pk}


def _picture(series: PostSeries) -> dict:
    picture = series.pictures.create(number=1, words="A tree", content_type="image/png", made_at=NOW)
    return {"series": series.pk, "picture": picture.pk}


def own_picture(cast: Cast) -> dict:
    return _picture(a_series(cast))


def other_picture(cast: Cast) -> dict:
    return _picture(a_series(cast, other=True))


def a_picture_without_its_file(cast: Cast) -> dict:
    """Who sees one is told in tests/communications/test_pictures.py."""
    made = _picture(a_series(cast))
    return {"picture": made["picture"], "width": 480}


def _reuse(series: PostSeries) -> dict:
    made = Reuse.objects.create(series=series, organisation="Tolbury", place="Newsletter", said_at=NOW)
    return {"series": series.pk, "reuse": made.pk}


def own_reuse(cast: Cast) -> dict:
    return _reuse(a_series(cast))


def other_reuse(cast: Cast) -> dict:
    return _reuse(a_series(cast, other=True))


def _both(names: str, own, other, status: int = 200, **more) -> list[Route]:
    return [
        Route(f"communications:{name}", place, {status: who}, **more)
        for name in names.split()
        for place, who in ((own, KEEPING), (other, KEEPING_ELSEWHERE))
    ]


ROUTES: list[Route] = [
    Route("communications:series-list", nothing, {200: "everyone"}),
    *(
        Route(f"communications:series-{name}", public_series, {200: "everyone"})
        for name in ("show", "feed", "subscribe", "reuse")
    ),
    *(
        Route(f"communications:series-{name}", draft_series, {404: "everyone"})
        for name in ("show", "feed", "subscribe", "reuse")
    ),
    *(Route(f"communications:post-{name}", public_post, {200: "everyone"}) for name in ("show", "take", "download")),
    *(Route(f"communications:post-{name}", draft_post, {404: "everyone"}) for name in ("show", "take", "download")),
    Route("communications:picture-show", a_picture_without_its_file, {404: "everyone"}),
    *(
        Route(f"communications:programme-{name}", programme, {200: "everyone"})
        for name in ("posts", "feed")
        for programme in (own_programme, other_programme)
    ),
    Route("communications:writing-list", nothing, {200: "administrator coordinator other"}),
    Route("communications:writing-start", nothing, {200: "administrator"}),
    *_both("programme-writing programme-writing-start", own_programme, other_programme),
    *_both("writing-show writing-change writing-give picture-list reuse-list post-write", own_series, other_series),
    *_both("post-preview post-change post-schedule post-publish post-drop", own_draft, other_draft),
    *_both("post-preview post-change post-withdraw", own_published, other_published),
    *_both("post-unschedule post-move", own_draft, other_draft, 302, post=True),
    *_both("picture-describe", own_picture, other_picture),
    *_both("picture-remove", own_picture, other_picture, 302, post=True),
    *_both("reuse-hide", own_reuse, other_reuse),
    *_both("reuse-show", own_reuse, other_reuse, 302, post=True),
]  # fmt: skip
