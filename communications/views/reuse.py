"""Taking a post along, saying that one uses it, and what becomes of that."""

from django.contrib import messages as banners
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from communications.actions.reuses import hide_reuse, say_reused, show_reuse
from communications.forms.posts import ReuseForm, WhyForm
from communications.queries.posts import pictures_of
from communications.taking import bundle, credit_of
from communications.views.posts import absolute, public_page, public_series, published_post, within
from communications.views.writing import own_series, page_context
from face.paging import SHORT, page_of
from history.actions import STRANGER
from history.refusals import Refused

SAID_AN_HOUR = 10
MARKS = {"waiting": ("ring", "open"), "shown": ("full", "good"), "hidden": ("dash", "quiet")}


@public_page
def take(request: HttpRequest, series: str, post: str) -> HttpResponse:
    """What may be done with a post, the line of credit, and the way to take it."""
    own = published_post(series, post)
    context = {"post": own, "series": own.series, "credit": credit_of(own, absolute(own))}
    return render(request, "communications/public/take.html", context)


@public_page
def download(request: HttpRequest, series: str, post: str) -> HttpResponse:
    """The post as one ZIP; where all rights are reserved, the page that says whom to ask."""
    own = published_post(series, post)
    if not own.series.is_free:
        context = {"post": own, "series": own.series, "credit": credit_of(own, absolute(own))}
        return render(request, "communications/public/take.html", context, status=403)
    pictures = {number: picture for (_, number), picture in pictures_of([own]).items()}
    response = HttpResponse(bundle(own, pictures, absolute(own)), content_type="application/zip")
    response["Content-Disposition"] = f'attachment; filename="{own.slug}.zip"'
    response["X-Content-Type-Options"] = "nosniff"
    return response


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def say(request: HttpRequest, series: str) -> HttpResponse:
    """Say who uses a post, or the whole series, where."""
    own = public_series(series)
    form = ReuseForm(
        request.POST if request.method == "POST" else None, series=own, initial={"post": request.GET.get("post", "")}
    )
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid() and within(request, "reuse", SAID_AN_HOUR, form):
            by = request.user if request.user.is_authenticated else STRANGER
            try:
                say_reused(series=own, by=by, now=timezone.now(), **form.cleaned_data)
            except Refused as refusal:
                form.add_refusal(refusal, "post")
            else:
                return redirect(f"{request.path}?said=yes")
    context = {
        "series": own,
        "form": form,
        "title": "Say that you use it",
        "caption": own.title,
        "button": "Tell the author",
        "said": request.GET.get("said") == "yes" and request.method != "POST",
        "back_url": reverse("communications:series-show", args=[own.slug]),
        "back_words": "Back to the series",
    }
    return render(request, "communications/public/say_reuse.html", context, status=status)


@require_safe
def list_reuses(request: HttpRequest, series: int) -> HttpResponse:
    """Who uses the posts of a series, as its author sees it: those to look at first."""
    own = own_series(request, series)
    found = own.reuses.select_related("post", "settled_by")
    order = {"waiting": 0, "shown": 1, "hidden": 2}
    rows = sorted(found, key=lambda row: (order[row.state], -row.said_at.timestamp()))
    page = page_of(rows, request.GET.get("page"), size=SHORT)
    for row in page.rows:
        row.look = MARKS[row.state]
    context = {
        **page_context(request, own),
        "title": "Who uses it",
        "page": page,
        "empty_title": "Nobody has said so yet",
        "empty_text": "Who takes a post is asked to say where they use it. You are told by mail.",
        "back_url": reverse("communications:writing-show", args=[own.pk]),
        "back_words": "Back to the series",
    }
    return render(request, "communications/writing/reuses.html", context)


@require_POST
def show(request: HttpRequest, series: int, reuse: int) -> HttpResponse:
    """Let everybody see a reuse."""
    own = own_series(request, series)
    found = get_object_or_404(own.reuses, pk=min(reuse, 2**63 - 1))
    try:
        show_reuse(reuse=found, by=request.user, now=timezone.now())
    except Refused as refusal:
        banners.error(request, refusal.sentence)
    else:
        banners.success(request, f"Everybody sees that {found.organisation} uses it")
    return redirect("communications:reuse-list", series=own.pk)


@require_http_methods(["GET", "HEAD", "POST"])
def hide(request: HttpRequest, series: int, reuse: int) -> HttpResponse:
    """Do not show a reuse, with the reason."""
    own = own_series(request, series)
    found = get_object_or_404(own.reuses.select_related("post"), pk=min(reuse, 2**63 - 1))
    form = WhyForm(request.POST if request.method == "POST" else None, hint="Only whoever keeps the series reads it.")
    back = reverse("communications:reuse-list", args=[own.pk])
    if request.method == "POST" and form.is_valid():
        try:
            hide_reuse(reuse=found, reason=form.cleaned_data["reason"], by=request.user, now=timezone.now())
        except Refused as refusal:
            form.add_refusal(refusal)
        else:
            banners.success(request, "It is not shown")
            return redirect(back)
    context = {
        **page_context(request, own),
        "title": "Do not show this?",
        "caption": own.title,
        "facts": [
            {"name": "Who", "value": found.organisation},
            {"name": "Where", "value": found.place},
            {"name": "Post", "value": found.post.title if found.post else "The whole series"},
        ],
        "form": form,
        "button": "Do not show it",
        "back_url": back,
    }
    return render(request, "layouts/confirm.html", context, status=422 if form.errors else 200)
