"""A venue or a room that changes under its sessions: whoever has a part in them is told, and calendars follow."""

from collections.abc import Callable, Container
from datetime import datetime
from typing import Any

from django.db import transaction

import briefings.actions.venues as rows
from attendance.actions.engagements import lock_people
from attendance.actions.sessions import keep_numbers, lock_session, raise_entries
from attendance.messages import sessions as messages
from attendance.queries.sessions import at_venue, numbers_held, people_concerned
from briefings.actions.sessions import note_new_place
from briefings.models import Room, Session, SessionQuerySet, Venue
from briefings.words import where_in_words


@transaction.atomic
def change_venue(*, venue: Venue, changes: dict[str, Any], by: Any, now: datetime) -> int:
    """Write ``changes`` (field name → clean value) of ``venue``; the rest stays as it is.

    Where its name or address is another, everybody with a part in a session to come there is told the difference, and
    their entries follow. Returns how many people are told. Raises VenueNameTaken.
    """
    sessions = at_venue(venue.pk, now)
    return _follow(sessions, venue, lambda: rows.change_venue(venue=venue, changes=changes, by=by, now=now), by, now)


@transaction.atomic
def change_room(*, room: Room, changes: dict[str, Any], by: Any, now: datetime) -> int:
    """Write ``changes`` of the name or capacity of ``room``; of a new name people are told as by ``change_venue``.

    Returns how many people are told. Raises RoomNameTaken, RoomTooSmall.
    """
    sessions = at_venue(room.venue_id, now).filter(room=room)
    venue = Venue(pk=room.venue_id)
    return _follow(sessions, venue, lambda: rows.change_room(room=room, changes=changes, by=by, now=now), by, now)


class _MoreSessions(Exception):
    """A session came into the venue while those that were there, and their people, were being locked."""


def _follow(sessions: SessionQuerySet, venue: Venue, change: Callable[[], Any], by: Any, now: datetime) -> int:
    while True:
        try:
            with transaction.atomic():
                return _follow_those(sessions, venue, change, by, now)
        except _MoreSessions:  # the locks are gone, and taken again in their order with what has come
            continue


def _follow_those(sessions: SessionQuerySet, venue: Venue, change: Callable[[], Any], by: Any, now: datetime) -> int:
    before = [lock_session(session) for session in sessions.order_by("pk")]
    concerned = {session.pk: people_concerned(session) for session in before}
    lock_people(set().union(*concerned.values()))
    rows.hold_venue(venue)
    if _has_more(sessions, concerned):
        raise _MoreSessions
    change()
    told: set[int] = set()
    for was in before:
        session = Session.objects.select_related("programme", "room__venue").get(pk=was.pk)
        if where_in_words(session, address=True) == where_in_words(was, address=True):
            continue
        people = people_concerned(session) | messages.leads_waiting(session, now)
        note_new_place(session=session, by=by, now=now)
        held = numbers_held(session)
        raise_entries(session)
        keep_numbers(session, messages.tell_changed(session, was, people, now=now, held=held))
        told |= people
    return len(told)


def _has_more(sessions: SessionQuerySet, known: Container[int]) -> bool:
    """Return whether one of ``sessions`` is not among the ``known`` ids, read before the venue was locked."""
    return any(pk not in known for pk in sessions.values_list("pk", flat=True))
