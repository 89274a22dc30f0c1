"""The page that a request for senior cover opens: what is asked, and the answers."""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.links import personal_link
from attendance.actions import cover as actions
from attendance.forms.cover import DeputyForm, deputies_for
from attendance.models import CoverState, SeniorAttendance
from attendance.queries.availability import diary_link_of
from attendance.rules import can_answer_cover
from briefings.models import Mandate, SessionState
from briefings.words import when_in_words
from history.refusals import Refused


@personal_link("cover")
@require_safe
def show_request(request: HttpRequest, link: int) -> HttpResponse:
    """What somebody is asked, and the three answers."""
    own, now = _own(request), timezone.now()
    if not can_answer_cover(request.link.person, own):
        raise Http404
    senior = own.person
    context = {
        "title": _what_was_said(own, senior.name if senior.pk != request.link.person_id else "", now),
        "own": own,
        "session": own.session,
        "programme": own.session.programme,
        "person": request.link.person,
        "senior": senior,
        "for_assistant": senior.pk != request.link.person_id,
        "has_begun": own.session.during.lower <= now,
        "has_ended": own.session.during.upper <= now,
        "is_unneeded": own.state == CoverState.WITHDRAWN or own.session.state == SessionState.CANCELLED,
        "has_deputies": deputies_for(own).exists(),
        "may_promise": senior.pk == request.link.person_id
        and own.state in (CoverState.COMING, CoverState.ATTENDED)
        and own.session.during.lower <= now
        and own.session.state != SessionState.CANCELLED,
        "own_link": link,
        "has_diary": diary_link_of(own, request.link.person_id, now) is not None,
        "personal_link": True,
    }
    return render(request, "attendance/cover/request.html", context)


@personal_link("cover")
@require_POST
def say_coming(request: HttpRequest, link: int) -> HttpResponse:
    """*I am coming*."""
    return _answered(request, actions.answer_coming, "Thank you. The entry for your calendar is on its way by e-mail")


@personal_link("cover")
@require_POST
def say_cannot(request: HttpRequest, link: int) -> HttpResponse:
    """*I cannot come*."""
    return _answered(request, actions.answer_cannot, "Thank you for saying so. The coordinator asks somebody else")


@personal_link("cover")
@require_http_methods(["GET", "HEAD", "POST"])
def pass_on(request: HttpRequest, link: int) -> HttpResponse:
    """*Not me, ask …*: choose the colleague with a mandate."""
    own = _own(request)
    form = DeputyForm(request.POST if request.method == "POST" else None, own=own)
    if request.method == "POST" and form.is_valid():
        deputy: Mandate = form.cleaned_data["deputy"]
        try:
            actions.answer_not_me(attendance=own, deputy=deputy, by=request.link.person, now=timezone.now())
        except Refused as refusal:
            form.add_refusal(refusal)
        else:
            messages.success(request, f"We ask {deputy.person.name} by e-mail. You need not do anything more")
            return redirect("attendance:cover-request", link=link)
    context = {
        "form": form,
        "title": "Whom shall we ask instead?",
        "caption": f"{own.session.programme.name}, {when_in_words(own.session)}",
        "back_url": reverse("attendance:cover-request", args=[link]),
        "button": "Ask this colleague",
        "shape": "narrow",
        "personal_link": True,
    }
    return render(request, "attendance/cover/pass_on.html", context)


def _what_was_said(own: SeniorAttendance, senior: str, now: datetime) -> str:
    """Return the heading: the question, or the answer to it; ``senior`` is the name where an assistant reads it.

    Where nobody answered in time, nothing is asked any more: it says that the session has been.
    """
    is_cancelled, during = own.session.state == SessionState.CANCELLED, own.session.during
    if own.state == CoverState.COMING:
        if is_cancelled or during.lower <= now:
            return f"{senior or 'You'} said yes"
        return f"{senior} comes" if senior else "You are coming"
    if own.state == CoverState.APOLOGIES:
        return f"{senior} does not come" if senior else "You do not come"
    if own.state == CoverState.ATTENDED:
        return f"{senior} was there" if senior else "You were there"
    if own.state == CoverState.WITHDRAWN or is_cancelled:
        return "Not needed"
    if during.lower <= now:
        return "The session has been" if during.upper <= now else "The session has begun"
    return f"Can {senior or 'you'} come?"


def _own(request: HttpRequest) -> SeniorAttendance:
    """Return the request that the opened link is about; raises Http404 where it is gone."""
    pk = request.link.about.rpartition(":")[2]
    found = SeniorAttendance.objects.select_related(
        "session__programme", "session__room__venue", "person", "organisation", "deputy__person"
    )
    return get_object_or_404(found, pk=pk)


def _answered(request: HttpRequest, action: Any, words: str) -> HttpResponse:
    own = _own(request)
    try:
        action(attendance=own, by=request.link.person, now=timezone.now())
    except Refused as refusal:
        messages.error(request, refusal.sentence)
    else:
        messages.success(request, words)
    return redirect("attendance:cover-request", link=request.link.pk)
