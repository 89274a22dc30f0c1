"""What is asked and answered anonymously: feedback after the briefings of the pilot, attitudes around workshops."""

from datetime import datetime, timedelta
from random import Random

from django.utils import timezone

from attendance.forms.attitudes import AttitudesForm
from attendance.forms.feedback import FeedbackForm
from attendance.models import CAME, Attendance
from attendance.queries.feedback import feedback_path
from config.demo.clock import Calendar
from config.demo.county import County
from config.demo.pilot import BEGINS, Pilot
from config.demo.workshops import Workshops
from surveys.actions.attitudes import close_point, fill_in, new_pair_code, open_point
from surveys.actions.editions import make_all_editions
from surveys.actions.feedback import give_feedback
from surveys.actions.questionnaires import choose_feedback, start_attitudes
from surveys.models import Method, Point

_LIKELY = ((5, 5, 5, 4, 4, 4, 4, 3), (5, 4, 4, 4, 3, 3, 2, 2), (5, 5, 4, 4, 4, 3, 0), (4, 4, 5, 5, 3), (5, 4, 4, 3, 2))
"""What people tend to answer to each statement."""


class Answers:
    """Feedback on the briefings of ``pilot``: most who come answer within two days; attitudes around ``workshops``."""

    def __init__(self, county: County, calendar: Calendar, pilot: Pilot, workshops: Workshops, random: Random) -> None:
        self.calendar, self.pilot, self.workshops, self.random = calendar, pilot, workshops, random
        self.by = county.cast["coordinator"]
        self.since = calendar.moment(calendar.day(BEGINS), 0)

    def plan(self) -> None:
        """Put the questions and the answers into the calendar."""
        self.calendar.at(self.calendar.day(BEGINS), 16, self._choose)
        for offset in range(BEGINS + 1, 0):
            self.calendar.at(self.calendar.day(offset), 19, self._answer)
        self.calendar.at(self.calendar.day(-28), 13.6, self._ask_about_attitudes)
        self.calendar.at(self.calendar.day(-13), 16.4, self._ask_again)

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

    def _ask_about_attitudes(self, now: datetime) -> None:
        """Ask those who will work in one building, in the room of their first workshop; keep who has which code."""
        self.attitudes = start_attitudes(
            about=self.workshops.programme,
            method=Method.PAIRED,
            title="Working together at Wren House",
            words=AttitudesForm.SUGGESTED,
            by=self.by,
            now=now,
        )
        sheets = [[self.random.choice((1, 2, 2, 3, 3, 3, 4)) for _ in AttitudesForm.SUGGESTED] for _ in range(26)]
        self.kept = {new_pair_code(): sheet for sheet in sheets}
        self._fill_in(Point.BEFORE, self.kept, now)

    def _ask_again(self, now: datetime) -> None:
        """Ask the same again: most kept their code, and most of them agree more."""
        moved = {
            code: [min(5, max(1, each + self.random.choice((0, 1, 1, 1, 2, -1)))) for each in sheet]
            for code, sheet in list(self.kept.items())[:24]
        }
        self._fill_in(Point.AFTER, moved, now)

    def _fill_in(self, point: Point, sheets: dict[str, list[int]], now: datetime) -> None:
        opening = open_point(questionnaire=self.attitudes, point=point, most=40, by=self.by, now=now)
        for code, sheet in sheets.items():
            fill_in(code=opening.code, pair=code, answers=sheet)
        close_point(opening=opening, by=self.by, now=now)
