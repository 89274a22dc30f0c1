"""Telling who follows a room that something in it has changed: phones, the screen, the scribe."""

from functools import partial

from django.db import transaction

from commitments.models import Assurance, LiveRoom, Question
from commitments.queries.room import keep_version


def tell_room(said: Question | Assurance) -> None:
    """Tell the room of the session of what was ``said``, if it has one. That is locked: the room comes last."""
    if said.session_id is None:
        return
    room = LiveRoom.objects.select_for_update(no_key=True, of=("self",)).filter(session=said.session_id).first()
    if room is not None:
        change(room)


def change(room: LiveRoom, *fields: str) -> LiveRoom:
    """Save ``fields`` of the locked ``room`` under its next version, and tell who follows it once that is true."""
    room.version += 1
    room.save(update_fields=["version", *fields])
    transaction.on_commit(partial(keep_version, room))
    return room
