"""Venues and their rooms."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from attendance.actions.venues import change_room, change_venue
from attendance.forms.venues import RoomForm, VenueFilter, VenueForm
from attendance.queries.sessions import at_venue, count_concerned
from briefings.actions.venues import RoomNameTaken, RoomTooSmall, VenueNameTaken, add_room, add_venue, remove_room
from briefings.models import Room, SessionQuerySet, Venue
from briefings.rules import can_manage_venues
from face.paging import page_of
from history.refusals import Refused

_FIELD = {VenueNameTaken: "name", RoomNameTaken: "name", RoomTooSmall: "capacity"}


_EMPTY = "Add the places where sessions are held: a session takes a room from this list."


def _demand_right(request: HttpRequest) -> None:
    if not can_manage_venues(request.user):
        raise PermissionDenied


@require_safe
def list_venues(request: HttpRequest) -> HttpResponse:
    """All venues, with a search."""
    _demand_right(request)
    chosen = VenueFilter(request.GET)
    found = Venue.objects.select_related("area").annotate(room_count=Count("rooms"))
    for word in (chosen.value("q") or "").split():
        found = found.filter(Q(name__icontains=word) | Q(address__icontains=word))
    context = {
        "title": "Venues",
        "empty_text": _EMPTY,
        "filter": chosen,
        "page": page_of(found, request.GET.get("page")),
    }
    return render(request, "attendance/venues/list.html", context)


@require_safe
def show_venue(request: HttpRequest, venue: int) -> HttpResponse:
    """One venue: how to get in and there, and its rooms."""
    _demand_right(request)
    chosen = get_object_or_404(Venue.objects.select_related("area"), pk=venue)
    return render(request, "attendance/venues/show.html", {"venue": chosen, "rooms": list(chosen.rooms.all())})


@require_http_methods(["GET", "HEAD", "POST"])
def new_venue(request: HttpRequest) -> HttpResponse:
    """Add a venue; its rooms come next."""
    _demand_right(request)
    form = VenueForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            venue = add_venue(by=request.user, now=timezone.now(), **form.cleaned_data)
        except Refused as refusal:
            form.add_refusal(refusal, _FIELD.get(type(refusal)))
        else:
            return redirect("attendance:venue-show", venue=venue.pk)
    return _page(request, form, "Add a venue", "Add the venue", reverse("attendance:venue-list"), "Back to the venues")


@require_http_methods(["GET", "HEAD", "POST"])
def edit_venue(request: HttpRequest, venue: int) -> HttpResponse:
    """Change what is said about a venue."""
    _demand_right(request)
    chosen = get_object_or_404(Venue, pk=venue)
    form = VenueForm(request.POST if request.method == "POST" else None, instance=chosen)
    if request.method == "POST" and form.is_valid():
        try:
            told = change_venue(venue=chosen, changes=form.changes, by=request.user, now=timezone.now())
        except Refused as refusal:
            form.add_refusal(refusal, _FIELD.get(type(refusal)))
        else:
            return _changed(request, chosen, told)
    concerned = at_venue(chosen.pk, timezone.now())
    return _page(request, form, f"Change {chosen.name}", "Save", *_back_to(chosen), concerned)


@require_http_methods(["GET", "HEAD", "POST"])
def new_room(request: HttpRequest, venue: int) -> HttpResponse:
    """Add a room to a venue."""
    _demand_right(request)
    chosen = get_object_or_404(Venue, pk=venue)
    form = RoomForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            add_room(venue=chosen, by=request.user, now=timezone.now(), **form.cleaned_data)
        except Refused as refusal:
            form.add_refusal(refusal, _FIELD.get(type(refusal)))
        else:
            return redirect("attendance:venue-show", venue=chosen.pk)
    return _page(request, form, f"Add a room to {chosen.name}", "Add the room", *_back_to(chosen))


@require_http_methods(["GET", "HEAD", "POST"])
def edit_room(request: HttpRequest, venue: int, room: int) -> HttpResponse:
    """Change the name of a room or how many it holds."""
    _demand_right(request)
    chosen = get_object_or_404(Room.objects.select_related("venue"), pk=room, venue=venue)
    form = RoomForm(request.POST if request.method == "POST" else None, instance=chosen)
    if request.method == "POST" and form.is_valid():
        try:
            told = change_room(room=chosen, changes=form.changes, by=request.user, now=timezone.now())
        except Refused as refusal:
            form.add_refusal(refusal, _FIELD.get(type(refusal)))
        else:
            return _changed(request, chosen.venue, told)
    concerned = at_venue(chosen.venue_id, timezone.now()).filter(room=chosen)
    return _page(request, form, f"Change {chosen.name}", "Save", *_back_to(chosen.venue), concerned)


@require_http_methods(["GET", "HEAD", "POST"])
def drop_room(request: HttpRequest, venue: int, room: int) -> HttpResponse:
    """Ask, then take a room out of the list."""
    _demand_right(request)
    chosen = get_object_or_404(Room.objects.select_related("venue"), pk=room, venue=venue)
    back, refused = _back_to(chosen.venue)[0], ""
    if request.method == "POST":
        try:
            remove_room(room=chosen, by=request.user, now=timezone.now())
        except Refused as refusal:
            refused = refusal.sentence
        else:
            return redirect(back)
    facts = {"Venue": chosen.venue.name, "Room": chosen.name, "Holds": f"{chosen.capacity} people"}
    context = {
        "title": f"Remove {chosen.name}?",
        "facts": [{"name": name, "value": value} for name, value in facts.items()],
        "consequence": "It can no longer be chosen for a session.",
        "button": "Remove the room",
        "danger": True,
        "back_url": back,
        "refusal": refused,
    }
    return render(request, "attendance/sessions/confirm.html", context, status=422 if refused else 200)


def _back_to(venue: Venue) -> tuple[str, str]:
    return reverse("attendance:venue-show", args=[venue.pk]), f"Back to {venue.name}"


def _changed(request: HttpRequest, venue: Venue, told: int) -> HttpResponse:
    if told:
        messages.success(request, f"Saved. {told} {'person is' if told == 1 else 'people are'} told")
    return redirect("attendance:venue-show", venue=venue.pk)


def _page(
    request: HttpRequest,
    form: Any,
    title: str,
    button: str,
    back: str,
    back_words: str,
    concerned: SessionQuerySet | None = None,
) -> HttpResponse:
    """Return the page of one form; ``concerned`` are the sessions whose people are told of the change."""
    context = {
        "form": form,
        "title": title,
        "button": button,
        "back_url": back,
        "back_words": back_words,
        "sessions": concerned.count() if concerned is not None else 0,
        "told": count_concerned(concerned) if concerned is not None else 0,
        "renames": "the name or the address" if isinstance(form, VenueForm) else "the name",
    }
    return render(request, "attendance/venues/form.html", context, status=422 if form.errors else 200)
