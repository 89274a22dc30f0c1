"""Venues and their rooms."""

from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Max, ProtectedError

from briefings.models import Room, Session, SessionState, Venue
from history.actions import record
from history.refusals import Refused


class VenueNameTaken(Refused):
    sentence = "There is a venue of this name already. Add the town to the name."


class RoomNameTaken(Refused):
    sentence = "This venue has a room of this name already."


class RoomTooSmall(Refused):
    """Raised with the number of people that a session to come in this room is planned for."""

    def __init__(self, places: int) -> None:
        self.places = places
        super().__init__(
            f"A session to come in this room has {places} places. Move it or give it fewer places first, or enter"
            f" {places} or more."
        )


class RoomInUse(Refused):
    sentence = "Sessions are or were planned in this room, so it stays in the list."


@transaction.atomic
def add_venue(*, by: Any, now: datetime, **fields: Any) -> Venue:
    """Return a new venue with ``fields`` of Venue, clean already. Raises VenueNameTaken."""
    venue = _saved(Venue(**fields), VenueNameTaken)
    record(by=by, verb="added", about=venue, now=now)
    return venue


@transaction.atomic
def change_venue(*, venue: Venue, changes: dict[str, Any], by: Any, now: datetime) -> Venue:
    """Write ``changes`` (field name → clean value); the rest stays as it is. Raises VenueNameTaken.

    Nobody is told: attendance.actions.venues does that.
    """
    venue = Venue.objects.select_for_update(no_key=True, of=("self",)).get(pk=venue.pk)
    return _changed(venue, changes, VenueNameTaken, by, now)


def hold_venue(venue: Venue) -> None:
    """Lock ``venue``: from now on no session comes into one of its rooms, until the transaction ends.

    What a session that comes in waits for is ``briefings.actions.sessions.stay_put``.
    """
    Venue.objects.select_for_update(no_key=True, of=("self",)).get(pk=venue.pk)


@transaction.atomic
def add_room(*, venue: Venue, name: str, capacity: int, by: Any, now: datetime) -> Room:
    """Return a new room of ``venue`` for ``capacity`` people, more than none. Raises RoomNameTaken."""
    room = _saved(Room(venue=venue, name=name, capacity=capacity), RoomNameTaken)
    record(by=by, verb="added", about=room, now=now)
    return room


@transaction.atomic
def change_room(*, room: Room, changes: dict[str, Any], by: Any, now: datetime) -> Room:
    """Write ``changes`` of name or capacity. Raises RoomNameTaken, RoomTooSmall for a session to come."""
    room = Room.objects.select_for_update(no_key=True, of=("self",)).get(pk=room.pk)
    planned = Session.objects.to_come(now).filter(room=room).exclude(state=SessionState.CANCELLED)
    needed = planned.aggregate(most=Max("capacity"))["most"] or 0
    if changes.get("capacity", room.capacity) < min(needed, room.capacity):
        raise RoomTooSmall(needed)
    return _changed(room, changes, RoomNameTaken, by, now)


@transaction.atomic
def remove_room(*, room: Room, by: Any, now: datetime) -> None:
    """Take a room out of the list. Raises RoomInUse where a session was ever planned in it."""
    record(by=by, verb="removed", about=room, now=now)
    try:
        with transaction.atomic():
            room.delete()
    except ProtectedError as error:
        raise RoomInUse from error


def _saved(row: Any, taken: type[Refused], **how: Any) -> Any:
    try:
        with transaction.atomic():
            row.save(**how)
    except IntegrityError as error:
        if "name_unique" in str(error):
            raise taken from error
        raise
    return row


def _changed(row: Any, changes: dict[str, Any], taken: type[Refused], by: Any, now: datetime) -> Any:
    fields = [name for name, value in changes.items() if getattr(row, name) != value]
    for name in fields:
        setattr(row, name, changes[name])
    if fields:
        _saved(row, taken, update_fields=fields)
        record(by=by, verb="changed", about=row, now=now, fields=fields)
    return row
