"""Templates of programmes: looked at, begun with, kept, taken away."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.permissions import Permission, permission_required, scopes_with
from accounts.presses import one_press
from briefings.rules import can_start_programmes
from commitments.clocks import local_day
from communications.actions.templates import (
    TemplateNameTaken,
    apply_template,
    drop_template,
    keep_template,
    start_from_template,
)
from communications.forms.templates import ApplyForm, KeepForm, StartForm
from communications.models import ProgrammeTemplate
from communications.templates import READY, ready_or_own, template_from
from communications.views.pages import programme_of
from history.refusals import Refused

_ASKS = ["GET", "HEAD", "POST"]


@require_safe
def list_templates(request: HttpRequest) -> HttpResponse:
    """What a programme can begin with: the shipped ones and one's own."""
    if not scopes_with(request.user, Permission.MANAGE_PROGRAMME):
        raise PermissionDenied
    own = [(f"own-{row.pk}", template_from(row), row) for row in ProgrammeTemplate.objects.all()]
    context = {
        "title": "Templates of programmes",
        "section": "programmes",
        "templates": [*((key, each, None) for key, each in READY.items()), *own],
        "may_start": can_start_programmes(request.user),
        "back_url": reverse("briefings:programme-list"),
        "back_words": "Back to the programmes",
    }
    return render(request, "communications/templates/list.html", context)


@permission_required(Permission.START_PROGRAMMES)
@require_http_methods(_ASKS)
@one_press
def start(request: HttpRequest) -> HttpResponse:
    """Start a programme from a template."""
    form = StartForm(
        request.POST if request.method == "POST" else None, today=timezone.localdate(), initial=_asked(request)
    )
    if form.is_bound and form.is_valid():
        answers = dict(form.cleaned_data)
        template = ready_or_own(answers.pop("template"))
        try:
            made = start_from_template(template=template, by=request.user, now=timezone.now(), **answers)
        except Refused as refusal:
            form.add_refusal(refusal)
        else:
            messages.success(request, "The programme has its stages. Say next whom it is for")
            return redirect("briefings:set-up-show", slug=made.slug)
    lead = "You become its coordinator and own what is to be told. Nobody is told, and everything can be changed later."
    back = reverse("communications:template-list")
    return _form_page(request, form, "Start from a template", "Start the programme", back, lead=lead)


@require_http_methods(_ASKS)
@one_press
def apply(request: HttpRequest, slug: str) -> HttpResponse:
    """Give a programme without stages those of a template."""
    programme = programme_of(request, slug, Permission.MANAGE_PROGRAMME)
    today = local_day(programme, timezone.now())
    form = ApplyForm(request.POST if request.method == "POST" else None, today=today, initial=_asked(request))
    if form.is_bound and form.is_valid():
        template = ready_or_own(form.cleaned_data["template"])
        first = form.cleaned_data["first"]
        try:
            apply_template(programme=programme, template=template, first=first, by=request.user, now=timezone.now())
        except Refused as refusal:
            form.add_refusal(refusal)
        else:
            messages.success(request, "The programme has its stages and a first plan. Change what does not fit")
            return redirect("communications:plan-show", slug=slug)
    lead = "You own what is to be told until you name somebody else. Nobody is told. Policies stay as they are."
    back = reverse("communications:plan-show", args=[slug])
    return _form_page(request, form, "Begin with a template", "Take this template", back, programme, lead=lead)


@require_http_methods(_ASKS)
@one_press
def keep(request: HttpRequest, slug: str) -> HttpResponse:
    """Keep the stages of a programme as a template; the page shows exactly what is kept."""
    programme = programme_of(request, slug, Permission.MANAGE_PROGRAMME)
    form = KeepForm(request.POST if request.method == "POST" else None, initial={"name": programme.name[:100]})
    if form.is_bound and form.is_valid():
        try:
            keep_template(programme=programme, by=request.user, now=timezone.now(), **form.cleaned_data)
        except Refused as refusal:
            form.add_refusal(refusal, "name" if isinstance(refusal, TemplateNameTaken) else None)
        else:
            messages.success(request, "The template is kept")
            return redirect("communications:template-list")
    back = reverse("communications:plan-show", args=[slug])
    kept = list(programme.stages.prefetch_related("items"))
    template = "communications/templates/keep.html"
    return _form_page(request, form, "Keep as a template", "Keep it", back, programme, template, kept=kept)


@permission_required(Permission.START_PROGRAMMES)
@require_POST
def drop(request: HttpRequest, template: int) -> HttpResponse:
    """Take away one's own template."""
    own = get_object_or_404(ProgrammeTemplate, pk=template)
    drop_template(template=own, by=request.user, now=timezone.now())
    messages.success(request, f"“{own.name}” is no template any more. Programmes that began with it stay as they are")
    return redirect("communications:template-list")


def _asked(request: HttpRequest) -> dict[str, str]:
    """Return the template that the address names, as what is chosen at first."""
    asked = request.GET.get("template", "")
    return {"template": asked} if asked else {}


def _form_page(
    request: HttpRequest, form: Any, title: str, button: str, back: str, programme: Any = None,
    page: str = "communications/plan/form.html", **extra: Any,
) -> HttpResponse:  # fmt: skip
    inside = {"programme": programme, "caption": programme.name, "section": "plan"} if programme else {}
    context = {"form": form, "title": title, "button": button, "back_url": back, **inside, **extra}
    return render(request, page, context, status=422 if form.is_bound and form.errors else 200)
