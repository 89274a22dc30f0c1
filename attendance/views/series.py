"""Series of workshops: who goes through which, for those who plan; places in the whole of it, for those who come."""

from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from accounts.links import personal_link
from accounts.permissions import Permission, has
from accounts.presses import one_press
from attendance.actions.series import Taken, take_rest_of_series
from attendance.forms.series import GroupForm, SeriesForm
from attendance.models import LIVE, Place
from attendance.queries.series import groups_of, position_of, series_of
from briefings.actions.series import settle_group, start_series
from briefings.models import PlacesRule, Programme, Series, SessionState
from briefings.words import when_in_words
from face.paging import SHORT, page_of
from history.refusals import Refused

_ASKS = ["GET", "HEAD", "POST"]


@require_safe
def list_series(request: HttpRequest, slug: str) -> HttpResponse:
    """The series of a programme."""
    programme = _programme(request, slug, Permission.SEE_PROGRAMME)
    context = {
        **_context(request, programme, "Series"),
        "page": page_of(series_of(programme), request.GET.get("page"), size=SHORT),
        **_back(reverse("attendance:session-list", args=[slug]), "Back to the sessions"),
    }
    return render(request, "attendance/series/list.html", context)


@require_http_methods(_ASKS)
def start(request: HttpRequest, slug: str) -> HttpResponse:
    """Name a new series."""
    programme = _programme(request, slug, Permission.MANAGE_SESSIONS)
    form = SeriesForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        name = form.cleaned_data["name"]
        try:
            made = start_series(programme=programme, name=name, by=request.user, now=timezone.now())
        except Refused as refusal:
            form.add_refusal(refusal, "name")
        else:
            return redirect("attendance:series-group", slug=slug, series=made.pk)
    context = {**_context(request, programme, "Start a series"), "form": form, "button": "Continue"}
    context |= _back(reverse("attendance:series-list", args=[slug]), "Back to the series")
    return render(request, "layouts/form.html", context)


@require_safe
def show(request: HttpRequest, slug: str, series: int) -> HttpResponse:
    """One series: its groups, each with its workshops in their order."""
    programme = _programme(request, slug, Permission.SEE_PROGRAMME)
    own = _series(programme, series)
    context = {
        **_context(request, programme, own.name),
        "series": own,
        "groups": groups_of(own),
        "one_place_only": programme.places_rule == PlacesRule.ONE,
        **_back(reverse("attendance:series-list", args=[slug]), "Back to the series"),
    }
    return render(request, "attendance/series/show.html", context)


@require_http_methods(_ASKS)
def change_group(request: HttpRequest, slug: str, series: int) -> HttpResponse:
    """Say which sessions a group goes through."""
    programme = _programme(request, slug, Permission.MANAGE_SESSIONS)
    own = _series(programme, series)
    group = request.GET.get("group", "").replace("\x00", "")
    free = programme.sessions.filter(Q(series=None) | Q(series=own)).exclude(state=SessionState.CANCELLED)
    sessions = free.select_related("programme").order_by("date", "starts", "pk")
    initial = {"group": group, "sessions": own.sessions.filter(group=group)}
    form = GroupForm(request.POST if request.method == "POST" else None, initial=initial, sessions=sessions)
    if request.method == "POST" and form.is_valid():
        try:
            settle_group(series=own, by=request.user, now=timezone.now(), **form.cleaned_data)
        except Refused as refusal:
            form.add_refusal(refusal, "sessions")
        else:
            messages.success(request, "The group is saved")
            return redirect("attendance:series-show", slug=slug, series=own.pk)
    context = {**_context(request, programme, f"A group of “{own.name}”"), "form": form, "button": "Save the group"}
    context |= _back(reverse("attendance:series-show", args=[slug, own.pk]), "Back to the series")
    return render(request, "layouts/form.html", context)


@personal_link("place")
@require_http_methods(_ASKS)
@one_press
def take_rest(request: HttpRequest, link: int) -> HttpResponse:
    """Take a place in every workshop of the same series that is still to come."""
    places = Place.objects.select_related("session__programme", "session__series", "person")
    place = get_object_or_404(places, link=request.link, person=request.link.person_id)
    if place.state not in LIVE:  # given up or cancelled meanwhile: its page says so
        return redirect("attendance:place-show", link=link)
    now = timezone.now()
    position = position_of(place, now)
    if request.method == "POST" and position is not None:
        taken = take_rest_of_series(place=place, by=place.person, now=now)
        for said in [_said(each) for each in taken] or ["You have a place in all that is to come"]:
            messages.success(request, said)
        return redirect("attendance:place-show", link=link)
    if position is None or not position.rest:
        return redirect("attendance:place-show", link=link)
    context = {
        "personal_link": True,
        "place": place,
        "session": place.session,
        "programme": place.session.programme,
        "person": place.person,
        "position": position,
        **_back(reverse("attendance:place-show", args=[link]), "Back to my place"),
    }
    return render(request, "attendance/series/take.html", context)


def _said(taken: Taken) -> str:
    when = when_in_words(taken.session)
    if taken.place is None:
        return f"{when}: {taken.why_not}"
    return f"{when}: {'you have a place' if taken.is_booked else 'you are on the waiting list'}"


def _programme(request: HttpRequest, slug: str, permission: Permission) -> Programme:
    return get_object_or_404(Programme.objects.where(request.user, permission), slug=slug)


def _series(programme: Programme, pk: int) -> Series:
    return get_object_or_404(programme.series.all(), pk=pk)


def _context(request: HttpRequest, programme: Programme, title: str) -> dict:
    return {
        "programme": programme,
        "section": "sessions",
        "caption": programme.name,
        "title": title,
        "may_plan": has(request.user, Permission.MANAGE_SESSIONS, programme),
    }


def _back(url: str, words: str) -> dict[str, str]:
    return {"back_url": url, "back_words": words}
