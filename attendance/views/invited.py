"""What a personal invitation opens: choose a session, take a place, or say that none suits. No sign-in."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.links import open_in_browser, personal_link
from accounts.presses import one_press
from attendance.actions.invitations import answer_invitation
from attendance.actions.places import take_place
from attendance.actions.series import take_series
from attendance.models import SEATED, Invitation, InvitationAnswer, Place, PlaceState
from attendance.queries.booking import (
    affiliation_for,
    groups_to_choose,
    places_in,
    position_of,
    positions_of,
    sessions_to_choose,
    with_line,
)
from attendance.queries.seating import session_to_take
from attendance.queries.series import others_to_take, taken_with
from attendance.queries.shares import mark_all_kept, mark_quota_used, why_waiting
from attendance.queries.waiting import why_passed_over
from attendance.views.gone import say_why_gone
from attendance.views.presses import taken_together
from attendance.window import rules_of, window_of
from briefings.models import PlacesRule, Session
from history.refusals import Refused

READ_OR_POST = ["GET", "HEAD", "POST"]


@personal_link("invitation")
@require_safe
def show_sessions(request: HttpRequest, link: int) -> HttpResponse:
    """Show the sessions to choose from, nearest first, or the place there is."""
    now, invitation = timezone.now(), _invitation(request)
    person, programme = request.link.person, invitation.programme
    affiliation = affiliation_for(programme, person, now)
    places = places_in(programme, person)
    seated = [place for place in places if place.state in SEATED]
    is_done = bool(seated) and programme.places_rule == PlacesRule.ONE
    sessions = sessions_to_choose(programme, now) if affiliation and not is_done else []
    mark_quota_used(sessions, affiliation and affiliation.organisation_id, now)
    mark_all_kept(sessions, person, programme, now)
    held = {place.session_id for place in places}
    positions = positions_of(places)
    for place in places:
        place.position = positions.get(place.pk, "")
    context = {
        "personal_link": True,
        "invitation": invitation,
        "programme": programme,
        "person": person,
        "affiliation": affiliation,
        "seated": seated,
        "is_done": is_done,
        "is_offered": is_done and all(place.state == PlaceState.OFFERED for place in seated),
        "waiting": [] if is_done else [place for place in places if place not in seated],
        "groups": groups_to_choose(
            (session for session in sessions if session.pk not in held), affiliation.areas.all() if affiliation else ()
        ),
        "answer": invitation.get_answer_display(),
    }
    return render(request, "attendance/invited/choose.html", context)


@taken_together
@personal_link("invitation")
@require_http_methods(READ_OR_POST)
@one_press
def take(request: HttpRequest, link: int, session: int) -> HttpResponse:
    """Show what would be booked, then book it, or join the line where it is full."""
    now, person, refusal = timezone.now(), request.link.person, None
    if request.method == "POST":
        try:
            own = {"person": person, "by": person, "now": now}
            if request.POST.get("series") == "all":
                own["session"] = _session(_invitation(request), session)
                if own["session"] is None:
                    return _gone(request, session)
                place, _ = take_series(take=lambda: take_place(**own), whole=True, **own)
            else:
                found = session_to_take(session, request.link)
                if found is None:
                    return _gone(request, session)
                place = take_place(session=found, **own)
        except Refused as refused:
            refusal = refused
        else:
            done = reverse("attendance:invitation-done", args=[link, place.pk])
            return redirect(f"{done}?free=1" if "free" in request.GET else done)
    invitation = _invitation(request)
    chosen = _session(invitation, session)
    if chosen is None:
        return _gone(request, session)
    tie = affiliation_for(invitation.programme, person, now)
    waits = why_waiting(chosen, person, tie, now)
    context = {
        "personal_link": True,
        "invitation": invitation,
        "programme": invitation.programme,
        "person": person,
        "affiliation": tie,
        "session": chosen,
        "is_full": bool(waits),
        "waits": waits,
        "window": window_of(chosen, rules_of(chosen), now),
        "others": others_to_take(chosen, person.pk, now),
        "refusal": refusal,
    }
    return render(request, "attendance/invited/check.html", context, status=409 if refusal else 200)


@personal_link("invitation")
@require_safe
def show_done(request: HttpRequest, link: int, place: int) -> HttpResponse:
    """Say what was booked, and what happens next."""
    invitation = _invitation(request)
    own = _place(invitation, place)
    # Pressed on an older page: an offer is theirs only if they say so, and what has ended is done no more.
    if own.state not in (PlaceState.BOOKED, PlaceState.WAITING):
        return redirect("attendance:invitation-place", link=link, place=own.pk)
    waits = own.state == PlaceState.WAITING
    context = {
        "personal_link": True,
        "invitation": invitation,
        "programme": invitation.programme,
        "person": request.link.person,
        "place": own,
        "session": own.session,
        "position": position_of(own),
        "passed_over": why_passed_over(own, timezone.now()),
        "window": window_of(own.session, rules_of(own.session), timezone.now()) if waits else None,
        "was_free": waits and "free" in request.GET,
        "others": taken_with(own),
    }
    return render(request, "attendance/invited/done.html", context)


@personal_link("invitation")
@require_safe
def open_place(request: HttpRequest, link: int, place: int) -> HttpResponse:
    """Lead to the page of a place that belongs to the person of this invitation."""
    own = _place(_invitation(request), place)
    if own.link is None:
        raise Http404
    return open_in_browser(own.link)


@personal_link("invitation")
@require_http_methods(READ_OR_POST)
def answer(request: HttpRequest, link: int, answer: str) -> HttpResponse:
    """Ask whether somebody means *none of these dates* or *not for me*, then note it; the reminders end."""
    invitation = _invitation(request)
    if answer not in InvitationAnswer.values:
        raise Http404
    if request.method == "POST":
        person = request.link.person
        answer_invitation(invitation=invitation, answer=answer, by=person, now=timezone.now())
        return redirect("attendance:invitation-choose", link=link)
    context = {
        "personal_link": True,
        "invitation": invitation,
        "programme": invitation.programme,
        "answer": InvitationAnswer(answer),
    }
    return render(request, "attendance/invited/answer.html", context)


@personal_link("invitation")
@require_POST
def take_back_answer(request: HttpRequest, link: int) -> HttpResponse:
    """Take back *none of these dates* or *not for me*."""
    person = request.link.person
    answer_invitation(invitation=_invitation(request), answer="", by=person, now=timezone.now())
    return redirect("attendance:invitation-choose", link=link)


@personal_link("invitation")
@require_safe
def show_not_me(request: HttpRequest, link: int) -> HttpResponse:
    """Say what to do where the invitation was meant for somebody else, or details are wrong."""
    invitation = _invitation(request)
    context = {
        "personal_link": True,
        "invitation": invitation,
        "programme": invitation.programme,
        "person": request.link.person,
    }
    return render(request, "attendance/invited/not_me.html", context)


def _invitation(request: HttpRequest) -> Invitation:
    return get_object_or_404(
        Invitation.objects.select_related("programme"), link=request.link, person=request.link.person_id
    )


def _session(invitation: Invitation, number: int) -> Session | None:
    sessions = with_line(Session.objects.open().filter(programme=invitation.programme_id, seats__isnull=False))
    return sessions.filter(pk=number).first()


def _gone(request: HttpRequest, number: int) -> HttpResponse:
    invitation = _invitation(request)
    say_why_gone(request, Session.objects.filter(programme=invitation.programme_id), number)
    return redirect("attendance:invitation-choose", link=invitation.link_id)


def _place(invitation: Invitation, number: int) -> Place:
    own = Place.objects.filter(person=invitation.person_id, session__programme=invitation.programme_id)
    return get_object_or_404(own.select_related("session__programme", "session__room__venue", "link"), pk=number)
