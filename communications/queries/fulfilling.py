"""What fulfils an item of the plan: when it happened, whether it is on its way, what can be chosen."""

from datetime import date, datetime
from typing import Any

from django.db import models
from django.db.models import Q
from django.utils import timezone

from attendance.models import InvitationRound, RoundState, SessionNotice
from briefings.models import Session, SessionState
from commitments.clocks import local_day
from commitments.models import Agreement, Telling, TellingState
from communications.models import PlannedItem, Post, PostState

LINKS: dict[str, type[models.Model]] = {
    "session": Session, "round": InvitationRound, "notice": SessionNotice, "telling": Telling, "post": Post,
    "agreement": Agreement,
}  # fmt: skip
"""The columns of an item that say what fulfils it, and what each leads to."""


def linked(item: PlannedItem) -> Any:
    """Return what is linked to ``item``, or None."""
    return next((getattr(item, name) for name in LINKS if getattr(item, f"{name}_id")), None)


def programme_of(found: Any) -> int | None:
    """Return the id of the programme in which ``found``, one of LINKS, happens."""
    if isinstance(found, SessionNotice):
        return found.session.programme_id
    return found.series.programme_id if isinstance(found, Post) else found.programme_id


def happened_on(item: PlannedItem, now: datetime) -> date | None:
    """Return the day on which what is linked to ``item`` had happened by ``now``; None where it has not.

    A session has happened when it is over and was not cancelled, a round when it has gone out, a notice when it was
    written, a telling or a post when it is published, an agreement when partners were first asked to endorse it.
    """
    found = linked(item)
    if isinstance(found, Session):
        took_place = found.state in (SessionState.OPEN, SessionState.HELD) and found.during.upper <= now
        return found.date if took_place else None
    if isinstance(found, InvitationRound):
        return timezone.localdate(found.made_at) if found.state == RoundState.SENDING else None
    if isinstance(found, SessionNotice):
        return timezone.localdate(found.made_at)
    if isinstance(found, Telling):
        is_read = found.state == TellingState.PUBLISHED and found.published_at
        return timezone.localdate(found.published_at) if is_read else None
    if isinstance(found, Post):
        return timezone.localdate(found.published_at) if found.state == PostState.PUBLISHED else None
    if isinstance(found, Agreement):
        asked = found.versions.filter(proposed_at__lte=now).order_by("proposed_at").first()
        return timezone.localdate(asked.proposed_at) if asked else None
    return None


def may_still_happen(item: PlannedItem) -> bool:
    """Return whether something is linked to ``item`` that can come: no draft of a session, nothing taken back."""
    found = linked(item)
    if isinstance(found, Session):
        return found.state == SessionState.OPEN
    if isinstance(found, InvitationRound):
        return found.state != RoundState.STOPPED
    if isinstance(found, Telling):
        return found.state != TellingState.WITHDRAWN
    if isinstance(found, Post):
        return found.state != PostState.WITHDRAWN
    if isinstance(found, Agreement):
        return found.ended_at is None
    return found is not None


def is_on_its_way(item: PlannedItem, today: date) -> bool:
    """Return whether an open session that is linked comes by the day on which ``item`` is due, and that is not over."""
    found = linked(item)
    if not isinstance(found, Session) or not may_still_happen(item):
        return False
    return today <= found.date <= item.due_on


def taken_back(now: datetime) -> models.QuerySet[PlannedItem]:
    """Return the done items whose link has not happened after all: called off, moved, stopped or withdrawn since."""
    session = ~Q(session__state__in=(SessionState.OPEN, SessionState.HELD)) | Q(session__during__endswith__gt=now)
    return PlannedItem.objects.filter(
        Q(session__isnull=False) & session
        | Q(round__isnull=False) & ~Q(round__state=RoundState.SENDING)
        | Q(telling__isnull=False) & ~Q(telling__state=TellingState.PUBLISHED)
        | Q(post__isnull=False) & ~Q(post__state=PostState.PUBLISHED),
        done_at__isnull=False,
    )


def is_late(item: PlannedItem, now: datetime) -> bool:
    """Return whether ``item`` (with its stage and programme) is open after the day on which it was due."""
    return item.done_at is None and item.due_on < local_day(item.stage.programme, now)
