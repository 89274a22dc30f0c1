"""Series as pages show them: groups in their order, which workshop a session is, what somebody has no place in yet."""

from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from django.db.models import Count, QuerySet

from attendance.models import LIVE, Place
from briefings.models import PlacesRule, Programme, Series, Session, SessionState


def series_of(programme: Programme) -> QuerySet[Series]:
    """Return the series of ``programme`` by name, each with ``size``: how many sessions are in it."""
    return programme.series.annotate(size=Count("sessions")).order_by("name", "pk")


def groups_of(series: Series) -> list[tuple[str, list[Session]]]:
    """Return the groups of ``series`` by name, each with its sessions in their order; cancelled ones are left out."""
    found = series.sessions.exclude(state=SessionState.CANCELLED).select_related("programme", "seats")
    ordered = found.order_by("group", "date", "starts", "pk")
    return [(group, list(sessions)) for group, sessions in groupby(ordered, key=lambda session: session.group)]


@dataclass(frozen=True)
class Position:
    """Which of how many a session is in its group, and what else somebody could take a place in."""

    number: int
    total: int
    rest: list[Session]


def position_of(place: Place, now: datetime) -> Position | None:
    """Return where the session of ``place`` stands in its series; None where it is in none. Two queries.

    ``rest`` are the open sessions to come of the same group in which the person has no place.
    """
    return position_in(place.session, place.person_id, now)


def position_in(session: Session, person: int | None, now: datetime) -> Position | None:
    """The same for a session in which ``person`` (an id, None for whom we do not know) may not have a place yet."""
    if session.series_id is None:
        return None
    same = Session.objects.filter(series=session.series_id, group=session.group)
    sessions = list(
        same.exclude(state__in=(SessionState.CANCELLED, SessionState.DRAFT))
        .select_related("programme")
        .order_by("date", "starts", "pk")
    )
    held = Place.objects.filter(session__in=sessions, person=person, state__in=LIVE)
    held = set(held.values_list("session", flat=True)) if person else set()
    rest = [
        each
        for each in sessions
        if each.state == SessionState.OPEN and each.during.lower > now and each.pk not in held and each.pk != session.pk
    ]
    numbers = [each.pk for each in sessions]
    number = numbers.index(session.pk) + 1 if session.pk in numbers else 0
    return Position(number, len(sessions), rest)


def others_to_take(session: Session, person: int | None, now: datetime) -> Position | None:
    """Return what else of the series of ``session`` a page may offer together with it; None where that is nothing.

    That is nothing, too, where the programme allows one place. Two queries for a session of a series, else none.
    """
    if session.series_id is None or session.programme.places_rule == PlacesRule.ONE:
        return None
    found = position_in(session, person, now)
    return found if found and found.rest else None


def taken_with(place: Place) -> list[Place]:
    """Return the other live places of the person of ``place`` in the same series and group, by date."""
    session = place.session
    if session.series_id is None:
        return []
    found = Place.objects.live().filter(
        person=place.person_id, session__series=session.series_id, session__group=session.group
    )
    return list(found.exclude(pk=place.pk).select_related("session").order_by("session__date", "session__starts"))
