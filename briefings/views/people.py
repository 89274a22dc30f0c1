"""Who is eligible for a programme, and why others are not."""

from collections.abc import Iterator
from datetime import date, datetime
from itertools import islice

from django.contrib.humanize.templatetags.humanize import intcomma
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.models import Person
from accounts.permissions import Permission
from briefings.forms.people import PeopleFilter
from briefings.models import Programme
from briefings.queries import (
    Scope,
    count_eligible,
    eligible_people,
    people_not_in_scope,
    ties_in_scope,
    ties_of_eligible,
)
from briefings.views.pages import programme_of
from face.keeping import count_of
from face.paging import InOrder, page_of
from face.spreadsheets import stream_csv
from history.actions import look_at_many
from organisations.models import Affiliation
from organisations.queries import ListedTie
from organisations.rules import people_visible_to

ELIGIBLE, OTHERS = "eligible", "not-in-scope"


@require_safe
def list_people(request: HttpRequest, slug: str) -> HttpResponse:
    """How many are eligible, with the list behind the figure."""
    programme = programme_of(request, slug, Permission.SEE_PEOPLE)
    return _list_page(request, programme, ELIGIBLE)


@require_safe
def list_others(request: HttpRequest, slug: str) -> HttpResponse:
    """People this person sees who are not eligible, each with the reason."""
    programme = programme_of(request, slug, Permission.SEE_PEOPLE)
    return _list_page(request, programme, OTHERS)


def _list_page(request: HttpRequest, programme: Programme, which: str) -> HttpResponse:
    now = timezone.now()
    chosen = PeopleFilter(request.GET, programme=programme)
    every = count_eligible(programme, now)
    found = _found(request, programme, chosen, which, now).order_by("sort_name", "pk")
    total = every if which == ELIGIBLE and not chosen.chosen() else count_of(found, now)
    page = page_of(InOrder(found, total), request.GET.get("page"))
    look_at_many(by=request.user, at=page.rows, page=f"briefings:{_ROUTES[which]}", now=now)
    context = {
        "programme": programme,
        "caption": programme.name,
        "title": _title(which, every),
        "filter": chosen,
        "page": page,
        "rows": _rows(programme, page.rows, which, now),
        "which": which,
        "every": every,
        "empty_text": "" if chosen.chosen() else _EMPTY[which],
    }
    return render(request, "briefings/person_list.html", context)


_EMPTY = {
    ELIGIBLE: (
        "Nobody’s organisation, area and profession are all in scope. Add partner organisations and their staff"
        " lists, or widen the scope."
    ),
    OTHERS: "Everybody whom you may see is eligible.",
}


def _title(which: str, every: int) -> str:
    if which == OTHERS:
        return "Not in scope"
    return "1 person is eligible" if every == 1 else f"{intcomma(every)} people are eligible"


_ROUTES = {ELIGIBLE: "person-list", OTHERS: "person-others"}


def _found(
    request: HttpRequest, programme: Programme, chosen: PeopleFilter, which: str, now: datetime
) -> QuerySet[Person]:
    today = timezone.localdate(now)
    if which == ELIGIBLE:
        return eligible_people(programme, today, chosen.on_affiliation()).filter(chosen.on_person())
    seen = people_visible_to(request.user, today).filter(chosen.on_person())
    narrow = chosen.on_affiliation()
    if narrow:
        seen = seen.filter(pk__in=Affiliation.objects.known_on(today).filter(narrow).values("person"))
    return people_not_in_scope(programme, seen, today)


_Row = tuple[Person, list[ListedTie], list[str]]


def _rows(programme: Programme, people: list[Person], which: str, now: datetime) -> list[_Row]:
    """Return each person with the ties that count (or all), and the reasons why those do not that do not."""
    today = timezone.localdate(now)
    if which == ELIGIBLE:
        ties = ties_in_scope(programme, (person.pk for person in people), today)
        return [(person, ties.get(person.pk, []), []) for person in people]
    if not people:
        return []
    scope, ties = Scope.of(programme, today), _known(people, today)
    return [(person, *_why_not(scope, ties.get(person.pk, []))) for person in people]


def _why_not(scope: Scope, ties: list[Affiliation]) -> tuple[list[ListedTie], list[str]]:
    reasons = dict.fromkeys(reason for tie in ties for reason in scope.why_not(tie))
    shown = [ListedTie(tie.person_id, str(tie.organisation), str(tie.profession or ""), [], tie.until) for tie in ties]
    return shown, list(reasons)


def _known(people: list[Person], today: date) -> dict[int, list[Affiliation]]:
    found = (
        Affiliation.objects.known_on(today)
        .filter(person__in=people)
        .select_related("person", "organisation", "profession")
        .prefetch_related("areas")
        .order_by("organisation__name", "pk")
    )
    ties: dict[int, list[Affiliation]] = {}
    for tie in found:
        ties.setdefault(tie.person_id, []).append(tie)
    return ties


@require_safe
def download_people(request: HttpRequest, slug: str) -> StreamingHttpResponse:
    """Everybody eligible, as chosen by the filter, as a CSV file; each person is in the access trace."""
    programme = programme_of(request, slug, Permission.SEE_PEOPLE)
    now = timezone.now()
    chosen = PeopleFilter(request.GET, programme=programme)
    found = _found(request, programme, chosen, ELIGIBLE, now)
    heads = ("Name", "E-mail address", "Profession", "Organisation", "Area")
    return stream_csv(f"{programme.slug}-eligible", heads, _lines(request, programme, found, now))


def _lines(request: HttpRequest, programme: Programme, found: QuerySet[Person], now: datetime) -> Iterator[tuple]:
    ties = ties_of_eligible(programme, found, timezone.localdate(now)).iterator(chunk_size=_BATCH)
    while batch := list(islice(ties, _BATCH)):
        people = {Person(pk=pk) for pk, *_ in batch}
        look_at_many(by=request.user, at=people, page="briefings:person-download", now=now)
        for _, name, email, profession, organisation, areas in batch:
            yield (name, email, profession or "", organisation, ", ".join(areas))


_BATCH = 5_000
