"""A session that somebody wanted a place in, and that was cancelled or has begun between the page and the press."""

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest

from attendance.actions.places import NotOpen
from attendance.queries.booking import WAS_CANCELLED
from briefings.models import Session, SessionState


def say_why_gone(request: HttpRequest, sessions: QuerySet[Session], number: int) -> Session:
    """Say on the next page why the session ``number`` of ``sessions``, which cannot be booked, cannot be; return it.

    Raises Http404 where none of them has ever been open: nobody knows of a draft.
    """
    found = (
        sessions.exclude(state=SessionState.DRAFT)
        .filter(pk=number, seats__isnull=False)
        .select_related("programme")
        .first()
    )
    if found is None:
        raise Http404
    cancelled = found.state == SessionState.CANCELLED
    messages.error(request, WAS_CANCELLED if cancelled else NotOpen.sentence)
    return found
