"""Venues and rooms."""

import pytest

from briefings.actions import venues
from briefings.models import Room, Venue
from history.models import Entry
from tests.briefings.factories import NOW, RoomFactory, SessionFactory, VenueFactory
from tests.organisations.factories import PersonFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def by():
    return PersonFactory()


def test_a_venue_is_added_once_whatever_the_capitals(by):
    venues.add_venue(name="Library", address="1 Street", by=by, now=NOW)
    with pytest.raises(venues.VenueNameTaken):
        venues.add_venue(name="LIBRARY", by=by, now=NOW)
    assert (Venue.objects.count(), Entry.objects.count()) == (1, 1)


def test_a_venue_changes_where_it_differs(by):
    venue = VenueFactory(name="Library")
    venues.change_venue(venue=venue, changes={"name": "Library"}, by=by, now=NOW)
    assert Entry.objects.count() == 0
    assert venues.change_venue(venue=venue, changes={"directions": "Left"}, by=by, now=NOW).directions == "Left"
    assert Entry.objects.get().fields == ["directions"]


def test_a_venue_cannot_take_the_name_of_another(by):
    VenueFactory(name="Library")
    with pytest.raises(venues.VenueNameTaken):
        venues.change_venue(venue=VenueFactory(), changes={"name": "library"}, by=by, now=NOW)


def test_room_names_are_once_in_a_venue(by):
    room = venues.add_room(venue=VenueFactory(), name="Room 1", capacity=10, by=by, now=NOW)
    with pytest.raises(venues.RoomNameTaken):
        venues.add_room(venue=room.venue, name="room 1", capacity=10, by=by, now=NOW)
    assert venues.add_room(venue=VenueFactory(), name="Room 1", capacity=10, by=by, now=NOW).pk != room.pk


def test_a_room_does_not_shrink_below_a_session_to_come(by):
    room = RoomFactory(capacity=25)
    SessionFactory(room=room, capacity=20)
    with pytest.raises(venues.RoomTooSmall) as refused:
        venues.change_room(room=room, changes={"capacity": 19}, by=by, now=NOW)
    assert refused.value.places == 20
    assert venues.change_room(room=room, changes={"capacity": 20}, by=by, now=NOW).capacity == 20


def test_a_room_without_a_cancelled_session_may_shrink(by):
    room = RoomFactory(capacity=25)
    SessionFactory(room=room, capacity=20, cancelled=True)
    assert venues.change_room(room=room, changes={"capacity": 5}, by=by, now=NOW).capacity == 5


def test_a_room_goes_unless_a_session_was_planned_in_it(by):
    venues.remove_room(room=RoomFactory(), by=by, now=NOW)
    assert Room.objects.count() == 0
    used = SessionFactory().room
    with pytest.raises(venues.RoomInUse):
        venues.remove_room(room=used, by=by, now=NOW)
    assert Room.objects.count() == 1
