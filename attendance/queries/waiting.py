"""Why somebody who waits does not get a place that is free, in words for them."""

from datetime import datetime

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from attendance.models import Engagement, Place, PlaceState
from attendance.queries.shares import quota_of, why_waiting
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
        clash = Engagement.objects.filter(person=place.person_id, during__overlap=session.during)
        other = clash.exclude(session=session.pk).select_related("session__programme").order_by("pk").first()
        there = session_in_words(other.session) if other else "another session at that time"
        return f"You are in {there}, so free places pass you by until you give that one up."
    if has_seat and session.programme.places_rule == PlacesRule.ONE:
        return "We hold a place for you in another session, so others pass you by until you have said yes or no to it."
    if not session.seats.free:
        return ""
    why = why_waiting(session, place.person, place, now)
    return f"{why} You keep your position." if why else ""


def is_wanted(place: Place) -> bool:
    """Return whether somebody waits for the seat that ``place`` holds or held, or moved up when it ended."""
    wanted = Q(state=PlaceState.WAITING)
    if place.closed_at:
        wanted |= Q(seated_at__gte=place.closed_at, made_at__lt=place.closed_at)
    return Place.objects.filter(wanted, session=place.session_id).exclude(pk=place.pk).exists()


def quota_in_words(session: Session, organisation: Organisation, now: datetime) -> str:
    """Return how many places ``organisation`` may have in ``session`` and has, as a sentence; "" without a quota."""
    quota = quota_of(session, organisation.pk, now)
    if quota is None:
        return ""
    until = f" From {day(quota.released_on)} this limit is gone." if quota.released_on else ""
    places = "1 place" if quota.seats == 1 else f"{quota.seats} places"
    has = Place.objects.seated().filter(session=session, organisation=organisation).count()
    return f"{organisation} may have {places} in this session and has {has}.{until}"
