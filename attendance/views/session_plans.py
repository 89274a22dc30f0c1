"""Planning sessions: one, several, a copy."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.models import Person
from accounts.permissions import Permission
from attendance.actions.sessions import (
    DateRefused,
    RunsAnotherSession,
    SessionPlan,
    copy_session,
    plan_session,
    plan_several,
)
from attendance.forms.sessions import CopyForm, PlanForm, PlanSeveralForm
from attendance.queries.sessions import DateCheck, check_dates
from attendance.views.sessions import FIELD_OF, session_of, typed_again
from briefings.models import Programme, Session
from briefings.words import where_in_words
from face.dates import day
from history.actions import look_at_many
from history.refusals import Refused
from organisations.rules import people_visible_to

_ASKS = ["GET", "HEAD", "POST"]


def programme_managed(request: HttpRequest, slug: str) -> Programme:
    """Return the programme whose sessions this person plans; Http404 for any other."""
    return get_object_or_404(Programme.objects.where(request.user, Permission.MANAGE_SESSIONS), slug=slug)


@require_http_methods(_ASKS)
def plan(request: HttpRequest, slug: str) -> HttpResponse:
    """Plan one session."""
    programme = programme_managed(request, slug)
    form = _form(PlanForm, request, programme)
    if request.method == "POST" and form.is_valid():
        details = SessionPlan(
            date=form.cleaned_data["date"], slot=form.cleaned_data["slot"], runs=form.runs(), **form.details()
        )
        try:
            session = plan_session(programme=programme, plan=details, by=request.user, now=timezone.now())
        except Refused as refusal:
            form.add_refusal(refusal, FIELD_OF.get(type(refusal)))
        else:
            messages.success(request, "Saved as a draft. Nobody is told before you open it.")
            return redirect("attendance:session-show", session=session.pk)
    return _page(request, form, programme, "Plan a session", "Save as a draft")


def _form(kind: type, request: HttpRequest, programme: Programme):
    people = people_visible_to(request.user, timezone.localdate())
    return kind(request.POST if request.method == "POST" else None, programme=programme, people=people)


@require_http_methods(_ASKS)
def plan_dates(request: HttpRequest, slug: str) -> HttpResponse:
    """Plan several: first every date is checked and shown, then all or the good ones are saved."""
    programme = programme_managed(request, slug)
    form = _form(PlanSeveralForm, request, programme)
    if request.method != "POST" or not form.is_valid():
        return _page(request, form, programme, "Plan several dates", "Check the dates")
    now = timezone.now()
    room, dates = form.cleaned_data["room"], form.cleaned_data["dates"]
    people = [person.pk for person, _ in form.runs()]
    checks = check_dates(programme=programme, dates=dates, room=room, people=people, now=now)
    good = [check for check in checks if not check.problems]
    if "again" in request.POST:
        return _page(request, form, programme, "Plan several dates", "Check the dates")
    if "confirmed" not in request.POST or not good:
        return _check_page(request, programme, checks, good)
    details = SessionPlan(date=good[0].date, slot=good[0].slot, runs=form.runs(), **form.details())
    try:
        made = plan_several(
            programme=programme,
            plan=details,
            dates=[(check.date, check.slot) for check in good],
            by=request.user,
            now=now,
        )
    except DateRefused as refusal:
        form.add_refusal(refusal, FIELD_OF.get(type(refusal.why), "dates"))
        return _page(request, form, programme, "Plan several dates", "Check the dates")
    messages.success(request, f"{len(made)} sessions saved as drafts. Nobody is told before you open them.")
    return redirect("attendance:session-list", slug=programme.slug)


def _check_page(
    request: HttpRequest, programme: Programme, checks: list[DateCheck], good: list[DateCheck]
) -> HttpResponse:
    context = {
        "title": "Check the dates",
        "programme": programme,
        "section": "sessions",
        "caption": programme.name,
        "checks": checks,
        "good": len(good),
        "typed": typed_again(request),
        "leave_url": reverse("attendance:session-list", args=[programme.slug]),
    }
    return render(request, "attendance/sessions/check_dates.html", context)


@require_http_methods(_ASKS)
def copy(request: HttpRequest, session: int) -> HttpResponse:
    """Copy a session to another half-day."""
    found, now = session_of(request, session), timezone.now()
    people = list(Person.objects.filter(session_parts__session=found).distinct().order_by("sort_name", "pk"))
    names = [person.name for person in people]
    form = CopyForm(request.POST if request.method == "POST" else None, session=found, names=names)
    if request.method == "POST" and form.is_valid():
        try:
            made = copy_session(session=found, by=request.user, now=now, **form.cleaned_data)
        except Refused as refusal:
            field = "with_people" if isinstance(refusal, RunsAnotherSession) else "date"
            form.add_refusal(refusal, field)
        else:
            messages.success(request, f"Copied to {day(made.date)} as a draft.")
            return redirect("attendance:session-show", session=made.pk)
    look_at_many(by=request.user, at=people, page="attendance:session-copy", now=now)
    context = {
        "session": found,
        "facts": _copied(found),
        "back_url": reverse("attendance:session-show", args=[found.pk]),
        "back_words": "Back to the session",
    }
    title = f"Copy the session of {day(found.date)}"
    button = "Save the copy as a draft"
    return _page(request, form, found.programme, title, button, template="attendance/sessions/copy.html", **context)


def _copied(session: Session) -> list[dict[str, str]]:
    """Return what a copy of ``session`` takes along, as facts."""
    agenda = "\n".join(f"{item.title}, {item.minutes} minutes" for item in session.agenda.all())
    kept = f"{session.reserved} of them kept back" if session.reserved else ""
    facts = {
        "Title": (session.title, ""),
        "Where": (where_in_words(session), ""),
        "Places": (str(session.capacity), kept),
        "Agenda": (agenda, "Where the new half-day is shorter, the agenda begins anew."),
    }
    return [{"name": name, "value": value, "note": note} for name, (value, note) in facts.items() if value]


def _page(
    request: HttpRequest,
    form: Any,
    programme: Programme,
    title: str,
    button: str,
    *,
    template: str = "attendance/sessions/plan.html",
    **more: Any,
) -> HttpResponse:
    context = {
        "form": form,
        "title": title,
        "button": button,
        "programme": programme,
        "section": "sessions",
        "caption": programme.name,
        "back_url": reverse("attendance:session-list", args=[programme.slug]),
        "back_words": "Back to the sessions",
        **more,
    }
    status = 422 if form.is_bound and form.errors else 200
    return render(request, template, context, status=status)
