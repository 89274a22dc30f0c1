"""The lead of an organisation books for colleagues, names places later, and nudges who has not booked."""

from typing import Any
from uuid import uuid4

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.presses import key_of, one_press
from attendance.actions.places import give_up_place
from attendance.actions.replacing import replace_colleague
from attendance.actions.teams import (
    NamesAreOver,
    NobodyToBook,
    NotInTheTeam,
    TooManyNames,
    book_team,
    name_places,
    nudge_colleagues,
    release_unnamed,
    switch_to_fit,
)
from attendance.forms.teams import ColleagueSearch, HeirForm, NamesForm, TeamForm, ids_in
from attendance.messages.teams import nudged_lately
from attendance.models import LIVE, Place, PlaceState, Team
from attendance.queries.booking import positions_of
from attendance.queries.people import WHY_CLOSED, search_people
from attendance.queries.shares import mark_kept_from, mark_quota_used, seats_kept
from attendance.queries.teams import (
    colleagues_in_scope,
    colleagues_to_book,
    colleagues_to_name,
    not_booked,
    organisations_led,
    programmes_to_nudge,
    sessions_for_teams,
    sessions_of_partner,
    teams_led,
    with_unnamed,
)
from attendance.queries.waiting import quota_in_words
from attendance.views.gone import say_why_gone
from attendance.views.on_behalf import told
from attendance.window import rules_of, window_of
from briefings.models import Programme
from briefings.words import when_in_words
from face.dates import day
from face.forms import SummaryLine
from face.paging import LONG, page_of
from history.actions import look, look_at_many
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
    mark_quota_used(page.rows, own.pk, now)
    mark_kept_from(page.rows, own.pk, now)
    context = {
        **_context(own, "Book for colleagues"),
        "page": page,
        "teams": with_unnamed(teams_led(request.user).filter(organisation=own, session__during__endswith__gt=now))[:20],
        "to_nudge": programmes_to_nudge(own, now),
        "back_url": reverse("organisations:organisation-show", args=[own.pk]),
        "back_words": f"Back to {own.name}",
    }
    return render(request, "attendance/teams/choose.html", context)


@require_http_methods(_ASKS)
@one_press
def book(request: HttpRequest, organisation: int, session: int) -> HttpResponse:
    """Book a team: by name, and places that are named later."""
    own, now = _organisation(request, organisation), timezone.now()
    chosen = sessions_for_teams(own, now).filter(pk=session).first()
    if chosen is None:
        say_why_gone(request, sessions_of_partner(own, now), session)
        return redirect("attendance:team-choose", organisation=organisation)
    colleagues = colleagues_to_book(chosen.programme, own, now)
    data = request.POST if request.method == "POST" else None
    window = window_of(chosen, rules_of(chosen), now)
    # Whoever got a place since the page was shown is found, so that it can be said who and why.
    known = colleagues_in_scope(chosen.programme, own, now)
    about = {"people": known, "last": window.names_before(chosen.date), "today": window.today}
    looks = data is not None and "look" in data
    form = TeamForm.as_typed(data, **about) if looks else TeamForm(data, **about)
    if data is not None and not looks and form.is_valid():
        typed = {**form.cleaned_data, "press": key_of(request) or uuid4()}
        try:
            team = book_team(session=chosen, organisation=own, by=request.user, now=now, **typed)
        except NobodyToBook as refusal:
            form.add_refusal(refusal, "people" if colleagues.exists() else "unnamed")
        except Refused as refusal:
            form.add_refusal(refusal)
        else:
            messages.success(request, _said_of(team))
            return redirect("attendance:team-show", team=team.pk)
    context = {
        **_context(own, "Book a team"),
        **_shown(request, form, colleagues, now),
        "session": chosen,
        "button": "Book the team",
        "window": window,
        "quota": quota_in_words(chosen, own, now),
        "kept": min(seats_kept(chosen, now), chosen.seats.free),
        "back_url": reverse("attendance:team-choose", args=[own.pk]),
        "back_words": "Back to the sessions",
    }
    return render(request, "attendance/teams/book.html", context, status=422 if form.errors else 200)


def _shown(request: HttpRequest, form: NamesForm, colleagues: Any, now: Any) -> dict[str, Any]:
    """Put one page of ``colleagues`` into ``form``, those ticked before them; return what the template needs of it."""
    sent = request.POST
    ticked = list(colleagues.filter(pk__in=ids_in(sent.getlist("people"))))
    found = search_people(colleagues, sent.get("find", "")[:100])
    page = page_of(found, sent.get("look") or sent.get("page"), size=LONG)
    form.show(page, ticked)
    match = request.resolver_match
    look_at_many(by=request.user, at={*page.rows, *ticked}, page=match.view_name, now=now)
    is_long = len(colleagues[: LONG + 1]) > LONG
    return {"form": form, "page": page, "is_long": is_long, "ticked": len(ticked), "here": request.path}


def _said_of(team: Team) -> str:
    live = list(Place.objects.live().filter(team=team).select_related("person"))
    waiting, number = sum(place.state == PlaceState.WAITING for place in live), len(live)
    if not waiting:
        return f"The team is booked. {_told(live)}"
    if waiting == number:
        return f"The team is on the waiting list. {_told(live)}"
    return f"{_some_booked(number - waiting, number)}. {_told(live)}"


def _some_booked(booked: int, number: int) -> str:
    rest = "the other waits" if number - booked == 1 else f"the other {number - booked} wait"
    return f"{booked} of {number} places {'is' if booked == 1 else 'are'} booked, {rest}"


def _told(places: list[Place]) -> str:
    """Return how those who have ``places`` learn of it: by e-mail, or from their lead who has no address of theirs."""
    without = [place.person.name for place in places if place.person and not place.person.email]
    if not without:
        return "Each one named is told by e-mail"
    return f"Each one named is told by e-mail, but {', '.join(without)}: no address is known, so tell them yourself"


@require_safe
def show(request: HttpRequest, team: int) -> HttpResponse:
    """Show who of a team has a place, who waits, and which places have no name yet."""
    own, now = _team(request, team), timezone.now()
    places = list(Place.objects.filter(team=own).select_related("person").order_by("person__sort_name", "pk"))
    positions = positions_of(places)
    for place in places:
        place.position = positions.get(place.pk, "")
        place.can_end = place.person_id is not None and place.state in LIVE
        place.can_replace = _can_replace(place, own, now)
        place.why_closed = WHY_CLOSED.get(place.closed_reason, "")
    look_at_many(
        by=request.user, at=[place.person for place in places if place.person], page="attendance:team-show", now=now
    )
    live = [place for place in places if place.state in ("booked", "offered", "waiting")]
    waiting = [place for place in live if place.state == "waiting"]
    context = {
        **_context(own.organisation, "Your team"),
        "team": own,
        "session": own.session,
        "window": window_of(own.session, rules_of(own.session), now),
        "places": places,
        "unnamed": [place for place in live if place.person_id is None],
        "waiting": waiting,
        "quota": quota_in_words(own.session, own.organisation, now) if waiting else "",
        "is_over": own.session.during.lower <= now,
        "names_are_over": own.names_are_over(now),
        "back_url": reverse("attendance:team-choose", args=[own.organisation_id]),
        "back_words": "Back to the sessions",
    }
    return render(request, "attendance/teams/show.html", context)


@require_http_methods(_ASKS)
@one_press
def name(request: HttpRequest, team: int) -> HttpResponse:
    """Give places without a name to colleagues: found by name, several at once."""
    own, now = _team(request, team), timezone.now()
    without = Place.objects.live().filter(team=own, person=None)
    unnamed = without.count()
    names_are_over, names_some = own.names_are_over(now), "look" not in request.POST and "people" in request.POST
    if names_are_over and not names_some:
        return redirect("attendance:team-show", team=team)  # which says so
    if not unnamed and not names_are_over:
        return _all_named(request, team)
    colleagues = colleagues_to_name(own, now)
    data = request.POST if request.method == "POST" else None
    looks = data is not None and "look" in data
    # Whoever got a place since the page was shown is found, so that it can be said who and why.
    known = colleagues_in_scope(own.session.programme, own.organisation, now)
    form = NamesForm.as_typed(data, people=known) if looks else NamesForm(data, people=known)
    if data is not None and not looks and form.is_valid():
        try:
            named = name_places(team=own, people=form.cleaned_data["people"], by=request.user, now=now)
        except NamesAreOver as over:
            # A page of its own would take back what the press did: what has no name went back by it.
            messages.error(request, over.sentence)
            return redirect("attendance:team-show", team=team)
        except Refused as refusal:
            form.add_refusal(refusal, "people")
            unnamed = without.count()  # somebody else may have named some meanwhile
            if not unnamed:
                return _all_named(request, team)
        else:
            messages.success(request, _said_of_names(named))
            return redirect("attendance:team-show", team=team)
    context = {
        **_context(own.organisation, "Name your places"),
        **_shown(request, form, colleagues, now),
        "team": own,
        "session": own.session,
        "unnamed": unnamed,
        "button": "Give them the place" if unnamed == 1 else "Give them the places",
        "back_url": reverse("attendance:team-show", args=[team]),
        "back_words": "Back to your team",
    }
    return render(request, "attendance/teams/name.html", context, status=422 if form.errors else 200)


def _all_named(request: HttpRequest, team: int) -> HttpResponse:
    if request.method == "POST" and "look" not in request.POST:
        messages.error(request, TooManyNames(0).sentence)
    return redirect("attendance:team-show", team=team)


def _said_of_names(named: list[Place]) -> str:
    if not named:  # pressed again, or by two leads
        return "They have a place of this team already, so nothing was changed"
    waiting = sum(place.state == PlaceState.WAITING for place in named)
    if len(named) == 1:
        place, own = "place on the waiting list" if waiting else "place", named[0].person
        told = "who is told by e-mail" if own.email else "who has no e-mail address: tell them yourself"
        return f"The {place} is for {own.name}, {told}"
    wait = f", {waiting} of them on the waiting list" if waiting else ""
    return f"{len(named)} places have a name now{wait}. {_told(named)}"


@require_POST
@one_press
def switch(request: HttpRequest, team: int) -> HttpResponse:
    """Let a team that waits for room for all take what fits."""
    own = _team(request, team)
    switch_to_fit(team=own, by=request.user, now=timezone.now())
    live = Place.objects.live().filter(team=own)
    waiting, number = live.filter(state=PlaceState.WAITING).count(), live.count()
    offered = live.filter(state=PlaceState.OFFERED).count()
    if offered:
        rest = f". {waiting} still {'waits' if waiting == 1 else 'wait'}" if waiting else ""
        said = (
            f"{offered} of {number} places {'is' if offered == 1 else 'are'} offered, and asked about by e-mail{rest}"
        )
    elif not waiting:
        said = "All of you have a place now"
    elif waiting == number:
        said = "From now on as many as fit get a place. None is free for you at the moment"
    else:
        said = _some_booked(number - waiting, number)
    messages.success(request, said)
    return redirect("attendance:team-show", team=team)


@require_POST
@one_press
def release(request: HttpRequest, team: int) -> HttpResponse:
    """Ask, then give the places without a name back at once."""
    own = _team(request, team)
    unnamed = Place.objects.live().filter(team=own, person=None).count()
    if unnamed and "confirmed" not in request.POST:
        return _check_release(request, own, unnamed)
    ended = release_unnamed(team=own, by=request.user, now=timezone.now(), all_days=True)
    messages.success(request, f"{ended} {'place' if ended == 1 else 'places'} without a name went back")
    return redirect("attendance:team-show", team=team)


def _check_release(request: HttpRequest, team: Team, unnamed: int) -> HttpResponse:
    places = "the place" if unnamed == 1 else f"the {unnamed} places"
    context = {
        **_context(team.organisation, f"Give {places} without a name back?"),
        "facts": [
            {"name": "Session", "value": str(team.session)},
            {"name": "When", "value": when_in_words(team.session)},
            {"name": "Names may follow until", "value": day(team.names_until) if team.names_until else "Not said"},
        ],
        "unnamed": unnamed,
        "button": f"Give {places} back",
        "back_url": reverse("attendance:team-show", args=[team.pk]),
        "back_words": "Back to your team",
    }
    return render(request, "attendance/teams/check_release.html", context)


@require_http_methods(_ASKS)
@one_press
def give_up(request: HttpRequest, team: int, place: int) -> HttpResponse:
    """Ask, then give up the place of a colleague in the team: who was booked into the wrong session, or is ill."""
    own, now = _team(request, team), timezone.now()
    named = Place.objects.filter(team=own, person__isnull=False)
    found = named.select_related("person", "session__programme__booking_rules", "session__room__venue")
    held: Place = get_object_or_404(found, pk=place)
    if request.method == "POST":
        try:
            give_up_place(place=held, by=request.user, now=now)
        except Refused as refusal:
            messages.error(request, refusal.sentence)
        else:
            messages.success(request, f"{held.person.name} has no place in this team any more. {told(held.person)}")
        return redirect("attendance:team-show", team=team)
    if held.state not in LIVE or held.session.during.lower <= now:
        return redirect("attendance:team-show", team=team)
    waits = held.state == PlaceState.WAITING
    look(by=request.user, at=held.person, page="attendance:team-give-up", now=now)
    name = held.person.name
    context = {
        **_context(
            own.organisation, f"Take {name} off the waiting list?" if waits else f"Give up the place of {name}?"
        ),
        "waiting": Place.objects.in_line().filter(session=held.session_id).count(),
        "window": window_of(held.session, rules_of(held.session), now),
        "person": held.person,
        "place": held,
        "session": held.session,
        "back_url": reverse("attendance:team-show", args=[team]),
        "back_words": "Back to your team",
    }
    return render(request, "attendance/staff/give_up.html", context)


@require_http_methods(_ASKS)
@one_press
def replace(request: HttpRequest, team: int, place: int) -> HttpResponse:
    """Let another colleague come instead of one who was booked: found by name, the place goes from one to the other."""
    own, now = _team(request, team), timezone.now()
    named = Place.objects.filter(team=own, person__isnull=False).select_related("person", "session")
    held: Place = get_object_or_404(named, pk=place)
    data = request.POST if request.method == "POST" else None
    looks = data is not None and "look" in data
    is_pressed = data is not None and not looks
    if not is_pressed and not _can_replace(held, own, now):
        return redirect("attendance:team-show", team=team)  # which says how it stands
    known = colleagues_in_scope(own.session.programme, own.organisation, now)
    form = HeirForm.as_typed(data, people=known) if looks else HeirForm(data, people=known)
    if is_pressed and form.is_valid():
        try:
            new = replace_colleague(place=held, colleague=form.cleaned_data["people"], by=request.user, now=now)
        except NotInTheTeam as refusal:
            form.add_refusal(refusal, "people")
        except Refused as refusal:
            messages.error(request, refusal.sentence)
            return redirect("attendance:team-show", team=team)
        else:
            messages.success(request, f"{new.person.name} comes instead of {held.person.name}. {_told([held, new])}")
            return redirect("attendance:team-show", team=team)
    look(by=request.user, at=held.person, page="attendance:team-replace", now=now)
    context = {
        **_context(own.organisation, f"Who comes instead of {held.person.name}?"),
        **_shown(request, form, colleagues_to_name(own, now), now),
        "place": held,
        "one": True,
        "session": own.session,
        "button": "Give them the place",
        "back_url": reverse("attendance:team-show", args=[team]),
        "back_words": "Back to your team",
    }
    return render(request, "attendance/teams/replace.html", context, status=422 if form.errors else 200)


def _can_replace(place: Place, team: Team, now: Any) -> bool:
    """Return whether a colleague can have ``place`` of ``team`` instead of whoever is named for it."""
    session = team.session
    is_frozen = window_of(session, rules_of(session), now).is_frozen
    is_there = place.person_id is not None and place.state == PlaceState.BOOKED
    return is_there and session.during.lower > now and not is_frozen


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
        if "all" in request.POST and "confirmed" not in request.POST:
            return _check_nudge(request, own, chosen, found)
        people = found.values_list("pk", flat=True) if "all" in request.POST else ids_in(request.POST.getlist("chosen"))
        if people:
            return _nudged(request, own, chosen, people, now)
    page = page_of(found, request.GET.get("page"), size=LONG)
    lately = nudged_lately(chosen, own, [person.pk for person in page.rows], now=now)
    for person in page.rows:
        person.nudged_at = lately.get(person.pk)
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
    if request.method == "POST" and page.total:
        context["problems"] = [SummaryLine("id_chosen", "Tick whom you want to remind")]
    return render(request, "attendance/teams/nudge.html", context, status=422 if "problems" in context else 200)


def _check_nudge(request: HttpRequest, own: Organisation, programme: Programme, found: Any) -> HttpResponse:
    """Ask before everybody who is found is reminded: a mail that has left cannot be called back."""
    total, invited = found.count(), found.filter(invitation__isnull=False).count()
    back = reverse("attendance:team-nudge", args=[own.pk, programme.pk])
    context = {
        **_context(own, f"Remind {'1 colleague' if total == 1 else f'all {total} colleagues'}?"),
        "facts": [
            {"name": "Programme", "value": programme.name},
            {"name": "Invited: reminded by e-mail", "value": str(invited)},
            {"name": "Not invited yet: named to the coordinator", "value": str(total - invited)},
        ],
        "button": "Remind them all",
        "back_url": back,
        "back_words": "Back to who has not booked",
    }
    return render(request, "attendance/teams/check_nudge.html", context)


def _nudged(request: HttpRequest, own: Organisation, programme: Programme, people: Any, now: Any) -> HttpResponse:
    done = nudge_colleagues(organisation=own, programme=programme, people=people, by=request.user, now=now)
    said = []
    if done.reminded:
        said.append("1 colleague is" if done.reminded == 1 else f"{done.reminded} colleagues are")
        said[0] += " reminded by e-mail"
    if done.asked_for:
        what = "more" if done.reminded else "colleague" if done.asked_for == 1 else "colleagues"
        said.append(f"The coordinator is asked to invite {done.asked_for} {what}")
    messages.success(request, ". ".join(said) or "They were all reminded, or asked for, in the last seven days")
    return redirect("attendance:team-nudge", organisation=own.pk, programme=programme.pk)


def _organisation(request: HttpRequest, number: int) -> Organisation:
    return get_object_or_404(organisations_led(request.user), pk=number)


def _team(request: HttpRequest, number: int) -> Team:
    return get_object_or_404(teams_led(request.user), pk=number)


def _context(organisation: Organisation, title: str) -> dict:
    return {"title": title, "section": "organisations", "organisation": organisation, "caption": organisation.name}
