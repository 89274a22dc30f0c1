"""The register on paper: a sheet to print and sign, typing it in, the list as a spreadsheet."""

from collections.abc import Iterator
from datetime import datetime
from itertools import groupby
from typing import Any
from uuid import uuid4

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import Person
from accounts.permissions import Permission, has
from attendance.actions.sheet import type_in
from attendance.forms.register import SheetForm, SheetLineForm
from attendance.models import Attendance, Outcome, Place
from attendance.queries.phone import organisations_there
from attendance.queries.register import on_the_register
from attendance.views.register import READ_OR_POST, frame, is_closed, session_at_door
from briefings.models import Session
from face.dates import moment
from face.paging import Page, page_of
from face.spreadsheets import stream_csv
from history.actions import look_at_all, look_at_many
from history.refusals import Refused

ON_ONE_PAGE = 100
_WRITTEN_LINES = 5
_EMPTY_LINES = 8
_HEADS = ["Name", "Organisation", "Profession", "Area", "How", "Mark", "Noted"]


@require_safe
def print_sheet(request: HttpRequest, session: int) -> HttpResponse:
    """A signing-in sheet: names by organisation, a line to sign, empty lines for those who walk in."""
    own = session_at_door(request, session)
    places = list(
        on_the_register(own)
        .select_related("person", "organisation", "profession")
        .order_by("organisation__name", "organisation", "person__sort_name", "pk")
    )
    people = [place.person for place in places]
    look_at_many(by=request.user, at=people, page="attendance:register-sheet", now=timezone.now())
    context = frame(request, own, "Signing-in sheet") | {
        "groups": [(name, list(rows)) for name, rows in groupby(places, key=lambda place: place.organisation)],
        "total": len(places),
        "empty_lines": range(_EMPTY_LINES),
    }
    return render(request, "attendance/register/sheet.html", context)


@require_http_methods(READ_OR_POST)
def type_sheet_in(request: HttpRequest, session: int) -> HttpResponse:
    """Type in a signed sheet: a box for each name, a few lines for those who walked in, one press for all."""
    own = session_at_door(request, session)
    if is_closed(own):
        messages.error(request, "The register is closed. Nothing can be typed in.")
        return redirect("attendance:register-show", session=own.pk)
    places = on_the_register(own).select_related("person", "organisation", "attendance")
    page = page_of(places.order_by("person__sort_name", "pk"), request.GET.get("page"), size=ON_ONE_PAGE)
    form, lines = _sheet_forms(request, own)
    valid = [each.is_valid() for each in (form, *lines)] if request.method == "POST" else [False]
    if all(valid):
        try:
            kept = _type_in(request, own, form, lines)
        except Refused as refusal:
            form.add_refusal(refusal)
        else:
            return _typed(request, own, page, kept)
    people = [place.person for place in page.rows]
    look_at_many(by=request.user, at=people, page="attendance:register-type-in", now=timezone.now())
    faulty = bool(form.errors) or any(line.errors for line in lines)
    context = frame(request, own, "Type in a signed sheet") | {"form": form, "lines": lines, "page": page}
    context |= {"rows": [(place, _outcome(place)) for place in page.rows], "faulty": faulty, "ticked": form.ticked}
    # A form that is shown again with its faults is still the same press.
    context["press"] = (form.is_bound and form.cleaned_data.get("press")) or uuid4()
    return render(request, "attendance/register/type_in.html", context, status=422 if faulty else 200)


@require_safe
def export_register(request: HttpRequest, session: int) -> StreamingHttpResponse:
    """Give the register as a spreadsheet, to coordinators alone: everybody on it, marked or not."""
    own = session_at_door(request, session)
    if not has(request.user, Permission.MANAGE_SESSIONS, own.programme):
        raise Http404
    places = on_the_register(own)
    people = Person.objects.filter(pk__in=places.values("person"))
    look_at_all(by=request.user, people=people, page="attendance:register-export", now=timezone.now())
    return stream_csv(f"register-{own.date.isoformat()}-{own.pk}", _HEADS, _rows(own, places))


def _rows(session: Session, places: QuerySet[Place]) -> Iterator[list[Any]]:
    there, fact = ("organisation__name", "profession__name", "area__name"), ("outcome", "noted_at")
    rows = places.order_by("person__sort_name", "pk")
    marked = [f"marked__{column}" for column in fact]
    for name, *where, outcome, noted_at in rows.values_list("person__name", *there, *marked).iterator(2_000):
        yield [name, *where, "Place", *_mark(outcome, noted_at)]
    walk_ins = Attendance.objects.filter(session=session, walk_in__isnull=False).order_by("walk_in__name", "pk")
    for name, *where, outcome, noted_at in walk_ins.values_list("walk_in__name", *there, *fact).iterator(2_000):
        yield [name, *where, "Walk-in", *_mark(outcome, noted_at)]


def _mark(outcome: str | None, noted_at: datetime | None) -> list[str]:
    return [Outcome(outcome).label, moment(noted_at)] if outcome else ["Not marked", ""]


def _outcome(place: Place) -> str:
    fact = getattr(place, "attendance", None)
    return str(fact.get_outcome_display()) if fact else ""


def _sheet_forms(request: HttpRequest, session: Session) -> tuple[SheetForm, list[SheetLineForm]]:
    data = request.POST if request.method == "POST" else None
    organisations = list(organisations_there(session).order_by("name", "pk"))
    # Any place that stands on the register: a name that was marked meanwhile is no fault.
    form = SheetForm(data, places=on_the_register(session))
    lines = [SheetLineForm(data, organisations=organisations, number=number) for number in range(1, _WRITTEN_LINES + 1)]
    return form, lines


def _type_in(request: HttpRequest, session: Session, form: SheetForm, lines: list[SheetLineForm]) -> int:
    written = [line.line() for line in lines]
    came: list[Place] = list(form.cleaned_data["came"])
    return type_in(
        session=session,
        came=came,
        walk_ins=[line for line in written if line],
        press=form.cleaned_data["press"],
        by=request.user,
        now=timezone.now(),
    )


def _typed(request: HttpRequest, session: Session, page: Page, kept: int) -> HttpResponse:
    """Say how many were marked and go to the next page of the sheet, or back to the register after the last."""
    said = "1 person is marked as here" if kept == 1 else f"{kept:,} people are marked as here"
    messages.success(request, said if kept else "Nobody was ticked. Nothing has changed")
    to = redirect("attendance:register-type-in" if page.next else "attendance:register-show", session=session.pk)
    if page.next:
        to["Location"] += f"?page={page.next}"
    return to
