"""What was attended: the own record, certificates, and a lead's record of the own people."""

from collections import defaultdict
from collections.abc import Iterator
from itertools import chain, islice
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.links import personal_link
from accounts.permissions import Permission, has
from attendance.certificates import certificate_of, length_in_words, reference_of
from attendance.forms.record import RecordFilter
from attendance.models import CAME, Attendance
from attendance.queries.record import attended_by, certified, materials_for, narrowed, other_parts_of, records_at
from attendance.views.register import session_at_door
from briefings.models import Session
from face.paging import page_of
from face.spreadsheets import stream_csv
from history.actions import look, look_at_many
from organisations.models import Organisation
from organisations.rules import led_organisation_ids

_BATCH = 500
_OWN_HEADS = ("Date", "Starts", "Ends", "Length", "Session", "Programme", "Organisation", "On the day", "Reference")
_LENGTH = _OWN_HEADS.index("Length")
_STAFF_HEADS = ("Name", "Staff number", "Profession", *_OWN_HEADS, "Reason")


@require_safe
def show_own(request: HttpRequest) -> HttpResponse:
    """Everything that this person attended, each with its certificate."""
    page = page_of(attended_by(request.user), request.GET.get("page"))
    context = {
        "title": "What you attended",
        "back_url": reverse("desk:home-show"),
        "back_words": "Back to what waits for you",
        "page": page,
        "rows": _with_papers(request.user, page.rows),
        "others": other_parts_of(request.user),
        "led": Organisation.objects.filter(pk__in=led_organisation_ids(request.user)).order_by("name"),
        "empty_title": "Nothing yet",
        "empty_text": "A session stands here once its register is closed and you were marked as here.",
    }
    return render(request, "attendance/record/own.html", context)


def _with_papers(person: Any, rows: list[Attendance]) -> list[tuple[Attendance, str, list[Any]]]:
    """Return each row with the length of its session and its papers, in one query."""
    papers = defaultdict(list)
    for material in materials_for(person).filter(session__in=[own.session_id for own in rows]):
        papers[material.session_id].append(material)
    return [(own, length_in_words(own.session), papers[own.session_id]) for own in rows]


@require_safe
def export_own(request: HttpRequest) -> StreamingHttpResponse:
    """Give the own record as a spreadsheet, the sessions that this person came to in another part behind the others."""
    rows = (_cells(own) for own in attended_by(request.user).iterator(chunk_size=_BATCH))
    others = ([*_what(session), "", part, ""] for session, part in other_parts_of(request.user))
    return stream_csv("what-i-attended", _OWN_HEADS, chain(rows, others))


@require_safe
def give_own_certificate(request: HttpRequest, attendance: int) -> HttpResponse:
    """Give the certificate of something that this person attended."""
    return _pdf(get_object_or_404(certified(), pk=attendance, person=request.user.pk))


@personal_link("place")
@require_safe
def give_certificate_of_place(request: HttpRequest, link: int) -> HttpResponse:
    """Give the certificate of the place whose link was opened."""
    return _pdf(get_object_or_404(certified(), place__link=request.link, person=request.link.person_id))


@require_safe
def give_certificate(request: HttpRequest, session: int, attendance: int) -> HttpResponse:
    """Give somebody's certificate to the coordinator of the session."""
    own = session_at_door(request, session)
    if not has(request.user, Permission.MANAGE_SESSIONS, own.programme):
        raise Http404
    found = get_object_or_404(certified(), pk=attendance, session=own)
    look(by=request.user, at=found.person, page="attendance:register-certificate", now=timezone.now())
    return _pdf(found)


@require_safe
def list_staff(request: HttpRequest, organisation: int) -> HttpResponse:
    """What the people of one organisation attended, to its lead."""
    own = _led(request, organisation)
    chosen = RecordFilter(request.GET, organisation=own)
    page = page_of(_chosen(own, chosen), request.GET.get("page"))
    look_at_many(
        by=request.user, at={row.person for row in page.rows}, page="attendance:staff-record", now=timezone.now()
    )
    context = {
        "title": "What our people attended",
        "caption": own.name,
        "organisation": own,
        "filter": chosen,
        "page": page,
        "rows": [(row, reason_of(row)) for row in page.rows],
        "back_url": reverse("organisations:organisation-show", args=[own.pk]),
        "back_words": f"Back to {own.name}",
        "empty_text": "" if chosen.chosen() else "People stand here once the register of their session is closed.",
    }
    return render(request, "attendance/record/staff.html", context)


@require_safe
def export_staff(request: HttpRequest, organisation: int) -> StreamingHttpResponse:
    """Give the record of the own people as a spreadsheet, with their staff numbers; each is in the access trace."""
    own = _led(request, organisation)
    found = _chosen(own, RecordFilter(request.GET, organisation=own))
    return stream_csv(f"attended-{own.pk}", _STAFF_HEADS, _staff_lines(request, found))


def _staff_lines(request: HttpRequest, found: Any) -> Iterator[list[Any]]:
    rows = found.iterator(chunk_size=_BATCH)
    while batch := list(islice(rows, _BATCH)):
        people = {row.person for row in batch}
        look_at_many(by=request.user, at=people, page="attendance:staff-record-export", now=timezone.now())
        for row in batch:
            yield [row.person.name, row.staff_number, row.profession, *_cells(row), reason_of(row)]


def reason_of(row: Attendance) -> str:
    """Return why somebody was not there, in their words for it; "" where it was not said."""
    said = getattr(row.place, "absence_reason", None)
    return said.get_code_display() if said and row.outcome not in CAME else ""


def _cells(row: Attendance) -> list[Any]:
    what = _what(row.session)
    if row.outcome not in CAME:
        what[_LENGTH] = ""
    return [*what, row.organisation.name, row.get_outcome_display(), reference_of(row)]


def _what(session: Session) -> list[str]:
    when = [session.date.isoformat(), f"{session.starts:%H:%M}", f"{session.ends:%H:%M}"]
    return [*when, length_in_words(session), str(session), session.programme.name]


def _chosen(organisation: Organisation, chosen: RecordFilter) -> Any:
    return narrowed(
        records_at(organisation),
        words=chosen.value("q") or "",
        programme=chosen.value("programme"),
        outcome=chosen.value("outcome") or "",
    )


def _led(request: HttpRequest, organisation: int) -> Organisation:
    return get_object_or_404(Organisation, pk__in=led_organisation_ids(request.user), pk=organisation)


def _pdf(attendance: Attendance) -> HttpResponse:
    response = HttpResponse(certificate_of(attendance), content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="certificate-{reference_of(attendance)}.pdf"'
    response["Cache-Control"] = "no-store, private"
    return response
