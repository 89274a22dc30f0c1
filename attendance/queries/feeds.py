"""What stands in a feed."""

from datetime import datetime, timedelta

from django.db.models import QuerySet

from accounts.models import Person, PersonalLink
from attendance.models import CalendarEntry
from briefings.models import Programme, Session, SessionState

KEPT = timedelta(days=90)
"""How long a session stays in a feed after its day: the links to its papers live as long."""


def feed_link_of(person: Person, now: datetime) -> PersonalLink | None:
    """Return the link under which ``person`` can be subscribed to now, or None."""
    links = PersonalLink.objects.filter(purpose="calendar", person=person, revoked_at__isnull=True, ends_at__gt=now)
    return links.select_related("person").order_by("-pk").first()


def entries_of(person: Person, now: datetime) -> QuerySet[CalendarEntry]:
    """Return the entries that stand in the calendar of ``person``, by date, with what an entry shows."""
    return (
        CalendarEntry.objects.filter(person=person, is_cancelled=False, session__during__endswith__gt=now - KEPT)
        .exclude(session__state=SessionState.CANCELLED)
        .select_related("person", "session__programme", "session__room__venue")
        .order_by("session__during", "pk")
    )


def public_sessions(programme: Programme, now: datetime) -> QuerySet[Session]:
    """Return the sessions of ``programme`` that everybody may see, by date: those on its public list."""
    found = Session.objects.open().to_come(now).filter(programme=programme)
    return found.select_related("programme", "room__venue").order_by("date", "starts", "pk")
