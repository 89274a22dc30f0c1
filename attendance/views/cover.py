"""Senior cover: the matrix as page and spreadsheet, and asking."""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import TruncMonth
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.permissions import Permission, has
from attendance.actions import cover as actions
from attendance.forms.cover import AskForm, MatrixFilter
from attendance.models import CoverState, SeniorAttendance
from attendance.queries.cover import Matrix, cover_matrix, meanings_of, planned
from attendance.views import cover_drawn
from briefings.models import Mandate, Partner, Programme, Session, SessionState
from face.paging import page_of
from face.spreadsheets import stream_csv
from history.actions import look_at_many
from history.refusals import Refused
from organisations.models import Organisation

MOST_SESSIONS = 40


def programmes_of(request: HttpRequest) -> QuerySet[Programme]:
    """Return the programmes whose cover this person may see."""
    found = Programme.objects.where(request.user, Permission.SEE_PROGRAMME)
    return found.filter(pk__in=Programme.objects.where(request.user, Permission.SEE_FIGURES))


def programme_of(request: HttpRequest, slug: str) -> Programme:
    """Return the programme whose cover this person may see; raises Http404 for any other."""
    return get_object_or_404(programmes_of(request), slug=slug)


@require_safe
def show_matrix(request: HttpRequest, slug: str) -> HttpResponse:
    """Which partner organisations have a senior manager at which session."""
    programme = programme_of(request, slug)
    context = {
        "programme": programme,
        "section": "cover",
        "caption": programme.name,
        "can_ask": has(request.user, Permission.MANAGE_SESSIONS, programme),
        "rule": cover_drawn.rule_in_words(programme),
        "export_url": reverse("attendance:cover-export", args=[programme.slug]),
    }
    return _page(request, [programme], context, {programme.pk} if context["can_ask"] else set(), one=True)


@require_safe
def show_all(request: HttpRequest) -> HttpResponse:
    """The same for every programme that this person may see, or for one that they choose."""
    run = Programme.objects.where(request.user, Permission.MANAGE_SESSIONS).filter(pk=OuterRef("pk"))
    programmes = list(programmes_of(request).annotate(is_run=Exists(run)))
    if not programmes:
        raise Http404
    context = {
        "programme": None,
        "section": "all-cover",
        "caption": "All your programmes",
        "can_ask": False,
        "rule": "",
        "export_url": reverse("attendance:cover-all-export"),
    }
    return _page(request, programmes, context, {each.pk for each in programmes if each.is_run}, one=False)


def _page(
    request: HttpRequest, programmes: list[Programme], context: dict[str, Any], run: set[int], *, one: bool
) -> HttpResponse:
    """Show the matrix of ``programmes``; ``run`` are the ids of those in which this person may ask somebody."""
    now = timezone.now()
    form = _filter(request, programmes, one=one)
    matrix, found = _matrix(programmes, form, now)
    _look(request, matrix, "attendance:cover-show" if one else "attendance:cover-all", now)
    unmet = [row for row in matrix.rows if not row.meets_rule and row.session.during.lower > now]
    context |= {
        "title": "Senior cover",
        "filter": form,
        "matrix": cover_drawn.drawn(matrix, now, can_ask=run, codes=not one),
        "paper": cover_drawn.for_paper(matrix),
        "unmet": [(row, cover_drawn.wanted_in_words(row)) for row in unmet],
        "left_out": found - len(matrix.rows),
        "page": page_of(_to_withdraw(matrix, now), request.GET.get("page")),
    }
    return render(request, "attendance/cover/matrix.html", context)


@require_safe
def compare_rules(request: HttpRequest, slug: str) -> HttpResponse:
    """What each rule of senior cover would mean for the sessions that are planned, before one is chosen."""
    programme, now = programme_of(request, slug), timezone.now()
    today = timezone.localdate(now)
    sessions = list(sessions_of([programme]).filter(during__startswith__gt=now))
    context = {
        "programme": programme,
        "section": "cover",
        "title": "What each rule would mean",
        "caption": programme.name,
        "rule": cover_drawn.rule_in_words(programme),
        "rows": [
            (
                *cover_drawn.meaning_in_words(each),
                each.rule == programme.cover_rule and each.number == programme.cover_number,
            )
            for each in meanings_of(programme, sessions, today)
        ],
        "sessions": len(sessions),
        "can_choose": has(request.user, Permission.MANAGE_PROGRAMME, programme),
        "back_url": reverse("attendance:cover-show", args=[programme.slug]),
        "back_words": "Back to senior cover",
    }
    return render(request, "attendance/cover/rules.html", context)


@require_safe
def export_matrix(request: HttpRequest, slug: str) -> HttpResponse:
    """The matrix as a spreadsheet: one line for each session and partner organisation."""
    programme = programme_of(request, slug)
    return _spreadsheet(request, [programme], f"{programme.slug}-senior-cover", one=True)


@require_safe
def export_all(request: HttpRequest) -> HttpResponse:
    """The matrix of all programmes as a spreadsheet."""
    programmes = list(programmes_of(request))
    if not programmes:
        raise Http404
    return _spreadsheet(request, programmes, "senior-cover", one=False)


def _spreadsheet(request: HttpRequest, programmes: list[Programme], name: str, *, one: bool) -> HttpResponse:
    now = timezone.now()
    matrix, _ = _matrix(programmes, _filter(request, programmes, one=one), now, most=None)
    _look(request, matrix, "attendance:cover-export" if one else "attendance:cover-all-export", now)
    return stream_csv(name, cover_drawn.HEADS, cover_drawn.lines(matrix))


def _look(request: HttpRequest, matrix: Matrix, page: str, now: datetime) -> None:
    people = {own.person for row in matrix.rows for cell in row.cells for own in cell.requests}
    look_at_many(by=request.user, at=people, page=page, now=now)


@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask one or several senior managers, or whoever of an organisation can, to come to one or several sessions."""
    programme, now = programme_of(request, slug), timezone.now()
    if not has(request.user, Permission.MANAGE_SESSIONS, programme):
        raise Http404
    today = timezone.localdate(now)
    form = AskForm(
        request.POST if request.method == "POST" else None,
        initial=_chosen_before(request),
        sessions=to_ask_for(programme, now),
        mandates=_mandates(programme, today),
        organisations=partners_of(programme, now),
    )
    if request.method == "POST" and form.is_valid():
        try:
            asked = actions.ask_all(requests=form.pairs(), whoever=form.whoever(), by=request.user, now=now)
        except Refused as refusal:
            form.add_refusal(refusal)
        else:
            messages.success(request, said(asked))
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
    try:
        actions.withdraw_request(attendance=own, by=request.user, now=timezone.now())
    except Refused as refusal:
        messages.error(request, refusal.sentence)
    else:
        messages.success(request, f"{own.person.name} is not needed any more and is told so")
    return redirect("attendance:cover-show", slug=programme.slug)


def sessions_of(programmes: list[Programme]) -> QuerySet[Session]:
    """Return the sessions of ``programmes`` that are open or held, or in draft and to come, the next first."""
    shown = Session.objects.filter(planned(timezone.localdate()), programme__in=programmes)
    return shown.select_related("programme").order_by("date", "starts", "pk")


def to_ask_for(programme: Programme, now: datetime) -> QuerySet[Session]:
    """Return the sessions of ``programme`` to which somebody senior can be asked: before it opens too."""
    to_come = sessions_of([programme]).filter(during__startswith__gt=now)
    return to_come.filter(state__in=(SessionState.DRAFT, SessionState.OPEN))


def partners_of(programme: Programme, now: datetime) -> QuerySet[Organisation]:
    """Return the organisations that take part in ``programme`` today, by name."""
    partners = Partner.objects.on(timezone.localdate(now)).filter(programme=programme)
    return Organisation.objects.filter(pk__in=partners.values("organisation")).order_by("name", "pk")


def _filter(request: HttpRequest, programmes: list[Programme], *, one: bool) -> MatrixFilter:
    """Return what is filtered by: month, organisation, gaps; and the programme where there are several to choose."""
    months = sessions_of(programmes).order_by().annotate(month=TruncMonth("date")).values_list("month", flat=True)
    partners = Partner.objects.filter(programme__in=programmes).values("organisation")
    return MatrixFilter(
        request.GET or None,
        months=sorted(set(months.distinct())),
        organisations=Organisation.objects.filter(pk__in=partners).order_by("name", "pk"),
        programmes=None if one else programmes,
    )


def _matrix(
    programmes: list[Programme], form: MatrixFilter, now: datetime, most: int | None = MOST_SESSIONS
) -> tuple[Matrix, int]:
    """Return the matrix of what was chosen, and how many sessions fit; ``most`` of them are in it."""
    today, month = timezone.localdate(now), form.value("month")
    sessions = sessions_of([form.value("programme")] if form.value("programme") else programmes)
    if month and month != "all":
        year, number = month.split("-")
        sessions = sessions.filter(date__year=year, date__month=number)
    elif not month:
        sessions = sessions.filter(date__gte=today)
    chosen = list(sessions)
    matrix = cover_matrix(chosen if form.value("gaps") else chosen[:most], today)
    if form.value("gaps"):
        lacking = [row for row in matrix.rows if not row.meets_rule]
        matrix, chosen = Matrix(matrix.organisations, lacking[:most], matrix.shares), lacking
    if organisation := form.value("organisation"):
        matrix = matrix.only(organisation)
    return matrix, len(chosen)


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


def _mandates(programme: Programme, today: Any) -> QuerySet[Mandate]:
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
    """Return what the link from a gap has chosen: ?session=3&organisation=5."""

    def numbers(name: str) -> list[str]:
        return [pk for pk in request.GET.getlist(name) if pk.isascii() and pk.isdecimal()]

    return {"sessions": numbers("session"), "organisations": numbers("organisation")}


def said(asked: list[SeniorAttendance]) -> str:
    """Return in words how many were asked."""
    people = len({own.person_id for own in asked})
    if not asked:
        return "They had all been asked before, or somebody comes already: nobody gets another e-mail"
    return f"{people} senior manager{'s are' if people > 1 else ' is'} asked by e-mail"
