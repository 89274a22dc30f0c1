"""The ladder of a request for senior cover: reminders at 21, 14, 7 and 2 days, then the lead and the coordinators."""

from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils import timezone

from attendance.actions.cover import give_links
from attendance.messages import cover as messages
from attendance.models import CoverState, SeniorAttendance
from briefings.models import SessionState
from messaging.working_days import working_days_before

LADDER = (21, 14, 7, 2)
"""Days before the session on which somebody who was asked and has not answered is reminded; on a day off the working
day before it."""
LAST = len(LADDER) + 1
"""The rung on which the organisation's lead and the coordinators are told: the last working day before the session."""


@transaction.atomic
def remind_of_requests(*, now: datetime) -> int:
    """Remind whoever was asked and has not answered; return how many rungs were due.

    A request made later than a rung begins after it. Only the highest rung that is due is told. On the last the leads
    of the organisation and the coordinators are told, unless somebody else comes for it.
    """
    asked = (
        SeniorAttendance.objects.filter(
            state=CoverState.ASKED,
            session__state__in=(SessionState.DRAFT, SessionState.OPEN),
            session__during__startswith__gt=now,
        )
        .select_related("session__programme", "person", "organisation")
        .select_for_update(no_key=True, of=("self",), skip_locked=True)
        .order_by("pk")
    )
    due = [own for own in asked if _is_due(own, timezone.localdate(now))]
    reminded = [own for own in due if own.reminded_step < LAST or own.missed_a_reminder]
    give_links(reminded, now)  # who assists by now answers too
    messages.remind(reminded, now=now)
    messages.tell_unanswered((own for own in due if own.reminded_step == LAST), now=now)
    return len(due)


def rungs_of(day: date, nation: str) -> list[date]:
    """Return the days of the rungs for a session on ``day``, the last of them that of the lead and the coordinators."""
    days = [working_days_before(day - timedelta(days=count - 1), 1, nation) for count in LADDER]
    return [*days, working_days_before(day, 1, nation)]


def _is_due(own: SeniorAttendance, today: date) -> bool:
    """Note the highest rung of the ladder that ``own`` has reached; return whether it is a new one."""
    asked_on = timezone.localdate(own.asked_at)
    rungs = rungs_of(own.session.date, own.session.programme.nation)
    reached = [step for step, day in enumerate(rungs, 1) if asked_on < day <= today]
    if not reached or reached[-1] <= own.reminded_step:
        return False
    own.missed_a_reminder = own.reminded_step < len(LADDER)
    own.reminded_step = reached[-1]
    own.save(update_fields=["reminded_step"])
    return True
