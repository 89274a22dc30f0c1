"""What follows at once where the lists of names of a programme become final earlier."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from attendance.models import BookingRules, Handover, Place, PlaceState
from attendance.window import Window, window_of
from briefings.models import Programme, Session


@dataclass(frozen=True)
class Freezing:
    """How many places without a name go back at once (``gone``) or need one sooner (``hurried``), how many offers end
    at once (``over``) or have to be answered sooner (``sooner``), and how many requests to a colleague end."""

    gone: int
    hurried: int
    over: int
    sooner: int
    requests: int

    def __bool__(self) -> bool:
        return any((self.gone, self.hurried, self.over, self.sooner, self.requests))


def freezing(programme: Programme, rules: BookingRules, now: datetime) -> Freezing:
    """Return what follows at once where ``rules``, saved or not, are those of ``programme``. Three queries."""
    sessions = Session.objects.open().to_come(now).filter(programme=programme)
    places = Place.objects.filter(session__in=sessions).select_related("session", "team")
    gone = hurried = over = sooner = 0
    for place, window in _each(places.live().filter(person=None, team__names_until__isnull=False), rules, now):
        last = window.last_day_for_names(place.session.date)
        is_earlier = place.team.names_until > last
        gone += is_earlier and last < window.today
        hurried += is_earlier and last >= window.today
    offers = places.filter(state=PlaceState.OFFERED, offered_from_line=True, offered_until__gt=now)
    for place, window in _each(offers, rules, now):
        final = window.final_from(place.session)
        is_earlier = final is not None and place.offered_until > final
        over += is_earlier and final <= now
        sooner += is_earlier and final > now
    asked = Handover.objects.filter(taken_at=None, ended_at=None, place__session__in=sessions)
    found = asked.select_related("place__session")
    requests = sum(window_of(each.place.session, rules, now).is_frozen for each in found)
    return Freezing(gone, hurried, over, sooner, requests)


def _each(places: QuerySet[Place], rules: BookingRules, now: datetime) -> Iterator[tuple[Place, Window]]:
    for place in places:
        yield place, window_of(place.session, rules, now)
