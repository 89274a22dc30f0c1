"""The addresses of venues: they belong to nobody, and every coordinator keeps them all."""

from tests.access.routes import Route, nothing
from tests.briefings.factories import RoomFactory
from tests.cast import Cast

KEEPS_VENUES = "administrator coordinator other"
KEEPS_NONE = "facilitator board governance lead other_lead senior practitioner"


def other_venue(cast: Cast) -> dict:
    """Venues belong to nobody: every coordinator keeps them all."""
    return {"venue": RoomFactory().venue_id}


def other_room(cast: Cast) -> dict:
    room = RoomFactory()
    return {"venue": room.venue_id, "room": room.pk}


_MADE = {
    "venue-list": nothing,
    "venue-add": nothing,
    "venue-show": other_venue,
    "venue-change": other_venue,
    "room-add": other_venue,
    "room-change": other_room,
    "room-remove": other_room,
}
ROUTES = [Route(f"attendance:{name}", made, {200: KEEPS_VENUES, 403: KEEPS_NONE}) for name, made in _MADE.items()]
