"""The lead of an organisation books for colleagues, names places later, and nudges who has not booked."""

from django.contrib import messages
from django.db.models import F
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from attendance.actions.teams import book_team, name_place, nudge_colleagues, release_unnamed, switch_to_fit
from attendance.forms.teams import NameForm, TeamForm
from attendance.models import Place, Team
from attendance.queries.booking import positions_of
from attendance.queries.shares import seats_kept
from attendance.queries.teams import (
    colleagues_to_book,
    organisations_led,
    sessions_for_teams,
    teams_led,
    to_nudge,
)
from attendance.views.presses import one_press
from attendance.window import rules_of, window_of
from face.paging import page_of
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
    to_remind = to_nudge(own, now)
    open_ones = list(to_remind[:50])
    look_at_many(by=request.user, at=[each.person for each in open_ones], page="attendance:team-choose", now=now)
    context = {
        **_context(own, "Book for colleagues"),
        "page": page,
        "teams": teams_led(request.user).filter(organisation=own, session__during__endswith__gt=now)[:20],
        "open_ones": open_ones,
        "open_total": to_remind.count(),
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
    form = TeamForm(data, people=colleagues, last=chosen.date, today=timezone.localdate(now))
    repeated = data is not None and Team.objects.filter(press__in=_press(data), organisation=own).first()
    if repeated:
        return redirect("attendance:team-show", team=repeated.pk)
    if data is not None and form.is_valid():
        try:
            team = book_team(session=chosen, organisation=own, by=request.user, now=now, **form.cleaned_data)
        except Refused as refusal:
            form.add_refusal(refusal)
        else:
            messages.success(request, _said_of(team))
            return redirect("attendance:team-show", team=team.pk)
    look_at_many(by=request.user, at=colleagues, page="attendance:team-book", now=now)
    context = {
        **_context(own, "Book a team"),
        "session": chosen,
        "form": form,
        "button": "Book the team",
        "window": window_of(chosen, rules_of(chosen), now),
        "kept": min(seats_kept(chosen.programme, now), chosen.seats.free),
        "back_url": reverse("attendance:team-choose", args=[own.pk]),
        "back_words": "Back to the sessions",
    }
    return render(request, "attendance/teams/book.html", context, status=422 if form.errors else 200)


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


@require_POST
@one_press
def nudge(request: HttpRequest, organisation: int) -> HttpResponse:
    """Remind colleagues who are invited and have not answered."""
    own = _organisation(request, organisation)
    number = nudge_colleagues(organisation=own, by=request.user, now=timezone.now())
    words = "1 colleague is" if number == 1 else f"{number} colleagues are"
    messages.success(request, f"{words} reminded by e-mail, each at most once a week")
    return redirect("attendance:team-choose", organisation=organisation)


def _organisation(request: HttpRequest, number: int) -> Organisation:
    return get_object_or_404(organisations_led(request.user), pk=number)


def _team(request: HttpRequest, number: int) -> Team:
    return get_object_or_404(teams_led(request.user), pk=number)


def _nameable(team: Team):
    return colleagues_to_book(team.session.programme, team.organisation, timezone.now())


def _context(organisation: Organisation, title: str) -> dict:
    return {"title": title, "section": "organisations", "organisation": organisation, "caption": organisation.name}
