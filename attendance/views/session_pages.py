"""Looking at sessions: a programme's list, its month, one session."""

from collections.abc import Callable, Iterator
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.permissions import Permission, has
from attendance.forms.sessions import SessionFilter
from attendance.models import Place, PlaceState
from attendance.queries.booking import affiliation_for, position_of
from attendance.queries.sessions import (
    agenda_of,
    filter_options,
    first_dates,
    length_of_line,
    session_shown_to,
    sessions_listed,
    weeks_of,
)
from attendance.queries.shares import kept_in, mark_all_kept, mark_quota_used, seats_kept
from attendance.queries.waiting import why_people_wait
from attendance.rules import can_keep_materials, can_keep_register, can_load_register
from attendance.window import rules_of, window_of
from briefings.models import Programme, Session, SessionState
from briefings.words import where_in_words
from face.dates import day, period
from face.paging import Page, page_of
from face.spreadsheets import stream_csv
from history.actions import look_at_many

_YEARS = range(2000, 2100)
SESSION_HEADS = ["Date", "Starts", "Ends", "Session", "Where", "Area", "State", "Places", "Taken", "Waiting"]


def programme_shown(request: HttpRequest, slug: str) -> tuple[Programme, bool]:
    """Return the programme and whether this person sees its drafts; Http404 where it is not public and not theirs."""
    if "\x00" in slug:
        raise Http404
    programme = get_object_or_404(Programme.objects.select_related("booking_rules"), slug=slug)
    staff = has(request.user, Permission.SEE_PROGRAMME, programme)
    if not staff and not programme.is_public:
        raise Http404
    return programme, staff


@login_not_required
@require_safe
def list_sessions(request: HttpRequest, slug: str) -> HttpResponse:
    """A programme's sessions: all with filters for its staff, the open ones to come for everybody else."""
    programme, staff = programme_shown(request, slug)
    now = timezone.now()
    chosen = SessionFilter(request.GET, options=filter_options(programme, staff=staff, now=now), staff=staff)
    if staff or request.GET:
        page = _page_of_sessions(programme, chosen, request.GET.get("page"), staff=staff, now=now)
    else:
        page = first_dates(programme, now)  # as nearly everybody sees it
    for session in page.rows:
        session.programme = programme
        session.all_kept = session.quota_used = False  # a template looks long for what is not there
        session.closed = "" if staff else window_of(session, rules_of(session), now).why_closed
    if not staff:
        bookable = [session for session in page.rows if hasattr(session, "seats") and not session.closed]
        _mark_who_waits(request, programme, bookable)
    return render(
        request,
        "attendance/sessions/list.html",
        {
            "title": "Sessions",
            "programme": programme,
            "caption": programme.name,
            "filter": chosen,
            "page": page,
            "rows": [_in_words(session) for session in page.rows],
            "staff": staff,
            "feed": f"{settings.SITE_URL}{reverse('attendance:session-feed', args=[programme.slug])}",
            "may_plan": has(request.user, Permission.MANAGE_SESSIONS, programme),
            "empty_text": _nothing_there(staff, chosen),
        },
    )


def _page_of_sessions(
    programme: Programme, chosen: SessionFilter, asked: str | None, *, staff: bool, now: datetime
) -> Page:
    found = sessions_listed(programme, staff=staff, now=now)
    rows = _filtered(found, chosen).select_related(None).select_related("room__venue", "area", "seats")
    if not staff:
        rows = rows.annotate(kept=kept_in(programme, now))
    return page_of(rows.order_by("date", "starts", "pk"), asked)


def _mark_who_waits(request: HttpRequest, programme: Programme, sessions: list[Session]) -> None:
    """Tell each of ``sessions`` whether whoever looks at it would wait for a free place of it."""
    if not sessions:
        return
    now, person = timezone.now(), request.user if request.user.is_authenticated else None
    mark_all_kept(sessions, person, programme, now)
    if person:
        tie = affiliation_for(programme, person, now)
        mark_quota_used(sessions, tie and tie.organisation_id, now)


def _in_words(session: Session) -> tuple[Session, str, str, str, str]:
    area = session.area.name if session.area else "Every area"
    return session, day(session.date), period(session.starts, session.ends), where_in_words(session), area


@require_safe
def export_sessions(request: HttpRequest, slug: str) -> StreamingHttpResponse:
    """Give the list as a spreadsheet, with the filter that is on."""
    programme, staff = programme_shown(request, slug)
    if not staff:
        raise Http404
    now = timezone.now()
    found = sessions_listed(programme, staff=True, now=now)
    chosen = SessionFilter(request.GET, options=filter_options(programme, staff=True, now=now), staff=True)
    rows = _filtered(found, chosen).order_by("date", "starts", "pk")
    return stream_csv(f"sessions-{programme.slug}", SESSION_HEADS, _lines(rows))


def _lines(sessions) -> Iterator[list[Any]]:
    for session in sessions.iterator(chunk_size=500):
        seats = getattr(session, "seats", None)
        numbers = [session.capacity, seats.taken if seats else 0, session.waiting]
        when = [session.date.isoformat(), f"{session.starts:%H:%M}", f"{session.ends:%H:%M}"]
        yield [*when, str(session), where_in_words(session), session.area, session.get_state_display(), *numbers]


def _nothing_there(staff: bool, chosen: SessionFilter) -> str:
    if chosen.chosen():
        return ""
    return "Plan the first one, or several dates in one go." if staff else "There is no date to book at the moment."


def _filtered(found, chosen: SessionFilter):
    for word in (chosen.value("q") or "").split():
        found = found.filter(
            Q(title__icontains=word) | Q(programme__name__icontains=word) | Q(room__venue__name__icontains=word)
        )
    if "state" in chosen.fields and chosen.value("state"):
        found = found.filter(state=chosen.value("state"))
    if chosen.value("month"):
        year, month = chosen.value("month").split("-")
        found = found.filter(date__year=int(year), date__month=int(month))
    if chosen.value("venue"):
        found = found.filter(room__venue=int(chosen.value("venue")))
    if chosen.value("area"):
        found = found.filter(area=int(chosen.value("area")))
    return found


@login_not_required
@require_safe
def show_month(request: HttpRequest, slug: str) -> HttpResponse:
    """A month of a programme's sessions, as weeks."""
    programme, staff = programme_shown(request, slug)
    now = timezone.now()
    found = sessions_listed(programme, staff=staff, now=now)
    first = _month_asked(request.GET.get("month", "")) or _month_to_begin_with(found, now)
    inside = found.filter(date__year=first.year, date__month=first.month).order_by("date", "starts", "pk")
    return render(
        request,
        "attendance/sessions/month.html",
        {
            "title": f"Sessions in {first:%B %Y}",
            "programme": programme,
            "caption": programme.name,
            "weeks": weeks_of(first, inside),
            "earlier": _months_on(first, -1),
            "later": _months_on(first, 1),
            "staff": staff,
        },
    )


def _month_asked(text: str) -> date | None:
    try:
        found = datetime.strptime(text, "%Y-%m").date()  # noqa: DTZ007 a month has no zone
    except ValueError:
        return None
    return found if found.year in _YEARS else None


def _month_to_begin_with(found, now: datetime) -> date:
    next_one = found.to_come(now).exclude(state=SessionState.CANCELLED).order_by("date").values_list("date", flat=True)
    return (next_one.first() or timezone.localdate()).replace(day=1)


def _months_on(first: date, by: int) -> date:
    months = first.year * 12 + first.month - 1 + by
    return date(months // 12, months % 12 + 1, 1)


@login_not_required
@require_safe
def show_session(request: HttpRequest, session: int) -> HttpResponse:
    """One session: what it shows depends on who looks."""
    found = session_shown_to(request.user, session)
    if found is None:
        raise Http404
    now, programme = timezone.now(), found.programme
    seats = getattr(found, "seats", None)  # a draft has no counter
    staff = has(request.user, Permission.SEE_PROGRAMME, programme)
    bookable = found.state == SessionState.OPEN and found.during.lower > now
    parts = _parts_shown(request, found, staff, now)
    place = _own_place(request, found)
    if bookable and seats and not staff and place is None:
        found.kept = seats_kept(found, now)
        _mark_who_waits(request, programme, [found])
    runs = staff or (request.user.is_authenticated and found.parts.filter(person=request.user.pk).exists())
    context = {
        "title": str(found),
        "session": found,
        "programme": programme,
        "section": "sessions",
        "where": where_in_words(found, address=True),
        "seats": seats,
        "waiting": length_of_line(found),
        "why_waiting": why_people_wait(found, now) if staff and bookable and seats else [],
        "bookable": bookable,
        "begun": found.during.lower <= now,
        "over": found.during.upper <= now,
        "staff": staff,
        "manages": has(request.user, Permission.MANAGE_SESSIONS, programme),
        "sees_all": any(
            has(request.user, each, programme) for each in (Permission.RUN_SESSIONS, Permission.SEE_FIGURES)
        ),
        "place": place,
        "position": position_of(place) if place else "",
        "window": window_of(found, rules_of(found), now),
        "parts": parts,
        "inside": runs or place is not None,
        "joins": runs or (place is not None and place.state == PlaceState.BOOKED),
        "agenda": agenda_of(found),
        "keeps_register": _may_at_door(can_keep_register, request, found, now),
        "loads_register": _may_at_door(can_load_register, request, found, now),
        "keeps_materials": found.state in (SessionState.OPEN, SessionState.HELD)
        and can_keep_materials(request.user, found),
    }
    return render(request, "attendance/sessions/show.html", context)


def _may_at_door(rule: Callable, request: HttpRequest, session: Session, now: datetime) -> bool:
    """Return what ``rule`` says of this person on the day that it is where ``session`` is."""
    if not request.user.is_authenticated or session.state not in (SessionState.OPEN, SessionState.HELD):
        return False
    return rule(request.user, session, now.astimezone(ZoneInfo(session.zone)).date())


def _own_place(request: HttpRequest, session: Session) -> Place | None:
    if not request.user.is_authenticated:
        return None
    return Place.objects.live().filter(session=session, person=request.user).first()


def _parts_shown(request: HttpRequest, session: Session, staff: bool, now: datetime) -> list[Any]:
    """Return who runs ``session`` for its staff, whose look is written down; [] for everybody else."""
    if not staff:
        return []
    parts = list(session.parts.select_related("person").order_by("person__sort_name", "part"))
    look_at_many(by=request.user, at=[part.person for part in parts], page="attendance:session-show", now=now)
    return parts
