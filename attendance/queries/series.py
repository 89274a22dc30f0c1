"""Series as pages show them: groups in their order, which workshop a session is, what somebody has no place in yet."""

from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from django.db.models import Count, QuerySet

from attendance.models import LIVE, Place
from briefings.models import Programme, Series, Session, SessionState


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
    session = place.session
    if session.series_id is None:
        return None
    same = Session.objects.filter(series=session.series_id, group=session.group)
    sessions = list(
        same.exclude(state__in=(SessionState.CANCELLED, SessionState.DRAFT))
        .select_related("programme")
        .order_by("date", "starts", "pk")
    )
    held = set(
        Place.objects.filter(session__in=sessions, person=place.person_id, state__in=LIVE).values_list(
            "session", flat=True
        )
    )
    rest = [
        each
        for each in sessions
        if each.state == SessionState.OPEN and each.during.lower > now and each.pk not in held and each.pk != session.pk
    ]
    numbers = [each.pk for each in sessions]
    number = numbers.index(session.pk) + 1 if session.pk in numbers else 0
    return Position(number, len(sessions), rest)
