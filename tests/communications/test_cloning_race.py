"""Programmes cloned at once whose sessions are in the same rooms, on real connections; and without the guard."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest
from django.db import OperationalError, connection, transaction

from briefings.models import Room, Session
from communications.actions import cloning
from communications.queries.cloning import Part
from tests.attendance.test_places_race import wait_until_somebody_waits
from tests.briefings.factories import NOW, ProgrammeFactory, RoomFactory, SessionFactory
from tests.organisations.factories import PersonFactory

pytestmark = pytest.mark.django_db(transaction=True)


def clone_while_the_first_room_is_held() -> None:
    """Clone a programme that begins in the room of the higher id; raises where that one is held before the lower."""
    lower, higher, programme, by = RoomFactory(), RoomFactory(), ProgrammeFactory(), PersonFactory()
    for day, room in ((24, higher), (26, lower)):
        SessionFactory(programme=programme, room=room, date=date(2026, 11, day))

    def clone() -> None:
        try:
            cloning.clone_programme(
                programme=programme, name="The next valley", first=date(2027, 3, 1), parts=[Part.SESSIONS], dates={},
                by=by, now=NOW,
            )  # fmt: skip
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            Room.objects.select_for_update(no_key=True).get(pk=lower.pk)
            cloning_it = pool.submit(clone)
            wait_until_somebody_waits()
            Room.objects.select_for_update(no_key=True, nowait=True).get(pk=higher.pk)
        cloning_it.result(20)
    made = Session.objects.exclude(programme=programme).order_by("date")
    assert [session.room for session in made] == [higher, lower]


def test_a_clone_locks_its_rooms_in_the_order_of_their_ids_whatever_the_dates():
    clone_while_the_first_room_is_held()


def test_locked_as_the_sessions_come_two_clones_would_wait_in_a_circle(monkeypatch):
    monkeypatch.setattr(cloning, "hold_rooms", lambda rooms: None)
    with pytest.raises(OperationalError):
        clone_while_the_first_room_is_held()
