"""Asking a question beforehand, from the page of one's own place. No sign-in: the personal link says who it is."""

from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts import limits
from accounts.links import personal_link
from accounts.presses import one_press
from attendance.models import LIVE, Place
from commitments.actions.questions import raise_question
from commitments.actions.room import RoomClosed, ask_in_room
from commitments.forms.asking import AskForm, words_to_compare
from commitments.models import LiveRoom
from commitments.queries.questions import published_answers
from commitments.queries.room import room_of
from commitments.queries.similar import alike_answered, alike_in_room
from commitments.views.public import FOR_PRACTITIONERS

QUESTIONS_A_DAY = 10
LOOKS_AN_HOUR = 300
"""A page looks by itself while somebody types."""


@personal_link("place")
@require_http_methods(["GET", "HEAD", "POST"])
@one_press
def ask_before(request: HttpRequest, link: int) -> HttpResponse:
    """Ask a question about the session somebody has a place in; it is stored as raised."""
    places = Place.objects.select_related("session__programme", "person")
    place = get_object_or_404(places, link=request.link, person=request.link.person_id, state__in=LIVE)
    room = room_of(place.session)
    is_live = room is not None and room.is_open
    looks = "look" in request.POST
    form = AskForm(request.POST if request.method == "POST" and not looks else None, initial=request.POST.dict())
    if form.is_bound and form.is_valid():
        now = timezone.now()
        key, day = str(place.person_id), timedelta(days=1)
        if limits.hit("question", key, limit=QUESTIONS_A_DAY, period=day, now=now):
            is_there = _ask(place, form.cleaned_data, is_live)
            with_whom = "in the room" if is_there else "with the coordinator"
            messages.success(request, f"Your question is {with_whom}. You get the answer by e-mail")
            return redirect("attendance:place-show", link=link)
        form.add_error(None, "You have asked many questions today. Ask the next one tomorrow, or in the session")
    may_look = looks and may_look_alike(place.person_id, timezone.now())
    context = {
        "personal_link": True,
        "programme": place.session.programme,
        "caption": place.session.programme.name,
        "session": place.session,
        "form": form,
        "looked": may_look,
        **(_alike(place, room if is_live else None, words_to_compare(form, request.POST)) if may_look else {}),
        "room": room if is_live else None,
        "title": "Ask a question in the session" if is_live else "Ask a question before the session",
        "back_url": reverse("attendance:place-show", args=[link]),
        "back_words": "Back to my place",
    }
    return render(request, "commitments/place/ask.html", context)


def may_look_alike(person: int, now: datetime) -> bool:
    """Count one look by ``person`` (an id) for questions that are alike; return whether it is within the limit."""
    return limits.hit("questions alike", str(person), limit=LOOKS_AN_HOUR, period=timedelta(hours=1), now=now)


def _alike(place: Place, room: LiveRoom | None, words: str) -> dict:
    """Return what looks like ``words`` among what the page of their place lets them read, and in the room."""
    session = place.session
    may = published_answers(session.programme, audiences=FOR_PRACTITIONERS, session=session)
    return {"answered": alike_answered(words, may), "shown_alike": alike_in_room(words, room) if room else []}


def _ask(place: Place, typed: dict[str, Any], is_live: bool) -> bool:
    """Ask in the room where live questions are open, else of the coordinator: also who is late by a moment.

    Returns whether it is in the room.
    """
    said = {"by": place.person, "person": place.person, "now": timezone.now(), **typed}
    if is_live:
        with suppress(RoomClosed):
            ask_in_room(session=place.session, **said)
            return True
    raise_question(programme=place.session.programme, place=place, **said)
    return False
