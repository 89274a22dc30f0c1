"""What anybody may see on the first page."""

from datetime import datetime

from briefings.models import Session
from commitments.models import Answer, Audience

SESSIONS_SHOWN, ANSWERS_SHOWN = 6, 5


def sessions_to_choose(now: datetime) -> list[Session]:
    """Return the next open sessions of public programmes."""
    found = Session.objects.public().to_come(now).select_related("programme", "room__venue")
    return list(found.order_by("date", "starts", "pk")[:SESSIONS_SHOWN])


def answers_published() -> list[Answer]:
    """Return the newest answers for everybody, each question with its newest version alone."""
    found = Answer.objects.filter(audience=Audience.PUBLIC, question__programme__is_public=True)
    newest = found.order_by("question", "-version").distinct("question").values("pk")
    rows = Answer.objects.filter(pk__in=newest).select_related("question__programme", "organisation")
    return list(rows.order_by("-published_at", "pk")[:ANSWERS_SHOWN])
