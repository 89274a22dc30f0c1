"""When senior managers can come: the one page behind their link, and asking them for it."""

from datetime import date
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from accounts.links import open_in_browser, personal_link
from accounts.permissions import Permission
from attendance import weeks
from attendance.actions import availability as actions
from attendance.actions.cover import answer_by_diary
from attendance.forms.availability import AskWhenForm, DiaryForm
from attendance.models import SeniorAttendance
from attendance.queries.availability import Diary, diary_link_of, diary_of, who_said_when
from attendance.rules import can_keep_diary
from attendance.views.cover_drawn import listed
from briefings.models import Mandate, Programme
from briefings.words import when_in_words
from history.actions import look_at_many
from history.refusals import Refused


@personal_link("availability")
@require_http_methods(["GET", "HEAD", "POST"])
def show_diary(request: HttpRequest, link: int) -> HttpResponse:
    """The half-days of some weeks as a grid to tick, and patterns that repeat every week."""
    now = timezone.now()
    today, mandate = timezone.localdate(now), _mandate(request)
    if not can_keep_diary(request.link.person, mandate, today):
        raise Http404
    first = _first_day(request, today)
    diary = diary_of(mandate, first, today)
    form = DiaryForm(request.POST if request.method == "POST" else None, diary=diary)
    here = reverse("attendance:availability-show", args=[link])
    if request.method == "POST" and form.is_valid():
        try:
            actions.say_when(mandate=mandate, answers=form.answers(), by=request.link.person, now=now)
        except Refused as refusal:
            messages.error(request, refusal.sentence)
        else:
            messages.success(request, form.said())
            if answered := answer_by_diary(person=mandate.person, by=request.link.person, now=now):
                when = listed([when_in_words(own.session) for own in answered])
                messages.success(request, f"Answered with no, because the half-day is unticked: {when}")
        return redirect(f"{here}?from={first:%Y-%m-%d}")
    context = {
        "title": "When can you come?",
        "form": form,
        "mandate": mandate,
        "programme": mandate.programme,
        "person": request.link.person,
        "for_assistant": mandate.person_id != request.link.person_id,
        "diary": diary,
        "patterns": _patterns(diary),
        "from": diary.weeks[0][0],
        "earlier": None if diary.is_first else diary.weeks[0][0] - len(diary.weeks) * weeks.WEEK,
        "later": _later(diary),
        "personal_link": True,
    }
    return render(request, "attendance/availability/show.html", context, status=422 if form.errors else 200)


@personal_link("cover")
@require_safe
def open_from_request(request: HttpRequest, link: int) -> HttpResponse:
    """Lead from the page of one request to the same person's page of half-days: the links are of one person."""
    own = get_object_or_404(
        SeniorAttendance.objects.select_related("session"), pk=request.link.about.rpartition(":")[2]
    )
    own_link = diary_link_of(own, request.link.person_id, timezone.now())
    if own_link is None:
        raise Http404
    return open_in_browser(own_link)


@require_http_methods(["GET", "HEAD", "POST"])
def ask_when(request: HttpRequest, slug: str) -> HttpResponse:
    """Who has said when they can come; ask the others, or all of them again."""
    programme = get_object_or_404(Programme.objects.where(request.user, Permission.MANAGE_SESSIONS), slug=slug)
    now = timezone.now()
    mandates = who_said_when(programme.pk, timezone.localdate(now))
    look_at_many(by=request.user, at={each.person for each in mandates}, page="attendance:availability-ask", now=now)
    form = AskWhenForm(request.POST if request.method == "POST" else None, mandates=mandates)
    if request.method == "POST" and form.is_valid():
        number = actions.ask_availability(mandates=form.cleaned_data["seniors"], by=request.user, now=now)
        words = "1 senior manager is asked" if number == 1 else f"{number} senior managers are asked"
        messages.success(request, f"{words} by e-mail when they can come")
        return redirect("attendance:cover-show", slug=programme.slug)
    context = {
        "programme": programme,
        "section": "cover",
        "title": "When can senior managers come?",
        "caption": programme.name,
        "form": form,
        "back_url": reverse("attendance:cover-show", args=[programme.slug]),
        "back_words": "Back to senior cover",
        "button": "Ask them by e-mail",
    }
    return render(request, "layouts/form.html", context, status=422 if form.errors else 200)


def _mandate(request: HttpRequest) -> Mandate:
    found = Mandate.objects.select_related("programme", "organisation", "person")
    return get_object_or_404(found, pk=request.link.about.rpartition(":")[2])


def _first_day(request: HttpRequest, today: date) -> date:
    """Return the day that the address asks for, or today where it asks for none that can be read."""
    try:
        return date.fromisoformat(request.GET.get("from", "")[:10])
    except ValueError:
        return today


def _patterns(diary: Diary) -> list[dict[str, Any]]:
    """Return the buttons: "Tuesdays not", and "Tuesdays again" where all of them are not."""
    return [
        {"do": f"can-{each.key}", "words": f"{each.words} again"}
        if weeks.all_not(each, diary.halves, diary.said)
        else {"do": f"not-{each.key}", "words": f"{each.words} not"}
        for each in weeks.PATTERNS
    ]


def _later(diary: Diary) -> date | None:
    after = diary.weeks[-1][0] + weeks.WEEK
    return after if after <= diary.last else None
