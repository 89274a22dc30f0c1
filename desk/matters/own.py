"""What waits for a practitioner, and for those who run a session."""

from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q
from django.urls import reverse
from django.utils import timezone

from attendance.models import Invitation, Place, PlaceState
from attendance.queries.booking import positions_of
from briefings.models import SessionPart, SessionState
from briefings.words import where_in_words
from commitments.models import TOLD, UNANSWERED, Asker, QuestionState
from commitments.queries.questions import shortened, when_due
from desk import addresses
from desk.matters import BAD, GOOD, MOST_WORDS, OPEN, QUIET, WAIT, Group, Matter
from face.dates import day_plain, day_without_year, moment, period

_STILL_NEWS = timedelta(days=30)
_READ = 50
"""More of one sort than anybody has; what would come after is on the lists."""


def places(person: Any, now: datetime) -> Group:
    """Return the places of ``person`` to come, those that ended within a month, and invitations without an answer."""
    found = _places(person, now)
    positions = positions_of(found)
    matters = [_place(place, positions.get(place.pk, "")) for place in found]
    matters += [_invitation(invitation) for invitation in _invitations(person, now)]
    return Group("Your places", "places", matters)


def _places(person: Any, now: datetime) -> list[Place]:
    to_come = Q(state__in=(PlaceState.BOOKED, PlaceState.OFFERED, PlaceState.WAITING), missed_at__isnull=True)
    ended = Q(closed_reason="session_cancelled", closed_at__gt=now - _STILL_NEWS)
    instead = Place.objects.live().filter(person=person, session__programme=OuterRef("session__programme"))
    missed = Q(missed_at__gt=now - _STILL_NEWS)
    found = Place.objects.filter(person=person).filter(
        (to_come & Q(session__during__endswith__gt=now))
        | ((ended | missed) & ~Exists(instead.filter(session__during__endswith__gt=now)))
    )
    return list(found.select_related("session__programme", "session__room__venue").order_by("session__date")[:_READ])


def _place(place: Place, position: str) -> Matter:
    session = place.session
    title = f"{day_without_year(session.date)}, {period(session.starts, session.ends)}"
    order = session.date.isoformat()
    url = reverse("desk:link-open", args=[place.link_id]) if place.link_id else _session(session)
    what = f"{session}, {where_in_words(session)}"
    if place.missed_at or place.state == PlaceState.ENDED:
        why = "You were not there." if place.missed_at else "It is cancelled."
        return Matter(WAIT, title, url, f"{what}. {why} You can choose another date.", order)
    if place.state == PlaceState.OFFERED:
        until = moment(place.offered_until)
        return Matter(BAD, title, url, f"{what}. Your seat is kept until {until}. Say whether you come.", order)
    if place.state == PlaceState.WAITING:
        return Matter(OPEN, title, url, f"{what}. You are on the waiting list, the {position}.", order)
    return Matter(GOOD, title, url, f"{what}. You have a place.", order)


def _session(session: Any) -> str:
    return reverse("attendance:session-show", args=[session.pk])


def _invitations(person: Any, now: datetime) -> list[Invitation]:
    """Return the open invitations of ``person`` to programmes in which they hold nothing and missed nothing."""
    held = Place.objects.filter(person=person, session__programme=OuterRef("programme"))
    touched = held.filter(
        Q(state__in=(PlaceState.BOOKED, PlaceState.OFFERED, PlaceState.WAITING))
        | Q(closed_reason="session_cancelled", closed_at__gt=now - _STILL_NEWS)
    )
    found = Invitation.objects.filter(
        person=person, answer="", link__revoked_at__isnull=True, link__ends_at__gt=now, programme__is_public=True
    )
    return list(found.exclude(Exists(touched)).select_related("programme").order_by("-invited_at")[:_READ])


def _invitation(invitation: Invitation) -> Matter:
    programme, invited = invitation.programme, timezone.localdate(invitation.invited_at)
    text = f"You were invited on {day_plain(invited)}."
    url = reverse("desk:link-open", args=[invitation.link_id])
    return Matter(WAIT, f"Choose a date: {programme}", url, text, invited.isoformat())


def questions(person: Any, now: datetime) -> Group:
    """Return the questions that ``person`` asked: what is owed to them first."""
    wanted = (*UNANSWERED, QuestionState.ANSWERED, QuestionState.MERGED)
    asked = Asker.objects.filter(
        person=person,
        question__state__in=wanted,
        withdrawn_on=None,
        link__revoked_at__isnull=True,
        link__ends_at__gt=now,
    )
    found = asked.select_related("question__merged_into").order_by("question__due_on", "pk")[:_READ]
    today = timezone.localdate(now)
    return Group("Your questions", "questions", [_question(asker, today) for asker in found])


def _question(asker: Asker, today: date) -> Matter:
    question = asker.question
    words = shortened(question.words, MOST_WORDS)
    url = reverse("desk:link-open", args=[asker.link_id])
    whole = question.merged_into or question
    if whole.state in TOLD:
        return Matter(GOOD, words, url, "It is answered.", question.raised_on.isoformat())
    if whole.state not in UNANSWERED:
        return Matter(QUIET, words, url, "It has ended without an answer.", question.raised_on.isoformat())
    text = when_due(whole, today)
    if whole.state == QuestionState.RAISED:
        text = f"The coordinator looks at it by {day_plain(whole.due_on)}."
        if whole.due_on < today:
            text = "The coordinator has not decided yet who answers it."
    return Matter(OPEN, words, url, text, whole.due_on.isoformat())


def running(person: Any, now: datetime) -> Group:
    """Return the sessions that ``person`` presents or facilitates: today's first, with its register."""
    today = timezone.localdate(now)
    parts = SessionPart.objects.filter(person=person, session__date__gte=today, session__state=SessionState.OPEN)
    found: dict[int, SessionPart] = {}
    for part in parts.select_related("session__programme", "session__room__venue").order_by("session__during", "pk"):
        found.setdefault(part.session_id, part)
    return Group("Sessions you run", "running", [_part(part, today) for part in found.values()])


def _part(part: SessionPart, today: Any) -> Matter:
    session = part.session
    text = f"{session}, {where_in_words(session)}"
    hours = period(session.starts, session.ends)
    if session.date == today:
        url = addresses.register(session.pk)
        return Matter(WAIT, f"Open the register: today, {hours}", url, text, str(session.starts))
    return Matter(
        QUIET, f"{day_without_year(session.date)}, {hours}", _session(session), text, str(session.during.lower)
    )
