"""Giving one's place to a colleague, and what the colleague's link opens. No sign-in."""

from datetime import datetime, timedelta

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from accounts import limits
from accounts.links import open_in_browser, personal_link
from accounts.presses import one_press
from attendance.actions.handovers import (
    ask_colleague,
    decline_handover,
    take_over,
    why_not_to_take,
    withdraw_request,
)
from attendance.forms.handovers import ColleagueForm
from attendance.models import Handover, Place, PlaceState
from attendance.window import rules_of, window_of
from history.refusals import Refused

_ASKS = ["GET", "HEAD", "POST"]
_ADDRESSES_AN_HOUR = 10
"""More than anybody asks, fewer than would tell who works where."""
_HOUR = timedelta(hours=1)


@personal_link("place")
@require_http_methods(_ASKS)
def ask(request: HttpRequest, link: int) -> HttpResponse:
    """Ask a colleague to take over the place; it stays with its holder until they do."""
    places = Place.objects.select_related("session__programme__booking_rules", "organisation", "person")
    place = get_object_or_404(places, link=request.link, person=request.link.person_id)
    now = timezone.now()
    window = window_of(place.session, rules_of(place.session), now)
    if place.state != PlaceState.BOOKED or place.session.during.lower <= now:
        return redirect("attendance:place-show", link=link)
    if window.is_frozen and request.method != "POST":  # the page of the place says so
        return redirect("attendance:place-show", link=link)
    form = ColleagueForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        if not _may_try(place, form.cleaned_data["email"], now):
            form.add_error(None, "Too many addresses were tried. Wait an hour, or ask the coordinator")
        else:
            try:
                made = ask_colleague(place=place, email=form.cleaned_data["email"], by=place.person, now=now)
            except Refused as refusal:
                form.add_refusal(refusal, "email")
            else:
                messages.success(request, f"We have asked {made.colleague.name}. The place is yours until they take it")
                return redirect("attendance:place-show", link=link)
    context = {
        "personal_link": True,
        "place": place,
        "session": place.session,
        "programme": place.session.programme,
        "caption": place.session.programme.name,
        "title": "Give your place to a colleague",
        "form": form,
        "asked": Handover.objects.filter(place=place, taken_at=None, ended_at=None).select_related("colleague").first(),
        "window": window,
        "back_url": reverse("attendance:place-show", args=[link]),
        "back_words": "Back to my place",
    }
    return render(request, "attendance/place/hand_over.html", context, status=422 if form.errors else 200)


@personal_link("place")
@require_POST
@one_press
def withdraw(request: HttpRequest, link: int) -> HttpResponse:
    """Keep the place after all: the colleague who was asked cannot take it any more."""
    places = Place.objects.select_related("session__programme", "person")
    place = get_object_or_404(places, link=request.link, person=request.link.person_id)
    ended = withdraw_request(place=place, by=place.person, now=timezone.now())
    if ended:
        messages.success(request, f"The place stays yours. {ended.colleague.name} cannot take it over any more")
    return redirect("attendance:place-show", link=link)


def _may_try(place: Place, email: str, now: datetime) -> bool:
    """Count the address ``email`` for ``place``, once in an hour however often it is sent, and return whether to ask.

    What goes beyond the limit is not noted as tried, and so is beyond it the next time too.
    """
    tried = f"{place.pk}\n{email}"
    with transaction.atomic():
        if not limits.hit("handover address", tried, limit=1, period=_HOUR, now=now):
            return True
        within = limits.hit("handover", str(place.pk), limit=_ADDRESSES_AN_HOUR, period=_HOUR, now=now)
        transaction.set_rollback(not within)
    return within


@personal_link("handover")
@require_http_methods(_ASKS)
@one_press
def take(request: HttpRequest, link: int) -> HttpResponse:
    """Show whose place it is and when, then take it over."""
    handover, refusal = _handover(request), None
    if request.method == "POST":
        try:
            place = take_over(handover=handover, by=handover.colleague, now=timezone.now())
        except Refused as refused:
            handover, refusal = _handover(request), refused  # as it is by now: that is why it was refused
        else:
            messages.success(request, "The place is yours. A confirmation is on its way")
            return open_in_browser(place.link)
    if handover.taken_as is not None and handover.taken_as.link:
        return open_in_browser(handover.taken_as.link)
    place = handover.place
    window = window_of(place.session, rules_of(place.session), timezone.now())
    is_there = handover.taken_at is None and place.state == PlaceState.BOOKED
    can_take = handover.is_open and is_there and not window.is_frozen
    context = {
        "personal_link": True,
        "handover": handover,
        "place": place,
        "person": handover.colleague,
        "session": place.session,
        "programme": place.session.programme,
        "can_take": can_take,
        "is_there": is_there,
        "why_not": why_not_to_take(handover, timezone.now()) if can_take else None,
        "too_late": is_there and (handover.ended_reason == "list_final" or (handover.is_open and window.is_frozen)),
        "window": window,
        "refusal": refusal,
    }
    return render(request, "attendance/place/take_over.html", context, status=409 if refusal else 200)


@personal_link("handover")
@require_POST
@one_press
def decline(request: HttpRequest, link: int) -> HttpResponse:
    """Say no; the holder keeps the place."""
    handover = _handover(request)
    decline_handover(handover=handover, by=handover.colleague, now=timezone.now())
    return redirect("attendance:handover-take", link=link)


def _handover(request: HttpRequest) -> Handover:
    found = Handover.objects.select_related(
        "place__session__programme__booking_rules", "place__session__room__venue", "place__person", "colleague",
        "taken_as__link",
    )  # fmt: skip
    return get_object_or_404(found, link=request.link, colleague=request.link.person_id)
