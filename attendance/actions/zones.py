"""When the rules of a time zone change: the clock on the wall stays, the moment in UTC follows (decisions.md, "Times").

A session keeps its day and its local times. Its range in UTC is derived, and so are who is engaged when and what
stands in calendars; new rules come with the operating system or the package tzdata, and are read when we start.
"""

import copy
import logging
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from attendance.actions.cover import people_to_settle
from attendance.actions.sessions import (
    keep_numbers,
    lock_everybody,
    lock_session,
    move_engagements,
    raise_entries,
    refuse_if_run_elsewhere,
)
from attendance.messages import sessions as messages
from attendance.queries.sessions import elsewhere, numbers_held
from briefings.actions.sessions import follow_zone
from briefings.models import Session, SessionState
from briefings.models.sessions import utc_range
from history.actions import CLOCK
from history.refusals import Refused

logger = logging.getLogger(__name__)


def follow_all_zones(*, now: datetime) -> int:
    """Move every session to come whose time in UTC is another by the rules of today; return how many moved.

    One that would meet another in its room, or in somebody who runs both, stays and is reported: people decide that.
    """
    to_come = Session.objects.filter(during__endswith__gt=now, state__in=(SessionState.DRAFT, SessionState.OPEN))
    moved = [
        (new.lower - session.during.lower, session)
        for session in to_come.order_by("pk")
        if (new := utc_range(session.date, session.starts, session.ends, session.zone)) != session.during
    ]
    # Where all move later the last goes first, so that nobody meets the session that has yet to move.
    later = sorted((s for shift, s in moved if shift.total_seconds() > 0), key=lambda s: s.during.lower, reverse=True)
    earlier = sorted((s for shift, s in moved if shift.total_seconds() <= 0), key=lambda s: s.during.lower)
    return sum(_follow_or_report(session, now) for session in (*later, *earlier))


def _follow_or_report(session: Session, now: datetime) -> bool:
    try:
        return follow_zone_of(session=session, by=CLOCK, now=now)
    except (Refused, IntegrityError):
        logger.exception("Session %s cannot follow the new rules of %s", session.pk, session.zone)
        return False


@transaction.atomic
def follow_zone_of(*, session: Session, by: Any, now: datetime) -> bool:
    """Derive the time in UTC of ``session`` anew by the rules of its zone; return whether that moved it.

    Whoever has a part is told that the clock stays and the entry follows, its number raised once. Raises
    RunsAnotherSession; IntegrityError where its room is taken then.
    """
    session = lock_session(session)
    settling = people_to_settle(session)
    people = lock_everybody(session, settling)
    before = copy.copy(session)
    if not follow_zone(session=session, by=by, now=now):
        return False
    clashes = elsewhere(session, people.everybody)
    refuse_if_run_elsewhere(clashes, people)
    held = numbers_held(session)
    move_engagements(session, {found.person_id for found in clashes}, settling, now)
    raise_entries(session)
    concerned = people.everybody if session.state == SessionState.OPEN else people.seniors
    concerned |= messages.leads_waiting(session, now)
    keep_numbers(session, messages.tell_changed(session, before, concerned, now=now, by_zone=True, held=held))
    return True
