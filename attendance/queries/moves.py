"""Who of several people can move to another session, and why the others cannot."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from attendance.models import LIVE, SEATED, Engagement, Place, PlaceState, SeatCount, Stays
from attendance.queries.sessions import people_of
from attendance.queries.shares import seats_kept, shares_of
from briefings.models import PlacesRule, Session
from briefings.queries import affiliations_in_scope
from briefings.words import session_in_words
from organisations.models import Affiliation


@dataclass(frozen=True)
class Verdict:
    """What becomes of ``place``: it moves by ``tie``, or it stays for the reason ``why`` (a Stays value).

    ``clash`` is the session in which its person is at that time, where that is why; ``names``: who reads it may know.
    """

    place: Place
    tie: Affiliation | None = None
    why: str = ""
    clash: Session | None = None
    names: bool = False

    @property
    def reason(self) -> str:
        if self.clash and self.names:
            return f"is in {session_in_words(self.clash)}"
        return str(Stays(self.why).label) if self.why else ""


def places_to_move(session: Session, now: datetime, *, with_waiting: bool = True) -> list[Place]:
    """Return the places of ``session`` that could move, in the order in which they would get seats.

    Who has a seat comes before who waits; of those who have one, who booked first. Places without a name stay, and an
    offer whose limit is over is nobody's any more.
    """
    live = Place.objects.live().filter(session=session, person__isnull=False).exclude(pk__in=offers_over(now))
    if not with_waiting:
        live = live.seated()
    return in_turn(live.select_related("person", "organisation"))


def offers_over(now: datetime) -> QuerySet[Place]:
    """Return the offers whose limit is over at ``now``, and which the clock has not ended yet."""
    return Place.objects.filter(state=PlaceState.OFFERED, offered_until__lte=now)


def offers_over_of(people: Any, programme: int, now: datetime) -> list[Place]:
    """Return the offers in ``programme`` (an id) whose limit is over and that one of ``people`` (ids) holds, by id.

    They stand in the way of another place until they lapse: whoever lets them locks their sessions with the others.
    """
    found = offers_over(now).filter(person__in=people, session__programme=programme)
    return list(found.select_related("session").order_by("pk"))


def in_turn(places: Iterable[Place]) -> list[Place]:
    """Return ``places`` in the order in which they get seats elsewhere. Pure."""
    return sorted(
        places,
        key=lambda place: (place.state == PlaceState.WAITING, place.number_in_line or 0, place.made_at, place.pk),
    )


def seats_to_close(seats: SeatCount, left: int) -> int:
    """Return how many of the ``left`` seats can be closed: a session keeps one at least. Pure."""
    return min(left, seats.capacity - 1)


def judge(
    places: list[Place], origin: Session, to: Session, seats: SeatCount, now: datetime, *, from_reserve: bool = False
) -> list[Verdict]:
    """Return what would become of each of ``places`` of ``origin`` if they moved to ``to``, whose counter is ``seats``.

    The places stand in the order in which they get seats. ``from_reserve``: the seats kept back may be used, and
    quotas do not hold. The number of queries does not grow with the places.
    """
    people = [place.person_id for place in places]
    ties = _ties(to, people, now)
    why_not, clashes = _standing_in_the_way(places, origin, to, now)
    shares = shares_of(to, now)
    room = seats.capacity - seats.taken if from_reserve else seats.free - seats_kept(to, now)
    verdicts = []
    for place in places:
        tie = _best(ties.get(place.person_id, []), place)
        why = why_not.get(place.pk, "") or ("" if tie else Stays.NOT_ELIGIBLE)
        if not why and room <= 0:
            why = Stays.NO_SEAT
        if not why and not from_reserve and not shares.has_room(tie.organisation_id):
            why = Stays.QUOTA
        if not why:
            room -= 1
            shares.taken[tie.organisation_id] += 1
        verdicts.append(Verdict(place, tie, str(why), clashes.get(place.person_id) if why == Stays.BUSY else None))
    return verdicts


def _ties(to: Session, people: list[int], now: datetime) -> dict[int, list[Affiliation]]:
    found = affiliations_in_scope(to.programme, timezone.localdate(now)).filter(person__in=people)
    ties: dict[int, list[Affiliation]] = {}
    for tie in found.select_related("organisation", "profession").prefetch_related("areas").order_by("pk"):
        ties.setdefault(tie.person_id, []).append(tie)
    return ties


def _best(ties: list[Affiliation], place: Place) -> Affiliation | None:
    """Return the tie to the organisation that ``place`` was booked for, else the first."""
    return next((tie for tie in ties if tie.organisation_id == place.organisation_id), ties[0] if ties else None)


def _standing_in_the_way(
    places: list[Place], origin: Session, to: Session, now: datetime
) -> tuple[dict[int, str], dict[int, Session]]:
    """Return why places stay whatever the seats: ended, already there, elsewhere, busy; by the id of the place.

    And where those are who are busy, by the id of the person.
    """
    people = {place.person_id for place in places}
    own = Place.objects.filter(session=to, person__in=people, state__in=SEATED).exclude(pk__in=offers_over(now))
    there = set(own.values_list("person", flat=True))
    elsewhere: set[int] = set()
    if to.programme.places_rule == PlacesRule.ONE:
        held = Place.objects.to_use().filter(person__in=people, session__programme=to.programme_id)
        others = held.exclude(session__in=[origin.pk, to.pk]).exclude(pk__in=offers_over(now))
        elsewhere = set(others.values_list("person", flat=True))
    busy = _busy(people, origin, to)
    reasons = {}
    for place in places:
        is_over = place.offered_until is not None and place.offered_until <= now
        if place.state not in LIVE or place.missed_at or place.person_id is None or is_over:
            reasons[place.pk] = Stays.ENDED
        elif place.person_id in there:
            reasons[place.pk] = Stays.THERE
        elif place.person_id in elsewhere:
            reasons[place.pk] = Stays.ELSEWHERE
        elif place.person_id in busy:
            reasons[place.pk] = Stays.BUSY
    return reasons, busy


def _busy(people: set[int], origin: Session, to: Session) -> dict[int, Session]:
    """Return where those of ``people`` are who are elsewhere at the time of ``to``.

    By a place in ``origin`` nobody is, it is left.
    """
    found = Engagement.objects.filter(person__in=people, during__overlap=to.during).exclude(session=to.pk)
    rows = list(found.select_related("session__programme").order_by("-pk"))
    in_origin = {row.person_id for row in rows if row.session_id == origin.pk}
    if in_origin:
        other_parts = people_of(origin)
        in_origin -= other_parts.running | other_parts.seniors
    return {row.person_id: row.session for row in rows if row.session_id != origin.pk or row.person_id not in in_origin}
