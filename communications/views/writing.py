"""A series as its author and the coordinators keep it."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages as banners
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.permissions import Permission, has, scopes_with
from accounts.presses import one_press
from briefings.models import Programme
from communications.actions import series as actions
from communications.actions.series import About
from communications.forms.posts import ChangeSeriesForm, GiveForm, PictureForm, PictureWordsForm, StartForm
from communications.licences import CreditRule, Licence
from communications.models import Picture, PostSeries
from communications.queries.posts import standing_of
from communications.rules.posts import can_manage_series
from face.paging import SHORT, page_of
from history.queries import timeline
from history.refusals import Refused
from organisations.actions.people import person_at

READ_OR_POST = ["GET", "HEAD", "POST"]
POST_MARKS = {
    "draft": ("ring", "open"),
    "scheduled": ("half", "wait"),
    "published": ("full", "good"),
    "withdrawn": ("dash", "quiet"),
}


@require_safe
def list_own(request: HttpRequest) -> HttpResponse:
    """Every series that this person writes or keeps."""
    if not scopes_with(request.user, Permission.WRITE_POSTS):
        raise Http404
    may_start = can_manage_series(request.user, None)
    return _list(request, PostSeries.objects.where(request.user, Permission.WRITE_POSTS), None, may_start)


@require_safe
def list_of_programme(request: HttpRequest, slug: str) -> HttpResponse:
    """The series of one programme."""
    programme = _programme(request, slug)
    return _list(request, programme.post_series.all(), programme, can_manage_series(request.user, programme))


def _list(request: HttpRequest, found: Any, programme: Programme | None, may_start: bool) -> HttpResponse:
    page = page_of(found.select_related("programme", "author"), request.GET.get("page"), size=SHORT)
    standing = standing_of(page.rows)
    for row in page.rows:
        row.standing = standing[row.pk]
    start = (
        reverse("communications:programme-writing-start", args=[programme.slug])
        if programme
        else reverse("communications:writing-start")
    )
    context = {
        "title": "Posts",
        "page": page,
        "start_url": start if may_start else "",
        "empty_title": "No series yet",
        "empty_text": "A series is a handful of posts by one author, for a season or about one matter.",
        **({"programme": programme, "caption": programme.name} if programme else {}),
    }
    if may_start:
        context |= {"empty_url": start, "empty_link": "Start a series"}
    return render(request, "communications/writing/list.html", context)


@require_http_methods(READ_OR_POST)
@one_press
def start(request: HttpRequest) -> HttpResponse:
    """Start a series that belongs to no programme."""
    if not can_manage_series(request.user, None):
        raise Http404
    return _start(request, None)


@require_http_methods(READ_OR_POST)
@one_press
def start_in_programme(request: HttpRequest, slug: str) -> HttpResponse:
    """Start a series of a programme."""
    programme = _programme(request, slug)
    if not can_manage_series(request.user, programme):
        raise Http404
    return _start(request, programme)


def _start(request: HttpRequest, programme: Programme | None) -> HttpResponse:
    first = {
        "email": request.user.email, "author_name": request.user.name, "credit_line": request.user.name,
        "licence": Licence.BY, "credit_rule": CreditRule.REQUIRED,
    }  # fmt: skip
    form = StartForm(request.POST if request.method == "POST" else None, initial=first)
    if request.method == "POST" and form.is_valid():
        values, now = dict(form.cleaned_data), timezone.now()
        email = values.pop("email")
        try:
            with transaction.atomic():
                author = person_at(email=email, name=values["author_name"], by=request.user, now=now)
                made = actions.start_series(
                    programme=programme, about=About(**values), author=author, by=request.user, now=now
                )
        except Refused as refusal:
            form.add_refusal(refusal)
        else:
            return redirect("communications:writing-show", series=made.pk)
    back = (
        reverse("communications:programme-writing", args=[programme.slug])
        if programme
        else reverse("communications:writing-list")
    )
    context = {
        "title": "Start a series of posts",
        "form": form,
        "button": "Start the series",
        "back_url": back,
        "back_words": "Back to the posts",
        **({"programme": programme, "caption": programme.name, "section": "posts"} if programme else {}),
    }
    return _form_page(request, form, context)


@require_safe
def show_series(request: HttpRequest, series: int) -> HttpResponse:
    """A series with its posts in every state, who reads it and who uses it."""
    own = own_series(request, series)
    posts = list(own.posts.order_by("position"))
    for number, post in enumerate(posts, 1):
        post.look, post.is_first, post.is_last = POST_MARKS[post.state], number == 1, number == len(posts)
    context = {
        **page_context(request, own),
        "posts": posts,
        "standing": standing_of([own])[own.pk],
        "may_give": can_manage_series(request.user, own.programme),
        "pictures": own.pictures.count(),
        "is_read": any(post.state == "published" for post in posts),
        "events": timeline(own, most=10),
        "back_url": _list_url(request, own),
        "back_words": "Back to the posts",
    }
    return render(request, "communications/writing/series.html", context)


@require_http_methods(READ_OR_POST)
def change(request: HttpRequest, series: int) -> HttpResponse:
    """Change what a series says of itself."""
    own = own_series(request, series)
    first = {name: getattr(own, name) for name in actions.FIELDS} | {
        "picture": own.picture.number if own.picture else None,
        "seen": actions.seal_of(own),
    }
    form = ChangeSeriesForm(request.POST if request.method == "POST" else None, initial=first, series=own)
    if request.method == "POST" and form.is_valid():
        values = dict(form.cleaned_data)
        picture, seen = values.pop("picture"), values.pop("seen")
        try:
            actions.change_series(
                series=own, about=About(**values), picture=picture, seen=seen, by=request.user, now=timezone.now()
            )
        except actions.SeriesMoved as moved:
            form = ChangeSeriesForm({**request.POST.dict(), "seen": first["seen"]}, series=own)
            form.add_refusal(moved)
        except Refused as refusal:
            form.add_refusal(refusal)
        else:
            banners.success(request, "The series is changed")
            return redirect("communications:writing-show", series=own.pk)
    return _own_form(request, form, own, "Change the series", "Save")


@require_http_methods(READ_OR_POST)
def give(request: HttpRequest, series: int) -> HttpResponse:
    """Let somebody else write the series."""
    own = own_series(request, series)
    if not can_manage_series(request.user, own.programme):
        raise Http404
    form = GiveForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data

        def act(now) -> None:
            with transaction.atomic():
                author = person_at(email=values["email"], name=values["name"], by=request.user, now=now)
                actions.give_series(series=own, author=author, by=request.user, now=now)

        return _act(request, form, own, act, "The series has another author", "Who writes it?", "Give them the series")
    return _own_form(request, form, own, "Who writes it?", "Give them the series")


@require_http_methods(READ_OR_POST)
@one_press
def pictures(request: HttpRequest, series: int) -> HttpResponse:
    """The pictures of a series, and the form for another."""
    own = own_series(request, series)
    form = PictureForm(*((request.POST, request.FILES) if request.method == "POST" else ()))
    if request.method == "POST" and form.is_valid():
        try:
            made = actions.add_picture(series=own, by=request.user, now=timezone.now(), **form.cleaned_data)
        except Refused as refusal:
            form.add_refusal(refusal, "file")
        else:
            banners.success(request, f"It is picture {made.number}. Write ![]({made.number}) where a post shows it")
            return redirect("communications:picture-list", series=own.pk)
    page = page_of(own.pictures.prefetch_related("files"), request.GET.get("page"), size=SHORT)
    context = {
        **page_context(request, own),
        "title": "Pictures",
        "caption": own.title,
        "form": form,
        "page": page,
        "back_url": reverse("communications:writing-show", args=[own.pk]),
        "back_words": "Back to the series",
    }
    return render(request, "communications/writing/pictures.html", context, status=422 if form.errors else 200)


@require_http_methods(READ_OR_POST)
def describe_picture(request: HttpRequest, series: int, picture: int) -> HttpResponse:
    """Say better what a picture shows."""
    own = own_series(request, series)
    found = _picture(own, picture)
    form = PictureWordsForm(
        request.POST if request.method == "POST" else None, initial={"words": found.words, "credit": found.credit}
    )
    title, back = f"Picture {found.number}", reverse("communications:picture-list", args=[own.pk])
    if request.method == "POST" and form.is_valid():
        return _act(
            request, form, own,
            lambda now: actions.describe_picture(picture=found, by=request.user, now=now, **form.cleaned_data),
            "The words of the picture are changed", title, "Save", back,
        )  # fmt: skip
    return _own_form(request, form, own, title, "Save", back)


@require_POST
def remove_picture(request: HttpRequest, series: int, picture: int) -> HttpResponse:
    """Delete a picture that nothing shows."""
    own = own_series(request, series)
    try:
        actions.remove_picture(picture=_picture(own, picture), by=request.user, now=timezone.now())
    except Refused as refusal:
        banners.error(request, refusal.sentence)
    else:
        banners.success(request, "The picture is removed")
    return redirect("communications:picture-list", series=own.pk)


def own_series(request: HttpRequest, pk: int) -> PostSeries:
    """Return the series where this person writes it or keeps it; raises Http404 for any other."""
    found = PostSeries.objects.where(request.user, Permission.WRITE_POSTS)
    return get_object_or_404(found.select_related("programme", "author", "picture"), pk=min(pk, 2**63 - 1))


def page_context(request: HttpRequest, series: PostSeries) -> dict[str, Any]:
    """Return what every page of a series has: itself, and its programme for who works there."""
    context: dict[str, Any] = {"series": series, "section": "writing"}
    if series.programme and has(request.user, Permission.SEE_PROGRAMME, series.programme):
        context |= {"programme": series.programme, "section": "posts"}
    return context


def _list_url(request: HttpRequest, series: PostSeries) -> str:
    if series.programme and has(request.user, Permission.WRITE_POSTS, series.programme):
        return reverse("communications:programme-writing", args=[series.programme.slug])
    return reverse("communications:writing-list")


def _programme(request: HttpRequest, slug: str) -> Programme:
    return get_object_or_404(Programme.objects.where(request.user, Permission.WRITE_POSTS), slug=slug)


def _picture(series: PostSeries, pk: int) -> Picture:
    return get_object_or_404(series.pictures.select_related("series"), pk=min(pk, 2**63 - 1))


def _act(
    request: HttpRequest, form: Any, own: PostSeries, act: Callable, said: str, title: str, button: str, back: str = ""
) -> HttpResponse:
    try:
        act(timezone.now())
    except Refused as refusal:
        form.add_refusal(refusal)
        return _own_form(request, form, own, title, button, back)
    banners.success(request, said)
    return redirect(back or reverse("communications:writing-show", args=[own.pk]))


def _own_form(
    request: HttpRequest, form: Any, own: PostSeries, title: str, button: str, back: str = ""
) -> HttpResponse:
    context = {
        **page_context(request, own),
        "title": title,
        "caption": own.title,
        "form": form,
        "button": button,
        "back_url": back or reverse("communications:writing-show", args=[own.pk]),
        "back_words": "Back",
    }
    return _form_page(request, form, context)


def _form_page(request: HttpRequest, form: Any, context: dict[str, Any]) -> HttpResponse:
    return render(request, "layouts/form.html", context, status=422 if form.is_bound and form.errors else 200)
