"""The communication plan of a programme: one time line, its stages, a download."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from itertools import groupby
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.formats import date_format
from django.views.decorators.http import require_safe

from accounts.permissions import Permission, has
from briefings.models import Programme
from briefings.rules import can_start_programmes
from commitments.clocks import local_day
from communications.drawing import drawn
from communications.forms.stages import PlanFilter
from communications.models import Stage
from communications.queries.timeline import Kind, Line, current_of, timeline_of
from communications.rules.stages import can_plan
from communications.templates import READY
from communications.views.pages import addressed_lately, programme_of
from face.paging import LONG, page_of
from face.spreadsheets import stream_csv
from history.actions import look_at_many

HEADS = ("Stage", "Month", "Date", "What", "Words", "For whom", "Owner", "State")


@require_safe
def show_plan(request: HttpRequest, slug: str) -> HttpResponse:
    """Stages first, then everything that was, is and will be told, by stage and month."""
    programme, now = programme_of(request, slug, Permission.SEE_PROGRAMME), timezone.now()
    today = local_day(programme, now)
    stages = list(programme.stages.select_related("owner"))
    lines = timeline_of(programme, stages, now)
    chosen = PlanFilter(request.GET or None, programme=programme, today=today)
    found = [line for line in lines if _fits(line, chosen)]
    asked = request.GET.get("page") or (None if chosen.chosen() else _page_of_today(found, today))
    page = page_of(found, asked, size=LONG)
    owners = {person for person in (*(s.owner for s in stages), *(line.owner for line in page.rows)) if person}
    look_at_many(by=request.user, at=owners, page="communications:plan-show", now=now)
    context = {
        "programme": programme,
        "section": "plan",
        "caption": programme.name,
        "title": "Communication plan",
        "today": today,
        "stages": _stages(programme, stages, lines, today, now),
        "filter": chosen if lines else None,
        "page": page,
        "groups": list(_grouped(_with_open_links(page.rows, request.user, programme))),
        "picture": drawn(found, stages, today),
        "may": can_plan(request.user, programme),
        "may_start": can_start_programmes(request.user),
        "templates": [] if stages else READY.items(),
        "empty_title": "" if chosen.chosen() else "Nothing is planned or told yet",
        "empty_text": "" if chosen.chosen() else "Sessions, invitations and what you plan appear here by themselves.",
    }
    return render(request, "communications/plan/show.html", context)


@require_safe
def download_plan(request: HttpRequest, slug: str) -> HttpResponseBase:
    """The lines that the page shows, all of them, for a spreadsheet."""
    programme, now = programme_of(request, slug, Permission.SEE_PROGRAMME), timezone.now()
    stages = list(programme.stages.all())
    chosen = PlanFilter(request.GET or None, programme=programme, today=local_day(programme, now))
    found = [line for line in timeline_of(programme, stages, now) if _fits(line, chosen)]
    owners = {line.owner for line in found if line.owner}
    look_at_many(by=request.user, at=owners, page="communications:plan-download", now=now)
    return stream_csv(f"plan-{programme.slug}", HEADS, (_cells(line) for line in found))


def _fits(line: Line, chosen: PlanFilter) -> bool:
    stage, kind = chosen.value("stage"), chosen.value("kind")
    if (stage and line.stage != stage) or (kind and line.kind != kind):
        return False
    organisation, profession, area = (chosen.value(name) for name in ("organisation", "profession", "area"))
    return line.whom.reaches(organisation and organisation.pk, profession and profession.pk, area.path if area else "")


def _with_open_links(lines: Iterable[Line], person: Any, programme: Programme) -> list[Line]:
    """Return ``lines`` without the links that would lead ``person`` to a page that is not theirs."""
    return [
        line if line.needs is None or has(person, line.needs, programme) else replace(line, url="") for line in lines
    ]


def _page_of_today(lines: list[Line], today: date) -> str | None:
    """Return the page on which today's lines stand: a long plan opens where the programme is."""
    before = sum(line.day < today for line in lines)
    return str(min(before, len(lines) - 1) // LONG + 1) if lines else None


def _month(day: date) -> str:
    return date_format(day, "F Y")


def _grouped(rows: Iterable[Line]) -> Iterable[dict[str, Any]]:
    """Yield the lines by stage and, in it, by month; what lies in no stage has None."""
    for stage, own in groupby(rows, key=lambda line: line.stage):
        months = [(month, list(found)) for month, found in groupby(own, key=lambda line: _month(line.day))]
        yield {"stage": stage, "months": months}


def _stages(
    programme: Programme, stages: list[Stage], lines: list[Line], today: date, now: Any
) -> list[dict[str, Any]]:
    """Return what the page says of each stage, in its order."""
    if not stages:
        return []
    addressed, current = addressed_lately(programme, stages, today, now), current_of(stages, today)
    rows = []
    for stage in stages:
        items = [line for line in lines if line.kind == Kind.ITEM and line.stage == stage]
        own = addressed[stage.pk]
        rows.append(
            {
                "stage": stage,
                "is_current": stage == current,
                "has_begun": stage.starts_on <= today,
                "items": len(items),
                "done": sum(line.state == "Done" for line in items),
                "late": sum(line.state == "Late" for line in items),
                "missing": len(own.missing),
                "forgotten": len(own.forgotten),
                "cells": len(own.cells),
            }
        )
    return rows


def _cells(line: Line) -> list[Any]:
    return [
        line.stage.name if line.stage else "", _month(line.day), line.day.isoformat(), line.kind.label, line.words,
        line.audience, line.owner.name if line.owner else "", line.state,
    ]  # fmt: skip
