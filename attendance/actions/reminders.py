"""What the clock does to places: reminders, offers that end, seats that find somebody."""

from datetime import datetime, time
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import F, OuterRef, Subquery

from attendance.actions.places import lapse_offer, promote_waiting
from attendance.messages import places as messages
from attendance.models import Place, PlaceState
from briefings.models import Session
from history.actions import CLOCK
from history.alone import each_alone
from messaging.working_days import working_days_before

FROM_HOUR = 8
"""No reminder leaves before this hour of the session's own zone."""


@transaction.atomic
def remind_of(*, session: Session, now: datetime) -> int:
    """Plan the reminders of ``session`` that are due at ``now``; return how many are new.

    Working days are those of the programme's nation. Of several that are overdue only the last counts, and nobody is
    reminded who was seated since it fell due: their confirmation is news enough.
    """
    programme, local = session.programme, now.astimezone(ZoneInfo(session.zone))
    if session.during.lower <= now:
        return 0
    due = []
    for days in programme.reminder_days:
        day = working_days_before(session.date, days, programme.nation)
        moment = datetime.combine(day, time(FROM_HOUR), local.tzinfo)
        if moment <= now:
            due.append((moment, days))
    if not due:
        return 0
    moment, days = max(due)
    booked = Place.objects.filter(session=session, person__isnull=False, state=PlaceState.BOOKED, seated_at__lt=moment)
    return messages.remind(booked.order_by("pk").values_list("pk", "person_id"), session, days, now=now)


def remind_all(*, now: datetime) -> int:
    """Plan every reminder that is due, session by session; return how many are new. Raises AllFailed."""
    found = Session.objects.open().to_come(now).select_related("programme").order_by("date", "pk")
    soon = {session.pk: session for session in found}
    return each_alone("Reminding of a session", soon, lambda pk: remind_of(session=soon[pk], now=now))


def lapse_offers(*, now: datetime) -> int:
    """End every offer whose limit has passed; return how many. Raises AllFailed."""
    found = Place.objects.filter(state=PlaceState.OFFERED, offered_until__lte=now).select_related("session")
    due = {place.pk: place for place in found.order_by("offered_until", "pk")}
    return each_alone("Ending an offer", due, lambda pk: lapse_offer(place=due[pk], by=CLOCK, now=now))


def promote_all(*, now: datetime) -> int:
    """Seat those in line who fit by now, wherever a seat is free; return how many. Raises AllFailed."""
    line = Place.objects.in_line().filter(session=OuterRef("pk")).values("pk")[:1]
    waited_for = (
        Session.objects.open()
        .to_come(now)
        .filter(seats__taken__lt=F("seats__capacity") - F("seats__reserved"))
        .annotate(first=Subquery(line))
        .filter(first__isnull=False)
    )
    found = {session.pk: session for session in waited_for.order_by("pk")}
    return each_alone("Seating who waits", found, lambda pk: len(promote_waiting(session=found[pk], now=now)))
