"""One post as its author writes it, looks at it, and lets it go."""

from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages as banners
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.permissions import Permission
from accounts.presses import one_press
from communications.actions import posts as actions
from communications.actions.posts import WordsMoved
from communications.forms.posts import CorrectForm, PostForm, ScheduleForm, WhyForm
from communications.models import Post, PostSeries, PostState
from communications.moments import moment_of
from communications.queries.posts import html_of_post, pictures_of
from communications.views.posts import absolute
from communications.views.writing import POST_MARKS, READ_OR_POST, own_series, page_context
from face.dates import moment
from history.queries import timeline
from history.refusals import Refused

OPEN = (PostState.DRAFT, PostState.SCHEDULED)


@require_http_methods(READ_OR_POST)
@one_press
def write(request: HttpRequest, series: int) -> HttpResponse:
    """Write another post of a series; it is a draft."""
    own = own_series(request, series)
    form = PostForm(request.POST if request.method == "POST" else None, series=own)
    if request.method == "POST" and form.is_valid() and "preview" not in request.POST:
        values = {name: form.cleaned_data[name] for name in ("title", "lead", "words")}
        try:
            made = actions.write_post(series=own, by=request.user, now=timezone.now(), **values)
        except Refused as refusal:
            form.add_refusal(refusal)
        else:
            banners.success(request, "The draft is kept")
            return redirect("communications:post-preview", post=made.pk)
    back = reverse("communications:writing-show", args=[own.pk])
    return _words_page(request, own, form, "Write a post", "Keep the draft", back)


@require_safe
def show_post(request: HttpRequest, post: int) -> HttpResponse:
    """A post as readers will see it, with what can be done next."""
    own = _own(request, post)
    series = own.series
    is_out = own.state in (PostState.PUBLISHED, PostState.WITHDRAWN)
    context = {
        **page_context(request, series),
        "post": own,
        "look": POST_MARKS[own.state],
        "body": html_of_post(own, pictures_of([own])),
        "corrections": list(own.versions.exclude(number=1).order_by("-number")) if is_out else [],
        "is_open": own.state in OPEN,
        "publish_at": own.publish_at and own.publish_at.astimezone(ZoneInfo(series.zone)),
        "address": absolute(own) if own.state == PostState.PUBLISHED else "",
        "events": timeline(own),
        "back_url": reverse("communications:writing-show", args=[series.pk]),
        "back_words": "Back to the series",
    }
    return render(request, "communications/writing/post.html", context)


@require_http_methods(READ_OR_POST)
def change(request: HttpRequest, post: int) -> HttpResponse:
    """Change the words of a draft; correct those of a published post. Who was slower loses nothing."""
    own = _own(request, post)
    is_correction = own.state == PostState.PUBLISHED
    if own.state == PostState.WITHDRAWN:
        raise Http404
    first = {"title": own.title, "lead": own.lead, "words": own.words, "seen": own.edition}
    kind = CorrectForm if is_correction else PostForm
    form = kind(request.POST if request.method == "POST" else None, initial=first, series=own.series)
    theirs, status = None, None
    if request.method == "POST" and form.is_valid() and "preview" not in request.POST:
        values = {**form.cleaned_data, "seen": form.cleaned_data["seen"] or 0}
        act = actions.correct_post if is_correction else actions.save_words
        try:
            act(post=own, by=request.user, now=timezone.now(), **values)
        except WordsMoved as moved:
            theirs, status = moved.post, 409
            form = kind({**request.POST.dict(), "seen": str(theirs.edition)}, series=own.series)
            form.add_refusal(moved)
        except Refused as refusal:
            form.add_refusal(refusal)
        else:
            banners.success(request, "The correction is published" if is_correction else "Your words are kept")
            return redirect("communications:post-preview", post=own.pk)
    title = "Correct the post" if is_correction else "Change the post"
    button = "Publish the correction" if is_correction else "Keep the words"
    back = reverse("communications:post-preview", args=[own.pk])
    return _words_page(request, own.series, form, title, button, back, theirs=theirs, status=status)


@require_http_methods(READ_OR_POST)
def schedule(request: HttpRequest, post: int) -> HttpResponse:
    """Choose when a post is published."""
    own = _own(request, post)
    if own.state not in OPEN and request.method != "POST":
        raise Http404
    zone = ZoneInfo(own.series.zone)
    local = own.publish_at.astimezone(zone) if own.publish_at else None
    first = {"day": local.date(), "at": local.time()} if local else {}
    form = ScheduleForm(request.POST if request.method == "POST" else None, initial=first)
    if request.method == "POST" and form.is_valid():
        try:
            at = moment_of(form.cleaned_data["day"], form.cleaned_data["at"], own.series.zone)
            actions.schedule_post(post=own, at=at, by=request.user, now=timezone.now())
        except Refused as refusal:
            form.add_refusal(refusal, "at")
        except OverflowError:
            form.add_error("day", "Choose a day within the next years")
        else:
            banners.success(request, f"It is published on {moment(at.astimezone(zone).replace(tzinfo=None))}")
            return redirect("communications:post-preview", post=own.pk)
    context = {
        **page_context(request, own.series),
        "title": "When is it published?",
        "caption": own.title,
        "form": form,
        "button": "Schedule it",
        "zone": own.series.zone,
        "back_url": reverse("communications:post-preview", args=[own.pk]),
        "back_words": "Back to the post",
    }
    return render(request, "communications/writing/schedule.html", context, status=422 if form.errors else 200)


@require_POST
def unschedule(request: HttpRequest, post: int) -> HttpResponse:
    """Let a scheduled post be a draft again."""
    own = _own(request, post)
    return _done(
        request, own, lambda now: actions.unschedule_post(post=own, by=request.user, now=now), "It is a draft again"
    )


@require_http_methods(READ_OR_POST)
def publish(request: HttpRequest, post: int) -> HttpResponse:
    """Ask, then publish a post now."""
    own = _own(request, post)
    if request.method == "POST":
        return _done(
            request, own, lambda now: actions.publish_post(post=own, by=request.user, now=now), "It is published"
        )
    if own.state not in OPEN:
        raise Http404
    return _confirm(
        request, own, "Publish it now?", "Publish it now",
        "Everybody can read it, and it goes once to everybody who gets the series by e-mail. Later it can be "
        "corrected, with a note, and withdrawn, with the reason.",
        harmless=True,
    )  # fmt: skip


@require_http_methods(READ_OR_POST)
def withdraw(request: HttpRequest, post: int) -> HttpResponse:
    """Take a published post back, with the reason."""
    own = _own(request, post)
    form = WhyForm(
        request.POST if request.method == "POST" else None, hint="Everybody reads it at the address of the post."
    )
    if request.method == "POST" and form.is_valid():
        reason = form.cleaned_data["reason"]
        return _done(
            request, own,
            lambda now: actions.withdraw_post(post=own, reason=reason, by=request.user, now=now), "It is withdrawn",
        )  # fmt: skip
    if own.state != PostState.PUBLISHED and request.method != "POST":
        raise Http404
    return _confirm(
        request, own, "Withdraw this post?", "Withdraw it",
        "Its words go from the page and the feeds. Mails that were sent stay sent, and who has taken it keeps it.",
        form=form,
    )  # fmt: skip


@require_http_methods(READ_OR_POST)
def drop(request: HttpRequest, post: int) -> HttpResponse:
    """Ask, then delete a post that was never published."""
    own = _own(request, post)
    if request.method == "POST":
        try:
            actions.drop_post(post=own, by=request.user, now=timezone.now())
        except Refused as refusal:
            banners.error(request, refusal.sentence)
            return redirect("communications:post-preview", post=own.pk)
        banners.success(request, "The draft is dropped")
        return redirect("communications:writing-show", series=own.series_id)
    if own.state not in OPEN:
        raise Http404
    return _confirm(request, own, "Drop this draft?", "Drop it", "Its words are deleted. Nobody can bring them back.")


@require_POST
def move(request: HttpRequest, post: int) -> HttpResponse:
    """Let a post change places with the one before it, or after it."""
    own = _own(request, post)
    try:
        actions.move_post(post=own, up=request.POST.get("up") == "yes", by=request.user, now=timezone.now())
    except Refused as refusal:
        banners.error(request, refusal.sentence)
    return redirect(reverse("communications:writing-show", args=[own.series_id]) + f"#post-{own.pk}")


def _own(request: HttpRequest, pk: int) -> Post:
    series = PostSeries.objects.where(request.user, Permission.WRITE_POSTS)
    found = Post.objects.select_related("series__programme", "series__author", "series__picture", "changed_by")
    return get_object_or_404(found.filter(series__in=series), pk=min(pk, 2**63 - 1))


def _words_page(
    request: HttpRequest,
    series: PostSeries,
    form: Any,
    title: str,
    button: str,
    back: str,
    *,
    theirs: Post | None = None,
    status: int | None = None,
) -> HttpResponse:
    preview = None
    if request.method == "POST" and "preview" in request.POST and form.is_valid():
        preview = Post(series=series, **{name: form.cleaned_data[name] for name in ("title", "lead", "words")})
        preview.body = html_of_post(preview, pictures_of([preview]))
    context = {
        **page_context(request, series),
        "title": title,
        "caption": series.title,
        "form": form,
        "button": button,
        "preview": preview,
        "theirs": theirs,
        "pictures": list(series.pictures.all()),
        "back_url": back,
        "back_words": "Back",
    }
    status = status or (422 if form.is_bound and form.errors else 200)
    return render(request, "communications/writing/words.html", context, status=status)


def _confirm(
    request: HttpRequest, own: Post, title: str, button: str, words: str, *, form: Any = None, harmless: bool = False
) -> HttpResponse:
    context = {
        **page_context(request, own.series),
        "title": title,
        "caption": own.series.title,
        "facts": [{"name": "Post", "value": own.title}],
        "consequence": words,
        "button": button,
        "button_class": "" if harmless else "danger",
        "back_url": reverse("communications:post-preview", args=[own.pk]),
        **({"form": form} if form is not None else {}),
    }
    status = 422 if form is not None and form.errors else 200
    return render(request, "communications/writing/confirm.html", context, status=status)


def _done(request: HttpRequest, own: Post, act: Any, said: str) -> HttpResponse:
    try:
        act(timezone.now())
    except Refused as refusal:
        banners.error(request, refusal.sentence)
    else:
        banners.success(request, said)
    return redirect("communications:post-preview", post=own.pk)
