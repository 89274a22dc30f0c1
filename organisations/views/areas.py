"""Areas and professions: the lists that scopes and staff lists are said in."""

from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from face.paging import LONG, page_of
from history.refusals import Refused
from organisations.actions import areas as actions
from organisations.forms.organisations import AreaForm, NameFilter, ProfessionForm
from organisations.models import Area, Profession
from organisations.queries import areas_in_order
from organisations.rules import can_manage_organisations
from organisations.views.pages import READ_OR_POST, demand, form_page, row_of

_AREA_FIELD = {actions.AreaNameTaken: "name", actions.AreaInsideItself: "parent", actions.AreaTooDeep: "parent"}


@require_safe
def list_areas(request: HttpRequest) -> HttpResponse:
    """All areas, each below the one it lies in."""
    demand(can_manage_organisations(request.user))
    chosen = NameFilter(request.GET)
    rows = areas_in_order()
    words = (chosen.value("q") or "").casefold().split()
    found = [row for row in rows if all(word in row.area.name.casefold() for word in words)]
    context = {
        "title": "Areas",
        "filter": chosen,
        "page": page_of(found, request.GET.get("page"), size=LONG),
        "empty_text": "" if words else "Add the largest areas first, then those that lie inside them.",
    }
    return render(request, "organisations/area_list.html", context)


@require_http_methods(READ_OR_POST)
def new_area(request: HttpRequest) -> HttpResponse:
    """Add an area."""
    demand(can_manage_organisations(request.user))
    form = AreaForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            made = actions.add_area(by=request.user, now=timezone.now(), **form.cleaned_data)
        except Refused as refusal:
            form.add_refusal(refusal, _AREA_FIELD.get(type(refusal)))
        else:
            messages.success(request, f"{made.name} is added")
            return redirect("organisations:area-list")
    return _page(request, form, "Add an area", "Add the area", "area")


@require_http_methods(READ_OR_POST)
def edit_area(request: HttpRequest, area: int) -> HttpResponse:
    """Rename an area, or say in which larger one it lies."""
    chosen = row_of(_kept(request, Area.objects.all()), area)
    initial = {"name": chosen.name, "parent": chosen.parent}
    form = AreaForm(request.POST if request.method == "POST" else None, area=chosen, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            actions.change_area(area=chosen, by=request.user, now=timezone.now(), **form.changes)
        except Refused as refusal:
            form.add_refusal(refusal, _AREA_FIELD.get(type(refusal)))
        else:
            return redirect("organisations:area-list")
    return _page(request, form, f"Change {chosen.name}", "Save", "area")


@require_safe
def list_professions(request: HttpRequest) -> HttpResponse:
    """All professions."""
    demand(can_manage_organisations(request.user))
    chosen = NameFilter(request.GET)
    context = {
        "title": "Professions",
        "filter": chosen,
        "page": page_of(chosen.narrow(Profession.objects.all()), request.GET.get("page"), size=LONG),
        "empty_text": "" if chosen.chosen() else "Add the occupations that people have, such as health visitor.",
    }
    return render(request, "organisations/profession_list.html", context)


@require_http_methods(READ_OR_POST)
def new_profession(request: HttpRequest) -> HttpResponse:
    """Add a profession."""
    demand(can_manage_organisations(request.user))
    form = ProfessionForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            made = actions.add_profession(by=request.user, now=timezone.now(), **form.cleaned_data)
        except Refused as refusal:
            form.add_refusal(refusal, "name")
        else:
            messages.success(request, f"{made.name} is added")
            return redirect("organisations:profession-list")
    return _page(request, form, "Add a profession", "Add the profession", "profession")


@require_http_methods(READ_OR_POST)
def edit_profession(request: HttpRequest, profession: int) -> HttpResponse:
    """Rename a profession."""
    chosen = row_of(_kept(request, Profession.objects.all()), profession)
    form = ProfessionForm(request.POST if request.method == "POST" else None, initial={"name": chosen.name})
    if request.method == "POST" and form.is_valid():
        try:
            actions.rename_profession(profession=chosen, by=request.user, now=timezone.now(), **form.cleaned_data)
        except Refused as refusal:
            form.add_refusal(refusal, "name")
        else:
            return redirect("organisations:profession-list")
    return _page(request, form, f"Rename {chosen.name}", "Save", "profession")


def _kept(request: HttpRequest, found: QuerySet) -> QuerySet:
    return found if can_manage_organisations(request.user) else found.none()


def _page(request: HttpRequest, form: Any, title: str, button: str, what: str) -> HttpResponse:
    back = reverse(f"organisations:{what}-list")
    return form_page(
        request, form, title=title, button=button, back=back, back_words=f"Back to the {what}s", section="organisations"
    )
