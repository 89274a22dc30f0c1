"""Why somebody who waits does not get a place that is free, in words for them."""

from collections import Counter
from datetime import datetime

from django.db.models import Exists, OuterRef
from django.utils import timezone

from attendance.models import Engagement, Place, PlaceState
from attendance.queries.shares import FIRST_CHOICE_LASTS, quota_of, seats_kept, shares_of, why_waiting
from attendance.window import rules_of, window_of
from briefings.models import PlacesRule, Session
from briefings.queries import affiliations_in_scope
from briefings.words import session_in_words
from face.dates import day
from organisations.models import Organisation


def why_passed_over(place: Place, now: datetime) -> str:
    """Return why ``place``, which waits, is passed over at ``now`` as ``actions.line.promote`` does; "" where not."""
    if place.state != PlaceState.WAITING or place.person_id is None:
        return ""
    session, own = place.session, {"person": OuterRef("person")}
    ties = affiliations_in_scope(session.programme, timezone.localdate(now))
    there = Engagement.objects.filter(during__overlap=session.during, **own).exclude(session=session.pk)
    held = Place.objects.to_use().filter(session__programme=session.programme_id, **own)
    asked = Place.objects.filter(pk=place.pk).values_list(Exists(ties.filter(**own)), Exists(there), Exists(held))
    is_eligible, is_there, has_seat = asked[0]
    if not is_eligible:
        return (
            "This programme is for other organisations, professions or areas than we have for you, so free places "
            "pass you by. If that is wrong, tell the coordinator."
        )
    if is_there:
        there = elsewhere_in_words(place) or "another session at that time"
        return f"You are in {there}, so free places pass you by until you give that one up."
    if has_seat and session.programme.places_rule == PlacesRule.ONE:
        return "We hold a place for you in another session, so others pass you by until you have said yes or no to it."
    if not session.seats.free:
        return ""
    why = why_waiting(session, place.person, place, now)
    return f"{why} You keep your position." if why else ""


def why_people_wait(session: Session, now: datetime) -> list[str]:
    """Return why people wait for ``session`` (its counter loaded) though it has places, in sentences for its staff.

    [] where nobody waits, or every place is taken.
    """
    seats = session.seats
    line = Counter(Place.objects.in_line().filter(session=session).order_by().values_list("organisation", flat=True))
    kept_back = seats.capacity - seats.taken - seats.free
    if not line or not (seats.free or kept_back):
        return []
    if window_of(session, rules_of(session), now).is_frozen:
        return ["The list of names is final, so nobody moves up."]
    said = []
    if kept_back > 0:
        said.append(f"{_places(kept_back)} kept back: who waits gets one from you alone.")
    if not seats.free:
        return said
    lost = min(seats_kept(session, now), seats.free)
    if lost:
        said.append(
            f"{_places(lost)} kept for people whose session was cancelled: they choose first, "
            f"for {FIRST_CHOICE_LASTS.days} days."
        )
    shares = shares_of(session, now)
    above = sum(number for organisation, number in line.items() if not shares.has_room(organisation))
    if above:
        own = "1 person who waits is" if above == 1 else f"{above} people who wait are"
        said.append(f"{own} of an organisation that has all the places it may have here.")
    if above < line.total() and lost < seats.free:
        said.append(
            "Who else waits cannot come at the moment: they are elsewhere at that time or have another place, are not "
            "in scope any more, or wait until there is room for their whole team."
        )
    return said


def _places(number: int) -> str:
    return "1 free place is" if number == 1 else f"{number} free places are"


def elsewhere_in_words(place: Place) -> str:
    """Return in which other session the person of ``place`` is at its time, for them alone; "" where in none."""
    then = Engagement.objects.filter(person=place.person_id, during__overlap=place.session.during)
    other = then.exclude(session=place.session_id).select_related("session__programme").order_by("pk").first()
    return session_in_words(other.session) if other else ""


def is_wanted(place: Place, now: datetime) -> bool:
    """Return whether the seat that ``place`` holds would go to somebody in line if it ended at ``now``, or did so.

    Not where they are all passed over, since the free seats are kept for others or their organisation has its share.
    """
    others = Place.objects.filter(session=place.session_id).exclude(pk=place.pk)
    if place.closed_at:
        return others.filter(seated_at__gte=place.closed_at, made_at__lt=place.closed_at).exists()
    line = set(others.in_line().values_list("organisation", "ahead"))
    if not line:
        return False
    seats, shares = place.session.seats, shares_of(place.session, now)
    shares.taken[place.organisation_id] -= 1
    spare = seats.capacity - seats.reserved - seats.taken >= seats_kept(place.session, now)
    return any((spare or ahead is not None) and shares.has_room(organisation) for organisation, ahead in line)


def quota_in_words(session: Session, organisation: Organisation, now: datetime) -> str:
    """Return how many places ``organisation`` may have in ``session`` and has, as a sentence; "" without a quota."""
    quota = quota_of(session, organisation.pk, now)
    if quota is None:
        return ""
    until = f" From {day(quota.released_on)} this limit is gone." if quota.released_on else ""
    places = "1 place" if quota.seats == 1 else f"{quota.seats} places"
    has = Place.objects.seated().filter(session=session, organisation=organisation).count()
    return f"{organisation} may have {places} in this session and has {has}.{until}"
