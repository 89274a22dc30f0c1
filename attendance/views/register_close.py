"""After the day, for coordinators: closing the register, opening it again, saying who walked in."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.models import Person
from accounts.permissions import Permission, has
from attendance.actions import register as actions
from attendance.actions.walk_ins import leave_walk_in, match_to_new_person
from attendance.forms.register import DecisionForm, ReopenForm
from attendance.models import WalkIn
from attendance.queries.register import register_counts
from attendance.queries.walk_ins import suggestions_for, undecided_walk_ins, what_closing_does
from attendance.views.register import READ_OR_POST, frame, is_closed, session_at_door
from briefings.models import Session
from briefings.words import when_in_words
from face.paging import SHORT, page_of
from history.actions import look_at_many
from history.refusals import Refused
from organisations.models import Affiliation
from organisations.rules import people_visible_to


@require_http_methods(READ_OR_POST)
def close(request: HttpRequest, session: int) -> HttpResponse:
    """Ask, with what it does in numbers, then close the register."""
    own = _session_managed(request, session)
    if request.method == "POST":
        try:
            actions.close_register(session=own, by=request.user, now=timezone.now())
        except Refused as refusal:
            messages.error(request, refusal.sentence)
        else:
            messages.success(request, "The register is closed")
        return redirect("attendance:register-show", session=own.pk)
    if is_closed(own):
        return redirect("attendance:register-show", session=own.pk)
    counts, closing = register_counts(own), what_closing_does(own)
    context = frame(request, own, "Close the register?") | {
        "caption": when_in_words(own),
        "counts": counts,
        "closing": closing,
        "button": "Close the register",
    }
    return render(request, "attendance/register/close.html", context)


@require_http_methods(READ_OR_POST)
def reopen(request: HttpRequest, session: int) -> HttpResponse:
    """Ask why, then open a closed register again."""
    own = _session_managed(request, session)
    if not is_closed(own):
        return redirect("attendance:register-show", session=own.pk)
    form = ReopenForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        actions.reopen_register(session=own, by=request.user, now=timezone.now(), **form.cleaned_data)
        messages.success(request, "The register is open again")
        return redirect("attendance:register-show", session=own.pk)
    context = frame(request, own, "Open the register again?") | {
        "caption": when_in_words(own),
        "form": form,
        "counts": register_counts(own),
        "button": "Open it again",
    }
    return render(request, "attendance/register/reopen.html", context, status=422 if form.errors else 200)


@require_http_methods(READ_OR_POST)
def decide_walk_ins(request: HttpRequest, session: int) -> HttpResponse:
    """Say who walked in: a known person of that organisation, a new person, or just the name."""
    own = _session_managed(request, session)
    if request.method == "POST":
        _decide(request, own)
        return redirect("attendance:register-walk-ins", session=own.pk)
    page = page_of(undecided_walk_ins(own), request.GET.get("page"), size=SHORT)
    visible = people_visible_to(request.user, timezone.localdate())
    suggested = suggestions_for(own, page.rows, visible)
    people = {each.person for found in suggested.values() for each in found}
    look_at_many(by=request.user, at=people, page="attendance:register-walk-ins", now=timezone.now())
    context = frame(request, own, "Who walked in?") | {
        "caption": when_in_words(own),
        "page": page,
        "rows": [(walk_in, suggested[walk_in.pk]) for walk_in in page.rows],
        "empty_title": "Every walk-in is decided",
        "empty_text": "Names appear here when somebody is added at the door.",
        "empty_url": reverse("attendance:register-show", args=[own.pk]),
        "empty_link": "Back to the register",
    }
    return render(request, "attendance/register/walk_ins.html", context)


def _session_managed(request: HttpRequest, session: int) -> Session:
    own = session_at_door(request, session)
    if not has(request.user, Permission.MANAGE_SESSIONS, own.programme):
        raise Http404
    return own


def _decide(request: HttpRequest, session: Session) -> None:
    form = DecisionForm(request.POST)
    if not form.is_valid():
        messages.error(request, "This decision did not arrive whole. Choose once more.")
        return
    walk_in = get_object_or_404(
        WalkIn.objects.select_related("organisation"), session=session, pk=form.cleaned_data["walk_in"]
    )
    act: dict[str, Any] = {"walk_in": walk_in, "by": request.user, "now": timezone.now()}
    try:
        said = _act(request, session, form.cleaned_data, act)
    except Refused as refusal:
        messages.error(request, refusal.sentence)
    else:
        messages.success(request, said)


def _act(request: HttpRequest, session: Session, decided: dict[str, Any], act: dict[str, Any]) -> str:
    name = act["walk_in"].name
    if decided["decision"] == "new":
        match_to_new_person(**act)
        return f"{name} is added as a new person"
    if decided["decision"] == "leave":
        leave_walk_in(**act)
        return f"{name} stays as written"
    person = _person(request, session, act["walk_in"], decided["person"])
    actions.match_walk_in(person=person, **act)
    return f"{name} is {person.name}"


def _person(request: HttpRequest, session: Session, walk_in: WalkIn, number: int | None) -> Person:
    """Return somebody of the walk-in's organisation whom this person may see; Http404 for anybody else."""
    there = Affiliation.objects.on(session.date).filter(organisation=walk_in.organisation_id)
    visible = people_visible_to(request.user, timezone.localdate())
    return get_object_or_404(visible.filter(pk__in=there.values("person"), is_active=True), pk=number)
