"""Changing one session: its details, its places, its state."""

from collections.abc import Callable, Collection
from functools import wraps
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.permissions import Permission
from accounts.presses import one_press
from attendance.actions.places import FewerSeatsThanTaken
from attendance.actions.sessions import (
    RunsAnotherSession,
    cancel_session,
    change_session,
    hold_session,
    open_session,
    resize_session,
)
from attendance.forms.sessions import CancelForm, ChangeForm, SeatsForm
from attendance.models import SeatCount
from attendance.queries.leaving import leads_of_teams
from attendance.queries.sessions import (
    Preview,
    choices_for_seats,
    colleagues_asked,
    people_concerned,
    people_of,
    preview_change,
)
from attendance.queries.shares import FIRST_CHOICE_LASTS
from attendance.window import rules_of, window_of
from briefings.actions.sessions import (
    TOLD,
    InThePast,
    NowhereToMeet,
    ReserveTooLarge,
    RoomTaken,
    RoomTooSmall,
    check_changes,
)
from briefings.models import Programme, Session, SessionState
from briefings.words import when_in_words, where_in_words
from history.refusals import Refused

_ASKS = ["GET", "HEAD", "POST"]
_TO_COME = (SessionState.DRAFT, SessionState.OPEN)
FIELD_OF = {
    InThePast: "date",
    RoomTaken: "room",
    RoomTooSmall: "room",
    NowhereToMeet: "room",
    ReserveTooLarge: "reserved",
    RunsAnotherSession: "date",
}
"""At which field a refusal of an action stands; at the whole form where none is named."""


def session_of(request: HttpRequest, session: int) -> Session:
    """Return the session that this person plans, with what its pages show; Http404 for any other."""
    programmes = Programme.objects.where(request.user, Permission.MANAGE_SESSIONS)
    found = Session.objects.select_related("programme", "room__venue__area", "area", "series")
    return get_object_or_404(found, programme__in=programmes, pk=session)


def say_over(request: HttpRequest, session: Session) -> HttpResponse:
    """Say plainly why nothing of what an address asks can be done with ``session``: by its state."""
    titles = {
        SessionState.DRAFT: "This session is not open yet",
        SessionState.HELD: "This session has been held",
        SessionState.CANCELLED: "This session was cancelled",
    }
    context = {**_context(session, titles[SessionState(session.state)], ""), "facts": _facts(session)}
    return render(request, "attendance/sessions/over.html", context)


def asks_while(*states: SessionState) -> Callable:
    """Decorate a view whose form can be pressed while its session is in one of ``states``: else its page says why not.

    What is pressed all the same goes to the view: whoever presses twice gets the same answer.
    """

    def decorate(view: Callable) -> Callable:
        @wraps(view)
        def asked(request: HttpRequest, session: int, **kwargs: Any) -> HttpResponse:
            if request.method != "POST":
                found = session_of(request, session)
                if found.state not in states:
                    return say_over(request, found)
            return view(request, session=session, **kwargs)

        return asked

    return decorate


def typed_again(request: HttpRequest) -> list[tuple[str, str]]:
    """Return what was posted, to stand hidden on a page that asks once more."""
    left_out = {"csrfmiddlewaretoken", "confirmed"}
    return [(name, value) for name, values in request.POST.lists() if name not in left_out for value in values]


@require_http_methods(_ASKS)
@asks_while(*_TO_COME)
def change(request: HttpRequest, session: int) -> HttpResponse:
    """Move, re-room or rename a session; where people are told, a page says first who is told what."""
    found = session_of(request, session)
    data = request.POST if request.method == "POST" else None
    form = ChangeForm(data, initial=ChangeForm.initial_of(found), programme=found.programme)
    if request.method == "POST" and form.is_valid() and "again" not in request.POST:
        columns, now = _columns(form, found), timezone.now()
        after = session_of(request, session)
        preview = preview_change(after, columns, now)
        asks = preview.tells and preview.changed & TOLD and not preview.blocked
        try:
            if asks and "confirmed" not in request.POST:
                check_changes(session=after, changed=set(preview.changed), now=now)
                return _preview_page(request, found, after, preview)
            change_session(session=found, by=request.user, now=now, **columns)
        except Refused as refusal:
            form.add_refusal(refusal, FIELD_OF.get(type(refusal)))
        else:
            told = preview.tells if preview.changed & TOLD else 0
            messages.success(request, f"Saved. {_people(told)} told by e-mail." if told else "Saved.")
            return _back(found)
    return _form_page(request, form, found, "Change the session", "Continue")


def _columns(form: ChangeForm, session: Session) -> dict[str, Any]:
    columns = form.changes
    room = columns.get("room", session.room)
    if columns.get("area", session.area) is None and room:
        columns["area"] = room.venue.area
    return columns


def _people(number: int) -> str:
    return "1 person is" if number == 1 else f"{number} people are"


def _preview_page(request: HttpRequest, session: Session, after: Session, preview: Preview) -> HttpResponse:
    facts = [
        {"name": "When", "value": when_in_words(after), "note": _was(when_in_words, session, after)},
        {"name": "Where", "value": where_in_words(after), "note": _was(where_in_words, session, after)},
        {"name": "Title", "value": str(after), "note": _was(str, session, after)},
    ]
    for name, column, none in (
        ("Getting in", "notes", "Nothing was said before"),
        ("Link for people online", "online_link", "There was none before"),
    ):
        if column in preview.changed:
            was = getattr(session, column)
            value = getattr(after, column) or "Nothing any more"
            facts.append({"name": name, "value": value, "note": f"It was: {was}" if was else none})
    context = {
        "title": "Check who is told",
        "session": session,
        "programme": session.programme,
        "section": "sessions",
        "caption": str(session),
        "facts": facts,
        "preview": preview,
        "who": _in_groups(session, preview.too_late, preview.leads),
        "typed": typed_again(request),
        "back_url": reverse("attendance:session-show", args=[session.pk]),
        "back_words": "Back to the session",
    }
    return render(request, "attendance/sessions/check_change.html", context)


def _was(words, before: Session, after: Session) -> str:
    return f"It was: {words(before)}" if words(before) != words(after) else "Stays as it is"


@require_http_methods(_ASKS)
@asks_while(*_TO_COME)
@one_press
def resize(request: HttpRequest, session: int) -> HttpResponse:
    """Change how many places there are and how many are kept back."""
    found = session_of(request, session)
    seats = SeatCount.objects.filter(session=found).first()
    initial = {"capacity": found.capacity, "reserved": found.reserved}
    form, choices = SeatsForm(request.POST if request.method == "POST" else None, initial=initial), None
    if request.method == "POST" and form.is_valid():
        changes = form.changes
        try:
            resize_session(session=found, by=request.user, now=timezone.now(), **changes)
        except Refused as refusal:
            fields = {RoomTooSmall: "capacity", FewerSeatsThanTaken: "capacity", ReserveTooLarge: "reserved"}
            form.add_refusal(refusal, fields.get(type(refusal)))
            if isinstance(refusal, FewerSeatsThanTaken | RoomTooSmall):
                choices = choices_for_seats(found, changes.get("capacity", found.capacity))
        else:
            messages.success(request, "Saved.")
            return _back(found)
    window = window_of(found, rules_of(found), timezone.now())
    more = {"seats": seats, "window": window, "choices": choices}
    return _form_page(request, form, found, "Change the places", "Save", **more)


@require_http_methods(_ASKS)
@asks_while(*_TO_COME)
def open_for_booking(request: HttpRequest, session: int) -> HttpResponse:
    """Ask, then open a draft."""
    found = session_of(request, session)
    words = "People can take places from then on. Those who run it are told, with a calendar entry."
    return _confirm(request, found, open_session, "Open for booking?", "Open the session", words, done="Open.")


@require_http_methods(_ASKS)
@asks_while(SessionState.OPEN)
def hold(request: HttpRequest, session: int) -> HttpResponse:
    """Ask, then note that a session took place."""
    found = session_of(request, session)
    words = "The session leaves the list of those that can be booked. Nobody is told."
    return _confirm(request, found, hold_session, "Mark as held?", "Mark as held", words, done="Marked as held.")


def _confirm(
    request: HttpRequest, session: Session, action, title: str, button: str, words: str, *, done: str
) -> HttpResponse:
    refusal = ""
    if request.method == "POST":
        try:
            action(session=session, by=request.user, now=timezone.now())
        except Refused as refused:
            refusal = refused.sentence
        else:
            messages.success(request, done)
            return _back(session)
    context = {**_context(session, title, button), "facts": _facts(session), "consequence": words, "refusal": refusal}
    return render(request, "attendance/sessions/confirm.html", context, status=422 if refusal else 200)


@require_http_methods(_ASKS)
@asks_while(*_TO_COME)
@one_press
def cancel(request: HttpRequest, session: int) -> HttpResponse:
    """Ask with how many are told, then cancel a session."""
    found = session_of(request, session)
    form = CancelForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            cancel_session(session=found, reason=form.cleaned_data["reason"], by=request.user, now=timezone.now())
        except Refused as refusal:
            form.add_refusal(refusal)
        else:
            messages.success(request, "Cancelled. Everybody with a part in it is told.")
            return _back(found)
    facts = [*_facts(found), {"name": "Who is told", "value": _who_is_told(found)}]
    ends = "This cannot be taken back. Places end, the room is free, and calendar entries are removed."
    first = (
        f" Whoever has a place chooses another date before others, for {FIRST_CHOICE_LASTS.days} days: until then "
        "the other sessions keep a free place for each of them."
    )
    context = {
        **_context(found, "Cancel the session?", "Cancel the session"),
        "facts": facts,
        "form": form,
        "danger": True,
        "consequence": ends + first if people_of(found).booked else ends,
    }
    return render(request, "attendance/sessions/confirm.html", context, status=422 if form.errors else 200)


def _who_is_told(session: Session) -> str:
    """Return who is told that ``session`` is cancelled."""
    asked = colleagues_asked(session)
    leads = leads_of_teams(session, timezone.now()) if session.state == SessionState.OPEN else set()
    told = len(people_concerned(session) | asked | leads)
    return f"{told} in all: {_in_groups(session, len(asked), leads)}" if told else "Nobody"


def _in_groups(session: Session, asked: int, leads: Collection[int] = ()) -> str:
    """Return who is told of a change of ``session``; ``asked``: how many colleagues that were asked to take a place.

    ``leads``: who is told of their teams besides.
    """
    told, people = people_concerned(session).union(leads), people_of(session)
    people.leads.update(leads)
    groups = (
        (people.booked, "with a place"),
        (people.offered, "with an offer"),
        (people.waiting, "waiting"),
        (people.running, "presenting or facilitating"),
        (people.seniors, "asked as a senior manager"),
        (people.leads, "with places for colleagues"),
    )
    words = [f"{len(some & told)} {what}" for some, what in groups if some & told]
    return ", ".join([*words, f"{asked} asked to take over a place"] if asked else words)


def _facts(session: Session) -> list[dict[str, str]]:
    return [
        {"name": "Session", "value": str(session)},
        {"name": "When", "value": when_in_words(session)},
        {"name": "Where", "value": where_in_words(session)},
    ]


def _context(session: Session, title: str, button: str) -> dict[str, Any]:
    return {
        "title": title,
        "button": button,
        "session": session,
        "programme": session.programme,
        "section": "sessions",
        "caption": str(session),
        "back_url": reverse("attendance:session-show", args=[session.pk]),
        "back_words": "Back to the session",
    }


def _form_page(request: HttpRequest, form, session: Session, title: str, button: str, **more: Any) -> HttpResponse:
    context = {**_context(session, title, button), "form": form, **more}
    return render(request, "attendance/sessions/form.html", context, status=422 if form.errors else 200)


def _back(session: Session) -> HttpResponse:
    return redirect("attendance:session-show", session=session.pk)
