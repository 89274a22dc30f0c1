"""Staff lists: which there are, uploading one, and the page of one, which follows how far it has come."""

from collections.abc import Iterator
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import Person
from face.paging import LONG, SHORT, page_of
from face.spreadsheets import stream_csv
from history.actions import look_at_many
from history.queries import timeline
from history.refusals import Refused
from organisations import imports
from organisations.actions import imports as actions
from organisations.forms.imports import WAITING, RowFilter, UploadForm
from organisations.models import ImportRow, ImportState, RowFate, StaffListImport
from organisations.rules import can_upload_staff_lists, staff_lists_visible_to

RUNNING = (ImportState.UPLOADED, ImportState.READING, ImportState.CONFIRMED, ImportState.WRITING)
FIRST_ROWS = 20
WRITTEN = (RowFate.NEW, RowFate.JOINS, RowFate.CHANGES, RowFate.LEAVES)
_LEFT_OUT = (RowFate.SAME, RowFate.DUPLICATE, RowFate.SKIPPED, RowFate.REJECTED)
_BEFORE = {
    RowFate.NEW: "New people, who are added",
    RowFate.JOINS: "People we know already, who are added to an organisation",
    RowFate.CHANGES: "People whose details change",
    RowFate.LEAVES: "People who have left",
    RowFate.SAME: "Rows that change nothing",
    RowFate.DUPLICATE: "Rows with somebody who stands in the file twice",
    RowFate.SKIPPED: "Rows that are left out",
    RowFate.REJECTED: "Rows that cannot be used",
    RowFate.UNSETTLED: "Rows that wait for a decision about a name",
}
_AFTER = {
    **_BEFORE,
    RowFate.NEW: "New people",
    RowFate.JOINS: "People we knew already, added to an organisation",
    RowFate.CHANGES: "People whose details changed",
    RowFate.SAME: "Rows that changed nothing",
    RowFate.SKIPPED: "Rows that were left out",
    RowFate.REJECTED: "Rows that could not be used",
}
_SAMPLE = (
    ("Name", "Work e-mail", "Organisation", "Job title", "Area", "Staff number", "Leaving date"),
    ("Amina Samplewood", "amina.samplewood@tolbury.example.org", "Tolbury City Council", "Social worker",
     "Eastmarsh; Tolbury North", "10482", ""),
    ("Samplewood, Bran", "bran.samplewood@tolbury.example.org", "Tolbury City Council", "Housing officer",
     "Tolbury North", "10517", "31/03/2027"),
)  # fmt: skip
_TITLES = {
    ImportState.UPLOADED: "We are reading the staff list",
    ImportState.READING: "We are reading the staff list",
    ImportState.READ: "What we read in the staff list",
    ImportState.CONFIRMED: "We are adding the staff list",
    ImportState.WRITING: "We are adding the staff list",
    ImportState.DONE: "The staff list has been added",
    ImportState.FAILED: "We could not read the staff list",
    ImportState.DROPPED: "This staff list was dropped",
    ImportState.UNDONE: "This staff list was undone",
}


def staff_list_of(request: HttpRequest, pk: int) -> StaffListImport:
    """Return the staff list ``pk`` where this person may see it; raises Http404 for any other."""
    found = staff_lists_visible_to(request.user).select_related("organisation", "uploaded_by")
    return get_object_or_404(found, pk=pk)


def around(staff_list: StaffListImport, title: str) -> dict[str, Any]:
    """Return what every page about one staff list knows; it leads back to the page of the list."""
    return {
        "staff_list": staff_list,
        "section": "imports",
        "title": title,
        "caption": staff_list.file_name,
        "back_url": reverse("organisations:import-show", args=[staff_list.pk]),
        "back_words": "Back to the staff list",
    }


def _demand_right(request: HttpRequest) -> None:
    if not can_upload_staff_lists(request.user):
        raise Http404


@require_safe
def list_imports(request: HttpRequest) -> HttpResponse:
    """The staff lists that this person may see, newest first, with who uploaded them and their figures."""
    _demand_right(request)
    found = staff_lists_visible_to(request.user).select_related("organisation", "uploaded_by")
    page = page_of(found, request.GET.get("page"), size=SHORT)
    context = {
        "title": "Staff lists",
        "section": "imports",
        "filter": None,
        "page": page,
        "rows": [{"staff_list": each, "figures": _in_short(each)} for each in page.rows],
        "empty_title": "No staff list yet",
        "empty_text": "Upload the list of an organisation as its HR system writes it. You see what it would change "
        "before anything is changed.",
    }
    return render(request, "organisations/imports/list.html", context)


def _in_short(staff_list: StaffListImport) -> list[tuple[int, str]]:
    """Return the figures that are not nought, with a word for each."""
    shown = staff_list.state in (ImportState.READ, ImportState.DONE, ImportState.UNDONE)
    fates = (*RowFate,) if shown else ()
    return [(number, fate.label) for fate in fates if (number := staff_list.counts.get(fate, 0))]


@require_http_methods(["GET", "HEAD", "POST"])
def upload_list(request: HttpRequest) -> HttpResponse:
    """Take a file; a worker reads it while the page of the list shows how far it is."""
    _demand_right(request)
    sent = (request.POST, request.FILES) if request.method == "POST" else ()
    form = UploadForm(*sent, person=request.user)
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        try:
            made = actions.upload(
                content=file,
                name=file.name,
                organisation=form.organisation_chosen(),
                by=request.user,
                now=timezone.now(),
            )
        except Refused as refusal:
            form.add_refusal(refusal, "file")
        else:
            return redirect("organisations:import-show", staff_list=made.pk)
    context = {
        "title": "Upload a staff list",
        "section": "imports",
        "form": form,
        "button": "Upload the file",
        "back_url": reverse("organisations:import-list"),
        "back_words": "Back to the staff lists",
        "columns": [(label, imports.SYNONYMS[name]) for name, label in imports.LABELS.items()],
    }
    return render(request, "organisations/imports/upload.html", context, status=422 if form.errors else 200)


@require_safe
def download_sample(request: HttpRequest) -> HttpResponse:
    """A small staff list with every column, to fill in or to compare with."""
    _demand_right(request)
    return stream_csv("staff-list-sample", _SAMPLE[0], _SAMPLE[1:])


@require_safe
def show_import(request: HttpRequest, staff_list: int) -> HttpResponse:
    """One staff list: how far it is, then what it would change, then what it changed.

    While a worker is at it the page asks for its own progress; when that is over it is loaded as a whole.
    """
    chosen = staff_list_of(request, staff_list)
    is_running = chosen.state in RUNNING
    if request.headers.get("HX-Request"):
        if not is_running:
            return HttpResponse(headers={"HX-Refresh": "true"})
        return render(request, "organisations/imports/_progress.html", {"staff_list": chosen})
    context = {
        **around(chosen, _TITLES[ImportState(chosen.state)]),
        "back_url": reverse("organisations:import-list"),
        "back_words": "Back to the staff lists",
        "is_running": is_running,
        "events": [
            {"title": event.words, "shape": event.mark, "who": event.who, "at": event.at, "words": ""}
            for event in timeline(chosen)
        ],
    }
    if chosen.state == ImportState.READ:
        return render(request, "organisations/imports/read.html", context | _preview(request, chosen))
    if chosen.state == ImportState.DONE:
        return render(request, "organisations/imports/done.html", context | _result(chosen))
    return render(request, "organisations/imports/show.html", context)


def _preview(request: HttpRequest, staff_list: StaffListImport) -> dict[str, Any]:
    figures = actions.figures_of(staff_list)
    rows = _rows(staff_list)[:FIRST_ROWS]
    return {
        "columns": [(words, imports.LABELS.get(name, name)) for name, words in staff_list.columns.items()],
        "figures": _figures(figures, _BEFORE),
        "waiting": figures[RowFate.UNSETTLED],
        "changes": sum(figures[fate] for fate in WRITTEN),
        "rows": _seen(request, rows, "organisations:import-show"),
        **_refused(staff_list, figures),
    }


def _result(staff_list: StaffListImport) -> dict[str, Any]:
    figures = {fate: staff_list.counts.get(fate, 0) for fate in RowFate.values}
    return {
        "figures": _figures(figures, _AFTER),
        "changes": sum(figures[fate] for fate in WRITTEN),
        # The rows go after 30 days, the figures stay.
        "has_rows": staff_list.rows.exists(),
        "missing": actions.missing_people(staff_list, timezone.localdate()).count(),
        **_refused(staff_list, figures),
    }


def _figures(counts: dict[str, int], words: dict[RowFate, str]) -> list[dict[str, Any]]:
    order = (*WRITTEN, RowFate.UNSETTLED, *_LEFT_OUT)
    return [
        {"words": words[fate], "number": counts[fate], "fate": fate.value or WAITING}
        for fate in order
        if counts[fate] or fate == RowFate.NEW
    ]


def _refused(staff_list: StaffListImport, figures: dict[str, int]) -> dict[str, Any]:
    return {
        "refused": list(staff_list.rows.filter(fate=RowFate.REJECTED).order_by("line")[:FIRST_ROWS]),
        "refused_total": figures[RowFate.REJECTED],
    }


def _rows(staff_list: StaffListImport) -> Any:
    return staff_list.rows.select_related("organisation", "profession", "person").order_by("line")


def _seen(request: HttpRequest, rows: Any, page: str) -> list[ImportRow]:
    """Return ``rows``, and note that their people were seen as far as we know them already."""
    rows = list(rows)
    people: list[Person] = [row.person for row in rows if row.person]
    look_at_many(by=request.user, at=people, page=page, now=timezone.now())
    return rows


@require_safe
def list_rows(request: HttpRequest, staff_list: int) -> HttpResponse:
    """The rows of a staff list as they were understood, by what becomes of them."""
    chosen = staff_list_of(request, staff_list)
    found = RowFilter(request.GET)
    fate = found.value("fate")
    rows = _rows(chosen).filter(fate="" if fate == WAITING else fate) if fate else _rows(chosen)
    page = page_of(rows, request.GET.get("page"), size=LONG)
    context = {
        **around(chosen, "Rows of the staff list"),
        "filter": found,
        "page": page,
        "rows": _seen(request, page.rows, "organisations:import-rows"),
    }
    return render(request, "organisations/imports/rows.html", context)


@require_safe
def download_rejected(request: HttpRequest, staff_list: int) -> HttpResponse:
    """Every row that cannot be used, as a CSV file: its line, the reason, and its cells as they stood."""
    chosen = staff_list_of(request, staff_list)
    look_at_many(
        by=request.user,
        at=Person.objects.filter(pk__in=_rejected(chosen).values("person")),
        page="organisations:import-rejected",
        now=timezone.now(),
    )
    return stream_csv(
        f"staff-list-{chosen.pk}-rejected", ("Line", "What is wrong", "The row as it was"), _cells(chosen)
    )


def _cells(staff_list: StaffListImport) -> Iterator[list[Any]]:
    for line, problem, original in _rejected(staff_list).values_list("line", "problem", "original").iterator(2_000):
        yield [line, problem, *original]


def _rejected(staff_list: StaffListImport) -> Any:
    return staff_list.rows.filter(fate=RowFate.REJECTED).order_by("line")
