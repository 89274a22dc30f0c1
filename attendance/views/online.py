"""The attendance of an online session, by the report of its meeting."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from accounts.permissions import Permission, has
from attendance.actions import online as actions
from attendance.forms.online import DecisionsForm, ReportForm, ShareForm
from attendance.models import OnlineDecision, OnlinePresence, OnlineReport
from attendance.queries.online import places_alike, places_left, walk_ins_alike
from attendance.views.register import READ_OR_POST, frame, session_at_door
from briefings.models import Session
from briefings.words import when_in_words
from face.paging import page_of
from history.actions import look_at_many
from history.refusals import Refused
from organisations.models import Organisation


@require_http_methods(READ_OR_POST)
def list_reports(request: HttpRequest, session: int) -> HttpResponse:
    """The reports of a session, with a form for one more."""
    own = _session(request, session)
    form = ReportForm(*((request.POST, request.FILES) if request.method == "POST" else ()))
    if request.method == "POST" and form.is_valid():
        try:
            made = actions.upload_report(
                session=own, file=form.cleaned_data["file"], by=request.user, now=timezone.now()
            )
        except Refused as refusal:
            form.add_refusal(refusal, "file")
        else:
            return redirect("attendance:online-report", session=own.pk, report=made.pk)
    return _list_page(request, own, form=form, status=422 if form.errors else 200)


@require_POST
def change_share(request: HttpRequest, session: int) -> HttpResponse:
    """Say how much of a session counts as attended, for the whole programme."""
    own = _session(request, session)
    form = ShareForm(request.POST)
    if not form.is_valid():
        return _list_page(request, own, share=form, status=422)
    actions.set_full_share(programme=own.programme, by=request.user, now=timezone.now(), **form.cleaned_data)
    messages.success(request, f"{form.cleaned_data['full_share']} % of a session counts as attended")
    return redirect("attendance:online-list", session=own.pk)


@require_http_methods(READ_OR_POST)
def show_report(request: HttpRequest, session: int, report: int) -> HttpResponse:
    """Everybody in a report: who found their place by address, and a decision for everybody else."""
    own = _session(request, session)
    found = get_object_or_404(OnlineReport, session=own, pk=report)
    rows = found.presences.select_related("place__person", "place__organisation", "organisation")
    undecided = list(rows.filter(decision=OnlineDecision.OPEN)[:_MOST_AT_ONCE])
    form = DecisionsForm(
        request.POST if request.method == "POST" else None,
        rows=undecided,
        suggested=places_alike(own, undecided),
        walked_in=walk_ins_alike(own, undecided),
        left=places_left(own) if undecided else (),
        organisations=_partners(own),
    )
    if request.method == "POST" and form.is_valid():
        actions.decide(report=found, decisions=form.decisions(), by=request.user, now=timezone.now())
        return redirect("attendance:online-report", session=own.pk, report=found.pk)
    page = page_of(rows.exclude(decision=OnlineDecision.OPEN), request.GET.get("page"))
    seen = {row.place.person for row in page.rows if row.place} | {place.person for place in form.places.values()}
    look_at_many(by=request.user, at=seen, page="attendance:online-report", now=timezone.now())
    context = frame(request, own, "Who was there online?") | {
        "caption": when_in_words(own),
        "report": found,
        "form": form,
        "undecided": [(row, form[f"row-{row.pk}"]) for row in undecided],
        "page": page,
        "left": len(undecided) if len(undecided) < _MOST_AT_ONCE else rows.filter(decision=OnlineDecision.OPEN).count(),
        "share": actions.full_share_of(own.programme),
        "without_times": any(row.minutes is None for row in [*undecided, *page.rows]),
        "empty_text": "The rows of this report were deleted 30 days after it came.",
        "back_url": reverse("attendance:online-list", args=[own.pk]),
        "back_words": "Back to the reports",
    }
    return render(request, "attendance/online/report.html", context, status=422 if form.errors else 200)


@require_POST
def reconsider(request: HttpRequest, session: int, report: int, row: int) -> HttpResponse:
    """Open the decision about one row again."""
    own = _session(request, session)
    found = get_object_or_404(OnlinePresence, report__session=own, report=report, pk=row)
    actions.reconsider(presence=found, by=request.user, now=timezone.now())
    return redirect("attendance:online-report", session=own.pk, report=report)


@require_POST
def take_over(request: HttpRequest, session: int, report: int) -> HttpResponse:
    """Mark on the register who was there."""
    own = _session(request, session)
    found = get_object_or_404(OnlineReport, session=own, pk=report)
    try:
        marked = actions.take_over(report=found, by=request.user, now=timezone.now())
    except Refused as refusal:
        messages.error(request, refusal.sentence)
        return redirect("attendance:online-report", session=own.pk, report=found.pk)
    messages.success(request, f"{marked:,} {'person is' if marked == 1 else 'people are'} marked from the report")
    return redirect("attendance:register-show", session=own.pk)


_MOST_AT_ONCE = 50


def _list_page(
    request: HttpRequest, session: Session, *, form: Any = None, share: Any = None, status: int = 200
) -> HttpResponse:
    initial = {"full_share": actions.full_share_of(session.programme)}
    context = frame(request, session, "Attendance online") | {
        "caption": when_in_words(session),
        "form": form if form is not None else ReportForm(),
        "share_form": share if share is not None else ShareForm(initial=initial),
        "reports": session.online_reports.all(),
    }
    return render(request, "attendance/online/list.html", context, status=status)


def _session(request: HttpRequest, number: int) -> Session:
    own = session_at_door(request, number)
    if not has(request.user, Permission.MANAGE_SESSIONS, own.programme):
        raise Http404
    return own


def _partners(session: Session) -> list[Organisation]:
    partners = session.programme.partners.on(session.date).values("organisation")
    return list(Organisation.objects.filter(pk__in=partners).order_by("name", "pk"))
