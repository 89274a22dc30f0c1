"""What anybody may see on the first page."""

from datetime import datetime

from briefings.models import Session
from commitments.models import TOLD, Answer, Audience, GuidanceVersion

SESSIONS_SHOWN, ANSWERS_SHOWN, GUIDANCE_SHOWN = 6, 5, 5


def sessions_to_choose(now: datetime) -> list[Session]:
    """Return the next open sessions of public programmes."""
    found = Session.objects.public().to_come(now).select_related("programme", "room__venue")
    return list(found.order_by("date", "starts", "pk")[:SESSIONS_SHOWN])


def answers_published() -> list[Answer]:
    """Return the newest answers for everybody, each question with its newest version alone."""
    # The newest version first, then its audience: what was narrowed or is open again since is nobody's to read here.
    found = Answer.objects.filter(question__programme__is_public=True, question__state__in=TOLD)
    newest = found.order_by("question", "-version").distinct("question").values("pk")
    rows = Answer.objects.filter(pk__in=newest, audience=Audience.PUBLIC)
    rows = rows.select_related("question__programme", "organisation")
    return list(rows.order_by("-published_at", "pk")[:ANSWERS_SHOWN])


def guidance_published() -> list[GuidanceVersion]:
    """Return the newest version of each guidance that everybody may read, the newest first."""
    standing = GuidanceVersion.objects.filter(guidance__programme__is_public=True, guidance__ended_at=None)
    newest = standing.order_by("guidance_id", "-number").distinct("guidance_id").values("pk")
    rows = GuidanceVersion.objects.filter(pk__in=newest).select_related("guidance__programme").defer("sections")
    return list(rows.order_by("-published_at", "-pk")[:GUIDANCE_SHOWN])
