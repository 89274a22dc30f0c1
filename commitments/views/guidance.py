"""Guidance as it is worked on: the lists, the draft with its comments, its title, opening it and taking it back."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.db.models import Max, Prefetch, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.permissions import Permission
from accounts.presses import one_press
from briefings.models import Programme
from commitments.actions import guidance as actions
from commitments.forms.fields import ReasonForm
from commitments.forms.guidance import TitleForm
from commitments.models import Guidance, SectionAgreement, SectionComment
from commitments.queries.guidance import acknowledged_in, newest_of, unanswered_of, with_figures
from commitments.rules import (
    can_publish_guidance,
    can_write_guidance,
    guidance_to_work_on,
    programmes_to_read_guidance_of,
)
from face.paging import SHORT, page_of
from history.actions import look_at_many
from history.queries import timeline
from history.refusals import Refused

READ_OR_POST = ["GET", "HEAD", "POST"]


@login_not_required
@require_safe
def list_guidance(request: HttpRequest) -> HttpResponse:
    """All guidance that somebody may read: published for everybody, and drafts that are theirs to work on."""
    found = _readable(request, Programme.objects.all()).select_related("programme").order_by("programme__name", "title")
    context = {
        "title": "Guidance",
        "page": page_of(found.order_by("programme__name", "title", "pk"), request.GET.get("page"), size=SHORT),
        "shows_programme": True,
    }
    return render(request, "commitments/guidance/list.html", _with_drafts(request, context))


@login_not_required
@require_safe
def list_of_programme(request: HttpRequest, slug: str) -> HttpResponse:
    """The guidance of one programme, for whoever may read of it."""
    today = timezone.localdate()
    programme = get_object_or_404(programmes_to_read_guidance_of(request.user, today), slug=slug)
    found = _readable(request, Programme.objects.filter(pk=programme.pk)).select_related("programme")
    context = {
        "title": "Guidance",
        "caption": programme.name,
        "programme": programme,
        "section": "guidance",
        "page": page_of(found.order_by("title", "pk"), request.GET.get("page"), size=SHORT),
        "may_write": can_write_guidance(request.user, programme),
        "back_url": reverse("desk:programme-show", args=[slug]),
        "back_words": f"Back to {programme.name}",
    }
    return render(request, "commitments/guidance/list.html", _with_drafts(request, context))


def _readable(request: HttpRequest, programmes: QuerySet[Programme]) -> QuerySet[Guidance]:
    today = timezone.localdate()
    read = programmes_to_read_guidance_of(request.user, today).filter(pk__in=programmes.values("pk"))
    published = Q(programme__in=read, versions__isnull=False, ended_at__isnull=True)
    drafts = Q(pk__in=guidance_to_work_on(request.user, today).values("pk"), programme__in=programmes)
    ids = Guidance.objects.filter(published | drafts).order_by().values("pk")
    return with_figures(Guidance.objects.filter(pk__in=ids))


def _with_drafts(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    ids = [own.pk for own in context["page"].rows]
    drafts = guidance_to_work_on(request.user, timezone.localdate()).filter(pk__in=ids)
    return {**context, "drafts": set(drafts.values_list("pk", flat=True))}


@require_http_methods(READ_OR_POST)
@one_press
def start(request: HttpRequest, slug: str) -> HttpResponse:
    """Name a new document."""
    programme = get_object_or_404(Programme.objects.where(request.user, Permission.RUN_SESSIONS), slug=slug)
    form = TitleForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        made = actions.start_guidance(
            programme=programme, title=form.cleaned_data["title"], by=request.user, now=timezone.now()
        )
        return redirect("commitments:section-add", guidance=made.pk)
    context = {
        "title": "Start guidance",
        "caption": programme.name,
        "programme": programme,
        "section": "guidance",
        "form": form,
        "button": "Continue",
        "back_url": reverse("commitments:programme-guidance", args=[slug]),
        "back_words": "Back to the guidance",
    }
    return render(request, "layouts/form.html", context)


@require_safe
def show_guidance(request: HttpRequest, guidance: int) -> HttpResponse:
    """The draft: its sections with their comments, and for who writes it what can be done.

    A link to a draft that is closed meanwhile leads to the newest version.
    """
    today = timezone.localdate()
    if not guidance_to_work_on(request.user, today).filter(pk=guidance).exists():
        readable = Guidance.objects.filter(programme__in=programmes_to_read_guidance_of(request.user, today))
        newest = newest_of(get_object_or_404(readable.filter(versions__isnull=False).distinct(), pk=guidance))
        return redirect("commitments:guidance-version", guidance=guidance, number=newest.number)
    own = to_work_on(request, guidance)
    programme, now = own.programme, timezone.now()
    may_write, newest = can_write_guidance(request.user, programme), newest_of(own)
    comments = SectionComment.objects.select_related("organisation", "made_by")
    stands = SectionAgreement.objects.select_related("version__agreement").annotate(
        newest=Max("version__agreement__versions__number")
    )
    with_both = own.sections.prefetch_related(
        Prefetch("comments", queryset=comments), Prefetch("agreements", queryset=stands)
    )
    sections = list(with_both.order_by("position", "pk"))
    there = [each for each in sections if each.removed_at is None]
    if may_write:
        said = [comment.made_by for each in sections for comment in each.comments.all()]
        look_at_many(by=request.user, at=said, page="commitments:guidance-show", now=now)
    context = {
        "guidance": own,
        "programme": programme,
        "section": "guidance",
        "sections": there,
        "removed": [each for each in sections if each.removed_at is not None] if may_write else [],
        "newest": newest,
        "may_write": may_write and not own.ended_at,
        "may_publish": can_publish_guidance(request.user, programme) and not own.ended_at,
        "sees_names": may_write,
        "may_comment": not own.ended_at,
        "unanswered": unanswered_of(own).count(),
        "read_by": acknowledged_in(newest) if newest and can_publish_guidance(request.user, programme) else [],
        "events": timeline(own, most=20) if may_write else [],
        "back_url": reverse("commitments:programme-guidance", args=[programme.slug]),
        "back_words": "Back to the guidance",
    }
    return render(request, "commitments/guidance/show.html", context)


@require_http_methods(READ_OR_POST)
def rename(request: HttpRequest, guidance: int) -> HttpResponse:
    """Give the draft another title."""
    own = to_write(request, guidance)
    form = TitleForm(request.POST if request.method == "POST" else None, initial={"title": own.title})
    if request.method == "POST" and form.is_valid():
        title = form.cleaned_data["title"]
        return done(
            request,
            own,
            lambda: actions.rename_guidance(guidance=own, title=title, by=request.user, now=timezone.now()),
            "The draft has its new title",
        )
    return form_page(request, own, form, title="Change the title", button="Keep this title")


@require_POST
def set_open(request: HttpRequest, guidance: int) -> HttpResponse:
    """Open the draft for comments, or close it."""
    own = to_publish(request, guidance)
    is_open = request.POST.get("open") == "yes"
    return done(
        request,
        own,
        lambda: actions.set_open(guidance=own, is_open=is_open, by=request.user, now=timezone.now()),
        "The draft is open for comments" if is_open else "The draft is closed for comments",
    )


@require_http_methods(READ_OR_POST)
def take_back(request: HttpRequest, guidance: int) -> HttpResponse:
    """Take guidance back, with the reason."""
    own = to_publish(request, guidance)
    form = ReasonForm(
        request.POST if request.method == "POST" else None,
        label="Why is it taken back?",
        hint="Versions that were published stay at their addresses and say this.",
    )
    if request.method == "POST" and form.is_valid():
        reason = form.cleaned_data["reason"]
        return done(
            request,
            own,
            lambda: actions.take_back_guidance(guidance=own, reason=reason, by=request.user, now=timezone.now()),
            "It is taken back",
        )
    return form_page(request, own, form, title="Take this guidance back", button="Take it back")


# What the other pages of guidance begin and end with


def to_work_on(request: HttpRequest, pk: int) -> Guidance:
    """Return the draft that this person may read; raises Http404 for any other."""
    found = guidance_to_work_on(request.user, timezone.localdate()).select_related("programme")
    return get_object_or_404(found, pk=pk)


def to_write(request: HttpRequest, pk: int) -> Guidance:
    """Return the draft that this person writes; raises Http404 for any other."""
    own = to_work_on(request, pk)
    if not can_write_guidance(request.user, own.programme):
        raise Http404
    return own


def to_publish(request: HttpRequest, pk: int) -> Guidance:
    """Return the draft that this person publishes; raises Http404 for any other."""
    own = to_work_on(request, pk)
    if not can_publish_guidance(request.user, own.programme):
        raise Http404
    return own


def back_to(own: Guidance) -> dict[str, str]:
    """Return the way back to the draft ``own``, for a context."""
    return {"back_url": reverse("commitments:guidance-show", args=[own.pk]), "back_words": "Back to the draft"}


def form_page(request: HttpRequest, own: Guidance, form: Any, *, template: str = "layouts/form.html", **more: Any):
    """Return the page of ``form`` about ``own``."""
    context = {
        "caption": own.title,
        "programme": own.programme,
        "section": "guidance",
        "guidance": own,
        "form": form,
        **back_to(own),
        **more,
    }
    return render(request, template, context)


def done(request: HttpRequest, own: Guidance, act: Any, said: str) -> HttpResponse:
    """Do ``act`` and lead back to the draft, with ``said`` or with the sentence of the refusal."""
    try:
        act()
    except Refused as refusal:
        messages.error(request, refusal.sentence)
    else:
        messages.success(request, said)
    return redirect("commitments:guidance-show", guidance=own.pk)
