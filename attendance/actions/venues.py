"""A venue or a room that changes under its sessions: whoever has a part in them is told, and calendars follow."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db import transaction

import briefings.actions.venues as rows
from attendance.actions.engagements import lock_people
from attendance.actions.sessions import lock_session, raise_entries
from attendance.messages import sessions as messages
from attendance.queries.sessions import at_venue, people_concerned
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
    return _follow(sessions, lambda: rows.change_venue(venue=venue, changes=changes, by=by, now=now), by, now)


@transaction.atomic
def change_room(*, room: Room, changes: dict[str, Any], by: Any, now: datetime) -> int:
    """Write ``changes`` of the name or capacity of ``room``; of a new name people are told as by ``change_venue``.

    Returns how many people are told. Raises RoomNameTaken, RoomTooSmall.
    """
    sessions = at_venue(room.venue_id, now).filter(room=room)
    return _follow(sessions, lambda: rows.change_room(room=room, changes=changes, by=by, now=now), by, now)


def _follow(sessions: SessionQuerySet, change: Callable[[], Any], by: Any, now: datetime) -> int:
    before = [lock_session(session) for session in sessions.order_by("pk")]
    concerned = {session.pk: people_concerned(session) for session in before}
    lock_people(set().union(*concerned.values()))
    change()
    told: set[int] = set()
    for was in before:
        session = Session.objects.select_related("programme", "room__venue").get(pk=was.pk)
        if where_in_words(session, address=True) == where_in_words(was, address=True):
            continue
        people = people_concerned(session)
        note_new_place(session=session, by=by, now=now)
        raise_entries(session)
        messages.tell_changed(session, was, people, now=now)
        told |= people
    return len(told)
