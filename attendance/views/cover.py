"""Senior cover: the matrix, asking, and the page on which somebody says whether they come."""

from datetime import date, datetime
from typing import Any

from django.contrib import messages
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import TruncMonth
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.links import personal_link
from accounts.permissions import Permission, has
from attendance.actions import cover as actions
from attendance.forms.cover import AskForm, DeputyForm, MonthFilter, deputies_for
from attendance.models import CoverState, SeniorAttendance
from attendance.queries.cover import NOBODY, Cell, Matrix, cover_matrix
from briefings.models import Mandate, Programme, Session, SessionState
from briefings.words import when_in_words
from face.dates import day_short
from face.spreadsheets import stream_csv
from history.actions import look_at_many
from history.refusals import Refused

SHOWN = {
    CoverState.ATTENDED: ("good", "full", "Attended"),
    CoverState.COMING: ("good", "full", "Coming"),
    CoverState.ASKED: ("open", "ring", "Asked"),
    CoverState.APOLOGIES: ("bad", "gap", "Apologies"),
    NOBODY: ("bad", "gap", "Nobody"),
}
MOST_SESSIONS = 40


def _programme(request: HttpRequest, slug: str) -> Programme:
    """Return the programme whose cover this person may see; raises Http404 for any other."""
    found = Programme.objects.where(request.user, Permission.SEE_PROGRAMME)
    return get_object_or_404(
        found.filter(pk__in=Programme.objects.where(request.user, Permission.SEE_FIGURES)), slug=slug
    )


def _sessions(programme: Programme) -> QuerySet[Session]:
    shown = programme.sessions.exclude(state__in=(SessionState.CANCELLED, SessionState.DRAFT))
    return shown.select_related("programme").order_by("date", "starts", "pk")


@require_safe
def show_matrix(request: HttpRequest, slug: str) -> HttpResponse:
    """Which partner organisations have a senior manager at which session."""
    programme, now = _programme(request, slug), timezone.now()
    form = _month_filter(request, programme)
    matrix = _matrix(programme, form, now)
    look_at_many(
        by=request.user,
        at={own.person for row in matrix.rows for cell in row.cells for own in cell.requests},
        page="attendance:cover-show",
        now=now,
    )
    context = {
        "programme": programme,
        "section": "cover",
        "title": "Senior cover",
        "caption": programme.name,
        "filter": form,
        "matrix": _drawn(matrix),
        "unmet": [row for row in matrix.rows if not row.meets_rule and row.session.date >= now.date()],
        "requests": _to_withdraw(matrix, now),
        "can_ask": has(request.user, Permission.MANAGE_SESSIONS, programme),
    }
    return render(request, "attendance/cover/matrix.html", context)


@require_safe
def export_matrix(request: HttpRequest, slug: str) -> HttpResponse:
    """The matrix as a spreadsheet: one line for each session and organisation."""
    programme, now = _programme(request, slug), timezone.now()
    matrix = _matrix(programme, _month_filter(request, programme), now)
    people = {own.person for row in matrix.rows for cell in row.cells for own in cell.requests}
    look_at_many(by=request.user, at=people, page="attendance:cover-export", now=now)
    return stream_csv(
        f"{programme.slug}-senior-cover.csv",
        ["Session", "Date", "Organisation", "Cover", "Senior managers", "Meets the rule"],
        (
            [
                str(row.session),
                row.session.date.isoformat(),
                organisation.name,
                SHOWN[cell.state][2],
                "; ".join(own.person.name for own in cell.requests),
                "yes" if row.meets_rule else "no",
            ]
            for row in matrix.rows
            for organisation, cell in zip(matrix.organisations, row.cells, strict=True)
        ),
    )


@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask one or several senior managers to come to one or several sessions."""
    programme, now = _programme(request, slug), timezone.now()
    if not has(request.user, Permission.MANAGE_SESSIONS, programme):
        raise Http404
    form = AskForm(
        request.POST if request.method == "POST" else None,
        initial=_chosen_before(request),
        sessions=_sessions(programme).filter(state=SessionState.OPEN, during__startswith__gt=now),
        mandates=_mandates(programme, now.date()),
    )
    if request.method == "POST" and form.is_valid():
        try:
            asked = actions.ask_to_cover(requests=form.pairs(), by=request.user, now=now)
        except Refused as refusal:
            form.add_refusal(refusal)
        else:
            messages.success(request, _said(asked))
            return redirect("attendance:cover-show", slug=programme.slug)
    context = {
        "programme": programme,
        "section": "cover",
        "title": "Ask senior managers to come",
        "caption": programme.name,
        "form": form,
        "back_url": reverse("attendance:cover-show", args=[programme.slug]),
        "back_words": "Back to senior cover",
        "button": "Ask them by e-mail",
    }
    return render(request, "layouts/form.html", context)


@require_POST
def withdraw(request: HttpRequest, slug: str, request_id: int) -> HttpResponse:
    """Say that somebody is not needed any more."""
    programme = get_object_or_404(Programme.objects.where(request.user, Permission.MANAGE_SESSIONS), slug=slug)
    own = get_object_or_404(
        SeniorAttendance.objects.select_related("person"), pk=request_id, session__programme=programme
    )
    actions.withdraw_request(attendance=own, by=request.user, now=timezone.now())
    messages.success(request, f"{own.person.name} is not needed any more and is told so")
    return redirect("attendance:cover-show", slug=programme.slug)


# What the mailed link opens


@personal_link("cover")
@require_safe
def show_request(request: HttpRequest, link: int) -> HttpResponse:
    """What somebody is asked, and the three answers."""
    own, now = _own(request), timezone.now()
    senior = own.person
    context = {
        "own": own,
        "session": own.session,
        "programme": own.session.programme,
        "person": request.link.person,
        "senior": senior,
        "for_assistant": senior.pk != request.link.person_id,
        "is_over": own.session.during.lower <= now or own.session.state == SessionState.CANCELLED,
        "has_deputies": deputies_for(own).exists(),
        "own_link": link,
        "personal_link": True,
    }
    return render(request, "attendance/cover/request.html", context)


@personal_link("cover")
@require_POST
def say_coming(request: HttpRequest, link: int) -> HttpResponse:
    """*I am coming*."""
    return _answered(request, actions.answer_coming, "Thank you. The entry for your calendar is on its way by e-mail")


@personal_link("cover")
@require_POST
def say_cannot(request: HttpRequest, link: int) -> HttpResponse:
    """*I cannot come*."""
    return _answered(request, actions.answer_cannot, "Thank you for saying so. The coordinator asks somebody else")


@personal_link("cover")
@require_http_methods(["GET", "HEAD", "POST"])
def pass_on(request: HttpRequest, link: int) -> HttpResponse:
    """*Not me, ask …*: choose the colleague with a mandate."""
    own = _own(request)
    form = DeputyForm(request.POST if request.method == "POST" else None, own=own)
    if request.method == "POST" and form.is_valid():
        deputy: Mandate = form.cleaned_data["deputy"]
        try:
            actions.answer_not_me(attendance=own, deputy=deputy, by=request.link.person, now=timezone.now())
        except Refused as refusal:
            form.add_refusal(refusal)
        else:
            messages.success(request, f"We ask {deputy.person.name} by e-mail. You need not do anything more")
            return redirect("attendance:cover-request", link=link)
    context = {
        "form": form,
        "title": "Whom shall we ask instead?",
        "caption": f"{own.session.programme.name}, {when_in_words(own.session)}",
        "back_url": reverse("attendance:cover-request", args=[link]),
        "button": "Ask this colleague",
        "shape": "narrow",
        "personal_link": True,
    }
    return render(request, "attendance/cover/pass_on.html", context)


def _own(request: HttpRequest) -> SeniorAttendance:
    """Return the request that the opened link is about; raises Http404 where it is gone."""
    pk = request.link.about.rpartition(":")[2]
    found = SeniorAttendance.objects.select_related(
        "session__programme", "session__room__venue", "person", "organisation", "deputy__person"
    )
    return get_object_or_404(found, pk=pk)


def _answered(request: HttpRequest, action: Any, words: str) -> HttpResponse:
    own = _own(request)
    try:
        action(attendance=own, by=request.link.person, now=timezone.now())
    except Refused as refusal:
        messages.error(request, refusal.sentence)
    else:
        messages.success(request, words)
    return redirect("attendance:cover-request", link=request.link.pk)


def _month_filter(request: HttpRequest, programme: Programme) -> MonthFilter:
    months = _sessions(programme).order_by().annotate(month=TruncMonth("date")).values_list("month", flat=True)
    return MonthFilter(request.GET or None, months=sorted(set(months)))


def _matrix(programme: Programme, form: MonthFilter, now: datetime) -> Matrix:
    sessions, month = _sessions(programme), form.value("month")
    if month and month != "all":
        year, number = month.split("-")
        sessions = sessions.filter(date__year=year, date__month=number)
    elif not month:
        sessions = sessions.filter(date__gte=now.date())
    return cover_matrix(programme, sessions[:MOST_SESSIONS] if month != "all" else sessions, now.date())


def _drawn(matrix: Matrix) -> dict[str, Any]:
    """Return the matrix as components/matrix.html takes it: organisations down, sessions across."""
    columns = list(zip(*(row.cells for row in matrix.rows), strict=True)) if matrix.rows else []
    return {
        "caption": "Senior managers by organisation and session",
        "first": "Organisation",
        "columns": [f"{day_short(row.session.date)}\n{row.session.get_slot_display().lower()}" for row in matrix.rows],
        "rows": [
            {"words": organisation.name, "cells": [_shown(cell) for cell in cells]}
            for organisation, cells in zip(matrix.organisations, columns, strict=False)
        ],
        "foot": {
            "words": "Partners covered",
            "cells": [f"{row.covered} of {len(matrix.organisations)}" for row in matrix.rows],
        },
    }


def _shown(cell: Cell) -> dict[str, str]:
    colour, shape, words = SHOWN[cell.state]
    return {"colour": colour, "shape": shape, "words": words}


def _to_withdraw(matrix: Matrix, now: datetime) -> list[SeniorAttendance]:
    live = (CoverState.ASKED, CoverState.COMING)
    return [
        own
        for row in matrix.rows
        if row.session.during.lower > now
        for cell in row.cells
        for own in cell.requests
        if own.state in live and not setattr(own, "session", row.session)
    ]


def _mandates(programme: Programme, today: date) -> QuerySet[Mandate]:
    """Return the mandates of today, each with the number of sessions its person comes to; who comes least first."""
    coming = (
        SeniorAttendance.objects.filter(
            Q(state=CoverState.COMING) | Q(state=CoverState.ATTENDED),
            person=OuterRef("person"),
            session__programme=programme,
        )
        .order_by()
        .values("person")
        .annotate(number=Count("pk"))
        .values("number")
    )
    found = Mandate.objects.on(today).filter(programme=programme, person__is_active=True)
    return (
        found.annotate(comes_to=Subquery(coming))
        .select_related("person", "organisation")
        .order_by("organisation__name", "person__sort_name", "pk")
    )


def _chosen_before(request: HttpRequest) -> dict[str, list[str]]:
    """Return what the link from a gap has chosen: ?session=3."""
    return {"sessions": [pk for pk in request.GET.getlist("session") if pk.isascii() and pk.isdecimal()]}


def _said(asked: list[SeniorAttendance]) -> str:
    people = len({own.person_id for own in asked})
    if not asked:
        return "They had all been asked before: nobody gets another e-mail"
    return f"{people} senior manager{'s are' if people > 1 else ' is'} asked by e-mail"
