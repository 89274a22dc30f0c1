"""What is asked and answered anonymously in the pilot: feedback after its briefings."""

from datetime import datetime, timedelta
from random import Random

from django.utils import timezone

from attendance.forms.feedback import FeedbackForm
from attendance.models import CAME, Attendance
from attendance.queries.feedback import feedback_path
from config.demo.clock import Calendar
from config.demo.county import County
from config.demo.pilot import BEGINS, Pilot
from surveys.actions.editions import make_all_editions
from surveys.actions.feedback import give_feedback
from surveys.actions.questionnaires import choose_feedback

_LIKELY = ((5, 5, 5, 4, 4, 4, 4, 3), (5, 4, 4, 4, 3, 3, 2, 2), (5, 5, 4, 4, 4, 3, 0), (4, 4, 5, 5, 3), (5, 4, 4, 3, 2))
"""What people tend to answer to each statement."""


class Answers:
    """Feedback on the briefings of ``pilot``: most who come answer within two days."""

    def __init__(self, county: County, calendar: Calendar, pilot: Pilot, random: Random) -> None:
        self.calendar, self.pilot, self.random = calendar, pilot, random
        self.by = county.cast["coordinator"]
        self.since = calendar.moment(calendar.day(BEGINS), 0)

    def plan(self) -> None:
        """Put the questions and the answers into the calendar."""
        self.calendar.at(self.calendar.day(BEGINS), 16, self._choose)
        for offset in range(BEGINS + 1, 0):
            self.calendar.at(self.calendar.day(offset), 19, self._answer)

    def _choose(self, now: datetime) -> None:
        programme = self.pilot.programme
        choose_feedback(about=programme, title=programme.name, words=FeedbackForm.SUGGESTED, by=self.by, now=now)

    def _answer(self, now: datetime) -> None:
        came = Attendance.objects.filter(session__programme=self.pilot.programme, outcome__in=CAME)
        came = came.filter(noted_at__gt=self.since, person__isnull=False).select_related("session__programme")
        self.since = now
        for fact in came.order_by("pk"):
            path = feedback_path(fact, timezone.localdate(now))
            if path and self.random.random() < 0.7:
                answers = [self.random.choice(likely) for likely in _LIKELY]
                give_feedback(token=path.split("/")[-2], answers=answers, today=timezone.localdate(now))
        make_all_editions(today=timezone.localdate(now + timedelta(days=1)))
