"""Feedback after a session: who came may answer once. What they answer is kept by ``surveys``, which knows nobody."""

from datetime import datetime, timedelta

from django.utils import timezone

from attendance.models import CAME, Attendance, WalkIn
from attendance.queries.feedback import holder_of
from briefings.models import Session
from surveys.actions.feedback import give_tickets
from surveys.actions.questionnaires import standing_feedback

DAYS_TO_ANSWER = 21


def ask_for_feedback(session: Session, *, now: datetime, walk_in: WalkIn | None = None) -> None:
    """Let everybody who came to ``session`` answer what its programme asks now, once, for three weeks.

    With ``walk_in`` only that one: who they were was found out after the others had been asked, whose tickets may be
    used and gone. Nothing where the programme asks nothing. Called where the register is closed; the link goes with
    the thanks.
    """
    asked = standing_feedback(session.programme)
    if asked is None:
        return
    came = Attendance.objects.filter(session=session, outcome__in=CAME, person__isnull=False)
    came = came.filter(walk_in=walk_in) if walk_in else came
    give_tickets(
        questionnaire=asked,
        holders=[holder_of(each) for each in came],
        until=timezone.localdate(now) + timedelta(days=DAYS_TO_ANSWER),
    )
