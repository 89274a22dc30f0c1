"""Moving several people to another session: chosen, read as they will, done by one press, with who stayed and why."""

from dataclasses import replace
from typing import Any

from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from accounts.permissions import Permission, has
from accounts.presses import one_press
from attendance.actions.moves import move_people
from attendance.forms.moves import FitRule, MoveForm, Whom
from attendance.messages.places import GIVEN_UP, MOVED, content_of
from attendance.models import SEATED, BulkMove, Place, PlaceState, SeatCount
from attendance.queries.booking import with_line
from attendance.queries.leaving import to_tell
from attendance.queries.moves import Verdict, in_turn, judge, seats_to_close
from attendance.views.sessions import say_over
from attendance.window import rules_of, window_of
from briefings.models import Programme, Session, SessionState
from briefings.words import when_in_words, where_in_words
from history.actions import look_at_many
from history.refusals import Refused
from messaging.models import Message


@require_http_methods(["GET", "HEAD", "POST"])
@one_press
def choose(request: HttpRequest, session: int) -> HttpResponse:
    """Choose who moves and where to, look at who is told what, move them."""
    found, now = _session(request, session), timezone.now()
    to_come = Session.objects.open().to_come(now).filter(programme=found.programme, seats__isnull=False)
    own = {"session": found, "now": now, "sessions": with_line(to_come).order_by("date", "starts", "pk")}
    if request.method != "POST" and found.state != SessionState.OPEN:
        return say_over(request, found)
    if request.method != "POST":
        ticked = [pk for pk in request.GET.getlist("chosen") if pk.isdecimal()]
        return _form_page(request, found, MoveForm(initial={"chosen": ticked, "fewer": "fewer" in request.GET}, **own))
    form = MoveForm(request.POST, **own)
    if not form.is_valid() or "again" in request.POST:
        return _form_page(request, found, form)
    if "confirmed" not in request.POST:
        return _preview(request, found, form)
    chosen = {name: form.cleaned_data[name] for name in ("to", "from_reserve", "fewer", "words")}
    whole = form.cleaned_data["rule"] == FitRule.ALL
    try:
        move = move_people(session=found, places=form.places(), all_or_nobody=whole, by=request.user, now=now, **chosen)
    except Refused as refusal:
        form.add_refusal(refusal, "to")
        return _form_page(request, found, form)
    return redirect("attendance:session-moved", session=session, move=move.pk)


@require_safe
def show(request: HttpRequest, session: int, move: int) -> HttpResponse:
    """Show what a move did: who moved, who stayed and why, who is told."""
    found = _session(request, session)
    moves = BulkMove.objects.select_related("to__programme", "to__room__venue", "made_by")
    own = get_object_or_404(moves, pk=move, session=found)
    reasons = {pk: (why, *more) for pk, why, *more in own.stayed}
    clashes = Session.objects.select_related("programme").in_bulk(
        [pk for _, *more in reasons.values() for pk in more if pk]
    )
    places = Place.objects.filter(pk__in=[*own.moved, *reasons], person__isnull=False)
    places = places.select_related("person", "organisation").order_by("person__sort_name", "pk")
    moved = [place for place in places if place.pk not in reasons]
    stayed = [
        Verdict(place, why=why, clash=clashes.get(*more) if more else None)
        for place in places
        for why, *more in [reasons.get(place.pk, ("",))]
        if why
    ]
    look_at_many(
        by=request.user, at=[place.person for place in places], page="attendance:session-moved", now=timezone.now()
    )
    context = {
        **_context(found, "Who moved"),
        "move": own,
        "moved": moved,
        "stayed": _as_read(stayed, request.user),
        "facts": _facts(found, own.to),
    }
    return render(request, "attendance/moves/show.html", context)


def _session(request: HttpRequest, session: int) -> Session:
    programmes = Programme.objects.where(request.user, Permission.BOOK_FOR_OTHERS)
    found = Session.objects.select_related("programme__booking_rules", "room__venue")
    return get_object_or_404(found, programme__in=programmes, seats__isnull=False, pk=session)


def _form_page(request: HttpRequest, session: Session, form: MoveForm) -> HttpResponse:
    people = [place.person for place in form.movable]
    look_at_many(by=request.user, at=people, page="attendance:session-move", now=timezone.now())
    context = {
        **_context(session, "Move people to another session"),
        "form": form,
        "button": "See who is told what",
        "unnamed": Place.objects.live().filter(session=session, person=None).count(),
        "is_over": session.during.lower <= timezone.now(),
    }
    return render(request, "attendance/moves/choose.html", context, status=422 if form.errors else 200)


def _preview(request: HttpRequest, session: Session, form: MoveForm) -> HttpResponse:
    now, data = timezone.now(), form.cleaned_data
    to, places = data["to"], in_turn(form.places())
    seats = SeatCount.objects.get(session=to)
    verdicts = judge(places, session, to, seats, now, from_reserve=data["from_reserve"])
    moving = [verdict for verdict in verdicts if not verdict.why]
    staying = _as_read([verdict for verdict in verdicts if verdict.why], request.user)
    look_at_many(by=request.user, at=[place.person for place in places], page="attendance:session-move", now=now)
    words = {name: data[name] for name in ("to", "rule", "words")} | {"whom": Whom.CHOSEN}
    carried = [(name, getattr(value, "pk", value)) for name, value in words.items()]
    carried += [("chosen", ",".join(str(place.pk) for place in places))]
    carried += [(name, "on") for name in ("from_reserve", "fewer") if data[name]]
    window = window_of(session, rules_of(session), now)
    own = SeatCount.objects.get(session=session)
    leaving = sum(verdict.place.state in SEATED for verdict in moving)
    others, leavers = _others(session, moving), [verdict.place for verdict in moving]
    context = {
        **_context(session, "Check who moves and who is told what"),
        "facts": _facts(session, to),
        "moving": moving,
        "staying": staying,
        "blocked": not moving or (staying and data["rule"] == FitRule.ALL),
        "is_whole": data["rule"] == FitRule.ALL,
        "seats_after": own.capacity - seats_to_close(own, leaving) if data["fewer"] else None,
        "remarks": _remarks(session, to, now),
        "waiting": 0 if window.is_frozen or data["fewer"] else others["waiting"],
        "without_address": [verdict.place.person for verdict in moving if not verdict.place.person.email],
        "out_of_calendar": sum(_has_entry(verdict.place) for verdict in moving),
        "colleagues": others["asked"],
        "leads": len({person for person, _ in to_tell(leavers, by=request.user, now=now)}),
        "carried": carried,
        **(_mails(moving[0].place, session, to, data["words"]) if moving else {}),
    }
    return render(request, "attendance/moves/check.html", context)


def _as_read(verdicts: list[Verdict], by: Any) -> list[Verdict]:
    """Return ``verdicts`` as ``by`` may read them, who sees who has a place in some programmes alone."""
    programmes = {verdict.clash.programme for verdict in verdicts if verdict.clash}
    seen = {programme for programme in programmes if has(by, Permission.SEE_PEOPLE, programme)}
    return [replace(each, names=each.clash is not None and each.clash.programme in seen) for each in verdicts]


def _mails(place: Place, session: Session, to: Session, words: str) -> dict[str, Any]:
    """Return both mails as the person of ``place``, who moves first, will read them."""
    new = Place(session=to, person=place.person, state=PlaceState.BOOKED, reference="a new one")
    old = Place(
        session=session, person=place.person, state=PlaceState.ENDED, closed_reason="moved", reference=place.reference,
        seated_at=place.seated_at,
    )  # fmt: skip
    move = BulkMove(session=session, to=to, words=words)
    return {
        "example": place.person,
        "mail": content_of(Message(kind=MOVED, person=place.person, refs={}), new, move),
        "old_mail": content_of(Message(kind=GIVEN_UP, person=place.person, refs={"seated": 1}), old),
    }


def _has_entry(place: Place) -> bool:
    return place.state == PlaceState.BOOKED or (place.state == PlaceState.OFFERED and not place.offered_from_line)


def _others(session: Session, moving: list[Verdict]) -> dict[str, int]:
    """Return how many wait for ``session`` besides those who leave, and how many colleagues were asked for theirs."""
    places = [verdict.place for verdict in moving]
    ending = [place.pk for place in places if _has_entry(place)]
    asked = Q(pk__in=ending, handovers__taken_at=None, handovers__ended_at=None)
    waiting = Q(state=PlaceState.WAITING) & ~Q(pk__in=[place.pk for place in places])
    return Place.objects.filter(session=session).aggregate(
        waiting=Count("pk", filter=waiting, distinct=True), asked=Count("handovers", filter=asked, distinct=True)
    )


def _remarks(session: Session, to: Session, now: Any) -> list[str]:
    """Return what holds for others on these days, and not for who books for them."""
    both = ((session, "leave"), (to, "go to"))
    found = [(window_of(each, rules_of(each), now), words) for each, words in both]
    return [f"Of the session they {words}: {window.why_closed}" for window, words in found if window.why_closed]


def _facts(session: Session, to: Session) -> list[dict[str, str]]:
    return [
        {"name": name, "value": f"{when_in_words(each)}\n{where_in_words(each)}"}
        for name, each in (("From", session), ("To", to))
    ]


def _context(session: Session, title: str) -> dict[str, Any]:
    return {
        "title": title,
        "session": session,
        "programme": session.programme,
        "section": "sessions",
        "caption": f"{session}, {when_in_words(session)}",
        "back_url": reverse("attendance:session-places", args=[session.pk]),
        "back_words": "Back to who comes",
    }
