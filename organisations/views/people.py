"""People: the list and its download, the page of one, adding and correcting."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from django.contrib import messages
from django.contrib.postgres.aggregates import StringAgg
from django.db.models import QuerySet, Value
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from accounts.adapters import has_authenticator
from accounts.models import Person
from accounts.permissions import Permission, assignments_of, has, scopes_with
from accounts.queries import open_sessions
from face.keeping import share_of
from face.paging import InOrder, page_of
from face.spreadsheets import stream_csv
from history.actions import look, look_at_many
from history.refusals import Refused
from messaging.queries import bounce_of
from organisations.actions import people as actions
from organisations.forms.people import NamedForm, PeopleFilter, PersonForm
from organisations.models import Affiliation
from organisations.queries import ListedTie, known_ties, last_days
from organisations.rules import (
    affiliations_visible_to,
    can_edit_person,
    can_manage_organisations,
    can_see_people,
    can_upload_staff_lists,
    led_organisation_ids,
    organisations_kept_by,
    people_visible_to,
    ties_seen_in,
)
from organisations.views.organisations import timeline_of
from organisations.views.pages import READ_OR_POST, demand, form_page, row_of

_BATCH = 1_000
_SORTS = {"name": ("sort_name", "pk"), "-name": ("-sort_name", "-pk")}


@require_safe
def list_people(request: HttpRequest) -> HttpResponse:
    """Everybody whom this person sees."""
    demand(can_see_people(request.user))
    now = timezone.now()
    chosen = PeopleFilter(request.GET, person=request.user)
    found = _found(request, chosen, now).order_by(*_SORTS.get(request.GET.get("sort", ""), _SORTS["name"]))
    share = share_of(found, Person.objects.filter(chosen.typed), now)
    page = page_of(InOrder(found, *share), request.GET.get("page"))
    look_at_many(by=request.user, at=page.rows, page="organisations:person-list", now=now)
    context = {
        "title": "People",
        "filter": chosen,
        "page": page,
        "rows": _rows(request, page.rows, now),
        "default_sort": "name",
        "may_add": can_upload_staff_lists(request.user),
        "empty_text": "" if chosen.chosen() else "Nobody is known yet. Add people, or upload a staff list.",
    }
    return render(request, "organisations/person_list.html", context)


def _found(request: HttpRequest, chosen: PeopleFilter, now: datetime) -> QuerySet[Person]:
    today = timezone.localdate(now)
    return chosen.narrow(people_visible_to(request.user, today), today)


def _rows(request: HttpRequest, people: list[Person], now: datetime) -> list[tuple[Person, list[ListedTie]]]:
    """Return each person with those of their ties that may be seen. One query, however many people."""
    there, own = ties_seen_in(request.user), request.user.pk
    ties = known_ties((person.pk for person in people), timezone.localdate(now), there, own)
    return [(person, ties.get(person.pk, [])) for person in people]


def _with_names(found: QuerySet[Affiliation]) -> QuerySet[Affiliation]:
    named = found.select_related("organisation", "profession").prefetch_related("areas")
    return named.order_by("organisation__name", "since", "pk")


@require_safe
def download_people(request: HttpRequest) -> StreamingHttpResponse:
    """The people of the list, as chosen by the filter, as a CSV file; each person is in the access trace."""
    demand(can_see_people(request.user))
    now = timezone.now()
    chosen = PeopleFilter(request.GET, person=request.user)
    found = _found(request, chosen, now).order_by("sort_name", "pk")
    heads = ("Name", "E-mail address", "Organisation", "Profession", "Area", "Staff number", "Since", "Last day")
    return stream_csv("people", heads, _lines(request, found, now))


def _lines(request: HttpRequest, found: QuerySet[Person], now: datetime) -> Iterator[tuple]:
    # Values, not rows of models: 100,000 people take a quarter of the time.
    people = found.values_list("pk", "name", "email").iterator(chunk_size=_BATCH)
    while batch := list(islice(people, _BATCH)):
        keys = (f"{Person._meta.label_lower}:{pk}" for pk, _, _ in batch)
        look_at_many(by=request.user, at=keys, page="organisations:person-download", now=now)
        ties = _ties_in_words(request, [pk for pk, _, _ in batch], now)
        for pk, name, email in batch:
            for tie in ties.get(pk, [_NO_TIE]):
                yield (name, email, *tie)


_NO_TIE = ("", "", "", "", "", "")


def _ties_in_words(request: HttpRequest, ids: list[int], now: datetime) -> dict[int, list[tuple]]:
    """Return by person what the file says of each visible tie: organisation, profession, areas, number, days."""
    found = affiliations_visible_to(request.user).known_on(timezone.localdate(now)).filter(person__in=ids)
    areas = StringAgg("areas__name", ", ", order_by="areas__name", default=Value(""))
    ties: dict[int, list[tuple]] = {}
    for person, *words, since, until in (
        found.order_by("organisation__name", "since", "pk")
        .annotate(area_words=areas)
        .values_list(
            "person_id", "organisation__name", "profession__name", "area_words", "staff_number", "since", "until"
        )
    ):
        last = until - timedelta(days=1) if until else ""
        ties.setdefault(person, []).append((*words, since, last))
    return ties


@require_safe
def show_person(request: HttpRequest, person: int) -> HttpResponse:
    """One person: name and address, what ties them to organisations, the account, what happened to them."""
    now = timezone.now()
    today = timezone.localdate(now)
    somebody = _visible(request, person)
    look(by=request.user, at=somebody, page="organisations:person-show", now=now)
    context = {
        "person": somebody,
        "ties": _ties_of(request, somebody, now),
        "bounce": bounce_of(somebody.email),
        "may_clear_bounce": bool(scopes_with(request.user, Permission.SEE_MESSAGES)),
        "may_edit": can_edit_person(request.user, somebody, today),
        "may_add": organisations_kept_by(request.user).exists(),
        "events": timeline_of(somebody),
        "section": "people",
        **_account_of(request, somebody, now),
    }
    return render(request, "organisations/person.html", context)


def _ties_of(request: HttpRequest, somebody: Person, now: datetime) -> list[Affiliation]:
    """Return the visible ties, the present ones first, each with ``last_day`` and whether it ``may_change``."""
    today = timezone.localdate(now)
    kept = None if can_manage_organisations(request.user) else set(led_organisation_ids(request.user))
    ties = last_days(_with_names(affiliations_visible_to(request.user).filter(person=somebody)))
    for tie in ties:
        tie.has_left = tie.until is not None and tie.until <= today
        tie.may_change = kept is None or tie.organisation_id in kept
    return sorted(ties, key=lambda tie: tie.has_left)


def _account_of(request: HttpRequest, somebody: Person, now: datetime) -> dict[str, Any]:
    """Return what an administrator sees of the account."""
    if not has(request.user, Permission.MANAGE_PEOPLE):
        return {"manages_accounts": False}
    return {
        "manages_accounts": True,
        "is_self": request.user == somebody,
        "sessions": open_sessions(somebody, now).count(),
        "has_app": has_authenticator(somebody),
        "roles": sorted({str(assignment.role) for assignment in assignments_of(somebody)}),
    }


def _visible(request: HttpRequest, pk: int) -> Person:
    """Return a person whom the reader may see; Http404 for others, and for who sees no people but themselves."""
    seen = people_visible_to(request.user, timezone.localdate())
    return row_of(seen if can_see_people(request.user) else Person.objects.none(), pk)


@require_http_methods(READ_OR_POST)
def new_person(request: HttpRequest) -> HttpResponse:
    """Put somebody on the staff list of an organisation; who is known by the address joins it."""
    demand(can_upload_staff_lists(request.user))
    initial = {"organisation": _chosen_before(request)}
    form = PersonForm(request.POST if request.method == "POST" else None, person=request.user, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            made = actions.add_person(by=request.user, now=timezone.now(), **form.cleaned_data)
        except Refused as refusal:
            form.add_refusal(refusal, "organisation")
        else:
            messages.success(request, _said(made, form.cleaned_data))
            return redirect(_page_of(request, made, form.cleaned_data["organisation"].pk))
    return form_page(
        request, form, title="Add a person", button="Add the person", back=reverse("organisations:person-list"),
        back_words="Back to the people", section="people",
        lead="Somebody who is known by the e-mail address keeps the name that is known.",
    )  # fmt: skip


def _chosen_before(request: HttpRequest) -> int | None:
    """Return what the link on the page of an organisation has chosen: ?organisation=3."""
    text = request.GET.get("organisation", "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None


def _said(made: Person, values: dict[str, Any]) -> str:
    known = "" if made.name == values["name"] else f", who is known here as {made.name},"
    return f"{values['name']}{known} is on the staff list of {values['organisation'].name}"


def _page_of(request: HttpRequest, made: Person, organisation: int) -> str:
    # A coordinator may put somebody on a list who is not in the scope of an own programme, and then does not see them.
    if people_visible_to(request.user, timezone.localdate()).filter(pk=made.pk).exists():
        return reverse("organisations:person-show", args=[made.pk])
    return reverse("organisations:organisation-show", args=[organisation])


@require_http_methods(READ_OR_POST)
def edit_person(request: HttpRequest, person: int) -> HttpResponse:
    """Correct name and address."""
    somebody = _visible(request, person)
    if not can_edit_person(request.user, somebody, timezone.localdate()):
        somebody = row_of(Person.objects.none(), person)
    look(by=request.user, at=somebody, page="organisations:person-change", now=timezone.now())
    initial = {"name": somebody.name, "email": somebody.email}
    form = NamedForm(request.POST if request.method == "POST" else None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            actions.change_person(person=somebody, by=request.user, now=timezone.now(), **form.changes)
        except Refused as refusal:
            form.add_refusal(refusal, "email")
        else:
            return redirect("organisations:person-show", person=somebody.pk)
    return form_page(
        request, form, title=f"Correct {somebody.name}", button="Save", section="people",
        back=reverse("organisations:person-show", args=[somebody.pk]), back_words=f"Back to {somebody.name}",
        lead="The e-mail address is what one signs in with. Where it changes, the old address is told.",
    )  # fmt: skip
