"""Series and posts as everybody reads and follows them. The pages know nobody, so that browsers may keep them."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import conditional_page, require_http_methods, require_safe

from accounts import limits
from accounts.decorators import reads_no_session
from briefings.models import Programme
from communications import feeds
from communications.forms.posts import SubscribeForm
from communications.models import PictureFile, Post, PostSeries, PostState
from communications.queries import posts as queries
from communications.rules.posts import can_write
from face.paging import SHORT, page_of
from messaging.actions.streams import ask_for_stream
from messaging.streams import count_readers

ASKED_AN_HOUR = 20
FEWEST_READERS = 10
PICTURE_KEPT = "public, max-age=3600"


def public_page(view: Callable) -> Callable:
    """Mark a page that is the same for everybody: nobody's session is read, and who has it already gets 304.

    What stands on it tells whether it is the same; no moment does, for what it shows changes in many places.
    """

    @wraps(view)
    def shown(request: HttpRequest, *args, **kwargs) -> HttpResponse:
        response = view(request, *args, **kwargs)
        response.headers.setdefault("Cache-Control", "public, no-cache")
        return response

    return reads_no_session(login_not_required(require_safe(conditional_page(shown))))


@public_page
def list_series(request: HttpRequest) -> HttpResponse:
    """All series that everybody may read, the one with the newest post first."""
    page = page_of(queries.public_series(), request.GET.get("page"), size=SHORT)
    context = {"title": "Posts", "page": page, "newest": queries.newest_posts() if page.number == 1 else []}
    return render(request, "communications/public/series_list.html", context)


@public_page
def list_of_programme(request: HttpRequest, slug: str) -> HttpResponse:
    """The series of one programme."""
    programme = get_object_or_404(Programme.objects.public(), slug=slug)
    page = page_of(queries.public_series(programme), request.GET.get("page"), size=SHORT)
    newest = queries.posts_of(programme) if page.number == 1 else []
    context = {"title": f"Posts of {programme.name}", "page": page, "newest": newest, "programme": programme}
    return render(request, "communications/public/series_list.html", context)


@public_page
def show_series(request: HttpRequest, series: str) -> HttpResponse:
    """One series: what it is, its posts in order, who uses them."""
    own = _public(series)
    readers = count_readers([queries.stream_of(own)])[queries.stream_of(own)]
    context = {
        "series": own,
        "posts": list(own.posts.published()),
        "reuses": list(queries.shown_reuses(own)),
        "readers": readers // 10 * 10 if readers >= FEWEST_READERS else 0,
    }
    return render(request, "communications/public/series.html", context)


@public_page
def show_post(request: HttpRequest, series: str, post: str) -> HttpResponse:
    """One post, to read or to print; one that was withdrawn says why."""
    own = _post(series, post, PostState.PUBLISHED, PostState.WITHDRAWN)
    if own.state == PostState.WITHDRAWN:
        return render(request, "communications/public/withdrawn.html", {"post": own, "series": own.series}, status=410)
    order = list(own.series.posts.published().only("pk", "title", "slug", "position", "series"))
    place = order.index(own)
    pictures = queries.pictures_of([own])
    context = {
        "post": own,
        "series": own.series,
        "body": queries.html_of_post(own, pictures),
        "pictures": [picture for _, picture in sorted(pictures.items()) if picture.credit],
        "corrections": list(own.versions.exclude(number=1).order_by("-number")),
        "previous": order[place - 1] if place else None,
        "next": order[place + 1] if place + 1 < len(order) else None,
        "number": place + 1,
        "total": len(order),
        "address": absolute(own),
    }
    return render(request, "communications/public/post.html", context)


@public_page
def give_feed(request: HttpRequest, series: str) -> HttpResponse:
    """The Atom feed of a series."""
    own = _public(series)
    return _feed(
        [own],
        feed_id=own.feed_id,
        title=own.title,
        subtitle=own.season,
        page=reverse("communications:series-show", args=[own.slug]),
        own=reverse("communications:series-feed", args=[own.slug]),
        updated=queries.words_changed_at([own]),
    )


@public_page
def give_programme_feed(request: HttpRequest, slug: str) -> HttpResponse:
    """The Atom feed of all series of a programme."""
    programme = get_object_or_404(Programme.objects.public(), slug=slug)
    several = list(programme.post_series.all())
    return _feed(
        several,
        feed_id=feeds.id_of(programme),
        title=f"Posts of {programme.name}",
        subtitle="",
        page=reverse("communications:programme-posts", args=[programme.slug]),
        own=reverse("communications:programme-feed", args=[programme.slug]),
        updated=queries.words_changed_at(several) or programme.created_at,
    )


def _feed(several: list[PostSeries], *, page: str, own: str, updated: datetime, **words: str) -> HttpResponse:
    posts = queries.in_feed(several)
    pictures = queries.pictures_of(posts)
    content = feeds.atom(
        page=settings.SITE_URL + page,
        own=settings.SITE_URL + own,
        updated=updated,
        posts=posts,
        address=absolute,
        html=lambda post: queries.html_of_post(post, pictures, settings.SITE_URL),
        **words,
    )
    return HttpResponse(content, content_type=feeds.MEDIA_TYPE)


@login_not_required
@require_safe
def give_picture(request: HttpRequest, picture: int, width: int) -> HttpResponse:
    """A picture in one width: for everybody where something published shows it, else for who writes the series."""
    found = PictureFile.objects.select_related("picture__series__programme")
    own = get_object_or_404(found, picture=min(picture, 2**63 - 1), width=min(width, 2**15 - 1))
    series = own.picture.series
    is_public = own.picture.shown_at is not None and (series.programme is None or series.programme.is_public)
    if not is_public and not can_write(request.user, series):
        raise Http404
    try:
        with own.file.open("rb") as opened:
            response = HttpResponse(opened.read(), content_type=own.picture.content_type)
    except FileNotFoundError:
        raise Http404 from None
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = PICTURE_KEPT if is_public else "no-store, private"
    return response


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def subscribe(request: HttpRequest, series: str) -> HttpResponse:
    """Ask for the posts of a series by e-mail. Whether an address is known or not, the answer is the same."""
    own = _public(series)
    form = SubscribeForm(request.POST if request.method == "POST" else None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid() and within(request, "subscribe", ASKED_AN_HOUR, form):
            ask_for_stream(stream=queries.stream_of(own), address=form.cleaned_data["email"], now=timezone.now())
            return redirect(f"{request.path}?asked=yes")
    context = {
        "series": own,
        "form": form,
        "title": "Get the posts by e-mail",
        "caption": own.title,
        "button": "Send me the link to confirm",
        "asked": request.GET.get("asked") == "yes" and request.method != "POST",
        "back_url": reverse("communications:series-show", args=[own.slug]),
        "back_words": "Back to the series",
    }
    return render(request, "communications/public/subscribe.html", context, status=status)


def within(request: HttpRequest, name: str, limit: int, form) -> bool:
    """Count one use of a public form and return whether it is within ``limit`` an hour; else ``form`` says so."""
    network = limits.network_of(limits.client_address(request))
    if limits.hit(name, network, limit=limit, period=timedelta(hours=1), now=timezone.now()):
        return True
    form.add_error(None, "This was done too often from here. Wait an hour, or use another connection")
    return False


def absolute(post: Post) -> str:
    """Return the absolute address of ``post``, its series loaded."""
    return settings.SITE_URL + reverse("communications:post-show", args=[post.series.slug, post.slug])


def _public(slug: str) -> PostSeries:
    found = PostSeries.objects.public().select_related("programme", "picture").prefetch_related("picture__files")
    return get_object_or_404(found, slug=slug)


def _post(series: str, post: str, *states: PostState) -> Post:
    """Return a post that everybody may read, with its series; raises Http404."""
    found = Post.objects.select_related("series__programme").filter(state__in=states, series__slug=series)
    own = get_object_or_404(found, slug=post)
    if own.series.programme is not None and not own.series.programme.is_public:
        raise Http404
    return own


def published_post(series: str, post: str) -> Post:
    """Return the published post at this address; raises Http404."""
    return _post(series, post, PostState.PUBLISHED)


def public_series(slug: str) -> PostSeries:
    """Return the series at this address where everybody may read it; raises Http404."""
    return _public(slug)
