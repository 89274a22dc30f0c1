"""Live questions on phones and on the screen: typing the code, asking, following what is asked.

All but asking by name or pseudonym reads no session and sets no cookie, as in ``commitments.views.anonymous``.
"""

from datetime import datetime, timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.cache import caches
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotModified
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe
from redis.exceptions import RedisError

from accounts import limits
from accounts.models import Person
from accounts.presses import one_press
from accounts.qr import qr_svg
from attendance.models import LIVE, Place
from commitments.actions.room import RoomClosed, ask_in_room
from commitments.forms.asking import words_to_compare
from commitments.forms.room import AnonymousRoomForm, CodeForm, RoomForm
from commitments.models import AskedAs, Audience, LiveRoom, Showing
from commitments.queries.questions import published_answers
from commitments.queries.room import READABLE_FOR, hidden_in, room_that_was, room_with, shown_in, version_of
from commitments.queries.similar import alike_answered, alike_in_room
from commitments.views.asking import may_look_alike
from commitments.views.public import FOR_PRACTITIONERS
from face.anonymous import SENT_FROM_ELSEWHERE, came_from_here, reads_no_session

HELD_BACK_AFTER = 100
"""Anonymous questions an hour and code after which new ones wait for the scribe, whatever the moderation."""
REFUSED_AFTER = 1_000
"""After so many under one code none is kept; the scribe gives the room another code, and counting begins again."""
LOOKED_UP_TO = 2_000
"""Looks an hour and code for what was asked before; questions are taken on even so."""
OWN_AN_HOUR = 20
"""By name or pseudonym, for each person."""
_HOUR = timedelta(hours=1)
_KEPT = 10
_FLOODED = (
    "Very many questions were sent under this code. Tell the scribe: a new code on the screen takes questions again"
)
_NO_SUCH = "No session has this code now. Look at the screen again"


@reads_no_session
@login_not_required
@never_cache
@require_safe
def enter_code(request: HttpRequest) -> HttpResponse:
    """Take the code that was typed and lead to its room."""
    form = CodeForm(request.GET if "code" in request.GET else None)
    if form.is_bound and form.is_valid():
        room = room_with(form.cleaned_data["code"], timezone.localdate())
        if room:
            return redirect("commitments:room-show", code=room.code)
        form.add_error("code", _NO_SUCH)
    return render(request, "commitments/room/enter.html", {"form": form, "title": "Ask in the session"})


@csrf_exempt
@reads_no_session
@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: HttpRequest, code: str) -> HttpResponse:
    """Ask anonymously, and see what else is asked. Nothing here leads back to anybody (docs/adr/0038, 0065)."""
    room = room_with(code, timezone.localdate())
    if room is None:
        return _over(request, code)
    looks = "look" in request.POST
    form = AnonymousRoomForm(
        request.POST if request.method == "POST" and not looks else None, initial=request.POST.dict()
    )
    asked = None
    if form.is_bound and form.is_valid():
        try:
            asked = _ask(request, room, form)
        except RoomClosed as refusal:
            form.add_refusal(refusal)
        if asked:
            form = AnonymousRoomForm()
            room.refresh_from_db(fields=["version", "is_open"])
    alike = _alike(room, words_to_compare(form, request.POST)) if looks else {"looked": False}
    context = {**_page(room), "form": form, "asked": asked, "title": "Ask in the session", **alike}
    return render(request, "commitments/room/ask.html", context)


def _alike(room: LiveRoom, words: str) -> dict:
    """Return what looks like ``words`` among what this phone may read: shown in the room, or answered for everybody.

    Compared only on a press, as in ``commitments.views.anonymous``: nothing is kept but how often in this hour.
    """
    if not _within("look", room, LOOKED_UP_TO, timezone.now()):
        return {"looked": False}
    programme = room.session.programme
    answered = alike_answered(words, published_answers(programme)) if programme.is_public else []
    return {"looked": True, "answered": answered, "shown_alike": alike_in_room(words, room)}


def _ask(request: HttpRequest, room: LiveRoom, form: AnonymousRoomForm):
    """Return the question that was asked, or None where the form now says why not."""
    now = timezone.now()
    if not came_from_here(request):
        form.add_error(None, SENT_FROM_ELSEWHERE)
        return None
    if not _within("kept", room, REFUSED_AFTER, now):
        form.add_error(None, _FLOODED)
        return None
    showing = None if _within("shown", room, HELD_BACK_AFTER, now) else Showing.WAITING
    return ask_in_room(
        session=room.session, words=form.cleaned_data["words"], asked_as=AskedAs.NOBODY, by="nobody", now=now,
        showing=showing,
    )  # fmt: skip


def _within(what: str, room: LiveRoom, limit: int, now: datetime) -> bool:
    # All who ask under one code together: a count for each phone would be a trace of it. From the full hour, so that
    # the row does not tell when the first question came.
    hour = now.replace(minute=0, second=0, microsecond=0)
    return limits.hit(f"live question {what}", f"{room.pk}\n{room.code}", limit=limit, period=_HOUR, now=hour)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@one_press
def ask_as_me(request: HttpRequest, code: str) -> HttpResponse:
    """Ask by name or by pseudonym, signed in by a mailed code: the answer comes by e-mail."""
    room = room_with(code, timezone.localdate())
    if room is None:
        return _over(request, code)
    looks = "look" in request.POST
    form = RoomForm(request.POST if request.method == "POST" and not looks else None, initial=request.POST.dict())
    if form.is_bound and form.is_valid():
        person, now = request.user, timezone.now()
        if not limits.hit("own live question", str(person.pk), limit=OWN_AN_HOUR, period=_HOUR, now=now):
            form.add_error(None, "You have asked many questions in this hour. Let others ask, and ask again later")
        else:
            try:
                ask_in_room(session=room.session, by=person, person=person, now=now, **form.cleaned_data)
            except RoomClosed as refusal:
                form.add_refusal(refusal)
            else:
                messages.success(request, "Your question is asked. You get the answer by e-mail")
                return redirect("commitments:room-ask-as-me", code=room.code)
    context = {
        **_page(room),
        "form": form,
        "title": "Ask by name or by pseudonym",
        "caption": room.session.programme.name,
        "back_url": reverse("commitments:room-show", args=[room.code]),
        "back_words": "Back to the questions",
        **(_alike_for(request.user, room, words_to_compare(form, request.POST)) if looks else {"looked": False}),
    }
    return render(request, "commitments/room/ask_as_me.html", context)


def _alike_for(person: Person, room: LiveRoom, words: str) -> dict:
    """Return what looks like ``words`` among what ``person`` may read: as ``_alike``, and from the page of a place."""
    if not may_look_alike(person.pk, timezone.now()):
        return {"looked": False}
    session = room.session
    own = {"audiences": (Audience.PUBLIC,)} if session.programme.is_public else None
    if Place.objects.filter(session=session, person=person, state__in=LIVE).exists():
        own = {"audiences": FOR_PRACTITIONERS, "session": session}
    answered = alike_answered(words, published_answers(session.programme, **own)) if own else []
    return {"looked": True, "answered": answered, "shown_alike": alike_in_room(words, room)}


@reads_no_session
@login_not_required
@never_cache
@require_safe
def show_screen(request: HttpRequest, code: str) -> HttpResponse:
    """What the projector shows: how to ask, and what is asked. No name of anybody."""
    room = room_with(code, timezone.localdate())
    if room is None:
        return _over(request, code)
    context = {**_page(room), "title": "Questions", "qr": qr_svg(address_of(room), "Opens the page to ask on a phone")}
    return render(request, "commitments/room/screen.html", context)


@reads_no_session
@login_not_required
@require_safe
def show_now(request: HttpRequest, code: str) -> HttpResponse:
    """What is shown in the room, for who has an older version of it; 304 for who has this one.

    ``LiveQuestions`` answers it before the session middleware; 304 costs one look at the quick store.
    """
    version = version_of(code.upper())
    if version is None:
        return HttpResponse(status=404)
    tag = _tag(code.upper(), version)
    if request.headers.get("If-None-Match") == tag:
        response: HttpResponse = HttpResponseNotModified()
    else:
        response = HttpResponse(_shown(code.upper(), version))
    response["ETag"], response["Cache-Control"] = tag, "no-cache"
    return response


def _shown(code: str, version: int) -> str:
    """Return the list as HTML, made once for all phones."""
    key = f"live:{code}:{version}"
    try:
        kept = caches["quick"].get(key)
        if kept is None:
            kept = _render(code)
            caches["quick"].set(key, kept, _KEPT)
        return kept
    except RedisError:
        return _render(code)


def _render(code: str) -> str:
    room = LiveRoom.objects.select_related("session").filter(code=code).first()
    return render_to_string("commitments/room/_shown.html", _seen(room)) if room else ""


def tag_of(room: LiveRoom) -> str:
    """Return the entity tag of what ``room`` shows now."""
    return _tag(room.code, room.version)


def _tag(code: str, version: int) -> str:
    return f'"{code}-{version}"'


def address_of(room: LiveRoom) -> str:
    """Return the absolute address of ``room``, built from settings.SITE_URL and never from a request."""
    return f"{settings.SITE_URL}{reverse('commitments:room-show', args=[room.code])}"


def short_address() -> str:
    """Return where the code is typed, as it is read from the screen: without the scheme."""
    parts = urlsplit(settings.SITE_URL)
    return f"{parts.netloc}{parts.path}{reverse('commitments:room-enter')}".rstrip("/")


def _over(request: HttpRequest, code: str) -> HttpResponse:
    """Say that what was asked can be read here no longer. Raises Http404 where no room has the code."""
    room = room_that_was(code)
    if room is None:
        raise Http404
    context = {"session": room.session, "programme": room.session.programme, "title": "These questions are over"}
    return render(request, "commitments/room/over.html", context, status=410)


def _page(room: LiveRoom) -> dict:
    return {
        "session": room.session,
        "programme": room.session.programme,
        **_seen(room),
        "tag": tag_of(room),
        "short_address": short_address(),
    }


def _seen(room: LiveRoom) -> dict:
    """Return what the list of everybody needs: nothing in it depends on who looks."""
    until = room.session.date + READABLE_FOR
    return {"room": room, "questions": shown_in(room), "hidden": hidden_in(room), "readable_until": until}
