"""Whom it concerns when a programme says something else in mails and calendar entries."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Exists, OuterRef, QuerySet

from attendance.models import CalendarEntry, Place, PlaceState
from briefings.models import Programme, Session, SessionQuerySet, SessionState

WORDS_TOLD = ("name", "contact_email", "contact_phone", "what_to_bring")
"""The fields of a programme that stand in the calendar entries of those who come."""


@dataclass(frozen=True)
class Concerned:
    """How many people come to how many sessions, and how many entries that makes: a mail for each."""

    people: int
    sessions: int
    entries: int


def who_comes(programme: Programme, now: datetime) -> Concerned:
    """Return how many have a session to come of ``programme`` in their calendar. One query."""
    found = entries_to_come(programme, now).aggregate(
        people=Count("person", distinct=True), sessions=Count("session", distinct=True), entries=Count("pk")
    )
    return Concerned(**found)


def entries_to_come(programme: Programme, now: datetime) -> QuerySet[CalendarEntry]:
    """Return the living calendar entries of sessions to come of ``programme``: of those who come or run one."""
    return CalendarEntry.objects.filter(session__in=_to_come(programme, now), is_cancelled=False)


def sessions_with_entries(programme: Programme, now: datetime) -> SessionQuerySet:
    """Return the sessions to come of ``programme`` that stand in anybody's calendar."""
    entries = CalendarEntry.objects.filter(session=OuterRef("pk"), is_cancelled=False)
    return _to_come(programme, now).filter(Exists(entries))


def _to_come(programme: Programme, now: datetime) -> SessionQuerySet:
    states = (SessionState.DRAFT, SessionState.OPEN)
    return Session.objects.to_come(now).filter(programme=programme, state__in=states)


def with_entry(session: Session) -> set[int]:
    """Return the ids of those in whose calendar ``session`` stands."""
    entries = CalendarEntry.objects.filter(session=session, is_cancelled=False)
    return set(entries.values_list("person", flat=True))


def seated_since(session: Session, people: Iterable[int], moment: datetime) -> set[int]:
    """Return who of ``people`` got their place in ``session`` after ``moment``: its words were new to them."""
    booked = Place.objects.filter(session=session, person__in=list(people), state=PlaceState.BOOKED)
    return set(booked.filter(seated_at__gt=moment).values_list("person", flat=True))
