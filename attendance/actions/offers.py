"""Offers from the waiting list that end earlier than was said, since the list of names is final earlier."""

from datetime import datetime
from typing import Any

from django.db import transaction

from attendance.actions.engagements import lock_people, lock_seats
from attendance.actions.line import close, had_entry
from attendance.actions.places import fresh_session
from attendance.messages import places as messages
from attendance.messages import teams as team_messages
from attendance.messages.teams import FINAL_EARLIER, MOVED
from attendance.models import Place, PlaceState
from attendance.window import rules_of, window_of
from briefings.models import Programme, Session
from history.actions import record


@transaction.atomic
def bring_offers_forward(*, session: Session, by: Any, now: datetime, why: str = FINAL_EARLIER) -> int:
    """Bring the limit of offers from the line of ``session`` forward where its list of names is final before it.

    Whoever has such an offer is told the new limit and ``why`` (of messages.teams.WHY_EARLIER); of a session that was
    moved the news of that says it. Where the list is final by now the offer ends at once, and they are told that: a
    yes could not count any more. Returns how many offers changed; one stays as it is when the list is final later
    again.
    """
    seats = lock_seats(session)
    session = fresh_session(session.pk)
    final = window_of(session, rules_of(session), now).final_from(session)
    if final is None:
        return 0
    later = Place.objects.filter(
        session=session, state=PlaceState.OFFERED, offered_from_line=True, offered_until__gt=max(final, now)
    )
    lock_people(later.values_list("person", flat=True))
    locked = later.select_related("session__programme__booking_rules", "person").order_by("pk")
    offers = list(locked.select_for_update(no_key=True, of=("self",)))
    for place in offers:
        was, entry = place.offered_until, had_entry(place)
        if final <= now:
            close(place, seats, PlaceState.ENDED, "list_final", now)
            record(by=by, verb="ended_offer", about=place, now=now)
            messages.tell_given_up(place, had_entry=entry, now=now, earlier=why)
            continue
        place.offered_until = final
        place.save(update_fields=["offered_until"])
        record(by=by, verb="brought_offer_forward", about=place, now=now, fields=["offered_until"])
        if why != MOVED:
            messages.tell_offer_ends_earlier(place, was=was, now=now)
    team_messages.tell_left(*(place for place in offers if place.state == PlaceState.ENDED), by=by, now=now)
    return len(offers)


def bring_all_offers_forward(programme: Programme, *, by: Any, now: datetime) -> int:
    """Do so in every session of ``programme``, a transaction each; return how many offers changed."""
    offers = Place.objects.filter(state=PlaceState.OFFERED, offered_from_line=True)
    sessions = Session.objects.open().to_come(now).filter(programme=programme, places__in=offers).distinct()
    return sum(bring_offers_forward(session=session, by=by, now=now) for session in sessions)
