"""Answers from calendars, for those who have to look at them."""

from django.db.models import OuterRef, QuerySet, Subquery

from attendance.models import CalendarAnswer, Place
from briefings.models import Programme


def answers_of(programme: Programme, *, waiting: bool) -> QuerySet[CalendarAnswer]:
    """Return the answers to entries of ``programme``, newest first; ``waiting``: those that nobody has settled."""
    found = CalendarAnswer.objects.filter(entry__session__programme=programme)
    found = found.waiting() if waiting else found
    return found.select_related("entry__person", "entry__session__programme").order_by("-received_at", "-pk")


def with_answer(places: QuerySet[Place]) -> QuerySet[Place]:
    """Return ``places``, each with ``calendar_said``: what the person last answered from their calendar, or None."""
    own = {"entry__person": OuterRef("person"), "entry__session": OuterRef("session")}
    newest = CalendarAnswer.objects.counted().filter(**own).values("said")[:1]
    return places.annotate(calendar_said=Subquery(newest))
