"""A programme: for everybody what it is, for those who run it the overview."""

from datetime import datetime
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.permissions import Permission, has, scopes_with
from briefings.models import Programme, Session
from briefings.queries import count_eligible, set_up_of
from commitments.queries.agreements import public_versions
from commitments.queries.assurances import standing_for
from communications.queries.posts import posts_of, voice_of
from desk import addresses, overview
from desk.matters import MOST, worst_first
from desk.matters.programmes import matters_of
from desk.queries.programmes import PARTNERS, with_work
from desk.steps import first_steps
from organisations.rules import led_organisation_ids

SESSIONS_SHOWN, PROMISES_SHOWN, POSTS_SHOWN = 12, 3, 3


@login_not_required
@require_safe
def show_programme(request: HttpRequest, slug: str) -> HttpResponse:
    """For everybody: what it is and its open sessions. For coordinator and board: the overview."""
    now = timezone.now()
    seen = (Programme.objects.public() | Programme.objects.visible_to(request.user)).filter(slug=slug)
    sees_work = scopes_with(request.user, Permission.SEE_FIGURES)
    programme = next(iter(with_work(seen, now) if sees_work else seen), None)
    if programme is None:
        raise Http404
    if has(request.user, Permission.SEE_FIGURES, programme):
        return render(request, "desk/programme/overview.html", _overview(request, programme, now))
    context = {"programme": programme, "sessions": _sessions_to_come(programme, now)}
    if has(request.user, Permission.SEE_PROGRAMME, programme):
        return render(request, "desk/programme/staff.html", context | _for_staff(programme, now))
    led = programme.partners.on(timezone.localdate(now)).filter(organisation__in=led_organisation_ids(request.user))
    context["leads_here"] = led.exists()
    context["has_agreed"] = programme.is_public and public_versions(programme, timezone.localdate(now)).exists()
    context["promises"] = standing_for(programme)[:PROMISES_SHOWN]
    context["posts"] = posts_of(programme, POSTS_SHOWN) if programme.is_public else []
    return render(request, "desk/programme/public.html", context)


def _sessions_to_come(programme: Programme, now: datetime) -> list[Session]:
    found = programme.sessions.open().to_come(now).select_related("room__venue", "programme")
    return list(found[:SESSIONS_SHOWN])


def _for_staff(programme: Programme, now: datetime) -> dict[str, Any]:
    figures = set_up_of(programme, timezone.localdate(now))
    return {"figures": figures, "eligible": count_eligible(programme, now)}


def _overview(request: HttpRequest, programme: Programme, now: datetime) -> dict[str, Any]:
    today = timezone.localdate(now)
    may = {"plan": has(request.user, Permission.MANAGE_SESSIONS, programme)}
    may["triage"] = has(request.user, Permission.TRIAGE_QUESTIONS, programme)
    counted, live = overview.counted(programme, now), overview.live(programme, now, can_ask=may["plan"])
    questions, assurances, ahead = live.questions, live.assurances, live.ahead
    matters = []
    if may["triage"]:
        matters = matters_of(programme, questions, assurances, ahead.uncovered, today)
    return {
        "programme": programme,
        "today": today,
        "may": may,
        "matters": worst_first(matters)[:MOST],
        "steps": first_steps(programme, counted.reach.total, now) if may["plan"] else [],
        "counted": counted,
        "total": counted.reach.total,
        "reach": [(row, overview.parts_of(row)) for row in counted.reach.rows],
        "ahead": ahead,
        "next": ahead.sessions[0] if ahead.sessions else None,
        "register_url": addresses.register(ahead.sessions[0].pk) if ahead.sessions else "",
        "questions": questions,
        "ages": overview.ages_of(questions),
        "questions_url": addresses.questions(programme),
        "late_questions_url": addresses.questions(programme, late="yes"),
        "assurances": overview.states_of(assurances),
        "made": overview.made(assurances),
        "made_by": assurances[PARTNERS],
        "late_assurances": assurances["late"],
        "assurances_url": addresses.assurances(programme),
        "agreements_full": programme.agreements_standing - programme.agreements_open,
        "evidence_url": addresses.assurances(programme, evidence="on"),
        "voice": voice_of(programme) if programme.has_posts else None,
        "late_assurances_url": addresses.assurances(programme, late="yes"),
    }


@require_safe
def list_messages(request: HttpRequest, slug: str) -> HttpResponse:
    """Lead from a programme's pages to its part of the message log."""
    programme = get_object_or_404(Programme.objects.where(request.user, Permission.SEE_MESSAGES), slug=slug)
    return redirect(addresses.messages(programme))
