"""What the link of a place opens: my place, the entry again, another date, giving up, what I need. No sign-in."""

from datetime import datetime

from django.contrib import messages
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.links import open_in_browser, personal_link
from accounts.presses import one_press
from attendance.actions.afterwards import say_why_absent
from attendance.actions.answers import why_not_to_take_back
from attendance.actions.check_in import is_on
from attendance.actions.needs import set_access_need
from attendance.actions.places import OfferIsOver, accept_offer, give_up_place, send_entry_again, take_place
from attendance.actions.swaps import change_place
from attendance.calendar import file_for
from attendance.forms.afterwards import AbsenceForm
from attendance.forms.places import AccessNeedForm
from attendance.models import (
    CAME,
    LIVE,
    SEATED,
    AbsenceReason,
    AccessNeed,
    Attendance,
    CalendarEntry,
    CheckInCode,
    Handover,
    Outcome,
    Place,
    PlaceState,
)
from attendance.queries.booking import (
    affiliation_of,
    groups_to_choose,
    positions_of,
    sessions_to_choose,
    with_line,
)
from attendance.queries.feedback import feedback_path
from attendance.queries.record import certified
from attendance.queries.series import position_of
from attendance.queries.shares import FIRST_CHOICE_LASTS, mark_quota_used
from attendance.queries.waiting import elsewhere_in_words, is_wanted, why_passed_over
from attendance.views.gone import say_why_gone
from attendance.window import rules_of, window_of
from briefings.models import PlacesRule, Session
from face.dates import day_without_year
from history.refusals import Refused

READ_OR_POST = ["GET", "HEAD", "POST"]


@personal_link("place")
@require_safe
def show_place(request: HttpRequest, link: int) -> HttpResponse:
    """Show one's own place with everything that can be done about it."""
    place, now = _place(request), timezone.now()
    window = window_of(place.session, rules_of(place.session), now)
    has_to_choose = place.state == PlaceState.OFFERED and not place.offered_from_line
    context = {
        **_context(place),
        "is_over": place.session.during.lower <= now,
        "others_can": place.session.during.lower > now and not window.is_frozen,
        "is_wanted": place.offered_from_line and is_wanted(place, now),
        "elsewhere": elsewhere_in_words(place) if has_to_choose else "",
        "offer_is_over": place.state == PlaceState.OFFERED and place.offered_until <= now,
        "has_ended": place.session.during.upper <= now,
        "checks_in": place.state == PlaceState.BOOKED and _checks_in(place, now),
        **(_afterwards(place) if place.session.during.lower <= now else {}),
        "position": position_of(place, now),
        "waits_as": positions_of([place]).get(place.pk, ""),
        "window": window,
        "need": AccessNeed.objects.filter(place=place).first() if place.state in LIVE else None,
        "asked": _asked(place) if place.state == PlaceState.BOOKED and not window.is_frozen else None,
        "newer": _newer(place) if place.state not in LIVE else None,
        "passed_over": why_passed_over(place, now),
        "can_take_back": place.state == PlaceState.GIVEN_UP and why_not_to_take_back(place, now) is None,
        "lost": _is_lost(place),
        "chooses_first": bool(place.closed_at and now < place.closed_at + FIRST_CHOICE_LASTS),
        "first_choice_until": place.closed_at and place.closed_at + FIRST_CHOICE_LASTS,
    }
    return render(request, "attendance/place/show.html", context)


def _asked(place: Place) -> Handover | None:
    """Return the request to the colleague who may take over ``place``, where somebody is asked."""
    return Handover.objects.filter(place=place, taken_at=None, ended_at=None).select_related("colleague").first()


def _checks_in(place: Place, now: datetime) -> bool:
    """Return whether a code is shown in the room now and this place is not marked yet."""
    shown = CheckInCode.objects.filter(session=place.session_id).exists()
    return shown and is_on(place.session, now) and not Attendance.objects.filter(place=place).exists()


def _afterwards(place: Place) -> dict:
    """Return what there is after the day: whether they came, certificate and papers, or why they did not.

    That somebody did not come is known when the register is closed: who is not marked before that may be here.
    """
    own = Attendance.objects.filter(session=place.session_id, person=place.person_id)
    fact = own.select_related("session__programme").first()
    came = fact if fact and fact.outcome in CAME else None
    return {
        "came": came,
        "excused": bool(fact and fact.outcome == Outcome.EXCUSED and place.missed_at),
        "certificate": came is not None and certified().filter(place=place).exists(),
        "materials": place.session.materials.all() if came else (),
        "feedback": feedback_path(came, timezone.localdate()) if came else "",
        "reason": AbsenceReason.objects.filter(place=place).first() if place.missed_at else None,
    }


@personal_link("place")
@require_http_methods(READ_OR_POST)
def say_why(request: HttpRequest, link: int) -> HttpResponse:
    """Ask why they were not there, in a few coarse words, for the lead of their organisation alone."""
    place = _place(request)
    if place.missed_at is None:
        return redirect("attendance:place-show", link=link)
    said = AbsenceReason.objects.filter(place=place).first()
    initial = {"code": said.code} if said else {}
    form = AbsenceForm(request.POST if request.method == "POST" else None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            say_why_absent(place=place, by=place.person, now=timezone.now(), **form.cleaned_data)
        except Refused as refusal:
            form.add_refusal(refusal)
        else:
            messages.success(request, "Thank you. The lead of your organisation can see it")
            return redirect("attendance:place-show", link=link)
    context = {
        **_context(place),
        "form": form,
        "title": "You were not there",
        "button": "Send",
        "back_url": reverse("attendance:place-show", args=[link]),
        "back_words": "Back to my place",
        "caption": place.session.programme.name,
    }
    return render(request, "attendance/place/absence.html", context, status=422 if form.errors else 200)


@personal_link("place")
@require_safe
def open_newer(request: HttpRequest, link: int) -> HttpResponse:
    """Lead from a place that was changed for another to the page of that one."""
    newer = _newer(_place(request))
    if newer is None or newer.link is None:
        raise Http404
    return open_in_browser(newer.link)


@personal_link("place")
@require_POST
def send_entry(request: HttpRequest, link: int) -> HttpResponse:
    """Mail the calendar entry once more."""
    place = _place(request)
    try:
        is_new = send_entry_again(place=place, by=place.person, now=timezone.now())
    except Refused as refusal:
        messages.error(request, refusal.sentence)
    else:
        again = "The calendar entry is on its way again. It can take some minutes"
        messages.success(request, again if is_new else "The calendar entry was sent a moment ago. Look in your e-mail")
    return redirect("attendance:place-show", link=link)


@personal_link("place")
@require_safe
def download_entry(request: HttpRequest, link: int) -> HttpResponse:
    """Give the calendar entry as a file, for whoever got none by mail."""
    place = get_object_or_404(Place, link=request.link, state=PlaceState.BOOKED)
    entry = get_object_or_404(
        CalendarEntry.objects.select_related("person", "session__programme", "session__room__venue"),
        person=place.person_id,
        session=place.session_id,
        is_cancelled=False,
    )
    response = HttpResponse(file_for(entry, now=timezone.now()), content_type="text/calendar; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="session.ics"'
    return response


@personal_link("place")
@require_http_methods(READ_OR_POST)
@one_press
def give_up(request: HttpRequest, link: int) -> HttpResponse:
    """Ask, then give the place up: it goes to the first in line."""
    place, refusal = _place(request), None
    if request.method == "POST":
        try:
            give_up_place(place=place, by=place.person, now=timezone.now())
        except Refused as refused:
            place, refusal = _place(request), refused  # as it is by now
        else:
            return redirect("attendance:place-show", link=link)
    if refusal is None and (place.state not in LIVE or place.session.during.lower <= timezone.now()):
        return redirect("attendance:place-show", link=link)
    waiting = Place.objects.in_line().filter(session=place.session_id).exclude(pk=place.pk).count()
    window = window_of(place.session, rules_of(place.session), timezone.now())
    context = {**_context(place), "waiting": waiting, "window": window, "refusal": refusal}
    return render(request, "attendance/place/give_up.html", context, status=409 if refusal else 200)


@personal_link("place")
@require_POST
@one_press
def accept(request: HttpRequest, link: int) -> HttpResponse:
    """Accept an offered place."""
    place = _place(request)
    try:
        accept_offer(place=place, by=place.person, now=timezone.now())
    except Refused as refusal:
        messages.error(request, refusal.sentence)
    else:
        messages.success(request, "The place is yours. A confirmation is on its way")
    return redirect("attendance:place-show", link=link)


@personal_link("place")
@require_safe
def choose_other(request: HttpRequest, link: int) -> HttpResponse:
    """Show the other dates there is a seat on."""
    place, now = _place(request), timezone.now()
    lost = _is_lost(place)
    if not lost and (place.state not in LIVE or place.session.during.lower <= now):
        return redirect("attendance:place-show", link=link)
    affiliation = affiliation_of(place, now)
    own = Place.objects.live().filter(person=place.person_id, session__programme=place.session.programme_id)
    # Instead of one place another that they have already would be one place fewer.
    held = set((own if lost else own.seated()).values_list("session", flat=True)) | {place.session_id}
    sessions = [each for each in sessions_to_choose(place.session.programme, now) if each.pk not in held]
    mark_quota_used(sessions, affiliation and affiliation.organisation_id, now)
    bookable = [session for session in sessions if not session.window.why_closed]
    others = [
        session
        for session in bookable
        if affiliation and (lost or (session.seats.free > session.kept and not session.quota_used))
    ]
    has_kept = any(each.seats.free and not each.quota_used for each in bookable)
    groups = groups_to_choose(others, affiliation.areas.all() if affiliation else ())
    context = {
        **_context(place),
        "groups": groups,
        "lost": lost,
        "eligible": affiliation is not None,
        "is_open": bool(bookable),
        "kept_days": FIRST_CHOICE_LASTS.days if has_kept else 0,
        "quota_used": any(each.quota_used for each in bookable),
    }
    return render(request, "attendance/place/choose_other.html", context)


@personal_link("place")
@require_http_methods(READ_OR_POST)
@one_press
def change(request: HttpRequest, link: int, session: int) -> HttpResponse:
    """Show both dates, then swap them; where the new one has filled up meanwhile the old one stays."""
    place, refusal = _place(request), None
    sessions = with_line(Session.objects.open().filter(programme=place.session.programme_id, seats__isnull=False))
    to = sessions.filter(pk=session).first()
    if to is None:
        say_why_gone(request, Session.objects.filter(programme=place.session.programme_id), session)
        return redirect("attendance:place-choose-other", link=link)
    if request.method == "POST":
        try:
            new = _change(place, to)
        except OfferIsOver as over:
            # A page of its own would take back what the press did: the offer went to the next by it.
            keeps = "" if over.place.pk == place.pk else " You keep the place you have."
            messages.error(request, over.sentence + keeps)
            return redirect("attendance:place-choose-other", link=link)
        except Refused as refused:
            place, refusal = _place(request), refused  # as it is by now
        else:
            messages.success(request, _said_of(new))
            return open_in_browser(new.link)
    if place.state not in LIVE and not _is_lost(place) and refusal is None:
        return redirect("attendance:place-show", link=link)
    context = {**_context(place), "to": to, "lost": _is_lost(place), "refusal": refusal}
    return render(request, "attendance/place/change.html", context, status=409 if refusal else 200)


def _said_of(new: Place) -> str:
    when = day_without_year(new.session.date)
    waits = new.state == PlaceState.WAITING
    return f"You wait for {when} now" if waits else f"Your place is on {when} now. A confirmation is on its way"


def _change(place: Place, to: Session) -> Place:
    """Return the place in ``to``: instead of the one there is, or of the one that a cancellation ended."""
    if _is_lost(place):
        own = {"person": place.person, "by": place.person, "instead_of": place}
        return take_place(session=to, now=timezone.now(), **own)
    return change_place(place=place, to=to, by=place.person, now=timezone.now())


def _is_lost(place: Place) -> bool:
    """Return whether the session of ``place`` was cancelled and its person has chosen nothing instead."""
    return place.closed_reason == "session_cancelled" and _newer(place) is None


@personal_link("place")
@require_http_methods(READ_OR_POST)
def change_needs(request: HttpRequest, link: int) -> HttpResponse:
    """Ask what somebody needs to take part: apart from all else, as they like."""
    place = _place(request)
    if place.state not in LIVE:
        return redirect("attendance:place-show", link=link)
    need = AccessNeed.objects.filter(place=place).first()
    initial = {"words": need.words, "welsh": need.welsh} if need else {}
    form = AccessNeedForm(request.POST if request.method == "POST" else None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            set_access_need(place=place, **form.cleaned_data, by=place.person, now=timezone.now())
        except Refused as refusal:
            form.add_refusal(refusal)
        else:
            return redirect("attendance:place-show", link=link)
    return render(
        request,
        "attendance/place/needs.html",
        {
            **_context(place),
            "form": form,
            "back_url": reverse("attendance:place-show", args=[link]),
            "back_words": "Back to my place",
            "caption": place.session.programme.name,
        },
    )


def _place(request: HttpRequest) -> Place:
    places = Place.objects.select_related(
        "session__programme__booking_rules",
        "session__seats",
        "session__series",
        "session__room__venue",
        "organisation",
        "profession",
        "person",
        "link",
    )
    return get_object_or_404(places, link=request.link, person=request.link.person_id)


def _context(place: Place) -> dict:
    session = place.session
    return {
        "personal_link": True,
        "place": place,
        "session": session,
        "programme": session.programme,
        "person": place.person,
    }


def _newer(place: Place) -> Place | None:
    """Return the place that its person has instead of ``place``, which has ended, where there is one.

    In a programme of one place that is whatever they have. Where somebody may have several, what they held beside it
    is not instead of it: only another place in the same session is, or what they changed to or chose since.
    """
    live = Place.objects.live().filter(person=place.person_id, session__programme=place.session.programme_id)
    if place.closed_reason in ("changed_date", "moved", "session_cancelled"):
        since = Q(made_at__gte=place.closed_at) | Q(seated_at__gte=place.closed_at)
        if place.session.programme.places_rule == PlacesRule.ONE:
            since |= Q(state__in=SEATED)
        live = live.filter(since)
    elif place.session.programme.places_rule != PlacesRule.ONE:
        live = live.filter(session=place.session_id)
    return live.select_related("session", "link").order_by("-made_at", "-pk").first()
