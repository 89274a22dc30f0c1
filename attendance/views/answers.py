"""Answers from calendars: the coordinator's list, and the page on which somebody takes a place back."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.links import open_in_browser, personal_link
from accounts.permissions import Permission
from accounts.presses import one_press
from attendance.actions.answers import settle_answer, take_place_back, why_not_to_take_back
from attendance.forms.answers import AnswerFilter
from attendance.models import CalendarAnswer, Place, PlaceState
from attendance.queries.answers import answers_of
from briefings.models import Programme, SessionState
from briefings.words import when_in_words, where_in_words
from face.paging import LONG, page_of
from history.actions import look_at_many
from history.refusals import Refused


@require_safe
def list_answers(request: HttpRequest, slug: str) -> HttpResponse:
    """Which answers the coordinator has to look at, and what can be done; all of them where that is asked for."""
    programme, chosen = _programme(request, slug), AnswerFilter(request.GET)
    waiting = chosen.value("show") != "all"
    page = page_of(answers_of(programme, waiting=waiting), request.GET.get("page"), size=LONG)
    people = [answer.entry.person for answer in page.rows]
    look_at_many(by=request.user, at=people, page="attendance:answer-calendar", now=timezone.now())
    context = {
        "title": "Answers from calendars",
        "programme": programme,
        "caption": programme.name,
        "section": "sessions",
        "filter": chosen,
        "page": page,
        "waiting": waiting,
        "empty_title": "No answer needs you" if waiting else "Nobody has answered from a calendar yet",
        "empty_text": "Who accepts is confirmed and who declines gives up the place, without you.",
        "back_url": reverse("attendance:session-list", args=[slug]),
        "back_words": "Back to the sessions",
    }
    return render(request, "attendance/answers/list.html", context)


@require_POST
def settle(request: HttpRequest, slug: str, answer: int) -> HttpResponse:
    """Take an answer off the list: the coordinator has seen to it."""
    found = answers_of(_programme(request, slug), waiting=False)
    own: CalendarAnswer = get_object_or_404(found, pk=answer)
    settle_answer(answer=own, by=request.user, now=timezone.now())
    messages.success(request, f"The answer of {own.entry.person.name} is settled")
    return redirect("attendance:answer-calendar", slug=slug)


def _programme(request: HttpRequest, slug: str) -> Programme:
    programmes = Programme.objects.where(request.user, Permission.BOOK_FOR_OTHERS)
    return get_object_or_404(programmes, slug=slug.replace("\x00", ""))


@personal_link("place")
@require_http_methods(["GET", "HEAD", "POST"])
@one_press
def take_back(request: HttpRequest, link: int) -> HttpResponse:
    """Ask, then take a place that was given up once more while a seat is free."""
    found = Place.objects.select_related(
        "session__programme__booking_rules", "session__seats", "session__room__venue", "person", "link"
    )
    place, now, refusal = get_object_or_404(found, link=request.link), timezone.now(), None
    session = place.session
    if request.method == "POST":
        try:
            new = take_place_back(place=place, by=place.person, now=now)
        except Refused as refused:
            refusal = refused
        else:
            messages.success(request, "The place is yours again. A confirmation is on its way")
            return open_in_browser(new.link)
    to_come = session.state == SessionState.OPEN and session.during.lower > now
    if refusal is None and (place.state != PlaceState.GIVEN_UP or not to_come):
        return redirect("attendance:place-show", link=link)
    context = {
        "title": "Take your place back?",
        "caption": session.programme.name,
        "personal_link": True,
        "programme": session.programme,
        "facts": [
            {"name": "When", "value": when_in_words(session)},
            {"name": "Where", "value": where_in_words(session)},
        ],
        "why_not": refusal or why_not_to_take_back(place, now),
        "refusal": refusal,
        "button": "Take my place back",
        "back_url": reverse("attendance:place-show", args=[link]),
        "back_words": "Back to my place",
    }
    return render(request, "attendance/answers/take_back.html", context, status=409 if refusal else 200)
