"""A lead lets another colleague come instead of one whom a lead has booked."""

from datetime import datetime
from typing import Any

from django.db import transaction

from accounts.models import Person
from attendance.actions.engagements import lock_both, lock_people, lock_seats
from attendance.actions.handovers import open_request, pass_on, refuse_where_fixed
from attendance.actions.line import close
from attendance.actions.places import lapse_offers_of, lock_place
from attendance.actions.teams import place_for
from attendance.messages import handovers as handover_messages
from attendance.models import AccessNeed, Handover, Place, PlaceState
from attendance.queries.moves import offers_over_of
from history.actions import record


@transaction.atomic
def replace_colleague(*, place: Place, colleague: Person, by: Any, now: datetime) -> Place:
    """Give ``place``, a booked one of a team, to ``colleague`` of the same organisation; return theirs.

    The one ends and the other begins under one lock, so the line does not move. Both are told by whom, and so is the
    lead who booked it. What the holder needed to take part is deleted; what the colleague needs, who waited for this
    session, goes with them. An offer that the colleague has, and whose limit is over, lapses by it. Whoever was asked
    to take the place over is told that it has gone. Doing it twice returns the same place.

    Raises PlaceHasEnded, HasBegun, OutsideWindow, NotInTheTeam (teams).
    """
    over = offers_over_of([colleague.pk], place.session.programme_id, now)
    counters = lock_both(place.session_id, *(each.session_id for each in over))
    line = Place.objects.in_line().filter(session__in=[each.session_id for each in over], person__isnull=False)
    lock_people([place.person_id, colleague.pk, *line.values_list("person", flat=True)])
    seats, place = counters[place.session_id], lock_place(place)
    done = Handover.objects.filter(place=place, colleague=colleague, taken_as__isnull=False).first()
    if done:
        return done.taken_as
    refuse_where_fixed(place, now)
    if lapse_offers_of(over, now=now):
        seats = lock_seats(place.session)
    waits = Place.objects.in_line().filter(session=place.session_id, person=colleague).select_related("session").first()
    need = AccessNeed.objects.filter(place=waits).first() if waits else None
    if waits:
        close(waits, seats, PlaceState.ENDED, "named", now)
    new = place_for(place.team, place.session, colleague, by, now)
    asked = open_request(place)
    if asked and asked.colleague_id != colleague.pk:
        handover_messages.tell_gone([place.pk], now=now)
        asked = None
    handover = asked or Handover(place=place, colleague=colleague, asked_at=now)
    pass_on(handover, place, new, need, seats, by=by, now=now)
    record(by=by, verb="replaced", about=new, now=now)
    return new
