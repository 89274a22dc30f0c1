"""The access trace: who looked at whose data, who changed what."""

from collections.abc import Iterator
from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from desk import trace
from desk.forms import TraceFilter
from desk.pages import page_in_words
from face.paging import LONG, page_of
from face.spreadsheets import stream_csv
from history import queries
from history.models import Entry, Look

LOOK_HEADS = ["When", "Who looked", "At whose data", "Page"]
CHANGE_HEADS = ["When", "Who", "What", "To what", "Why"]
_BATCH = 2_000


@require_safe
def list_looks(request: HttpRequest) -> HttpResponse:
    """Who looked at whose data, newest first."""
    return _page(request, _looks, _look_rows, "desk/trace_list.html")


@require_safe
def list_changes(request: HttpRequest) -> HttpResponse:
    """Who changed what, newest first."""
    return _page(request, _entries, _entry_rows, "desk/trace_changes.html")


@require_safe
def download_looks(request: HttpRequest) -> HttpResponse:
    """Every look that fits, for a spreadsheet."""
    return stream_csv("who-looked", LOOK_HEADS, _lines(_looks(request, TraceFilter(request.GET)), _look_rows))


@require_safe
def download_changes(request: HttpRequest) -> HttpResponse:
    """Every change that fits, for a spreadsheet."""
    return stream_csv("who-changed", CHANGE_HEADS, _lines(_entries(request, TraceFilter(request.GET)), _entry_rows))


def _page(request: HttpRequest, find, rows_of, template: str) -> HttpResponse:
    chosen = TraceFilter(request.GET)
    page = page_of(find(request, chosen), request.GET.get("page"), size=LONG)
    return render(request, template, {"filter": chosen, "page": page, "rows": rows_of(page.rows)})


def _looks(request: HttpRequest, chosen: TraceFilter) -> QuerySet[Look]:
    _may(request)
    found = queries.looks_found(since=chosen.value("since"), until=chosen.value("until"))
    found = found.filter(pk__in=trace.visible_looks(request.user).values("pk"))
    if words := chosen.value("who"):
        found = found.filter(actor__in=trace.keys_of_people(words))
    if words := chosen.value("person"):
        found = found.filter(person__in=trace.keys_of_people(words))
    return found.filter(person=chosen.value("about")) if chosen.value("about") else found


def _entries(request: HttpRequest, chosen: TraceFilter) -> QuerySet[Entry]:
    _may(request)
    found = queries.entries_found(
        about=chosen.value("about") or "", since=chosen.value("since"), until=chosen.value("until")
    )
    found = found.filter(pk__in=trace.visible_entries(request.user).values("pk"))
    if words := chosen.value("who"):
        found = found.filter(actor__in=trace.keys_of_people(words))
    if words := chosen.value("person"):
        numbers = [key.rpartition(":")[2] for key in trace.keys_of_people(words)]
        found = found.filter(object_type="accounts.person", object_id__in=numbers)
    return found


def _may(request: HttpRequest) -> None:
    if not trace.may_see_trace(request.user):
        raise Http404


def _look_rows(looks: list[Look]) -> list[dict[str, Any]]:
    names = queries.names_of({key for look in looks for key in (look.actor, look.person)})
    return [
        {"at": look.at, "who": names[look.actor], "whom": names[look.person], "page": page_in_words(look.page)}
        for look in looks
    ]


def _entry_rows(entries: list[Entry]) -> list[dict[str, Any]]:
    things = {entry.pk: f"{entry.object_type}:{entry.object_id}" for entry in entries}
    names = queries.names_of(things.values())
    return [
        {
            "at": event.at, "who": event.who, "what": event.words, "object": names[things[event.entry.pk]],
            "why": event.entry.reason.replace("_", " "),
        }
        for event in queries.events(entries)
    ]  # fmt: skip


def _lines(found: QuerySet, rows_of) -> Iterator[list[Any]]:
    batch: list[Any] = []
    for row in found.iterator(chunk_size=_BATCH):
        batch.append(row)
        if len(batch) == _BATCH:
            yield from _written(rows_of(batch))
            batch = []
    yield from _written(rows_of(batch))


def _written(rows: list[dict[str, Any]]) -> Iterator[list[Any]]:
    for row in rows:
        yield [timezone.localtime(row.pop("at")).strftime("%Y-%m-%d %H:%M:%S"), *row.values()]
