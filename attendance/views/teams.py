"""The lead of an organisation books for colleagues, names places later, and nudges who has not booked."""

from typing import Any

from django.contrib import messages
from django.db.models import F
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from attendance.actions.teams import book_team, name_place, nudge_colleagues, release_unnamed, switch_to_fit
from attendance.forms.teams import ColleagueSearch, NameForm, TeamForm, ids_in
from attendance.models import Place, Team
from attendance.queries.booking import positions_of
from attendance.queries.people import search_people
from attendance.queries.shares import seats_kept
from attendance.queries.teams import (
    colleagues_to_book,
    not_booked,
    organisations_led,
    programmes_to_nudge,
    sessions_for_teams,
    teams_led,
)
from attendance.views.presses import one_press
from attendance.window import rules_of, window_of
from briefings.models import Programme
from face.paging import LONG, Page, page_of
from history.actions import look_at_many
from history.refusals import Refused
from organisations.models import Organisation

_ASKS = ["GET", "HEAD", "POST"]


@require_safe
def choose_session(request: HttpRequest, organisation: int) -> HttpResponse:
    """Show the sessions to book a team into, the teams there are, and who has not booked."""
    own, now = _organisation(request, organisation), timezone.now()
    page = page_of(sessions_for_teams(own, now), request.GET.get("page"))
    for session in page.rows:
        session.window = window_of(session, rules_of(session), now)
    context = {
        **_context(own, "Book for colleagues"),
        "page": page,
        "teams": teams_led(request.user).filter(organisation=own, session__during__endswith__gt=now)[:20],
        "to_nudge": programmes_to_nudge(own, now),
        "back_url": reverse("organisations:organisation-show", args=[own.pk]),
        "back_words": f"Back to {own.name}",
    }
    return render(request, "attendance/teams/choose.html", context)


@require_http_methods(_ASKS)
def book(request: HttpRequest, organisation: int, session: int) -> HttpResponse:
    """Book a team: by name, and places that are named later."""
    own, now = _organisation(request, organisation), timezone.now()
    chosen = get_object_or_404(sessions_for_teams(own, now), pk=session)
    colleagues = colleagues_to_book(chosen.programme, own, now)
    data = request.POST if request.method == "POST" else None
    about = {"people": colleagues, "last": chosen.date, "today": timezone.localdate(now)}
    looks = data is not None and "look" in data
    form = TeamForm.as_typed(data, **about) if looks else TeamForm(data, **about)
    repeated = data is not None and Team.objects.filter(press__in=_press(data), organisation=own).first()
    if repeated:
        return redirect("attendance:team-show", team=repeated.pk)
    if data is not None and not looks and form.is_valid():
        try:
            team = book_team(session=chosen, organisation=own, by=request.user, now=now, **form.cleaned_data)
        except Refused as refusal:
            form.add_refusal(refusal)
        else:
            messages.success(request, _said_of(team))
            return redirect("attendance:team-show", team=team.pk)
    page = _shown(request, form, colleagues, now)
    context = {
        **_context(own, "Book a team"),
        "page": page,
        "is_long": colleagues.count() > LONG,
        "session": chosen,
        "form": form,
        "button": "Book the team",
        "window": window_of(chosen, rules_of(chosen), now),
        "kept": min(seats_kept(chosen.programme, now), chosen.seats.free),
        "back_url": reverse("attendance:team-choose", args=[own.pk]),
        "back_words": "Back to the sessions",
    }
    return render(request, "attendance/teams/book.html", context, status=422 if form.errors else 200)


def _shown(request: HttpRequest, form: TeamForm, colleagues: Any, now: Any) -> Page:
    """Put one page of ``colleagues`` into ``form``, those ticked before them; return the page."""
    sent = request.POST
    ticked = list(colleagues.filter(pk__in=ids_in(sent.getlist("people"))))
    found = search_people(colleagues, sent.get("find", "")[:100])
    page = page_of(found, sent.get("look") or sent.get("page"), size=LONG)
    form.show(page, ticked)
    look_at_many(by=request.user, at={*page.rows, *ticked}, page="attendance:team-book", now=now)
    return page


def _said_of(team: Team) -> str:
    live = Place.objects.live().filter(team=team)
    waiting, number = live.in_line().count(), live.count()
    if not waiting:
        return "The team is booked. Each one named is told by e-mail"
    if waiting == number:
        return "The team is on the waiting list. Each one named is told by e-mail"
    return f"{number - waiting} of {number} places are booked, the rest wait. Each one named is told by e-mail"


def _press(data) -> list[str]:
    form = TeamForm(data, people=Organisation.objects.none(), last=None, today=None)
    try:
        return [form.fields["press"].clean(data.get("press"))]
    except Exception:
        return []


@require_safe
def show(request: HttpRequest, team: int) -> HttpResponse:
    """Show who of a team has a place, who waits, and which places have no name yet."""
    own = _team(request, team)
    return _show(request, own, NameForm(people=_nameable(own)))


def _show(request: HttpRequest, team: Team, form: NameForm) -> HttpResponse:
    now = timezone.now()
    places = list(Place.objects.filter(team=team).select_related("person").order_by("person__sort_name", "pk"))
    positions = positions_of(places)
    for place in places:
        place.position = positions.get(place.pk, "")
    look_at_many(
        by=request.user, at=[place.person for place in places if place.person], page="attendance:team-show", now=now
    )
    live = [place for place in places if place.state in ("booked", "offered", "waiting")]
    context = {
        **_context(team.organisation, "Your team"),
        "team": team,
        "session": team.session,
        "places": places,
        "unnamed": [place for place in live if place.person_id is None],
        "waiting": [place for place in live if place.state == "waiting"],
        "form": form,
        "is_over": team.session.during.lower <= now,
        "back_url": reverse("attendance:team-choose", args=[team.organisation_id]),
        "back_words": "Back to the sessions",
    }
    return render(request, "attendance/teams/show.html", context, status=422 if form.errors else 200)


@require_POST
@one_press
def name(request: HttpRequest, team: int) -> HttpResponse:
    """Give the next place without a name to a colleague."""
    own = _team(request, team)
    form = NameForm(request.POST, people=_nameable(own))
    live = Place.objects.live().filter(team=own, person=None).order_by(F("seated_at").asc(nulls_last=True), "pk")
    place = live.select_related("session", "team").first()
    if place is None:
        return redirect("attendance:team-show", team=team)
    if form.is_valid():
        try:
            name_place(place=place, person=form.cleaned_data["person"], by=request.user, now=timezone.now())
        except Refused as refusal:
            form.add_refusal(refusal, "person")
        else:
            messages.success(request, f"The place is for {form.cleaned_data['person'].name}, who is told by e-mail")
            return redirect("attendance:team-show", team=team)
    return _show(request, own, form)


@require_POST
@one_press
def switch(request: HttpRequest, team: int) -> HttpResponse:
    """Let a team that waits for room for all take what fits."""
    switch_to_fit(team=_team(request, team), by=request.user, now=timezone.now())
    messages.success(request, "As many as fit have a place now. The rest wait")
    return redirect("attendance:team-show", team=team)


@require_POST
@one_press
def release(request: HttpRequest, team: int) -> HttpResponse:
    """Give the places without a name back at once."""
    ended = release_unnamed(team=_team(request, team), by=request.user, now=timezone.now(), all_days=True)
    messages.success(request, f"{ended} {'place' if ended == 1 else 'places'} without a name went back")
    return redirect("attendance:team-show", team=team)


@require_http_methods(_ASKS)
@one_press
def nudge(request: HttpRequest, organisation: int, programme: int) -> HttpResponse:
    """Show who has not booked in one programme, and remind those ticked, or all that are found."""
    own, now = _organisation(request, organisation), timezone.now()
    programmes = Programme.objects.filter(pk__in=sessions_for_teams(own, now).order_by().values("programme"))
    chosen = get_object_or_404(programmes, pk=programme)
    search = ColleagueSearch(request.GET)
    found = search_people(not_booked(chosen, own, now), search.value("find") or "")
    if request.method == "POST":
        people = found.values_list("pk", flat=True) if "all" in request.POST else ids_in(request.POST.getlist("chosen"))
        return _nudged(request, own, chosen, people, now)
    page = page_of(found, request.GET.get("page"), size=LONG)
    look_at_many(by=request.user, at=page.rows, page="attendance:team-nudge", now=now)
    context = {
        **_context(own, "Who has not booked"),
        "caption": chosen.name,
        "filter": search,
        "page": page,
        "empty_title": "Nobody is left to remind",
        "empty_text": "Everybody who may take part has booked, has said no, or is not found by this name.",
        "back_url": reverse("attendance:team-choose", args=[own.pk]),
        "back_words": "Back to the sessions",
    }
    return render(request, "attendance/teams/nudge.html", context)


def _nudged(request: HttpRequest, own: Organisation, programme: Programme, people: Any, now: Any) -> HttpResponse:
    if not people:
        messages.error(request, "Tick whom you want to remind")
        return redirect(request.get_full_path())
    done = nudge_colleagues(organisation=own, programme=programme, people=people, by=request.user, now=now)
    said = []
    if done.reminded:
        said.append("1 colleague is" if done.reminded == 1 else f"{done.reminded} colleagues are")
        said[0] += " reminded by e-mail"
    if done.asked_for:
        said.append(f"The coordinator is asked to invite {done.asked_for} more")
    messages.success(request, ". ".join(said) or "They were all reminded, or asked for, in the last seven days")
    return redirect("attendance:team-nudge", organisation=own.pk, programme=programme.pk)


def _organisation(request: HttpRequest, number: int) -> Organisation:
    return get_object_or_404(organisations_led(request.user), pk=number)


def _team(request: HttpRequest, number: int) -> Team:
    return get_object_or_404(teams_led(request.user), pk=number)


def _nameable(team: Team):
    return colleagues_to_book(team.session.programme, team.organisation, timezone.now())


def _context(organisation: Organisation, title: str) -> dict:
    return {"title": title, "section": "organisations", "organisation": organisation, "caption": organisation.name}
