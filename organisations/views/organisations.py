"""Organisations: the list, the page of one, adding, changing, ending, and who leads them."""

from datetime import date
from typing import Any

from django.contrib import messages
from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from face.paging import page_of
from history.actions import look_at_many
from history.queries import timeline
from history.refusals import Refused
from organisations.actions import organisations as actions
from organisations.forms.organisations import EndForm, OrganisationFilter, OrganisationForm
from organisations.models import Affiliation, Organisation, OrganisationLead
from organisations.queries import current_head_counts, requests_waiting
from organisations.rules import (
    can_keep_staff_list,
    can_manage_organisations,
    led_organisation_ids,
    organisations_visible_to,
)
from organisations.views.pages import READ_OR_POST, confirm_page, demand, form_page, row_of

_SORTS = {"name": ("name",), "-name": ("-name",), "people": ("people", "name"), "-people": ("-people", "name")}
_EMPTY = "Add the public bodies that take part, with the mail domains of their people."


@require_safe
def list_organisations(request: HttpRequest) -> HttpResponse:
    """All organisations that this person keeps; a lead of one is led to its page."""
    own = organisations_visible_to(request.user)
    manages = can_manage_organisations(request.user)
    first = list(own[:2]) if not manages else []
    demand(manages or bool(first))
    if len(first) == 1:
        return redirect("organisations:organisation-show", organisation=first[0].pk)
    chosen = OrganisationFilter(request.GET)
    sort = _SORTS.get(request.GET.get("sort", ""), _SORTS["name"])
    found = _with_people(chosen.narrow(own), timezone.localdate()).order_by(*sort, "pk")
    context = {
        "title": "Organisations",
        "filter": chosen,
        "page": page_of(found, request.GET.get("page")),
        "default_sort": "name",
        "manages": manages,
        "empty_text": "" if chosen.chosen() else _EMPTY,
    }
    return render(request, "organisations/organisation_list.html", context)


def _with_people(found: QuerySet[Organisation], on: date) -> QuerySet[Organisation]:
    """Return the organisations, each with ``people``: how many belong to it on the day ``on``."""
    here = Affiliation.objects.on(on).filter(organisation=OuterRef("pk")).order_by().values("organisation")
    number = here.annotate(number=Count("person", distinct=True)).values("number")
    return found.annotate(people=Coalesce(Subquery(number, output_field=IntegerField()), 0)).prefetch_related(
        "mail_domains"
    )


@require_safe
def show_organisation(request: HttpRequest, organisation: int) -> HttpResponse:
    """One organisation: its people in figures, leads, head-counts, what happened to it."""
    now = timezone.now()
    today = timezone.localdate(now)
    found = _with_people(organisations_visible_to(request.user).select_related("successor"), today)
    chosen = row_of(found, organisation)
    leads = list(chosen.leads.on(today).select_related("person").order_by("person__sort_name", "pk"))
    counts = list(current_head_counts(chosen))
    people = {row.person for row in leads} | {row.said_by for row in counts if row.said_by}
    look_at_many(by=request.user, at=people, page="organisations:organisation-show", now=now)
    context = {
        "organisation": chosen,
        "manages": can_manage_organisations(request.user),
        "leads_it": chosen.pk in led_organisation_ids(request.user),
        "keeps": can_keep_staff_list(request.user, chosen) and chosen.ended_on is None,
        "left": Affiliation.objects.known_on(today).filter(organisation=chosen, until__lte=today).count(),
        "leads": leads,
        "counts": counts,
        "waiting": list(requests_waiting(chosen, now)),
        "events": timeline_of(chosen),
    }
    return render(request, "organisations/organisation.html", context)


def timeline_of(*about: Any) -> list[dict[str, Any]]:
    """Return what happened to the rows, as components/timeline.html takes it."""
    return [{"title": e.words, "shape": e.mark, "who": e.who, "at": e.at, "words": ""} for e in timeline(*about)]


@require_http_methods(READ_OR_POST)
def new_organisation(request: HttpRequest) -> HttpResponse:
    """Add an organisation."""
    demand(can_manage_organisations(request.user))
    form = OrganisationForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            made = actions.add_organisation(by=request.user, now=timezone.now(), **form.cleaned_data)
        except Refused as refusal:
            form.add_refusal(refusal, "name")
        else:
            messages.success(request, f"{made.name} is added")
            return redirect("organisations:organisation-show", organisation=made.pk)
    back = reverse("organisations:organisation-list")
    return form_page(
        request, form, title="Add an organisation", button="Add the organisation", back=back,
        back_words="Back to the organisations",
    )  # fmt: skip


@require_http_methods(READ_OR_POST)
def edit_organisation(request: HttpRequest, organisation: int) -> HttpResponse:
    """Change the name, the kind or the mail domains."""
    chosen = _managed(request, organisation)
    domains = list(chosen.mail_domains.values_list("domain", flat=True))
    initial = {"name": chosen.name, "kind": chosen.kind, "domains": domains}
    form = OrganisationForm(request.POST if request.method == "POST" else None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            actions.change_organisation(organisation=chosen, by=request.user, now=timezone.now(), **form.changes)
        except Refused as refusal:
            form.add_refusal(refusal, "name")
        else:
            return redirect("organisations:organisation-show", organisation=chosen.pk)
    return form_page(request, form, title=f"Change {chosen.name}", button="Save", **back_to(chosen))


@require_http_methods(READ_OR_POST)
def close_organisation(request: HttpRequest, organisation: int) -> HttpResponse:
    """Say that an organisation has ended, and who follows it."""
    chosen = _managed(request, organisation)
    initial = {"ended_on": chosen.ended_on or timezone.localdate(), "successor": chosen.successor_id}
    form = EndForm(request.POST if request.method == "POST" else None, organisation=chosen, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            actions.end_organisation(organisation=chosen, by=request.user, now=timezone.now(), **form.cleaned_data)
        except Refused as refusal:
            form.add_refusal(refusal, "successor")
        else:
            return redirect("organisations:organisation-show", organisation=chosen.pk)
    words = "Nobody can join it any more. Its people, places and head-counts stay as they are."
    back = reverse("organisations:organisation-show", args=[chosen.pk])
    return confirm_page(
        request, title=f"End {chosen.name}?", facts=[], words=words, button="End the organisation", back=back, form=form
    )


@require_POST
def open_organisation_again(request: HttpRequest, organisation: int) -> HttpResponse:
    """Take the end of an organisation back."""
    chosen = _managed(request, organisation)
    actions.reopen_organisation(organisation=chosen, by=request.user, now=timezone.now())
    messages.success(request, f"{chosen.name} goes on")
    return redirect("organisations:organisation-show", organisation=chosen.pk)


@require_http_methods(READ_OR_POST)
def end_a_lead(request: HttpRequest, organisation: int, lead: int) -> HttpResponse:
    """Ask, then end a lead."""
    chosen = _managed(request, organisation)
    found = OrganisationLead.objects.on(timezone.localdate()).filter(organisation=chosen).select_related("person")
    held = row_of(found, lead)
    back = reverse("organisations:organisation-show", args=[chosen.pk])
    if request.method == "POST":
        actions.end_lead(lead=held, by=request.user, now=timezone.now())
        return redirect(back)
    look_at_many(by=request.user, at=[held.person], page="organisations:lead-end", now=timezone.now())
    return confirm_page(
        request,
        title=f"End {held.person.name} as a lead?",
        facts=[("Organisation", chosen.name), ("Lead", held.person.name)],
        words="They no longer see the people of this organisation, from this moment.",
        button="End the lead",
        back=back,
    )


def _managed(request: HttpRequest, pk: int) -> Organisation:
    """Return an organisation that this person may change; Http404 for anybody who only leads it."""
    manages = can_manage_organisations(request.user)
    return row_of(Organisation.objects.all() if manages else Organisation.objects.none(), pk)


def back_to(organisation: Organisation) -> dict[str, str]:
    """Return the way back to the page of ``organisation``, as a form page takes it."""
    address = reverse("organisations:organisation-show", args=[organisation.pk])
    return {"back": address, "back_words": f"Back to {organisation.name}"}
