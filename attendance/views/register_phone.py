"""The register on a phone without signal: the page, what it loads, what it sends, its service worker."""

from datetime import datetime, time, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from attendance.actions.phone import take_presses
from attendance.forms.phone import UnreadableMarks, read_marks, since_of
from attendance.models import Place, WalkIn
from attendance.queries.phone import organisations_in_short, organisations_there, places_in_short, rows_of
from attendance.rules import can_load_register, can_send_marks
from attendance.views.register import is_closed
from briefings.models import Session, SessionState
from history.actions import look_at_many

_SAME_LOOK = timedelta(hours=12)
"""A phone that goes on asking for changes looks at each person once."""
_WORKER = settings.BASE_DIR / "static" / "register" / "worker.js"


@require_safe
def show_phone(request: HttpRequest, session: int) -> HttpResponse:
    """The page that a phone keeps: it has nobody's name in it, so that it may lie in a cache."""
    own = _session(request, session)
    context = {
        "title": "Register without signal",
        "session": own,
        "programme": own.programme,
        "section": "sessions",
        "forget_at": _forget_at(own).isoformat(),
    }
    return render(request, "attendance/register/phone.html", context)


@require_safe
def give_rows(request: HttpRequest, session: int) -> JsonResponse:
    """Give the register to a phone: all of it, or what has changed since a moment."""
    own, now = _session(request, session), timezone.now()
    since = since_of(request.GET.get("since", ""))
    answer = _answer(request, own, now, since=since)
    if since is None:
        answer["organisations"] = _organisations(own)
    else:
        answer["places"] = places_in_short(own)
        answer["organisations_in_short"] = organisations_in_short(own)
    return JsonResponse(answer)


@require_POST
def take_marks(request: HttpRequest, session: int) -> JsonResponse:
    """Keep what a phone sends and say what became of each press."""
    own, now = _session(request, session), timezone.now()
    if not can_send_marks(request.user, own, _today(own, now)):
        raise Http404
    try:
        walk_ins, presses, since = read_marks(request.body)
    except UnreadableMarks:
        return JsonResponse({"error": "These marks did not arrive whole."}, status=400)
    results, touched = take_presses(session=own, walk_ins=walk_ins, presses=presses, by=request.user, now=now)
    own = _session(request, session)
    return JsonResponse({**_answer(request, own, now, since=since or now, also=touched), "results": results})


@login_not_required
@require_safe
def give_worker(request: HttpRequest) -> HttpResponse:
    """Give the service worker. It stands at the root so that it may answer for the pages of sessions."""
    answer = HttpResponse(_worker(), content_type="text/javascript; charset=utf-8")
    answer["Cache-Control"] = "no-cache"
    return answer


@cache
def _worker() -> bytes:
    return _WORKER.read_bytes()


def _answer(
    request: HttpRequest, session: Session, now: datetime, *, since: datetime | None, also: list[Place | WalkIn] = ()
) -> dict[str, Any]:
    rows = rows_of(session, since=since, also=also)
    people = {row.person for row in rows if row.person}
    seen_since = now - _SAME_LOOK if since else None
    look_at_many(by=request.user, at=people, page="attendance:register-phone-rows", now=now, unless_since=seen_since)
    return {
        "csrf": get_token(request),
        "at": now.isoformat(),
        "closed": is_closed(session),
        "may_send": can_send_marks(request.user, session, _today(session, now)),
        "rows": [row.as_json() for row in rows],
    }


def _organisations(session: Session) -> list[list[Any]]:
    """Return id and name of each organisation for walk-ins, the partners first."""
    partners = set(session.programme.partners.on(session.date).values_list("organisation", flat=True))
    there = organisations_there(session).values_list("pk", "name")
    known = sorted(there, key=lambda own: (own[0] not in partners, own[1]))
    return [list(own) for own in known]


def _session(request: HttpRequest, number: int) -> Session:
    found = get_object_or_404(
        Session.objects.select_related("programme", "register", "room__venue").filter(
            state__in=(SessionState.OPEN, SessionState.HELD)
        ),
        pk=number,
    )
    if not can_load_register(request.user, found, _today(found, timezone.now())):
        raise Http404
    return found


def _today(session: Session, now: datetime):
    return now.astimezone(ZoneInfo(session.zone)).date()


def _forget_at(session: Session) -> datetime:
    """Return when a phone forgets the names: as the day after the session begins."""
    return datetime.combine(session.date + timedelta(days=1), time(), ZoneInfo(session.zone))
