"""Documents that lie elsewhere: operating procedures, information sharing agreements."""

from datetime import date

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.permissions import Permission
from briefings.models import Programme
from commitments.actions import references as actions
from commitments.clocks import local_day
from commitments.forms.guidance import ReferenceFilter, ReferenceForm
from commitments.models import Reference
from commitments.rules import can_publish_guidance, programmes_to_read_guidance_of
from commitments.views.guidance import READ_OR_POST
from face.paging import SHORT, page_of
from history.refusals import Refused
from organisations.models import Organisation


@login_not_required
@require_safe
def list_references(request: HttpRequest, slug: str) -> HttpResponse:
    """The documents of a programme, with what has lapsed said to have."""
    programme = get_object_or_404(programmes_to_read_guidance_of(request.user, timezone.localdate()), slug=slug)
    today = local_day(programme, timezone.now())
    chosen = ReferenceFilter(request.GET)
    found = programme.references.standing().select_related("organisation").order_by("kind", "title", "pk")
    if words := chosen.value("q"):
        found = found.filter(Q(title__icontains=words) | Q(organisation__name__icontains=words))
    if chosen.value("lapsed"):
        found = found.filter(Q(review_on__lt=today) | Q(effective_until__lt=today))
    page = page_of(found, request.GET.get("page"), size=SHORT)
    for own in page.rows:
        own.look = look_of(own, today)
    context = {
        "title": "Procedures and sharing agreements",
        "caption": programme.name,
        "programme": programme,
        "section": "guidance",
        "filter": chosen,
        "page": page,
        "may_keep": can_publish_guidance(request.user, programme),
        "empty_title": "" if chosen.chosen() else "No document is on the list yet",
        "empty_text": "" if chosen.chosen() else "Operating procedures and information sharing agreements appear here.",
        "back_url": reverse("commitments:programme-guidance", args=[slug]),
        "back_words": "Back to the guidance",
    }
    return render(request, "commitments/guidance/references.html", context)


def look_of(own: Reference, today: date) -> tuple[str, str, str, str]:
    """Return mark, colour and word of how a document stands on ``today``, and why where that is to be said."""
    if own.effective_until and own.effective_until < today:
        return "dash", "quiet", "Lapsed", "It does not hold any more"
    if own.review_on < today:
        return "gap", "bad", "Lapsed", "Its review is overdue"
    if own.effective_from > today:
        return "ring", "open", "Holds later", ""
    return "full", "good", "Holds", ""


@require_http_methods(READ_OR_POST)
def add(request: HttpRequest, slug: str) -> HttpResponse:
    """Put a document on the list."""
    programme = get_object_or_404(Programme.objects.where(request.user, Permission.TRIAGE_QUESTIONS), slug=slug)
    own = {"organisations": _partners(programme), "today": local_day(programme, timezone.now())}
    form = ReferenceForm(request.POST if request.method == "POST" else None, **own)
    if request.method == "POST" and form.is_valid():
        actions.add_reference(programme=programme, by=request.user, now=timezone.now(), **form.cleaned_data)
        messages.success(request, "The document is on the list")
        return redirect("commitments:reference-list", slug=slug)
    return _form(request, programme, form, "Add a document", "Put it on the list")


@require_http_methods(READ_OR_POST)
def change(request: HttpRequest, reference: int) -> HttpResponse:
    """Correct a document, or give it its next day of review."""
    own = _own(request, reference)
    known = {"organisations": _partners(own.programme, own), "today": local_day(own.programme, timezone.now())}
    form = ReferenceForm(request.POST if request.method == "POST" else None, own=own, **known)
    if request.method == "POST" and form.is_valid():
        try:
            actions.change_reference(reference=own, by=request.user, now=timezone.now(), **form.changes)
        except Refused as refusal:
            messages.error(request, refusal.sentence)
        else:
            messages.success(request, "The document is changed")
        return redirect("commitments:reference-list", slug=own.programme.slug)
    return _form(request, own.programme, form, "Change a document", "Keep it like this", own)


@require_POST
def remove(request: HttpRequest, reference: int) -> HttpResponse:
    """Take a document off the list."""
    own = _own(request, reference)
    try:
        actions.remove_reference(reference=own, by=request.user, now=timezone.now())
    except Refused as refusal:
        messages.error(request, refusal.sentence)
    else:
        messages.success(request, "The document is off the list")
    return redirect("commitments:reference-list", slug=own.programme.slug)


def _own(request: HttpRequest, pk: int) -> Reference:
    kept = Programme.objects.where(request.user, Permission.TRIAGE_QUESTIONS)
    found = Reference.objects.filter(programme__in=kept).select_related("programme", "organisation")
    if request.method != "POST":
        found = found.standing()
    return get_object_or_404(found, pk=pk)


def _partners(programme: Programme, own: Reference | None = None):
    wanted = Q(pk__in=programme.partners.values("organisation"))
    return Organisation.objects.filter(wanted | Q(pk=own.organisation_id if own else None)).order_by("name", "pk")


def _form(
    request: HttpRequest,
    programme: Programme,
    form: ReferenceForm,
    title: str,
    button: str,
    own: Reference | None = None,
) -> HttpResponse:
    context = {
        "title": title,
        "caption": programme.name,
        "programme": programme,
        "section": "guidance",
        "form": form,
        "button": button,
        "own": own,
        "back_url": reverse("commitments:reference-list", args=[programme.slug]),
        "back_words": "Back to the list",
    }
    return render(request, "commitments/guidance/reference.html", context)
